"""Delivers batches by providers: whom to ask, what is in flight, and what was answered."""

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
    Call,
    first_of,
    hand_over,
    reason_for_none,
    retry_in,
    spread,
    uses_up_a_try,
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
from dispatcher.delivery.sender import Batch, Sender, Watch, age_of, batch_of, delivery_of
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from dispatcher.rendering.content import Content

log = structlog.get_logger()

#: Seconds for recording what was answered when we are cut off.
LAST_WORD = 2.0

#: Seconds before an answer is recorded that the database did not take.
RECORD_PAUSE = 0.5

_Result = TypeVar("_Result")

#: What became of a delivery in this process's hands: an attempt each call, one for all devices of a
#: person, or put aside.
Ended = Attempted | Pushed | Held


class ProviderSender(Sender):
    """Calls a provider for each delivery, and where that one fails, the next.

    Before the calls, and in a transaction of its own, those about to be in flight are marked, with
    the provider that is asked: after a crash only they are in doubt, and no other may get them as
    long as that one is there. `in_flight` is how many of a batch may be so at once.
    """

    def __init__(
        self,
        pool: Pool,
        template_sets: TemplateSets,
        watch: Watch,
        channel: Channel[Any, Any],
        registry: ProviderRegistry,
        *,
        in_flight: int,
    ) -> None:
        super().__init__(pool, template_sets, watch, channel)
        self._registry = registry
        self._in_flight = in_flight
        # Where a second copy does harm, what is in doubt must be told apart from what is begun; and
        # of several providers it is not known yet which one is asked.
        clients = registry.for_channel(channel.name)
        if channel.crash_policy is CrashPolicy.SEND_AGAIN and len(clients) == 1:
            self._started_at_once = in_flight
            self._only_provider = clients[0].name

    async def _put_aside(self, batch_id: int, claimed: Sequence[Claimed], tenant: Tenant) -> bool:
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

    async def _hand_over(self, batch: Batch) -> None:
        ready = batch.rendered
        clients = self._clients(batch)
        ended: list[Ended] = []
        again = [delivery.id for delivery, _ in ready if delivery.attempts > 1]
        doubtful = await self._doubtful(again) if len(clients) > 1 else {}

        for share in _shares(ready, self._in_flight):
            going = batch.started
            fresh = [delivery for delivery, _ in share if delivery.id not in going]
            asked = {
                delivery.id: _only(clients, doubtful.get(delivery.id)) for delivery, _ in share
            }
            first: dict[int, str] = {}
            if fresh and not self._is_stopping:
                if retry_in(clients) > 0:
                    ended += [self._held(delivery, clients, is_begun=False) for delivery in fresh]
                else:
                    first = {delivery.id: first_of(asked[delivery.id]).name for delivery in fresh}
                    started = await self._start(batch, ended, first)
                    if started is None:
                        self._tell_claim_lost(batch)
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
                # What the others came to is true all the same, or they would be sent again.
                await self._record(batch, ended, _nothing)
                raise bugs[0]

        await self._finish(batch, ended)

    async def _finish(self, batch: Batch, ended: Sequence[Ended]) -> None:
        async def finish(connection: AsyncConnection[Any]) -> bool:
            return await batches.finish_batch(connection, batch.id, batch.claim_token)

        if not await self._record(batch, ended, finish):
            self._tell_claim_lost(batch)

    def _clients(self, batch: Batch) -> tuple[ProviderClient, ...]:
        """Those that the batch's tenant may use."""
        if not batch.rendered:
            return ()
        return self._registry.for_tenant(batch.rendered[0][0].tenant, self._channel.name)

    async def _doubtful(self, delivery_ids: list[int]) -> dict[int, str]:
        """Of those that were tried before, the provider that may have sent them already."""
        if not delivery_ids:
            return {}
        async with self._pool.connection() as connection:
            return await batches.unknown_attempts(connection, delivery_ids)

    async def _start(
        self, batch: Batch, ended: Sequence[Ended], first: Mapping[int, str]
    ) -> frozenset[int] | None:
        """Records the last share and marks the next, in one transaction: half the commits.

        `first` is who is asked first, by delivery. None when the claim does not hold.
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
        """Writes down what was answered, and does what follows, in one transaction.

        Where something was answered it does not give up when a session is lost: the provider's yes
        is known here and nowhere else. It is written down also when the claim does not hold.
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
                log.warning("could not record yet", count=len(ended), error=str(error).strip())
                await asyncio.sleep(RECORD_PAUSE)

    async def _record_answered(
        self, batch: Batch, ended: Sequence[Ended], calls: Sequence[asyncio.Future[list[Ended]]]
    ) -> None:
        """We are cut off: what was answered by then must not be sent again for the others' sake."""
        answered = [
            call.result()
            for call in calls
            if call.done() and not call.cancelled() and call.exception() is None
        ]
        known = [*ended, *chain.from_iterable(answered)]
        if not known:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD):
                await self._record(batch, known, _nothing)

    async def _attempt(
        self,
        batch: Batch,
        delivery: Delivery,
        content: Content,
        clients: Sequence[ProviderClient],
        first: str | None,
    ) -> list[Ended]:
        """`first` is the provider that is written down as the one who is asked, if any is."""
        message = self._channel.message(delivery, content)
        if isinstance(message, Refused):
            return [self._attempted(delivery, refused_by_us(message))]

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

        calls = await hand_over(message, clients, record_failover)
        if calls:
            self._watch.handed_over(self._channel.name, age_of(delivery))
        if not calls:
            return [self._held(delivery, clients, is_begun=True)]
        *before, last = calls
        ended: list[Ended] = [self._passed_on(delivery, call) for call in before]
        if not last.is_passed_on:
            return [*ended, self._attempted(delivery, last)]
        if uses_up_a_try(calls, clients):
            return [*ended, self._attempted(delivery, last, at_least=retry_in(clients))]
        return [
            *ended,
            self._passed_on(delivery, last),
            self._held(delivery, clients, is_begun=True, said=last.outcome),
        ]

    async def _record_failover(self, batch: Batch, delivery: Delivery, provider: str) -> bool:
        """Writes down who is asked next; False if that cannot be, and then nobody is."""
        try:
            async with self._pool.connection() as connection:
                return await batches.record_failover(
                    connection, batch.id, batch.claim_token, delivery.id, provider
                )
        except psycopg.Error as error:
            if not is_unavailable(error):
                raise
            log.warning("could not turn to the next", provider=provider, error=str(error).strip())
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
        """It waits for the first provider that opens, for one of `messages` if there are any yet.

        That costs nothing. `said` is what the last one said that was asked meanwhile.
        """
        seconds = retry_in(clients, messages)
        reason = reason_for_none(clients, messages)
        if isinstance(said, Retry):
            reason = said.reason
            # One is open, and yet it failed: not at once again.
            seconds = seconds or self._channel.backoff.wait(delivery.attempts).total_seconds()
        self._watch.held(self._channel.name)
        return Held(delivery.id, seconds + spread(delivery, age_of(delivery)), is_begun, reason)

    def _passed_on(self, delivery: Delivery, call: Call) -> Attempted:
        """A call that settles nothing."""
        self._watch.attempted(self._channel.name, call.provider, "retry", call.seconds)
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

    def _attempted(self, delivery: Delivery, call: Call, at_least: float = 0.0) -> Attempted:
        """What is written down, and whether there is another try, in `at_least` so many seconds."""
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
            case Unknown() if self._channel.crash_policy is CrashPolicy.SEND_AGAIN:
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
        self._watch.attempted(self._channel.name, call.provider, name, call.seconds)
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


def refused_by_us(refusal: Refused) -> Call:
    """A message that no provider is asked to take, as a call that was not made."""
    return Call("postbell", refusal, 0.0, is_probe=False)


async def _nothing(_: AsyncConnection[Any]) -> None: ...


def _only(clients: Sequence[ProviderClient], name: str | None) -> Sequence[ProviderClient]:
    """The one of that name, if it is among them and any is named."""
    return [client for client in clients if client.name == name] or clients


def _shares(
    pairs: Sequence[tuple[Delivery, Content]], size: int
) -> Iterator[Sequence[tuple[Delivery, Content]]]:
    for first in range(0, len(pairs), size):
        yield pairs[first : first + size]
