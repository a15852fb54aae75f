"""postbell why"""

from __future__ import annotations

import json

import pytest

from tests.support import given
from tests.support.cli import Cli

#: What support must not read.
CANARY = "canary-4711"


@pytest.fixture
def order(database: given.Connection) -> str:
    return given.event_type(database, "order.moved", default_channels=["in_app", "email"])


def test_why_says_channel_by_channel_what_was_decided(
    cli: Cli, database: given.Connection, order: str
) -> None:
    given.call(database, "set_preference", recipient="u1", enabled=False, channel="email")
    outbox_id = given.emit(database, order)
    given.route(database)

    answers = cli.json("why", str(outbox_id))

    assert [(a["channel"], a["decision"], a["rung"], a["reason"]) for a in answers] == [
        ("email", "no", 6, "switched_off"),
        ("in_app", "now", 11, "wanted"),
    ]
    assert answers[0]["why"] == "The person switched this off."
    assert answers[0]["state"] == "skipped"
    assert "set_preference" in answers[0]["remedy"]
    assert answers[1]["state"] == "queued"


def test_why_is_a_table_for_people(cli: Cli, database: given.Connection, order: str) -> None:
    outbox_id = given.emit(database, order)
    given.route(database)

    result = cli("why", str(outbox_id))

    assert result.exit_code == 0
    assert f"Event {outbox_id} · order.moved · u1" in result.stdout
    assert "Nothing spoke against it." in result.stdout


def test_a_delivery_in_doubt_is_not_to_be_sent_again_lightly(
    cli: Cli, database: given.Connection, order: str
) -> None:
    outbox_id = given.emit(database, order, channels=["sms"])
    given.route(database)
    ((delivery_id,),) = given.rows(database, "select delivery_id from postbell.delivery_log")
    database.execute("update postbell.delivery set state = 'sending'")
    given.attempts(database, "unknown", delivery_id, reason="waiting for the response: timed out")

    (waiting,) = cli.json("why", str(outbox_id))
    database.execute("update postbell_private.unknown_delivery set due_at = '2000-01-01Z'")
    database.execute("select postbell_private.tidy_up()")
    (given_up,) = cli.json("why", str(outbox_id))

    assert waiting["state"] == "unknown"
    assert "Wait for its provider's report" in waiting["remedy"]
    assert given_up["state"] == "failed"
    assert given_up["why"] == "Nothing spoke against it."
    assert "Nobody knows whether it was sent" in given_up["state_why"]
    assert given_up["remedy"] == (
        f"Ask the provider whether it was sent; if it was not: postbell retry {delivery_id}"
    )


def test_why_shows_neither_bodies_nor_addresses(
    cli: Cli, database: given.Connection, order: str
) -> None:
    outbox_id = given.emit(database, order, payload={"secret": CANARY})
    given.route(database)
    ((delivery_id,),) = given.rows(
        database, "select delivery_id from postbell.delivery_log where channel = 'email'"
    )
    database.execute("update postbell.delivery set state = 'sending'")
    given.attempts(database, "refused", delivery_id, reason="550 <u1@example.org> unknown")

    for words in (["why", str(outbox_id)], ["why", "u1"], ["why", "u1", "--json"]):
        shown = cli(*words).stdout

        assert CANARY not in shown
        assert "u1@example.org" not in shown
        assert "550" in shown
        assert f"postbell retry {delivery_id}" in shown


def test_why_follows_a_delivery_to_its_end(
    cli: Cli, database: given.Connection, order: str
) -> None:
    outbox_id = given.emit(database, order, channels=["email"])
    given.route(database)
    ((delivery_id,),) = given.rows(database, "select delivery_id from postbell.delivery_log")
    database.execute("update postbell.delivery set state = 'sending'")
    given.sent(database, delivery_id)
    bounce = {
        "event_id": "e1", "kind": "bounced", "delivery_id": delivery_id, "code": "5.1.1",
        "reason": "no mailbox <u1@example.org>",
    }  # fmt: skip
    given.call(database, "receive_receipt", provider="test", receipts=json.dumps([bounce]))

    (answer,) = cli.json("why", str(outbox_id))
    shown = cli("why", str(outbox_id)).stdout

    assert answer["state"] == "bounced"
    assert [(s["what"], s["provider"], s["code"]) for s in answer["timeline"]] == [
        ("attempt: sent", "test", "250"),
        ("bounced", "test", "5.1.1"),
    ]
    assert "u1@example.org" not in json.dumps(answer)
    assert "u1@example.org" not in shown
    assert "Timeline" in shown
    assert "attempt: sent" in shown


def test_why_answers_about_a_person(cli: Cli, database: given.Connection, order: str) -> None:
    first, second, third = (given.emit(database, order) for _ in range(3))
    other = given.event_type(database, "order.lost", default_channels=["sse"])
    fourth = given.emit(database, other)
    given.route(database)

    latest = cli.json("why", "u1", "--last", "2")
    moved = cli.json("why", "u1", "--event", "order.moved")

    assert [a["outbox_id"] for a in latest] == [fourth, third, third]
    assert {a["outbox_id"] for a in moved} == {first, second, third}


def test_why_answers_about_an_event_not_yet_sent(
    cli: Cli, database: given.Connection, order: str
) -> None:
    answers = cli.json("why", "u1", "--event", order, "--payload", "{}", "--channel", "sms")

    assert [(a["channel"], a["decision"], a["outbox_id"]) for a in answers] == [
        ("sms", "now", None)
    ]
    assert given.value(database, "select count(*) from postbell.outbox") == 0


def test_why_answers_about_an_event_not_yet_routed(
    cli: Cli, database: given.Connection, order: str
) -> None:
    outbox_id = given.emit(database, order)

    answers = cli.json("why", str(outbox_id))

    assert {a["channel"] for a in answers} == {"in_app", "email"}
    assert all("router has not come to it" in a["remedy"] for a in answers)


def test_why_says_for_when_an_event_is_scheduled(
    cli: Cli, database: given.Connection, order: str
) -> None:
    outbox_id = given.emit(database, order, deliver_at="2090-03-01 09:30Z")
    given.route(database)

    answers = cli.json("why", str(outbox_id))

    assert {(a["channel"], a["decision"], a["state"]) for a in answers} == {
        ("in_app", "later", None), ("email", "later", None),
    }  # fmt: skip
    assert all(a["remedy"].startswith("Scheduled for 2090-03-01 09:30:00 UTC") for a in answers)


def test_why_says_that_a_large_audience_is_being_told(
    cli: Cli, database: given.Connection, order: str
) -> None:
    people = [f"p{number}" for number in range(30)]
    outbox_id = given.emit(database, order, None, audience={"recipients": people})
    given.route(database)

    answers = cli.json("why", str(outbox_id), "--recipient", "p7")

    assert answers
    assert all("large audience" in a["remedy"] for a in answers)


def test_why_shows_rejected_events_with_the_way_out(cli: Cli, database: given.Connection) -> None:
    outbox_id = given.emit(database, "order.paid", payload={"amount": 3})
    given.route(database)

    result = cli("why", str(outbox_id))
    (answer,) = cli.json("why", "u1")

    assert result.exit_code == 1
    assert "The payload does not have the fields that the event declares: " in result.stdout
    assert answer["channel"] is None
    assert answer["reason"] == "invalid_payload"
    assert "postbell.event_type" in answer["remedy"]


def test_why_names_the_event_that_is_repeated(
    cli: Cli, database: given.Connection, order: str
) -> None:
    first = given.emit(database, order, idempotency_key="k")
    second = given.emit(database, order, idempotency_key="k")
    given.route(database)

    result = cli("why", str(second))

    assert result.exit_code == 1
    assert f"It repeats event {first}" in result.stdout


def test_why_tells_what_befell_a_delivery_later(
    cli: Cli, database: given.Connection, order: str
) -> None:
    outbox_id = given.emit(database, order)
    given.route(database)
    given.call(database, "cancel", outbox_id=outbox_id)

    answers = cli.json("why", str(outbox_id))

    assert {a["state"] for a in answers} == {"cancelled"}
    assert all("taken back" in a["state_why"] for a in answers)


def test_why_of_many_people_is_bounded_and_can_be_narrowed(
    cli: Cli, database: given.Connection, order: str
) -> None:
    people = [given.recipient(database, f"p{number}") for number in range(5)]
    outbox_id = given.emit(database, order, None, audience={"recipients": people})
    given.route(database)

    everybody = cli("why", str(outbox_id), "--most", "3")
    one = cli.json("why", str(outbox_id), "--recipient", "p3")

    assert "more than 3 lines" in everybody.stderr
    assert {a["recipient_id"] for a in one} == {"p3"}


def test_a_person_may_be_a_number(cli: Cli, database: given.Connection, order: str) -> None:
    given.recipient(database, "4000000")
    outbox_id = given.emit(database, order, "4000000")
    given.route(database)

    guessed = cli("why", "4000000")
    named = cli.json("why", "--recipient", "4000000")

    assert "this is the person 4000000" in guessed.stderr
    assert {a["outbox_id"] for a in named} == {outbox_id}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["why", "4000000"], "Event 4000000 told nobody"),
        (["why", "99999999999999999999"], "is known to the tenant: 99999999999999999999 of tenant"),
        (["why", "u9"], "is known to the tenant: u9 of tenant"),
        (["why", "u1", "--event", "order.moved"], "Nothing of order.moved was ever decided for u1"),
        (["why", "u1", "--event", "order.void", "--payload", "{}"], "it wants no channel"),
    ],
)
def test_why_nothing_is_an_answer_too(
    cli: Cli, database: given.Connection, order: str, words: list[str], sentence: str
) -> None:
    given.event_type(database, "order.void", default_channels=[])

    result = cli(*words)

    assert result.exit_code == 1
    assert sentence in result.stderr


@pytest.mark.parametrize("words", [["why"], ["why", "u1", "--payload", "{}"]])
def test_why_of_what_is_wrong_usage(cli: Cli, database: given.Connection, words: list[str]) -> None:
    assert cli(*words).exit_code == 2


def test_why_shows_a_failure_that_no_provider_had_a_part_in(
    cli: Cli, database: given.Connection, order: str
) -> None:
    outcome = given.emit(database, order, channels=["email"])
    given.route(database)
    ((delivery_id,),) = given.rows(database, "select delivery_id from postbell.delivery_log")
    for reason in ("line 3: no such filter", "line 4: no such test"):
        given.fail(database, reason, delivery_id)
        if "3" in reason:
            given.call(database, "retry")

    (answer,) = cli.json("why", str(outcome))
    shown = cli("why", str(outcome)).stdout

    assert (answer["decision"], answer["why"]) == ("now", "Nothing spoke against it.")
    assert (answer["state"], answer["state_why"]) == ("failed", "line 4: no such test")
    assert [(step["what"], step["why"]) for step in answer["timeline"]] == [
        ("given_up", "line 3: no such filter"),
        ("retried", None),
        ("given_up", "line 4: no such test"),
    ]
    assert "no such filter" in shown
    assert "retried" in shown
