"""The demo's page, served over a database of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import psycopg
import pytest

from dispatcher.db import connections
from dispatcher.demo import cast
from dispatcher.demo.catchers import Catchers
from dispatcher.demo.chronicle import Account
from dispatcher.demo.market.ledger import Diary
from dispatcher.demo.market.marketplace import LOGIN, Marketplace, open_market
from dispatcher.demo.page import server
from dispatcher.demo.page.app import application
from dispatcher.demo.page.caught import CaughtPages
from dispatcher.demo.page.reader import Reader
from tests.support.databases import CreateDatabase
from tests.support.demo_page import Page


@pytest.fixture(scope="session")
def market_url(create_database: CreateDatabase, template_url: str) -> str:
    url = create_database(template_url)
    with psycopg.connect(url) as connection:
        cast.introduce_houses(connection, "http://127.0.0.1:8000")
        open_market(connection)
        cast.state_choices(connection)
    return url


@pytest.fixture
async def market(market_url: str) -> AsyncIterator[Marketplace]:
    async with (
        await connections.connect(market_url, "marketplace") as seller,
        await connections.connect(market_url, "demo") as witness,
    ):
        await seller.execute(f"set role {LOGIN}".encode())
        yield Marketplace(seller, witness, Diary())


@pytest.fixture
async def page(database_url: str) -> AsyncIterator[Page]:
    catchers = Catchers()
    with (
        server.listen(0) as listening,
        psycopg.connect(database_url, autocommit=True) as db,
    ):
        shown = Page(listening.getsockname()[1], db, catchers)

        async def latest() -> list[Account]:
            return shown.accounts

        async with connections.pool(database_url, "page", 2) as sessions:
            app = application(Reader(sessions), latest, CaughtPages(catchers).routes)
            serving = asyncio.create_task(server.serve(app, listening))
            yield shown
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
