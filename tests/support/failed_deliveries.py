"""Deliveries that failed, for operators to look at."""

from __future__ import annotations

from typing import Any

from tests.support import given
from tests.support.given import Connection

#: What operators must not read.
CANARY = "canary-4711"


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
        db.execute("select postbell_private.enqueue(array[%s::bigint], false)", [delivery_id])
        given.attempts(db, "refused", delivery_id, reason=f"550 no {CANARY}@example.org here")
        made.append(delivery_id)
    return made
