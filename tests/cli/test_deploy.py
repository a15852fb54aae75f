"""postbell deploy"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from dispatcher import CONTRACT
from tests.support.cli import Cli

OVERDUE = """
[verb]
name = "notify_billing_overdue"
args = ["reference", "client_id", "note?"]
to = ["client_id"]
subject = ["bill:{reference}"]
whom = "the client"
"""


def test_deploy_makes_an_empty_database_ready(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, empty_url: str
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", empty_url)

    first = bare("deploy")
    second = bare.json("deploy")

    assert first.exit_code == 0, first.stderr
    assert "is deployed" in first.stdout
    assert second["contract"] == CONTRACT
    assert second["revisions"] == []
    with psycopg.connect(empty_url) as connection:
        row = connection.execute("select count(*) from postbell.event_type").fetchone()
        assert row == (second["events"],)
    assert second["events"] > 0


def test_the_events_that_are_deployed_are_a_choice_that_is_kept(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, empty_url: str
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", empty_url)

    chosen = bare.json("deploy", "--events", "order.*", "--events", "ticket.created")
    again = bare.json("deploy")
    more = bare("deploy", "--events", "*.assigned")

    with psycopg.connect(empty_url) as connection:
        keys = [key for (key,) in connection.execute("select key from postbell.event_type")]
        patterns = connection.execute("select pattern from postbell.event_choice").fetchall()
    assert chosen["events"] == again["events"] == 5
    assert "payment.failed" in chosen["left_out"]
    assert sorted(keys) == [
        "order.assigned", "order.completed", "order.created", "order.paid",
        "ticket.assigned", "ticket.created",
    ]  # fmt: skip
    assert patterns == [("*.assigned",)]
    assert "Not deployed, by choice: class.bundle.completed, " in more.stdout

    everything = bare.json("deploy", "--events", "*")
    assert (everything["events"], everything["left_out"]) == (28, [])


def test_a_choice_of_no_event_is_a_mistake(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, empty_url: str
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", empty_url)

    result = bare("deploy", "--events", "order.payed")

    assert result.exit_code == 2
    assert "No event is called order.payed. Did you mean order.paid?" in result.stderr
    for pattern in ("order.[pc]*", "order.pai?", "Order.*", "", "*" * 101):
        refused = bare("deploy", "--events", pattern)
        assert refused.exit_code == 2
        assert "is no pattern of events" in refused.stderr
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("select to_regnamespace('postbell')").fetchone() == (None,)


def test_the_verb_of_an_own_event_comes_with_it_and_stays(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, empty_url: str, tmp_path: Path
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", empty_url)
    assert bare("new", "event", "billing.overdue", "--to", str(tmp_path)).exit_code == 0
    with (tmp_path / "billing/overdue/event.toml").open("a") as file:
        file.write(OVERDUE)

    monkeypatch.setenv("POSTBELL_TEMPLATES", str(tmp_path))
    first = bare("deploy")
    monkeypatch.delenv("POSTBELL_TEMPLATES")
    without_the_folder = bare.json("deploy")

    assert first.exit_code == 0, first.stderr
    assert without_the_folder["dropped"] == []
    with psycopg.connect(empty_url) as connection:
        connection.execute("set role postbell_producer")
        connection.execute(
            "select postbell.notify_billing_overdue(reference => 'b7', client_id => 'u1')"
        )
        connection.execute("reset role")
        emitted = connection.execute("select event, recipient, subject from postbell.outbox")
        assert emitted.fetchall() == [("billing.overdue", "u1", "bill:b7")]
