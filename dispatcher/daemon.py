"""The daemon of `postbell run`: it wires router, queues and health checks together."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import signal
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import psycopg
import structlog

from dispatcher import health
from dispatcher.channels.base import CrashPolicy
from dispatcher.db import batches, connections, monitoring, pgbouncer, texts
from dispatcher.db.batches import OutgoingChannel
from dispatcher.db.monitoring import Depth, MirrorFault
from dispatcher.delivery.ahead import AheadRenderer
from dispatcher.delivery.channels import OUTGOING, OWN
from dispatcher.delivery.claims import ClaimKeeper
from dispatcher.delivery.database_sender import DatabaseSender
from dispatcher.delivery.deployed_templates import DeployedTemplates
from dispatcher.delivery.provider_sender import ProviderSender
from dispatcher.delivery.provider_status import INTERVAL, ProviderStatusReporter
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.tenants import TenantCache
from dispatcher.delivery.worker import Sender, Worker
from dispatcher.deploy import contract
from dispatcher.health import Health
from dispatcher.inbound.links import Links
from dispatcher.metrics import Metrics
from dispatcher.providers.registry import ProviderRegistry
from dispatcher.queue import Queue
from dispatcher.rendering.catalog import Catalog
from dispatcher.router import Router
from dispatcher.settings import Settings

log = structlog.get_logger()

#: Batches of an outgoing channel that a process delivers at a time: they share its concurrency.
OUTGOING_BATCHES = 2

#: Pooled connections of the senders. Each is held for a single statement.
SENDER_SESSIONS = 4

#: Seconds before a part restarts after its session was lost; doubles from shortest to longest.
SHORTEST_RESTART_DELAY = 0.1
LONGEST_RESTART_DELAY = 5.0

#: Seconds between checks of the database and of the schema's contract.
HEALTH_CHECK_INTERVAL = 5.0

#: Seconds between checks of the mirrored users tables.
MIRROR_CHECK_INTERVAL = 30.0

#: Seconds without a heartbeat before /healthz reports a part as dead.
HEARTBEAT_TIMEOUT = 30.0


class Daemon:
    """Router and dispatcher of one process.

    `url` is a libpq connection string. `registry` has the providers; by default those that the
    settings name.
    """

    def __init__(
        self, url: str, settings: Settings, *, registry: ProviderRegistry | None = None
    ) -> None:
        self._url = url
        self._settings = settings
        self._registry = registry or ProviderRegistry.from_config(settings.provider_entries)
        if settings.signer is not None:
            self._registry.set_callback_url(Links(settings.public_url, settings.signer).callback)
        self._sessions = connections.pool(url, "sender", SENDER_SESSIONS)
        self._metrics = Metrics(self._depth)
        self._health = Health(providers=lambda: self._registry.statuses)
        self._stopping = asyncio.Event()
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._keeper = ClaimKeeper(self._lease)
        self._workers: dict[str, Worker] = {}
        self._queues: list[Queue] = []

    async def run(self) -> None:
        """Run until stop(); restarts of the database are waited for.

        Raises SchemaError when the schema has, or gets, another contract than this package. At the
        start raises PoolerError behind a pooler that does not pool by session, CatalogError if
        the templates cannot be used, ListenError if the port of /healthz is taken.
        """
        with psycopg.connect(self._url) as connection:
            contract.check_contract(connection)
            outgoing = batches.outgoing_channels(connection)
            versions = texts.event_versions(connection)
        pgbouncer.check_sessions(self._url)
        catalog = Catalog.load(self._settings.template_folders)

        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._sessions)
            await self._registry.open()
            stack.push_async_callback(self._registry.close)

            observers = [self._start_health_check(), *self._start_server()]
            queues = []
            renderer: AheadRenderer | None = None
            deployed: DeployedTemplates | None = None
            if self._settings.dispatcher_enabled:
                template_sets = TemplateSets(
                    catalog, offers_links=self._settings.signer is not None
                )
                # Before it leads: the router writes texts itself.
                deployed = template_sets.deployed
                deployed.compare(versions)
                self._health.show_texts(lambda: template_sets.faults)
                self._health.show_outdated_templates(lambda: template_sets.deployed.outdated)
                self._health.show_missing_templates(template_sets.missing)
                self._metrics.watch_templates(template_sets.missing)
                queues = self._start_queues(template_sets, outgoing)
                renderer = AheadRenderer(
                    self._sessions,
                    template_sets,
                    TenantCache(),
                    self._metrics,
                    {name: own.provider for name, own in OWN.items()},
                )
                observers += [
                    self._start_claim_keeper(),
                    self._start_status_reporter(),
                    self._start_template_refresh(template_sets),
                ]
            routers = []
            if self._settings.router_enabled:
                routers = [self._start_router(renderer, deployed)]
            log.info("running", events=len(catalog.events))

            try:
                await self._until_stopped([*observers, *queues, *routers])
            finally:
                # A standby takes over the routing at once; messages in flight are awaited.
                await _cancel(routers)
                queues += [
                    asyncio.create_task(worker.finish()) for worker in self._workers.values()
                ]
                await _finish(queues, self._settings.shutdown_seconds)
                await _cancel(observers)
        log.info("stopped")

    def stop(self) -> None:
        """Let run() return: messages in flight are finished, the rest goes back to the queue."""
        self._stopping.set()
        self._health.stop()
        for worker in self._workers.values():
            worker.stop()
        for queue in self._queues:
            queue.stop()

    def _start_queues(
        self, template_sets: TemplateSets, outgoing: Iterable[OutgoingChannel]
    ) -> list[asyncio.Task[None]]:
        queues = [
            self._start_queue(
                name,
                DatabaseSender(
                    self._sessions,
                    template_sets,
                    self._metrics,
                    own.make(),
                    own.write,
                    own.provider,
                ),
                own.batches,
            )
            for name, own in OWN.items()
        ]
        for row in outgoing:
            if not self._registry.for_channel(row.name):
                log.warning("no provider for channel: its deliveries stay queued", channel=row.name)
                continue
            channel = OUTGOING[row.name](self._settings)
            sender = ProviderSender(
                self._sessions,
                template_sets,
                self._metrics,
                channel,
                self._registry,
                in_flight=max(1, channel.concurrency // OUTGOING_BATCHES),
                crash_policy=CrashPolicy(row.crash_policy),
            )
            queues.append(self._start_queue(row.name, sender, OUTGOING_BATCHES))
        return queues

    def _start_queue(self, channel: str, sender: Sender, at_once: int) -> asyncio.Task[None]:
        worker = Worker(
            channel, sender, self._sessions, self._metrics, self._keeper, at_once=at_once
        )
        queue = Queue(channel, worker.deliver, jobs_at_once=at_once, lease=self._lease)
        self._workers[channel] = worker
        self._queues.append(queue)

        async def work() -> None:
            async with AsyncExitStack() as stack:
                await queue.run(
                    # A commit lost in a crash brings a finished job back; its batch is gone then.
                    await self._session(stack, f"{channel} queue", is_in_passing=True),
                    await self._session(stack, f"{channel} listener"),
                )

        return self._start(f"{channel} queue", work)

    def _start_router(
        self, renderer: AheadRenderer | None, deployed: DeployedTemplates | None
    ) -> asyncio.Task[None]:
        part = "router"
        longest_sleep = self._settings.safety_poll_seconds or math.inf
        self._health.expect(part, HEARTBEAT_TIMEOUT + longest_sleep)
        router = Router(
            self._metrics,
            lambda: self._health.beat(part),
            chunk=self._settings.route_batch,
            safety_poll=self._settings.safety_poll_seconds,
            keep_days=self._settings.keep_days,
            lease=self._lease,
            workers=self._workers,
            renderer=renderer,
            pool=self._sessions,
            offer_lead=deployed.offer_lead if deployed else None,
        )
        self._health.show_failing_steps(lambda: router.failing)

        async def work() -> None:
            async with AsyncExitStack() as stack:
                # Commits of the router need not wait for the disk: the commit of an outcome does,
                # and so does the one before a message that must not be sent twice.
                await router.run(await self._session(stack, "router", is_in_passing=True))

        return self._start(part, work)

    def _start_health_check(self) -> asyncio.Task[None]:
        """Check that the database answers, the contract is the same and mirrors are in step."""
        part = "database"
        self._health.expect(part, HEARTBEAT_TIMEOUT)

        async def work() -> None:
            async with AsyncExitStack() as stack:
                connection = await self._session(stack, "health check")
                next_mirror_check = 0.0
                while True:
                    contract.compare_contract(await monitoring.contract(connection))
                    self._health.beat(part)
                    if time.monotonic() >= next_mirror_check:
                        self._report_mirrors(await monitoring.check_mirrors(connection))
                        next_mirror_check = time.monotonic() + MIRROR_CHECK_INTERVAL
                    await asyncio.sleep(HEALTH_CHECK_INTERVAL)

        return self._start(part, work)

    def _report_mirrors(self, faults: list[MirrorFault]) -> None:
        broken = sum(fault.is_broken for fault in faults)
        self._metrics.mirrors_checked(broken, len(faults) - broken)
        sentences = [fault.sentence for fault in faults]
        for sentence in sentences:
            if sentence not in self._health.mirror_faults:
                log.warning("recipient mirror broken", reason=sentence)
        self._health.mirror_faults = sentences

    def _start_claim_keeper(self) -> asyncio.Task[None]:
        async def work() -> None:
            async with AsyncExitStack() as stack:
                await self._keeper.run(await self._session(stack, "claims", is_in_passing=True))

        return self._start("claims", work)

    def _start_status_reporter(self) -> asyncio.Task[None]:
        part = "provider status"
        self._health.expect(part, HEARTBEAT_TIMEOUT + INTERVAL)
        reporter = ProviderStatusReporter(self._registry, lambda: self._health.beat(part))
        self._registry.observe(self._metrics)
        self._registry.observe(reporter)

        async def work() -> None:
            async with AsyncExitStack() as stack:
                await reporter.run(await self._session(stack, part))

        return self._start(part, work)

    def _start_template_refresh(self, template_sets: TemplateSets) -> asyncio.Task[None]:
        part = "texts"
        self._health.expect(part, HEARTBEAT_TIMEOUT)

        async def work() -> None:
            async with AsyncExitStack() as stack:
                connection = await self._session(stack, part)
                await template_sets.watch_overrides(connection, lambda: self._health.beat(part))

        return self._start(part, work)

    def _start_server(self) -> list[asyncio.Task[None]]:
        settings = self._settings
        if not settings.http_port:
            return []
        pages = health.app(self._health, self._metrics)
        serving = health.serve(pages, settings.http_host, settings.http_port)
        return [asyncio.create_task(serving, name="health server")]

    async def _depth(self) -> list[Depth]:
        async with self._sessions.connection() as connection:
            return await monitoring.queue_depth(connection)

    def _start(self, part: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        return asyncio.create_task(self._keep_running(part, work), name=part)

    async def _session(
        self, stack: AsyncExitStack, name: str, *, is_in_passing: bool = False
    ) -> psycopg.AsyncConnection[Any]:
        opened = await connections.connect(self._url, name, is_in_passing=is_in_passing)
        return await stack.enter_async_context(opened)

    async def _keep_running(self, part: str, work: Callable[[], Awaitable[None]]) -> None:
        """Restart the work when its session is lost or the database is unavailable.

        Any other exception ends the daemon: it is a SchemaError if a deploy changed the contract,
        which drops functions that the work calls, and else a bug.
        """
        pause = SHORTEST_RESTART_DELAY
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            try:
                await work()
            except psycopg.Error as error:
                if not connections.is_unavailable(error):
                    self._check_contract()
                    raise
                connections.log_failure(part, error)
            if asyncio.get_running_loop().time() - began > LONGEST_RESTART_DELAY:
                pause = SHORTEST_RESTART_DELAY
            await self._pause(pause)
            pause = min(pause * 2, LONGEST_RESTART_DELAY)

    def _check_contract(self) -> None:
        with contextlib.suppress(psycopg.Error), psycopg.connect(self._url) as connection:
            contract.check_contract(connection)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _until_stopped(self, parts: list[asyncio.Task[None]]) -> None:
        stopping = asyncio.create_task(self._stopping.wait())
        done, _ = await asyncio.wait({stopping, *parts}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for part in done - {stopping}:
            if not self._stopping.is_set():
                self.stop()
                part.result()


async def run(url: str, settings: Settings) -> None:
    """Run the daemon until SIGTERM or SIGINT. Raises as Daemon.run() does."""
    # A batch leaves hardly any reference cycles, and collecting as often as Python does by default
    # takes a tenth of the time.
    gc.set_threshold(50_000, 20, 100)
    daemon = Daemon(url, settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, daemon.stop)
    await daemon.run()


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    doomed = list(tasks)
    for task in doomed:
        task.cancel()
    await asyncio.gather(*doomed, return_exceptions=True)


async def _finish(tasks: list[asyncio.Task[None]], seconds: float) -> None:
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=seconds)
    if late:
        log.warning(
            "shutdown timeout: deliveries in flight were cancelled",
            parts=[task.get_name() for task in late],
        )
        await _cancel(late)
