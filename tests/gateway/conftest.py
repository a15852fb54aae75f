"""A gateway's surroundings: a database with two people in it, and what lets them in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from pydantic import SecretStr

from dispatcher.db import connections
from dispatcher.db.connections import Pool
from dispatcher.gateway.app import application
from dispatcher.gateway.auth import Authenticator
from dispatcher.gateway.token import TokenReader
from dispatcher.gateway.webhooks.handler import ReceiptStore
from dispatcher.inbound.signing import Signer
from dispatcher.settings import Settings
from tests.support import given
from tests.support.client import Client
from tests.support.databases import CreateDatabase
from tests.support.given import Connection
from tests.support.tokens import FRIEND, OURS, SECRET
from tests.support.webhooks import LINK_SECRET, Counted


@pytest.fixture(scope="module")
def module_url(create_database: CreateDatabase, template_url: str) -> str:
    """A database for the tests of a module that change rows and no functions.

    Such a module says so with a fixture `database_url` of its own, that returns this.
    """
    return create_database(template_url)


@pytest.fixture
def db(request: pytest.FixtureRequest, database_url: str) -> Iterator[Connection]:
    """A session that commits each statement; `default` has u1 and u2, `other` another u1."""
    with psycopg.connect(database_url, autocommit=True) as session:
        # The one that is kept between tests is clean, and spoilt by a truncation.
        if "module_url" in request.fixturenames:
            _empty(session)
        given.tenant(session, "other")
        given.recipient(session)
        given.recipient(session, "u2")
        given.recipient(session, tenant_id="other")
        yield session


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[Pool]:
    """A gateway's pool."""
    async with connections.pool(database_url, "gateway", 4) as opened:
        yield opened


@pytest.fixture
def authenticator(sessions: Pool, db: Connection) -> Authenticator:
    return Authenticator(
        sessions,
        TokenReader([SECRET]),
        cookie_name="postbell",
        origin=OURS,
        allowed_origins=[FRIEND],
    )


@pytest.fixture
def settings() -> Settings:
    return Settings(token_secret=(SecretStr(SECRET),), allowed_origins=(FRIEND,))


@pytest.fixture
async def client(sessions: Pool, authenticator: Authenticator, settings: Settings) -> Client:
    """Somebody whom nobody knows. Every answer is held to what /v1/openapi.json says of it."""
    app = application(sessions, settings, authenticator, streams={})
    return Client(app, document=(await Client(app).get("/v1/openapi.json")).json)


def _empty(session: Connection) -> None:
    """What a test before this one in the same database may have left."""
    session.execute(
        "truncate postbell.recipient, postbell.inbox_item, postbell_private.notification cascade"
    )
    session.execute("delete from postbell.tenant where id <> 'default'")
    session.execute("delete from postbell.tenant_event")
    session.execute("update postbell.tenant set disabled_channels = '{}'")


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def receipt_store(sessions: Pool, counted: Counted) -> ReceiptStore:
    return ReceiptStore(sessions, counted)


@pytest.fixture
def signer() -> Signer:
    return Signer([LINK_SECRET])
