"""Giving out everything that is held about a person."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.support import given
from tests.support.erasing import MAIL, MARKER, PHONE, WHO, erase, person, traces
from tests.support.given import Connection


def export(connection: Connection, **named: object) -> dict[str, list[dict[str, object]]]:
    ((held,),) = given.call(connection, "export_recipient", **{"recipient": WHO, **named})
    assert isinstance(held, dict)
    return held


@pytest.fixture
def known(connection: Connection) -> Connection:
    """Somebody of whom there is a row in most tables."""
    given.event_type(connection, default_channels=["in_app"])
    person(connection)
    given.device(connection, WHO)
    given.call(connection, "join_topic", recipient=WHO, topic="thread:7")
    given.call(connection, "set_preference", recipient=WHO, enabled=False, channel="sms")
    given.call(connection, "mute", recipient=WHO, subject="order:7")
    given.call(connection, "suppress", channel="email", address=MAIL)
    given.insert(
        connection, "session", digest=b"secret", tenant_id="default", recipient_id=WHO,
        expires_at="2099-01-01Z",
    )  # fmt: skip
    given.inbox_item(connection, recipient_id=WHO, title=MARKER)
    given.emit(connection, recipient=WHO, payload={"text": MARKER})
    given.emit(connection, "no.such_event", recipient=WHO, payload={"text": MARKER})
    return connection


def test_everything_is_in_it(known: Connection) -> None:
    held = export(known)

    assert held["recipient"][0]["email"] == MAIL
    assert held["inbox_item"][0]["title"] == MARKER
    assert held["suppression"][0]["address"] == MAIL.lower()
    assert [event["payload"] for event in held["outbox"]] == [{"text": MARKER}] * 2
    for table in ("preference", "mute", "topic_member", "recipient_role", "session"):
        assert len(held[table]) == 1, table


def test_whatever_table_has_a_trace_is_in_it(db: Connection) -> None:
    given.event_type(db, default_channels=["in_app", "email"])
    person(db)
    given.emit(db, recipient=WHO, payload={"text": MARKER})
    given.emit(db, "no.such_event", recipient=WHO, payload={"text": MARKER})
    given.emit(db, recipient=None, audience={"recipients": [WHO]}, deliver_at="2099-01-01Z")
    given.route(db)
    given.insert(
        db, "stream_event", tenant_id="default", kind="notification", recipient_id=WHO, frame="{}"
    )
    tables = {name.partition(".")[0] for name in traces(db)}

    held = export(db)

    assert {table for table in tables if not held[table]} == set()


def test_keys_and_other_people_are_left_out(known: Connection) -> None:
    known.execute("set local postbell.wake = off")
    given.emit(known, recipient=None, audience={"recipients": [WHO, "somebody-else"]})

    text = json.dumps(export(known))

    assert "somebody-else" not in text
    for secret in (given.P256DH, given.AUTH, b"secret".hex()):
        assert secret not in text
    assert PHONE in text


def test_it_changes_nothing_and_tells_of_nobody_else(known: Connection) -> None:
    given.recipient(known, "u2", email="u2@example.org")
    given.emit(known, recipient="u2", payload={"text": "for u2"})

    assert "u2" not in json.dumps(export(known))
    known.execute("set transaction read only")
    assert export(known)


def test_of_somebody_unknown_there_is_nothing(connection: Connection) -> None:
    held = export(connection, recipient="nobody")

    assert {table for table, rows in held.items() if table != "exported_at" and rows} == set()


def test_who_was_erased_cannot_be_given_out(known: Connection) -> None:
    erase(known)

    with pytest.raises(psycopg.Error) as error:
        export(known)
    assert error.value.sqlstate == "PB023"
