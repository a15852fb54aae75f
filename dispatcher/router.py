"""The router's loop: one leader moves what is committed in the outbox to the queue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from psycopg import AsyncConnection

from dispatcher.functions import Functions, Outlook

log = structlog.get_logger()

#: Seconds between looks while the router may not sleep, because a producer that did not ring is
#: still in flight: short at first, longer the longer the producer stays open.
SHORTEST_LOOK = 0.001
LONGEST_LOOK = 0.004

#: In a stream of events the router rests after a page that was not full, for as many times as long
#: as the page took; so that it takes fewer and fuller pages, which cost producers less of the
#: processor, and most of the time is theirs: a page costs as much as some twenty events in it. A
#: lone event finds it asleep and waits for nothing; after a trickle it rests for milliseconds.
REST = 2.0
LONGEST_REST = 0.02

#: Seconds for which a stream is followed from page to page, without a look at anything else.
LONGEST_STRETCH = 0.05

#: Seconds between looks while a large audience waits for room in the queue.
HELD_BACK = 0.005

#: Seconds between the leader's rounds of housekeeping.
HOUSEKEEPING = 30.0

#: Seconds between looks, while there is work, whether the tables have outgrown their statistics.
STATISTICS = 0.25

#: People of a large audience told at a time. Others wait no longer than this takes.
AUDIENCE_SHARE = 500


class Watch(Protocol):
    """Who wants to know what the router does (metrics)."""

    def routed(self, count: int) -> None: ...

    def rejected(self, reason: str, count: int = 1) -> None: ...

    def fanned_out(self, count: int) -> None: ...

    def received(self, provider: str, verdict: str, count: int = 1) -> None: ...

    def leading(self, is_leading: bool) -> None: ...

    def asleep(self, is_asleep: bool) -> None: ...


class Router:
    """Leads or stands by, on one session: leadership ends with the session, whatever ended it.

    `safety_poll` is the longest sleep in seconds, in case a wake-up is lost outside our hands; 0
    means none. `beat` is called at every turn.
    """

    def __init__(
        self,
        watch: Watch,
        beat: Callable[[], None],
        *,
        page: int = 500,
        safety_poll: float = 5.0,
        keep_days: int = 5,
    ) -> None:
        self._watch = watch
        self._beat = beat
        self._page = page
        self._safety_poll = safety_poll
        self._keep_days = keep_days
        self._next_housekeeping = 0.0
        self._next_statistics = 0.0
        self._rejections_seen = datetime.now(UTC)

    async def run(self, connection: AsyncConnection[Any]) -> None:
        """Leads on this session as soon as nobody else does, until cancelled.

        Raises psycopg's OperationalError when the session is lost.
        """
        functions = Functions(connection)
        await self._standing_by(functions.lead())
        self._watch.leading(True)
        log.info("leading")
        try:
            await functions.check_cluster()
            await connection.execute("listen postbell_wake")
            await self._lead(connection, functions)
        finally:
            self._watch.leading(False)

    async def _lead(self, connection: AsyncConnection[Any], functions: Functions) -> None:
        pause = SHORTEST_LOOK
        while True:
            self._beat()
            await self._keep_house(functions)
            outlook = await functions.look()
            if not outlook.is_idle:
                await self._work(functions, outlook)
                pause = SHORTEST_LOOK
            elif await functions.fall_asleep():
                await self._sleep(connection, functions)
                pause = SHORTEST_LOOK
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 1.1, LONGEST_LOOK)

    async def _work(self, functions: Functions, outlook: Outlook) -> None:
        """One turn at the log, at what is due, and at a large audience."""
        if time.monotonic() >= self._next_statistics:
            await functions.keep_statistics()
            self._next_statistics = time.monotonic() + STATISTICS
        if outlook.has_events:
            if outlook.is_due or outlook.has_fanout:
                self._watch.routed(await functions.route(self._page))
            else:
                await self._follow(functions)
        if outlook.is_due:
            await functions.release_due(self._page)
        if outlook.has_fanout:
            reached = await functions.fan_out(AUDIENCE_SHARE)
            if reached is not None:
                self._watch.fanned_out(reached)
            elif not (outlook.has_events or outlook.is_due):
                await asyncio.sleep(HELD_BACK)

    async def _follow(self, functions: Functions) -> None:
        """Routes page upon page: while a stream flows, a look at the log would only say so."""
        began = time.monotonic()
        until = began + LONGEST_STRETCH
        while routed := await functions.route(self._page):
            self._watch.routed(routed)
            ended = time.monotonic()
            if routed < self._page:
                await asyncio.sleep(min(REST * (ended - began), LONGEST_REST))
            began = time.monotonic()
            if began > until:
                return

    async def _sleep(self, connection: AsyncConnection[Any], functions: Functions) -> None:
        """Sleeps until a producer rings, something is due, or the safety poll."""
        self._watch.asleep(True)
        try:
            # From here on producers ring; whoever committed before is seen now.
            outlook = await functions.look()
            if not outlook.is_idle:
                return
            bounds = [self._safety_poll] if self._safety_poll else []
            if outlook.due_in is not None:
                bounds.append(outlook.due_in.total_seconds())
            async for _ in connection.notifies(timeout=min(bounds, default=None), stop_after=1):
                pass
        finally:
            await functions.awake()
            self._watch.asleep(False)
        # Most likely it was an event: no need to look first.
        self._watch.routed(await functions.route(self._page))

    async def _keep_house(self, functions: Functions) -> None:
        if time.monotonic() < self._next_housekeeping:
            return
        self._next_housekeeping = time.monotonic() + HOUSEKEEPING
        for seen in await functions.rejected_since(self._rejections_seen):
            self._watch.rejected(seen.reason, seen.rejected)
            self._rejections_seen = max(self._rejections_seen, seen.last_at)
            log.warning("events were rejected", reason=seen.reason, count=seen.rejected)
        await functions.tidy_up()
        for provider, count in (await functions.forget_early_receipts()).items():
            self._watch.received(provider, "never_matched", count)
            log.warning(
                "receipts dropped: within an hour no message had their id",
                provider=provider,
                count=count,
            )
        swept = await functions.sweep()
        if swept:
            log.warning("batches without a job got a new one", batches=swept)
        emptied = await functions.truncate_ring(self._keep_days)
        if emptied:
            log.info("emptied leaves of the outbox", leaves=emptied)

    async def _standing_by(self, leadership: Awaitable[None]) -> None:
        """Waits for the lead, which may take for ever, and shows that it is alive meanwhile."""
        waiting = asyncio.ensure_future(leadership)
        try:
            while not waiting.done():
                self._beat()
                await asyncio.wait({waiting}, timeout=1.0)
        finally:
            if not waiting.done():
                waiting.cancel()
                await asyncio.wait({waiting})
        await waiting
