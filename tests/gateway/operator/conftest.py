"""An operator, and a database in which something happened."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import given
from tests.support.client import Client
from tests.support.given import Connection

#: What operators must not read.
CANARY = "canary-4711"


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


def delivery_of(db: Connection, channel: str, recipient: str = "u1") -> int:
    """The latest."""
    return int(
        given.value(
            db,
            "select max(id) from postbell.delivery where channel = %s and recipient_id = %s",
            channel,
            recipient,
        )
    )


def refused(db: Connection, order: str, count: int = 1, **named: Any) -> list[int]:
    """Mails that a mail server refused, quoting an address: the ids of their deliveries."""
    made = []
    for _ in range(count):
        given.emit(db, order, channels=["email"], **named)
        given.route(db)
        delivery_id = int(given.value(db, "select max(id) from postbell.delivery"))
        db.execute(
            "update postbell.delivery set state = 'sending', attempts = 1 where id = %s",
            [delivery_id],
        )
        # Also where u1 does not want it.
        db.execute("select postbell.enqueue(array[%s::bigint], false)", [delivery_id])
        given.attempts(db, "refused", delivery_id, reason=f"550 no {CANARY}@example.org here")
        made.append(delivery_id)
    return made
