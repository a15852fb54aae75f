"""The grid of the preference page: categories and events by channels, each cell a switch."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from dispatcher.gateway.pages.preference_sentences import Sentences
from dispatcher.gateway.preference_changes import (
    Change,
    OnlyChange,
    PreferenceChange,
    SwitchChange,
)
from dispatcher.gateway.preference_overview import (
    ChannelDecision,
    EventDecisions,
    Group,
    PreferenceOverview,
    Reach,
)
from dispatcher.gateway.preferences import Scope

#: `mixed`: some of what a switch is about comes.
State = Literal["true", "mixed", "false"]
Target = Literal["on", "off", "usual"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A switch, or with `state` None what stands in its place."""

    scope: Scope
    id: str
    #: Its name: `Orders, E-mail`.
    label: str
    state: State | None
    why: str
    is_forced: bool = False
    #: Whether the person chose something for it; a way back to what is usual is offered then.
    is_own: bool = False
    has_reset: bool = False
    #: Choices with which it stays off when it is switched on itself.
    blockers: tuple[Scope, ...] = ()
    #: Whether a press asks first what is meant.
    asks: bool = False
    #: Of a mixed one: how many come, of how many.
    on: int = 0
    of: int = 0

    @property
    def target(self) -> Target:
        """What a press of it means."""
        return "off" if self.state == "true" else "on"


@dataclass(frozen=True, slots=True)
class Row:
    """Everything, a category or an event, on each channel."""

    id: str
    name: str
    kind: Literal["all", "category", "event"]
    cells: list[Cell]
    category: str | None = None
    #: The events in a category.
    count: int = 0
    is_open: bool = False
    #: Until when it is muted, as a sentence.
    muted: str | None = None
    #: The choice that switches it off on every channel at once, if there is one.
    barred: Scope | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the things that a press may mean, and what it changes."""

    id: str
    text: str
    said: Literal["on", "off", "lifted"]
    changes: list[Change]


class Grid:
    """What holds for a person, as rows of switches; `opened` categories show their events."""

    def __init__(
        self, overview: PreferenceOverview, sentences: Sentences, opened: Collection[str]
    ) -> None:
        self._overview: Final = overview
        self._sentences: Final = sentences
        self._opened: Final = opened

    @property
    def rows(self) -> Iterator[Row]:
        overview = self._overview
        said = self._sentences
        everything = [self._of_everything(reach) for reach in overview.channels]
        yield Row("all", said.say("grid.everything"), "all", everything)
        for group in overview.categories:
            scope = Scope(category=group.category)
            is_open = group.category in self._opened
            yield Row(
                f"category-{_plain(group.category)}",
                said.category(group.category),
                "category",
                [self._of_category(group, reach) for reach in overview.channels],
                category=group.category,
                count=len(group.events),
                is_open=is_open,
                muted=self._muted(scope),
                barred=self._barred(scope),
            )
            for event in group.events if is_open else []:
                of_event = Scope(event=event.event)
                yield Row(
                    f"event-{_plain(event.event)}",
                    said.label(event.event),
                    "event",
                    [self._of_event(event, reach) for reach in overview.channels],
                    muted=self._muted(of_event),
                    barred=self._barred(of_event),
                )

    def cell(self, scope: Scope) -> Cell | None:
        """The cell of a channel and a category, an event or everything; None if there is none."""
        reach = next(
            (each for each in self._overview.channels if each.channel == scope.channel), None
        )
        if reach is None:
            return None
        for group in self._overview.categories:
            if scope.category == group.category:
                return self._of_category(group, reach)
            for event in group.events:
                if scope.event == event.event:
                    return self._of_event(event, reach)
        return None if scope.category or scope.event else self._of_everything(reach)

    def changes(self, cell: Cell, target: Target) -> list[Change]:
        """What switches a cell on, off, or back to what is usual."""
        scope = cell.scope
        enabled = {"on": True, "off": False, "usual": None}[target]
        if scope.category or scope.event:
            return [_switch(scope, enabled=enabled)]
        is_closed = self._choice(scope) is False
        if not enabled or is_closed:
            return [_preference(scope, enabled=False if target == "off" else None)]
        return [
            _switch(Scope(channel=scope.channel, category=group.category), enabled=True)
            for group in self._overview.categories
            if _free(group.events, scope.channel)
        ]

    def question(self, cell: Cell) -> tuple[str, list[Answer]]:
        """What a press of a cell that `asks` may mean."""
        said = self._sentences
        if not cell.blockers:
            return said.say("ask.mixed", what=cell.label, on=cell.on, of=cell.of), [
                Answer("ask-off", said.say("ask.all_off"), "off", self.changes(cell, "off")),
                Answer("ask-on", said.say("ask.all_on"), "on", self.changes(cell, "on")),
            ]
        broader = said.listed(said.what(off) for off in cell.blockers)
        only = OnlyChange(kind="only", **_named(cell.scope))
        lifting: list[Change] = [_preference(off, enabled=None) for off in cell.blockers]
        if cell.scope.category or cell.scope.event:
            lifting.append(_switch(cell.scope, enabled=True))
        return said.say("ask.blocked", what=cell.label, broader=broader), [
            Answer("ask-only", said.say("ask.only", **said.named(cell.scope)), "on", [only]),
            Answer("ask-all", said.say("ask.lift", what=broader), "lifted", lifting),
        ]

    def _of_everything(self, reach: Reach) -> Cell:
        said = self._sentences
        scope = Scope(channel=reach.channel)
        cell_id, label = f"all-{reach.channel}", said.cell(scope)
        free = [
            way for group in self._overview.categories for way in _free(group.events, reach.channel)
        ]
        if reach.obstacle:
            why = said.say(f"obstacle.{reach.obstacle}.{reach.channel}", name=said.name)
            return Cell(scope, cell_id, label, None, why)
        if not free:
            return Cell(scope, cell_id, label, None, said.say("why.all_forced", name=said.name))
        state, on, of = _sum(free)
        blockers = _blockers(self._overview.switches, reach.channel)
        is_closed = self._choice(scope) is False
        if blockers:
            why = said.say("why.blocked", what=said.what(blockers[0]))
        elif is_closed:
            why = said.say("why.closed")
        else:
            why = said.say(f"why.all_{state}", on=on, of=of)
        return Cell(
            scope, cell_id, label, state, why,
            is_own=is_closed, blockers=blockers, asks=bool(blockers) or state == "mixed",
            on=on, of=of,
        )  # fmt: skip

    def _of_category(self, group: Group, reach: Reach) -> Cell:
        said = self._sentences
        scope = Scope(channel=reach.channel, category=group.category)
        cell_id, label = f"cell-{_plain(group.category)}-{reach.channel}", said.cell(scope)
        ways = list(_ways(group.events, reach.channel))
        free = [way for way in ways if way.can_switch]
        if not free:
            return self._fixed(scope, cell_id, label, ways)
        state, on, of = _sum(free)
        blockers = _blockers(group.switches, reach.channel)
        choice = self._choice(scope)
        if blockers:
            why = said.say("why.blocked", what=said.what(blockers[0]))
        elif state == "mixed":
            why = said.say("why.mixed", on=on, of=of)
        elif choice is False:
            why = said.say("why.switched_off")
        else:
            why = said.why(next((way for way in free if way.choice is not None), free[0]))
        is_own = choice is not None or any(way.choice is not None for way in ways)
        return Cell(
            scope, cell_id, label, state, why,
            is_own=is_own and not blockers, has_reset=is_own and not blockers,
            blockers=blockers, asks=bool(blockers), on=on, of=of,
        )  # fmt: skip

    def _of_event(self, event: EventDecisions, reach: Reach) -> Cell:
        said = self._sentences
        scope = Scope(channel=reach.channel, event=event.event)
        cell_id, label = f"cell-{_plain(event.event)}-{reach.channel}", said.cell(scope)
        ways = list(_ways([event], reach.channel))
        if not ways or not ways[0].can_switch:
            return self._fixed(scope, cell_id, label, ways)
        way = ways[0]
        blockers = tuple(way.blocked_by)
        is_own = way.choice is not None and not blockers
        return Cell(
            scope, cell_id, label, "true" if way.is_on else "false",
            said.say("why.blocked", what=said.what(blockers[0])) if blockers else said.why(way),
            is_own=is_own, has_reset=is_own, blockers=blockers, asks=bool(blockers),
        )  # fmt: skip

    def _fixed(self, scope: Scope, cell_id: str, label: str, ways: list[ChannelDecision]) -> Cell:
        """What cannot be switched: forced, or out of reach."""
        said = self._sentences
        forced = next((way for way in ways if way.is_forced), None)
        way = forced or next(iter(ways), None)
        why = said.why(way) if way else said.say("why.no_template")
        return Cell(scope, cell_id, label, None, why, is_forced=forced is not None)

    def _choice(self, scope: Scope) -> bool | None:
        named = _named(scope)
        made = self._overview.choices
        return next((each.enabled for each in made if _named(each) == named), None)

    def _barred(self, scope: Scope) -> Scope | None:
        return scope if self._choice(scope) is False else None

    def _muted(self, scope: Scope) -> str | None:
        said = self._sentences
        for mute in self._overview.mutes:
            whole = (mute.category, mute.event, mute.subject)
            if whole == (scope.category, scope.event, None):
                if mute.until is None:
                    return said.say("mutes.muted")
                return said.say("mutes.muted_until", at=said.moment(mute.until))
        return None


def _plain(name: str) -> str:
    """As a part of an id."""
    return re.sub(r"\W", "_", name)


def _named(scope: Scope) -> dict[str, Any]:
    return {"channel": scope.channel, "category": scope.category, "event": scope.event}


def _switch(scope: Scope, *, enabled: bool | None) -> SwitchChange:
    return SwitchChange(kind="switch", enabled=enabled, **_named(scope))


def _preference(scope: Scope, *, enabled: bool | None) -> PreferenceChange:
    return PreferenceChange(kind="preference", enabled=enabled, **_named(scope))


def _ways(events: Iterable[EventDecisions], channel: str | None) -> Iterator[ChannelDecision]:
    for event in events:
        yield from (way for way in event.channels if way.channel == channel)


def _free(events: Iterable[EventDecisions], channel: str | None) -> list[ChannelDecision]:
    return [way for way in _ways(events, channel) if way.can_switch]


def _blockers(switches: Iterable[Any], channel: str) -> tuple[Scope, ...]:
    return next((tuple(each.blocked_by) for each in switches if each.channel == channel), ())


def _sum(ways: list[ChannelDecision]) -> tuple[State, int, int]:
    """Whether all of these come, none or some; how many, of how many."""
    on = sum(way.is_on for way in ways)
    state: State = "false" if not on else "true" if on == len(ways) else "mixed"
    return state, on, len(ways)
