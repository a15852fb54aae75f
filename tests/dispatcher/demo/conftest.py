"""The demo's page, served over a database of the test's own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from typing import Any

import psycopg
import pytest

from dispatcher.db import connections
from dispatcher.demo import cast
from dispatcher.demo.catchers import Catchers
from dispatcher.demo.chronicle import Account
from dispatcher.demo.mail_catcher import MailCatcher
from dispatcher.demo.market.ledger import Diary
from dispatcher.demo.market.marketplace import LOGIN, Marketplace, open_market
from dispatcher.demo.page import server
from dispatcher.demo.page.app import application
from dispatcher.demo.page.caught import CaughtPages
from dispatcher.demo.page.reader import Reader
from tests.conftest import CreateDatabase
from tests.support import given


@dataclass
class Answer:
    """What the page said."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Page:
    """The page, and what it shows: mails and moments that a test puts there."""

    port: int
    db: given.Connection
    catchers: Catchers
    accounts: list[Account] = field(default_factory=list)

    @property
    def mails(self) -> MailCatcher:
        assert self.catchers.mails is not None
        return self.catchers.mails

    async def get(self, path: str, **headers: str) -> Answer:
        return await asyncio.to_thread(self._ask, "GET", path, None, headers)

    async def post(self, path: str, body: object, **headers: str) -> Answer:
        headers = {"Content-Type": "application/json", **headers}
        return await asyncio.to_thread(self._ask, "POST", path, json.dumps(body), headers)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


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
