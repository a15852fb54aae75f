"""Idempotency keys: the same key with the same content is one event, with other content none."""

from __future__ import annotations

import pytest

from tests.support import given
from tests.support.background import Connect
from tests.support.given import Connection


def told(db: Connection) -> list[int]:
    return given.column(db, "select id from postbell_private.notification order by id")


def duplicates(db: Connection) -> dict[int, int]:
    return dict(
        given.rows(db, "select outbox_id, first_outbox_id from postbell_private.duplicate_event")
    )


@pytest.mark.parametrize("apart", [False, True], ids=["in one page", "pages apart"])
def test_the_same_event_twice_is_told_once(db: Connection, apart: bool) -> None:
    first = given.emit(db, payload={"order_id": 7, "amount": "1"}, idempotency_key="k")
    if apart:
        given.route(db)
    second = given.emit(db, payload={"amount": "1", "order_id": 7}, idempotency_key="k")
    given.route(db)
    assert told(db) == [first]
    assert duplicates(db) == {second: first}
    assert not given.rejections(db)


@pytest.mark.parametrize("apart", [False, True], ids=["in one page", "pages apart"])
@pytest.mark.parametrize(
    "other",
    [
        {"payload": {"order_id": 8}},
        {"recipient": "u2"},
        {"event": "order.created"},
        {"audience": {"recipients": ["u1"]}},
    ],
    ids=str,
)
def test_a_key_used_for_something_else_is_rejected(
    db: Connection, apart: bool, other: dict[str, object]
) -> None:
    given.event_type(db, "order.created")
    given.recipient(db, "u2")
    named = {"event": "order.paid", "recipient": "u1", "payload": {"order_id": 7}}
    first = given.emit(db, **named, idempotency_key="k")  # type: ignore[arg-type]
    if apart:
        given.route(db)
    second = given.emit(db, **{**named, **other}, idempotency_key="k")  # type: ignore[arg-type]
    given.route(db)
    assert told(db) == [first]
    assert given.rejections(db) == {second: "key_reused"}
    detail = given.value(db, "select detail from postbell.rejected_events")
    assert detail == f"the key k was used by event {first} for something else"


def test_three_in_one_page_are_measured_against_the_first(db: Connection) -> None:
    with db.transaction():
        first = given.emit(db, payload={"order_id": 1}, idempotency_key="k")
        other = given.emit(db, payload={"order_id": 2}, idempotency_key="k")
        same = given.emit(db, payload={"order_id": 1}, idempotency_key="k")
    given.route(db)
    assert told(db) == [first]
    assert given.rejections(db) == {other: "key_reused"}
    assert duplicates(db) == {same: first}


@pytest.mark.parametrize("apart", [False, True], ids=["in one page", "pages apart"])
def test_a_rejected_event_does_not_use_up_its_key(db: Connection, apart: bool) -> None:
    rejected = given.emit(db, recipient="nobody", idempotency_key="k")
    if apart:
        given.route(db)
    sound = given.emit(db, idempotency_key="k")
    given.route(db)
    assert given.rejections(db) == {rejected: "unknown_recipient"}
    assert told(db) == [sound]


def test_a_rolled_back_event_does_not_use_up_its_key(db: Connection) -> None:
    with db.transaction(force_rollback=True):
        given.emit(db, payload={"order_id": 1}, idempotency_key="k")
    kept = given.emit(db, payload={"order_id": 2}, idempotency_key="k")
    given.route(db)
    assert told(db) == [kept]


def test_tenants_have_their_own_keys(db: Connection) -> None:
    given.tenant(db, "other")
    given.recipient(db, tenant_id="other")
    ours = given.emit(db, payload={"order_id": 1}, idempotency_key="k")
    theirs = given.emit(db, payload={"order_id": 2}, idempotency_key="k", tenant_id="other")
    given.route(db)
    assert told(db) == [ours, theirs]


def test_keys_differ_by_case_and_space(db: Connection) -> None:
    emitted = [given.emit(db, idempotency_key=key) for key in ("k", "K", "k ")]
    given.route(db)
    assert told(db) == emitted


def test_without_a_key_the_same_is_told_again(db: Connection) -> None:
    emitted = [given.emit(db), given.emit(db)]
    given.route(db)
    assert told(db) == emitted


def test_a_payment_that_repeats_the_amount_is_another_event(db: Connection) -> None:
    emitted = [
        given.emit(db, payload={"amount": "9.90"}, idempotency_key=f"payment:{number}")
        for number in (1, 2)
    ]
    given.route(db)
    assert told(db) == emitted


@pytest.mark.parametrize("same", [True, False], ids=["same content", "other content"])
def test_two_producers_with_one_key_do_not_wait_for_each_other(
    db: Connection, connect: Connect, same: bool
) -> None:
    slow = connect(autocommit=False)
    earlier = given.emit(slow, payload={"order_id": 1}, idempotency_key="k")
    later = given.emit(db, payload={"order_id": 1 if same else 2}, idempotency_key="k")
    given.route(db)
    slow.commit()
    given.route(db)
    # The one that committed first has the key, whichever was inserted first.
    assert told(db) == [later]
    if same:
        assert duplicates(db) == {earlier: later}
    else:
        assert given.rejections(db) == {earlier: "key_reused"}
