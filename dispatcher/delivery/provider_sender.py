"""Delivers batches to providers: chooses the provider, limits calls in flight, records outcomes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar, assert_never

import psycopg
import structlog
from psycopg import AsyncConnection

from dispatcher.channels.base import Channel, CrashPolicy
from dispatcher.db import batches
from dispatcher.db.batches import Attempted, Claimed, Held, Pushed
from dispatcher.db.connections import Pool, is_unavailable
from dispatcher.delivery.failover import (
    ProviderCall,
    counts_as_attempt,
    first_available,
    jitter,
    retry_in,
    send_with_failover,
    unavailable_reason,
)
from dispatcher.delivery.model import (
    Delivery,
    Outcome,
    Refused,
    Retry,
    Sent,
    Tenant,
    Unknown,
)
from dispatcher.delivery.sender import Batch, DeliveryMetrics, Sender, age_of, batch_of, delivery_of
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from dispatcher.rendering.content import Content

log = structlog.get_logger()

#: Seconds for recording outcomes after a task was cancelled.
SHUTDOWN_RECORD_TIMEOUT = 2.0

#: Seconds before recording again if the database was unavailable.
RECORD_PAUSE = 0.5

_Result = TypeVar("_Result")

#: What is recorded about a delivery: an attempt for each call, one for all devices of a recipient,
#: or that it is held.
Ended = Attempted | Pushed | Held


class ProviderSender(Sender):
    """Calls a provider for each delivery, and the next one if that fails.

    Before the calls a transaction records which deliveries are about to be sent, and to which
    provider. After a crash only these are in doubt, and no other provider may get them while that
    one is configured. `in_flight` limits the deliveries of a batch that are sent at a time.
    `crash_policy` is the channel's, in postbell.channel.
    """

    def __init__(
        self,
        pool: Pool,
        template_sets: TemplateSets,
        metrics: DeliveryMetrics,
        channel: Channel[Any, Any],
        registry: ProviderRegistry,
        *,
        in_flight: int,
        crash_policy: CrashPolicy,
    ) -> None:
        super().__init__(pool, template_sets, metrics, channel)
        self._registry = registry
        self._in_flight = in_flight
        self._crash_policy = crash_policy
        # The claim may record the start of sending only if a second copy does no harm, and if there
        # is one provider, so that it is known which one will be called.
        clients = registry.for_channel(channel.name)
        if crash_policy is CrashPolicy.SEND_AGAIN and len(clients) == 1:
            self._started_at_once = in_flight
            self._only_provider = clients[0].name

    async def _hold_if_unavailable(
        self, batch_id: int, claimed: Sequence[Claimed], tenant: Tenant
    ) -> bool:
        clients = self._registry.for_tenant(tenant, self._channel.name)
        if retry_in(clients) == 0:
            return False
        batch = batch_of(batch_id, claimed, [], {})
        ended = [
            self._held(delivery_of(row, tenant), clients, is_begun=row.is_started)
            for row in claimed
        ]
        await self._finish(batch, ended)
        return True

    async def _send(self, batch: Batch) -> None:
        ready = batch.rendered
        clients = self._clients(batch)
        ended: list[Ended] = []
        again = [delivery.id for delivery, _ in ready if delivery.attempts > 1]
        doubtful = await self._unknown_providers(again) if len(clients) > 1 else {}

        for share in _groups(ready, self._in_flight):
            going = batch.started
            fresh = [delivery for delivery, _ in share if delivery.id not in going]
            asked = {
                delivery.id: _restricted_to(clients, doubtful.get(delivery.id))
                for delivery, _ in share
            }
            first: dict[int, str] = {}
            if fresh and not self._is_stopping:
                if retry_in(clients) > 0:
                    ended += [self._held(delivery, clients, is_begun=False) for delivery in fresh]
                else:
                    first = {
                        delivery.id: first_available(asked[delivery.id]).name for delivery in fresh
                    }
                    started = await self._start(batch, ended, first)
                    if started is None:
                        self._log_claim_lost(batch)
                        return
                    going |= started
                    ended = []
            calls = [
                asyncio.ensure_future(
                    self._attempt(
                        batch, delivery, content, asked[delivery.id], first.get(delivery.id)
                    )
                )
                for delivery, content in share
                if delivery.id in going
            ]
            try:
                answers = await asyncio.gather(*calls, return_exceptions=True)
            except asyncio.CancelledError:
                await self._record_answered(batch, ended, calls)
                raise
            for answer in answers:
                if not isinstance(answer, BaseException):
                    ended += answer
            bugs = [answer for answer in answers if isinstance(answer, BaseException)]
            if bugs:
                # Record the other outcomes, or these deliveries would be sent again.
                await self._record(batch, ended, _nothing)
                raise bugs[0]

        await self._finish(batch, ended)

    async def _finish(self, batch: Batch, ended: Sequence[Ended]) -> None:
        async def finish(connection: AsyncConnection[Any]) -> bool:
            return await batches.finish_batch(connection, batch.id, batch.claim_token)

        if not await self._record(batch, ended, finish):
            self._log_claim_lost(batch)

    def _clients(self, batch: Batch) -> tuple[ProviderClient, ...]:
        """The providers that the tenant of the batch may use."""
        if not batch.rendered:
            return ()
        return self._registry.for_tenant(batch.rendered[0][0].tenant, self._channel.name)

    async def _unknown_providers(self, delivery_ids: list[int]) -> dict[int, str]:
        """By delivery, the provider of an earlier attempt whose outcome is unknown."""
        if not delivery_ids:
            return {}
        async with self._pool.connection() as connection:
            return await batches.unknown_attempts(connection, delivery_ids)

    async def _start(
        self, batch: Batch, ended: Sequence[Ended], first: Mapping[int, str]
    ) -> frozenset[int] | None:
        """Record the outcomes of one group and the start of the next, in one transaction.

        `first` is the provider called first, by delivery. Returns the started deliveries; None if
        the claim is lost.
        """

        async def start(connection: AsyncConnection[Any]) -> frozenset[int] | None:
            return await batches.start_sending(
                connection, batch.id, batch.claim_token, list(first), list(first.values())
            )

        return await self._record(batch, ended, start)

    async def _record(
        self,
        batch: Batch,
        ended: Sequence[Ended],
        then: Callable[[AsyncConnection[Any]], Awaitable[_Result]],
    ) -> _Result:
        """Record outcomes and run `then`, in one transaction.

        If there are outcomes, retries while the database is unavailable, because only this process
        knows them. They are recorded even if the claim is lost.
        """
        held_by = (batch.id, batch.claim_token)
        attempts = [each for each in ended if isinstance(each, Attempted)]
        pushes = [each for each in ended if isinstance(each, Pushed)]
        held = [each for each in ended if isinstance(each, Held)]
        while True:
            try:
                async with self._pool.connection() as connection, connection.transaction():
                    if attempts:
                        await batches.record_attempts(
                            connection, *held_by, attempts, batch.versions
                        )
                    if pushes:
                        await batches.record_pushes(connection, *held_by, pushes, batch.versions)
                    if held:
                        await batches.hold_deliveries(connection, *held_by, held)
                    return await then(connection)
            except psycopg.Error as error:
                if not is_unavailable(error):
                    raise
                if not ended:
                    raise
                log.warning(
                    "recording outcomes failed, will retry",
                    count=len(ended),
                    error=str(error).strip(),
                )
                await asyncio.sleep(RECORD_PAUSE)

    async def _record_answered(
        self, batch: Batch, ended: Sequence[Ended], calls: Sequence[asyncio.Future[list[Ended]]]
    ) -> None:
        """Record the outcomes known when the task is cancelled, so they are not sent again."""
        answered = [
            call.result()
            for call in calls
            if call.done() and not call.cancelled() and call.exception() is None
        ]
        known = [*ended, *chain.from_iterable(answered)]
        if not known:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SHUTDOWN_RECORD_TIMEOUT):
                await self._record(batch, known, _nothing)

    async def _attempt(
        self,
        batch: Batch,
        delivery: Delivery,
        content: Content,
        clients: Sequence[ProviderClient],
        first: str | None,
    ) -> list[Ended]:
        """Send one delivery. `first` is the provider that is recorded as being called, or None."""
        message = self._channel.message(delivery, content)
        if isinstance(message, Refused):
            return [self._settled(delivery, refused_unsent(message))]

        async def record_failover(client: ProviderClient) -> bool:
            nonlocal first
            if len(clients) == 1 or client.name == first:
                return True
            if client.retry_in() > 0 or not await self._record_failover(
                batch, delivery, client.name
            ):
                return False
            first = client.name
            return True

        calls = await send_with_failover(message, clients, record_failover)
        if calls:
            self._metrics.handed_over(self._channel.name, age_of(delivery))
        if not calls:
            return [self._held(delivery, clients, is_begun=True)]
        *before, last = calls
        ended: list[Ended] = [self._failed_over(delivery, call) for call in before]
        if not last.may_fail_over:
            return [*ended, self._settled(delivery, last)]
        if counts_as_attempt(calls, clients):
            return [*ended, self._settled(delivery, last, at_least=retry_in(clients))]
        return [
            *ended,
            self._failed_over(delivery, last),
            self._held(delivery, clients, is_begun=True, said=last.outcome),
        ]

    async def _record_failover(self, batch: Batch, delivery: Delivery, provider: str) -> bool:
        """Record that the next provider is called. Returns False if it must not be called."""
        try:
            async with self._pool.connection() as connection:
                return await batches.record_failover(
                    connection, batch.id, batch.claim_token, delivery.id, provider
                )
        except psycopg.Error as error:
            if not is_unavailable(error):
                raise
            log.warning("recording failover failed", provider=provider, error=str(error).strip())
            return False

    def _held(
        self,
        delivery: Delivery,
        clients: Sequence[ProviderClient],
        *,
        is_begun: bool,
        said: Outcome | None = None,
        messages: Sequence[Any] = (None,),
    ) -> Held:
        """Hold a delivery until the first provider is available for one of `messages`.

        This does not count as an attempt. `said` is the outcome of the last call, if there was one.
        """
        seconds = retry_in(clients, messages)
        reason = unavailable_reason(clients, messages)
        if isinstance(said, Retry):
            reason = said.reason
            # A provider is available but failed: back off.
            seconds = seconds or self._channel.backoff.wait(delivery.attempts).total_seconds()
        self._metrics.held(self._channel.name)
        return Held(delivery.id, seconds + jitter(delivery, age_of(delivery)), is_begun, reason)

    def _failed_over(self, delivery: Delivery, call: ProviderCall) -> Attempted:
        """A failed call after which the delivery is not settled."""
        self._metrics.attempted(self._channel.name, call.provider, "retry", call.seconds)
        return Attempted(
            delivery_id=delivery.id,
            identity=delivery.identity,
            outcome="retry",
            provider=call.provider,
            message_id=None,
            code=call.outcome.code,
            reason=None if isinstance(call.outcome, Sent) else call.outcome.reason,
            retry_after=None,
            latency_ms=call.seconds * 1000,
            blame=None,
        )

    def _settled(self, delivery: Delivery, call: ProviderCall, at_least: float = 0.0) -> Attempted:
        """The attempt to record. A retry is due in `at_least` seconds, or later by backoff."""
        attempt = delivery.attempts
        outcome = call.outcome
        reason: str | None = None
        message_id: str | None = None
        retry_after: float | None = None
        blame: Blame | None = None
        match outcome:
            case Sent():
                name = "sent"
                message_id = outcome.message_id
            case Refused():
                name = "refused"
                reason = outcome.reason
                blame = outcome.blame
            case Retry():
                name = "retry"
                reason = outcome.reason
                wait = self._channel.backoff.wait(attempt, outcome.after).total_seconds()
                retry_after = max(at_least, wait)
            case Unknown() if self._crash_policy is CrashPolicy.SEND_AGAIN:
                name = "unknown"
                reason = f"in doubt: {outcome.reason}"
                retry_after = self._channel.backoff.wait(attempt).total_seconds()
            case Unknown():
                name = "unknown"
                reason = outcome.reason
            case _:
                assert_never(outcome)
        if retry_after is not None and attempt >= self._channel.max_attempts:
            name, retry_after = "failed", None
            reason = f"given up after {attempt} tries: {reason}"
        self._metrics.attempted(self._channel.name, call.provider, name, call.seconds)
        return Attempted(
            delivery_id=delivery.id,
            identity=delivery.identity,
            outcome=name,
            provider=call.provider,
            message_id=message_id,
            code=outcome.code,
            reason=reason,
            retry_after=retry_after,
            latency_ms=call.seconds * 1000,
            blame=blame,
        )


def refused_unsent(refusal: Refused) -> ProviderCall:
    """A refusal by the channel itself, in the form of a provider call."""
    return ProviderCall("postbell", refusal, 0.0, is_probe=False)


async def _nothing(_: AsyncConnection[Any]) -> None: ...


def _restricted_to(clients: Sequence[ProviderClient], name: str | None) -> Sequence[ProviderClient]:
    """The provider of this name, else all of them."""
    return [client for client in clients if client.name == name] or clients


def _groups(
    pairs: Sequence[tuple[Delivery, Content]], size: int
) -> Iterator[Sequence[tuple[Delivery, Content]]]:
    for first in range(0, len(pairs), size):
        yield pairs[first : first + size]
