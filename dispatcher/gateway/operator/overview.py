"""How things stand, and figures of the last days, for operators."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, Literal

from psycopg import sql
from pydantic import Field

from dispatcher.db.connections import Pool
from dispatcher.explanations import explain_reason
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.db_roles import as_operator, rows_as_operator
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.schemas import Channel, Model, Name
from dispatcher.masking import mask

#: Faults of texts that are told, at most.
MOST: Final = 100

_ROUTER: Final = sql.SQL(
    "select process_id is not null as is_running, is_asleep, now() as at from postbell.leader()"
)
_QUEUE: Final = sql.SQL(
    "select tenant_id, channel, priority,"
    " coalesce(sum(queued), 0)::bigint as queued, coalesce(sum(waiting), 0)::bigint as waiting,"
    " min(oldest_at) filter (where queued is not null) as queued_since,"
    " min(oldest_at) filter (where waiting is not null) as next_due_at"
    " from postbell.queue_depth where channel is not null group by tenant_id, channel, priority"
    " order by queued_since nulls last, tenant_id, channel, priority"
)
_PROVIDERS: Final = sql.SQL(
    "select provider, channel, process, state, reason, changed_at, opens_at"
    " from postbell.providers order by state = 'ready', channel, provider, process"
)
_DEAD: Final = sql.SQL(
    "select tenant_id, event, channel, count(*) as deliveries, max(died_at) as last_at"
    " from postbell.dead_letters group by tenant_id, event, channel"
    " order by last_at desc"
)
_REJECTED: Final = sql.SQL(
    "select reason, event, count(*) as events, max(created_at) as last_at"
    " from postbell.rejected_events"
    " where created_at >= postbell.clock() - interval '1 day'"
    " group by reason, event order by last_at desc"
)
_TEXTS: Final = sql.SQL(
    "select tenant_id, path, version, fault, instead, found_at"
    " from postbell.texts where fault is not null order by found_at desc limit %(most)s"
)

_DAYS: Final = sql.SQL(
    """
    select
        day, channel,
        sum(wanted)::bigint as wanted, sum(skipped)::bigint as skipped,
        sum(pending)::bigint as pending, sum(sent)::bigint as sent,
        sum(delivered)::bigint as delivered, sum(bounced)::bigint as bounced,
        sum(failed)::bigint as failed, sum(opened)::bigint as opened,
        sum(clicked)::bigint as clicked, sum(read)::bigint as read
    from postbell.analytics_daily
    where day > postbell.clock()::date - %(days)s::integer
      and (%(tenant)s::text is null or tenant_id = %(tenant)s)
      and (%(event)s::text is null or event = %(event)s)
    group by day, channel
    order by day, channel
    """
)
_HEALTH: Final = sql.SQL(
    "select * from postbell.analytics_channel_health"
    " where attempts > 0 or provider is null"
    " order by period desc, channel, provider nulls first"
)


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
        found: dict[str, Any] = {}
        async with as_operator(self._pool, operator) as cursor:
            for name, statement in (
                ("queue", _QUEUE),
                ("providers", _PROVIDERS),
                ("dead_letters", _DEAD),
                ("rejections", _REJECTED),
                ("text_faults", _TEXTS),
                ("router", _ROUTER),
            ):
                await cursor.execute(statement, {"most": MOST})
                found[name] = await cursor.fetchall()
        (router,) = found.pop("router")
        for provider in found["providers"]:
            provider["reason"] = provider["reason"] and mask(provider["reason"])
        for rejected in found["rejections"]:
            rejected["why"] = explain_reason(rejected["reason"]).sentence
        return Overview.model_validate({**found, "at": router.pop("at"), "router": router})

    async def list_names(self, operator: Operator) -> Names:
        """The tenants and events that there are."""
        async with as_operator(self._pool, operator) as cursor:
            await cursor.execute("select id, name from postbell.tenant order by name, id")
            tenants = await cursor.fetchall()
            await cursor.execute("select key, label from postbell.event_type order by key")
            events = await cursor.fetchall()
        return Names.model_validate({"tenants": tenants, "events": events})


class FiguresQuery(Model):
    """Of which days, and of what."""

    days: int = Field(default=14, ge=1, le=92, description="Today and the days before.")
    tenant: Name | None = None
    event: Name | None = None


class Figures(Model):
    """A channel on a day, as in postbell.analytics_daily, of all events together."""

    day: date
    channel: Channel
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


class FiguresTable(Model):
    """By day and channel; a day on which nothing happened is not there."""

    figures: list[Figures]


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
        rows = await rows_as_operator(
            self._pool,
            operator,
            _DAYS,
            days=query.days,
            tenant=query.tenant,
            event=query.event,
        )
        return FiguresTable(figures=[Figures(**row) for row in rows])

    async def show_channels(self, operator: Operator) -> HealthTable:
        """How each channel and provider did over the last hour and day."""
        rows = await rows_as_operator(self._pool, operator, _HEALTH)
        return HealthTable(
            channels=[
                ChannelHealth(
                    **{
                        **row,
                        "share_of_failures": row["share_of_failures"]
                        and float(row["share_of_failures"]),
                    }
                )
                for row in rows
            ]
        )
