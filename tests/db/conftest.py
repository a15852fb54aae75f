"""A database in which a test may commit."""

from __future__ import annotations

import pytest

from tests.support import given
from tests.support.given import Connection
from tests.support.kept_database import Kept


@pytest.fixture
def db(kept: Kept) -> Connection:
    """A session that commits each statement, on a database that knows u1."""
    given.recipient(kept.session)
    return kept.session
