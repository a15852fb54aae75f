"""Everything that the demo needs, started together and stopped together."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
from rich.console import Console
from rich.live import Live
from rich.text import Text

from dispatcher import database, embedded, schema
from dispatcher.demo import cast, verdict
from dispatcher.demo.chronicle import Account, Chronicle
from dispatcher.demo.daemon_process import OWN_PAGES, DaemonError, DaemonProcess, daemon
from dispatcher.demo.mail_catcher import MailCatcher
from dispatcher.demo.market.ledger import Diary
from dispatcher.demo.market.marketplace import LOGIN, Marketplace, open_market
from dispatcher.demo.page import server as web
from dispatcher.demo.page.app import application
from dispatcher.demo.page.reader import Reader
from dispatcher.demo.screen import RECENT, Board, Lines, Screen, sums
from dispatcher.demo.story import Scene, tell
from dispatcher.demo.traffic import flow
from dispatcher.rendering.catalog import Catalog
from dispatcher.settings import Settings

#: Seconds without anything new after which what has not arrived is missing.
PATIENCE: Final = 8.0
#: Seconds between looks at the database.
LOOK: Final = 0.2
GLANCE: Final = 0.02
#: Seconds between scenes, for whoever watches.
PAUSE: Final = 0.8

_INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class _Stage:
    """What is running while the demo plays."""

    market: Marketplace
    chronicle: Chronicle
    sessions: psycopg.AsyncConnection[Any]
    mails: MailCatcher | None
    page_url: str
    database_url: str
    console: Console

    async def accounts(self) -> list[Account]:
        return await self.chronicle.accounts(self.market.diary.latest(RECENT))

    async def tally(self) -> Counter[str]:
        return self.market.diary.counts + await self.chronicle.tally()


def run(once: bool) -> int:
    """As `dispatcher.demo.run`."""
    settings = Settings.load()
    console = Console(highlight=False)
    events = Catalog.load(settings.template_folders).events.values()
    try:
        console.print("Starting a PostgreSQL of its own …", style="bright_black")
        with (
            embedded.server(keep=False) as postgres,
            web.listen(_port(settings, once)) as listening,
        ):
            schema.deploy(postgres.url, events=events)
            with psycopg.connect(postgres.url) as connection:
                cast.introduce(connection, web.url_of(listening))
                open_market(connection)
            return asyncio.run(_play(settings, postgres, listening, console, once=once))
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("Stopped.", style="bright_black")
        return _INTERRUPTED if once else 0
    except DaemonError as error:
        console.print(Text(str(error), "red"), soft_wrap=True)
        return 1


async def _play(
    settings: Settings,
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
    async with AsyncExitStack() as stack:
        mails = None if settings.names_a_mail_server else MailCatcher()
        for_daemon = {"POSTBELL_DATABASE_URL": postgres.url}
        if mails is not None:
            for_daemon["POSTBELL_SMTP_URL"] = await stack.enter_async_context(mails.listen())

        sessions = await stack.enter_async_context(await database.connect(postgres.url, "demo"))
        seller = await stack.enter_async_context(
            await database.connect(postgres.url_of("postgres", LOGIN), "marketplace")
        )
        readers = database.pool(postgres.url, "page", 4)
        await stack.enter_async_context(readers)
        process = await stack.enter_async_context(
            daemon(for_daemon, postgres.folder / "daemon.log")
        )

        stage = _Stage(
            market=Marketplace(seller, sessions, Diary()),
            chronicle=Chronicle(sessions, mails),
            sessions=sessions,
            mails=mails,
            page_url=web.url_of(listening),
            database_url=postgres.url,
            console=console,
        )
        app = application(Reader(readers), mails, stage.accounts)
        return await _first_of(
            _begin(process, _tell_once(stage) if once else _go_on(stage)),
            process.watch(),
            web.serve(app, listening),
        )


async def _begin(process: DaemonProcess, what: Coroutine[Any, Any, int]) -> int:
    try:
        await process.ready()
        return await what
    finally:
        # If it was never awaited, that is no mistake.
        what.close()


async def _tell_once(stage: _Stage) -> int:
    """The story, once; 0 if it came true."""
    scenes = []
    async for scene in tell(stage.market):
        scenes.append(scene)
        await _settled(stage, scene)
    lines = Lines(stage.console)
    complaints = await _wait_for_the_end(stage, scenes, lines)
    accounts = await stage.chronicle.accounts([scene.moment for scene in scenes])
    complaints += await verdict.missing_words(scenes, stage.sessions, stage.mails)
    complaints += await verdict.leftovers(scenes, stage.sessions)
    complaints += await asyncio.to_thread(_page_complaints, stage.page_url, accounts)

    stage.console.print()
    stage.console.print(sums(await stage.tally()), soft_wrap=True)
    if complaints:
        stage.console.print(Text("\nThis is not as it should be:", "bold red"))
        for sentence in complaints:
            stage.console.print(Text(f"  {sentence}"), soft_wrap=True)
        return 1
    arrived = sum(fate.has_arrived for account in accounts for fate in account.fates)
    stage.console.print(
        Text(f"\nEverything that should arrive did, {arrived} of {arrived}; nothing else.", "green")
    )
    return 0


async def _settled(stage: _Stage, scene: Scene) -> None:
    """Waits a moment for the scene, so that each event finds an idle daemon, as they mostly do."""
    for _ in range(int(PAUSE / GLANCE)):
        (account,) = await stage.chronicle.accounts([scene.moment])
        if account.is_settled:
            return
        await asyncio.sleep(GLANCE)


async def _wait_for_the_end(stage: _Stage, scenes: Sequence[Scene], lines: Lines) -> list[str]:
    """Prints the scenes in their order, each when it has come true. What is broken at the end."""
    loop = asyncio.get_running_loop()
    printed = 0
    last: list[Account] = []
    deadline = loop.time() + PATIENCE
    while True:
        accounts = await stage.chronicle.accounts([scene.moment for scene in scenes])
        complaints = verdict.broken_promises(scenes, accounts)
        is_over = not complaints or loop.time() > deadline
        while printed < len(scenes) and (
            is_over
            or not verdict.broken_promises(scenes[printed : printed + 1], [accounts[printed]])
        ):
            lines.tell(accounts[printed])
            printed += 1
        if is_over:
            return complaints
        if accounts != last:
            deadline = loop.time() + PATIENCE
            last = accounts
        await asyncio.sleep(LOOK)


async def _go_on(stage: _Stage) -> int:
    """The story and then an ordinary day, until interrupted."""
    address = Text.assemble(
        ("Postbell demo", "bold"),
        ("   page ", "bright_black"),
        (stage.page_url, "bold underline"),
        ("   Ctrl-C ends it\n", "bright_black"),
        ("export POSTBELL_DATABASE_URL=", "bright_black"),
        f"'{stage.database_url}'",
    )
    if not stage.console.is_terminal:
        stage.console.print(address, soft_wrap=True)
        return await _first_of(_business(stage.market), _keep_showing(stage, Lines(stage.console)))
    with Live(console=stage.console, auto_refresh=False, screen=False) as live:
        return await _first_of(
            _business(stage.market), _keep_showing(stage, Board(stage.console, live, address))
        )


async def _business(at: Marketplace) -> int:
    async for _ in tell(at):
        await asyncio.sleep(PAUSE)
    await flow(at)
    return 0


async def _keep_showing(stage: _Stage, screen: Screen) -> int:
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


def _page_complaints(page_url: str, accounts: Sequence[Account]) -> list[str]:
    """A sentence if the page does not show in an inbox what arrived there."""
    arrived = Counter(
        (account.moment.house, fate.recipient_id)
        for account in accounts
        for fate in account.fates
        if fate.channel == "in_app" and fate.has_arrived
    )
    complaints = []
    for (house, person), expected in arrived.items():
        address = f"{page_url}/api/inbox/{house}/{person}"
        with OWN_PAGES.open(address, timeout=5) as answer:
            shown = len(json.load(answer)["items"])
        if shown != expected:
            complaints.append(f"the page shows {shown} items to {person} instead of {expected}")
    return complaints


def _port(settings: Settings, once: bool) -> int:
    """The page's: that of POSTBELL_PUBLIC_URL; any for the story, which nobody watches there."""
    return 0 if once else urlsplit(settings.public_url).port or 8000
