"""What support may ask about people: who has an address, and where a delivery goes."""

from __future__ import annotations

from dispatcher.masking import hint_of
from tests.support import given
from tests.support.given import Connection

EVERYWHERE = ["in_app", "email", "sms", "chat"]


def found(connection: Connection, address: str) -> list[tuple[str, str]]:
    connection.execute("set local role postbell_support")
    return given.rows(connection, "select * from postbell.find_recipients(%s)", address)


def test_people_are_found_by_their_address_in_any_spelling(connection: Connection) -> None:
    given.tenant(connection, "other")
    given.recipient(connection, "u1", email="Jane@Example.org")
    given.recipient(connection, "u2", email="jane@example.org.uk")
    given.recipient(connection, "u9", tenant_id="other", email="jane@example.org")

    assert found(connection, " JANE@example.org ") == [("default", "u1"), ("other", "u9")]


def test_somebody_whose_id_is_the_address_is_found(connection: Connection) -> None:
    given.recipient(connection, "joe@example.org", email=None)

    assert found(connection, "joe@example.org") == [("default", "joe@example.org")]


def test_a_part_of_an_address_finds_nobody(connection: Connection) -> None:
    given.recipient(connection, "u1", email="jane@example.org")

    assert found(connection, "%@example.org") == []
    connection.execute("reset role")
    assert found(connection, "") == []


def test_support_sees_enough_of_an_address_to_recognise_it(db: Connection) -> None:
    given.event_type(db, channels=EVERYWHERE)
    given.recipient(
        db,
        email="jane.doe@mail.example.org",
        phone="+33612345678",
        chat="https://hooks.example.org/services/secret",
    )
    given.emit(db, channels=EVERYWHERE)
    given.route(db)
    db.execute("set role postbell_support")

    told = given.rows(db, "select channel, postbell.delivery_address(id) from postbell.delivery")

    db.execute("reset role")
    assert dict(told) == {
        "in_app": None,
        "email": hint_of("jane.doe@mail.example.org"),
        "sms": hint_of("+33612345678"),
        "chat": "hooks.example.org",
    }
