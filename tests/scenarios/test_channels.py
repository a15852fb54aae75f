"""One event on all five channels, through one daemon, and what comes back of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support import given
from tests.support.daemon import running
from tests.support.event_source import Page
from tests.support.gateway import page_at, serving
from tests.support.given import CHANNELS, Connection
from tests.support.harnesses.webpush import WebPushHarness
from tests.support.outcome import left_over
from tests.support.peers.server_process import free_port
from tests.support.producer import PAYLOAD
from tests.support.smtp_peer import SmtpPeer
from tests.support.tokens import SECRET
from tests.support.twilio_peer import SERVICE, TwilioPeer
from tests.support.waiting import seen

pytestmark = pytest.mark.slow

#: What their URLs say besides.
TEXTS = f"scheme=http&messaging_service={SERVICE}"
PUSHES = "allow_private=1&subject=mailto:ops@shop.example"


@dataclass
class World:
    """Everybody outside, each at work, and the gateway and daemon that talk to them."""

    mail: SmtpPeer
    texts: TwilioPeer
    pushes: WebPushHarness
    page: Page


@pytest.fixture
async def world(db: Connection, database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    mail, texts, pushes = SmtpPeer(), TwilioPeer(), WebPushHarness()
    for peer in (mail, texts, pushes):
        await peer.start()
    device = pushes.browser.device
    given.call(
        db,
        "add_push_subscription",
        recipient="u1", endpoint=device.endpoint, p256dh=device.p256dh, auth=device.auth,
    )  # fmt: skip
    file = tmp_path / "providers.toml"
    file.write_text(
        f"""
        [mails]
        url = "smtp://127.0.0.1:{mail.port}"
        [texts]
        url = "twilio://{texts.credentials}@127.0.0.1:{texts.port}?{TEXTS}"
        [pushes]
        url = "webpush:?key={pushes.key}&ca={pushes.application.ca}&{PUSHES}"
        """
    )
    port = free_port()
    settings: dict[str, Any] = {
        "providers": file,
        "public_url": f"http://127.0.0.1:{port}",
        "token_secret": (SecretStr(SECRET),),
    }
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(
            serving(database_url, gateway_port=port, **settings)
        )
        await stack.enter_async_context(running(database_url, **settings))
        page = await stack.enter_async_context(page_at(gateway))
        yield World(mail, texts, pushes, page)
    for peer in (mail, texts, pushes):
        await peer.stop()


def states(db: Connection, event: int) -> dict[str, str]:
    """Of the event for u1, by channel."""
    fates = given.deliveries(db, event)
    return {channel: fate.state for (_, channel), fate in fates.items()}


async def test_one_event_goes_out_on_all_five_channels_once_on_each(
    db: Connection, world: World
) -> None:
    event = given.emit(db, payload=PAYLOAD, channels=list(CHANNELS))
    await seen(lambda: states(db, event) and not left_over(db), "everything is settled")
    await world.page.until(lambda page: page.of("notification"))

    assert states(db, event) == {
        "in_app": "delivered", "email": "sent", "sms": "sent", "push": "sent", "sse": "sent",
    }  # fmt: skip
    providers = given.rows(db, "select channel, provider from postbell.delivery_log")
    assert dict(providers) == {
        "in_app": "inbox", "email": "mails", "sms": "texts", "push": "pushes", "sse": "stream",
    }  # fmt: skip
    [mail] = world.mail.mails
    assert mail.recipient == "u1@example.org"
    [text] = world.texts.texts
    assert text.form["To"] == "+33612345678"
    [push] = world.pushes.read
    [shown] = world.page.of("notification")
    [title] = given.column(db, "select title from postbell.inbox")
    assert title in json.dumps([push, shown])


async def test_what_became_of_a_text_comes_back_through_the_gateway(
    db: Connection, world: World
) -> None:
    event = given.emit(db, payload=PAYLOAD, channels=["sms"])
    await seen(lambda: states(db, event).get("sms") == "sent", "the text is sent")
    [text] = world.texts.texts

    reports = [world.texts.report(text, status) for status in ("delivered", "sent", "delivered")]
    genuine = world.texts.report(text, "failed")
    forged = replace(genuine, headers={**genuine.headers, "X-Twilio-Signature": "AAAA"})
    statuses = await world.texts.deliver(*reports, forged)

    assert statuses[:3] == [204] * 3
    assert statuses[3] == 403
    assert states(db, event) == {"sms": "delivered"}
    assert given.value(db, "select delivered_at is not null from postbell.delivery_log")


async def test_a_browser_that_unsubscribed_is_forgotten_and_the_other_channels_go_on(
    db: Connection, world: World
) -> None:
    world.pushes.reply("410 unsubscribed")

    event = given.emit(db, payload=PAYLOAD, channels=["email", "push"])
    await seen(lambda: states(db, event) and not left_over(db), "everything is settled")

    assert states(db, event)["email"] == "sent"
    assert states(db, event)["push"] not in ("sent", "delivered")
    assert given.value(db, "select count(*) from postbell.push_subscription") == 0


async def test_who_answers_stop_is_texted_no_more_and_hears_on_the_others(
    db: Connection, world: World
) -> None:
    first = given.emit(db, payload=PAYLOAD, channels=["sms"])
    await seen(lambda: states(db, first).get("sms") == "sent", "the text is sent")
    [text] = world.texts.texts
    callback = text.form["StatusCallback"]
    address = callback.partition("/status/")[0] + "/message"

    [status] = await world.texts.deliver(world.texts.answer_of("+33612345678", "STOP", address))
    event = given.emit(db, payload=PAYLOAD, channels=["sms", "email"])
    await seen(lambda: states(db, event) and not left_over(db), "everything is settled")

    assert status == 200
    assert states(db, event) == {"sms": "skipped", "email": "sent"}
    assert len(world.texts.texts) == 1
