"""postbell stats"""

from __future__ import annotations

import json

from tests.support import given
from tests.support.cli import Cli


def test_stats_of_an_idle_database(cli: Cli) -> None:
    result = cli("stats")

    assert result.exit_code == 0, result.stderr
    assert "No router runs" in result.stdout
    assert "Nothing is queued and nothing waits." in result.stdout


def test_stats_count_the_queue_and_what_became_of_deliveries(
    cli: Cli, database: given.Connection
) -> None:
    event = given.event_type(database, "order.moved", default_channels=["in_app", "email"])
    for _ in range(3):
        given.emit(database, event)
    given.emit(database, "order.piad")
    given.route(database)
    numbers = given.column(
        database, "select delivery_id from postbell.delivery_log where channel = 'email'"
    )
    database.execute("update postbell.delivery set state = 'sending' where channel = 'email'")
    given.attempts(database, "failed", *numbers, reason="no")

    counted = cli.json("stats")

    assert counted["router"] is None
    assert {(row["channel"], row["queued"]) for row in counted["queue"]} >= {("in_app", 3)}
    assert counted["deliveries"] == [
        {"channel": "email", "state": "failed", "deliveries": 3},
        {"channel": "in_app", "state": "queued", "deliveries": 3},
    ]
    assert counted["rejections"] == [{"reason": "unknown_event", "events": 1}]
    assert counted["dead_letters"][0]["deliveries"] == 3
    assert cli.json("stats", "--since", "2999-01-01")["deliveries"] == []
    assert "No event of this name is registered." in cli("stats").stdout


def test_stats_show_what_is_scheduled_and_which_audiences_are_being_told(
    cli: Cli, database: given.Connection
) -> None:
    event = given.event_type(database, "order.moved", default_channels=["in_app"])
    assert "No event is scheduled." in cli("stats").stdout

    for day in (3, 2):
        given.emit(database, event, deliver_at=f"2090-03-0{day} 09:30Z")
    people = [f"p{number}" for number in range(30)]
    given.emit(database, event, None, audience={"recipients": people})
    given.route(database)

    counted = cli.json("stats")
    assert counted["events"]["scheduled"] == 2
    assert counted["events"]["next_due_at"].startswith("2090-03-02T09:30:00")
    assert counted["events"]["being_fanned_out"] == 1
    assert all(row["channel"] for row in counted["queue"])
    said = " ".join(cli("stats").stdout.split())
    assert "2 events are scheduled, the next for 2090-03-02 09:30:00 UTC." in said
    assert "1 large audience is being told." in said


def test_stats_say_who_leads_and_whether_it_sleeps(cli: Cli, database: given.Connection) -> None:
    given.call(database, "acquire_leadership")

    assert cli.json("stats")["router"] == {
        "pid": database.info.backend_pid,
        "is_asleep": False,
    }

    given.call(database, "acquire_sleep_lock")

    assert "The router sleeps" in cli("stats").stdout


def test_stats_say_how_providers_are_doing(cli: Cli, database: given.Connection) -> None:
    assert cli.json("stats")["providers"] == []
    misconfigured = {
        "provider": "main_mail", "channel": "email", "state": "misconfigured", "reason": "535",
        "changed_at": "2030-01-01 12:00Z", "opens_at": "2030-01-01 12:10Z",
    }  # fmt: skip
    said = json.dumps([misconfigured])
    given.call(database, "report_providers", process="host:1", reports=said)

    (row,) = cli.json("stats")["providers"]

    assert (row["provider"], row["channel"], row["state"], row["reason"], row["process"]) == (
        "main_mail", "email", "misconfigured", "535", "host:1",
    )  # fmt: skip
    assert "main_mail" in cli("stats").stdout


def test_stats_say_what_deliveries_wait_for(cli: Cli, database: given.Connection) -> None:
    event = given.event_type(database, "order.moved", default_channels=["email"])
    for _ in range(2):
        given.emit(database, event)
    given.route(database)
    database.execute("update postbell.delivery set state = 'waiting', reason = 'template_missing'")
    database.execute(
        "insert into postbell.waiting_delivery"
        " select id, tenant_id, recipient_id, true, '2090-01-01Z' from postbell.delivery"
    )

    (told,) = cli.json("stats")["waiting"]

    assert (told["reason"], told["event"], told["channel"], told["deliveries"]) == (
        "template_missing", "order.moved", "email", 2,
    )  # fmt: skip
    assert "it waits for one" in " ".join(cli("stats").stdout.split())
