"""Delivers batches: claim, render, send, record. Base class, and the senders to our database."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Protocol
from uuid import UUID

import structlog
from psycopg import AsyncConnection

from dispatcher.channels.base import Channel
from dispatcher.channels.in_app import InAppItem
from dispatcher.channels.sse import StreamMessage
from dispatcher.db import batches
from dispatcher.db.batches import Claimed, Held, Versions
from dispatcher.db.connections import Pool
from dispatcher.delivery.missing_templates import MissingReason
from dispatcher.delivery.model import (
    Delivery,
    Recipient,
    Refused,
    Tenant,
)
from dispatcher.delivery.render import DeliveryRenderer
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.tenants import TenantCache
from dispatcher.rendering.content import Content
from dispatcher.rendering.errors import MissingTemplateError, RenderingError

log = structlog.get_logger()

#: Seconds that a batch waits if its tenant does not exist.
MISSING_TENANT_PAUSE = 5.0


class ClaimKeeper:
    """Keeps the claims of the batches of this process that have no queue job.

    Each claim is renewed three times in a `lease`.
    """

    def __init__(self, lease: timedelta) -> None:
        self._interval = lease.total_seconds() / 3
        self._kept: dict[int, UUID] = {}

    @contextmanager
    def keeping(self, batch_id: int, claim_token: UUID) -> Iterator[None]:
        """Keep a claim for as long as the block lasts."""
        self._kept[batch_id] = claim_token
        try:
            yield
        finally:
            if self._kept.get(batch_id) == claim_token:
                del self._kept[batch_id]

    async def run(self, connection: AsyncConnection[Any]) -> None:
        """Renew the claims until cancelled. Raises psycopg.Error."""
        while True:
            await asyncio.sleep(self._interval)
            if self._kept:
                await batches.keep_claims(connection, list(self._kept), list(self._kept.values()))


class DeliveryMetrics(Protocol):
    """Counts what a sender does."""

    def attempted(
        self, channel: str, provider: str, outcome: str, seconds: float, count: int = 1
    ) -> None: ...

    def handed_over(self, channel: str, *seconds: float) -> None: ...

    def held(self, channel: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Batch:
    """The deliveries of a claimed batch that are still to be sent, rendered."""

    id: int
    claim_token: UUID
    rendered: list[tuple[Delivery, Content]]
    versions: Versions
    #: Ids of the deliveries that are recorded as being sent.
    started: frozenset[int]


class Sender(ABC):
    """Delivers the batches of one channel. Safe to run twice on one batch, in any process."""

    #: Whether a message carries the identity of its delivery to a provider.
    _with_identities: ClassVar[bool] = True

    def __init__(
        self,
        pool: Pool,
        template_sets: TemplateSets,
        metrics: DeliveryMetrics,
        channel: Channel[Any, Any],
    ) -> None:
        self._pool = pool
        self._template_sets = template_sets
        self._metrics = metrics
        self._channel = channel
        self._tenants = TenantCache()
        self._renderer = DeliveryRenderer(pool, template_sets, self._tenants)
        self._is_stopping = False
        #: How many of a batch the claim itself records as being sent, and to which provider.
        self._started_at_once = 0
        self._only_provider: str | None = None

    async def deliver(self, batch_id: int, keeper: ClaimKeeper | None = None) -> None:
        """Settle what can be settled of a batch; the rest goes back into the queue.

        `keeper` is for a batch without a queue job: it keeps the claim until the batch is settled.
        """
        async with self._pool.connection() as connection:
            claimed = await batches.claim_batch(
                connection,
                batch_id,
                self._channel.name,
                0 if self._is_stopping else self._started_at_once,
                self._only_provider,
                with_identities=self._with_identities,
            )
            # Settled already, split, or undone by a crash: a job may come twice.
            if not claimed:
                return
            try:
                tenant = await self._tenants.get(connection, claimed[0].tenant_id)
            except LookupError:
                await self._hold_all(connection, batch_id, claimed, "tenant_missing")
                return
        with keeper.keeping(batch_id, claimed[0].claim_token) if keeper else nullcontext():
            await self._deliver_claimed(batch_id, claimed, tenant)

    async def _deliver_claimed(
        self, batch_id: int, claimed: Sequence[Claimed], tenant: Tenant
    ) -> None:
        if await self._hold_if_unavailable(batch_id, claimed, tenant):
            return
        rendered = await self._renderer.render([delivery_of(row, tenant) for row in claimed])
        batch = batch_of(batch_id, claimed, rendered.contents, rendered.versions)
        failures = rendered.failures
        if failures and not await self._settle_unrendered(batch, failures, tenant):
            self._log_claim_lost(batch)
            return
        if batch.rendered:
            self._template_sets.missing.resolve(
                tenant.id, {delivery.event for delivery, _ in batch.rendered}, self._channel.name
            )
        await self._send(batch)

    def stop(self) -> None:
        """Start no more calls. Deliveries that are not in flight go back into the queue."""
        self._is_stopping = True

    def _log_claim_lost(self, batch: Batch) -> None:
        """Log that the batch belongs to somebody else now, who does what is left of it."""
        log.warning(
            "batch claim lost: another dispatcher has claimed it, a crash of the database has"
            " undone the claim, or the batch was recorded already and the answer was lost",
            batch=batch.id,
            channel=self._channel.name,
        )

    @abstractmethod
    async def _send(self, batch: Batch) -> None: ...

    async def _hold_if_unavailable(
        self,
        batch_id: int,  # noqa: ARG002
        claimed: Sequence[Claimed],  # noqa: ARG002
        tenant: Tenant,  # noqa: ARG002
    ) -> bool:
        """Hold the whole batch if no provider is available. Returns whether it did."""
        return False

    async def _hold_all(
        self,
        connection: AsyncConnection[Any],
        batch_id: int,
        claimed: Sequence[Claimed],
        reason: str,
    ) -> None:
        """Hold all deliveries of a batch for the same reason."""
        log.warning("deliveries held", batch=batch_id, count=len(claimed), reason=reason)
        held = [
            Held(row.delivery_id, MISSING_TENANT_PAUSE, row.is_started, reason) for row in claimed
        ]
        await batches.hold_deliveries(connection, batch_id, claimed[0].claim_token, held)
        await batches.finish_batch(connection, batch_id, claimed[0].claim_token)

    async def _settle_unrendered(
        self, batch: Batch, failures: Mapping[int, RenderingError], tenant: Tenant
    ) -> bool:
        """Hold deliveries that another process may be able to render; fail the others.

        Returns False if the claim is lost.
        """
        given_up = {}
        held = []
        async with self._pool.connection() as connection, connection.transaction():
            outdated = await self._template_sets.outdated(
                connection, {error.event for error in failures.values()}
            )
            for delivery_id, error in failures.items():
                why: MissingReason | None = None
                if isinstance(error, MissingTemplateError):
                    why = "template_missing"
                elif error.event in outdated:
                    why = "template_outdated"
                if why is None:
                    log.error("rendering failed", delivery_id=delivery_id, error=str(error))
                    given_up[delivery_id] = str(error)
                    continue
                seconds = self._template_sets.missing.record(
                    tenant.id, error.event, error.channel, why
                )
                held.append(Held(delivery_id, seconds, delivery_id in batch.started, why))
                self._metrics.held(error.channel)
            token = batch.claim_token
            return (
                not given_up or await batches.fail_deliveries(connection, batch.id, token, given_up)
            ) and (not held or await batches.hold_deliveries(connection, batch.id, token, held))


class DatabaseSender(Sender):
    """Sends to our own database, in the transaction that settles the delivery: exactly once."""

    #: The provider's name in the delivery log.
    provider: ClassVar[str]
    _with_identities = False

    @abstractmethod
    async def _record(
        self, connection: AsyncConnection[Any], batch: Batch, messages: list[Any]
    ) -> int | None: ...

    async def _send(self, batch: Batch) -> None:
        started = time.monotonic()
        messages = []
        refusals = {}
        for delivery, content in batch.rendered:
            message = self._channel.message(delivery, content)
            if isinstance(message, Refused):
                refusals[delivery.id] = message.reason
            else:
                messages.append(message)
        async with self._pool.connection() as connection, connection.transaction():
            if refusals:
                await batches.fail_deliveries(connection, batch.id, batch.claim_token, refusals)
            recorded = await self._record(connection, batch, messages)
        if recorded is None:
            self._log_claim_lost(batch)
            return
        seconds = time.monotonic() - started
        name = self._channel.name
        self._metrics.attempted(name, self.provider, "sent", seconds, len(batch.rendered))
        now = datetime.now(UTC)
        ages = [(now - delivery.created_at).total_seconds() for delivery, _ in batch.rendered]
        self._metrics.handed_over(name, *ages)


class InboxSender(DatabaseSender):
    """Writes inbox items."""

    provider = "inbox"

    async def _record(
        self, connection: AsyncConnection[Any], batch: Batch, messages: list[InAppItem]
    ) -> int | None:
        return await batches.record_inbox(
            connection, batch.id, batch.claim_token, messages, batch.versions
        )


class StreamSender(DatabaseSender):
    """Writes stream messages for open pages."""

    provider = "stream"

    async def _record(
        self, connection: AsyncConnection[Any], batch: Batch, messages: list[StreamMessage]
    ) -> int | None:
        return await batches.record_stream(
            connection, batch.id, batch.claim_token, messages, batch.versions
        )


def batch_of(
    batch_id: int,
    claimed: Sequence[Claimed],
    rendered: list[tuple[Delivery, Content]],
    versions: Versions,
) -> Batch:
    return Batch(
        batch_id,
        claimed[0].claim_token,
        rendered,
        versions,
        started=frozenset(row.delivery_id for row in claimed if row.is_started),
    )


def delivery_of(row: Claimed, tenant: Tenant) -> Delivery:
    return Delivery(
        row.delivery_id,
        row.identity,
        row.notification_id,
        row.event,
        row.category,
        row.channel,
        row.priority,
        row.subject,
        row.payload,
        tenant,
        Recipient(row.recipient_id, row.locale, row.time_zone, row.attributes or {}),
        row.address,
        # Counts the attempt that is about to begin, unless the claim has counted it.
        row.attempts if row.is_started else row.attempts + 1,
        row.created_at,
        row.expires_at,
        row.is_forced,
        frozenset(row.tracking or ()),
    )


def age_of(delivery: Delivery) -> float:
    """Seconds since the event was emitted."""
    return (datetime.now(UTC) - delivery.created_at).total_seconds()
