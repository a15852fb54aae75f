"""Delivers the batches of a channel that is a table of our own database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection

from dispatcher.channels.base import Channel
from dispatcher.db import batches
from dispatcher.db.batches import Claimed, Versions
from dispatcher.db.connections import Pool
from dispatcher.delivery.claims import Claim, Claims, DeliveryMetrics
from dispatcher.delivery.model import Refused
from dispatcher.delivery.render import Rendered
from dispatcher.delivery.template_sets import TemplateSets

#: Writes the messages of a batch, settles their deliveries and finishes the batch. Returns None,
#: and writes nothing, if the claim is lost. `record_inbox` or `record_stream` of db.batches.
Write = Callable[[AsyncConnection[Any], int, UUID, list[Any], Versions], Awaitable[int | None]]


class DatabaseSender:
    """Writes messages in the transaction that settles their deliveries: each exactly once.

    `provider` is the name in the delivery log. Safe to run twice on one batch, in any process.
    """

    def __init__(
        self,
        pool: Pool,
        template_sets: TemplateSets,
        metrics: DeliveryMetrics,
        channel: Channel[Any, Any],
        write: Write,
        provider: str,
    ) -> None:
        self._pool: Final = pool
        self._metrics: Final = metrics
        self._channel: Final = channel
        self._write: Final = write
        self._provider: Final = provider
        self._claims: Final = Claims(
            pool, template_sets, metrics, channel.name, with_identities=False
        )

    async def deliver(self, batch_id: int) -> None:
        """Claim and deliver a batch."""
        if claim := await self._claims.claim(batch_id):
            await self.deliver_claimed(claim)

    @property
    def started_by_claim(self) -> tuple[int, str | None]:
        """None of a batch is recorded as being sent before it is."""
        return (0, None)

    async def take(
        self,
        batch_id: int,
        _rows: Sequence[Claimed],
        _starting: asyncio.Future[frozenset[int] | None] | None,
    ) -> Claim | None:
        """Claim a batch that the router has claimed: it is asked again whether it may be written.

        Its text is late, so much may have changed.
        """
        return await self._claims.claim(batch_id)

    async def deliver_claimed(self, claim: Claim) -> None:
        """Settle what can be settled of a batch; the rest goes back into the queue."""
        rendered = await self._claims.render(claim)
        if rendered is not None:
            await self._record(claim, rendered)

    def stop(self) -> None:
        """Nothing to stop: no provider is called, and a batch is one transaction."""

    async def _record(self, claim: Claim, rendered: Rendered) -> None:
        started = time.monotonic()
        messages = []
        refusals = {}
        for delivery, content in rendered.contents:
            message = self._channel.message(delivery, content)
            if isinstance(message, Refused):
                refusals[delivery.id] = message.reason
            else:
                messages.append(message)
        async with self._pool.connection() as connection, connection.transaction():
            if refusals:
                await batches.fail_deliveries(connection, *claim.key, refusals)
            recorded = await self._write(connection, *claim.key, messages, rendered.versions)
        if recorded is None:
            self._claims.log_lost(claim)
            return
        seconds = time.monotonic() - started
        name = self._channel.name
        self._metrics.attempted(name, self._provider, "sent", seconds, len(rendered.contents))
        now = datetime.now(UTC)
        ages = [(now - delivery.created_at).total_seconds() for delivery, _ in rendered.contents]
        self._metrics.handed_over(name, *ages)
