"""A person's address in a chat: a secret that is checked, suppressed as a hash, and erased."""

from __future__ import annotations

import json

import psycopg
import pytest
from psycopg import errors

from tests.support import given
from tests.support.given import Connection
from tests.support.manual import ROOT, blocks
from tests.support.roles import acting_as

SECRET = "Xs3cretX"
CHAT = f"https://hooks.slack.com/services/T0/B0/{SECRET}"


@pytest.fixture
def ann(connection: Connection) -> Connection:
    """An event with a text for a chat, and u1 with an address in one."""
    given.event_type(connection, channels=["chat"], default_channels=["chat"])
    given.recipient(connection, chat=CHAT)
    return connection


def address(db: Connection) -> str | None:
    (chat,) = given.column(db, "select chat from postbell.recipient where id = 'u1'")
    return None if chat is None else str(chat)


def decided(db: Connection) -> str:
    (decision,) = given.explain(db, recipient="u1", event="order.paid")
    assert SECRET not in str(decision)
    return decision.reason


def test_who_has_an_address_is_reached(ann: Connection) -> None:
    given.recipient(ann, "u2")
    (nowhere,) = given.explain(ann, recipient="u2", event="order.paid")

    assert decided(ann) == "wanted"
    assert nowhere.reason == "no_address"


def test_an_address_stays_unless_another_is_given(ann: Connection) -> None:
    given.recipient(ann, locale="fr")
    assert address(ann) == CHAT

    given.recipient(ann, chat=f" {CHAT}2 ")
    assert address(ann) == f"{CHAT}2"


@pytest.mark.parametrize(
    "written",
    [
        f"http://x/{SECRET}",
        SECRET,
        f"https://x/{SECRET} y",
        "https://x/" + SECRET * 130,
        "https://",
    ],
)
def test_what_is_no_secure_address_is_refused_and_not_repeated(
    connection: Connection, written: str
) -> None:
    with pytest.raises(errors.DatabaseError, match="chat is no https:// address") as refused:
        given.recipient(connection, chat=written)

    assert SECRET not in str(refused.value)


def test_a_suppression_holds_a_hash_of_it(ann: Connection) -> None:
    given.call(ann, "suppress", channel="chat", address=CHAT, reason="gone")

    [suppressed] = given.column(ann, "select address from postbell.suppression")
    assert len(suppressed) == 64
    assert decided(ann) == "address_suppressed"
    # Letters of a token differ by case.
    given.recipient(ann, chat=CHAT.replace(SECRET, SECRET.swapcase()))
    assert decided(ann) == "wanted"


@pytest.mark.parametrize("by", ["the address", "the hash"])
def test_a_suppression_can_be_lifted(ann: Connection, by: str) -> None:
    given.call(ann, "suppress", channel="chat", address=CHAT)
    [suppressed] = given.column(ann, "select address from postbell.suppression")

    given.call(
        ann, "unsuppress", channel="chat", address=CHAT if by == "the address" else suppressed
    )

    assert decided(ann) == "wanted"


def test_who_returns_after_an_erasure_is_suppressed_as_before(ann: Connection) -> None:
    given.call(ann, "suppress", channel="chat", address=CHAT)
    given.call(ann, "erase_recipient", recipient="u1")
    assert given.column(ann, "select address from postbell.suppression") == []

    given.recipient(ann, chat=CHAT, forgive=True)

    assert decided(ann) == "address_suppressed"


def test_somebody_elses_suppression_stays(ann: Connection) -> None:
    given.recipient(ann, "u2", chat=CHAT)
    given.call(ann, "suppress", channel="chat", address=CHAT)

    given.call(ann, "erase_recipient", recipient="u1")

    assert len(given.column(ann, "select address from postbell.suppression")) == 1


def test_it_is_exported_to_the_person_with_its_suppression(ann: Connection) -> None:
    given.call(ann, "suppress", channel="chat", address=CHAT)

    ((held,),) = given.call(ann, "export_recipient", recipient="u1")

    assert held["recipient"][0]["chat"] == CHAT
    assert [row["channel"] for row in held["suppression"]] == ["chat"]
    assert json.dumps(held).count(SECRET) == 1


def test_support_does_not_see_it(ann: Connection) -> None:
    with (
        acting_as(ann, "support"),
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        ann.transaction(),
    ):
        ann.execute("select chat from postbell.recipient")


def test_a_mirrored_user_who_goes_leaves_no_address(ann: Connection) -> None:
    ann.execute("create table users (id text primary key, email text)")
    ann.execute("insert into users values ('u1', 'ann@example.org')")
    given.call(ann, "mirror_recipients", source="users", mapping={"id": "id", "email": "email"})
    assert address(ann) == CHAT

    ann.execute("delete from users")

    assert address(ann) is None


def test_what_the_page_says_is_so(db: Connection) -> None:
    page = (ROOT / "docs" / "chat.md").read_text(encoding="utf-8")
    for block in blocks(page):
        db.execute(block.text.encode())
    given.route(db)

    channels = given.column(
        db, "select channel from postbell.delivery where recipient_id = 'support' order by channel"
    )
    assert channels == ["chat", "in_app"]
