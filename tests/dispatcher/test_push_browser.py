"""From the outbox to the screen of a real Firefox, and what becomes of it when it unsubscribes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dispatcher.providers.vapid import VapidKey
from dispatcher.providers.webpush import WebPush
from tests import given
from tests.dispatcher.in_process import running
from tests.given import Connection, Fate
from tests.peers.autopush import CERTIFICATE, Autopush
from tests.peers.browser import until
from tests.peers.firefox import Firefox

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


@pytest.fixture
async def autopush() -> AsyncIterator[Autopush]:
    async with Autopush() as autopush:
        yield autopush


@pytest.fixture
async def shop() -> AsyncIterator[str]:
    """The website's page and worker, at an address that browsers call secure."""

    async def page(_: web.Request) -> web.FileResponse:
        return web.FileResponse(HERE / "push_page.html")

    async def worker(_: web.Request) -> web.FileResponse:
        return web.FileResponse(HERE / "push_worker.js")

    application = web.Application()
    application.router.add_get("/", page)
    application.router.add_get("/worker.js", worker)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest.fixture
def key(tmp_path: Path) -> VapidKey:
    return VapidKey.create(tmp_path / "vapid.pem")


@pytest.fixture
async def firefox(autopush: Autopush) -> AsyncIterator[Firefox]:
    browser = Firefox(push_server=autopush.server_url)
    await asyncio.to_thread(browser.start)
    yield browser
    await asyncio.to_thread(browser.close)


async def fate_of(db: Connection, event: int) -> Fate:
    """The push's fate, as soon as it has one."""
    async with asyncio.timeout(20):
        while True:
            found = given.deliveries(db, event).get(("u1", "push"))
            if found is not None and found.state not in ("queued", "sending"):
                return found
            await asyncio.sleep(0.05)


async def test_a_browser_subscribes_is_pushed_to_shows_it_and_is_forgotten_when_it_unsubscribes(
    db: Connection,
    database_url: str,
    autopush: Autopush,
    shop: str,
    firefox: Firefox,
    key: VapidKey,
    tmp_path: Path,
) -> None:
    provider = WebPush.from_url(
        f"webpush:?key={tmp_path / 'vapid.pem'}&subject=mailto:ops@shop.example"
        f"&ca={CERTIFICATE}&allow_private=1"
    )

    async def run(script: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(firefox.run, script, *arguments)

    await asyncio.to_thread(firefox.open, shop)
    subscription = await run("return subscribe(arguments[0])", key.public)
    given.device(db, endpoint=subscription["endpoint"], **subscription["keys"])

    async with running(database_url, provider):
        told = given.emit(db, "order.completed", payload={"order_id": 42}, channels=["push"])
        sent = await fate_of(db, told)
        assert (sent.state, autopush.complaints) == ("sent", [])
        shown = await asyncio.to_thread(until, firefox, "return shown()")

        assert await run("return unsubscribe()") is True
        late = given.emit(db, "order.completed", payload={"order_id": 43}, channels=["push"])
        refused = await fate_of(db, late)

    (posted,) = autopush.posted
    assert autopush.acknowledged == 1
    assert b"Order" not in posted.body
    delivery = given.value(db, "select min(delivery_id) from postbell.delivery_log")
    assert shown == [
        {
            "title": "Order #42 completed",
            "body": "The work on the order is done, and everything is ready.",
            "tag": posted.headers["Topic"],
            "data": {
                "delivery": delivery,
                "event": "order.completed",
                "navigate": "http://localhost:8000/orders/42",
            },
        }
    ]
    assert refused.state == "refused"
    assert "410" in (refused.reason or "")
    assert given.column(db, "select endpoint from postbell.push_subscription") == []
