"""From the outbox to the screen of a real Firefox, and what becomes of it when it unsubscribes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dispatcher.providers.vapid import VapidKey
from dispatcher.providers.webpush import WebPush
from tests.support import given
from tests.support.daemon import running
from tests.support.given import Connection, Fate
from tests.support.peers.autopush import CERTIFICATE, Autopush
from tests.support.peers.browser import until
from tests.support.peers.firefox import Firefox
from tests.support.waiting import seen

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs/push.md"

#: What a test wants to know of the browser.
_LOOKS = """
async function unsubscribe() {
  const worker = await navigator.serviceWorker.ready;
  return (await worker.pushManager.getSubscription()).unsubscribe();
}

async function shown() {
  const worker = await navigator.serviceWorker.ready;
  return (await worker.getNotifications()).map(
    ({ title, body, tag, data }) => ({ title, body, tag, data })
  );
}
"""


@pytest.fixture
async def autopush() -> AsyncIterator[Autopush]:
    async with Autopush() as autopush:
        yield autopush


class Shop:
    """A website with the page and the worker of the manual, and the gateway's two addresses."""

    def __init__(self, key: str) -> None:
        page = PAGE.read_text(encoding="utf-8")
        scripts = re.findall(r"^```js\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        (self._page,) = (script for script in scripts if "function allowPushes()" in script)
        (self._worker,) = (script for script in scripts if 'addEventListener("push"' in script)
        self._key = key
        #: What pages have told of themselves.
        self.subscriptions: list[Any] = []
        self.url = ""

    async def start(self) -> web.AppRunner:
        application = web.Application()
        application.router.add_get("/", self._show_page)
        application.router.add_get("/worker.js", self._show_worker)
        application.router.add_get("/v1/push/key", self._show_key)
        application.router.add_put("/v1/push/subscriptions", self._add)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        return runner

    async def _show_page(self, _: web.Request) -> web.Response:
        page = f"<!doctype html><title>Shop</title><script>{self._page}{_LOOKS}</script>"
        return web.Response(text=page, content_type="text/html")

    async def _show_worker(self, _: web.Request) -> web.Response:
        return web.Response(text=self._worker, content_type="text/javascript")

    async def _show_key(self, _: web.Request) -> web.Response:
        return web.json_response({"key": self._key})

    async def _add(self, request: web.Request) -> web.Response:
        self.subscriptions.append(await request.json())
        return web.Response(status=204)


@pytest.fixture
async def shop(key: VapidKey) -> AsyncIterator[Shop]:
    shop = Shop(key.public)
    runner = await shop.start()
    yield shop
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


async def test_a_browser_is_pushed_to_with_its_page_closed_and_forgotten_when_it_unsubscribes(
    db: Connection,
    database_url: str,
    autopush: Autopush,
    shop: Shop,
    firefox: Firefox,
    tmp_path: Path,
) -> None:
    provider = WebPush.from_url(
        f"webpush:?key={tmp_path / 'vapid.pem'}&subject=mailto:ops@shop.example"
        f"&ca={CERTIFICATE}&allow_private=1"
    )

    async def run(script: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(firefox.run, script, *arguments)

    await asyncio.to_thread(firefox.open, shop.url)
    await run("return allowPushes()")
    (subscription,) = shop.subscriptions
    given.device(db, endpoint=subscription["endpoint"], **subscription["keys"])
    # The page is closed; the browser is still there.
    await asyncio.to_thread(firefox.open, "about:blank")

    async with running(database_url, provider):
        told = given.emit(db, "order.completed", payload={"order_id": 42}, channels=["push"])
        sent = await fate_of(db, told)
        assert (sent.state, autopush.complaints) == ("sent", [])
        await seen(lambda: autopush.acknowledged == 1, "the worker has had it")
        await asyncio.to_thread(firefox.open, shop.url)
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
