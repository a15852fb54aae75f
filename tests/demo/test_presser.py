"""Pressing a button of the demo, and asking beforehand what would come of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from dispatcher.db import connections
from dispatcher.demo import cast
from dispatcher.demo.deeds.all import DEEDS
from dispatcher.demo.deeds.presser import Presser
from dispatcher.demo.market.marketplace import Marketplace
from tests.support import given


@pytest.fixture
async def presser(market: Marketplace, market_url: str) -> AsyncIterator[Presser]:
    async with await connections.connect(market_url, "oracle") as oracle:
        yield Presser(market, oracle)


async def test_pressing_answers_with_every_transaction_that_it_took(presser: Presser) -> None:
    placed_and_paid = await presser.press(DEEDS["pay-twice"], cast.CHIYO)
    *earlier, last = placed_and_paid
    assert [moment.rolled_back_by for moment in earlier] == [None] * len(earlier)
    assert last.rolled_back_by == "order_is_paid_once"


async def test_what_would_come_of_a_button_is_what_comes_of_it(
    presser: Presser, market_url: str
) -> None:
    (foreseen,) = (await presser.foresee(DEEDS["donate"], cast.BEN)).foreseen
    (moment,) = await presser.press(DEEDS["donate"], cast.BEN)
    with psycopg.connect(market_url) as connection:
        decided = given.rows(
            connection,
            "select channel, decision, reason from postbell.explain(%s) order by channel",
            moment.outbox_ids[0],
        )
    rows = sorted((row["channel"], row["decision"], row["reason"]) for row in foreseen.decisions)
    assert rows == decided
    assert foreseen.event == "payment.completed"


async def test_asking_writes_nothing(presser: Presser, market_url: str) -> None:
    count = "select (select count(*) from postbell.outbox), (select count(*) from shop.payment)"
    with psycopg.connect(market_url, autocommit=True) as connection:
        before = given.rows(connection, count)
        prospect = await presser.foresee(DEEDS["donate"], cast.ADA)
        assert given.rows(connection, count) == before
    assert prospect.statements[0].startswith("insert into shop.payment")


async def test_a_constraint_that_would_object_is_named(presser: Presser) -> None:
    prospect = await presser.foresee(DEEDS["approve-too-much"], cast.ADA)
    assert prospect.rolled_back_by == "points_are_not_overdrawn"
    assert [each.event for each in prospect.foreseen] == []


async def test_an_event_that_somebody_has_in_mind_is_explained(presser: Presser) -> None:
    foreseen = await presser.explain("order.paid", cast.DEV, {"order_id": 1, "amount": "5.00"})
    reasons = {row["channel"]: row["reason"] for row in foreseen.decisions}
    assert reasons == {"in_app": "wanted", "sse": "wanted", "email": "no_address"}
