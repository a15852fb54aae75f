"""A model of quiet hours, made of nothing but zoneinfo: what the SQL is compared with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


class Window(NamedTuple):
    """One weekday's quiet window, by the clock on the wall."""

    #: The weekday on which it starts, 1 is Monday (ISO 8601).
    day: int
    starts: time
    #: If not after `starts`: on the next day.
    ends: time


def instant_of(wall_clock: datetime, zone: ZoneInfo) -> datetime:
    """When clocks show it: the first of two times in a fold, the end of a gap."""
    instant = wall_clock.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall_clock:
        return instant
    # In a gap, fold=0 counts by the offset before it and so lands after it: go back to its end.
    instant = instant.replace(second=0, microsecond=0)
    while (instant - MINUTE).astimezone(zone).replace(tzinfo=None) > wall_clock:
        instant -= MINUTE
    return instant


def quiet_until(windows: Iterable[Window], zone: ZoneInfo, at: datetime) -> datetime | None:
    """The end of the quiet stretch around an instant, over all windows that touch; None outside."""
    today = at.astimezone(zone).date()
    spans = sorted(
        span
        for window in windows
        for offset in range(-3, 12)
        if (day := today + timedelta(offset)).isoweekday() == window.day
        and (span := _span(window, day, zone))[0] < span[1]
    )
    until = None
    for start, end in spans:
        if start <= (until or at) < end:
            until = end
    return until


def _span(window: Window, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    last_day = day if window.ends > window.starts else day + timedelta(1)
    return (
        instant_of(datetime.combine(day, window.starts), zone),
        instant_of(datetime.combine(last_day, window.ends), zone),
    )
