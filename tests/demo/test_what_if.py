"""Asking beforehand what would come of a button."""

from __future__ import annotations

import psycopg
import pytest

from dispatcher.demo.actions import ACTIONS
from dispatcher.demo.buttons import Buttons
from dispatcher.demo.shop import NothingToDoError, People
from tests.support import given


async def test_what_would_come_of_a_button_is_what_comes_of_it(
    buttons: Buttons, shop_url: str, people: People
) -> None:
    foreseen = await buttons.what_if(ACTIONS["donate"], people["ben"])
    transaction = (await buttons.press(ACTIONS["donate"], people["ben"])).transaction
    with psycopg.connect(shop_url) as connection:
        decided = given.rows(
            connection,
            "select channel, decision, reason from postbell.explain(%s) order by channel",
            transaction.outbox_ids[0],
        )
    rows = sorted((each.channel, each.state, each.reason) for each in foreseen.deliveries)
    assert rows == decided
    assert {each.event for each in foreseen.deliveries} == {"payment.completed"}


async def test_asking_writes_nothing(buttons: Buttons, shop_url: str, people: People) -> None:
    count = "select (select count(*) from postbell.outbox), (select count(*) from shop.payment)"
    with psycopg.connect(shop_url, autocommit=True) as connection:
        before = given.rows(connection, count)
        foreseen = await buttons.what_if(ACTIONS["donate"], people["ada"])
        assert given.rows(connection, count) == before
    assert foreseen.transaction.statements[0].startswith("insert into shop.payment")
    assert not buttons.history.entries


async def test_a_constraint_that_would_object_is_named(buttons: Buttons, people: People) -> None:
    foreseen = await buttons.what_if(ACTIONS["redeem-too-much"], people["ada"])
    assert foreseen.transaction.rolled_back_by == "points_are_not_overdrawn"
    assert foreseen.deliveries == []


async def test_the_cause_of_a_rejection_is_said(buttons: Buttons, people: People) -> None:
    (rejected,) = [
        each
        for each in (await buttons.what_if(ACTIONS["blunder"], people["ada"])).deliveries
        if each.event == "order.paid"
    ]
    assert (rejected.state, rejected.tone) == ("rejected", "bad")
    assert "it has to be a decimal string such as '19.90'" in rejected.why


async def test_who_may_ask_what_is_not_there_is_told_what_to_press(
    buttons: Buttons, people: People
) -> None:
    with pytest.raises(NothingToDoError):
        await buttons.what_if(ACTIONS["take-back"], people["gus"])
