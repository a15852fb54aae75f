"""Everything that the demo needs, started together and stopped together."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
from starlette.types import ASGIApp

from dispatcher import log
from dispatcher.daemon import Daemon
from dispatcher.db import connections, embedded
from dispatcher.demo.buttons import Buttons
from dispatcher.demo.catchers import Catcher
from dispatcher.demo.history import History
from dispatcher.demo.once import Check
from dispatcher.demo.page import Page
from dispatcher.demo.shop import LOGIN, People, install
from dispatcher.deploy import schema
from dispatcher.gateway.app import application, authenticator
from dispatcher.gateway.server import SESSIONS, server_of
from dispatcher.gateway.stream.endpoint import StreamEndpoint
from dispatcher.rendering.catalog import Catalog
from dispatcher.settings import Settings

_INTERRUPTED: Final = 130
_LEADS: Final = "select from postbell.leader() where process_id is not null"


def run(once: bool) -> int:
    """Runs the demo until interrupted, or its story once. Returns the exit code.

    With `once` it is 0 only if everything arrived that should, and nothing else. Raises
    SettingsError and EmbeddedError, both of which say what to do.
    """
    visitors = Settings.load()
    # For the story any port will do: nobody opens the page.
    port = 0 if once else urlsplit(visitors.public_url).port or 8000
    try:
        with listen(port) as listening:
            # Whoever opens it now waits; whoever is not told of it takes us for hung.
            where = "" if once else f" The page will be at {url_of(listening)}."
            _say(f"Starting a PostgreSQL of its own; it takes some seconds.{where}")
            with embedded.server(keep=False) as postgres:
                catalog = Catalog.load(visitors.template_folders)
                schema.deploy(postgres.url, events=catalog.events.values())
                with psycopg.connect(postgres.url) as connection:
                    people = install(connection, url_of(listening))
                return asyncio.run(_run(visitors, catalog, postgres, listening, people, once=once))
    except (KeyboardInterrupt, asyncio.CancelledError):
        _say("Stopped; the demo leaves nothing behind.")
        return _INTERRUPTED if once else 0


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
    page_url, catcher = url_of(listening), Catcher()
    # A mail server that the visitor names gets the mails.
    has_mail_server = "smtp_url" in visitors.model_fields_set
    caught = ["sms", "push"] if has_mail_server else ["email", "sms", "push"]
    settings = _settings(postgres, page_url, catcher.providers(page_url, caught))
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        owner = await enter(await connections.connect(postgres.url, "demo"))
        shop = await enter(await connections.connect(postgres.url_of("postgres", LOGIN), LOGIN))
        logged = stack.enter_context((postgres.folder / "postbell.log").open("a"))
        log.configure("warning", console=False, stream=logged)
        gateway = await enter(_gateway(postgres.url, settings))
        history = History(owner, catcher)
        buttons = Buttons(shop, people, history)
        page = Page(buttons, catcher, catalog, gateway=gateway, secret=settings.token_secrets[0])

        async def work() -> int:
            # Buttons work once the daemon routes.
            while not (await owner.execute(_LEADS)).rowcount:  # noqa: ASYNC110 - no event says it
                await asyncio.sleep(0.05)
            if once:
                _say("Everything runs. The story takes some seconds.")
                return await Check(buttons, catcher, owner, page, page_url, caught).run()
            _say(
                f"Postbell demo: open {page_url} and press a button. Ctrl-C ends it.",
                f"For psql: export POSTBELL_DATABASE_URL='{postgres.url}'",
            )
            return await asyncio.Event().wait()

        daemon = Daemon(postgres.url, settings)
        routing = asyncio.create_task(daemon.run())
        serving = asyncio.create_task(server_of(page.app, 1).serve(sockets=[listening]))
        working = asyncio.create_task(work())
        tasks = {working, routing, serving}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return int(done.pop().result() or 0)
        finally:
            working.cancel()
            await history.end()
            # What is in flight goes to the page, which therefore ends last.
            daemon.stop()
            await asyncio.gather(working, routing, return_exceptions=True)
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


def _settings(postgres: embedded.Server, page_url: str, providers: str) -> Settings:
    """What daemon and gateway are told, besides what the visitor's environment says."""
    file = postgres.folder / "providers.toml"
    file.touch(0o600)
    file.write_text(providers)
    values: dict[str, Any] = {
        "database_url": postgres.url,
        "providers": file,
        "public_url": page_url,
        "token_secret": secrets.token_hex(32),
        "http_port": 0,
    }
    return Settings(**values)


@asynccontextmanager
async def _gateway(url: str, settings: Settings) -> AsyncIterator[ASGIApp]:
    """The gateway inside the block, in this process: its pages have our address."""
    async with connections.pool(url, "gateway", SESSIONS) as pool:
        doorkeeper = authenticator(pool, settings)
        stream = StreamEndpoint(url, pool, doorkeeper)
        stream.start()
        try:
            yield application(pool, settings, doorkeeper, streams={"/v1/stream": stream})
        finally:
            await stream.stop()


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1: on this port, or on a free one if it is taken or 0."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=64)
    except OSError:
        return socket.create_server(("127.0.0.1", 0), backlog=64)


def url_of(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)
