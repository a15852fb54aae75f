"""The inbox over HTTP: its pages and tabs, its count, marking, and nobody else's items."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import given
from tests.support.client import Answer, Client
from tests.support.given import Connection


@pytest.fixture(autouse=True)
def events(db: Connection) -> None:
    given.event_type(db)


def ids(answer: Answer) -> list[int]:
    return [int(item["id"]) for item in answer.json["items"]]


async def test_the_inbox_is_listed_newest_first(client: Client, db: Connection) -> None:
    made = [given.inbox_item(db, title=f"Item {number}") for number in range(3)]

    answer = await client.as_().get("/v1/inbox")

    assert answer.status == 200
    assert ids(answer) == made[::-1]
    assert answer.json["items"][0]["title"] == "Item 2"
    assert answer.json["next_cursor"] is None


async def test_an_item_has_all_that_a_page_shows(client: Client, db: Connection) -> None:
    made = given.inbox_item(db, subject="order:7", link="https://x.example/7", image=None)
    db.execute(
        """update postbell.inbox_item set actions = '[{"label": "Go", "link": "https://x"}]'"""
    )

    item = (await client.as_().get(f"/v1/inbox/{made}")).json

    assert item == {
        "id": str(made), "event": "order.paid", "category": "orders", "subject": "order:7",
        "title": "Paid", "body": "Thank you", "link": "https://x.example/7", "image": None,
        "actions": [{"label": "Go", "link": "https://x"}],
        "created_at": "2030-01-01T12:00:00Z", "seen_at": None, "read_at": None,
        "archived_at": None, "is_silent": False, "is_pinned": False,
    }  # fmt: skip


async def test_pages_follow_each_other_without_gap_or_repeat(
    client: Client, db: Connection
) -> None:
    made = [given.inbox_item(db) for _ in range(7)]
    reader = client.as_()
    seen: list[int] = []
    cursor = ""
    while len(seen) < len(made):
        answer = await reader.get(f"/v1/inbox?limit=2{cursor}")
        seen += ids(answer)
        # What comes in between moves nothing.
        given.inbox_item(db)
        cursor = f"&cursor={answer.json['next_cursor']}"

    assert seen == made[::-1]
    assert cursor == "&cursor=None"


async def test_tabs_show_what_is_there_unread_or_put_away(client: Client, db: Connection) -> None:
    new, read, away, muted = (given.inbox_item(db, is_silent=n == 3) for n in range(4))
    reader = client.as_()
    await reader.post("/v1/inbox/read", {"items": [str(read)]})
    await reader.post("/v1/inbox/archive", {"items": [str(away)]})

    assert ids(await reader.get("/v1/inbox")) == [muted, read, new]
    assert ids(await reader.get("/v1/inbox?tab=unread")) == [new]
    assert ids(await reader.get("/v1/inbox?tab=archived")) == [away]
    assert (await reader.get("/v1/counts")).json == {"unread": 1}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("category=orders", ["a", "b"]),
        ("event=order.created", ["b"]),
        ("subject=order:7", ["a"]),
        ("category=orders&subject=order:8", ["b"]),
        ("category=payments&event=order.paid", []),
    ],
)
async def test_the_inbox_may_be_filtered(
    client: Client, db: Connection, query: str, found: list[str]
) -> None:
    given.inbox_item(db, title="a", subject="order:7")
    given.inbox_item(db, title="b", event="order.created", subject="order:8")
    given.inbox_item(db, title="c", event="payment.completed", category="payments")

    answer = await client.as_().get(f"/v1/inbox?{query}")

    assert sorted(item["title"] for item in answer.json["items"]) == found


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "query.limit"),
        ("limit=101", "query.limit"),
        ("limit=many", "query.limit"),
        ("limit=1&limit=2", "query.limit"),
        ("tab=trash", "query.tab"),
        ("cursor=x", "query.cursor"),
        ("cursor=", "query.cursor"),
        ("cursor=YmVmb3JlIC0x", "query.cursor"),
        ("cursor=YmVmb3JlIDk5OTk5OTk5OTk5OTk5OTk5OTk5OTk", "query.cursor"),
        ("cursor=%00", "query.cursor"),
        ("category=", "query.category"),
        ("subject=a%00b", "query.subject"),
        ("sort=asc", "query.sort"),
        ("event=" + "x" * 300, "query.event"),
    ],
)
async def test_a_wrong_question_is_told_which_part_is_wrong(
    client: Client, query: str, field: str
) -> None:
    answer = await client.as_().get(f"/v1/inbox?{query}")

    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [fault["field"] for fault in answer.json["errors"]] == [field]
    assert answer.json["detail"].startswith(field)
    assert answer.json["remedy"]


async def test_more_than_99_are_counted_as_100(client: Client, db: Connection) -> None:
    db.execute(
        "insert into postbell.inbox_item (id, outbox_id, tenant_id, recipient_id, event, category,"
        " title, body, is_silent, created_at) select n, n, 'default', 'u1', 'order.paid', 'orders',"
        " 't', 'b', false, now() from generate_series(1, 150) as n"
    )

    assert (await client.as_().get("/v1/counts")).json == {"unread": 100}


@pytest.mark.parametrize(
    ("verb", "column"), [("seen", "seen_at"), ("read", "read_at"), ("archive", "archived_at")]
)
@pytest.mark.parametrize("which", ["some", "all"])
async def test_items_are_marked(
    client: Client, db: Connection, verb: str, column: str, which: str
) -> None:
    items = [given.inbox_item(db), given.inbox_item(db)]
    others = given.inbox_item(db, recipient_id="u2")
    reader = client.as_()
    body: dict[str, Any] = {"all": True} if which == "all" else {"items": [str(i) for i in items]}

    answer = await reader.post(f"/v1/inbox/{verb}", body)
    again = await reader.post(f"/v1/inbox/{verb}", body)

    assert (answer.json["changed"], again.json["changed"]) == (2, 0)
    marked = given.column(
        db, f"select id from postbell.inbox_item where {column} is not null order by id"
    )
    assert marked == items
    assert others not in marked


async def test_items_are_made_unread_again(client: Client, db: Connection) -> None:
    item = given.inbox_item(db)
    reader = client.as_()
    await reader.post("/v1/inbox/read", {"all": True})

    assert (await reader.post("/v1/inbox/unread", {"items": [str(item)]})).json == {"changed": 1}
    assert (await reader.get("/v1/counts")).json == {"unread": 1}


async def test_marking_all_read_is_undone_by_the_time_that_it_answers(
    client: Client, db: Connection
) -> None:
    read = given.inbox_item(db, read_at="2030-01-01Z", seen_at="2030-01-01Z")
    items = [given.inbox_item(db), given.inbox_item(db)]
    reader = client.as_()

    marked = (await reader.post("/v1/inbox/read", {"all": True})).json
    undone = await reader.post("/v1/inbox/unread", {"read_at": marked["read_at"]})
    some = (await reader.post("/v1/inbox/read", {"items": [str(read)]})).json

    assert (marked["changed"], undone.json) == (2, {"changed": 2})
    assert ids(await reader.get("/v1/inbox?tab=unread")) == items[::-1]
    assert some == {"changed": 0, "read_at": None}


async def test_items_are_taken_out_of_the_archive(client: Client, db: Connection) -> None:
    item = given.inbox_item(db, archived_at="2030-01-01Z")
    reader = client.as_()

    answer = await reader.post("/v1/inbox/unarchive", {"items": [str(item)]})

    assert answer.json == {"changed": 1}
    assert ids(await reader.get("/v1/inbox")) == [item]
    assert ids(await reader.get("/v1/inbox?tab=archived")) == []


async def test_pinned_items_come_first_and_once(client: Client, db: Connection) -> None:
    made = [given.inbox_item(db) for _ in range(6)]
    first, *_, fifth, _ = made
    reader = client.as_()
    pinned = await reader.post("/v1/inbox/pin", {"items": [str(fifth), str(first)]})

    page = await reader.get("/v1/inbox?limit=2")
    rest = await reader.get(f"/v1/inbox?limit=2&cursor={page.json['next_cursor']}")

    assert pinned.json == {"changed": 2}
    assert ids(page) == [fifth, first, made[5], made[3]]
    assert [item["is_pinned"] for item in page.json["items"]] == [True, True, False, False]
    assert ids(rest) == [made[2], made[1]]
    assert rest.json["next_cursor"] is None
    assert (await reader.get(f"/v1/inbox/{first}")).json["is_pinned"]

    unpinned = await reader.post("/v1/inbox/unpin", {"items": [str(first)]})
    assert unpinned.json == {"changed": 1}
    assert ids(await reader.get("/v1/inbox")) == [fifth, made[5], *made[3::-1]]


async def test_pinned_items_are_filtered_like_others(client: Client, db: Connection) -> None:
    read = given.inbox_item(db, read_at="2030-01-01Z", seen_at="2030-01-01Z")
    other = given.inbox_item(db, category="payments")
    away = given.inbox_item(db, archived_at="2030-01-01Z")
    reader = client.as_()
    await reader.post("/v1/inbox/pin", {"items": [str(item) for item in (read, other, away)]})

    assert ids(await reader.get("/v1/inbox?category=payments")) == [other]
    assert ids(await reader.get("/v1/inbox?tab=unread")) == [other]
    assert ids(await reader.get("/v1/inbox?tab=archived")) == [away]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"items": []}, {"items": None}, {"all": False}, {"all": True, "items": ["1"]},
        {"items": ["x"]}, {"items": ["0"]}, {"items": ["-1"]}, {"items": [2**63]},
        {"items": [str(n) for n in range(1, 102)]}, {"items": "1"}, {"item": ["1"]}, [], "x", 1,
    ],
)  # fmt: skip
async def test_a_wrong_body_changes_nothing_and_says_what_is_wrong(
    client: Client, db: Connection, body: Any
) -> None:
    given.inbox_item(db)

    answer = await client.as_().post("/v1/inbox/read", body)

    assert answer.status == 422
    assert all(fault["field"].startswith("body") for fault in answer.json["errors"])
    assert given.value(db, "select count(read_at) from postbell.inbox_item") == 0


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"", "application/json", 422),
        (b'{"all": true', "application/json", 422),
        (b'\xff\xfe"', "application/json", 422),
        (b'{"items": ["\\ud800"]}', "application/json", 422),
        (b"[" * 10_000, "application/json", 422),
        (b'{"all": true}', "text/plain", 415),
        (b"all=true", "application/x-www-form-urlencoded", 415),
        (b'{"items": [' + b"1," * 20_000 + b"1]}", "application/json", 413),
    ],
)
async def test_what_is_no_json_or_too_large_is_refused(
    client: Client, body: bytes, kind: str, status: int
) -> None:
    answer = await client.as_().send("POST", "/v1/inbox/read", body, content_type=kind)

    assert answer.status == status
    assert answer.json["status"] == status


# --- other people's


@pytest.mark.parametrize("whose", [{"recipient_id": "u2"}, {"tenant_id": "other"}])
async def test_another_users_or_tenants_item_is_not_there(
    client: Client, db: Connection, whose: dict[str, str]
) -> None:
    theirs = given.inbox_item(db, **whose)
    reader = client.as_()

    assert ids(await reader.get("/v1/inbox")) == []
    assert (await reader.get(f"/v1/inbox/{theirs}")).status == 404
    assert (await reader.get("/v1/counts")).json == {"unread": 0}


@pytest.mark.parametrize("whose", [{"recipient_id": "u2"}, {"tenant_id": "other"}])
@pytest.mark.parametrize("verb", ["seen", "read", "unread", "archive", "unarchive", "pin", "unpin"])
async def test_who_names_another_users_or_tenants_item_changes_nothing(
    client: Client, db: Connection, whose: dict[str, str], verb: str
) -> None:
    mine, theirs = given.inbox_item(db), given.inbox_item(db, **whose)

    answer = await client.as_().post(f"/v1/inbox/{verb}", {"items": [str(mine), str(theirs)]})

    assert answer.status == 404
    assert [fault["field"] for fault in answer.json["errors"]] == ["body.items.1"]
    assert (
        given.value(
            db,
            "select count(seen_at) + count(read_at) + count(archived_at) from postbell.inbox_item",
        )
        == 0
    )


async def test_that_somebody_asked_for_another_users_item_is_logged(
    client: Client, db: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = given.inbox_item(db, recipient_id="u2")

    await client.as_().get(f"/v1/inbox/{theirs}")

    logged = capsys.readouterr()
    assert "refused items of another inbox" in logged.out + logged.err


async def test_a_missing_item_looks_like_somebody_elses(client: Client, db: Connection) -> None:
    theirs = given.inbox_item(db, recipient_id="u2")
    reader = client.as_()

    there, nowhere = await reader.get(f"/v1/inbox/{theirs}"), await reader.get("/v1/inbox/999999")

    assert there.json["detail"].replace(str(theirs), "N") == nowhere.json["detail"].replace(
        "999999", "N"
    )


@pytest.mark.parametrize("item", ["x", "0", "-1", "1.5", str(2**63), "1e3"])
async def test_what_can_be_no_item_is_not_there(client: Client, item: str) -> None:
    assert (await client.as_().get(f"/v1/inbox/{item}")).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/inbox"),
        ("GET", "/v1/inbox/1"),
        ("GET", "/v1/counts"),
        ("POST", "/v1/inbox/read"),
    ],
)
async def test_a_stranger_reads_and_marks_nothing(client: Client, method: str, path: str) -> None:
    assert (await client.send(method, path, {"all": True})).status == 401
