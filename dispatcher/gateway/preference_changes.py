"""Changes of preferences, simulated or made: their effect as the router would decide, and undo.

A simulation makes the changes in a transaction that is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self, get_args

from psycopg import AsyncConnection
from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from dispatcher.db import preferences
from dispatcher.db.connections import Pool
from dispatcher.db.preferences import ChannelDecision
from dispatcher.db.statement import Statement
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.db_roles import as_recipient, recipient_params
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.preference_overview import (
    PreferenceOverview,
    choices_of,
    overview_of,
    turn_key,
)
from dispatcher.gateway.preferences import (
    Choice,
    Day,
    Mute,
    MuteScope,
    QuietDay,
    Scope,
)
from dispatcher.gateway.rate_limits import FairSemaphore
from dispatcher.gateway.schemas import (
    INTERRUPTING,
    Alternatives,
    Channel,
    Decision,
    Model,
    Moment,
    Name,
    QuietChannel,
    WallTime,
)


class SwitchChange(Model):
    """All of a category, or one event, on a channel (postbell.switch_channel)."""

    alternatives = Alternatives.of("category", "event", is_needed=True)

    kind: Literal["switch"]
    channel: Channel
    category: Name | None = None
    event: Name | None = None
    enabled: bool | None = Field(description="Null: as usual.")


class OnlyChange(Scope):
    """On, where something broader is off and stays off for the rest (postbell.switch_on_only)."""

    kind: Literal["only"]
    channel: Channel


class PreferenceChange(Scope):
    """One choice, made or taken back (postbell.set_preference)."""

    kind: Literal["preference"]
    enabled: bool | None = Field(description="Null: take it back.")


class QuietHoursChange(Model):
    """The windows that start on these days (postbell.set_quiet_hours)."""

    kind: Literal["quiet_hours"]
    days: list[Day] = Field(min_length=1, max_length=7)
    starts: WallTime | None = Field(description="Null, with `ends`: remove them.")
    ends: WallTime | None
    time_zone: Name | None = None
    channels: list[QuietChannel] = Field(
        default=INTERRUPTING, max_length=len(get_args(QuietChannel))
    )

    @model_validator(mode="after")
    def _starts_and_ends(self) -> Self:
        if (self.starts is None) != (self.ends is None):
            raise ValueError('"starts" and "ends" are both a time, or both null')
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = super().__get_pydantic_json_schema__(core_schema, handler)
        handler.resolve_ref_schema(described)["anyOf"] = [
            {"properties": {"starts": {"type": kind}, "ends": {"type": kind}}}
            for kind in ("string", "null")
        ]
        return described


class MuteChange(MuteScope):
    """Silence; nothing named is everything (postbell.mute)."""

    kind: Literal["mute"]
    until: Moment | None = Field(default=None, description="Null: for good.")


class UnmuteChange(MuteScope):
    """The end of a silence (postbell.unmute)."""

    kind: Literal["unmute"]


Change = Annotated[
    SwitchChange | OnlyChange | PreferenceChange | QuietHoursChange | MuteChange | UnmuteChange,
    Field(discriminator="kind"),
]
#: In one request.
MOST_CHANGES: Final = 150
_Chosen = tuple[list[Choice], list[QuietDay], list[Mute]]

#: The statement of each kind.
_CALLS: Final[dict[str, Statement[..., None]]] = {
    "switch": preferences.switch_channel,
    "only": preferences.switch_on_only,
    "preference": preferences.set_preference,
    "quiet_hours": preferences.set_quiet_hours,
    "mute": preferences.mute,
    "unmute": preferences.unmute,
}
_NO_WINDOW: Final[dict[str, Any]] = {"starts": None, "ends": None, "channels": []}


class ChangesBody(Model):
    """Changes, in this order and all or none."""

    changes: list[Change] = Field(min_length=1, max_length=MOST_CHANGES)


class Outcome(Model):
    """The decision about an event on a channel."""

    decision: Decision
    reason: str
    due_at: datetime | None
    is_silent: bool


class Difference(Model):
    """An event on a channel whose decision changes."""

    category: str
    event: str
    label: str
    channel: Channel
    before: Outcome
    after: Outcome


class Effect(Model):
    """The effect of changes."""

    at: datetime | None = Field(description="If the events happened then; null: if they did now.")
    differences: list[Difference]


class Made(Effect):
    """What changes did, what would undo them, and what holds now."""

    undo: list[Change]
    outlook: PreferenceOverview


class ChangesApi:
    """Simulates changes, or makes them; a few at a time."""

    def __init__(self, pool: Pool, semaphore: FairSemaphore) -> None:
        self._pool: Final = pool
        self._semaphore: Final = semaphore

    @property
    def operations(self) -> list[Operation]:
        return [
            Operation.of("POST", "/v1/preferences/foresee", "preferences", self.foresee),
            Operation.of("POST", "/v1/preferences/changes", "preferences", self.change),
        ]

    async def foresee(self, chooser: Identity, body: ChangesBody) -> Effect:
        """What changes would do, for every event, as the router would decide. Nothing is kept."""
        async with (
            self._semaphore.slot(turn_key(chooser)),
            as_recipient(self._pool, chooser) as connection,
            connection.transaction(force_rollback=True),
        ):
            return await _effect(connection, chooser, body.changes)

    async def change(self, chooser: Identity, body: ChangesBody) -> Made:
        """Make changes. The effect of quiet hours is that on an event within them."""
        async with (
            self._semaphore.slot(turn_key(chooser)),
            as_recipient(self._pool, chooser) as connection,
        ):
            before = await choices_of(connection, chooser)
            effect = await _effect(connection, chooser, body.changes)
            return Made(
                at=effect.at,
                differences=effect.differences,
                undo=list(_undoing(before, await choices_of(connection, chooser))),
                outlook=await overview_of(connection, chooser),
            )


async def _effect(
    connection: AsyncConnection[Any], chooser: Identity, changes: list[Change]
) -> Effect:
    moments = await _moments(connection, chooser, changes)
    before = [await preferences.preference_overview(connection, at) for at in moments]
    await _make(connection, chooser, changes)
    effect = Effect(at=None, differences=[])
    for at, former in zip(moments, before, strict=True):
        effect = Effect(
            at=at,
            differences=list(
                _differences(former, await preferences.preference_overview(connection, at))
            ),
        )
        if effect.differences:
            break
    return effect


async def _make(connection: AsyncConnection[Any], chooser: Identity, changes: list[Change]) -> None:
    for change in changes:
        await _CALLS[change.kind](
            connection, **recipient_params(chooser), **change.model_dump(exclude={"kind"})
        )


async def _moments(
    connection: AsyncConnection[Any], chooser: Identity, changes: list[Change]
) -> list[datetime | None]:
    """The times to compare at: now, unless quiet hours change; then at their old and new edges."""
    days = sorted(
        {day for change in changes if isinstance(change, QuietHoursChange) for day in change.days}
    )
    if not days:
        return [None]

    former = await preferences.quiet_moments(connection, days)
    async with connection.transaction(force_rollback=True):
        await _make(connection, chooser, changes)
        new = await preferences.quiet_moments(connection, days)
    return [*dict.fromkeys([*new, *former]), None]


def _differences(
    before: Iterable[ChannelDecision], after: Iterable[ChannelDecision]
) -> Iterator[Difference]:
    known = {(row.event, row.channel): row for row in before}
    for row in after:
        former, now = (_outcome(each) for each in (known[row.event, row.channel], row))
        # Another reason alone is no difference.
        if (former.decision, former.due_at, former.is_silent) != (
            now.decision, now.due_at, now.is_silent,
        ):  # fmt: skip
            yield Difference(
                category=row.category,
                event=row.event,
                label=row.label,
                channel=row.channel,
                before=former,
                after=now,
            )


def _outcome(row: ChannelDecision) -> Outcome:
    return Outcome(
        decision=row.decision,
        reason=row.reason,
        due_at=row.due_at,
        is_silent=row.is_silent,
    )


def _undoing(before: _Chosen, after: _Chosen) -> Iterator[Change]:
    """The changes that lead back from `after` to `before`."""
    yield from _undoing_choices(before[0], after[0])
    yield from _undoing_quiet_hours(before[1], after[1])
    yield from _undoing_mutes(before[2], after[2])


def _undoing_choices(before: list[Choice], after: list[Choice]) -> Iterator[Change]:
    former, new = (
        {(each.channel, each.category, each.event): each.enabled for each in made}
        for made in (before, after)
    )
    for scope in _changed(former, new):
        channel, category, event = scope
        yield PreferenceChange(
            kind="preference",
            channel=channel,
            category=category,
            event=event,
            enabled=former.get(scope),
        )


def _undoing_quiet_hours(before: list[QuietDay], after: list[QuietDay]) -> Iterator[Change]:
    former, new = ({each.day: each for each in made} for made in (before, after))
    for day in _changed(former, new):
        window = former[day].model_dump(exclude={"day"}) if day in former else _NO_WINDOW
        yield QuietHoursChange(kind="quiet_hours", days=[day], **window)


def _undoing_mutes(before: list[Mute], after: list[Mute]) -> Iterator[Change]:
    former, new = (
        {(each.category, each.event, each.subject): each.until for each in made}
        for made in (before, after)
    )
    for what in _changed(former, new):
        named = dict(zip(("category", "event", "subject"), what, strict=True))
        if what in former:
            yield MuteChange(kind="mute", until=former[what], **named)
        else:
            yield UnmuteChange(kind="unmute", **named)


def _changed(before: dict[Any, Any], after: dict[Any, Any]) -> list[Any]:
    absent = object()
    every = dict.fromkeys([*before, *after])
    return [key for key in every if before.get(key, absent) != after.get(key, absent)]
