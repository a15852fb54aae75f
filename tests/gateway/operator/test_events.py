"""Why an event reached whom it did: as `postbell why` and postbell.explain() say it."""

from __future__ import annotations

import pytest

from dispatcher.gateway.operator import events
from tests.support import given
from tests.support.client import Client
from tests.support.failed_deliveries import CANARY, refused
from tests.support.given import Connection

PATH = "/v1/operator/events"


async def test_an_event_is_explained_as_the_database_explains_it(
    olga: Client, db: Connection, moved: int
) -> None:
    told = (await olga.get(f"{PATH}/{moved}")).json

    assert told["event"] == "order.moved"
    assert [
        (each["recipient_id"], each["channel"], each["decision"], each["rung"], each["reason"])
        for each in told["decisions"]
    ] == [row[:5] for row in given.explain(db, moved)]
    assert not told["has_more"]


async def test_what_befell_it_since_is_told_with_it(
    olga: Client, db: Connection, order: str
) -> None:
    (delivery_id,) = refused(db, order)
    outbox_id = given.value(db, "select max(outbox_id) from postbell.delivery_log")

    (told,) = (await olga.get(f"{PATH}/{outbox_id}")).json["decisions"]

    assert told["delivery_id"] == str(delivery_id)
    assert told["why"] == "Nothing spoke against it."
    assert told["state"] == "refused"
    assert told["state_why"] == "550 no <address> here"


async def test_a_rejected_event_says_the_way_out(olga: Client, db: Connection, order: str) -> None:
    outbox_id = given.emit(db, "order.lost", f"{CANARY}@example.org")
    given.route(db)

    answer = await olga.get(f"{PATH}/{outbox_id}")

    (told,) = answer.json["decisions"]
    assert (told["channel"], told["decision"], told["reason"]) == (None, "no", "unknown_event")
    assert "postbell.register_event()" in told["remedy"]
    assert CANARY not in answer.text


async def test_one_of_many_people_is_told_of_alone(
    olga: Client, db: Connection, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST", 2)
    outbox_id = given.emit(db, order, None, audience={"recipients": ["u1", "u2"]})
    given.route(db)

    everybody = (await olga.get(f"{PATH}/{outbox_id}")).json
    one = (await olga.get(f"{PATH}/{outbox_id}?recipient=u2")).json

    assert everybody["has_more"]
    assert len(everybody["decisions"]) == 2
    assert {each["recipient_id"] for each in one["decisions"]} == {"u2"}


async def test_an_event_that_was_rolled_back_is_not_there(olga: Client) -> None:
    assert (await olga.get(f"{PATH}/4711")).status == 404
