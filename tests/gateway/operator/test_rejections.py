"""Rejected events: why, and the way out."""

from __future__ import annotations

import pytest

from tests.support import given
from tests.support.client import Client
from tests.support.failed_deliveries import CANARY
from tests.support.given import Connection

PATH = "/v1/operator/rejections"


@pytest.fixture
def wrong(db: Connection, order: str) -> list[int]:
    """Events that nobody can be told of, oldest first."""
    ids = [
        given.emit(db, "order.lost", "u1"),
        given.emit(db, order, f"{CANARY}@example.org", channels=["pigeon"]),
        given.emit(db, order, None),
    ]
    given.route(db)
    return ids


async def test_each_says_why_and_what_to_do(olga: Client, wrong: list[int]) -> None:
    told = (await olga.get(PATH)).json["rejections"]

    assert [each["outbox_id"] for each in told] == [str(number) for number in reversed(wrong)]
    assert [each["reason"] for each in told] == [
        "invalid_audience", "invalid_channel", "unknown_event",
    ]  # fmt: skip
    assert all(each["why"] and each["remedy"] for each in told)


async def test_they_are_found_by_reason_event_and_tenant(olga: Client, wrong: list[int]) -> None:
    async def found(query: str) -> int:
        return len((await olga.get(f"{PATH}?{query}")).json["rejections"])

    assert await found("reason=unknown_event") == 1
    assert await found("event=order.moved") == 2
    assert await found("tenant=other") == 0


async def test_pages_follow_each_other(olga: Client, wrong: list[int]) -> None:
    first = (await olga.get(f"{PATH}?limit=2")).json
    second = (await olga.get(f"{PATH}?limit=2&cursor={first['next_cursor']}")).json

    assert [each["outbox_id"] for each in second["rejections"]] == [str(wrong[0])]
    assert second["next_cursor"] is None


async def test_an_address_that_somebody_took_for_an_id_is_masked(
    olga: Client, wrong: list[int]
) -> None:
    assert CANARY not in (await olga.get(PATH)).text
