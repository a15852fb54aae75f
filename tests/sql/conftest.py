"""A database whose transactions commit, for what only commits can show, and more sessions on it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support import given
from tests.support.background import Connect
from tests.support.given import Connection
from tests.support.kept_database import Kept


@pytest.fixture
def connect(database_url: str) -> Iterator[Connect]:
    """Opens sessions on the test's own database; what a session holds ends with the test."""
    opened: list[Connection] = []

    def open_one(*, autocommit: bool = True) -> Connection:
        session = psycopg.connect(database_url, autocommit=autocommit)
        opened.append(session)
        return session

    yield open_one
    for session in opened:
        session.close()


@pytest.fixture
def db(kept: Kept) -> Connection:
    """A session that commits each statement, on a database where `order.paid` may be told to u1."""
    given.event_type(kept.session)
    given.recipient(kept.session)
    return kept.session
