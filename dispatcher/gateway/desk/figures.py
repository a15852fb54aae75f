"""Figures of the last days, and how channels and their providers do: the views of analytics."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

from psycopg import sql
from pydantic import Field

from dispatcher.database import Pool
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.fields import Channel, Model, Name
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.support import rows_as_support

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


class FiguresDesk:
    """Everything is asked as support."""

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
        rows = await rows_as_support(
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
        rows = await rows_as_support(self._pool, operator, _HEALTH)
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
