"""A gateway's surroundings: a database with two people in it, and what lets them in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

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
from tests.support.databases import Kept
from tests.support.given import Connection
from tests.support.tokens import FRIEND, OURS, SECRET
from tests.support.webhooks import LINK_SECRET, Counted


@pytest.fixture
def db(kept: Kept) -> Connection:
    """A session that commits each statement; `default` has u1 and u2, `other` another u1."""
    session = kept.session
    given.tenant(session, "other")
    given.recipient(session)
    given.recipient(session, "u2")
    given.recipient(session, tenant_id="other")
    return session


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


@pytest.fixture(scope="session")
def described() -> dict[str, Any]:
    """What gateways say of themselves, by their settings: each is read once."""
    return {}


@pytest.fixture
async def client(
    sessions: Pool,
    authenticator: Authenticator,
    settings: Settings,
    described: dict[str, Any],
) -> Client:
    """Somebody whom nobody knows. Every answer is held to what /v1/openapi.json says of it."""
    app = application(sessions, settings, authenticator, streams={})
    shown = settings.model_dump_json()
    if shown not in described:
        described[shown] = (await Client(app).get("/v1/openapi.json")).json
    return Client(app, document=described[shown])


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def receipt_store(sessions: Pool, counted: Counted) -> ReceiptStore:
    return ReceiptStore(sessions, counted)


@pytest.fixture
def signer() -> Signer:
    return Signer([LINK_SECRET])
