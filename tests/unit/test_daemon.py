from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import psycopg
import pytest
import structlog

from dispatcher import daemon as daemon_module
from dispatcher.daemon import Daemon
from dispatcher.deploy.contract import SchemaError
from dispatcher.health import ListenError
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from dispatcher.settings import Settings
from tests.support import given
from tests.support.daemon import get, running
from tests.support.given import Connection
from tests.support.outcome import left_over, states
from tests.support.peers.server_process import free_port
from tests.support.scripted_provider import Gate, ScriptedProvider
from tests.support.waiting import seen

PAYLOAD = {"order_id": 42, "amount": "19.90"}


def registry(provider: ScriptedProvider | None = None) -> ProviderRegistry:
    return ProviderRegistry([ProviderClient(provider or ScriptedProvider())])


async def said(port: int, sentence: str) -> None:
    """Returns when /healthz says it among what does not work."""
    deadline = asyncio.get_running_loop().time() + 20
    found: list[str] = []
    while sentence not in found:
        assert asyncio.get_running_loop().time() < deadline, found
        await asyncio.sleep(0.05)
        found = json.loads((await get(port, "/healthz"))[1])["degraded"]


async def test_a_committed_event_becomes_an_inbox_item_and_a_mail(
    db: Connection, database_url: str
) -> None:
    provider = ScriptedProvider()
    async with running(database_url, provider):
        given.emit(db, payload=PAYLOAD)
        await seen(lambda: states(db) and not left_over(db), "everything is settled")

    assert states(db) == {("in_app", "delivered"): 1, ("email", "sent"): 1, ("sse", "sent"): 1}
    assert given.rows(db, "select recipient_id, event, title from postbell.inbox") == [
        ("u1", "order.paid", "Order #42 paid")
    ]
    assert [message.to for message in provider.messages] == ["u1@example.org"]


async def test_an_event_that_is_rolled_back_is_never_heard_of(
    db: Connection, database_url: str
) -> None:
    provider = ScriptedProvider()
    async with running(database_url, provider):
        with psycopg.connect(database_url) as producer:
            undone = given.emit(producer, payload=PAYLOAD)
            producer.rollback()
        event = given.emit(db, payload=PAYLOAD)
        await seen(lambda: states(db) and not left_over(db), "everything is settled")

    assert given.deliveries(db, undone) == {}
    assert len(given.deliveries(db, event)) == 3
    assert len(provider.messages) == 1


async def test_a_daemon_may_route_only_and_another_deliver_only(
    db: Connection, database_url: str
) -> None:
    async with running(database_url, ScriptedProvider(), dispatcher_enabled=False):
        event = given.emit(db, payload=PAYLOAD)
        await seen(lambda: given.deliveries(db, event), "it is routed")
    assert {state for _, state in states(db)} == {"queued"}

    async with running(database_url, ScriptedProvider(), router_enabled=False):
        await seen(lambda: not left_over(db), "it is delivered")
    assert {state for _, state in states(db)} == {"delivered", "sent"}


async def test_the_pages_say_that_it_is_well_and_what_it_did(
    db: Connection, database_url: str
) -> None:
    port = free_port()
    async with running(database_url, ScriptedProvider(), http_port=port):
        given.emit(db, payload=PAYLOAD)
        await seen(lambda: states(db) and not left_over(db), "everything is settled")
        status, body = await get(port, "/healthz")
        _, figures = await get(port, "/metrics")

    assert (status, json.loads(body)["status"]) == (200, "ok")
    parts: dict[str, Any] = json.loads(body)["parts"]
    assert {"router", "database"} <= parts.keys()
    assert "postbell_database_up 1.0" in figures
    assert 'postbell_attempts_total{channel="email",outcome="sent",provider="scripted"} 1.0' in (
        figures
    )


async def test_the_pages_say_that_users_are_not_followed(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "HEALTH_CHECK_INTERVAL", 0.05)
    monkeypatch.setattr(daemon_module, "MIRROR_CHECK_INTERVAL", 0.0)
    db.execute("create table users (id bigint primary key, site text, mail text)")
    db.execute("insert into users values (1, 'acme')")
    db.execute(
        """select postbell.mirror_recipients('users',
            '{"id": "id", "tenant_id": "site", "email": "mail"}')"""
    )
    port = free_port()

    async with running(database_url, ScriptedProvider(), http_port=port):
        given.emit(db, payload=PAYLOAD)
        await seen(lambda: states(db) and not left_over(db), "everything is settled")
        await said(
            port,
            "public.users: there is no tenant acme: its users become recipients when there is.",
        )
        db.execute("alter table users rename mail to post")
        await said(
            port,
            "Recipients do not follow public.users: email: public.users has no column mail."
            " Mend it, and call postbell.mirror_recipients() again.",
        )
        _, figures = await get(port, "/metrics")

    assert 'postbell_mirror_faults{kind="broken"} 1.0' in figures
    assert 'postbell_mirror_faults{kind="missing_tenant"} 1.0' in figures


async def test_a_port_that_is_taken_ends_the_daemon_with_a_sentence(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(http_port=taken.getsockname()[1])
        daemon = Daemon(database_url, settings, registry=registry())

        with pytest.raises(ListenError, match="POSTBELL_HTTP_PORT"):
            await daemon.run()


async def test_a_database_without_a_schema_is_refused(empty_url: str) -> None:
    daemon = Daemon(empty_url, Settings(http_port=0), registry=registry())

    with pytest.raises(SchemaError, match="postbell deploy"):
        await daemon.run()


async def test_a_mistake_of_ours_ends_the_daemon_after_what_is_in_flight(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    daemon = Daemon(
        database_url, Settings(http_port=0, safety_poll_seconds=0), registry=registry(provider)
    )
    running = asyncio.create_task(daemon.run())
    given.emit(db, payload=PAYLOAD, channels=["email"])
    await seen(lambda: gate.waiting, "the mail is handed over")

    async def mistaken(_: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr("dispatcher.db.routing.pending_work", mistaken)
    db.execute("notify postbell_wake")
    await asyncio.sleep(0.5)
    assert not running.done()
    gate.opened.set()
    with pytest.raises(ZeroDivisionError):
        await running

    assert states(db) == {("email", "sent"): 1}


@pytest.mark.slow
async def test_a_send_that_takes_longer_than_the_shutdown_is_cut_off_and_comes_again(
    db: Connection, database_url: str
) -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    async with running(database_url, provider, shutdown_seconds=0.2):
        given.emit(db, payload=PAYLOAD, channels=["email"])
        await seen(lambda: gate.waiting, "the mail is handed over")
    assert states(db) == {("email", "sending"): 1}

    gate.opened.set()
    async with running(database_url, provider, lease_seconds=1):
        await seen(lambda: not left_over(db), "everything is settled")

    assert states(db) == {("email", "sent"): 1}
    assert len({message.message_id for message in provider.messages}) == 1


async def test_a_daemon_that_is_stopped_before_it_began_ends(database_url: str) -> None:
    daemon = Daemon(database_url, Settings(http_port=0), registry=registry())
    daemon.stop()

    await asyncio.wait_for(daemon.run(), timeout=30)

    assert daemon._health.is_ready is False


async def test_a_channel_without_a_provider_stays_queued_and_is_told(
    db: Connection, database_url: str
) -> None:
    provider = ScriptedProvider()
    provider.channel = "sms"
    with structlog.testing.capture_logs() as said:
        async with running(database_url, provider):
            event = given.emit(db, payload=PAYLOAD)
            await seen(lambda: states(db)["in_app", "delivered"] == 1, "the inbox has it")

    assert given.deliveries(db, event)["u1", "email"].state == "queued"
    assert provider.messages == []
    assert {
        (line["log_level"], line["channel"]) for line in said if "no provider" in line["event"]
    } >= {("warning", "email")}
