"""All that a preference centre shows: what would come by which channel, and why, or why not."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import datetime
from itertools import groupby
from typing import Any, Final, Literal, LiteralString

from psycopg import AsyncCursor
from psycopg.rows import DictRow
from pydantic import Field

from dispatcher.db.connections import Pool
from dispatcher.errors import UnknownRecipientError
from dispatcher.gateway import choices
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.db_roles import as_recipient, recipient_params
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.preferences import Choice, Mute, QuietDay, Scope
from dispatcher.gateway.rate_limits import FairSemaphore
from dispatcher.gateway.schemas import Channel, Model
from dispatcher.masking import hint_of

Decision = Literal["now", "later", "no"]

#: What is in the way of a channel as a whole, of the reasons on the ladder.
_IN_THE_WAY: Final = ("channel_disabled", "no_address", "address_suppressed")
#: The rungs of what comes, if not at once or not aloud.
_COMES: Final = (5, 7, 10, 11)


class Prospect(Model):
    """A channel of an event, as the router would decide if it happened now."""

    channel: Channel
    is_on: bool = Field(description="Whether it comes: now, later, or silently.")
    is_forced: bool
    choice: bool | None = Field(description="What was chosen for this event on this channel.")
    off_by: list[Scope] = Field(description="Choices that switch it off, the broadest first.")
    decision: Decision
    reason: str = Field(description="As in postbell.ladder(), or not_usual.")
    due_at: datetime | None
    is_silent: bool


class Foreseen(Model):
    """An event."""

    event: str
    label: str
    description: str
    channels: list[Prospect]


class Group(Model):
    """Events that belong together."""

    category: str
    events: list[Foreseen]


class Reach(Model):
    """A channel, and how it reaches this person."""

    channel: Channel
    address: str | None = Field(description="A hint at it, such as a…@example.org.")
    browsers: int | None = Field(description="How many allow pushes.")
    obstacle: Literal["channel_disabled", "no_address", "address_suppressed"] | None


class Outlook(Model):
    """What holds for a person, and what they chose."""

    at: datetime
    time_zone: str = Field(description="Theirs, else the tenant's.")
    channels: list[Reach]
    categories: list[Group]
    choices: list[Choice]
    quiet_hours: list[QuietDay]
    mutes: list[Mute]
    refuses_tracking: bool


#: Of those who ask what becomes of every event, which takes a while: how many one process serves
#: at a time, and how many of one person's may wait. The other sessions are for the others.
AT_ONCE: Final = 2
MOST_WAITING: Final = 4


class OverviewApi:
    """What a preference centre asks for first, when it is their turn."""

    def __init__(self, pool: Pool, semaphore: FairSemaphore) -> None:
        self._pool: Final = pool
        self._semaphore: Final = semaphore

    @property
    def operations(self) -> list[Operation]:
        path = "/v1/preferences/outlook"
        return [Operation.of("GET", path, "preferences", self.show_outlook)]

    async def show_outlook(self, chooser: Identity) -> Outlook:
        """Every event and channel with what would be decided now and why, and every choice."""
        async with (
            self._semaphore.slot(whom(chooser)),
            as_recipient(self._pool, chooser) as cursor,
        ):
            return await outlook(cursor, chooser)


def whom(chooser: Identity) -> Hashable:
    """As `FairSemaphore` tells people apart: by whatever session or link they come."""
    return (chooser.tenant_id, chooser.recipient_id)


async def outlook(cursor: AsyncCursor[DictRow], chooser: Identity) -> Outlook:
    """As this transaction sees it. Raises UnknownRecipientError if the person is gone."""
    mine = recipient_params(chooser)
    await cursor.execute(
        "select postbell.clock() as at, coalesce(person.time_zone, site.time_zone) as time_zone,"
        " person.email, person.phone, person.tracking_refused_at is not null as refuses_tracking,"
        " (select count(*) from postbell.push_subscription) as browsers"
        " from postbell.recipient as person join postbell.tenant as site"
        " on site.id = person.tenant_id"
        " where person.tenant_id = %(tenant)s and person.id = %(recipient)s",
        mine,
    )
    person = await cursor.fetchone()
    if person is None:
        raise UnknownRecipientError(f"{chooser.recipient_id} of tenant {chooser.tenant_id}")
    await cursor.execute("select * from postbell.preference_overview()")
    prospects = await cursor.fetchall()
    made, quiet_hours, mutes = await chosen(cursor, chooser)
    of_events = {(each.channel, each.event): each.enabled for each in made if each.event}
    return Outlook(
        at=person["at"],
        time_zone=person["time_zone"],
        channels=_reaches(person, prospects),
        categories=[
            Group(category=category, events=list(_events(rows, of_events)))
            for category, rows in groupby(prospects, key=lambda row: row["category"])
        ],
        choices=made,
        quiet_hours=quiet_hours,
        mutes=mutes,
        refuses_tracking=person["refuses_tracking"],
    )


async def chosen(
    cursor: AsyncCursor[DictRow], chooser: Identity
) -> tuple[list[Choice], list[QuietDay], list[Mute]]:
    """Every choice that is in force, as this transaction sees it."""

    async def listed(statement: LiteralString) -> list[DictRow]:
        await cursor.execute(statement, recipient_params(chooser))
        return await cursor.fetchall()

    return (
        [Choice.model_validate(row) for row in await listed(choices.LIST_PREFERENCES)],
        [QuietDay.model_validate(row) for row in await listed(choices.LIST_QUIET_HOURS)],
        [Mute.model_validate(row) for row in await listed(choices.LIST_MUTES)],
    )


def _events(rows: Iterable[DictRow], of_events: dict[Any, bool]) -> Iterable[Foreseen]:
    for (event, label, description), ways in groupby(
        rows, key=lambda row: (row["event"], row["label"], row["description"])
    ):
        yield Foreseen(
            event=event,
            label=label,
            description=description,
            channels=[
                Prospect(
                    channel=row["channel"],
                    is_on=row["is_wanted"] and row["rung"] in _COMES,
                    is_forced=row["reason"] == "forced",
                    choice=of_events.get((row["channel"], event)),
                    off_by=[Scope(**off) for off in row["off_by"]],
                    decision=row["decision"],
                    reason=row["reason"],
                    due_at=row["due_at"],
                    is_silent=row["is_silent"],
                )
                for row in ways
            ],
        )


def _reaches(person: DictRow, prospects: list[DictRow]) -> list[Reach]:
    addresses = {"email": person["email"], "sms": person["phone"]}
    reaches = []
    for channel in ("in_app", "email", "sms", "push", "sse"):
        reasons = {row["reason"] for row in prospects if row["channel"] == channel}
        if not reasons:
            continue
        reaches.append(
            Reach(
                channel=channel,
                address=hint_of(addresses[channel]) if addresses.get(channel) else None,
                browsers=person["browsers"] if channel == "push" else None,
                # It is in the way of all of them, or of none.
                obstacle=next((each for each in _IN_THE_WAY if reasons == {each}), None),
            )
        )
    return reaches
