"""postbell deploy"""

from __future__ import annotations

import psycopg
import pytest

from dispatcher import CONTRACT
from tests.support.cli import Cli


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
