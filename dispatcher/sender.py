"""The sender's work: one batch is loaded, rendered, handed over and recorded."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar, assert_never

import structlog

from dispatcher.channels.channel import Channel, CrashPolicy
from dispatcher.channels.in_app import InAppItem
from dispatcher.database import ConnectionLost, Pool
from dispatcher.delivery import Delivery, Outcome, Recipient, Refused, Retry, Sent, Tenant, Unknown
from dispatcher.functions import Attempted, Claimed, Functions
from dispatcher.providers.provider import Provider
from dispatcher.rendering.content import Content
from dispatcher.rendering.errors import RenderingError
from dispatcher.rendering.renderer import Renderer

log = structlog.get_logger()

#: Seconds for which a tenant's name, links and branding are taken as known.
TENANT_FRESHNESS = 5.0

#: Deliveries rendered before others on the same loop get a turn.
RENDERED_AT_A_TIME = 25

#: Seconds before an answer is recorded that the database did not take.
RECORD_PAUSE = 0.5

_Result = TypeVar("_Result")


class Watch(Protocol):
    """Who wants to know what the sender does (metrics)."""

    def attempted(
        self, channel: str, provider: str, outcome: str, seconds: float, count: int = 1
    ) -> None: ...

    def handed_over(self, channel: str, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Batch:
    """What is still to be delivered of a claimed batch, rendered."""

    id: int
    claim: int
    rendered: list[tuple[Delivery, Content]]
    #: Deliveries that are marked as about to be in flight.
    started: frozenset[int]
    #: Deliveries that were in flight when the dispatcher that had them died.
    in_doubt: frozenset[int]


class Sender(ABC):
    """Delivers the batches of one channel. Safe to run twice on one batch, here or elsewhere."""

    def __init__(
        self,
        pool: Pool,
        renderer: Renderer,
        watch: Watch,
    ) -> None:
        self._pool = pool
        self._renderer = renderer
        self._watch = watch
        self._tenants: dict[str, tuple[float, Tenant]] = {}
        self._is_stopping = False
        #: How many of a batch are marked as in flight by the claim itself.
        self._started_at_once = 0

    async def deliver(self, batch_id: int) -> None:
        """Settles what it can of the batch; the rest goes back into the queue."""
        async with self._pool.connection() as connection:
            functions = Functions(connection)
            claimed = await functions.claim_batch(batch_id, self._started_at_once)
            # Settled already, or taken apart: a job may come twice.
            if not claimed:
                return
            tenant = await self._tenant(functions, claimed[0].tenant_id)

        batch, failures = await self._render(batch_id, claimed, tenant)
        if failures:
            async with self._pool.connection() as connection:
                await Functions(connection).fail_deliveries(failures)
        await self._hand_over(batch)

    def stop(self) -> None:
        """Starts nothing more: what is not in flight goes back into the queue."""
        self._is_stopping = True

    @abstractmethod
    async def _hand_over(self, batch: Batch) -> None: ...

    async def _render(
        self, batch_id: int, claimed: Sequence[Claimed], tenant: Tenant
    ) -> tuple[Batch, dict[int, str]]:
        rendered = []
        failures = {}
        for number, row in enumerate(claimed, start=1):
            delivery = _delivery(row, tenant)
            try:
                rendered.append((delivery, self._renderer.render(delivery)))
            except RenderingError as error:
                log.error("a template failed", delivery_id=delivery.id, error=str(error))  # noqa: TRY400 (expected)
                failures[delivery.id] = str(error)
            if number % RENDERED_AT_A_TIME == 0:
                await asyncio.sleep(0)
        batch = Batch(
            batch_id,
            claimed[0].claim,
            rendered,
            started=frozenset(row.delivery_id for row in claimed if row.is_started),
            in_doubt=frozenset(
                row.delivery_id for row in claimed if row.state == "sending" and not row.is_started
            ),
        )
        return batch, failures

    async def _tenant(self, functions: Functions, tenant_id: str) -> Tenant:
        known = self._tenants.get(tenant_id)
        if known is not None and time.monotonic() - known[0] < TENANT_FRESHNESS:
            return known[1]
        tenant = await functions.tenant(tenant_id)
        self._tenants[tenant_id] = (time.monotonic(), tenant)
        return tenant


class InboxSender(Sender):
    """Writes inbox items: the provider is our own database, so each is written exactly once."""

    def __init__(
        self,
        pool: Pool,
        renderer: Renderer,
        watch: Watch,
        channel: Channel[Any, InAppItem],
    ) -> None:
        super().__init__(pool, renderer, watch)
        self._channel = channel

    async def _hand_over(self, batch: Batch) -> None:
        started = time.monotonic()
        items = []
        refusals = {}
        for delivery, content in batch.rendered:
            message = self._channel.message(delivery, content)
            if isinstance(message, Refused):
                refusals[delivery.id] = message.reason
            else:
                items.append(message)
        async with self._pool.connection() as connection, connection.transaction():
            functions = Functions(connection)
            if refusals:
                await functions.fail_deliveries(refusals)
            await functions.record_inbox(batch.id, batch.claim, items)
        seconds = time.monotonic() - started
        self._watch.attempted("in_app", "inbox", "sent", seconds, len(batch.rendered))
        for delivery, _ in batch.rendered:
            self._watch.handed_over("in_app", _age(delivery))


class ProviderSender(Sender):
    """Calls a provider for each delivery.

    Before the calls, and in a transaction of its own, those about to be in flight are marked: after
    a crash only they are in doubt. `in_flight` is how many of a batch that may be at once.
    """

    def __init__(
        self,
        pool: Pool,
        renderer: Renderer,
        watch: Watch,
        channel: Channel[Any, Any],
        provider: Provider[Any],
        *,
        in_flight: int,
    ) -> None:
        super().__init__(pool, renderer, watch)
        self._channel = channel
        self._provider = provider
        self._in_flight = in_flight
        # Where a second copy does harm, what is in doubt must be told apart from what is begun.
        if channel.crash_policy is CrashPolicy.SEND_AGAIN:
            self._started_at_once = in_flight

    async def _hand_over(self, batch: Batch) -> None:
        settled: list[Attempted] = []
        ready = batch.rendered
        if self._channel.crash_policy is CrashPolicy.ASK_THE_PROVIDER:
            settled = [_left_in_doubt(number) for number in batch.in_doubt]
            ready = [pair for pair in ready if pair[0].id not in batch.in_doubt]

        for share in _shares(ready, self._in_flight):
            going = batch.started
            fresh = [delivery.id for delivery, _ in share if delivery.id not in going]
            if fresh and not self._is_stopping:
                going |= await self._start(batch, settled, fresh)
                settled = []
            ended = await asyncio.gather(
                *(
                    self._attempt(delivery, content)
                    for delivery, content in share
                    if delivery.id in going
                ),
                return_exceptions=True,
            )
            settled += [one for one in ended if isinstance(one, Attempted)]
            bugs = [one for one in ended if isinstance(one, BaseException)]
            if bugs:
                # What the others came to is true all the same, or they would be sent again.
                await self._record(settled, _nothing)
                raise bugs[0]

        async def finish(functions: Functions) -> None:
            await functions.finish_batch(batch.id, batch.claim)

        await self._record(settled, finish)

    async def _start(
        self, batch: Batch, settled: Sequence[Attempted], delivery_ids: list[int]
    ) -> frozenset[int]:
        """Records the last share and marks the next, in one transaction: half the commits."""

        async def start(functions: Functions) -> frozenset[int]:
            return await functions.start_sending(batch.id, batch.claim, delivery_ids)

        return await self._record(settled, start)

    async def _record(
        self,
        settled: Sequence[Attempted],
        then: Callable[[Functions], Awaitable[_Result]],
    ) -> _Result:
        """Writes down what was answered, and does what follows, in one transaction.

        Where something was answered it does not give up when a session is lost: the provider's yes
        is known here and nowhere else.
        """
        while True:
            try:
                async with self._pool.connection() as connection, connection.transaction():
                    functions = Functions(connection)
                    if settled:
                        await functions.record_attempts(self._provider.name, settled)
                    return await then(functions)
            except ConnectionLost as error:
                if not settled:
                    raise
                log.warning("could not record yet", count=len(settled), error=str(error).strip())
                await asyncio.sleep(RECORD_PAUSE)

    async def _attempt(self, delivery: Delivery, content: Content) -> Attempted:
        began = time.monotonic()
        message = self._channel.message(delivery, content)
        outcome: Outcome
        if isinstance(message, Refused):
            outcome = message
        else:
            outcome = await self._provider.send(message)
            self._watch.handed_over(self._channel.name, _age(delivery))
        seconds = time.monotonic() - began
        attempted = self._attempted(delivery, outcome, seconds)
        self._watch.attempted(self._channel.name, self._provider.name, attempted.outcome, seconds)
        return attempted

    def _attempted(self, delivery: Delivery, outcome: Outcome, seconds: float) -> Attempted:
        """What is written down, and whether there is another try."""
        attempt = delivery.attempts
        reason: str | None = None
        message_id: str | None = None
        retry_after: float | None = None
        is_at_fault = False
        match outcome:
            case Sent():
                name = "sent"
                message_id = outcome.message_id
            case Refused():
                name = "refused"
                reason = outcome.reason
                is_at_fault = outcome.suppress
            case Retry():
                name = "retry"
                reason = outcome.reason
                retry_after = self._channel.backoff.wait(attempt, outcome.after).total_seconds()
            case Unknown() if self._channel.crash_policy is CrashPolicy.SEND_AGAIN:
                name = "retry"
                reason = f"in doubt: {outcome.reason}"
                retry_after = self._channel.backoff.wait(attempt).total_seconds()
            case Unknown():
                name = "unknown"
                reason = outcome.reason
            case _:
                assert_never(outcome)
        if name == "retry" and attempt >= self._channel.max_attempts:
            name, retry_after = "failed", None
            reason = f"given up after {attempt} tries: {reason}"
        return Attempted(
            delivery_id=delivery.id,
            outcome=name,
            message_id=message_id,
            code=outcome.code,
            reason=reason,
            retry_after=retry_after,
            latency_ms=seconds * 1000,
            is_at_fault=is_at_fault,
        )


async def _nothing(_: Functions) -> None: ...


def _shares(
    pairs: Sequence[tuple[Delivery, Content]], size: int
) -> Iterator[Sequence[tuple[Delivery, Content]]]:
    for first in range(0, len(pairs), size):
        yield pairs[first : first + size]


def _delivery(row: Claimed, tenant: Tenant) -> Delivery:
    return Delivery(
        row.delivery_id,
        row.outbox_id,
        row.event,
        row.category,
        row.channel,
        row.priority,
        row.subject,
        row.payload,
        tenant,
        Recipient(row.recipient_id, row.locale, row.time_zone, row.attributes or {}),
        row.address,
        # The try that is about to begin; where the claim began it, it is counted already.
        row.attempts if row.is_started else row.attempts + 1,
        row.created_at,
        row.expires_at,
        row.is_forced,
    )


def _left_in_doubt(delivery_id: int) -> Attempted:
    return Attempted(
        delivery_id=delivery_id,
        outcome="unknown",
        message_id=None,
        code=None,
        reason="the dispatcher ended while the provider was being called",
        retry_after=None,
        latency_ms=0.0,
        is_at_fault=False,
    )


def _age(delivery: Delivery) -> float:
    """Seconds since the event was emitted."""
    return (datetime.now(UTC) - delivery.created_at).total_seconds()
