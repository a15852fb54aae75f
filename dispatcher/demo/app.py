"""Everything that the demo needs, started together and stopped together."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
from psycopg import AsyncConnection
from starlette.types import ASGIApp

from dispatcher import log
from dispatcher.db import connections, embedded
from dispatcher.demo import once as story
from dispatcher.demo.buttons import Buttons
from dispatcher.demo.catchers import Catchers, make_certificate, write_providers
from dispatcher.demo.history import History
from dispatcher.demo.page import Page
from dispatcher.demo.processes import ProcessEndedError, daemon, listen, serve, url_of
from dispatcher.demo.shop import LOGIN, People, install
from dispatcher.deploy import schema
from dispatcher.gateway import server as gateway_server
from dispatcher.gateway.app import application, authenticator
from dispatcher.gateway.stream.endpoint import StreamEndpoint
from dispatcher.rendering.catalog import Catalog
from dispatcher.settings import PREFIX, Settings

_INTERRUPTED: Final = 130


def run(once: bool) -> int:
    """As `dispatcher.demo.run`."""
    settings = Settings.load()
    catalog = Catalog.load(settings.template_folders)
    # For the story any port will do: nobody opens the page.
    port = 0 if once else urlsplit(settings.public_url).port or 8000
    try:
        with listen(port) as listening:
            # Whoever opens it now waits; whoever is not told of it takes us for hung.
            where = "" if once else f" The page will be at {url_of(listening)}."
            _say(f"Starting a PostgreSQL of its own; it takes some seconds.{where}")
            with embedded.server(keep=False) as postgres:
                schema.deploy(postgres.url, events=catalog.events.values())
                with psycopg.connect(postgres.url) as connection:
                    people = install(connection, url_of(listening))
                return asyncio.run(_run(settings, catalog, postgres, listening, people, once=once))
    except (KeyboardInterrupt, asyncio.CancelledError):
        _say("Stopped; the demo leaves nothing behind.")
        return _INTERRUPTED if once else 0
    except ProcessEndedError as error:
        _say(str(error))
        return 1


async def _run(
    visitors: Settings,
    catalog: Catalog,
    postgres: embedded.Server,
    listening: socket.socket,
    people: People,
    *,
    once: bool,
) -> int:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine runs in one
    # As asyncio itself does for Ctrl-C.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    page_url = url_of(listening)
    catchers = Catchers()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        owner, oracle = [
            await enter(await connections.connect(postgres.url, name))
            for name in ("demo", "oracle")
        ]
        shop = await enter(
            await connections.connect(postgres.url_of("postgres", LOGIN), "marketplace")
        )
        environment = await _environment(stack, visitors, catchers, postgres, page_url)
        values: dict[str, Any] = {
            name.removeprefix(PREFIX).lower(): value for name, value in environment.items()
        }
        settings = Settings(**values)
        for person in people.values():
            if person.phone:
                await catchers.subscribe(owner, person)
        log.configure(
            "warning",
            console=False,
            stream=stack.enter_context((postgres.folder / "gateway.log").open("a")),
        )
        gateway = await enter(_gateway(postgres.url, settings))
        process = await enter(daemon(environment, postgres.folder / "daemon.log"))

        history = History(owner, catchers)
        # Buttons work once the daemon routes.
        await _first_of(history, _await_leader(owner), process.watch())
        buttons = Buttons(shop, owner, oracle, people, history)

        async def play() -> None:
            await story.play(buttons)

        secret = environment["POSTBELL_TOKEN_SECRET"]
        page = Page(buttons, catchers, catalog, gateway=gateway, secret=secret, play=play)
        if once:
            _say("Everything runs. The story takes some seconds.")
            work = story.Check(
                buttons,
                catchers,
                owner,
                page_url,
                page.token_of,
                catches_mail=not visitors.names_a_mail_server,
            ).run(catalog.events)
        else:
            _say(
                f"Postbell demo: open {page_url} and press a button. Ctrl-C ends it.",
                f"For psql: export POSTBELL_DATABASE_URL='{postgres.url}'",
            )
            work = _forever()
        return await _first_of(history, work, process.watch(), serve(page.app, listening))


async def _environment(
    stack: AsyncExitStack,
    visitors: Settings,
    catchers: Catchers,
    postgres: embedded.Server,
    page_url: str,
) -> dict[str, str]:
    """What daemon and gateway are told, besides what the visitor's environment says."""
    certificate, key, authorities = make_certificate(postgres.folder)
    await stack.enter_async_context(catchers.push_service(certificate, key))
    mail_url = None
    if not visitors.names_a_mail_server:
        mail_url = await stack.enter_async_context(catchers.mail_server())
    providers = write_providers(
        postgres.folder,
        visitors,
        authorities,
        mail_url=mail_url,
        sms_url=catchers.sms_url(page_url),
    )
    return {
        "POSTBELL_DATABASE_URL": postgres.url,
        "POSTBELL_PROVIDERS": str(providers),
        "POSTBELL_PUBLIC_URL": page_url,
        "POSTBELL_TOKEN_SECRET": secrets.token_hex(32),
        "POSTBELL_HTTP_PORT": "0",
    }


@asynccontextmanager
async def _gateway(url: str, settings: Settings) -> AsyncIterator[ASGIApp]:
    """The gateway inside the block, in this process: its pages have our address."""
    async with connections.pool(url, "gateway", gateway_server.SESSIONS) as pool:
        doorkeeper = authenticator(pool, settings)
        stream = StreamEndpoint(url, pool, doorkeeper)
        stream.start()
        try:
            yield application(
                pool,
                settings,
                doorkeeper,
                streams={"/v1/stream": stream},
                vapid_key=gateway_server.vapid_key(settings),
            )
        finally:
            await stream.stop()


async def _await_leader(owner: AsyncConnection[Any]) -> None:
    """Returns when the daemon routes."""
    cursor = await owner.execute("select from postbell.leader() where process_id is not null")
    while not cursor.rowcount:
        await asyncio.sleep(0.05)
        await cursor.execute("select from postbell.leader() where process_id is not null")


async def _forever() -> int:
    await asyncio.Event().wait()
    return 0


async def _first_of(history: History, *works: Coroutine[Any, Any, Any]) -> int:
    """Runs all until the first ends, whose result it is; then the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return int(next(task for task in tasks if task in done).result() or 0)
    finally:
        await history.end()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)
