"""Text messages end to end: from the outbox to a phone, by way of our Twilio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from dispatcher.channels.base import CrashPolicy
from dispatcher.channels.sms import SmsChannel
from dispatcher.db.connections import Pool
from dispatcher.delivery.provider_sender import ProviderSender
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.worker import Sender
from dispatcher.gateway.webhooks import routes
from dispatcher.gateway.webhooks.handler import ReceiptStore
from dispatcher.inbound.links import Links
from dispatcher.inbound.signing import Signer
from dispatcher.metrics import Metrics
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.config import ProviderConfig
from dispatcher.providers.registry import ProviderRegistry
from dispatcher.providers.twilio import Twilio
from tests.support import given
from tests.support.client import Client
from tests.support.daemon import running
from tests.support.given import Connection, Fate
from tests.support.http_peer import Drop, Hang
from tests.support.outcome import left_over
from tests.support.senders import NobodyWatches, make_due
from tests.support.twilio_peer import Report, TwilioPeer
from tests.support.waiting import seen

PUBLIC = "http://127.0.0.1:8000"
SECRET = SecretStr("what this house signs its own links with")
PAYLOAD = {"order_id": 42, "amount": "19.90"}


@pytest.fixture
async def peer() -> AsyncIterator[TwilioPeer]:
    peer = TwilioPeer()
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
async def twilio(peer: TwilioPeer) -> AsyncIterator[Twilio]:
    provider = twilio_at(peer)
    await provider.open()
    yield provider
    await provider.close()


def twilio_at(peer: TwilioPeer, name: str = "twilio") -> Twilio:
    return Twilio.from_url(
        f"twilio://{peer.credentials}@127.0.0.1:{peer.port}"
        "?scheme=http&from=+12025550199&timeout=1",
        name=name,
    )


def sender(sessions: Pool, template_sets: TemplateSets, twilio: Twilio) -> Sender:
    return sender_of(sessions, template_sets, ProviderRegistry([ProviderClient(twilio)]))


def sender_of(sessions: Pool, template_sets: TemplateSets, registry: ProviderRegistry) -> Sender:
    return ProviderSender(
        sessions,
        template_sets,
        NobodyWatches(),
        SmsChannel(),
        registry,
        in_flight=2,
        crash_policy=CrashPolicy.AWAIT_RECEIPT,
    )


def emit(db: Connection, many: int = 1, **columns: Any) -> list[int]:
    """Emits and routes; the events' ids."""
    events = [given.emit(db, payload=PAYLOAD, channels=["sms"], **columns) for _ in range(many)]
    given.route(db)
    return events


def batches(db: Connection) -> list[int]:
    return given.column(db, "select id from postbell.batch order by id")


def fate(db: Connection, event: int) -> Fate:
    return given.deliveries(db, event)["u1", "sms"]


async def test_a_committed_event_becomes_a_text_with_a_link(
    db: Connection, database_url: str, peer: TwilioPeer
) -> None:
    given.tenant(db, name="Fernhill", base_url="https://shop.example")
    given.recipient(db, phone="+33 6 12 34 56 78", locale="fr")

    async with running(database_url, twilio_at(peer)):
        event = given.emit(db, payload=PAYLOAD, channels=["sms"])
        await seen(lambda: given.deliveries(db, event) and not left_over(db), "it is settled")

    [text] = peer.texts
    assert text.form["To"] == "+33612345678"
    assert text.form["Body"] == (
        "Fernhill : paiement de 19,90 € bien enregistré pour la commande 42. Merci."
        " https://shop.example/orders/42"
    )
    assert fate(db, event).state == "sent"
    assert given.rows(
        db, "select provider, provider_message_id, attempts from postbell.delivery_log"
    ) == [("twilio", text.sid, 1)]


async def test_what_expires_is_given_to_twilio_with_its_validity(
    db: Connection, sessions: Pool, template_sets: TemplateSets, twilio: Twilio, peer: TwilioPeer
) -> None:
    emit(db, expires_at=datetime.now(UTC) + timedelta(minutes=10))

    await sender(sessions, template_sets, twilio).deliver(batches(db)[0])

    assert 590 <= int(peer.texts[0].form["ValidityPeriod"]) <= 600


async def test_429_twice_then_201_ends_in_one_text(
    db: Connection, sessions: Pool, template_sets: TemplateSets, twilio: Twilio, peer: TwilioPeer
) -> None:
    peer.refuse_once(20429)
    peer.refuse_once(20429)
    (event,) = emit(db)
    texts = sender(sessions, template_sets, twilio)

    for _ in range(3):
        await texts.deliver(batches(db)[0])
        make_due(db)

    assert fate(db, event).state == "sent"
    assert len(peer.texts) == 1
    assert given.column(db, "select outcome from postbell.attempt order by attempted_at") == [
        "retry",
        "retry",
        "sent",
    ]


async def test_a_text_that_may_have_been_taken_is_not_sent_again(
    db: Connection, sessions: Pool, template_sets: TemplateSets, twilio: Twilio, peer: TwilioPeer
) -> None:
    peer.once("HEADERS", Drop())
    (event,) = emit(db)

    await sender(sessions, template_sets, twilio).deliver(batches(db)[0])
    make_due(db)

    assert fate(db, event).state == "unknown"
    assert len(peer.texts) == 1
    assert batches(db) == []


async def test_a_worker_killed_between_send_and_record_leaves_a_text_unknown_and_sends_no_second(
    db: Connection, sessions: Pool, template_sets: TemplateSets, twilio: Twilio, peer: TwilioPeer
) -> None:
    peer.always("HEADERS", Hang())
    events = emit(db, 3)
    (batch,) = batches(db)
    delivering = asyncio.create_task(sender(sessions, template_sets, twilio).deliver(batch))
    await seen(lambda: len(peer.texts) == 2, "two texts are with Twilio")
    delivering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivering

    peer.behave()
    await sender(sessions, template_sets, twilio).deliver(batch)

    assert sorted(fate(db, event).state for event in events) == ["sent", "unknown", "unknown"]
    assert len(peer.texts) == 3


async def test_a_report_settles_what_a_crash_left_unknown(
    db: Connection, sessions: Pool, template_sets: TemplateSets, twilio: Twilio, peer: TwilioPeer
) -> None:
    peer.once("HEADERS", Drop())
    (event,) = emit(db)
    await sender(sessions, template_sets, twilio).deliver(batches(db)[0])
    [text] = peer.texts
    delivery = given.value(db, "select id from postbell.delivery")

    db.execute(
        "select postbell_private.receive_receipt('twilio', jsonb_build_array(jsonb_build_object("
        "'event_id', %s::text, 'delivery_id', %s::bigint, 'message_id', %s::text,"
        " 'kind', 'delivered', 'occurred_at', clock_timestamp())))",
        [f"{text.sid}:delivered", delivery, text.sid],
    )

    assert fate(db, event).state == "delivered"
    assert given.column(db, "select provider_message_id from postbell.delivery") == [text.sid]


@pytest.fixture
def gateway(sessions: Pool, peer: TwilioPeer) -> Client:
    """The webhooks of two Twilio providers."""
    receipt_store = ReceiptStore(sessions, Metrics())
    url = f"twilio://{peer.credentials}@127.0.0.1:{peer.port}?from=+12025550199"
    entries = [ProviderConfig("twilio", "sms", url), ProviderConfig("spare", "sms", url)]
    found = routes.routes(
        entries,
        receipt_store,
        Metrics(),
        public_url=PUBLIC,
        signer=Signer([SECRET.get_secret_value()]),
    )
    return Client(Starlette(routes=found))


async def brought(gateway: Client, report: Report) -> int:
    """Twilio's report, as it reaches the gateway; the answer's status."""
    answer = await gateway.send(
        "POST",
        report.url.removeprefix(PUBLIC),
        report.body,
        content_type=report.headers["Content-Type"],
        x_twilio_signature=report.headers["X-Twilio-Signature"],
    )
    return answer.status


async def test_a_text_carries_the_address_at_which_twilio_reports_on_it(
    db: Connection, database_url: str, peer: TwilioPeer, gateway: Client
) -> None:
    async with running(database_url, twilio_at(peer), public_url=PUBLIC, token_secret=(SECRET,)):
        event = given.emit(db, payload=PAYLOAD, channels=["sms"])
        await seen(lambda: given.deliveries(db, event) and not left_over(db), "it is settled")
    [text] = peer.texts

    answers = [
        await brought(gateway, peer.report(text, status))
        for status in ("delivered", "sent", "delivered")
    ]

    assert answers == [204, 204, 204]
    assert fate(db, event).state == "delivered"


@pytest.mark.parametrize("providers", [("twilio",), ("twilio", "spare")])
async def test_after_a_crash_a_report_tells_what_became_of_the_text(
    db: Connection,
    sessions: Pool,
    template_sets: TemplateSets,
    peer: TwilioPeer,
    gateway: Client,
    providers: tuple[str, ...],
) -> None:
    registry = ProviderRegistry(ProviderClient(twilio_at(peer, name)) for name in providers)
    registry.set_callback_url(Links(PUBLIC, Signer([SECRET.get_secret_value()])).callback)
    await registry.open()
    peer.always("HEADERS", Hang())
    (event,) = emit(db)
    (batch,) = batches(db)
    delivering = asyncio.create_task(sender_of(sessions, template_sets, registry).deliver(batch))
    await seen(lambda: peer.texts, "the text is with Twilio")
    delivering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivering
    peer.behave()
    await sender_of(sessions, template_sets, registry).deliver(batch)
    assert fate(db, event).state == "unknown"

    [text] = peer.texts
    assert await brought(gateway, peer.report(text, "undelivered", 30005)) == 204

    assert fate(db, event).state == "bounced"
    assert given.column(db, "select address from postbell.suppression") == ["+33612345678"]
    await registry.close()


async def test_a_number_that_answered_stop_is_suppressed_until_it_answers_start(
    db: Connection, sessions: Pool, template_sets: TemplateSets, twilio: Twilio, peer: TwilioPeer
) -> None:
    peer.refuse_once(21610)
    first, second = emit(db), emit(db)
    texts = sender(sessions, template_sets, twilio)

    for batch in batches(db):
        await texts.deliver(batch)

    assert fate(db, first[0]) == Fate("refused", "Twilio: 21610 the person has answered STOP")
    assert fate(db, second[0]) == Fate("skipped", "address_suppressed")
    assert peer.texts == []
    assert given.column(db, "select reason from postbell.suppression") == ["stop"]

    given.call(
        db,
        "receive_reply",
        provider=twilio.name,
        event_id="SM9",
        address="+33 6 12 34 56 78",
        words="Start",
    )
    assert given.column(db, "select reason from postbell.suppression") == []


async def test_a_number_that_is_none_never_reaches_twilio(
    db: Connection, sessions: Pool, template_sets: TemplateSets, twilio: Twilio, peer: TwilioPeer
) -> None:
    given.recipient(db, phone="+1 202 555 0123 ext 5")
    (event,) = emit(db)

    await sender(sessions, template_sets, twilio).deliver(batches(db)[0])

    assert fate(db, event) == Fate(
        "refused",
        "not an international phone number: write a plus, the country code and the number, as in"
        " +12025550123",
    )
    assert peer.requests == []


async def test_a_text_too_long_for_the_tenant_is_a_dead_letter_that_says_so(
    db: Connection, sessions: Pool, template_sets: TemplateSets, twilio: Twilio, peer: TwilioPeer
) -> None:
    given.tenant(db, name="Größe " * 5, branding={"sms_max_segments": 1})
    given.recipient(db, locale="fr")
    event = given.emit(
        db, "order.assigned", payload={"order_id": 7, "writer_name": "Żółć"}, channels=["sms"]
    )
    given.route(db)

    await sender(sessions, template_sets, twilio).deliver(batches(db)[0])

    state, reason = fate(db, event)
    assert state == "refused"
    assert reason is not None
    assert reason.startswith("the text takes 2 segments (")
    assert reason.endswith("and 1 are allowed")
    assert peer.requests == []
