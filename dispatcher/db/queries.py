"""The SQL functions that the daemon calls: one method each, named alike. SQL decides."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row
from pydantic_core import to_json

from dispatcher.channels.in_app import InAppItem
from dispatcher.channels.sse import StreamMessage
from dispatcher.delivery.model import Device, Tenant
from dispatcher.inbound.receipts import Blame
from dispatcher.metrics import Depth
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.overrides import Text
from dispatcher.rendering.template_set import Fault

#: What deliveries were rendered from: by event, and for one that differs by its id.
Versions = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the router has to do, as postbell.look() sees it."""

    has_events: bool
    due_in: timedelta | None
    has_fanout: bool

    @property
    def is_due(self) -> bool:
        return self.due_in is not None and self.due_in <= timedelta(0)

    @property
    def is_idle(self) -> bool:
        return not (self.has_events or self.has_fanout or self.is_due)


class Rejected(NamedTuple):
    """How many events were rejected for a reason, and when the last one was."""

    reason: str
    rejected: int
    last_at: datetime


class MirrorFault(NamedTuple):
    """What is wrong with a mirror of a users table, as postbell.check_mirrors() returns it."""

    source: str
    #: New users are no recipients until it is mended. Else some only wait for their tenant.
    is_broken: bool
    fault: str
    #: None where nothing has failed yet.
    since: datetime | None

    @property
    def sentence(self) -> str:
        if not self.is_broken:
            return f"{self.source}: {self.fault}."
        return (
            f"Recipients do not follow {self.source}: {self.fault}."
            " Mend it, and call postbell.mirror_recipients() again."
        )


class Claimed(NamedTuple):
    """A delivery of a claimed batch, as postbell.claim_batch() returns it."""

    #: Of the batch, and the same for all of it.
    claim_token: UUID
    delivery_id: int
    #: "" where it was not asked for.
    identity: str
    outbox_id: int
    tenant_id: str
    recipient_id: str
    event: str
    category: str
    channel: str
    priority: str
    state: str
    subject: str | None
    payload: dict[str, Any]
    address: str | None
    locale: str | None
    time_zone: str | None
    #: None for none.
    attributes: dict[str, Any] | None
    attempts: int
    created_at: datetime
    expires_at: datetime | None
    is_started: bool
    is_forced: bool
    #: None for nothing.
    tracking: list[str] | None


@dataclass(frozen=True, slots=True)
class Attempted:
    """One call of a provider, as postbell.record_attempts() takes it."""

    delivery_id: int
    identity: str
    #: sent, retry, refused, unknown or failed.
    outcome: str
    provider: str
    message_id: str | None
    code: str | None
    reason: str | None
    #: Seconds until it is tried again, which a retry is, and an unknown outcome may be. A retry
    #: without them was passed on to another provider.
    retry_after: float | None
    latency_ms: float
    #: What the address itself is to blame for, if it is.
    blame: Blame | None


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery that no provider takes now, as postbell.hold_deliveries() takes it."""

    delivery_id: int
    seconds: float
    #: A try was begun, which is given back.
    is_begun: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a push at one device."""

    device_id: int
    #: sent, retry, refused or unknown.
    outcome: str
    provider: str
    message_id: str | None
    code: str | None
    reason: str | None
    latency_ms: float
    #: It is not there any more, and is forgotten.
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a push to all the devices of a person, as postbell.record_pushes() takes it.

    Unlike Attempted it may be `partly`: some were reached, and the others are tried again.
    """

    delivery_id: int
    identity: str
    outcome: str
    provider: str
    message_id: str | None
    reason: str | None
    #: Seconds until those not reached are tried again. A retry without them settles nothing.
    retry_after: float | None
    tries: tuple[Tried, ...]


_Ended = TypeVar("_Ended", Attempted, Pushed, Held)


class Functions:
    """The functions, called on one connection that commits every statement.

    What belongs to a claimed batch is called with `batch_id` and `claim_token`. When the claim does
    not hold, it answers False or None, and devices_of() {}: another dispatcher has claimed the
    batch since, a crash of the database has undone the claim, or the batch is finished already.
    claim_batch() answers [] when the batch is finished, was broken up, or has nothing left to do.
    """

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection

    async def lead(self) -> None:
        await self._connection.execute("select postbell.lead()")

    async def check_cluster(self) -> None:
        await self._connection.execute("select postbell.check_cluster()")

    async def fall_asleep(self) -> bool:
        return bool(await self._value("select postbell.fall_asleep()"))

    async def awake(self) -> None:
        await self._connection.execute("select postbell.awake()")

    async def route(self, most: int) -> int:
        return int(await self._value("select postbell.route(%s)", most))

    async def release_due(self, most: int) -> int:
        return int(await self._value("select postbell.release_due(%s)", most))

    async def fan_out(self, most: int) -> int | None:
        """None while the queue is full."""
        reached = await self._value("select postbell.fan_out(%s)", most)
        return None if reached is None else int(reached)

    async def look(self) -> Outlook:
        cursor = self._connection.cursor(row_factory=class_row(Outlook))
        await cursor.execute("select has_events, due_in, has_fanout from postbell.look()")
        outlook = await cursor.fetchone()
        assert outlook is not None  # noqa: S101 (a function with OUT arguments returns one row)
        return outlook

    async def tidy_up(self) -> None:
        await self._connection.execute("select postbell.tidy_up()")

    async def forget_early_receipts(self) -> dict[str, int]:
        """How many receipts of each provider named a message that is none of ours."""
        cursor = await self._connection.execute(
            "select provider, forgotten from postbell.forget_early_receipts()"
        )
        return dict(await cursor.fetchall())

    async def sweep(self) -> int:
        return int(await self._value("select postbell.sweep()"))

    async def rejected_since(self, since: datetime) -> list[Rejected]:
        cursor = self._connection.cursor(row_factory=class_row(Rejected))
        await cursor.execute(
            "select reason, rejected, last_at from postbell.rejected_since(%s)", [since]
        )
        return await cursor.fetchall()

    async def check_mirrors(self) -> list[MirrorFault]:
        cursor = self._connection.cursor(row_factory=class_row(MirrorFault))
        await cursor.execute("select source, is_broken, fault, since from postbell.check_mirrors()")
        return await cursor.fetchall()

    async def keep_statistics(self) -> int:
        return int(await self._value("select postbell.keep_statistics()"))

    async def truncate_ring(self, keep_days: int) -> int:
        return int(await self._value("select postbell.truncate_ring(%s)", keep_days))

    async def claim_batch(
        self,
        batch_id: int,
        channel: str,
        start_sending: int,
        provider: str | None = None,
        *,
        with_identities: bool = True,
    ) -> list[Claimed]:
        cursor = self._connection.cursor(row_factory=lambda _: Claimed._make, binary=True)
        await cursor.execute(
            "select * from postbell.claim_batch(%s, %s, %s, %s::text, %s)",
            [batch_id, channel, start_sending, provider, with_identities],
        )
        return await cursor.fetchall()

    async def start_sending(
        self,
        batch_id: int,
        claim_token: UUID,
        delivery_ids: list[int],
        providers: list[str] | None = None,
    ) -> frozenset[int] | None:
        """Those that may go. `providers` is who is about to be asked, for each."""
        started = await self._value(
            "select postbell.start_sending(%s, %s, %s, %s::text[])",
            batch_id,
            claim_token,
            delivery_ids,
            providers,
        )
        return None if started is None else frozenset(started)

    async def turn_to(
        self, batch_id: int, claim_token: UUID, delivery_id: int, provider: str
    ) -> bool:
        return bool(
            await self._value(
                "select postbell.turn_to(%s, %s, %s, %s)",
                batch_id,
                claim_token,
                delivery_id,
                provider,
            )
        )

    async def record_attempts(
        self, batch_id: int, claim_token: UUID, attempts: Sequence[Attempted], versions: Versions
    ) -> bool:
        """What was sent is recorded also when the claim does not hold."""
        attempts = _in_order(attempts)
        return bool(
            await self._value(
                "select postbell.record_attempts(%s, %s, %s::bigint[], %s::text[], %s::text[],"
                " %s::text[], %s::text[], %s::text[], %s::text[], %s::float8[], %s::real[],"
                " %s::text[], %s::jsonb)",
                batch_id,
                claim_token,
                [attempt.delivery_id for attempt in attempts],
                [attempt.identity for attempt in attempts],
                [attempt.outcome for attempt in attempts],
                [attempt.provider for attempt in attempts],
                [attempt.message_id for attempt in attempts],
                [attempt.code for attempt in attempts],
                [attempt.reason for attempt in attempts],
                [attempt.retry_after for attempt in attempts],
                [attempt.latency_ms for attempt in attempts],
                [attempt.blame for attempt in attempts],
                json.dumps(versions),
            )
        )

    async def devices_of(self, batch_id: int, claim_token: UUID) -> dict[int, tuple[Device, ...]]:
        """The devices that each delivery of the batch has still to reach, by its id."""
        cursor = await self._connection.execute(
            "select delivery_id, device_id, endpoint, p256dh, auth"
            " from postbell.devices_of(%s, %s)",
            [batch_id, claim_token],
        )
        devices: dict[int, tuple[Device, ...]] = {}
        for delivery_id, *device in await cursor.fetchall():
            devices[delivery_id] = (*devices.get(delivery_id, ()), Device(*device))
        return devices

    async def record_pushes(
        self, batch_id: int, claim_token: UUID, pushes: Sequence[Pushed], versions: Versions
    ) -> bool:
        """What was sent is recorded also when the claim does not hold."""
        pushes = _in_order(pushes)
        tries = [
            {
                "delivery_id": push.delivery_id,
                "device": tried.device_id,
                "outcome": tried.outcome,
                "provider": tried.provider,
                "message_id": tried.message_id,
                "code": tried.code,
                "reason": tried.reason,
                "latency_ms": tried.latency_ms,
                "is_gone": tried.is_gone,
            }
            for push in pushes
            for tried in push.tries
        ]
        return bool(
            await self._value(
                "select postbell.record_pushes(%s, %s, %s::bigint[], %s::text[], %s::text[],"
                " %s::text[], %s::text[], %s::text[], %s::float8[], %s, %s::jsonb)",
                batch_id,
                claim_token,
                [push.delivery_id for push in pushes],
                [push.identity for push in pushes],
                [push.outcome for push in pushes],
                [push.provider for push in pushes],
                [push.message_id for push in pushes],
                [push.reason for push in pushes],
                [push.retry_after for push in pushes],
                json.dumps(tries, ensure_ascii=False),
                json.dumps(versions),
            )
        )

    async def hold_deliveries(self, batch_id: int, claim_token: UUID, held: Sequence[Held]) -> bool:
        held = _in_order(held)
        return bool(
            await self._value(
                "select postbell.hold_deliveries(%s, %s, %s::bigint[], %s::float8[],"
                " %s::boolean[], %s::text[])",
                batch_id,
                claim_token,
                [each.delivery_id for each in held],
                [each.seconds for each in held],
                [each.is_begun for each in held],
                [each.reason for each in held],
            )
        )

    async def doubtful_attempts(self, delivery_ids: list[int]) -> dict[int, str]:
        """The provider that may have sent a delivery already, by its id."""
        cursor = await self._connection.execute(
            "select delivery_id, provider from postbell.doubtful_attempts(%s::bigint[])",
            [delivery_ids],
        )
        return dict(await cursor.fetchall())

    async def report_providers(self, process: str, reports: str) -> None:
        """`reports` is JSON."""
        await self._connection.execute(
            "select postbell.report_providers(%s, %s::jsonb)", [process, reports]
        )

    async def texts_of(self, tenant_id: str | None) -> list[Text]:
        """A tenant's and everybody's; None: everybody's alone."""
        cursor = self._connection.cursor(row_factory=class_row(Text))
        await cursor.execute(
            "select id, tenant_id, path, version, content from postbell.texts_of(%s)", [tenant_id]
        )
        return await cursor.fetchall()

    async def changed_texts(self, after: int) -> list[tuple[int, str | None]]:
        """Whose texts have changed since that text, and the newest of each; at most 100."""
        cursor = await self._connection.execute(
            "select max(id), tenant_id from postbell.text_version where id > %s"
            " group by tenant_id order by max(id) desc limit 100",
            [after],
        )
        return await cursor.fetchall()

    async def report_texts(
        self,
        faults: Sequence[Fault],
        good: Sequence[int],
        editions: Sequence[tuple[str, str, list[int]]],
    ) -> None:
        """`good` are ids of texts; `editions` are versions, events and ids of texts."""
        await self._connection.execute(
            "select postbell.report_texts(%s::jsonb, %s::bigint[], %s::jsonb)",
            [
                json.dumps(
                    [
                        {
                            "text_id": fault.text.id,
                            "fault": fault.sentence,
                            "instead": fault.instead,
                        }
                        for fault in faults
                    ]
                ),
                list(good),
                json.dumps(
                    [
                        {"version": version, "event": event, "text_ids": text_ids}
                        for version, event, text_ids in editions
                    ]
                ),
            ],
        )

    async def event_types(self) -> list[EventType]:
        """All that are registered."""
        cursor = await self._connection.execute(
            "select key, label, description, category, priority, default_channels,"
            " forced_channels, channels, notify_actor, fields, version"
            " from postbell.event_type order by key"
        )
        return [EventType.registered(*row) for row in await cursor.fetchall()]

    async def record_inbox(
        self, batch_id: int, claim_token: UUID, items: Sequence[InAppItem], versions: Versions
    ) -> int | None:
        """How many were written."""
        # One JSON value: psycopg writes lists of strings an element at a time, in Python.
        written = to_json(
            [
                {
                    "delivery_id": item.delivery_id,
                    "title": item.content.title,
                    "body": item.content.body,
                    "link": item.content.link,
                    "image": item.content.image,
                    "actions": [
                        {"label": action.label, "link": action.link}
                        for action in item.content.actions
                    ],
                }
                for item in items
            ]
        ).decode()
        recorded = await self._value(
            "select postbell.record_inbox(%s, %s, %s, %s)",
            batch_id,
            claim_token,
            written,
            json.dumps(versions),
        )
        return None if recorded is None else int(recorded)

    async def record_stream(
        self, batch_id: int, claim_token: UUID, notices: Sequence[StreamMessage], versions: Versions
    ) -> int | None:
        """How many were told."""
        written = to_json(
            [
                {
                    "delivery_id": notice.delivery_id,
                    "title": notice.content.title,
                    "body": notice.content.body,
                    "link": notice.content.link,
                }
                for notice in notices
            ]
        ).decode()
        recorded = await self._value(
            "select postbell.record_stream(%s, %s, %s, %s)",
            batch_id,
            claim_token,
            written,
            json.dumps(versions),
        )
        return None if recorded is None else int(recorded)

    async def finish_batch(self, batch_id: int, claim_token: UUID) -> bool:
        return bool(
            await self._value("select postbell.finish_batch(%s, %s)", batch_id, claim_token)
        )

    async def fail_deliveries(
        self, batch_id: int, claim_token: UUID, reasons: dict[int, str]
    ) -> bool:
        return bool(
            await self._value(
                "select postbell.fail_deliveries(%s, %s, %s::bigint[], %s::text[])",
                batch_id,
                claim_token,
                list(reasons),
                list(reasons.values()),
            )
        )

    async def tenant(self, tenant_id: str) -> Tenant:
        cursor = self._connection.cursor(row_factory=class_row(Tenant))
        await cursor.execute(
            "select id, name, base_url, currency, locale, time_zone, branding, branding_version,"
            " postbell.text_stamp(id) as text_stamp,"
            " (select coalesce(jsonb_object_agg(channel, chosen), '{}') from ("
            "select channel, jsonb_agg(provider order by position) as chosen"
            " from postbell.provider_choice where tenant_id = %(id)s group by channel"
            ") as choice) as providers"
            " from postbell.tenant where id = %(id)s",
            {"id": tenant_id},
        )
        tenant = await cursor.fetchone()
        if tenant is None:
            raise LookupError(f"tenant {tenant_id} is gone")
        return tenant

    async def queue_depth(self) -> list[Depth]:
        """Of every channel and priority over all tenants; and of events that have none yet."""
        cursor = self._connection.cursor(row_factory=class_row(Depth))
        await cursor.execute(
            "select channel, priority,"
            " coalesce(sum(queued), 0)::bigint as queued,"
            " coalesce(sum(waiting), 0)::bigint as waiting,"
            " extract(epoch from postbell.clock() - min(oldest_at) filter (where queued > 0))"
            "::float8 as oldest_seconds,"
            " coalesce(sum(scheduled), 0)::bigint as scheduled,"
            " coalesce(sum(being_fanned_out), 0)::bigint as being_fanned_out"
            " from postbell.queue_depth group by channel, priority"
        )
        return await cursor.fetchall()

    async def _value(self, statement: str, *arguments: object) -> Any:
        cursor = await self._connection.execute(statement.encode(), arguments)
        row = await cursor.fetchone()
        return None if row is None else row[0]


def _in_order(ended: Sequence[_Ended]) -> Sequence[_Ended]:
    """As everybody locks deliveries, so that no two wait for each other; a delivery's own stay."""
    return sorted(ended, key=lambda each: each.delivery_id)
