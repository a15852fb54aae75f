"""What a database looks like when everything in it has been delivered."""

from __future__ import annotations

from collections import Counter

from tests.support import given
from tests.support.given import Connection

#: Where something that is not settled can be, by table.
_UNSETTLED = {
    "deliveries queued, sending or waiting": (
        "select count(*) from postbell.delivery where state in ('queued', 'sending', 'waiting')"
    ),
    "batches": "select count(*) from postbell.batch",
    "deliveries for later": "select count(*) from postbell.waiting_delivery",
    "events for later": "select count(*) from postbell.scheduled_notification",
    "large audiences": "select count(*) from postbell.fanout",
    "jobs": "select count(*) from postbell_queue.pgqueuer",
}


def left_over(connection: Connection) -> dict[str, int]:
    """What is still to be done, by where it is; empty when all is settled."""
    counted = {where: given.value(connection, query) for where, query in _UNSETTLED.items()}
    return {where: number for where, number in counted.items() if number}


def states(connection: Connection) -> Counter[tuple[str, str]]:
    """How many deliveries are in each state, by channel and state."""
    rows = given.rows(
        connection, "select channel, state, count(*) from postbell.delivery group by 1, 2"
    )
    return Counter({(channel, state): number for channel, state, number in rows})


def message_ids(connection: Connection) -> list[str]:
    """The Message-IDs of the mails that the log says were sent."""
    return given.column(
        connection,
        "select provider_message_id from postbell.delivery where channel = 'email'"
        " and state = 'sent'",
    )


def routed(connection: Connection) -> set[int]:
    """The events that passed the router."""
    return set(given.column(connection, "select id from postbell_private.notification"))
