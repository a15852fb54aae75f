"""The buttons of the demo: what each writes into the outbox, and which of them write nothing."""

from __future__ import annotations

import random

import psycopg
import pytest
from psycopg import errors

from dispatcher.demo import cast
from dispatcher.demo.deeds.all import DEEDS
from dispatcher.demo.deeds.deed import Deed, Setting, client_for
from dispatcher.demo.market.marketplace import Marketplace
from tests.support import given
from tests.support.renderings import shipped_catalog

COMMITTED = [deed for deed in DEEDS.values() if deed.rolled_back_by is None]
ROLLED_BACK = [deed for deed in DEEDS.values() if deed.rolled_back_by is not None]


def named(deed: Deed) -> str:
    return deed.key


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
    events = shipped_catalog().events
    assert {deed.event for deed in COMMITTED} == set(events)


@pytest.mark.parametrize("deed", COMMITTED, ids=named)
async def test_a_button_emits_its_event_in_its_transaction_by_its_code_or_by_a_trigger(
    market: Marketplace, market_url: str, deed: Deed
) -> None:
    person = random.choice([cast.ADA, cast.HELENE])
    await deed.play(Setting(market, person))
    moment = market.diary.moments[-1]
    said = "".join(moment.statements)
    assert ("postbell." in said or "postbell." in said) == (deed.way == "code")
    if deed.key in ("reopen", "pay-in-time"):
        assert moment.outbox_ids == []
        assert "postbell.cancel(" in "".join(moment.statements)
        return
    if deed.key == "blunder":
        assert emitted(market_url, *moment.outbox_ids) == [(deed.event, person.house, False)]
        return
    assert (deed.event, person.house, True) in emitted(market_url, *moment.outbox_ids)


@pytest.mark.parametrize("deed", ROLLED_BACK, ids=named)
async def test_a_button_to_which_a_constraint_objects_leaves_nothing(
    market: Marketplace, market_url: str, deed: Deed
) -> None:
    with pytest.raises(errors.IntegrityError):
        await deed.play(Setting(market, cast.BEN))
    moment = market.diary.moments[-1]
    assert (moment.rolled_back_by, moment.outbox_ids) == (deed.rolled_back_by, [])
    with psycopg.connect(market_url) as connection:
        left = given.value(
            connection,
            "select count(*) from postbell.outbox where xid::text::bigint = %s",
            moment.xid,
        )
    assert left == 0


async def test_what_a_transaction_said_is_written_down_with_its_values(
    market: Marketplace,
) -> None:
    await market.payments.load_wallet(cast.ADA, "50.00")
    updated, told = market.diary.moments[-1].statements
    assert updated == (
        "update shop.wallet set balance = balance + '50.00'\n"
        "where (house, person_id) = ('default', 'u1')\n"
        "returning balance"
    )
    assert told.startswith("-- postbell.notify_wallet_loaded(wallet={'client_id': 'u1',")


async def test_a_new_tier_comes_with_the_points_in_one_transaction(
    market: Marketplace, market_url: str
) -> None:
    await market.loyalty.award(cast.IMRAN, 1000)
    (moment,) = market.diary.moments
    assert [event for event, *_ in emitted(market_url, *moment.outbox_ids)] == [
        "loyalty.tier_upgraded",
        "loyalty.points_awarded",
    ]


async def test_a_client_hears_nothing_of_an_internal_note(
    market: Marketplace, market_url: str
) -> None:
    ticket = await market.tickets.open(cast.ADA, "Where is my parcel?", assignee=cast.SOL)
    await market.tickets.reply(ticket, cast.GRETA, "I forgot it.", is_internal=True)
    with psycopg.connect(market_url) as connection:
        told = given.rows(
            connection,
            "select recipient, audience from postbell.outbox where id = any(%s)",
            market.diary.moments[-1].outbox_ids,
        )
    assert told == [(cast.SOL.id, None)]


def test_a_button_pressed_for_one_of_the_staff_is_for_a_client_of_the_house() -> None:
    assert client_for(cast.BEN) == cast.BEN
    assert client_for(cast.GRETA).house == cast.GRETA.house
    assert client_for(cast.NOE) == cast.HELENE


async def test_whoever_changes_their_address_in_the_users_table_is_reached_there(
    market: Marketplace, market_url: str
) -> None:
    await market.ledger.rows(
        "update shop.person set email = 'imran@new.example' where (house, id) = ('mistral', 'c2')"
    )
    with psycopg.connect(market_url) as connection:
        (known,) = given.rows(
            connection,
            "select email, phone, locale, attributes ->> 'name' from postbell.recipient"
            " where (tenant_id, id) = ('mistral', 'c2')",
        )
    assert known == ("imran@new.example", cast.IMRAN.phone, "en", "Imran Siddiqui")
