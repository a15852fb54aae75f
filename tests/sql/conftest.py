"""A database whose transactions commit, for what only commits can show, and more sessions on it."""

from __future__ import annotations

import pytest

from tests.support import given
from tests.support.databases import Kept
from tests.support.given import Connection


@pytest.fixture
def db(kept: Kept) -> Connection:
    """A session that commits each statement, on a database where `order.paid` may be told to u1."""
    given.event_type(kept.session)
    given.recipient(kept.session)
    return kept.session
