"""Texts set in the database are what the next message says, and a faulty one stops none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from dispatcher.db.batches import tenant
from dispatcher.db.connections import Pool
from dispatcher.delivery import tenants
from dispatcher.delivery.model import Sent
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.worker import Sender
from dispatcher.rendering.catalog import Catalog
from tests.support import given
from tests.support.given import Connection, Fate
from tests.support.scripted_provider import ScriptedProvider
from tests.support.senders import batches, email_sender, inbox_sender, stream_sender
from tests.support.waiting import seen

TITLE = "order/paid/in_app.json"
SUBJECT = "order/paid/email.subject.txt"
PAYLOAD = {"order_id": 42, "amount": "19.90"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a tenant says is looked up for each batch, and not for five seconds."""
    monkeypatch.setattr(tenants, "TENANT_FRESHNESS", 0.0)


@pytest.fixture
def inbox(sessions: Pool, template_sets: TemplateSets) -> Sender:
    return inbox_sender(sessions, template_sets)


def set_text(db: Connection, path: str, content: str, tenant_id: str | None = None) -> None:
    given.call(db, "set_text", path=path, content=content, tenant_id=tenant_id)


def titled(title: str) -> str:
    return f'{{"title": "{title}"}}'


async def told(db: Connection, sender: Sender, channel: str = "in_app", **columns: Any) -> int:
    """Emits to u1, routes and delivers; the event's id."""
    event = given.emit(db, payload=columns.pop("payload", PAYLOAD), channels=[channel], **columns)
    given.route(db)
    for batch in batches(db):
        await sender.deliver(batch)
    return event


def titles(db: Connection) -> list[str]:
    return given.column(db, "select title from postbell.inbox order by id")


def version(db: Connection, event: int) -> str:
    return str(
        given.value(
            db, "select template_version from postbell.delivery_log where outbox_id = %s", event
        )
    )


def texts(db: Connection) -> list[tuple[Any, ...]]:
    return given.rows(db, "select path, version, fault, instead from postbell.texts order by path")


async def test_a_new_override_is_used_without_a_restart(db: Connection, inbox: Sender) -> None:
    await told(db, inbox)
    set_text(db, TITLE, titled("Thank you!"))
    await told(db, inbox)
    given.call(db, "roll_back_text", path=TITLE)
    await told(db, inbox)

    assert titles(db) == ["Order #42 paid", "Thank you!", "Order #42 paid"]


async def test_a_tenants_override_is_its_own(db: Connection, inbox: Sender) -> None:
    given.tenant(db, "shop")
    given.recipient(db, tenant_id="shop")
    set_text(db, TITLE, titled("Thanks from the shop"), "shop")

    await told(db, inbox)
    await told(db, inbox, tenant_id="shop")

    assert titles(db) == ["Order #42 paid", "Thanks from the shop"]


async def test_tenants_without_overrides_of_their_own_share_everybodys(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    given.tenant(db, "shop")
    given.tenant(db, "own")
    set_text(db, TITLE, titled("Thank you!"))
    set_text(db, TITLE, titled("Own"), "own")

    async with sessions.connection() as connection:
        tenants = [await tenant(connection, name) for name in ("default", "shop", "own")]
    first, second, third = [await template_sets.load(sessions, tenant) for tenant in tenants]

    assert first is second
    assert third is not first
    assert template_sets.get(tenants[1]) is first


async def test_a_tenant_is_asked_for_its_overrides_only_when_they_have_changed(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    async with sessions.connection() as connection:
        before = await tenant(connection, "default")
        set_text(db, TITLE, titled("Thank you!"))
        after = await tenant(connection, "default")

    assert template_sets.get(before) is not None
    assert template_sets.get(after) is None
    template_set = await template_sets.load(sessions, after)
    assert template_sets.get(after) is template_set
    assert await template_sets.load(sessions, after) is template_set


async def test_a_faulty_override_stops_nothing_and_is_reported(
    db: Connection, inbox: Sender, template_sets: TemplateSets
) -> None:
    set_text(db, TITLE, titled("good"))
    set_text(db, TITLE, titled("{{ oops }}"))

    with capture_logs() as logs:
        await told(db, inbox)
        await told(db, inbox)

    assert titles(db) == ["Order #42 paid", "Order #42 paid"]
    assert texts(db) == [(TITLE, 2, "line 1: 'oops' is undefined", "the file")]
    assert [fault.override.path for fault in template_sets.faults] == [TITLE]
    assert [entry for entry in logs if entry["log_level"] == "error"] == [
        {
            "event": "template override cannot be used", "log_level": "error", "path": TITLE,
            "tenant_id": None, "version": 2, "fault": "line 1: 'oops' is undefined",
            "instead": "the file",
        }
    ]  # fmt: skip


async def test_a_mended_override_has_no_fault(
    db: Connection, inbox: Sender, template_sets: TemplateSets
) -> None:
    set_text(db, TITLE, titled("{{ oops }}"))
    await told(db, inbox)
    set_text(db, TITLE, titled("mended"))

    await told(db, inbox)

    assert titles(db) == ["Order #42 paid", "mended"]
    assert texts(db) == [(TITLE, 2, None, None)]
    assert template_sets.faults == []


async def test_an_override_that_fails_for_one_message_serves_the_others(
    db: Connection, inbox: Sender
) -> None:
    # Both samples have an order whose number can be divided by; nobody checked for 0.
    set_text(db, TITLE, titled("{{ 84 / order_id }}"))
    events = [
        await told(db, inbox, payload={**PAYLOAD, "order_id": number}) for number in (42, 0, 21)
    ]

    assert titles(db) == ["2.0", "Order #0 paid", "4.0"]
    ((_, _, fault, instead),) = texts(db)
    assert fault.startswith("line 1: ZeroDivisionError")
    assert instead == "the file"
    first, second, third = (version(db, event) for event in events)
    assert first == third != second


async def test_a_message_without_a_template_waits_and_blames_no_override(
    db: Connection, inbox: Sender
) -> None:
    given.tenant(db, base_url="http://shop.example", currency="EUR")
    set_text(db, TITLE, titled("Thank you!"))
    given.event_type(db, "order.unheard_of", channels=["in_app"])

    event = await told(db, inbox, event="order.unheard_of", payload={})

    assert given.deliveries(db, event)["u1", "in_app"] == Fate("waiting", "template_missing")
    assert texts(db) == [(TITLE, 1, None, None)]


def shipped(db: Connection, catalog: Catalog, branding: int = 1) -> str:
    return f"{catalog.events['order.paid'].version}.{branding}"


async def test_the_log_names_the_version_of_the_files(
    db: Connection, inbox: Sender, catalog: Catalog
) -> None:
    assert version(db, await told(db, inbox)) == shipped(db, catalog)
    assert version(db, await told(db, inbox)) == "{}.1".format(
        given.value(db, "select version from postbell.event_type where key = 'order.paid'")
    )


async def test_the_log_names_the_branding(db: Connection, inbox: Sender, catalog: Catalog) -> None:
    given.tenant(db, branding={"color": "#ff0000"})

    assert version(db, await told(db, inbox)) == shipped(db, catalog, branding=2)


async def test_the_log_leads_to_the_overrides_of_a_message(db: Connection, inbox: Sender) -> None:
    set_text(db, TITLE, titled("one"))
    event = await told(db, inbox)
    set_text(db, TITLE, titled("two"))
    await told(db, inbox)

    found = given.rows(
        db,
        "select used.path, used.version, used.content from postbell.delivery_log,"
        " postbell.texts_used(delivery_id) as used where outbox_id = %s",
        event,
    )

    assert found == [(TITLE, 1, titled("one"))]


async def test_every_channel_writes_the_version_down(
    db: Connection, sessions: Pool, template_sets: TemplateSets, catalog: Catalog
) -> None:
    stream = stream_sender(sessions, template_sets)
    mail = email_sender(sessions, template_sets, ScriptedProvider(Sent("m1")))

    events = [await told(db, stream, "sse"), await told(db, mail, "email")]

    assert {version(db, event) for event in events} == {shipped(db, catalog)}


async def test_a_shared_override_is_not_taken_from_before_the_change(
    db: Connection, inbox: Sender
) -> None:
    given.recipient(db, "u2")
    audience = {"recipients": ["u1", "u2"]}
    await told(db, inbox, recipient=None, audience=audience)
    set_text(db, TITLE, titled("new"))
    await told(db, inbox, recipient=None, audience=audience)

    assert titles(db) == ["Order #42 paid", "Order #42 paid", "new", "new"]


async def test_an_event_of_overrides_alone_is_delivered(db: Connection, inbox: Sender) -> None:
    given.event_type(
        db, "stock.low", channels=["in_app"],
        fields={"item": {"type": "text", "required": True}},
    )  # fmt: skip
    set_text(db, "stock/low/in_app.json", titled("{{ item }} runs out"))

    await told(db, inbox, event="stock.low", payload={"item": "Tea"})

    assert titles(db) == ["Tea runs out"]


async def test_an_event_may_be_registered_after_its_overrides(
    db: Connection, inbox: Sender
) -> None:
    set_text(db, "stock/low/in_app.json", titled("{{ item }} runs out"))
    await told(db, inbox)
    assert texts(db)[0][2].startswith("this belongs to no event")

    given.event_type(
        db, "stock.low", channels=["in_app"],
        fields={"item": {"type": "text", "required": True}},
    )  # fmt: skip
    await told(db, inbox, event="stock.low", payload={"item": "Tea"})

    assert titles(db) == ["Order #42 paid", "Tea runs out"]
    assert texts(db)[0][2] is None


async def test_an_event_that_was_registered_a_moment_ago_is_told(
    db: Connection, inbox: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenants, "TENANT_FRESHNESS", 60.0)
    await told(db, inbox)
    given.event_type(db, "stock.low", channels=["in_app"])
    set_text(db, "stock/low/in_app.json", titled("Something runs out"))

    await told(db, inbox, event="stock.low", payload={})

    assert titles(db) == ["Order #42 paid", "Something runs out"]


@pytest.fixture
async def follower(
    database_url: str, template_sets: TemplateSets, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """A daemon's part that looks for new texts, all the time."""
    monkeypatch.setattr("dispatcher.delivery.template_sets.INTERVAL", 0.01)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as opened:
        following = asyncio.create_task(template_sets.watch_overrides(opened, lambda: None))
        yield
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


@pytest.mark.usefixtures("follower")
async def test_a_fault_shows_before_a_message_meets_it(db: Connection) -> None:
    given.tenant(db, "shop")
    set_text(db, TITLE, titled("{{ oops }}"))
    set_text(db, SUBJECT, "{% if %}", "shop")

    await seen(lambda: all(fault for _, _, fault, _ in texts(db)), "both faults")

    assert [(path, instead) for path, _, _, instead in texts(db)] == [
        (SUBJECT, "the file"),
        (TITLE, "the file"),
    ]
