"""postbell.help(): what a role may call, from the catalogue."""

from __future__ import annotations

import pytest

from tests.support import given
from tests.support.given import Connection
from tests.support.roles import acting_as

ROLES = ["producer", "reader", "dispatcher", "gateway", "support", "admin"]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_shown_what_it_may_call(connection: Connection, role: str) -> None:
    with acting_as(connection, role):
        shown = given.rows(connection, "select name, roles from postbell.help()")

    assert "help" in {name for name, _ in shown}
    # A gateway has a reader's rights.
    own = {role, "reader"} if role == "gateway" else {role}
    assert [name for name, roles in shown if own.isdisjoint(roles.split(", "))] == []


def test_a_word_finds_the_functions_whose_name_has_it(connection: Connection) -> None:
    found = given.rows(connection, "select * from postbell.help('Mute')")

    assert [name for name, *_ in found] == ["mute", "unmute"]
    assert found[0][1].startswith("recipient text, until timestamp with time zone DEFAULT")
    assert found[0][2] == (
        "Silences everything, a category, an event or a subject (thread) until a time or for good."
    )
    assert found[0][3] == "admin, reader"


def test_every_line_has_a_sentence(connection: Connection) -> None:
    lines = given.rows(connection, "select name, purpose from postbell.help()")

    assert [name for name, purpose in lines if not purpose or not purpose.endswith(".")] == []
    assert [name for name, purpose in lines if "\n" in purpose] == []


def test_what_is_private_and_what_is_for_triggers_is_left_out(connection: Connection) -> None:
    names = set(given.column(connection, "select name from postbell.help()"))

    assert names.isdisjoint({"follow_users", "route", "claim_batch"})
