"""Preferences over HTTP: channels on and off, quiet hours, mutes, and refusing tracking."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Annotated, Any, Final, get_args

from pydantic import Field

from dispatcher.db import preferences
from dispatcher.db.connections import Pool
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.db_roles import call_as_recipient, unknown_recipient
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.schemas import (
    INTERRUPTING,
    Alternatives,
    Channel,
    Model,
    Moment,
    Name,
    QuietChannel,
    WallTime,
)

Day = Annotated[int, Field(ge=1, le=7, description="1 is Monday, 7 is Sunday (ISO 8601).")]

_ALL_WEEK: Final = [1, 2, 3, 4, 5, 6, 7]


class Scope(Model):
    """What a choice is about; nothing named means everything. Not a category and an event."""

    alternatives = Alternatives.of("category", "event")

    channel: Channel | None = None
    category: Name | None = None
    event: Name | None = None


class ChoiceBody(Scope):
    """A choice to make."""

    enabled: bool = Field(description="Any `false` that covers a case wins over any `true`.")


class Choice(Scope):
    """A choice that was made."""

    enabled: bool
    updated_at: datetime


class Preferences(Model):
    """What was chosen, and nothing that is a default."""

    choices: list[Choice]
    refuses_tracking: bool = Field(
        description="It must not be known whether this person opens mails or follows links."
    )


class Way(Model):
    """A channel that an event may come by."""

    channel: Channel
    is_on: bool
    is_forced: bool = Field(description="It cannot be switched off.")


class Kind(Model):
    """An event."""

    event: str
    label: str
    description: str
    channels: list[Way]


class Category(Model):
    """Events that belong together."""

    category: str
    events: list[Kind]


class Catalogue(Model):
    """All that a settings page shows, with what holds for this person."""

    channels: list[Channel]
    categories: list[Category]


class QuietHoursBody(Model):
    """Do not disturb, on each of these days from one time to another."""

    starts: WallTime
    ends: WallTime = Field(description="If not after `starts`: on the next day.")
    days: list[Day] = Field(default=_ALL_WEEK, min_length=1, max_length=7)
    time_zone: Name | None = Field(default=None, description="IANA; null: the person's own.")
    channels: list[QuietChannel] = Field(
        default=INTERRUPTING, max_length=len(get_args(QuietChannel))
    )


class QuietDay(Model):
    """The window that starts on a day."""

    day: Day
    starts: WallTime
    ends: WallTime
    time_zone: str | None
    channels: list[QuietChannel]


class QuietHours(Model):
    """By day; a day without a window is not there."""

    days: list[QuietDay]


class DaysQuery(Model):
    """Whose windows to remove."""

    days: list[Day] = Field(default=_ALL_WEEK, min_length=1, max_length=7)


class MuteScope(Model):
    """One of these, or none for everything."""

    alternatives = Alternatives.of("category", "event", "subject")

    category: Name | None = None
    event: Name | None = None
    subject: Name | None = Field(default=None, description="The thread, such as `order:123`.")

    @property
    def is_everything(self) -> bool:
        return not (self.category or self.event or self.subject)


class MuteBody(MuteScope):
    """What to be silent about."""

    until: Moment | None = Field(default=None, description="Null: for good.")


class Mute(MuteScope):
    """What is silent."""

    until: datetime | None = Field(description="Null: for good.")
    muted_at: datetime


class Mutes(Model):
    """What is silent now."""

    mutes: list[Mute]


class PauseBody(Model):
    """Silence everything."""

    until: Moment


class TrackingBody(Model):
    """Whether it may be known that mails are opened and links followed."""

    refuses: bool


class PreferencesApi:
    """Each operation calls the SQL function of its name, as the recipient."""

    def __init__(self, pool: Pool) -> None:
        self._pool: Final = pool

    @property
    def operations(self) -> list[Operation]:
        def of(method: str, path: str, handler: Any) -> Operation:
            return Operation.of(method, path, "preferences", handler)

        return [
            of("GET", "/v1/catalogue", self.show_catalogue),
            of("GET", "/v1/preferences", self.list_preferences),
            of("PUT", "/v1/preferences", self.set_preference),
            of("DELETE", "/v1/preferences", self.take_back_preference),
            of("PUT", "/v1/tracking", self.refuse_tracking),
            of("GET", "/v1/quiet-hours", self.list_quiet_hours),
            of("PUT", "/v1/quiet-hours", self.set_quiet_hours),
            of("DELETE", "/v1/quiet-hours", self.remove_quiet_hours),
            of("GET", "/v1/mutes", self.list_mutes),
            of("PUT", "/v1/mutes", self.mute),
            of("DELETE", "/v1/mutes", self.unmute),
            of("PUT", "/v1/pause", self.pause),
            of("DELETE", "/v1/pause", self.resume),
        ]

    async def show_catalogue(self, chooser: Identity) -> Catalogue:
        """Every category, event and channel, and whether it is on for this person."""
        rows = await call_as_recipient(self._pool, chooser, preferences.catalogue)
        kinds = [
            (
                category,
                Kind(
                    event=event,
                    label=label,
                    description=description,
                    channels=[
                        Way(
                            channel=row.channel,
                            is_on=row.is_on,
                            is_forced=row.is_forced,
                        )
                        for row in ways
                    ],
                ),
            )
            for (category, event, label, description), ways in groupby(
                rows,
                key=lambda row: (row.category, row.event, row.label, row.description),
            )
        ]
        return Catalogue(
            channels=list(dict.fromkeys(row.channel for row in rows)),
            categories=[
                Category(category=category, events=[kind for _, kind in of_category])
                for category, of_category in groupby(kinds, key=lambda pair: pair[0])
            ],
        )

    async def list_preferences(self, chooser: Identity) -> Preferences:
        """Every explicit choice."""
        made = await call_as_recipient(self._pool, chooser, preferences.list_preferences)
        refuses = await call_as_recipient(self._pool, chooser, preferences.refuses_tracking)
        if refuses is None:
            raise unknown_recipient(chooser)
        return Preferences(
            choices=[Choice(**row._asdict()) for row in made],
            refuses_tracking=refuses,
        )

    async def set_preference(self, chooser: Identity, body: ChoiceBody) -> None:
        """Switch on or off: a channel, a category, an event, or one of these on a channel."""
        await call_as_recipient(
            self._pool, chooser, preferences.set_preference, **body.model_dump()
        )

    async def take_back_preference(self, chooser: Identity, query: Scope) -> None:
        """Take a choice back: the defaults apply again."""
        await call_as_recipient(
            self._pool, chooser, preferences.set_preference, enabled=None, **query.model_dump()
        )

    async def refuse_tracking(self, chooser: Identity, body: TrackingBody) -> None:
        """Say whether it may be known that mails are opened and links followed."""
        await call_as_recipient(
            self._pool,
            chooser,
            preferences.refuse_tracking,
            refuses=body.refuses,
        )

    async def list_quiet_hours(self, chooser: Identity) -> QuietHours:
        """The windows in which nothing disturbs, by day."""
        rows = await call_as_recipient(self._pool, chooser, preferences.list_quiet_hours)
        return QuietHours(days=[QuietDay(**row._asdict()) for row in rows])

    async def set_quiet_hours(self, chooser: Identity, body: QuietHoursBody) -> None:
        """Set the window that starts on each of these days, leaving the others as they are."""
        await call_as_recipient(
            self._pool, chooser, preferences.set_quiet_hours, **body.model_dump()
        )

    async def remove_quiet_hours(self, chooser: Identity, query: DaysQuery) -> None:
        """Remove the windows of these days; of all, if none is named."""
        await call_as_recipient(
            self._pool,
            chooser,
            preferences.set_quiet_hours,
            starts=None,
            ends=None,
            days=query.days,
            time_zone=None,
            channels=[],
        )

    async def list_mutes(self, chooser: Identity) -> Mutes:
        """The mutes in force. One that names nothing mutes everything: a pause."""
        rows = await call_as_recipient(self._pool, chooser, preferences.list_mutes)
        return Mutes(mutes=[Mute(**row._asdict()) for row in rows])

    async def mute(self, chooser: Identity, body: MuteBody) -> None:
        """Silence everything, a category, an event or a thread.

        The inbox keeps what comes; other channels do not send it, now or later.
        """
        await call_as_recipient(self._pool, chooser, preferences.mute, **body.model_dump())

    async def unmute(self, chooser: Identity, query: MuteScope) -> None:
        """End the mute that names exactly this."""
        await call_as_recipient(self._pool, chooser, preferences.unmute, **query.model_dump())

    async def pause(self, chooser: Identity, body: PauseBody) -> None:
        """Silence everything until a time.

        The inbox keeps what comes; other channels do not send it, now or later. Quiet hours make
        it wait instead.
        """
        await call_as_recipient(
            self._pool,
            chooser,
            preferences.pause,
            until=body.until,
        )

    async def resume(self, chooser: Identity) -> None:
        """End the pause."""
        await call_as_recipient(
            self._pool,
            chooser,
            preferences.unmute,
        )
