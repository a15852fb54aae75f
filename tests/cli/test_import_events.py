"""postbell import-events"""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import Result

from tests.support import given
from tests.support.cli import Cli

STOCK = {
    "key": "stock.low",
    "label": "Low stock",
    "description": "Something runs out.",
    "enabled": True,
    "roles": ["support"],
    "channels": ["in_app", "email"],
    "priority": "high",
    "forced_channels": [],
}


def take(cli: Cli, *events: dict[str, Any], words: tuple[str, ...] = ()) -> Result:
    return cli("import-events", "-", *words, stdin=json.dumps(events))


def registered(database: given.Connection, key: str = "stock.low") -> list[tuple[Any, ...]]:
    return given.rows(
        database,
        "select label, category, priority, default_channels, forced_channels, channels, roles,"
        " disabled_at is null from postbell.event_type where key = %s",
        key,
    )


def test_an_event_of_a_list_is_registered(cli: Cli, database: given.Connection) -> None:
    result = take(cli, {**STOCK, "forced_channels": ["sms"]})

    assert result.exit_code == 0, result.stderr
    assert result.stdout == "stock.low: new.\n1 registered, 0 changed, 0 as before.\n"
    assert "stock.low: it has no texts yet" in result.stderr
    assert registered(database) == [
        ("Low stock", "stock", "high", ["in_app", "email"], ["sms"], ["in_app", "email", "sms"],
         ["support"], True)
    ]  # fmt: skip


def test_an_event_belongs_to_the_category_of_its_kin(cli: Cli, database: given.Connection) -> None:
    take(cli, {**STOCK, "key": "order.lost"})

    assert registered(database, "order.lost")[0][1] == "orders"


def test_importing_again_changes_nothing(cli: Cli, database: given.Connection) -> None:
    take(cli, {**STOCK, "enabled": False})
    where = "select ctid::text from postbell.event_type where key = 'stock.low'"
    before = given.value(database, where)

    result = take(cli, {**STOCK, "enabled": False})

    assert result.stdout == "0 registered, 0 changed, 1 as before.\n"
    assert given.value(database, where) == before


def test_a_changed_list_changes_what_it_says_and_tells_of_it(
    cli: Cli, database: given.Connection
) -> None:
    take(cli, {**STOCK, "fields": {"item": "text"}})

    result = take(cli, {"key": "stock.low", "priority": "low", "channels": ["in_app"]})

    assert "stock.low: priority is 'low', was 'high'.\n" in result.stdout
    assert "1 changed" in result.stdout
    assert registered(database)[0][:4] == ("Low stock", "stock", "low", ["in_app"])
    assert given.value(
        database, "select fields ? 'item' from postbell.event_type where key = 'stock.low'"
    )


def test_what_is_not_enabled_is_disabled_until_it_is(cli: Cli, database: given.Connection) -> None:
    take(cli, {**STOCK, "enabled": False})
    assert registered(database)[0][-1] is False

    take(cli, STOCK)
    assert registered(database)[0][-1] is True


def test_a_dry_run_only_tells(cli: Cli, database: given.Connection) -> None:
    result = take(cli, STOCK, words=("--dry-run",))

    assert "1 would be registered" in result.stdout
    assert registered(database) == []


def test_the_folder_of_an_event_stands_and_only_roles_and_enabled_are_taken(
    cli: Cli, database: given.Connection
) -> None:
    before = registered(database, "order.paid")[0]

    result = take(cli, {**STOCK, "key": "order.paid", "enabled": False})

    assert "order.paid: its folder stands, and says otherwise: label, description," in result.stderr
    assert registered(database, "order.paid") == [(*before[:6], ["support"], False)]


def test_one_mistake_and_nothing_is_registered(cli: Cli, database: given.Connection) -> None:
    result = take(cli, STOCK, {**STOCK, "key": "stock", "priority": "urgent"})

    assert result.exit_code == 1
    assert "-: event 2 (stock): key must be" in result.stderr
    assert "-: event 2 (stock): priority must be" in result.stderr
    assert "Nothing has changed." in result.stderr
    assert registered(database) == []


def test_the_answer_may_be_json(cli: Cli, database: given.Connection) -> None:
    take(cli, STOCK)

    result = take(cli, {**STOCK, "priority": "low"}, words=("--json", "--dry-run"))

    assert json.loads(result.stdout) == [
        {
            "key": "stock.low", "change": "changed",
            "changes": {"priority": {"was": "high", "is": "low"}}, "differs_from_folder": [],
        }
    ]  # fmt: skip


def test_a_file_that_cannot_be_read_is_said_so(cli: Cli, database: given.Connection) -> None:
    result = cli("import-events", "/nowhere/events.json")

    assert result.exit_code == 1
    assert "/nowhere/events.json cannot be read: No such file or directory." in result.stderr


def choices(database: given.Connection, recipient: str) -> set[str]:
    return {row[1] for row in given.call(database, "catalogue", recipient=recipient)}


@pytest.mark.parametrize(
    ("roles", "is_shown"), [(["support"], True), (["writer"], False), ([], True)]
)
def test_an_event_for_other_roles_is_not_among_a_persons_choices(
    cli: Cli, database: given.Connection, roles: list[str], is_shown: bool
) -> None:
    given.recipient(database, roles=roles)

    take(cli, STOCK)

    assert ("stock.low" in choices(database, "u1")) is is_shown
    assert "order.paid" in choices(database, "u1")


def test_a_deploy_leaves_imported_events_and_roles_as_they_are(
    cli: Cli, database: given.Connection
) -> None:
    take(cli, STOCK, {"key": "order.paid", "roles": ["client"]})

    given.event_type(database, "order.paid", label="As the folder says")

    assert registered(database) != []
    assert registered(database, "order.paid")[0][6] == ["client"]
