"""Deliveries: found by what one knows of them, each with what befell it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from dispatcher.gateway.operator import deliveries
from tests.support import given
from tests.support.client import Client
from tests.support.failed_deliveries import CANARY, delivery_of, refused
from tests.support.given import Connection

PATH = "/v1/operator/deliveries"


async def found(olga: Client, **query: object) -> list[dict[str, Any]]:
    written = "&".join(f"{name}={quote(str(value))}" for name, value in query.items())
    lines: list[dict[str, Any]] = (await olga.get(f"{PATH}?{written}")).json["deliveries"]
    return lines


async def test_a_delivery_says_what_became_of_it_and_why(
    olga: Client, db: Connection, moved: int
) -> None:
    by_channel = {line["channel"]: line for line in await found(olga, outbox_id=moved)}

    assert by_channel["email"]["state"] == "skipped"
    assert by_channel["email"]["reason"] == "switched_off"
    assert by_channel["email"]["why"] == "The person switched this off."
    assert "set_preference" in by_channel["email"]["remedy"]
    assert by_channel["in_app"]["state"] == "queued"
    assert by_channel["in_app"]["recipient_id"] == "u1"


KNOWN: list[tuple[dict[str, object], bool]] = [
    ({"recipient": "u1"}, True),
    ({"recipient": "u2"}, False),
    ({"recipient": "u1", "tenant": "other"}, False),
    ({"tenant": "default"}, True),
    ({"tenant": "other"}, False),
    ({"event": "order.moved"}, True),
    ({"event": "order.paid"}, False),
    ({"event": "order.moved", "channel": "email"}, True),
    ({"channel": "sms"}, False),
    ({"state": "refused"}, True),
    ({"state": "refused", "channel": "in_app"}, False),
    ({"state": "delivered"}, False),
    ({"state": "waiting"}, False),
    ({"state": "queued"}, False),
    ({"message_id": "SM1"}, True),
    ({"message_id": "SM2"}, False),
    ({"message_id": "<1@example.org>"}, True),
    ({"message_id": "<2@example.org>"}, False),
    ({"outbox_id": 2**62}, False),
]


async def test_deliveries_are_found_by_what_is_known_of_them(
    olga: Client, db: Connection, order: str
) -> None:
    (delivery_id,) = refused(db, order)
    db.execute("update postbell.attempt set provider_message_id = 'SM1'")
    db.execute("update postbell.delivery set provider_message_id = '<1@example.org>'")

    for query, is_found in KNOWN:
        lines = await found(olga, **query)
        assert [line["delivery_id"] for line in lines] == [str(delivery_id)] * is_found, query


async def test_what_waits_and_what_is_queued_is_found_by_its_state(
    olga: Client, db: Connection, order: str
) -> None:
    given.emit(db, order, channels=["email"])
    given.emit(db, order, channels=["email"])
    given.route(db)
    waiting = delivery_of(db, "email")
    db.execute("update postbell.delivery set state = 'sending' where id = %s", [waiting])
    given.attempts(db, "retry", waiting)

    assert [line["delivery_id"] for line in await found(olga, state="waiting")] == [str(waiting)]
    assert [line["delivery_id"] for line in await found(olga, state="queued")] == [str(waiting - 1)]


async def test_pages_follow_each_other_and_nothing_is_told_twice(
    olga: Client, db: Connection, order: str
) -> None:
    made = refused(db, order, 5)
    seen: list[str] = []
    after = ""
    while True:
        page = (await olga.get(f"{PATH}?recipient=u1&limit=2{after}")).json
        seen += [line["delivery_id"] for line in page["deliveries"]]
        if page["next_cursor"] is None:
            break
        after = f"&cursor={page['next_cursor']}"

    assert seen == [str(delivery_id) for delivery_id in reversed(made)]


async def test_a_page_does_not_end_among_the_channels_of_a_person(
    olga: Client, db: Connection, order: str
) -> None:
    for channel in ("email", "push"):
        given.call(db, "set_preference", recipient="u1", enabled=False, channel=channel)
    for _ in range(2):
        given.emit(db, order, channels=["in_app", "email", "push"])
    given.route(db)

    first = (await olga.get(f"{PATH}?recipient=u1&limit=2")).json
    second = (await olga.get(f"{PATH}?recipient=u1&limit=2&cursor={first['next_cursor']}")).json

    for page in (first, second):
        assert sorted(line["channel"] for line in page["deliveries"]) == ["email", "in_app", "push"]
    assert {line["outbox_id"] for line in first["deliveries"]}.isdisjoint(
        line["outbox_id"] for line in second["deliveries"]
    )


async def test_a_long_log_is_looked_through_a_part_at_a_time(
    olga: Client, db: Connection, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "WINDOW", 2)
    given.emit(db, order, channels=["in_app"])
    refused(db, order, 3)

    first = (await olga.get(f"{PATH}?channel=in_app")).json
    second = (await olga.get(f"{PATH}?channel=in_app&cursor={first['next_cursor']}")).json

    assert first["deliveries"] == []
    assert first["searched_to"] is not None
    assert [line["channel"] for line in second["deliveries"]] == ["in_app"]


async def test_deliveries_are_found_by_the_time_of_their_event(
    olga: Client, db: Connection, order: str
) -> None:
    old, new = refused(db, order, 2)
    db.execute(
        "update postbell.delivery set created_at = now() - interval '10 days' where id = %s", [old]
    )
    day = timedelta(days=1)
    now = datetime.now(UTC)

    of_today = await found(olga, since=stamp(now - day))
    of_then = await found(olga, since=stamp(now - 11 * day), until=stamp(now - 9 * day))
    of_person = await found(olga, recipient="u1", until=stamp(now - day))

    assert [line["delivery_id"] for line in of_today] == [str(new)]
    assert [line["delivery_id"] for line in of_then] == [str(old)]
    assert [line["delivery_id"] for line in of_person] == [str(old)]


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


async def test_years_of_the_log_are_searched_by_an_index_alone(olga: Client) -> None:
    for query in ("since=2020-01-01T00:00:00Z", "until=2020-01-01T00:00:00Z"):
        answer = await olga.get(f"{PATH}?{query}")
        assert answer.status == 422
        assert answer.json["errors"][0]["field"] == "query.since"
        assert (await olga.get(f"{PATH}?recipient=u1&{query}")).status == 200


async def test_pages_of_a_range_follow_each_other(olga: Client, db: Connection, order: str) -> None:
    made = refused(db, order, 3)
    since = stamp(datetime.now(UTC) - timedelta(days=1))

    first = (await olga.get(f"{PATH}?since={since}&limit=2")).json
    second = (await olga.get(f"{PATH}?since={since}&limit=2&cursor={first['next_cursor']}")).json

    seen = [line["delivery_id"] for page in (first, second) for line in page["deliveries"]]
    assert seen == [str(delivery_id) for delivery_id in reversed(made)]
    assert second["next_cursor"] is None


async def test_the_same_search_is_a_file(olga: Client, db: Connection, order: str) -> None:
    given.recipient(db, "=1+1")
    refused(db, order)
    (formula,) = refused(db, order, recipient="=1+1")

    answer = await olga.get(f"{PATH}.csv?state=refused")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["recipient_id"] for row in rows] == ["'=1+1", "u1"]
    assert rows[0]["delivery_id"] == str(formula)
    assert rows[0]["why"] == "550 no <address> here"
    assert CANARY not in answer.text


async def test_a_file_that_ends_says_where_it_goes_on(
    olga: Client, db: Connection, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MOST_IN_FILE", 2)
    refused(db, order, 3)

    first = await olga.get(f"{PATH}.csv?state=refused")
    link = first.headers["link"]
    second = await olga.get(link.partition("<")[2].partition(">")[0])

    assert link.endswith('>; rel="next"')
    assert len(second.text.splitlines()) == 2
    assert "link" not in second.headers


async def test_people_are_found_by_an_address_that_is_neither_shown_nor_logged(
    olga: Client, db: Connection
) -> None:
    given.recipient(db, "u7", email=f"{CANARY}@example.org")

    with capture_logs() as logged:
        answer = await olga.post(
            "/v1/operator/recipients/search", {"email": f"{CANARY}@EXAMPLE.org"}
        )

    assert answer.json == {"recipients": [{"tenant_id": "default", "recipient_id": "u7"}]}
    assert [entry["operator"] for entry in logged] == ["olga"]
    assert CANARY not in str(logged)


async def test_a_delivery_says_enough_of_its_address(
    olga: Client, db: Connection, order: str
) -> None:
    (mail,) = refused(db, order)

    assert (await olga.get(f"{PATH}/{mail}")).json["address"] == "u…@example.org"


async def test_one_delivery_has_its_timeline(olga: Client, db: Connection, order: str) -> None:
    (delivery_id,) = refused(db, order)

    told = (await olga.get(f"{PATH}/{delivery_id}")).json

    assert [step["what"] for step in told["timeline"]] == ["emitted", "attempt: refused"]
    assert told["timeline"][1]["provider"] == "test"
    assert f"postbell retry {delivery_id}" in told["remedy"]


async def test_what_was_decided_is_told_apart_from_what_became_of_it(
    olga: Client, db: Connection, order: str
) -> None:
    given.emit(db, order, channels=["email"])
    given.route(db)
    delivery_id = delivery_of(db, "email")
    given.fail(db, "no such filter", delivery_id)

    told = (await olga.get(f"{PATH}/{delivery_id}")).json

    assert (told["state"], told["reason"], told["why"]) == (
        "failed", "no such filter", "no such filter",
    )  # fmt: skip
    assert (told["decision"], told["rung"]) == ("now", 11)
    assert (told["decision_reason"], told["decision_why"]) == (
        "wanted", "Nothing spoke against it.",
    )  # fmt: skip
    assert [(step["what"], step["why"]) for step in told["timeline"]] == [
        ("emitted", None),
        ("given_up", "no such filter"),
    ]


async def test_a_delivery_that_is_not_there_is_said_not_to_be(olga: Client) -> None:
    answer = await olga.get(f"{PATH}/4711")

    assert answer.status == 404
    assert answer.json["detail"] == "Delivery 4711 is not there."


async def test_neither_texts_nor_addresses_are_told(
    olga: Client, db: Connection, order: str
) -> None:
    (delivery_id,) = refused(db, order, payload={"order_id": CANARY})

    listed = await olga.get(PATH)
    told = await olga.get(f"{PATH}/{delivery_id}")

    assert "550 no <address> here" in listed.text
    assert CANARY not in listed.text + told.text


async def test_a_question_that_makes_no_sense_is_refused_by_its_field(olga: Client) -> None:
    for query in ("state=lost", "limit=0", "outbox_id=x", "who=u1", "cursor=x"):
        answer = await olga.get(f"{PATH}?{query}")
        assert answer.status == 422
        assert answer.json["errors"][0]["field"] == f"query.{query.partition('=')[0]}"
