"""The router: one leader routes committed events of the outbox into batches of deliveries."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import psycopg
import structlog
from psycopg import AsyncConnection

from dispatcher.db import routing
from dispatcher.db.connections import Pool
from dispatcher.db.routing import Ages, Chunk, FanoutChunk, PendingWork, Routed
from dispatcher.housekeeping import Housekeeping, HousekeepingObserver
from dispatcher.steps import Steps

log = structlog.get_logger()

#: Seconds between polls while the router may not sleep, because a producer that sends no NOTIFY
#: has an open transaction; grows from shortest to longest.
SHORTEST_POLL = 0.001
LONGEST_POLL = 0.004

#: While events keep coming, the router pauses after a batch that was not full for this many times
#: as long as the batch took, but LONGEST_REST seconds at most. Fewer and fuller batches leave
#: producers more of the processor: a batch costs as much as some twenty events in it. A lone event
#: wakes a sleeping router and waits for no pause.
REST = 2.0
LONGEST_REST = 0.02

#: Seconds of routing batch after batch before anything else is looked at.
LONGEST_RUN = 0.05

#: Seconds between polls while a large audience waits for room in the queue; grows from shortest to
#: longest.
SHORTEST_FANOUT_PAUSE = 0.005
LONGEST_FANOUT_PAUSE = 0.1

#: The shortest sleep, in seconds, of a new leader that is to sweep soon.
SHORTEST_SWEEP_SLEEP = 0.1

#: The longest pause, in seconds, while due deliveries are locked by another transaction.
LONGEST_RELEASE_PAUSE = 1.0

#: Seconds between checks, while there is work, whether tables have outgrown their statistics.
STATISTICS = 0.25

#: Recipients of a large audience per chunk: other events wait no longer than one chunk takes.
FANOUT_CHUNK = 500


#: Of so few events the mails and other messages are rendered while the router decides, for the
#: sender of the same process.
FEW = 10

#: After so many times that a few events had nothing to be written here, they are not read ahead:
#: for mails alone it would be one statement more. The first that has reads ahead again.
VAIN_READS = 5


class RouterObserver(HousekeepingObserver, Protocol):
    """Observes the router (metrics)."""

    def routed(self, count: int) -> None: ...

    def fanned_out(self, count: int) -> None: ...

    def leading(self, is_leading: bool) -> None: ...

    def asleep(self, is_asleep: bool) -> None: ...


class LocalWorker(Protocol):
    """Delivers batches of a channel in this process."""

    @property
    def room(self) -> int: ...

    async def hand_over(
        self,
        batch_id: int,
        deliveries: Sequence[Mapping[str, Any]],
        session: AsyncConnection[Any] | None = None,
    ) -> None: ...


class Renderer(Protocol):
    """Renders what the router can write itself: messages to inboxes and open pages."""

    def can_render(self, channel: str) -> bool: ...

    async def render(self, messages: list[Any]) -> str | None: ...

    async def warm(self, messages: list[Any]) -> None: ...

    def written(self, ages: Ages, seconds: float) -> None: ...


class _Prepared(NamedTuple):
    """A chunk of events, and its rendered messages."""

    chunk: Chunk
    contents: str | None


class _PreparedFanout(NamedTuple):
    """A chunk of a large audience, and its rendered messages."""

    chunk: FanoutChunk
    contents: str | None


class Router:
    """Leads or stands by, on one session: leadership ends with the session.

    `chunk` is the most events taken at once. `safety_poll` is the longest sleep in seconds, in case
    a NOTIFY is lost; 0 means no limit. `keep_days` is how long routed events stay in the outbox.
    `lease` is how long a batch without a queue job may go without a sign of life before it gets
    one. `workers`, by channel, take a few deliveries without the queue. `renderer` renders ahead
    of the decision; without one, whatever is due is queued. `pool` has the sessions for reading the
    next chunk while one is routed. `offer_lead` says whether to let go of the lead, because another
    process is better suited. `beat` is called in each iteration.
    """

    def __init__(
        self,
        observer: RouterObserver,
        beat: Callable[[], None],
        *,
        chunk: int = 500,
        safety_poll: float = 5.0,
        keep_days: int = 5,
        lease: timedelta = timedelta(seconds=10),
        workers: Mapping[str, LocalWorker] = MappingProxyType({}),
        renderer: Renderer | None = None,
        pool: Pool | None = None,
        offer_lead: Callable[[], bool] | None = None,
    ) -> None:
        self._observer = observer
        self._beat = beat
        self._chunk = chunk
        self._safety_poll = safety_poll
        self._workers = workers
        self._renderer = renderer
        self._pool = pool
        self._offer_lead = offer_lead
        #: Read and rendered while the chunk before it was routed.
        self._prepared: _Prepared | None = None
        #: The same of a large audience.
        self._prepared_fanout: _PreparedFanout | None = None
        self._warming: asyncio.Task[None] | None = None
        self._vain_reads = 0
        self._next_statistics = 0.0
        self._steps = Steps(observer)
        self._housekeeping = Housekeeping(
            observer, self._steps, keep_days=keep_days, lease=lease, pool=pool
        )

    @property
    def failing(self) -> dict[str, str]:
        """By step: the error of its last attempt, if that failed."""
        return self._steps.failing

    async def run(self, connection: AsyncConnection[Any]) -> None:
        """Wait for leadership on this session, then route until cancelled.

        Returns when another process is better suited to lead: whoever stands by takes the lead when
        this session is closed.

        Raises psycopg.Error when the session is lost, the database is from another cluster or
        another router has taken the lead. A step that fails for another reason is tried again.
        """
        connection.add_notice_handler(_log_warning)
        await self._stand_by(routing.acquire_leadership(connection))
        self._observer.leading(True)
        log.info("router leads")
        self._prepared = None
        self._prepared_fanout = None
        self._housekeeping.begin()
        try:
            await routing.check_cluster(connection)
            await routing.listen_for_events(connection)
            await self._lead(connection)
            log.info("router lets go of the lead: another process has the deployed templates")
        finally:
            await self._housekeeping.end()
            self._observer.leading(False)
            # From here on the next leader reports failing steps.
            self._steps.resume_all()

    async def _lead(self, connection: AsyncConnection[Any]) -> None:
        pause = SHORTEST_POLL
        while self._offer_lead is None or not self._offer_lead():
            self._beat()
            await self._housekeeping.sweep(connection)
            if self._housekeeping.is_due:
                await self._housekeeping.run(connection)
                self._prepared = None
            pending = await self._pending_work(connection)
            if pending is not None and not pending.is_idle:
                await self._work(connection, pending)
                pause = SHORTEST_POLL
            elif (seconds := self._awake_seconds()) > 0:
                await asyncio.sleep(seconds)
            elif await routing.acquire_sleep_lock(connection):
                await self._sleep(connection)
                pause = SHORTEST_POLL
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 1.1, LONGEST_POLL)

    async def _pending_work(self, connection: AsyncConnection[Any]) -> PendingWork | None:
        """The pending work of steps that are not paused; None if it cannot be read."""
        pending = await self._steps.call("pending_work", routing.pending_work, connection)
        if pending is None:
            return None
        due_in = pending.due_in
        if due_in is not None and (seconds := self._steps.paused_for("release_due")) > 0:
            due_in = max(due_in, timedelta(seconds=seconds))
        return PendingWork(
            has_events=pending.has_events and not self._steps.paused_for("route"),
            due_in=due_in,
            has_fanout=pending.has_fanout and not self._steps.paused_for("fan_out"),
            has_cancellations=(
                pending.has_cancellations and not self._steps.paused_for("take_back_items")
            ),
        )

    async def _work(self, connection: AsyncConnection[Any], pending: PendingWork) -> None:
        """Route new events, release due deliveries and take one chunk of a large audience."""
        if time.monotonic() >= self._next_statistics:
            await self._steps.call("analyze_grown_tables", routing.analyze_grown_tables, connection)
            self._next_statistics = time.monotonic() + STATISTICS
        if pending.has_cancellations:
            await self._take_back(connection)
        if pending.has_events:
            if pending.is_due or pending.has_fanout:
                self._observer.routed(await self._route(connection))
            else:
                await self._route_all(connection)
        if pending.is_due:
            await self._release(connection)
        if pending.has_fanout:
            await self._fan_out(connection)

    async def _take_back(self, connection: AsyncConnection[Any]) -> None:
        is_done = await self._steps.call("take_back_items", routing.take_back_items, connection)
        if is_done:
            self._steps.resume("take_back_items")
        elif is_done is False:
            # Somebody is marking an item as read, or a dispatcher is writing it.
            self._steps.pause("take_back_items", SHORTEST_POLL, LONGEST_RELEASE_PAUSE)

    async def _release(self, connection: AsyncConnection[Any]) -> None:
        contents = None
        if self._renderer is not None:
            messages = await self._steps.call(
                "read_ahead", routing.read_due, connection, self._chunk
            )
            contents = await self._renderer.render(messages) if messages else None
        began = time.monotonic()
        result = await self._steps.call_with(
            contents, "release_due", routing.release_due, connection, self._chunk
        )
        if result is None:
            return
        self._count(result.ages, began)
        if result.released:
            self._steps.resume("release_due")
        else:
            # Another transaction has locked it, such as an open cancel().
            self._steps.pause("release_due", SHORTEST_POLL, LONGEST_RELEASE_PAUSE)

    async def _fan_out(self, connection: AsyncConnection[Any]) -> None:
        """Write a chunk of a large audience, and read the next one meanwhile."""
        prepared, self._prepared_fanout = self._prepared_fanout, None
        if prepared is None:
            prepared = await self._prepare_fanout(connection)
        reading: asyncio.Task[_PreparedFanout | None] | None = None
        if self._pool is not None and prepared is not None and prepared.chunk.last_recipient:
            reading = asyncio.create_task(self._prepare_next_fanout(self._pool, prepared.chunk))
        contents = None if prepared is None else prepared.contents
        began = time.monotonic()
        try:
            result = await self._steps.call_with(
                contents, "fan_out", routing.fan_out, connection, FANOUT_CHUNK
            )
            if reading is not None and result is not None and result.reached:
                self._prepared_fanout = await reading
        finally:
            if reading is not None and not reading.done():
                reading.cancel()
                await asyncio.wait({reading})
        if result is None:
            return
        self._count(result.ages, began)
        if result.reached is not None:
            self._steps.resume("fan_out")
            self._observer.fanned_out(result.reached)
        elif not self._steps.paused_for("fan_out"):
            self._steps.pause("fan_out", SHORTEST_FANOUT_PAUSE, LONGEST_FANOUT_PAUSE)

    async def _prepare_fanout(
        self, connection: AsyncConnection[Any], after: FanoutChunk | None = None
    ) -> _PreparedFanout | None:
        """Read and render a chunk. None if that is not possible: then all of it is queued."""
        if self._renderer is None:
            return None
        position = () if after is None else (after.notification_id, after.last_recipient)
        chunk = await self._steps.call(
            "read_ahead", routing.read_fanout, connection, FANOUT_CHUNK, *position
        )
        if chunk is None or chunk.notification_id is None:
            return None
        contents = await self._renderer.render(chunk.messages) if chunk.messages else None
        return _PreparedFanout(chunk, contents)

    async def _prepare_next_fanout(self, pool: Pool, chunk: FanoutChunk) -> _PreparedFanout | None:
        """Read and render what follows a chunk that is being written.

        Texts of people who are decided about in another order are not used.
        """
        try:
            async with pool.connection() as connection:
                return await self._prepare_fanout(connection, chunk)
        except psycopg.Error as error:
            log.warning("next members not read", error=str(error).strip())
            return None

    async def _route(self, connection: AsyncConnection[Any], *, is_awoken: bool = False) -> int:
        """Route one chunk; the number of its events. Reads the next one meanwhile, if any.

        `is_awoken` says that the router slept: what has come is most likely a lone event.
        """
        prepared, self._prepared = self._prepared, None
        if prepared is None and self._vain_reads < VAIN_READS:
            prepared = await self._prepare(connection)
        step = contents = None
        reading: asyncio.Task[_Prepared | None] | None = None
        if prepared is not None:
            step, contents = prepared.chunk.step, prepared.contents
            if step is None:
                return 0
            if prepared.chunk.events == self._chunk and self._pool is not None:
                reading = asyncio.create_task(self._prepare_next(prepared.chunk))
        if reading is None:
            self._start_warming(prepared, is_awoken=is_awoken)
        began = time.monotonic()
        try:
            routed = await self._steps.call_with(
                contents, "route", routing.route, connection, self._chunk, self._room(), step
            )
            if reading is not None and routed is not None and routed.routed == self._chunk:
                self._prepared = await reading
        finally:
            if reading is not None and not reading.done():
                reading.cancel()
                await asyncio.wait({reading})
        if routed is None:
            return 0
        self._count(routed.ages, began)
        self._note_reading(routed, is_rendered=contents is not None)
        claimed = routed.claimed or ()
        for batch in claimed:
            # A lone one is started on this session, which is awake; several on the pool's.
            session = connection if len(claimed) == 1 else None
            worker = self._workers[batch["channel"]]
            await worker.hand_over(batch["batch_id"], batch["deliveries"], session)
        return routed.routed

    def _start_warming(self, prepared: _Prepared | None, *, is_awoken: bool) -> None:
        """Render the mails and other messages of a few events, while the database routes them."""
        if self._renderer is None or not self._workers:
            return
        if prepared is None:
            if is_awoken and self._pool is not None:
                self._warming = asyncio.create_task(self._warm_next(self._renderer, self._pool))
        elif prepared.chunk.events <= FEW:
            messages = prepared.chunk.messages or []
            self._warming = asyncio.create_task(self._renderer.warm(messages))

    async def _warm_next(self, renderer: Renderer, pool: Pool) -> None:
        """The same of what has not been read, by another session."""
        try:
            async with pool.connection() as connection:
                chunk = await routing.read_chunk(connection, FEW + 1, None, FEW)
        except psycopg.Error as error:
            log.warning("events not read ahead", error=str(error).strip())
            return
        if chunk.messages and chunk.events <= FEW:
            await renderer.warm(chunk.messages)

    def _note_reading(self, routed: Routed, *, is_rendered: bool) -> None:
        """Note whether reading ahead was of use, or would have been."""
        channels = {batch["channel"] for batch in routed.claimed or ()}
        own = any(
            self._renderer is not None and self._renderer.can_render(channel)
            for channel in channels
        )
        if is_rendered or own or routed.routed > FEW:
            self._vain_reads = 0
        elif routed.routed:
            # Where nothing was handed over, there may be items in the queue.
            self._vain_reads = self._vain_reads + 1 if channels else 0

    async def _prepare(self, connection: AsyncConnection[Any]) -> _Prepared | None:
        """Read and render a chunk. None if that is not possible: then all of it is queued."""
        chunk = await self._read(connection)
        return None if chunk is None else await self._rendered_chunk(chunk)

    async def _read(
        self, connection: AsyncConnection[Any], after_step: str | None = None
    ) -> Chunk | None:
        if self._renderer is None or self._steps.is_troubled("route"):
            return None
        return await self._steps.call(
            "read_chunk", routing.read_chunk, connection, self._chunk, after_step, FEW
        )

    async def _rendered_chunk(self, chunk: Chunk) -> _Prepared:
        messages = chunk.messages or []
        return _Prepared(chunk, await self._renderer.render(messages) if self._renderer else None)

    async def _prepare_next(self, chunk: Chunk) -> _Prepared | None:
        """Read and render the chunk after one that is being routed."""
        assert self._pool is not None  # noqa: S101 - for the type checker
        try:
            async with self._pool.connection() as connection:
                read = await self._read(connection, chunk.next_step)
        except psycopg.Error as error:
            log.warning("next events not read", error=str(error).strip())
            return None
        prepared = None if read is None else await self._rendered_chunk(read)
        # Without a step there may be new events by now.
        return prepared if prepared is not None and prepared.chunk.step is not None else None

    def _count(self, ages: Ages | None, began: float) -> None:
        if ages is not None and self._renderer is not None:
            self._renderer.written(ages, time.monotonic() - began)

    def _room(self) -> str | None:
        """Batches of each channel that this process could deliver at once, as JSON."""
        room = {channel: worker.room for channel, worker in self._workers.items()}
        return json.dumps(room) if any(room.values()) else None

    def _awake_seconds(self) -> float:
        """Seconds to wait without going to sleep; 0 if the router may sleep.

        While events cannot be routed, a NOTIFY of a producer would be of no use.
        """
        seconds = max(self._steps.paused_for("route"), self._steps.paused_for("pending_work"))
        if seconds:
            return min(seconds, LONGEST_FANOUT_PAUSE)
        backoffs = (self._steps.paused_for(step) for step in ("release_due", "fan_out"))
        return next((backoff for backoff in backoffs if 0 < backoff <= SHORTEST_FANOUT_PAUSE), 0.0)

    async def _route_all(self, connection: AsyncConnection[Any]) -> None:
        """Route batch after batch without asking for pending work, until there is none."""
        began = time.monotonic()
        until = began + LONGEST_RUN
        while routed := await self._route(connection):
            self._observer.routed(routed)
            ended = time.monotonic()
            if routed < self._chunk:
                await asyncio.sleep(min(REST * (ended - began), LONGEST_REST))
            began = time.monotonic()
            if began > until:
                return

    async def _sleep(self, connection: AsyncConnection[Any]) -> None:
        """Sleep until a producer's NOTIFY, the next due time or the safety poll."""
        self._observer.asleep(True)
        try:
            # From here on producers send NOTIFY; events committed before are seen now.
            pending = await self._pending_work(connection)
            if pending is None or not pending.is_idle:
                return
            bounds = [self._safety_poll] if self._safety_poll else []
            if (seconds := self._housekeeping.sweep_in) is not None:
                bounds.append(max(seconds, SHORTEST_SWEEP_SLEEP))
            bounds += [max(seconds, SHORTEST_POLL) for seconds in self._steps.pauses]
            if pending.due_in is not None:
                bounds.append(pending.due_in.total_seconds())
            async for _ in connection.notifies(timeout=min(bounds, default=None), stop_after=1):
                pass
            # Most likely an event came: route before asking for pending work, and before the sleep
            # lock is released, which the event need not wait for.
            self._observer.routed(await self._route(connection, is_awoken=True))
        finally:
            await routing.release_sleep_lock(connection)
            self._observer.asleep(False)

    async def _stand_by(self, leadership: Awaitable[None]) -> None:
        """Wait for leadership, for any time, with a heartbeat every second."""
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


def _log_warning(notice: psycopg.errors.Diagnostic) -> None:
    if notice.severity_nonlocalized == "WARNING":
        log.warning("database warning", warning=notice.message_primary)
