"""Dates and times, as the reader's locale and time zone have them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel.dates import parse_pattern

from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.locales import Notation

Style = Literal["date", "time", "datetime"]

_LONGEST: Final = len("2026-03-01T09:00:00.000000+00:00:00.000000")
_DATE_LENGTH: Final = len("2026-03-01")
#: CLDR quotes the words of a pattern: `{1} 'at' {0}`.
_QUOTED: Final = re.compile("'([^']*)'")


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo | None:
    """An IANA zone, or None where there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None


def parse(value: object) -> date | datetime:
    """An ISO 8601 date or timestamp."""
    if isinstance(value, str) and len(value) <= _LONGEST:
        try:
            return (
                date.fromisoformat(value)
                if len(value) == _DATE_LENGTH
                else datetime.fromisoformat(value)
            )
        except ValueError:
            pass
    raise Unrenderable("a date must be ISO 8601, such as '2026-03-01' or '2026-03-01T09:00:00Z'")


def moment(value: datetime, style: Style, zones: tuple[str, ...], notation: Notation) -> str:
    """A timestamp in the first zone that exists; a time of day names that zone.

    A timestamp without an offset is UTC.
    """
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    place = next((found for name in zones if (found := zone(name))), UTC)
    try:
        local = value.astimezone(place)
    except OverflowError:
        local = value
    if style == "date":
        return day(local.date(), notation)
    hour = f"{_hour(local.hour, local.minute, notation)} {_abbreviation(local)}"
    if style == "time":
        return hour
    return _both(notation).replace("{1}", day(local.date(), notation)).replace("{0}", hour)


@lru_cache(maxsize=4096)
def day(value: date, notation: Notation) -> str:
    """A date has no zone: it is the same day everywhere."""
    pattern = notation.locale.date_formats["long"].pattern
    return parse_pattern(pattern).apply(value, notation.locale)


# Days and times apart, because babel takes 30 µs for the two and there are few of each.
@lru_cache(maxsize=8192)
def _hour(hour: int, minute: int, notation: Notation) -> str:
    pattern = notation.locale.time_formats["short"].pattern
    return parse_pattern(pattern).apply(time(hour, minute), notation.locale)


@lru_cache(maxsize=1024)
def _both(notation: Notation) -> str:
    return _QUOTED.sub(lambda word: word[1] or "'", notation.locale.datetime_formats["long"])


def _abbreviation(local: datetime) -> str:
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in {"+", "-"} else name
