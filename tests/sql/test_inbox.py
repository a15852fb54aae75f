"""The inbox: what is in it, what counts as unread, and marking."""

from __future__ import annotations

import pytest

from tests.support import given
from tests.support.given import Connection

NOW = "2030-03-01 13:00Z"


@pytest.fixture(autouse=True)
def person(connection: Connection) -> None:
    given.recipient(connection)
    given.recipient(connection, "u2")
    given.clock(connection, NOW)


def unread(connection: Connection, who: str = "u1") -> int:
    return int(
        given.value(
            connection, "select unread from postbell.unread_counts where recipient_id = %s", who
        )
    )


def mark(connection: Connection, verb: str, *items: int, who: str = "u1") -> int:
    ((changed,),) = given.call(connection, verb, recipient=who, item_ids=list(items))
    return int(changed)


def times(connection: Connection, item: int) -> tuple[bool, bool, bool]:
    """Whether it is seen, read, archived."""
    ((seen, read, archived),) = given.rows(
        connection, "select seen_at, read_at, archived_at from postbell.inbox where id = %s", item
    )
    return seen is not None, read is not None, archived is not None


def test_the_inbox_shows_what_its_contract_says(connection: Connection) -> None:
    given.inbox_item(connection, subject="order:7", link="/orders/7", image="/i.png")
    cursor = connection.execute("select * from postbell.inbox")
    assert [column.name for column in cursor.description or []] == [
        "id", "tenant_id", "recipient_id", "event", "category", "subject", "title", "body", "link",
        "image", "actions", "created_at", "seen_at", "read_at", "archived_at",
    ]  # fmt: skip
    assert cursor.rowcount == 1


def test_unread_items_are_counted_for_each_person(connection: Connection) -> None:
    given.inbox_item(connection)
    given.inbox_item(connection)
    given.inbox_item(connection, recipient_id="u2")
    assert (unread(connection), unread(connection, "u2")) == (2, 1)


def test_who_has_nothing_unread_has_a_count_of_none(connection: Connection) -> None:
    assert unread(connection) == 0


@pytest.mark.parametrize(("many", "counted"), [(99, 99), (100, 100), (101, 100), (250, 100)])
def test_unread_items_are_counted_to_a_hundred(
    connection: Connection, many: int, counted: int
) -> None:
    for _ in range(many):
        given.inbox_item(connection)
    assert unread(connection) == counted


@pytest.mark.parametrize(
    "columns", [{"is_silent": True}, {"read_at": NOW}, {"archived_at": NOW}], ids=str
)
def test_some_items_do_not_count(connection: Connection, columns: dict[str, object]) -> None:
    given.inbox_item(connection, **columns)
    assert unread(connection) == 0


def test_seen_items_still_count(connection: Connection) -> None:
    mark(connection, "mark_seen", given.inbox_item(connection))
    assert unread(connection) == 1


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        ("mark_seen", (True, False, False)),
        ("mark_read", (True, True, False)),
        ("archive", (False, False, True)),
    ],
)
def test_marking_changes_what_it_says_and_only_once(
    connection: Connection, verb: str, expected: tuple[bool, bool, bool]
) -> None:
    items = [given.inbox_item(connection) for _ in range(3)]
    assert mark(connection, verb, *items[:2]) == 2
    assert mark(connection, verb, *items[:2]) == 0
    assert [times(connection, item) for item in items] == [expected, expected, (False,) * 3]


def test_marking_again_keeps_the_first_time(connection: Connection) -> None:
    item = given.inbox_item(connection)
    mark(connection, "mark_seen", item)
    given.clock(connection, "2031-01-01Z")
    mark(connection, "mark_read", item)
    seen, read = given.rows(connection, "select seen_at, read_at from postbell.inbox")[0]
    assert (seen.year, read.year) == (2030, 2031)


def test_reading_takes_away_from_the_count_and_unreading_gives_back(connection: Connection) -> None:
    item = given.inbox_item(connection)
    assert mark(connection, "mark_read", item) == 1
    assert unread(connection) == 0
    assert mark(connection, "mark_unread", item) == 1
    assert mark(connection, "mark_unread", item) == 0
    assert unread(connection) == 1
    assert times(connection, item) == (True, False, False)


def test_all_can_be_read_at_once(connection: Connection) -> None:
    given.inbox_item(connection)
    given.inbox_item(connection, is_silent=True)
    archived = given.inbox_item(connection, archived_at=NOW)
    theirs = given.inbox_item(connection, recipient_id="u2")
    assert given.call(connection, "mark_all_read", recipient="u1") == [(2,)]
    assert given.call(connection, "mark_all_read", recipient="u1") == [(0,)]
    assert not times(connection, archived)[1]
    assert not times(connection, theirs)[1]
    assert unread(connection, "u2") == 1


@pytest.mark.parametrize("verb", ["mark_seen", "mark_read", "mark_unread", "archive"])
def test_nobody_marks_another_persons_items(connection: Connection, verb: str) -> None:
    item = given.inbox_item(connection, recipient_id="u2", read_at=NOW)
    assert mark(connection, verb, item) == 0


@pytest.mark.parametrize("verb", ["mark_seen", "mark_read", "mark_unread", "archive"])
def test_nobody_marks_items_under_another_tenant(connection: Connection, verb: str) -> None:
    given.tenant(connection, "other")
    item = given.inbox_item(connection, tenant_id="other", read_at=NOW)
    assert mark(connection, verb, item) == 0


def test_marking_nothing_changes_nothing(connection: Connection) -> None:
    given.inbox_item(connection)
    assert mark(connection, "mark_read", 4711) == 0
    assert mark(connection, "mark_read") == 0
    assert unread(connection) == 1
