"""Everything that the demo needs, started together and stopped together."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
from psycopg import AsyncConnection
from rich.console import Console
from rich.live import Live
from rich.text import Text

from dispatcher.db import connections, embedded
from dispatcher.demo import cast, providers_file
from dispatcher.demo.catchers import Catchers
from dispatcher.demo.certificate import Certificate
from dispatcher.demo.chronicle import Chronicle
from dispatcher.demo.deeds.presser import Presser
from dispatcher.demo.mail_catcher import MailCatcher
from dispatcher.demo.market.ledger import Diary
from dispatcher.demo.market.marketplace import LOGIN, Marketplace, open_market
from dispatcher.demo.page import server as web
from dispatcher.demo.page.app import application
from dispatcher.demo.page.caught import CaughtPages
from dispatcher.demo.page.counter import CounterPages
from dispatcher.demo.page.day import Day
from dispatcher.demo.page.gateway import gateway_door
from dispatcher.demo.page.reader import Reader
from dispatcher.demo.performance import Performance
from dispatcher.demo.postbell_process import PostbellProcess, ProcessEndedError, free_port, postbell
from dispatcher.demo.premiere import LOOK, PAUSE, tell_once
from dispatcher.demo.screen import Board, Lines, Screen
from dispatcher.demo.story import tell
from dispatcher.deploy import schema
from dispatcher.rendering.catalog import Catalog
from dispatcher.settings import Settings

_INTERRUPTED: Final = 130


def run(once: bool) -> int:
    """As `dispatcher.demo.run`."""
    settings = Settings.load()
    console = Console(highlight=False)
    catalog = Catalog.load(settings.template_folders)
    try:
        with web.listen(_port(settings, once)) as listening:
            # Whoever opens it now waits; whoever is not told of it takes us for hung.
            where = "" if once else f" The page will be at {web.url_of(listening)}."
            console.print(
                f"Starting a PostgreSQL of its own; it takes some seconds.{where}",
                style="bright_black",
                soft_wrap=True,
            )
            with embedded.server(keep=False) as postgres:
                schema.deploy(postgres.url, events=catalog.events.values())
                with psycopg.connect(postgres.url) as connection:
                    cast.introduce_houses(connection, web.url_of(listening))
                    open_market(connection)
                    cast.state_choices(connection)
                return asyncio.run(
                    _play(settings, catalog, postgres, listening, console, once=once)
                )
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("Stopped; the demo leaves nothing behind.", style="bright_black")
        return _INTERRUPTED if once else 0
    except ProcessEndedError as error:
        console.print(Text(str(error), "red"), soft_wrap=True)
        return 1


async def _play(
    settings: Settings,
    catalog: Catalog,
    postgres: embedded.Server,
    listening: socket.socket,
    console: Console,
    *,
    once: bool,
) -> int:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine runs in one
    # As asyncio itself does for Ctrl-C.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    page_url = web.url_of(listening)
    catchers = Catchers(None if settings.names_a_mail_server else MailCatcher())
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        sessions, oracle = [
            await enter(await connections.connect(postgres.url, name))
            for name in ("demo", "oracle")
        ]
        seller, counter = [
            await enter(await _log_in(postgres, name)) for name in ("marketplace", "counter")
        ]
        environment = await _environment(stack, settings, catchers, postgres, page_url)
        for person in cast.PEOPLE:
            if person.phone:
                await catchers.pushes.give_phone(sessions, person)
        readers = await enter(connections.pool(postgres.url, "page", 4))
        daemon, gateway = await _processes(stack, environment, postgres.folder)
        door = await enter(gateway_door(gateway.url, environment["POSTBELL_TOKEN_SECRET"]))

        diary = Diary()
        performance = Performance(
            market=Marketplace(seller, sessions, diary),
            chronicle=Chronicle(sessions, catchers),
            sessions=sessions,
            catchers=catchers,
            page_url=page_url,
            database_url=postgres.url,
            console=console,
        )
        presser = Presser(Marketplace(counter, sessions, diary), oracle)
        day = Day(performance.market)
        app = application(
            Reader(readers),
            performance.accounts,
            [
                *CaughtPages(catchers).routes,
                *CounterPages(presser, catalog.events).routes,
                *day.routes,
                *door.routes,
            ],
        )
        return await _first_of(
            _begin((daemon, gateway), tell_once(performance) if once else _go_on(performance, day)),
            daemon.watch(),
            gateway.watch(),
            web.serve(app, listening),
        )


async def _log_in(postgres: embedded.Server, name: str) -> AsyncConnection[Any]:
    return await connections.connect(postgres.url_of("postgres", LOGIN), name)


async def _environment(
    stack: AsyncExitStack,
    settings: Settings,
    catchers: Catchers,
    postgres: embedded.Server,
    page_url: str,
) -> dict[str, str]:
    """What daemon and gateway are told, besides what the visitor's environment says."""
    certificate = Certificate.create(postgres.folder)
    await stack.enter_async_context(catchers.pushes.listen(certificate))
    mails = await stack.enter_async_context(catchers.mails.listen()) if catchers.mails else None
    providers = providers_file.write(
        postgres.folder,
        settings,
        certificate,
        mails=mails,
        texts=catchers.texts.provider_url(page_url),
    )
    return {
        "POSTBELL_DATABASE_URL": postgres.url,
        "POSTBELL_PROVIDERS": str(providers),
        "POSTBELL_PUBLIC_URL": page_url,
        "POSTBELL_TOKEN_SECRET": secrets.token_hex(32),
    }


async def _processes(
    stack: AsyncExitStack, environment: Mapping[str, str], folder: Path
) -> tuple[PostbellProcess, PostbellProcess]:
    """Daemon and gateway."""
    started = []
    for command, host, port in (
        ("run", "POSTBELL_HTTP_HOST", "POSTBELL_HTTP_PORT"),
        ("serve", "POSTBELL_GATEWAY_HOST", "POSTBELL_GATEWAY_PORT"),
    ):
        chosen = free_port()
        told = {**environment, host: "127.0.0.1", port: str(chosen)}
        process = postbell(command, told, folder / f"{command}.log", chosen)
        started.append(await stack.enter_async_context(process))
    daemon, gateway = started
    return daemon, gateway


async def _begin(processes: tuple[PostbellProcess, ...], what: Coroutine[Any, Any, int]) -> int:
    try:
        for process in processes:
            await process.ready()
        return await what
    finally:
        # If it was never awaited, that is no mistake.
        what.close()


async def _go_on(stage: Performance, day: Day) -> int:
    """The story, and then whatever is done on the page, until interrupted."""
    address = Text.assemble(
        ("Postbell demo", "bold"),
        ("   page ", "bright_black"),
        (stage.page_url, "bold underline"),
        ("   Ctrl-C ends it\n", "bright_black"),
        ("export POSTBELL_DATABASE_URL=", "bright_black"),
        f"'{stage.database_url}'",
    )
    stage.console.print(address, soft_wrap=True)
    if not stage.console.is_terminal or stage.console.is_dumb_terminal:
        return await _first_of(
            _business(stage.market, day), _keep_showing(stage, Lines(stage.console))
        )
    # A screen of its own can be drawn anew when the terminal's size changes.
    live = Live(console=stage.console, auto_refresh=False, screen=True)
    board = Board(stage.console, live, address)
    try:
        with live:
            return await _first_of(_business(stage.market, day), _keep_showing(stage, board))
    finally:
        # That screen is gone with all that was on it.
        stage.console.print(board.sums(), soft_wrap=True)


async def _business(at: Marketplace, day: Day) -> int:
    async for _ in tell(at):
        await asyncio.sleep(PAUSE)
    await day.run()
    return 0


async def _keep_showing(stage: Performance, screen: Screen) -> int:
    while True:
        screen.show(await stage.accounts(), await stage.tally())
        await asyncio.sleep(LOOK)


async def _first_of(*works: Coroutine[Any, Any, Any]) -> int:
    """Runs all until the first ends, whose result it is; then the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return int(next(task for task in tasks if task in done).result() or 0)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _port(settings: Settings, once: bool) -> int:
    """The page's: that of POSTBELL_PUBLIC_URL; any for the story, which nobody watches there."""
    return 0 if once else urlsplit(settings.public_url).port or 8000
