"""The forms of the preference page. What was typed stays, and what is wrong is told next to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from typing import Any, Final, Self, get_args
from zoneinfo import available_timezones

from dispatcher.gateway.pages.preference_sentences import Sentences
from dispatcher.gateway.preference_changes import MuteChange, QuietHoursChange
from dispatcher.gateway.preference_overview import PreferenceOverview
from dispatcher.gateway.schemas import QuietChannel

#: The fields of a form as a browser sends them.
Fields = Mapping[str, Sequence[str]]

DAYS: Final = (1, 2, 3, 4, 5, 6, 7)
#: What is suggested where there are no quiet hours yet.
NIGHT: Final = (time(22), time(7))
#: The ends of a mute that are offered.
ENDS: Final = ("hour", "tomorrow", "week", "month", "for_good", "date")
#: When a silence that lasts for days ends.
_MORNING: Final = time(8)
_DAYS_UNTIL: Final = {"tomorrow": 1, "week": 7, "month": 30}


@dataclass(slots=True, kw_only=True)
class Form(ABC):
    """What holds, unless something was typed."""

    #: What is wrong, by field, as a sentence.
    errors: dict[str, str] = field(default_factory=dict)
    #: What the change would do, as a sentence.
    foreseen: str = ""

    @classmethod
    @abstractmethod
    def read(cls, fields: Fields) -> Self:
        """The form as it was sent."""

    @abstractmethod
    def change(
        self, said: Sentences, overview: PreferenceOverview, verb: str
    ) -> QuietHoursChange | MuteChange | None:
        """What the button of that verb asks for; None with `errors`."""


@dataclass(slots=True)
class QuietForm(Form):
    """Days, from, until, what it holds back, and by whose clock."""

    days: list[int]
    starts: str
    ends: str
    #: IANA; empty: the person's own.
    zone: str
    channels: list[str]

    @classmethod
    def of(cls, overview: PreferenceOverview, day: int | None = None) -> QuietForm:
        """What holds: of `day`, else of the first day that has a window."""
        windows = {each.day: each for each in overview.quiet_hours}
        shown = windows.get(day or 0) or next(iter(windows.values()), None)
        if shown is None:
            days = [day] if day else list(DAYS)
            starts, ends = (f"{at:%H:%M}" for at in NIGHT)
            return cls(days, starts, ends, "", quiet_channels(overview))
        return cls(
            [day] if day else sorted(windows),
            f"{shown.starts:%H:%M}",
            f"{shown.ends:%H:%M}",
            shown.time_zone or "",
            list(shown.channels),
        )

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(
            [int(day) for day in fields.get("days", ()) if day in set("1234567")],
            _last(fields, "starts"),
            _last(fields, "ends"),
            _last(fields, "zone").strip(),
            list(fields.get("channels", ())),
        )

    def change(
        self, said: Sentences, overview: PreferenceOverview, verb: str
    ) -> QuietHoursChange | None:
        """Sets the hours; removes them for the verb `remove`."""
        del overview
        is_set = verb != "remove"
        starts, ends = (_read_time(at) for at in (self.starts, self.ends))
        channels = [each for each in get_args(QuietChannel) if each in self.channels]
        if not self.days:
            self.errors["days"] = said.say("week.pick")
        if is_set:
            for name, at in (("starts", starts), ("ends", ends)):
                if at is None:
                    self.errors[name] = said.say("error.time")
            if not channels:
                self.errors["channels"] = said.say("week.pick")
            if self.zone and self.zone not in _zones():
                self.errors["zone"] = _unknown_zone(self.zone, said)
        if self.errors:
            return None
        return QuietHoursChange(
            kind="quiet_hours",
            days=self.days,
            starts=starts if is_set else None,
            ends=ends if is_set else None,
            time_zone=(self.zone or None) if is_set else None,
            channels=channels if is_set else [],
        )


@dataclass(slots=True)
class PauseForm(Form):
    """Until when everything is silent, by the person's own clock."""

    until: str

    @classmethod
    def of(cls, said: Sentences) -> PauseForm:
        return cls(_written(_morning(said, 2)))

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(_last(fields, "until"))

    def change(self, said: Sentences, overview: PreferenceOverview, verb: str) -> MuteChange | None:
        """Pauses until what the verb says, one of ENDS, else until the date."""
        del overview
        until = _until(said, verb or "date", self.until, self.errors, "until")
        return None if self.errors else MuteChange(kind="mute", until=until)


@dataclass(slots=True)
class MuteForm(Form):
    """What is to be silent: `category:orders` or `event:order.paid`; and until when."""

    what: str
    end: str
    date: str

    @classmethod
    def of(cls, said: Sentences) -> MuteForm:
        return cls("", ENDS[0], _written(_morning(said, 1)))

    @classmethod
    def read(cls, fields: Fields) -> Self:
        return cls(_last(fields, "what"), _last(fields, "end"), _last(fields, "date"))

    def change(self, said: Sentences, overview: PreferenceOverview, verb: str) -> MuteChange | None:
        """Mutes what was chosen."""
        del verb
        known = {f"category:{group.category}" for group in overview.categories}
        known |= {f"event:{each.event}" for group in overview.categories for each in group.events}
        if self.what not in known:
            self.errors["what"] = said.say("error.choose")
        until = _until(said, self.end, self.date, self.errors, "date")
        if self.errors:
            return None
        kind, _, name = self.what.partition(":")
        named: dict[str, Any] = {kind: name}
        return MuteChange(kind="mute", until=until, **named)


def forms(overview: PreferenceOverview, said: Sentences, day: int | None = None) -> dict[str, Form]:
    """The forms as what holds fills them, by name; that of the quiet hours is of `day`."""
    return {
        "quiet": QuietForm.of(overview, day),
        "pause": PauseForm.of(said),
        "mute": MuteForm.of(said),
    }


def quiet_channels(overview: PreferenceOverview) -> list[str]:
    """The channels of a person that quiet hours can hold back."""
    held = get_args(QuietChannel)
    return [reach.channel for reach in overview.channels if reach.channel in held]


def _until(
    said: Sentences, end: str, written: str, errors: dict[str, str], name: str
) -> datetime | None:
    """The moment of an end: None for good, or with an error of the field `name`."""
    if end == "for_good":
        return None
    if end == "hour":
        return said.now + timedelta(hours=1)
    if end in _DAYS_UNTIL:
        return _morning(said, _DAYS_UNTIL[end])
    try:
        until = datetime.fromisoformat(written).replace(tzinfo=said.zone)
        is_later = until > said.now
    except (ValueError, OverflowError):
        errors[name] = said.say("error.date")
        return None
    if not is_later:
        errors[name] = said.say("error.past")
    return until


def _morning(said: Sentences, days: int) -> datetime:
    """Eight in the morning, so many days on, by the person's clock."""
    on = said.now.astimezone(said.zone).date() + timedelta(days=days)
    return datetime.combine(on, _MORNING, said.zone)


def _written(at: datetime) -> str:
    """As a field of type datetime-local has it."""
    return f"{at:%Y-%m-%dT%H:%M}"


def _read_time(written: str) -> time | None:
    try:
        return time.fromisoformat(written).replace(tzinfo=None)
    except ValueError:
        return None


def _unknown_zone(zone: str, said: Sentences) -> str:
    cities = {name.rpartition("/")[2].lower(): name for name in _zones()}
    near = get_close_matches(zone.rpartition("/")[2].lower().replace(" ", "_"), cities, n=1)
    if near:
        return said.say("error.zone_near", zone=cities[near[0]])
    return said.say("error.zone")


def _last(fields: Fields, name: str) -> str:
    return next(iter(fields.get(name, ())[-1:]), "")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
