"""People, their roles and topics, and the choices that they make."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import given
from tests.support.given import Connection


@pytest.fixture(autouse=True)
def person(connection: Connection) -> None:
    given.event_type(connection)
    given.recipient(connection, locale="fr", time_zone="Europe/Paris", attributes={"name": "Ann"})


def stored(connection: Connection, who: str = "u1") -> tuple[object, ...]:
    return given.rows(
        connection,
        "select email, phone, locale, time_zone, attributes from postbell.recipient where id = %s",
        who,
    )[0]


def roles(connection: Connection) -> list[str]:
    return given.column(connection, "select role from postbell.recipient_role order by 1")


def test_what_is_not_named_stays_as_it_is(connection: Connection) -> None:
    given.call(connection, "upsert_recipient", id="u1", email="new@example.org")
    assert stored(connection) == (
        "new@example.org", "+33612345678", "fr", "Europe/Paris", {"name": "Ann"},
    )  # fmt: skip


def test_addresses_lose_the_space_around_them(connection: Connection) -> None:
    given.call(connection, "upsert_recipient", id="u2", email=" a@example.org ", phone=" ")
    assert stored(connection, "u2")[:2] == ("a@example.org", None)


def test_attributes_are_replaced_as_a_whole(connection: Connection) -> None:
    given.call(connection, "upsert_recipient", id="u1", attributes={"plan": "pro"})
    assert stored(connection)[4] == {"plan": "pro"}


def test_who_comes_back_is_no_longer_erased(connection: Connection) -> None:
    connection.execute("update postbell.recipient set erased_at = now()")
    given.recipient(connection)
    assert given.value(connection, "select erased_at from postbell.recipient") is None


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (None, ["sales", "support"]),
        (["support"], ["support"]),
        (["support", "boss"], ["boss", "support"]),
        ([], []),
    ],
)
def test_roles_are_replaced_if_named(
    connection: Connection, named: list[str] | None, expected: list[str]
) -> None:
    given.recipient(connection, roles=["sales", "support"])
    given.recipient(connection, roles=named)
    assert roles(connection) == expected


def test_joining_twice_is_joining_once_and_leaving_ends_it(connection: Connection) -> None:
    for _ in range(2):
        given.call(connection, "join_topic", recipient="u1", topic="thread:7")
    assert given.value(connection, "select count(*) from postbell.topic_member") == 1
    for _ in range(2):
        given.call(connection, "leave_topic", recipient="u1", topic="thread:7")
    assert given.value(connection, "select count(*) from postbell.topic_member") == 0


def test_who_is_deleted_leaves_no_choices_behind(connection: Connection) -> None:
    given.recipient(connection, roles=["support"])
    given.call(connection, "join_topic", recipient="u1", topic="thread:7")
    given.call(connection, "set_preference", recipient="u1", enabled=False)
    given.call(connection, "mute", recipient="u1")
    given.call(connection, "set_quiet_hours", recipient="u1", starts="22:00", ends="07:00")
    connection.execute("delete from postbell.recipient")
    for table in ("recipient_role", "topic_member", "preference", "mute", "quiet_hours"):
        assert given.value(connection, f"select count(*) from postbell.{table}") == 0


def test_only_choices_are_stored(connection: Connection) -> None:
    given.recipient(connection, "u2")
    for table in ("preference", "mute", "quiet_hours"):
        assert given.value(connection, f"select count(*) from postbell.{table}") == 0


def test_the_latest_choice_counts(connection: Connection) -> None:
    for enabled in (False, True, False):
        given.call(connection, "set_preference", recipient="u1", enabled=enabled, channel="email")
    assert given.column(connection, "select enabled from postbell.preference") == [False]


def test_a_mute_made_again_takes_the_new_end(connection: Connection) -> None:
    given.call(connection, "mute", recipient="u1", subject="order:7")
    given.call(connection, "mute", recipient="u1", subject="order:7", until="2030-01-01Z")
    (until,) = given.column(connection, "select until from postbell.mute")
    assert until.year == 2030


def test_a_person_mutes_no_more_than_the_router_can_ask_for(connection: Connection) -> None:
    given.recipient(connection)
    for over in (True, False):
        given.rows(
            connection,
            "insert into postbell.mute (tenant_id, recipient_id, subject, until)"
            " select 'default', 'u1', %s || n, case when %s then now() - interval '1 day'"
            " else 'infinity' end from generate_series(1, 499) as n",
            str(over),
            over,
        )
    given.call(connection, "mute", recipient="u1", subject="the last")
    given.call(connection, "mute", recipient="u1", subject="the last")

    assert given.value(connection, "select count(*) from postbell.mute") == 500
    with pytest.raises(psycopg.Error, match="at most 500 things"):
        given.call(connection, "mute", recipient="u1", subject="one more")


def test_a_mute_without_an_end_is_for_good(connection: Connection) -> None:
    given.call(connection, "mute", recipient="u1", until=None)
    assert given.value(connection, "select until = 'infinity' from postbell.mute")


def test_a_suppressed_address_may_be_allowed_again(connection: Connection) -> None:
    named = {"channel": "email", "address": " A@Example.org"}
    given.call(connection, "suppress", **named)
    given.call(connection, "suppress", **named, reason="complaint")
    assert given.rows(connection, "select address, reason from postbell.suppression") == [
        ("a@example.org", "complaint")
    ]
    assert given.call(connection, "unsuppress", **named) == [(True,)]
    assert given.call(connection, "unsuppress", **named) == [(False,)]


WHO = {"recipient": "u1"}


@pytest.mark.parametrize(
    ("function", "named", "code"),
    [
        ("upsert_recipient", {"id": ""}, "PB022"),
        ("upsert_recipient", {"id": None}, "PB022"),
        ("upsert_recipient", {"id": "x" * 256}, "PB010"),
        ("upsert_recipient", {"id": "u1", "tenant_id": "nobody"}, "PB004"),
        ("upsert_recipient", {"id": "u1", "time_zone": "Mars/Olympus"}, "PB020"),
        ("join_topic", {"recipient": "nobody", "topic": "t"}, "PB003"),
        ("join_topic", {**WHO, "topic": ""}, "PB022"),
        ("join_topic", {**WHO, "topic": "x" * 256}, "PB010"),
        ("set_preference", {"recipient": "nobody", "enabled": True}, "PB003"),
        ("set_preference", {**WHO, "enabled": True, "channel": "fax"}, "PB006"),
        ("set_preference", {**WHO, "enabled": True, "event": "no.such"}, "PB001"),
        ("set_preference", {**WHO, "enabled": True, "category": "none"}, "PB022"),
        (
            "set_preference",
            {**WHO, "enabled": True, "category": "orders", "event": "order.paid"},
            "PB022",
        ),
        ("mute", {"recipient": "nobody"}, "PB003"),
        ("mute", {**WHO, "category": "orders", "subject": "order:7"}, "PB022"),
        ("mute", {**WHO, "subject": "x" * 256}, "PB010"),
        ("pause", {"recipient": "nobody", "until": "2030-01-01Z"}, "PB003"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_by_its_code(
    connection: Connection, function: str, named: dict[str, object], code: str
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        given.call(connection, function, **named)
    assert refusal.value.sqlstate == code
    assert refusal.value.diag.message_hint


@pytest.mark.parametrize(
    ("zone", "is_one"),
    [
        ("UTC", True),
        ("Europe/Paris", True),
        ("America/Argentina/Buenos_Aires", True),
        ("Etc/GMT+5", True),
        ("Mars/Olympus", False),
        ("CET", False),
        ("EST5EDT4", False),
        ("+02:00", False),
        ("", False),
        (None, False),
        ("Europe/Paris'; drop table x", False),
    ],
)
def test_a_time_zone_has_an_iana_name(
    connection: Connection, zone: str | None, is_one: bool
) -> None:
    assert given.value(connection, "select postbell.is_time_zone(%s)", zone) is is_one
