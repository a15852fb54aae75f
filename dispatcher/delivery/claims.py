"""Claims the batches of a channel and renders them: the steps that all channels share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

import structlog
from psycopg import AsyncConnection

from dispatcher.db import batches
from dispatcher.db.batches import Claimed
from dispatcher.db.connections import Pool
from dispatcher.delivery.missing_templates import SHORTEST_PAUSE, MissingReason
from dispatcher.delivery.model import Delivery, Device, Held, Recipient, Tenant
from dispatcher.delivery.render import DeliveryRenderer, Rendered
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.tenants import TenantCache
from dispatcher.rendering.errors import (
    MissingTemplateError,
    OutdatedTemplateError,
    RenderingError,
)

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
    """Counts what is delivered."""

    def attempted(
        self, channel: str, provider: str, outcome: str, seconds: float, count: int = 1
    ) -> None: ...

    def handed_over(self, channel: str, *seconds: float) -> None: ...

    def held(self, channel: str) -> None: ...


class ClaimKey(NamedTuple):
    """What every function shows that records something about a batch."""

    batch_id: int
    token: UUID


@dataclass(slots=True)
class Claim:
    """A claimed batch: those of its deliveries that are still to be settled."""

    key: ClaimKey
    tenant: Tenant
    deliveries: list[Delivery]
    #: Ids of the deliveries that are recorded as being sent.
    started: frozenset[int]
    #: What batches.start_sending() returns, while it records more of them.
    starting: asyncio.Future[frozenset[int] | None] | None = None

    async def begin(self) -> bool:
        """Wait for `starting`. Returns False if the claim is lost."""
        if self.starting is not None:
            started = await self.starting
            self.starting = None
            if started is None:
                return False
            self.started |= started
        return True


class Claims:
    """Claims and renders the batches of one channel.

    `with_identities` says whether its messages carry the identity of their delivery.
    """

    def __init__(
        self,
        pool: Pool,
        template_sets: TemplateSets,
        metrics: DeliveryMetrics,
        channel: str,
        *,
        with_identities: bool,
    ) -> None:
        self._pool: Final = pool
        self._template_sets: Final = template_sets
        self._metrics: Final = metrics
        self._channel: Final = channel
        self._with_identities: Final = with_identities
        self._tenants: Final = TenantCache()
        self._renderer: Final = DeliveryRenderer(pool, template_sets, self._tenants)

    async def claim(
        self,
        batch_id: int,
        start_sending: int = 0,
        provider: str | None = None,
    ) -> Claim | None:
        """Claim a batch, and start sending its first deliveries.

        None if there is nothing to send: the batch is settled or split, a crash undid it, or its
        tenant is gone.
        """
        async with self._pool.connection() as connection:
            rows = await batches.claim_batch(
                connection,
                batch_id,
                self._channel,
                start_sending,
                provider,
                with_identities=self._with_identities,
            )
            if not rows:
                return None
            key = ClaimKey(batch_id, rows[0].claim_token)
            try:
                tenant = await self._tenants.get(connection, rows[0].tenant_id)
            except LookupError:
                await self._hold_all(connection, key, rows, "tenant_missing")
                return None
        return _claim_of(key, tenant, rows)

    async def take(
        self,
        batch_id: int,
        rows: Sequence[Claimed],
        starting: asyncio.Future[frozenset[int] | None] | None,
    ) -> Claim | None:
        """The claim of a batch that the router has claimed. None if its tenant is gone."""
        key = ClaimKey(batch_id, rows[0].claim_token)
        tenant = self._tenants.fresh(rows[0].tenant_id)
        if tenant is None:
            async with self._pool.connection() as connection:
                try:
                    tenant = await self._tenants.get(connection, rows[0].tenant_id)
                except LookupError:
                    started = (await starting if starting is not None else None) or ()
                    rows = [row._replace(is_started=row.delivery_id in started) for row in rows]
                    await self._hold_all(connection, key, rows, "tenant_missing")
                    return None
        return _claim_of(key, tenant, rows, starting)

    async def render(self, claim: Claim) -> Rendered | None:
        """Render a claimed batch, and settle what cannot be rendered. None if the claim is lost."""
        rendered = await self._renderer.render(claim.deliveries)
        if not await claim.begin():
            self.log_lost(claim)
            return None
        if rendered.failures and not await self._settle_unrendered(claim, rendered.failures):
            self.log_lost(claim)
            return None
        if rendered.contents:
            self._template_sets.missing.resolve(
                claim.tenant.id,
                {delivery.event for delivery, _ in rendered.contents},
                self._channel,
            )
        return rendered

    def log_lost(self, claim: Claim) -> None:
        """Log that the batch belongs to somebody else now, who does what is left of it."""
        log.warning(
            "batch claim lost: another dispatcher has claimed it, a crash of the database has"
            " undone the claim, or the batch was recorded already and the answer was lost",
            batch=claim.key.batch_id,
            channel=self._channel,
        )

    async def _hold_all(
        self,
        connection: AsyncConnection[Any],
        key: ClaimKey,
        rows: Sequence[Claimed],
        reason: str,
    ) -> None:
        """Hold all deliveries of a batch for the same reason."""
        log.warning("deliveries held", batch=key.batch_id, count=len(rows), reason=reason)
        held = [Held(row.delivery_id, MISSING_TENANT_PAUSE, row.is_started, reason) for row in rows]
        await batches.hold_deliveries(connection, *key, held)
        await batches.finish_batch(connection, *key)

    async def _settle_unrendered(
        self, claim: Claim, failures: Mapping[int, RenderingError]
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
                elif isinstance(error, OutdatedTemplateError) or error.event in outdated:
                    why = "template_outdated"
                if why is None:
                    log.error("rendering failed", delivery_id=delivery_id, error=str(error))
                    given_up[delivery_id] = str(error)
                    continue
                seconds = self._template_sets.missing.record(
                    claim.tenant.id, error.event, error.channel, why
                )
                if isinstance(error, OutdatedTemplateError):
                    # Another process takes it as soon as it can.
                    seconds = SHORTEST_PAUSE
                held.append(Held(delivery_id, seconds, delivery_id in claim.started, why))
                self._metrics.held(error.channel)
            return (
                not given_up or await batches.fail_deliveries(connection, *claim.key, given_up)
            ) and (not held or await batches.hold_deliveries(connection, *claim.key, held))


def _claim_of(
    key: ClaimKey,
    tenant: Tenant,
    rows: Sequence[Claimed],
    starting: asyncio.Future[frozenset[int] | None] | None = None,
) -> Claim:
    return Claim(
        key,
        tenant,
        [_delivery_of(row, tenant) for row in rows],
        frozenset(row.delivery_id for row in rows if row.is_started),
        starting,
    )


def _delivery_of(row: Claimed, tenant: Tenant) -> Delivery:
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
        tuple(Device(**device) for device in row.devices or ()),
    )


def age_of(delivery: Delivery) -> float:
    """Seconds since the event was emitted."""
    return (datetime.now(UTC) - delivery.created_at).total_seconds()
