"""The inbox: what is in it, what counts as unread, and marking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dispatcher.db import inbox
from tests.support import given
from tests.support.given import Connection

Row = dict[str, Any]

NOW = "2030-03-01 13:00Z"
MARKS = ("mark_seen", "mark_read", "mark_unread", "archive", "unarchive", "pin", "unpin")


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
        "is_pinned",
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


def theirs(connection: Connection, verb: str, **whose: str) -> int:
    """An item of somebody else's, which the verb would change."""
    archived_at = NOW if verb == "unarchive" else None
    read_at = NOW if verb == "mark_unread" else None
    item = given.inbox_item(connection, read_at=read_at, archived_at=archived_at, **whose)
    if verb == "unpin":
        mark_of(connection, "pin", item, **whose)
    return item


def mark_of(connection: Connection, verb: str, item: int, **whose: str) -> None:
    person = {"recipient": whose.get("recipient_id", "u1")}
    tenant = {"tenant_id": whose.get("tenant_id", "default")}
    ((changed,),) = given.call(connection, verb, item_ids=[item], **person, **tenant)
    assert changed == 1


@pytest.mark.parametrize("verb", MARKS)
def test_nobody_marks_another_persons_items(connection: Connection, verb: str) -> None:
    item = theirs(connection, verb, recipient_id="u2")
    assert mark(connection, verb, item) == 0


@pytest.mark.parametrize("verb", MARKS)
def test_nobody_marks_items_under_another_tenant(connection: Connection, verb: str) -> None:
    given.tenant(connection, "other")
    given.recipient(connection, tenant_id="other")
    item = theirs(connection, verb, tenant_id="other")
    assert mark(connection, verb, item) == 0


def test_marking_nothing_changes_nothing(connection: Connection) -> None:
    given.inbox_item(connection)
    assert mark(connection, "mark_read", 4711) == 0
    assert mark(connection, "mark_read") == 0
    assert unread(connection) == 1


def test_what_is_taken_out_of_the_archive_is_as_it_was(connection: Connection) -> None:
    item = given.inbox_item(connection)
    mark(connection, "archive", item)
    assert unread(connection) == 0

    assert mark(connection, "unarchive", item) == 1
    assert mark(connection, "unarchive", item) == 0
    assert times(connection, item) == (False, False, False)
    assert unread(connection) == 1


def test_marking_all_read_is_undone_for_exactly_those_that_it_marked(
    connection: Connection,
) -> None:
    before = given.inbox_item(connection, read_at="2030-01-01Z", seen_at="2030-01-01Z")
    items = [given.inbox_item(connection), given.inbox_item(connection, is_silent=True)]
    given.call(connection, "mark_all_read", recipient="u1")
    given.clock(connection, "2030-03-02Z")
    later = given.inbox_item(connection)
    mark(connection, "mark_read", later)

    assert undone(connection, "2030-03-01 13:00:01Z") == 0
    assert undone(connection, NOW) == len(items)
    assert undone(connection, NOW) == 0
    assert [item for item in (before, *items, later) if not times(connection, item)[1]] == items


def undone(connection: Connection, read_at: str) -> int:
    ((changed,),) = given.call(connection, "undo_mark_all_read", recipient="u1", read_at=read_at)
    return int(changed)


# --- pinned items


def pinned(connection: Connection, who: str = "u1") -> list[int]:
    """The last pinned first."""
    return list(
        given.value(connection, "select pinned_items from postbell.recipient where id = %s", who)
    )


def test_an_item_is_pinned_until_it_is_unpinned(connection: Connection) -> None:
    items = [given.inbox_item(connection) for _ in range(3)]

    assert mark(connection, "pin", items[0], items[1]) == 2
    assert mark(connection, "pin", items[2], items[1]) == 1
    assert pinned(connection) == [items[2], items[1], items[0]]
    assert (
        given.column(
            connection,
            "select id from postbell.inbox where is_pinned and recipient_id = 'u1' order by id",
        )
        == items
    )
    assert mark(connection, "unpin", items[1], 4711) == 1
    assert mark(connection, "unpin", items[1]) == 0
    assert pinned(connection) == [items[2], items[0]]


def test_of_many_pinned_items_the_last_twenty_stay(connection: Connection) -> None:
    items = [given.inbox_item(connection) for _ in range(23)]
    for item in items:
        assert mark(connection, "pin", item) == 1

    assert pinned(connection) == items[:2:-1]
    assert mark(connection, "pin", *items) == 3


def test_what_is_no_longer_in_the_inbox_is_not_pinned_for_good(connection: Connection) -> None:
    gone, kept = given.inbox_item(connection), given.inbox_item(connection)
    mark(connection, "pin", gone)
    connection.execute("delete from postbell.inbox_item where id = %s", [gone])

    assert mark(connection, "pin", kept) == 1
    assert pinned(connection) == [kept]


def test_who_is_not_known_pins_nothing(connection: Connection) -> None:
    assert mark(connection, "pin", given.inbox_item(connection), who="nobody") == 0
    assert mark(connection, "unpin", 1, who="nobody") == 0


@pytest.mark.parametrize("tab", inbox.list_items)
@pytest.mark.parametrize("before", [None, 10_000])
def test_a_page_reads_no_more_items_than_it_shows(
    connection: Connection, tab: str, before: int | None
) -> None:
    """Of a person with a thousand items, all in the tab, among ten with as many."""
    connection.execute(
        "insert into postbell.inbox_item (id, outbox_id, tenant_id, recipient_id, event, category,"
        " title, body, is_silent, created_at, archived_at) select n, n, 'default', 'u' || n %% 10,"
        " 'order.paid', 'orders', 't', 'b', false, now(), %s::timestamptz"
        " from generate_series(1, 20000) as n",
        [NOW if tab == "archived" else None],
    )
    connection.execute("analyze postbell.inbox_item")
    mark(connection, "pin", 1, 501, 10_001)
    statement = inbox.list_items[tab]
    asked: dict[str, Any] = {
        "tenant": "default", "recipient": "u1", "before": before, "category": None, "event": None,
        "subject": None, "most": 31,
    }  # fmt: skip
    ((explained,),) = connection.execute(
        f"explain (analyze, format json) {statement.sql}".encode(), asked
    ).fetchall()

    read = sum(
        node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        for node in nodes(explained[0]["Plan"])
        if node.get("Relation Name", "").startswith("inbox_item")
    )
    shown = len(statement(connection, **asked))
    assert shown == (31 if before else 34)
    # Rows are counted as a mean of loops.
    assert read <= shown + 1


def nodes(plan: Row) -> Iterator[Row]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)
