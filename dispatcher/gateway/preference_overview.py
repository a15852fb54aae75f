"""The preference overview: what a recipient would get on which channel, and why, or why not."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, Final, Literal

from psycopg import AsyncConnection
from pydantic import Field

from dispatcher.db import preferences
from dispatcher.db.connections import Pool
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.db_roles import as_recipient, recipient_params, unknown_recipient
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.preferences import Choice, Mute, QuietDay, Scope
from dispatcher.gateway.rate_limits import FairSemaphore
from dispatcher.gateway.schemas import Channel, Decision, Model
from dispatcher.masking import hint_of

#: Reasons of the ladder that block a channel as a whole.
_OBSTACLES: Final = ("channel_disabled", "no_address", "address_suppressed")
#: Reasons for which an event cannot come on a channel, whatever is chosen.
_UNREACHABLE: Final = (*_OBSTACLES, "no_template")


#: A channel and a category; without one, the channel as a whole.
_Switch = tuple[str, str | None]


class ChannelDecision(Model):
    """A channel of an event, as the router would decide if it happened now."""

    channel: Channel
    is_on: bool = Field(description="Whether it comes: now, later, or silently.")
    is_forced: bool
    choice: bool | None = Field(description="What was chosen for this event on this channel.")
    off_by: list[Scope] = Field(description="Choices that switch it off, the broadest first.")
    can_switch: bool = Field(description="False if it is forced, or cannot come in any case.")
    blocked_by: list[Scope] = Field(
        description="Of `off_by`, those with which it stays off when it is switched on itself."
    )
    decision: Decision
    reason: str = Field(description="As in postbell.explain(), or not_usual.")
    due_at: datetime | None
    is_silent: bool


class EventDecisions(Model):
    """An event."""

    event: str
    label: str
    description: str
    channels: list[ChannelDecision]


class ChannelSwitch(Model):
    """Switches a channel on or off, for all events of a category or for all there are."""

    channel: Channel
    blocked_by: list[Scope] = Field(
        description="Choices with which it stays off when it is switched on."
    )


class Group(Model):
    """Events that belong together."""

    category: str
    switches: list[ChannelSwitch]
    events: list[EventDecisions]


class Reach(Model):
    """A channel, and how it reaches this person."""

    channel: Channel
    address: str | None = Field(description="A hint at it, such as a…@example.org.")
    browsers: int | None = Field(description="How many allow pushes.")
    obstacle: Literal["channel_disabled", "no_address", "address_suppressed"] | None


class PreferenceOverview(Model):
    """What holds for a person, and what they chose."""

    at: datetime
    time_zone: str = Field(description="Theirs, else the tenant's.")
    channels: list[Reach]
    switches: list[ChannelSwitch]
    categories: list[Group]
    choices: list[Choice]
    quiet_hours: list[QuietDay]
    mutes: list[Mute]
    refuses_tracking: bool


#: Overviews are expensive: how many a process makes at a time, and how many of one recipient may
#: wait. The other connections stay free for cheap requests.
AT_ONCE: Final = 2
MOST_WAITING: Final = 4


class OverviewApi:
    """The overview, of which a few are made at a time."""

    def __init__(self, pool: Pool, semaphore: FairSemaphore) -> None:
        self._pool: Final = pool
        self._semaphore: Final = semaphore

    @property
    def operations(self) -> list[Operation]:
        path = "/v1/preferences/outlook"
        return [Operation.of("GET", path, "preferences", self.show_outlook)]

    async def show_outlook(self, chooser: Identity) -> PreferenceOverview:
        """Every event and channel with what would be decided now and why, and every choice."""
        async with (
            self._semaphore.slot(turn_key(chooser)),
            as_recipient(self._pool, chooser) as connection,
        ):
            return await overview_of(connection, chooser)


def turn_key(chooser: Identity) -> Hashable:
    """The key of a recipient for FairSemaphore, by whatever session or link they come."""
    return (chooser.tenant_id, chooser.recipient_id)


async def overview_of(connection: AsyncConnection[Any], chooser: Identity) -> PreferenceOverview:
    """The overview as this transaction sees it. Raises UnknownRecipientError."""
    person = await preferences.person(connection, **recipient_params(chooser))
    if person is None:
        raise unknown_recipient(chooser)
    rows = await preferences.preference_overview(connection, None)
    blocked = await _blocked_switches(connection, chooser, rows)
    made, quiet_hours, mutes = await choices_of(connection, chooser)
    choices_of_events = {(each.channel, each.event): each.enabled for each in made if each.event}
    return PreferenceOverview(
        at=person.at,
        time_zone=person.time_zone,
        channels=_channels(person, await preferences.channel_addresses(connection), rows),
        switches=[
            ChannelSwitch(channel=channel, blocked_by=blocked[channel, None])
            for channel in dict.fromkeys(row.channel for row in rows)
        ],
        categories=[
            Group(
                category=category,
                switches=[
                    ChannelSwitch(channel=channel, blocked_by=blocked[channel, category])
                    for channel in dict.fromkeys(row.channel for row in of_category)
                ],
                events=list(_events(of_category, choices_of_events)),
            )
            for category, of_category in _by_category(rows)
        ],
        choices=made,
        quiet_hours=quiet_hours,
        mutes=mutes,
        refuses_tracking=person.refuses_tracking,
    )


async def choices_of(
    connection: AsyncConnection[Any], chooser: Identity
) -> tuple[list[Choice], list[QuietDay], list[Mute]]:
    """Every choice that is in force, as this transaction sees it."""
    mine = recipient_params(chooser)
    return (
        [Choice(**row._asdict()) for row in await preferences.list_preferences(connection, **mine)],
        [
            QuietDay(**row._asdict())
            for row in await preferences.list_quiet_hours(connection, **mine)
        ],
        [Mute(**row._asdict()) for row in await preferences.list_mutes(connection, **mine)],
    )


async def _blocked_switches(
    connection: AsyncConnection[Any], chooser: Identity, rows: list[preferences.ChannelDecision]
) -> dict[_Switch, list[Scope]]:
    """What blocks the switch of each channel, and of each category on a channel."""
    switches: list[_Switch] = [(row.channel, row.category) for row in rows]
    switches = list(dict.fromkeys([*switches, *((channel, None) for channel, _ in switches)]))
    covering = await preferences.offs_covering(
        connection,
        chooser.tenant_id,
        chooser.recipient_id,
        [channel for channel, _ in switches],
        [category for _, category in switches],
    )
    blocked: dict[_Switch, list[Scope]] = {switch: [] for switch in switches}
    for off in covering:
        scope = Scope.model_validate({"channel": off.off_channel, "category": off.off_category})
        if scope != Scope.model_validate({"channel": off.channel, "category": off.category}):
            blocked[off.channel, off.category].append(scope)
    return blocked


def _by_category(
    rows: Iterable[preferences.ChannelDecision],
) -> Iterator[tuple[str, list[preferences.ChannelDecision]]]:
    for category, of_category in groupby(rows, key=lambda row: row.category):
        yield category, list(of_category)


def _events(
    rows: Iterable[preferences.ChannelDecision], choices_of_events: dict[Any, bool]
) -> Iterable[EventDecisions]:
    for (event, label, description), channels in groupby(
        rows, key=lambda row: (row.event, row.label, row.description)
    ):
        yield EventDecisions(
            event=event,
            label=label,
            description=description,
            channels=[
                ChannelDecision(
                    channel=row.channel,
                    can_switch=row.reason not in ("forced", *_UNREACHABLE),
                    blocked_by=[
                        off
                        for off in map(Scope.model_validate, row.off_by)
                        if off != Scope(channel=row.channel, event=event)
                    ],
                    is_on=row.is_wanted and _is_on(row),
                    is_forced=row.reason == "forced",
                    choice=choices_of_events.get((row.channel, event)),
                    off_by=[Scope(**off) for off in row.off_by],
                    decision=row.decision,
                    reason=row.reason,
                    due_at=row.due_at,
                    is_silent=row.is_silent,
                )
                for row in channels
            ],
        )


def _is_on(decided: preferences.ChannelDecision) -> bool:
    """Whether a wanted channel is switched on; a mute drops messages and leaves it so."""
    return bool(decided.decision != "no" or decided.reason == "muted")


def _channels(
    person: preferences.Person,
    channels: Iterable[preferences.ChannelAddress],
    rows: list[preferences.ChannelDecision],
) -> list[Reach]:
    addresses = {"email": person.email, "phone": person.phone}
    reaches = []
    for channel, kind in channels:
        reasons = {row.reason for row in rows if row.channel == channel}
        if not reasons:
            continue
        reaches.append(
            Reach(
                channel=channel,
                address=hint_of(address) if (address := addresses.get(kind)) else None,
                browsers=person.browsers if kind == "device" else None,
                # It blocks all events of the channel, or none.
                obstacle=next((each for each in _OBSTACLES if reasons == {each}), None),
            )
        )
    return reaches
