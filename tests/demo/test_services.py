"""The services of the demo: what each writes into the outbox, and which write nothing."""

from __future__ import annotations

import random

import psycopg
import pytest

from dispatcher.demo.buttons import Buttons
from dispatcher.demo.shop import NothingToDoError, People
from dispatcher.demo.story import BUTTONS, Button
from tests.support import given
from tests.support.renderings import shipped_catalog

#: They cancel what another one has emitted, which has to be pressed first.
CANCELLING = {"take-back": "complete-later", "pay-in-time": "due-later"}
COMMITTED = [each for each in BUTTONS.values() if each.rolled_back_by is None]
ROLLED_BACK = [each for each in BUTTONS.values() if each.rolled_back_by is not None]


def named(button: Button) -> str:
    return button.key


def emitted(url: str, *outbox_ids: int) -> list[tuple[str, str, bool]]:
    """Event, tenant, and whether the payload is as declared; of each."""
    with psycopg.connect(url) as connection:
        return given.rows(
            connection,
            "select event, tenant_id,"
            " postbell_private.find_payload_fault(payload, (select fields from postbell.event_type"
            " where key = event)) is null"
            " from postbell.outbox where id = any(%s) order by id",
            list(outbox_ids),
        )


def test_every_event_of_the_catalogue_has_a_button() -> None:
    assert {button.event for button in COMMITTED} == set(shipped_catalog().events)


@pytest.mark.parametrize(
    "button", [each for each in COMMITTED if each.key not in CANCELLING], ids=named
)
async def test_a_button_emits_its_event_in_its_transaction_by_its_code_or_by_a_trigger(
    buttons: Buttons, shop_url: str, people: People, button: Button
) -> None:
    person = people[random.choice(["ada", "helene"])]
    transaction = await buttons.press(button, person)
    by_code = [each for each in transaction.statements if "postbell." in each]
    if button.is_told_by_trigger:
        # Classes that one asks about may have to be booked first.
        by_code = [each for each in by_code if "notify_class_bundle_created" not in each]
    assert bool(by_code) != button.is_told_by_trigger
    is_valid = button.key != "blunder"
    assert (button.event, person.tenant_id, is_valid) in emitted(shop_url, *transaction.outbox_ids)
    assert transaction.title
    assert transaction.rolled_back_by is None


@pytest.mark.parametrize("button", ROLLED_BACK, ids=named)
async def test_a_button_to_which_a_constraint_objects_leaves_nothing(
    buttons: Buttons, shop_url: str, people: People, button: Button
) -> None:
    transaction = await buttons.press(button, people["ben"])
    assert transaction.rolled_back_by == button.rolled_back_by
    assert transaction.outcome == (
        f"rolled back by {button.rolled_back_by}: nobody hears of it",
        "bad",
    )
    with psycopg.connect(shop_url) as connection:
        left = given.value(
            connection,
            "select count(*) from postbell.outbox where xid::text::bigint = %s",
            transaction.xid,
        )
    assert left == 0


async def test_what_is_taken_back_is_the_order_that_waits_and_not_the_one_that_was_told(
    buttons: Buttons, shop_url: str, people: People
) -> None:
    dev = people["dev"]
    for key in ("place", "complete", "place", "complete-later", "place", "complete"):
        await buttons.press(BUTTONS[key], dev)
    with psycopg.connect(shop_url, autocommit=True) as connection:
        waiting, topic, event = given.rows(
            connection,
            "select id, topic, completion_event from shop.customer_order"
            " where client_id = 'dev' and announced_at > now()",
        )[0]
        transaction = await buttons.press(BUTTONS["take-back"], dev)
        given.route(connection)
        reopened = given.column(
            connection,
            "select id from shop.customer_order where client_id = 'dev' and completed_at is null",
        )
        cancelled = given.column(
            connection,
            "select id from postbell.outbox cross join lateral postbell.explain(id) as decided"
            " where recipient = 'dev' and decided.reason = 'cancelled'",
        )
    assert reopened == [waiting]
    assert cancelled == [event]
    assert transaction.title == f"Order {waiting} is reopened"
    assert transaction.note.startswith(f"Took back that order {waiting} (“{topic}”) is completed")
    assert transaction.outbox_ids == []


async def test_an_installment_that_is_paid_in_time_is_not_reminded_of(
    buttons: Buttons, people: People
) -> None:
    agreed = await buttons.press(BUTTONS["due-later"], people["dev"])
    paid = await buttons.press(BUTTONS["pay-in-time"], people["dev"])
    assert "postbell.cancel(subject => 'installment:" in "".join(paid.statements)
    assert "Nobody will be reminded." in paid.note
    assert paid.outbox_ids == []
    assert agreed.outbox_ids != []


@pytest.mark.parametrize(("key", "first"), CANCELLING.items())
async def test_where_nothing_waits_a_button_says_what_to_press_first(
    buttons: Buttons, people: People, key: str, first: str
) -> None:
    with pytest.raises(NothingToDoError, match=f"Press “{BUTTONS[first].label}” first"):
        await buttons.press(BUTTONS[key], people["gus"])


async def test_what_a_transaction_said_is_written_down_with_its_values(
    buttons: Buttons, people: People
) -> None:
    transaction = await buttons.press(BUTTONS["load"], people["ada"])
    updated, told = transaction.statements
    assert updated == (
        "update shop.account set balance = balance + 50.00 where client_id = 'ada'"
        " returning client_id, balance"
    )
    assert told.startswith("-- postbell.notify_wallet_loaded(wallet={'client_id': 'ada',")


async def test_a_new_tier_comes_with_the_points_in_one_transaction(
    buttons: Buttons, shop_url: str, people: People
) -> None:
    transaction = await buttons.press(BUTTONS["climb"], people["imran"])
    assert [event for event, *_ in emitted(shop_url, *transaction.outbox_ids)] == [
        "loyalty.tier_upgraded",
        "loyalty.points_awarded",
    ]


async def test_a_client_hears_nothing_of_an_internal_note(
    buttons: Buttons, shop_url: str, people: People
) -> None:
    await buttons.press(BUTTONS["reply"], people["ada"])
    transaction = await buttons.press(BUTTONS["note"], people["ada"])
    with psycopg.connect(shop_url) as connection:
        told = given.rows(
            connection,
            "select recipient, audience from postbell.outbox where id = any(%s)",
            transaction.outbox_ids,
        )
    assert told == [("sol", None)]


def test_a_button_pressed_by_one_of_the_staff_is_for_a_client_of_theirs(
    buttons: Buttons, people: People
) -> None:
    assert buttons.client_of(people["ben"]) == people["ben"]
    assert buttons.client_of(people["greta"]) == people["ada"]
    assert buttons.client_of(people["noe"]) == people["helene"]


async def test_whoever_changes_their_address_in_the_users_table_is_reached_there(
    shop_url: str,
) -> None:
    with psycopg.connect(shop_url) as connection:
        connection.execute("update shop.person set email = 'imran@new.example' where id = 'imran'")
        (known,) = given.rows(
            connection,
            "select email, phone, locale, attributes ->> 'name' from postbell.recipient"
            " where (tenant_id, id) = ('mistral', 'imran')",
        )
    assert known == ("imran@new.example", "+33639980102", "en", "Imran Siddiqui")
