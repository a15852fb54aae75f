"""Sentences of the preference page: what a choice is about, why it is so, what a change does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, tzinfo
from typing import Any, Final

from babel.lists import format_list

from dispatcher.gateway.pages.page import Localization, words
from dispatcher.gateway.preference_changes import (
    Difference,
    Effect,
    MuteChange,
    Outcome,
    QuietHoursChange,
)
from dispatcher.gateway.preference_overview import ChannelDecision, PreferenceOverview
from dispatcher.gateway.preferences import MuteScope, Scope
from dispatcher.rendering.formats import time_zone
from dispatcher.rendering.labels import Labels


class Sentences:
    """In the words of a reader, about what holds for them; times are of their own zone."""

    def __init__(
        self, spoken: Localization, overview: PreferenceOverview, name: str, labels: Labels
    ) -> None:
        """`name` is the tenant's."""
        self.spoken: Final = spoken
        self.name: Final = name
        self.zone: Final[tzinfo] = time_zone(overview.time_zone) or UTC
        self.now: Final = overview.at
        self._labels: Final = labels
        self._registered: Final = {
            event.event: event.label for group in overview.categories for event in group.events
        }

    def say(self, text: str, /, **values: object) -> str:
        return self.spoken.say("preferences", text, **values)

    def count(self, text: str, count: int, /, **values: object) -> str:
        return self.spoken.count("preferences", text, count, **values)

    def moment(self, at: datetime) -> str:
        return self.spoken.moment(at, self.now, self.zone)

    def day(self, day: int) -> str:
        """1 is Monday."""
        return str(self.spoken.locale.days["stand-alone"]["wide"][day - 1])

    def days(self, days: Iterable[int]) -> str:
        return self.listed(self.day(day) for day in sorted(days))

    def listed(self, parts: Iterable[str]) -> str:
        return format_list(list(parts), locale=self.spoken.locale)

    def channel(self, channel: str) -> str:
        own = words("preferences", self.spoken.lang).get(f"channel.{channel}")
        return own or words("channels", self.spoken.lang)[f"channel.{channel}"]

    def label(self, event: str) -> str:
        return self._labels.event(event, self._registered.get(event, event), self.spoken.lang)

    def category(self, category: str) -> str:
        return self._labels.category(category, self.spoken.lang)

    def span(self, starts: time, ends: time) -> str:
        """`22:00 – 07:00`; the whole day, where it ends as it starts."""
        if starts == ends == time(0):
            return self.say("week.all_day")
        start, end = self.spoken.hour(starts), self.spoken.hour(ends)
        return self.say("week.span", start=start, end=end)

    def what(self, scope: Scope | MuteScope) -> str:
        """What a choice or a mute is about: `Orders · E-mail`."""
        channel: str | None = getattr(scope, "channel", None)
        subject: str | None = getattr(scope, "subject", None)
        if scope.event:
            what = self.label(scope.event)
        elif scope.category:
            what = self.category(scope.category)
        elif subject:
            what = self.say("scope.subject", subject=subject)
        else:
            what = "" if channel else self.say("scope.everything")
        if not channel:
            return what
        how = self.channel(channel)
        return self.say("scope.both", what=what, how=how) if what else how

    def cell(self, scope: Scope) -> str:
        """The name of a switch: `Orders, E-mail`."""
        return self.say("cell", **self.named(scope))

    def named(self, scope: Scope) -> dict[str, Any]:
        if scope.event:
            what = self.label(scope.event)
        else:
            what = self.category(scope.category) if scope.category else self.say("grid.everything")
        return {"what": what, "channel": self.channel(scope.channel or "")}

    def why(self, way: ChannelDecision) -> str:
        """Why a channel of an event is as it is."""
        match way.reason:
            case "wanted":
                return self.say("why.chosen" if way.choice else "why.usual")
            case "quiet_hours" if way.due_at:
                return self.say("why.quiet_hours", at=self.moment(way.due_at))
            case reason:
                return self.say(f"why.{reason}", name=self.name)

    def quiet_hours(self, change: QuietHoursChange) -> str:
        """What was made of some days."""
        days = self.days(change.days)
        if change.starts is None or change.ends is None:
            return self.say("done.loud", days=days)
        return self.say("done.quiet", days=days, span=self.span(change.starts, change.ends))

    def mute(self, change: MuteChange) -> str:
        """What was muted, and until when."""
        what = self.what(change)
        if change.until is None:
            return self.say("done.muted_for_good", what=what)
        done = "done.paused" if change.is_everything else "done.muted"
        return self.say(done, at=self.moment(change.until), what=what)

    def pause_effects(self, overview: PreferenceOverview, held: list[str]) -> Iterator[str]:
        """What a pause does: to the channels, of which it stops those of `held`; and what comes."""
        reached: list[str] = [reach.channel for reach in overview.channels if not reach.obstacle]
        for effect, channels in (
            ("pause.kept", [each for each in reached if each not in held]),
            ("pause.dropped", [each for each in reached if each in held]),
        ):
            if channels:
                yield self.say(effect, what=self.listed(map(self.channel, channels)))
        forced = [
            f"{self.label(event.event)} ({', '.join(channels)})"
            for group in overview.categories
            for event in group.events
            if (channels := [self.channel(way.channel) for way in event.channels if way.is_forced])
        ]
        if forced:
            yield self.say("pause.forced", what=self.listed(forced))

    def difference(self, difference: Difference, at: datetime | None) -> str:
        """`Order paid: E-mail at once → not sent`."""
        return self.say(
            "difference.at" if at else "difference",
            event=self._labels.event(difference.event, difference.label, self.spoken.lang),
            channel=self.channel(difference.channel),
            before=self._outcome(difference.before),
            after=self._outcome(difference.after),
            at=at and self.moment(at),
        )

    def example(self, effect: Effect) -> str:
        """The difference that says most, and how many more there are."""
        if not effect.differences:
            return self.say("difference.none")
        # Rather a message than what the inbox keeps in any case.
        first = min(effect.differences, key=lambda each: each.channel == "in_app")
        example = self.say("example", example=self.difference(first, effect.at))
        rest = len(effect.differences) - 1
        return f"{example} {self.count('difference.more', rest)}" if rest else example

    def _outcome(self, outcome: Outcome) -> str:
        match outcome.decision:
            case "later" if outcome.due_at:
                return self.say("outcome.later", at=self.moment(outcome.due_at))
            case "no":
                return self.say("outcome.no")
            case _:
                return self.say("outcome.silent" if outcome.is_silent else "outcome.now")
