"""What the page says of events: what was decided, what became of it, and when that changes."""

from __future__ import annotations

import psycopg
from psycopg import AsyncConnection

from dispatcher.demo.buttons import Buttons
from dispatcher.demo.history import Delivery, Transaction, read
from dispatcher.demo.shop import People
from dispatcher.demo.story import BUTTONS
from tests.support import given
from tests.support.given import Connection
from tests.support.waiting import seen


async def states(database_url: str, outbox_id: int) -> dict[str | None, str]:
    """The state of each channel."""
    async with await AsyncConnection.connect(database_url) as connection:
        return {each.channel: each.state for each in await read(connection, [outbox_id])}


async def test_a_channel_that_a_scheduled_event_will_not_use_is_skipped(
    db: Connection, database_url: str
) -> None:
    given.event_type(db, default_channels=["in_app", "sms"])
    given.recipient(db)
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="sms")
    event = given.emit(db, deliver_at="2999-01-01Z")
    given.route(db)

    assert await states(database_url, event) == {"in_app": "scheduled", "sms": "skipped"}


async def test_an_event_that_told_nobody_is_rejected(db: Connection, database_url: str) -> None:
    event = given.emit(db, event="no.event")
    given.route(db)

    assert await states(database_url, event) == {None: "rejected"}


async def test_what_a_committed_transaction_reports_wrongly_is_announced_as_that(
    buttons: Buttons, people: People
) -> None:
    transaction = await buttons.press(BUTTONS["blunder"], people["ada"])
    await seen(lambda: transaction.deliveries, "it was read")
    assert transaction.outcome == ("committed, event rejected", "bad")
    (rejected,) = [each for each in transaction.deliveries if each.state == "rejected"]
    assert "it has to be a decimal string such as '19.90'" in rejected.why


async def test_what_is_taken_back_changes_the_card_of_what_was_scheduled(
    buttons: Buttons, shop_url: str, people: People
) -> None:
    scheduled = await buttons.press(BUTTONS["complete-later"], people["elif"])
    with psycopg.connect(shop_url, autocommit=True) as db:
        given.route(db)
    await seen(lambda: scheduled.seconds_to_due is not None, "it waits")
    await buttons.press(BUTTONS["take-back"], people["elif"])
    told = [each for each in scheduled.deliveries if each.event == "order.completed"]
    assert told
    await seen(
        lambda: (
            {each.state for each in scheduled.deliveries if each.event == "order.completed"}
            == {"cancelled"}
        ),
        "it is cancelled",
    )


def test_a_transaction_is_settled_when_all_its_events_are_known_and_none_is_under_way() -> None:
    def which(*deliveries: Delivery) -> Transaction:
        return Transaction(outbox_ids=[5, 6], deliveries=[*deliveries])

    sent = Delivery(5, "order.paid", "u1", "email", "sent", "wanted")
    queued = Delivery(6, "order.paid", "u1", "email", "queued", "wanted")
    skipped = Delivery(6, "order.paid", "u1", "email", "skipped", "muted")
    assert not which(sent).is_settled
    assert not which(sent, queued).is_settled
    assert which(sent, skipped).is_settled
