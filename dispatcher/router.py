"""The router's loop: one leader moves what is committed in the outbox to the queue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypeVar

import psycopg
import structlog
from psycopg import AsyncConnection

from dispatcher.db import connections, routing
from dispatcher.db.routing import Outlook

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

#: Seconds between looks while a large audience waits for room in the queue: longer, the longer it
#: waits.
HELD_BACK = 0.005
LONGEST_HELD_BACK = 0.1

#: The longest pause, in seconds, while what is due is in somebody else's hands.
LONGEST_HELD = 1.0

#: Seconds for which a step is left alone that failed, doubling.
SHORTEST_BACKOFF = 0.1
LONGEST_BACKOFF = 5.0

#: Our own SQLSTATEs: the schema says that it is another cluster's, or that another router leads.
_OURS = "PB"

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

    def step_failed(self, step: str) -> None: ...


class _Backoff(NamedTuple):
    """A step is left alone: it failed, or had nothing to take of what there is."""

    seconds: float
    ends_at: float
    error: str | None


_Result = TypeVar("_Result")


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
        self._backoffs: dict[str, _Backoff] = {}

    @property
    def failing(self) -> dict[str, str]:
        """The steps that failed when they were last tried, and the error of each."""
        return {
            step: backoff.error
            for step, backoff in self._backoffs.items()
            if backoff.error is not None
        }

    async def run(self, connection: AsyncConnection[Any]) -> None:
        """Leads on this session as soon as nobody else does, until cancelled.

        Raises psycopg's Error when the session is lost, when the database is another cluster's, and
        when another router leads. A step that fails for another reason is tried again.
        """
        connection.add_notice_handler(_log_warning)
        await self._standing_by(routing.acquire_leadership(connection))
        self._watch.leading(True)
        log.info("leading")
        try:
            await routing.check_cluster(connection)
            await routing.listen_for_events(connection)
            await self._lead(connection)
        finally:
            self._watch.leading(False)
            # What fails from here on is the next leader's to tell.
            self._backoffs.clear()

    async def _lead(self, connection: AsyncConnection[Any]) -> None:
        pause = SHORTEST_LOOK
        while True:
            self._beat()
            await self._keep_house(connection)
            outlook = await self._look(connection)
            if outlook is not None and not outlook.is_idle:
                await self._work(connection, outlook)
                pause = SHORTEST_LOOK
            elif (seconds := self._stays_awake()) > 0:
                await asyncio.sleep(seconds)
            elif await routing.acquire_sleep_lock(connection):
                await self._sleep(connection)
                pause = SHORTEST_LOOK
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 1.1, LONGEST_LOOK)

    async def _look(self, connection: AsyncConnection[Any]) -> Outlook | None:
        """What there is to do but for the steps that back off. None if that cannot be seen."""
        outlook = await self._try("pending_work", routing.pending_work, connection)
        if outlook is None:
            return None
        due_in = outlook.due_in
        if due_in is not None and (seconds := self._backoff_of("release_due")) > 0:
            due_in = max(due_in, timedelta(seconds=seconds))
        return Outlook(
            has_events=outlook.has_events and not self._backoff_of("route"),
            due_in=due_in,
            has_fanout=outlook.has_fanout and not self._backoff_of("fan_out"),
        )

    async def _work(self, connection: AsyncConnection[Any], outlook: Outlook) -> None:
        """One turn at the log, at what is due, and at a large audience."""
        if time.monotonic() >= self._next_statistics:
            await self._try("analyze_grown_tables", routing.analyze_grown_tables, connection)
            self._next_statistics = time.monotonic() + STATISTICS
        if outlook.has_events:
            if outlook.is_due or outlook.has_fanout:
                self._watch.routed(await self._route(connection))
            else:
                await self._follow(connection)
        if outlook.is_due:
            released = await self._try("release_due", routing.release_due, connection, self._page)
            if released == 0:
                # Somebody has it in hand: an open cancel(), say.
                self._back_off("release_due", SHORTEST_LOOK, LONGEST_HELD)
        if outlook.has_fanout:
            reached = await self._try("fan_out", routing.fan_out, connection, AUDIENCE_SHARE)
            if reached is not None:
                self._watch.fanned_out(reached)
            elif not self._backoff_of("fan_out"):
                self._back_off("fan_out", HELD_BACK, LONGEST_HELD_BACK)

    async def _route(self, connection: AsyncConnection[Any]) -> int:
        return await self._try("route", routing.route, connection, self._page) or 0

    async def _try(
        self, step: str, call: Callable[..., Awaitable[_Result]], *arguments: Any
    ) -> _Result | None:
        """What the call returns; None if it fails, or backs off after a failure.

        Raises what a new session, or another router, has to do with.
        """
        if self._backoff_of(step):
            return None
        try:
            result = await call(*arguments)
        except psycopg.Error as error:
            if connections.is_session_lost(error) or (error.sqlstate or "").startswith(_OURS):
                raise
            self._watch.step_failed(step)
            seconds = self._back_off(step, SHORTEST_BACKOFF, LONGEST_BACKOFF, error)
            log.warning(
                "a step of the router failed",
                step=step,
                code=error.sqlstate,
                error=str(error).strip(),
                retry_in_seconds=seconds,
            )
            return None
        if (former := self._backoffs.get(step)) is not None and (
            former.error is not None or result
        ):
            del self._backoffs[step]
            if former.error is not None:
                log.info("a step of the router works again", step=step)
        return result

    def _back_off(
        self, step: str, shortest: float, longest: float, error: psycopg.Error | None = None
    ) -> float:
        """Leaves a step alone for a while, longer each time until it succeeds; for how long."""
        former = self._backoffs.get(step)
        seconds = shortest if former is None else min(max(former.seconds * 2, shortest), longest)
        self._backoffs[step] = _Backoff(
            seconds, time.monotonic() + seconds, None if error is None else _in_words(error)
        )
        return seconds

    def _backoff_of(self, step: str) -> float:
        """Seconds for which the step is left alone; 0 if it may be taken."""
        backoff = self._backoffs.get(step)
        return 0.0 if backoff is None else max(0.0, backoff.ends_at - time.monotonic())

    def _stays_awake(self) -> float:
        """Seconds in which there is nothing to do, and going to sleep would not be worth it.

        While events cannot be routed, or nobody can look, producers need not ring.
        """
        seconds = max(self._backoff_of("route"), self._backoff_of("pending_work"))
        if seconds:
            return min(seconds, LONGEST_HELD_BACK)
        backoffs = (self._backoff_of(step) for step in ("release_due", "fan_out"))
        return next((backoff for backoff in backoffs if 0 < backoff <= HELD_BACK), 0.0)

    async def _follow(self, connection: AsyncConnection[Any]) -> None:
        """Routes page upon page: while a stream flows, a look at the log would only say so."""
        began = time.monotonic()
        until = began + LONGEST_STRETCH
        while routed := await self._route(connection):
            self._watch.routed(routed)
            ended = time.monotonic()
            if routed < self._page:
                await asyncio.sleep(min(REST * (ended - began), LONGEST_REST))
            began = time.monotonic()
            if began > until:
                return

    async def _sleep(self, connection: AsyncConnection[Any]) -> None:
        """Sleeps until a producer rings, something is due, or the safety poll."""
        self._watch.asleep(True)
        try:
            # From here on producers ring; whoever committed before is seen now.
            outlook = await self._look(connection)
            if outlook is None or not outlook.is_idle:
                return
            bounds = [self._safety_poll] if self._safety_poll else []
            bounds += filter(None, map(self._backoff_of, self._backoffs))
            if outlook.due_in is not None:
                bounds.append(outlook.due_in.total_seconds())
            async for _ in connection.notifies(timeout=min(bounds, default=None), stop_after=1):
                pass
            # Most likely it was an event: no need to look first. Producers ring until it is routed,
            # so that it does not wait for them to be told that they need not.
            self._watch.routed(await self._route(connection))
        finally:
            await routing.release_sleep_lock(connection)
            self._watch.asleep(False)

    async def _keep_house(self, connection: AsyncConnection[Any]) -> None:
        if time.monotonic() < self._next_housekeeping:
            return
        self._next_housekeeping = time.monotonic() + HOUSEKEEPING
        await self._try("rejected_since", self._count_rejections, connection)
        await self._try("tidy_up", routing.tidy_up, connection)
        forgotten = await self._try(
            "forget_early_receipts", routing.forget_early_receipts, connection
        )
        for provider, count in (forgotten or {}).items():
            self._watch.received(provider, "never_matched", count)
            log.warning(
                "receipts dropped: within an hour no message had their id",
                provider=provider,
                count=count,
            )
        swept = await self._try("sweep", routing.sweep, connection)
        if swept:
            log.warning("batches without a job got a new one", batches=swept)
        emptied = await self._try(
            "truncate_outbox", routing.truncate_outbox, connection, self._keep_days
        )
        if emptied:
            log.info("emptied leaves of the outbox", leaves=emptied)

    async def _count_rejections(self, connection: AsyncConnection[Any]) -> None:
        for seen in await routing.rejected_since(connection, self._rejections_seen):
            self._watch.rejected(seen.reason, seen.rejected)
            self._rejections_seen = max(self._rejections_seen, seen.last_at)
            log.warning("events were rejected", reason=seen.reason, count=seen.rejected)

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


def _in_words(error: psycopg.Error) -> str:
    """Its code and what the server says; what psycopg says of its own has no code."""
    said = error.diag.message_primary or str(error).strip()
    return said if error.sqlstate is None else f"{error.sqlstate}: {said}"


def _log_warning(notice: psycopg.errors.Diagnostic) -> None:
    if notice.severity_nonlocalized == "WARNING":
        log.warning("the database warns", warning=notice.message_primary)
