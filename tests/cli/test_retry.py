"""postbell retry"""

from __future__ import annotations

import pytest

from tests.support import given
from tests.support.cli import Cli


@pytest.fixture
def dead(database: given.Connection) -> list[int]:
    """Two e-mails that were given up."""
    event = given.event_type(database, "order.moved", default_channels=["email"])
    for _ in range(2):
        given.emit(database, event)
    given.route(database)
    numbers = given.column(database, "select delivery_id from postbell.delivery_log")
    database.execute("update postbell.delivery set state = 'sending'")
    given.attempts(database, "failed", *numbers, reason="no")
    return numbers


def test_retry_sends_one_dead_letter_again(
    cli: Cli, database: given.Connection, dead: list[int]
) -> None:
    result = cli("retry", str(dead[0]))

    assert result.exit_code == 0, result.stderr
    assert result.stdout == "1 delivery is sent again.\n"
    assert given.column(database, "select delivery_id from postbell.dead_letters") == [dead[1]]


@pytest.mark.parametrize(
    ("words", "revived"),
    [
        (["--all"], 2),
        (["--event", "order.moved", "--channel", "email", "--tenant", "default"], 2),
        (["--event", "order.lost"], 0),
        (["--channel", "sms"], 0),
        (["--since", "1h"], 2),
        (["--since", "2999-01-01"], 0),
    ],
)
def test_retry_takes_up_what_is_named(
    cli: Cli, dead: list[int], words: list[str], revived: int
) -> None:
    assert cli.json("retry", *words) == {"retried": revived}


def test_a_delivery_that_is_no_dead_letter_cannot_be_sent_again(cli: Cli, dead: list[int]) -> None:
    result = cli("retry", "4000000")

    assert result.exit_code == 1
    assert "Delivery 4000000 is no dead letter" in result.stderr


@pytest.mark.parametrize(
    "words", [[], ["--all", "--event", "a.b"], ["7", "--all"], ["--since", "x"]]
)
def test_retry_of_everything_must_be_meant(cli: Cli, dead: list[int], words: list[str]) -> None:
    assert cli("retry", *words).exit_code == 2
