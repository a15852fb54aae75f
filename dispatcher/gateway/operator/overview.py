"""How things stand, and figures of the last days, for operators."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

from pydantic import Field

from dispatcher.db import figures, routing
from dispatcher.db.connections import Pool
from dispatcher.explanations import explain_reason
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.db_roles import as_operator, call_as_operator
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.schemas import Channel, Day, Model, Name
from dispatcher.masking import mask

#: Faults of template overrides that are shown, at most.
MOST: Final = 100


class Router(Model):
    """The one that leads."""

    is_running: bool = Field(description="Whether any does. Events wait until one does.")
    is_asleep: bool = Field(description="Whether it has nothing to do.")


class Queue(Model):
    """What is not settled, of a tenant, channel and priority."""

    tenant_id: str
    channel: str
    priority: str
    queued: int
    waiting: int = Field(description="For quiet hours, or for the next try.")
    queued_since: datetime | None = Field(description="The oldest that is queued.")
    next_due_at: datetime | None = Field(description="The next that waits.")


class ProviderState(Model):
    """A provider, as one running dispatcher sees it."""

    provider: str
    channel: str
    process: str
    state: str = Field(description="ready, open or misconfigured.")
    reason: str | None
    changed_at: datetime
    opens_at: datetime | None = Field(description="When it is asked again; null if it is ready.")


class Dead(Model):
    """Deliveries given up on."""

    tenant_id: str
    event: str
    channel: str
    deliveries: int
    last_at: datetime


class Rejected(Model):
    """Events rejected within a day, for one reason."""

    reason: str
    why: str
    event: str | None
    events: int
    last_at: datetime


class TextFault(Model):
    """A text of the database that is not used, or could not be for some message."""

    tenant_id: str | None = Field(description="Null: the text is for every tenant.")
    path: str
    version: int
    fault: str
    instead: str | None
    found_at: datetime


class Overview(Model):
    """How things stand."""

    at: datetime
    router: Router
    queue: list[Queue]
    providers: list[ProviderState] = Field(description="Those that are not ready come first.")
    dead_letters: list[Dead]
    rejections: list[Rejected]
    text_faults: list[TextFault]


class TenantName(Model):
    """A website."""

    id: str
    name: str


class EventName(Model):
    """An event that may be emitted."""

    key: str
    label: str


class Names(Model):
    """What there is to choose from."""

    tenants: list[TenantName]
    events: list[EventName]


class OperatorOverviewApi:
    """Every statement runs as `postbell_support`."""

    def __init__(self, pool: Pool) -> None:
        self._pool: Final = pool

    @property
    def operations(self) -> list[Operation]:
        return [
            Operation.of("GET", "/v1/operator/overview", "operator", self.show_overview),
            Operation.of("GET", "/v1/operator/names", "operator", self.list_names),
        ]

    async def show_overview(self, operator: Operator) -> Overview:
        """How things stand now; rejections are those of the last day."""
        async with as_operator(self._pool, operator) as connection:
            leader = await routing.leader(connection)
            queued = await figures.queued_by_tenant(connection)
            providers = await figures.providers(connection)
            dead = await figures.dead_by_tenant(connection)
            rejections = await figures.rejections_of_a_day(connection)
            faults = await figures.text_faults(connection, MOST)
        return Overview(
            at=leader.at,
            router=Router(is_running=leader.process_id is not None, is_asleep=leader.is_asleep),
            queue=[Queue(**row._asdict()) for row in queued],
            providers=[
                ProviderState(**row._replace(reason=row.reason and mask(row.reason))._asdict())
                for row in sorted(providers, key=lambda row: row.state == "ready")
            ],
            dead_letters=[Dead(**row._asdict()) for row in dead],
            rejections=[
                Rejected(**row._asdict(), why=explain_reason(row.reason).sentence)
                for row in rejections
            ],
            text_faults=[TextFault(**row._asdict()) for row in faults],
        )

    async def list_names(self, operator: Operator) -> Names:
        """The tenants and events that there are."""
        async with as_operator(self._pool, operator) as connection:
            tenants = await figures.tenant_names(connection)
            events = await figures.event_names(connection)
        return Names(
            tenants=[TenantName(**row._asdict()) for row in tenants],
            events=[EventName(**row._asdict()) for row in events],
        )


class FiguresQuery(Model):
    """Of which days, and of what."""

    days: int = Field(default=14, ge=1, le=92, description="The last one and those before.")
    until: Day | None = Field(default=None, description="The last day; today, if none is named.")
    tenant: Name | None = None
    event: Name | None = None


class Sums(Model):
    """As in postbell.analytics_daily."""

    wanted: int
    skipped: int
    pending: int
    sent: int
    delivered: int
    bounced: int
    failed: int
    opened: int
    clicked: int
    read: int


class Figures(Sums):
    """A channel on a day, of all events together."""

    day: date
    channel: Channel


class EventFigures(Sums):
    """An event on a channel, of all days together."""

    event: str
    channel: Channel


class FiguresTable(Model):
    """By day and channel, where anything happened, and the same by event and channel."""

    figures: list[Figures]
    by_event: list[EventFigures]


class ChannelHealth(Model):
    """As in postbell.analytics_channel_health."""

    channel: Channel
    provider: str | None = Field(description="Null: the channel as a whole.")
    period: Literal["hour", "day"]
    attempts: int
    sent: int
    retried: int
    refused: int
    failed: int
    unknown: int
    share_of_failures: float | None
    median_ms: float | None
    p99_ms: float | None
    last_at: datetime | None
    suppressed: int | None
    newly_suppressed: int | None


class HealthTable(Model):
    """Every channel, and each of its providers that was called."""

    channels: list[ChannelHealth]


class FiguresApi:
    """Every statement runs as `postbell_support`."""

    def __init__(self, pool: Pool) -> None:
        self._pool: Final = pool

    @property
    def operations(self) -> list[Operation]:
        return [
            Operation.of("GET", "/v1/operator/figures", "operator", self.show_figures),
            Operation.of("GET", "/v1/operator/channels", "operator", self.show_channels),
        ]

    async def show_figures(self, operator: Operator, query: FiguresQuery) -> FiguresTable:
        """What became of the events of the last days."""
        rows = await call_as_operator(
            self._pool,
            operator,
            figures.days,
            query.days,
            until=query.until,
            tenant=query.tenant,
            event=query.event,
        )
        days, events = [], []
        for row in rows:
            told = row._asdict()
            day, event_key = told.pop("day"), told.pop("event")
            if day is not None:
                days.append(Figures(day=day, **told))
            else:
                events.append(EventFigures(event=event_key, **told))
        return FiguresTable(figures=days, by_event=events)

    async def show_channels(self, operator: Operator) -> HealthTable:
        """How each channel and provider did over the last hour and day."""
        rows = await call_as_operator(self._pool, operator, figures.channel_health)
        return HealthTable(channels=[ChannelHealth(**row._asdict()) for row in rows])
