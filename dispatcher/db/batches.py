"""Statements of the dispatcher: claim a batch, and record the outcomes of its deliveries.

Functions for a claimed batch take its `batch_id` and `claim_token`. They return False or None when
the claim is lost: another dispatcher has claimed the batch since, a crash of the database has
undone the claim, or the batch is finished.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from psycopg import AsyncConnection, sql
from pydantic_core import to_json

from dispatcher.channels.in_app import InAppItem
from dispatcher.channels.sse import StreamMessage
from dispatcher.db.statement import statement
from dispatcher.delivery.model import Attempt, Held, Tenant

Connection = AsyncConnection[Any]

#: Versions of the templates that deliveries were rendered from, by event. A delivery whose version
#: differs from that of its event has an entry under its id.
Versions = Mapping[str, str]


class OutgoingChannel(NamedTuple):
    """The row of postbell.channel of a channel that providers deliver."""

    name: str
    #: A value of CrashPolicy.
    crash_policy: str


class Claimed(NamedTuple):
    """A delivery of a claimed batch, as postbell_private.claim_batch() returns it."""

    #: The claim token of the batch, repeated in each row.
    claim_token: UUID
    delivery_id: int
    #: Delivery.identity; empty if claim_batch() was called without `with_identities`.
    identity: str
    notification_id: int
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
    #: None if the recipient has none.
    attributes: dict[str, Any] | None
    attempts: int
    created_at: datetime
    expires_at: datetime | None
    is_started: bool
    is_forced: bool
    #: Of `opens` and `clicks`; None if nothing is tracked.
    tracking: list[str] | None
    #: The fields of each Device that is still to be reached; None on other channels than push.
    devices: list[dict[str, Any]] | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Claimed:
        """A row that postbell_private.route() returns as JSON."""
        expires_at = row["expires_at"]
        return cls(**row)._replace(
            claim_token=UUID(row["claim_token"]),
            created_at=datetime.fromisoformat(row["created_at"]),
            expires_at=expires_at and datetime.fromisoformat(expires_at),
        )


class _Started(NamedTuple):
    delivery_ids: list[int] | None


_Ended = TypeVar("_Ended", Attempt, Held)


@statement("select name, crash_policy from postbell.channel where is_outgoing order by position")
def outgoing_channels() -> list[OutgoingChannel]:
    """The channels that providers deliver, by position."""


async def listen_for_jobs(connection: Connection, notify_channel: str) -> None:
    """Listen for new jobs of one queue; dispatcher.deploy.queue_schema names its NOTIFY channel."""
    await connection.execute(sql.SQL("listen {}").format(sql.Identifier(notify_channel)))


@statement(
    "select id, name, base_url, currency, locale, time_zone, branding,"
    " (select coalesce(jsonb_object_agg(channel, chosen), '{}') from ("
    "select channel, jsonb_agg(provider order by position) as chosen"
    " from postbell.provider_choice where tenant_id = %(tenant_id)s group by channel"
    ") as choice) as providers,"
    " branding_version, postbell_private.text_stamp(id) as text_stamp"
    " from postbell.tenant where id = %(tenant_id)s"
)
def tenant(tenant_id: str) -> Tenant:
    """A tenant with the providers that it chose. Raises NoRowError if it was deleted."""


@statement("select postbell_private.queue_batch(%(batch_id)s)")
def queue_batch(batch_id: int) -> None:
    """Create a queue job for a batch that has none, unless it is finished."""


@statement("select postbell_private.keep_claims(%(batch_ids)s, %(claim_tokens)s)")
def keep_claims(batch_ids: list[int], claim_tokens: list[UUID]) -> None:
    """Record that claimed batches without a queue job are still being delivered."""


@statement(
    "select * from postbell_private.claim_batch(%(batch_id)s, %(channel)s, %(start_sending)s,"
    " %(provider)s::text, %(with_identities)s)",
    is_binary=True,
)
def claim_batch(
    batch_id: int,
    channel: str,
    start_sending: int,
    provider: str | None = None,
    *,
    with_identities: bool = True,
) -> list[Claimed]:
    """Claim a batch, and mark its first `start_sending` deliveries as in flight at `provider`.

    `channel` is that of the job: a job from before a crash may name a batch that another channel
    has now. Returns the deliveries still to be settled; none if the batch is finished or was split.
    """


@statement(
    "select postbell_private.start_sending(%(batch_id)s, %(claim_token)s, %(delivery_ids)s,"
    " %(providers)s::text[]) as delivery_ids"
)
def _start_sending(
    batch_id: int, claim_token: UUID, delivery_ids: list[int], providers: list[str] | None
) -> _Started: ...


async def start_sending(
    connection: Connection,
    batch_id: int,
    claim_token: UUID,
    delivery_ids: list[int],
    providers: list[str] | None = None,
) -> frozenset[int] | None:
    """Mark deliveries as in flight. `providers` has the provider to be called for each.

    Returns the ids of those that may be sent; None if the claim is lost.
    """
    started = await _start_sending(connection, batch_id, claim_token, delivery_ids, providers)
    return None if started.delivery_ids is None else frozenset(started.delivery_ids)


@statement(
    "select postbell_private.record_failover(%(batch_id)s, %(claim_token)s, %(delivery_id)s,"
    " %(provider)s)"
)
def record_failover(batch_id: int, claim_token: UUID, delivery_id: int, provider: str) -> bool:
    """Record that `provider` is called next. Returns False if it must not be called."""


@statement(
    "select postbell_private.record_attempts(%(batch_id)s, %(claim_token)s, %(attempts)s,"
    " %(versions)s::jsonb)"
)
def _record_attempts(batch_id: int, claim_token: UUID, attempts: str, versions: str) -> bool: ...


async def record_attempts(
    connection: Connection,
    batch_id: int,
    claim_token: UUID,
    attempts: Sequence[Attempt],
    versions: Versions,
) -> bool:
    """Record attempts, one of a delivery at most. What was sent is recorded without a claim too."""
    written = to_json(_in_order(attempts)).decode()
    return await _record_attempts(connection, batch_id, claim_token, written, json.dumps(versions))


@statement(
    "select postbell_private.hold_deliveries(%(batch_id)s, %(claim_token)s,"
    " %(delivery_ids)s::bigint[],"
    " %(seconds)s::float8[], %(are_begun)s::boolean[], %(reasons)s::text[])"
)
def _hold_deliveries(
    batch_id: int,
    claim_token: UUID,
    delivery_ids: list[int],
    seconds: list[float],
    are_begun: list[bool],
    reasons: list[str],
) -> bool: ...


async def hold_deliveries(
    connection: Connection, batch_id: int, claim_token: UUID, held: Sequence[Held]
) -> bool:
    """Hold deliveries until a provider or a template may be available; this is no attempt."""
    held = _in_order(held)
    return await _hold_deliveries(
        connection,
        batch_id,
        claim_token,
        [each.delivery_id for each in held],
        [each.seconds for each in held],
        [each.is_begun for each in held],
        [each.reason for each in held],
    )


@statement(
    "select delivery_id, provider from"
    " postbell_private.unknown_attempts(%(delivery_ids)s::bigint[])"
)
def unknown_attempts(delivery_ids: list[int]) -> dict[int, str]:
    """By delivery id, the provider of an earlier attempt whose outcome is unknown."""


@statement(
    "select postbell_private.record_inbox(%(batch_id)s, %(claim_token)s, %(items)s, %(versions)s)"
)
def _record_inbox(batch_id: int, claim_token: UUID, items: str, versions: str) -> int | None: ...


async def record_inbox(
    connection: Connection,
    batch_id: int,
    claim_token: UUID,
    items: Sequence[InAppItem],
    versions: Versions,
) -> int | None:
    """Write inbox items, settle their deliveries and finish the batch.

    Returns the number of items; None, and writes nothing, if the claim is lost.
    """
    # One JSON value: psycopg writes lists of strings an element at a time, in Python.
    written = to_json(
        [{"delivery_id": item.delivery_id, **item.content.columns()} for item in items]
    ).decode()
    return await _record_inbox(connection, batch_id, claim_token, written, json.dumps(versions))


@statement(
    "select postbell_private.record_stream(%(batch_id)s, %(claim_token)s, %(messages)s,"
    " %(versions)s)"
)
def _record_stream(
    batch_id: int, claim_token: UUID, messages: str, versions: str
) -> int | None: ...


async def record_stream(
    connection: Connection,
    batch_id: int,
    claim_token: UUID,
    messages: Sequence[StreamMessage],
    versions: Versions,
) -> int | None:
    """Write messages to the stream log, settle their deliveries and finish the batch.

    Returns the number of messages; None, and writes nothing, if the claim is lost.
    """
    written = to_json(
        [{"delivery_id": message.delivery_id, **message.content.columns()} for message in messages]
    ).decode()
    return await _record_stream(connection, batch_id, claim_token, written, json.dumps(versions))


@statement("select postbell_private.finish_batch(%(batch_id)s, %(claim_token)s)")
def finish_batch(batch_id: int, claim_token: UUID) -> bool:
    """Finish the batch. Deliveries that are not settled go into a new one."""


@statement(
    "select postbell_private.fail_deliveries(%(batch_id)s, %(claim_token)s,"
    " %(delivery_ids)s::bigint[],"
    " %(reasons)s::text[])"
)
def _fail_deliveries(
    batch_id: int, claim_token: UUID, delivery_ids: list[int], reasons: list[str]
) -> bool: ...


async def fail_deliveries(
    connection: Connection, batch_id: int, claim_token: UUID, reasons: Mapping[int, str]
) -> bool:
    """Give deliveries up. `reasons` are by delivery id."""
    return await _fail_deliveries(
        connection, batch_id, claim_token, list(reasons), list(reasons.values())
    )


def _in_order(ended: Sequence[_Ended]) -> Sequence[_Ended]:
    """Sorted by delivery id, the order in which all transactions lock deliveries (no deadlocks).

    The sort is stable: several entries of one delivery keep their order.
    """
    return sorted(ended, key=lambda each: each.delivery_id)
