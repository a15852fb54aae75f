"""What mail servers hold against us: nothing is lost over it, and nothing sent twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from email import message_from_bytes
from typing import Any

import pytest

from dispatcher.providers.base import provider_for
from dispatcher.providers.circuit_breaker import BreakerPolicy
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from tests.support import given
from tests.support.daemon import get, running
from tests.support.given import Connection
from tests.support.outcome import left_over, states
from tests.support.peers.server_process import free_port
from tests.support.smtp_peer import Drop, Say, SmtpPeer
from tests.support.waiting import seen

pytestmark = pytest.mark.slow

PAYLOAD = {"order_id": 42, "amount": "19.90"}

#: A daemon's patience, shortened for those who watch.
IMPATIENT = BreakerPolicy(
    open_seconds=0.2, max_open_seconds=0.5, misconfigured_seconds=0.5, max_misconfigured_seconds=0.5
)


@pytest.fixture
async def main() -> AsyncIterator[SmtpPeer]:
    async for peer in listening():
        yield peer


@pytest.fixture
async def spare() -> AsyncIterator[SmtpPeer]:
    async for peer in listening():
        yield peer


async def listening() -> AsyncIterator[SmtpPeer]:
    peer = SmtpPeer(extensions=("AUTH PLAIN LOGIN", "ENHANCEDSTATUSCODES"))
    await peer.start()
    yield peer
    await peer.stop()


def url(peer: SmtpPeer) -> str:
    return f"smtp://shop:s3cret@127.0.0.1:{peer.port}?timeout=2&accept_timeout=2"


def client(peer: SmtpPeer, name: str) -> ProviderClient:
    return ProviderClient(provider_for(url(peer), name=name), policy=IMPATIENT)


def emit(db: Connection, many: int) -> None:
    for _ in range(many):
        given.emit(db, payload=PAYLOAD, channels=["email"])


def copies(*peers: SmtpPeer) -> Counter[str]:
    """How many copies of each mail were taken, by Message-ID."""
    return Counter(
        str(message_from_bytes(mail.data)["Message-ID"]) for peer in peers for mail in peer.mails
    )


async def test_a_mail_in_doubt_is_never_sent_by_the_other(
    db: Connection, database_url: str, main: SmtpPeer, spare: SmtpPeer, impatient: None
) -> None:
    main.once("ACCEPT", Drop())
    registry = ProviderRegistry([client(main, "main_mail"), client(spare, "spare_mail")])
    async with running(database_url, registry=registry):
        emit(db, 1)
        await seen(lambda: states(db) == {("email", "sent"): 1}, "it is sent")

    assert spare.mails == []
    assert given.column(db, "select outcome from postbell.attempt order by attempted_at") == [
        "unknown",
        "sent",
    ]


async def test_a_wrong_password_keeps_the_mails_until_it_is_mended(
    db: Connection, database_url: str, main: SmtpPeer
) -> None:
    main.always("AUTH", Say("535 5.7.8 wrong password"))
    port = free_port()
    async with running(
        database_url, registry=ProviderRegistry([client(main, "main_mail")]), http_port=port
    ):
        emit(db, 20)
        await seen(lambda: states(db) == {("email", "waiting"): 20}, "all are kept")
        # The first time may be before the pause, the second is after a probe that failed.
        await seen(lambda: main.connections >= 4, "it is asked again, now and then")

        _, health = await get(port, "/healthz")
        _, figures = await get(port, "/metrics")
        reported = given.rows(db, "select provider, state, reason from postbell.providers")
        assert main.mails == []

        main.behave()
        await seen(lambda: states(db) and not left_over(db), "everything is settled")

    told: dict[str, Any] = json.loads(health)
    assert told["status"] == "ok"
    assert told["providers"]["main_mail"]["state"] == "misconfigured"
    assert "535" in told["providers"]["main_mail"]["reason"]
    misconfigured = (
        'postbell_provider_state{channel="email",provider="main_mail",state="misconfigured"} 1.0'
    )
    assert misconfigured in figures
    assert [(name, state) for name, state, _ in reported] == [("main_mail", "misconfigured")]
    assert "s3cret" not in f"{health}{figures}{reported}"

    assert states(db) == {("email", "sent"): 20}
    assert set(copies(main).values()) == {1}
    assert given.column(db, "select distinct attempts from postbell.delivery") == [1]
    assert given.column(db, "select outbox_id from postbell.dead_letters") == []
    assert given.column(db, "select provider from postbell.provider_report") == []
