"""postbell send"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import psycopg
import pytest

from tests.support import given
from tests.support.cli import Cli

PAID = '{"order_id": 42, "amount": "19.90"}'


@pytest.fixture
def order(database: given.Connection) -> str:
    return given.event_type(database, "order.moved", default_channels=["in_app", "email"])


def test_send_emits_one_event(cli: Cli, database: given.Connection) -> None:
    result = cli("send", "order.paid", "u1", "--payload", PAID, "--subject", "order:42")

    assert result.exit_code == 0, result.stderr
    ((number, subject, payload),) = given.rows(
        database, "select id, subject, payload from postbell.outbox"
    )
    assert result.stdout == f"Event {number} is emitted.\n"
    assert subject == "order:42"
    assert payload == json.loads(PAID)


def test_send_answers_in_json(cli: Cli, database: given.Connection) -> None:
    answered = cli.json("send", "order.paid", "u1", "--payload", PAID)

    assert answered == {"outbox_id": given.value(database, "select id from postbell.outbox")}


def test_a_payload_comes_from_a_file_or_standard_input(
    cli: Cli, database: given.Connection, order: str, tmp_path: Path
) -> None:
    file = tmp_path / "payload.json"
    file.write_text('{"n": 1.10}')

    assert cli("send", order, "u1", "--payload", f"@{file}").exit_code == 0
    assert cli("send", order, "u1", "--payload", "-", stdin='{"n": 2}').exit_code == 0

    assert given.column(database, "select payload::text from postbell.outbox order by id") == [
        '{"n": 1.10}',
        '{"n": 2}',
    ]


@pytest.mark.parametrize("payload", ["{", "[1]", "42", "@/nowhere", "", "[" * 100_000])
def test_a_payload_that_is_no_object_is_wrong_usage(
    cli: Cli, database: given.Connection, payload: str
) -> None:
    result = cli("send", "order.paid", "u1", "--payload", payload)

    assert result.exit_code == 2
    assert given.value(database, "select count(*) from postbell.outbox") == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["order.piad", "u1"], "No event of this name is registered: order.piad."),
        (["order.paid", "u9", "--payload", PAID], "Nobody of this id is known"),
        (["order.paid", "u1"], "The payload does not have the fields"),
        (["order.paid", "u1", "--payload", PAID, "--tenant", "acme"], "No tenant has this id"),
        (["order.paid", "u1", "--payload", PAID, "--channel", "fax"], "A channel is named"),
        (["order.paid", "u1", "--payload", r'{"order_id": "\u0000"}'], "The database refuses this"),
    ],
)
def test_what_is_wrong_is_said_at_once_with_the_way_out(
    cli: Cli, database: given.Connection, words: list[str], sentence: str
) -> None:
    result = cli("send", *words)

    assert result.exit_code == 1
    assert result.stderr.startswith(sentence)
    assert len(result.stderr.splitlines()) == 1
    assert given.value(database, "select count(*) from postbell.outbox") == 0


def deliver(url: str, outcome: str) -> None:
    """What a daemon does: routes, and settles whatever is queued."""
    with psycopg.connect(url, autocommit=True) as connection:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            given.route(connection)
            queued = given.column(
                connection, "select delivery_id from postbell.delivery_log where state = 'queued'"
            )
            if queued:
                connection.execute("update postbell.delivery set state = 'sending'")
                given.attempts(connection, outcome, *queued, reason="550 bob@example.org")
                return
            time.sleep(0.02)


@pytest.mark.parametrize(("outcome", "exit_code"), [("sent", 0), ("refused", 1), ("retry", 0)])
def test_wait_follows_the_event_until_it_is_settled(
    cli: Cli,
    database: given.Connection,
    order: str,
    database_url: str,
    outcome: str,
    exit_code: int,
) -> None:
    daemon = threading.Thread(target=deliver, args=[database_url, outcome])
    daemon.start()

    result = cli("send", order, "u1", "--wait")

    daemon.join()
    assert result.exit_code == exit_code, result.stderr
    assert "in_app" in result.stdout
    assert "email" in result.stdout
    assert "bob@" not in result.stdout


def route_until(done: threading.Event, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        while not done.wait(0.02):
            given.route(connection)


def test_wait_does_not_wait_for_what_waits(
    cli: Cli, database: given.Connection, order: str, database_url: str
) -> None:
    given.quiet_now(database, channels=["email"])
    given.call(database, "set_preference", recipient="u1", enabled=False, channel="in_app")
    done = threading.Event()
    router = threading.Thread(target=route_until, args=[done, database_url])
    router.start()

    answered = cli.json("send", order, "u1", "--wait")

    done.set()
    router.join()
    assert answered["settled"]
    states = {row["channel"]: row["state"] for row in answered["deliveries"]}
    assert states == {"in_app": "skipped", "email": "waiting"}


def test_wait_ends_with_its_time(cli: Cli, database: given.Connection, order: str) -> None:
    result = cli("send", order, "u1", "--wait", "--timeout", "0.1")

    assert result.exit_code == 1
    assert "is `postbell run` running?" in result.stderr
