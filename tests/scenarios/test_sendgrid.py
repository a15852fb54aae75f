"""Mails end to end through SendGrid, with a mail server to fall back on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from email import message_from_bytes
from typing import Any

import pytest
from pydantic import SecretStr

from dispatcher.providers.base import provider_for
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from tests.support import given
from tests.support.daemon import running
from tests.support.given import Connection
from tests.support.harnesses.sendgrid import KEY, accepted, declined
from tests.support.harnesses.webhook import SECRET, is_genuine
from tests.support.http_peer import Drop, HttpPeer
from tests.support.outcome import left_over, states
from tests.support.producer import PAYLOAD
from tests.support.smtp_peer import SmtpPeer
from tests.support.waiting import seen

pytestmark = pytest.mark.slow

PUBLIC = "https://notify.shop.example"
#: Signs our own links.
OURS = SecretStr("what this house signs its own links with")


@pytest.fixture
async def sendgrid() -> AsyncIterator[HttpPeer]:
    sendgrid = HttpPeer(usual=accepted)
    await sendgrid.start()
    yield sendgrid
    await sendgrid.stop()


@pytest.fixture
async def relay() -> AsyncIterator[SmtpPeer]:
    relay = SmtpPeer()
    await relay.start()
    yield relay
    await relay.stop()


@pytest.fixture
def both(sendgrid: HttpPeer, relay: SmtpPeer) -> ProviderRegistry:
    """SendGrid first, then the mail server."""
    return ProviderRegistry(
        [
            ProviderClient(provider_for(url_of(sendgrid), name="main")),
            ProviderClient(provider_for(f"smtp://127.0.0.1:{relay.port}", name="spare")),
        ]
    )


def url_of(sendgrid: HttpPeer) -> str:
    return f"sendgrid://:{KEY}@127.0.0.1:{sendgrid.port}?scheme=http&timeout=2"


def said(service: HttpPeer) -> list[Any]:
    return [json.loads(request.body) for request in service.requests]


async def all_settled(db: Connection) -> None:
    await seen(lambda: states(db) and not left_over(db), "everything is settled")


def tries(db: Connection) -> list[tuple[str, str]]:
    return given.rows(
        db, "select provider, outcome from postbell.attempt order by attempted_at, provider"
    )


async def test_a_committed_event_becomes_a_mail_that_names_its_delivery(
    db: Connection, database_url: str, sendgrid: HttpPeer
) -> None:
    async with running(
        database_url, provider_for(url_of(sendgrid)), public_url=PUBLIC, token_secret=(OURS,)
    ):
        given.emit(db, payload=PAYLOAD, channels=["email"])
        await all_settled(db)

    [(delivery, provider, message_id, state)] = given.rows(
        db, "select delivery_id, provider, provider_message_id, state from postbell.delivery_log"
    )
    assert (provider, message_id, state) == ("sendgrid", f"sg{delivery}", "sent")
    [mail] = said(sendgrid)
    assert mail["custom_args"] == {
        "postbell_delivery_id": str(delivery),
        "postbell_identity": given.identity(db, delivery),
    }
    assert mail["personalizations"] == [{"to": [{"email": "u1@example.org"}]}]
    assert mail["headers"]["List-Unsubscribe"].startswith(f"<{PUBLIC}/")
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part["type"] for part in mail["content"]] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("tracking", "secrets", "by_sendgrid"),
    [([], (), False), (["clicks"], (), True), (["clicks"], (OURS,), False)],
    ids=["nobody asks", "we cannot", "we do"],
)
async def test_clicks_are_watched_by_sendgrid_where_asked_for_and_we_do_not(
    db: Connection,
    database_url: str,
    sendgrid: HttpPeer,
    tracking: list[str],
    secrets: tuple[SecretStr, ...],
    by_sendgrid: bool,
) -> None:
    given.tenant(db, tracking=tracking)

    async with running(
        database_url, provider_for(url_of(sendgrid)), public_url=PUBLIC, token_secret=secrets
    ):
        given.emit(db, payload=PAYLOAD, channels=["email"])
        await all_settled(db)

    [mail] = said(sendgrid)
    settings = mail["tracking_settings"]
    assert settings["click_tracking"] == {"enable": by_sendgrid, "enable_text": by_sendgrid}
    assert settings["open_tracking"] == {"enable": False}


async def test_where_sendgrid_is_down_the_mail_server_takes_over_and_nobody_gets_two(
    db: Connection, database_url: str, sendgrid: HttpPeer, relay: SmtpPeer, both: ProviderRegistry
) -> None:
    sendgrid.always("REPLY", declined(503, "try again later"))

    async with running(database_url, registry=both):
        given.emit(db, payload=PAYLOAD, channels=["email"])
        await all_settled(db)

    assert tries(db) == [("main", "passed_on"), ("spare", "sent")]
    [carried] = relay.mails
    [offered] = said(sendgrid)
    # The same mail by its name, so that a mailbox would know a second copy.
    assert message_from_bytes(carried.data)["Message-ID"] == offered["headers"]["Message-ID"]


async def test_a_mail_in_doubt_at_sendgrid_is_not_given_to_the_mail_server(
    db: Connection,
    database_url: str,
    sendgrid: HttpPeer,
    relay: SmtpPeer,
    both: ProviderRegistry,
    impatient: None,
) -> None:
    sendgrid.once("HEADERS", Drop())

    async with running(database_url, registry=both):
        given.emit(db, payload=PAYLOAD, channels=["email"])
        await all_settled(db)

    assert tries(db) == [("main", "unknown"), ("main", "sent")]
    assert relay.mails == []
    first, second = said(sendgrid)
    assert first == second


async def test_one_tenants_sender_that_is_not_verified_stops_no_other_tenant(
    db: Connection, database_url: str, sendgrid: HttpPeer
) -> None:
    given.tenant(db, "stranger", branding={"from_address": "hello@unverified.example"})
    given.recipient(db, tenant_id="stranger")
    sendgrid.usual = lambda request: (
        declined(403, "from: The from address does not match a verified Sender Identity.")
        if b"unverified.example" in request.body
        else accepted(request)
    )

    async with running(database_url, provider_for(url_of(sendgrid))):
        given.emit(db, payload=PAYLOAD, channels=["email"], tenant_id="stranger")
        await seen(lambda: states(db)["email", "waiting"] == 1, "the stranger's mail waits")
        given.emit(db, payload=PAYLOAD, channels=["email"])
        await seen(lambda: states(db)["email", "sent"] == 1, "the other's is sent")

    assert len(sendgrid.taken) == 1


async def test_a_service_of_ones_own_is_sent_to_by_a_webhook_and_knows_a_second_copy(
    db: Connection, database_url: str, impatient: None
) -> None:
    receiver = HttpPeer()
    await receiver.start()
    receiver.once("REPLY", Drop())
    url = f"webhook+http://:{SECRET}@127.0.0.1:{receiver.port}/in?channel=email&timeout=2"

    async with running(database_url, provider_for(url, name="our_own")):
        given.emit(db, payload=PAYLOAD, channels=["email"])
        await all_settled(db)
    await receiver.stop()

    assert tries(db) == [("our_own", "unknown"), ("our_own", "sent")]
    assert all(is_genuine(request) for request in receiver.requests)
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
