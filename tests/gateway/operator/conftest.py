"""An operator, and a database in which something happened."""

from __future__ import annotations

import pytest

from tests.support import given
from tests.support.client import Client
from tests.support.failed_deliveries import CANARY
from tests.support.given import Connection


@pytest.fixture
def olga(client: Client) -> Client:
    return client.as_operator("olga")


@pytest.fixture
def order(db: Connection) -> str:
    return given.event_type(
        db, "order.moved", label="Order moved", default_channels=["in_app", "email"]
    )


@pytest.fixture
def moved(db: Connection, order: str) -> int:
    """The id of an event, decided and queued, whose mail u1 does not want."""
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")
    outbox_id = given.emit(db, order, payload={"order_id": CANARY})
    given.route(db)
    return outbox_id
