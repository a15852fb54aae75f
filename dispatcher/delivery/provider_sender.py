"""Delivers the batches of a channel that providers send: claim, render, send, record."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import psycopg
import structlog
from psycopg import AsyncConnection

from dispatcher.channels.base import Channel, CrashPolicy, ToDevices
from dispatcher.db import batches
from dispatcher.db.batches import Claimed, Versions
from dispatcher.db.connections import Pool, is_unavailable
from dispatcher.delivery.attempts import Answer, AttemptRules
from dispatcher.delivery.claims import Claim, Claims, DeliveryMetrics, age_of
from dispatcher.delivery.failover import (
    ProviderCall,
    first_available,
    jitter,
    retry_in,
    send_with_failover,
    unavailable_reason,
)
from dispatcher.delivery.model import Attempt, Delivery, Held, Outcome, Refused, Retry
from dispatcher.delivery.render import Rendered
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from dispatcher.rendering.content import Content

log = structlog.get_logger()

#: Seconds for recording outcomes after a task was cancelled.
SHUTDOWN_RECORD_TIMEOUT = 2.0

#: Seconds before recording again if the database was unavailable.
RECORD_PAUSE = 0.5

_Result = TypeVar("_Result")

#: What is recorded about a delivery: what came of it, and that it is held. A delivery whose calls
#: are no attempt has both.
Ended = Attempt | Held


@dataclass(frozen=True, slots=True)
class _Batch:
    """A claimed batch, and what is the same for all of its deliveries."""

    claim: Claim
    versions: Versions
    #: The providers that its tenant may use.
    clients: Sequence[ProviderClient]


class ProviderSender:
    """Calls a provider for each target of each delivery, and the next one if that fails.

    Before the calls a transaction records which deliveries are about to be sent, and to which
    provider. After a crash only these are in doubt, and no other provider may get them while that
    one is configured. `in_flight` limits the deliveries of a batch that are sent at a time.
    `crash_policy` is the channel's, in postbell.channel. Safe to run twice on one batch, in any
    process.
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
        self._pool: Final = pool
        self._metrics: Final = metrics
        self._channel: Final = channel
        self._registry: Final = registry
        self._in_flight: Final = in_flight
        self._claims: Final = Claims(
            pool, template_sets, metrics, channel.name, with_identities=True
        )
        self._rules: Final = AttemptRules(channel, crash_policy)
        self._is_stopping = False
        self._started_by_claim: tuple[int, str | None] = (0, None)
        # Some are, only if a second copy does no harm, and if there is one provider, so that it is
        # known which one will be called.
        clients = registry.for_channel(channel.name)
        if crash_policy is CrashPolicy.SEND_AGAIN and len(clients) == 1:
            self._started_by_claim = (in_flight, clients[0].name)

    async def deliver(self, batch_id: int) -> None:
        """Claim and deliver a batch."""
        if claim := await self._claims.claim(batch_id, *self.started_by_claim):
            await self.deliver_claimed(claim)

    @property
    def started_by_claim(self) -> tuple[int, str | None]:
        """How many of a batch are recorded as being sent before it is rendered, and to whom."""
        return (0, None) if self._is_stopping else self._started_by_claim

    async def take(
        self,
        batch_id: int,
        rows: Sequence[Claimed],
        starting: asyncio.Future[frozenset[int] | None] | None,
    ) -> Claim | None:
        """The claim of a batch that the router has claimed. None if its tenant is gone.

        Nothing of it is sent before start_sending() has asked again whether it may be.
        """
        return await self._claims.take(batch_id, rows, starting)

    async def deliver_claimed(self, claim: Claim) -> None:
        """Settle what can be settled of a batch; the rest goes back into the queue."""
        clients = self._registry.for_tenant(claim.tenant, self._channel.name)
        if retry_in(clients) > 0:
            if not await claim.begin():
                self._claims.log_lost(claim)
                return
            held = [
                self._held(delivery, clients, is_begun=delivery.id in claim.started)
                for delivery in claim.deliveries
            ]
            await self._finish(_Batch(claim, {}, clients), held)
            return
        rendered = await self._claims.render(claim)
        if rendered is not None:
            await self._send(_Batch(claim, rendered.versions, clients), rendered)

    def stop(self) -> None:
        """Start no more calls. Deliveries that are not in flight go back into the queue."""
        self._is_stopping = True

    async def _send(self, batch: _Batch, rendered: Rendered) -> None:
        ended: list[Ended] = []
        doubtful = await self._unknown_providers(batch, rendered)
        for share in _groups(rendered.contents, self._in_flight):
            asked = {
                delivery.id: _restricted_to(batch.clients, doubtful.get(delivery.id))
                for delivery, _ in share
            }
            going = batch.claim.started
            first: dict[int, str] = {}
            fresh = [delivery for delivery, _ in share if delivery.id not in going]
            if fresh and not self._is_stopping:
                if retry_in(batch.clients) > 0:
                    ended += [
                        self._held(delivery, batch.clients, is_begun=False) for delivery in fresh
                    ]
                else:
                    first = {
                        delivery.id: first_available(asked[delivery.id]).name for delivery in fresh
                    }
                    started = await self._start(batch, ended, first)
                    if started is None:
                        self._claims.log_lost(batch.claim)
                        return
                    going |= started
                    ended = []
            ended = await self._gather(
                batch,
                ended,
                [
                    self._attempt(
                        batch, delivery, content, asked[delivery.id], first.get(delivery.id)
                    )
                    for delivery, content in share
                    if delivery.id in going
                ],
            )
        await self._finish(batch, ended)

    async def _gather(
        self, batch: _Batch, ended: list[Ended], attempts: Sequence[Awaitable[list[Ended]]]
    ) -> list[Ended]:
        """Await attempts, and return what has ended by now.

        If one raises, or this task is cancelled, records what the others have said: what is sent
        must not be sent again.
        """
        calls = [asyncio.ensure_future(attempt) for attempt in attempts]
        try:
            answers = await asyncio.gather(*calls, return_exceptions=True)
        except asyncio.CancelledError:
            if known := [*ended, *_answered(calls)]:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SHUTDOWN_RECORD_TIMEOUT):
                        await self._record(batch, known, _nothing)
            raise
        ended = [*ended, *_answered(calls)]
        bugs = [answer for answer in answers if isinstance(answer, BaseException)]
        if bugs:
            await self._record(batch, ended, _nothing)
            raise bugs[0]
        return ended

    async def _finish(self, batch: _Batch, ended: Sequence[Ended]) -> None:
        async def finish(connection: AsyncConnection[Any]) -> bool:
            return await batches.finish_batch(connection, *batch.claim.key)

        if not await self._record(batch, ended, finish):
            self._claims.log_lost(batch.claim)

    async def _unknown_providers(self, batch: _Batch, rendered: Rendered) -> dict[int, str]:
        """By delivery, the provider of an earlier attempt whose outcome is unknown."""
        again = [delivery.id for delivery, _ in rendered.contents if delivery.attempts > 1]
        if not again or len(batch.clients) == 1:
            return {}
        async with self._pool.connection() as connection:
            return await batches.unknown_attempts(connection, again)

    async def _start(
        self, batch: _Batch, ended: Sequence[Ended], first: Mapping[int, str]
    ) -> frozenset[int] | None:
        """Record the outcomes of one group and the start of the next, in one transaction.

        `first` is the provider called first, by delivery. Returns the started deliveries; None if
        the claim is lost.
        """

        async def start(connection: AsyncConnection[Any]) -> frozenset[int] | None:
            return await batches.start_sending(
                connection, *batch.claim.key, list(first), list(first.values())
            )

        return await self._record(batch, ended, start)

    async def _record(
        self,
        batch: _Batch,
        ended: Sequence[Ended],
        then: Callable[[AsyncConnection[Any]], Awaitable[_Result]],
    ) -> _Result:
        """Record outcomes and run `then`, in one transaction.

        If there are outcomes, retries while the database is unavailable, because only this process
        knows them. They are recorded even if the claim is lost.
        """
        key = batch.claim.key
        attempts = [each for each in ended if isinstance(each, Attempt)]
        held = [each for each in ended if isinstance(each, Held)]
        while True:
            try:
                async with self._pool.connection() as connection, connection.transaction():
                    if attempts:
                        await batches.record_attempts(connection, *key, attempts, batch.versions)
                    if held:
                        await batches.hold_deliveries(connection, *key, held)
                    return await then(connection)
            except psycopg.Error as error:
                if not ended or not is_unavailable(error):
                    raise
                log.warning(
                    "recording outcomes failed, will retry",
                    count=len(ended),
                    error=str(error).strip(),
                )
                await asyncio.sleep(RECORD_PAUSE)

    async def _attempt(
        self,
        batch: _Batch,
        delivery: Delivery,
        content: Content,
        clients: Sequence[ProviderClient],
        first: str | None,
    ) -> list[Ended]:
        """Send to all targets of a delivery. `first` is the provider recorded as being called."""
        message = self._channel.message(delivery, content)
        if isinstance(message, Refused):
            # A refusal by the channel itself, in the form of a provider call.
            refusal = ProviderCall("postbell", message, 0.0, is_probe=False)
            answers = [Answer(None, message, [refusal])]
        else:
            answers = await self._call(batch, delivery, message, clients, first)
            if not any(answer.calls for answer in answers):
                messages = [answer.message for answer in answers]
                return [self._held(delivery, clients, is_begun=True, messages=messages)]
            self._metrics.handed_over(self._channel.name, age_of(delivery))
        attempt = self._rules.attempt(delivery, answers, clients)
        for call in attempt.calls:
            self._metrics.attempted(
                self._channel.name, call.provider, call.outcome, call.latency_ms / 1000
            )
        if attempt.outcome != "held":
            return [attempt]
        # No outcome was about the message: hold it, which is no attempt.
        later = self._rules.later(answers)
        said = next((answer.outcome for answer in later if answer.calls), None)
        messages = [answer.message for answer in later]
        held = self._held(delivery, clients, is_begun=True, messages=messages, said=said)
        return [attempt, held]

    async def _call(
        self,
        batch: _Batch,
        delivery: Delivery,
        message: Any,
        clients: Sequence[ProviderClient],
        first: str | None,
    ) -> list[Answer]:
        """Call providers for each target of a message, for all devices at a time."""
        targets = message.each if isinstance(message, ToDevices) else {None: message}
        if len(targets) > 1:
            # They may be at several providers at once, so none is recorded as the one called.
            calls = await asyncio.gather(
                *(send_with_failover(each, clients) for each in targets.values())
            )
            return [
                Answer(*target, made) for target, made in zip(targets.items(), calls, strict=True)
            ]
        ((device, only),) = targets.items()

        async def record_failover(client: ProviderClient) -> bool:
            nonlocal first
            if len(clients) == 1 or client.name == first:
                return True
            if client.retry_in(only) > 0 or not await self._record_failover(
                batch, delivery, client.name
            ):
                return False
            first = client.name
            return True

        return [Answer(device, only, await send_with_failover(only, clients, record_failover))]

    async def _record_failover(self, batch: _Batch, delivery: Delivery, provider: str) -> bool:
        """Record that the next provider is called. Returns False if it must not be called."""
        try:
            async with self._pool.connection() as connection:
                return await batches.record_failover(
                    connection, *batch.claim.key, delivery.id, provider
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
        messages: Sequence[Any] = (None,),
        said: Outcome | None = None,
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


async def _nothing(_: AsyncConnection[Any]) -> None: ...


def _answered(calls: Sequence[asyncio.Future[list[Ended]]]) -> Iterator[Ended]:
    for call in calls:
        if call.done() and not call.cancelled() and call.exception() is None:
            yield from call.result()


def _restricted_to(clients: Sequence[ProviderClient], name: str | None) -> Sequence[ProviderClient]:
    """The provider of this name, else all of them."""
    return [client for client in clients if client.name == name] or clients


def _groups(
    pairs: Sequence[tuple[Delivery, Content]], size: int
) -> Iterator[Sequence[tuple[Delivery, Content]]]:
    for first in range(0, len(pairs), size):
        yield pairs[first : first + size]
