"""A database in which a test may commit, and the sender's surroundings."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from dispatcher import package_data
from dispatcher.db import connections
from dispatcher.db.connections import Pool
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.rendering.catalog import Catalog
from tests.support import given
from tests.support.given import Connection
from tests.support.kept_database import Kept


@pytest.fixture
def db(kept: Kept) -> Connection:
    """A session that commits each statement, on a database that knows u1."""
    given.recipient(kept.session)
    return kept.session


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[Pool]:
    """A daemon's pool."""
    async with connections.pool(database_url, "sender", 4) as opened:
        yield opened


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The templates that come with Postbell."""
    return Catalog.load([package_data.folder("templates")])


@pytest.fixture
def template_sets(catalog: Catalog) -> TemplateSets:
    """What messages are made from, for a dispatcher that has just begun."""
    return TemplateSets(catalog)
