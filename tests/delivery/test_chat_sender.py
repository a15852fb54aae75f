"""A text to a chat, from the event to a service on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from dispatcher.channels.base import CrashPolicy
from dispatcher.channels.chat import ChatChannel
from dispatcher.db.connections import Pool
from dispatcher.delivery.provider_sender import ProviderSender
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from tests.support import given
from tests.support.given import Connection, Fate
from tests.support.harnesses.chat_webhook import TOKEN, ChatWebhookHarness
from tests.support.senders import Deliver, NobodyWatches, emit, fate

PAYLOAD = {"ticket_number": 7, "subject": "No <light> & no heat", "ticket_id": 7}


@pytest.fixture
async def slack(db: Connection) -> AsyncIterator[ChatWebhookHarness]:
    """A service, and u1 with a webhook of it."""
    slack = ChatWebhookHarness()
    await slack.start()
    await slack.provider.open()
    given.recipient(db, chat=slack.address)
    yield slack
    await slack.provider.close()
    await slack.stop()


@pytest.fixture
def deliver(
    db: Connection, sessions: Pool, template_sets: TemplateSets, slack: ChatWebhookHarness
) -> Deliver:
    sender = ProviderSender(
        sessions,
        template_sets,
        NobodyWatches(),
        ChatChannel(),
        ProviderRegistry([ProviderClient(slack.provider)]),
        in_flight=4,
        crash_policy=CrashPolicy.SEND_AGAIN,
    )
    return Deliver(db, sender)


def opened(db: Connection) -> int:
    """A ticket."""
    (event,) = emit(db, channel="chat", event="ticket.created", payload=PAYLOAD)
    return event


def traces(db: Connection) -> list[str]:
    """What is written of deliveries, as text."""
    tables = ("delivery_log", "delivery_timeline", "attempt", "suppression", "dead_letters")
    return [
        said
        for table in tables
        for said in given.column(db, f"select row::text from postbell.{table} as row")
    ]


async def test_an_event_is_written_to_the_chat(
    db: Connection, slack: ChatWebhookHarness, deliver: Deliver
) -> None:
    event = opened(db)
    await deliver()

    assert fate(db, event, "chat") == Fate("sent", "wanted")
    [text] = slack.texts
    assert "ticket 7 has been opened: No &lt;light&gt; &amp; no heat" in text
    assert text.endswith("/tickets/7")


async def test_a_webhook_that_is_gone_gets_nothing_more(
    db: Connection, slack: ChatWebhookHarness, deliver: Deliver
) -> None:
    slack.reply(f"404 no_service {TOKEN}")
    event = opened(db)
    with capture_logs() as logged:
        await deliver()

    assert fate(db, event, "chat").state == "refused"
    assert fate(db, opened(db), "chat") == Fate("skipped", "address_suppressed")
    assert TOKEN not in f"{traces(db)} {logged}"
    # A new webhook is another address.
    given.recipient(db, chat=f"{slack.address}2")
    assert fate(db, opened(db), "chat").state == "queued"


async def test_a_busy_webhook_is_tried_again(
    db: Connection, slack: ChatWebhookHarness, deliver: Deliver
) -> None:
    slack.reply("429 rate_limited")
    event = opened(db)
    await deliver()

    assert fate(db, event, "chat").state == "waiting"
    assert TOKEN not in str(traces(db))
