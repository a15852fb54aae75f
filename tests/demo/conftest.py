"""The sample application on a database of the test's own, and its page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import psycopg
import pytest
from starlette.responses import PlainTextResponse

from dispatcher.db import connections
from dispatcher.demo import processes
from dispatcher.demo.buttons import Buttons
from dispatcher.demo.catchers import Catchers
from dispatcher.demo.history import History
from dispatcher.demo.page import Page
from dispatcher.demo.shop import LOGIN, People, install
from tests.support.databases import CreateDatabase
from tests.support.demo_page import Visitor
from tests.support.renderings import shipped_catalog


@pytest.fixture(scope="session")
def shop(create_database: CreateDatabase, template_url: str) -> tuple[str, People]:
    """The database of all these tests, and its people."""
    url = create_database(template_url)
    with psycopg.connect(url) as connection:
        people = install(connection, "http://127.0.0.1:8000")
    return url, people


@pytest.fixture
def shop_url(shop: tuple[str, People]) -> str:
    return shop[0]


@pytest.fixture
def people(shop: tuple[str, People]) -> People:
    return shop[1]


@pytest.fixture
def catchers() -> Catchers:
    return Catchers()


@pytest.fixture
async def buttons(shop_url: str, people: People, catchers: Catchers) -> AsyncIterator[Buttons]:
    async with AsyncExitStack() as stack:
        application, owner, oracle = [
            await stack.enter_async_context(await connections.connect(shop_url, name))
            for name in ("marketplace", "demo", "oracle")
        ]
        await application.execute(f"set role {LOGIN}".encode())
        history = History(owner, catchers)
        yield Buttons(application, owner, oracle, people, history)
        await history.end()


@pytest.fixture
async def visitor(buttons: Buttons, catchers: Catchers) -> AsyncIterator[Visitor]:
    """Somebody before the page; behind it is a gateway that answers everything alike."""
    played: list[str] = []

    async def play() -> None:
        played.append("played")

    with processes.listen(0) as listening:
        page = Page(
            buttons,
            catchers,
            shipped_catalog(),
            gateway=PlainTextResponse("the gateway's"),
            secret="s" * 32,
            play=play,
        )
        serving = asyncio.create_task(processes.serve(page.app, listening))
        yield Visitor(listening.getsockname()[1], played)
        await buttons.history.end()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
