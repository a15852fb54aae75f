"""The sample application on a database of the test's own, and its page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import psycopg
import pytest
from starlette.responses import PlainTextResponse

from dispatcher.db import connections
from dispatcher.demo import app
from dispatcher.demo.buttons import Buttons
from dispatcher.demo.catchers import Catcher
from dispatcher.demo.history import History
from dispatcher.demo.page import Page
from dispatcher.demo.shop import LOGIN, People, install
from dispatcher.gateway.server import server_of
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
def catcher() -> Catcher:
    return Catcher()


@pytest.fixture
async def buttons(shop_url: str, people: People, catcher: Catcher) -> AsyncIterator[Buttons]:
    async with AsyncExitStack() as stack:
        application, owner = [
            await stack.enter_async_context(await connections.connect(shop_url, name))
            for name in ("marketplace", "demo")
        ]
        await application.execute(f"set role {LOGIN}".encode())
        history = History(owner, catcher)
        yield Buttons(application, people, history)
        await history.end()


@pytest.fixture
async def visitor(buttons: Buttons, catcher: Catcher) -> AsyncIterator[Visitor]:
    """Somebody before the page; behind it is a gateway that answers everything alike."""
    gateway = PlainTextResponse("the gateway's")
    page = Page(buttons, catcher, shipped_catalog(), gateway=gateway, secret="s" * 32)
    with app.listen(0) as listening:
        serving = asyncio.create_task(server_of(page.app, 1).serve(sockets=[listening]))
        yield Visitor(listening.getsockname()[1])
        await buttons.history.end()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
