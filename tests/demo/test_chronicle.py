"""What the board says of events that have no deliveries yet."""

from __future__ import annotations

from datetime import UTC, datetime

from psycopg import AsyncConnection

from dispatcher.demo.catchers import Catchers
from dispatcher.demo.chronicle import Chronicle
from dispatcher.demo.market.ledger import Moment
from tests.support import given
from tests.support.given import Connection

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


async def told_of(database_url: str, outbox_id: int) -> dict[str | None, str]:
    """The state of each channel."""
    moment = Moment(1, "default", "u1 pays", NOON, None, [outbox_id])
    async with await AsyncConnection.connect(database_url) as connection:
        (account,) = await Chronicle(connection, Catchers()).accounts([moment])
    return {fate.channel: fate.state for fate in account.fates}


async def test_a_channel_that_a_scheduled_event_will_not_use_is_skipped(
    db: Connection, database_url: str
) -> None:
    given.event_type(db, default_channels=["in_app", "sms"])
    given.recipient(db)
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="sms")
    event = given.emit(db, deliver_at="2999-01-01Z")
    given.route(db)

    assert await told_of(database_url, event) == {"in_app": "scheduled", "sms": "skipped"}


async def test_an_event_that_told_nobody_is_rejected(db: Connection, database_url: str) -> None:
    event = given.emit(db, event="no.event")
    given.route(db)

    assert await told_of(database_url, event) == {None: "rejected"}
