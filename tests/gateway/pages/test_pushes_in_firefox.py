"""Pushes by <postbell-inbox>: allowed in its panel, shown by the gateway's worker, and refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatcher.providers.vapid import VapidKey
from dispatcher.providers.webpush import WebPush
from tests.support import given
from tests.support.daemon import running
from tests.support.given import Connection
from tests.support.peers.autopush import CERTIFICATE, Autopush
from tests.support.peers.browser import until
from tests.support.peers.firefox import Firefox
from tests.support.shopfront import LOOK, GatewayThread, Shopfront, opened
from tests.support.waiting import seen

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

_SHOWN = """
return navigator.serviceWorker.ready.then(worker => worker.getNotifications()).then(
    all => all.map(({title, tag, data}) => ({title, tag, data})));
"""


@pytest.fixture
def provider_url(tmp_path: Path) -> str:
    VapidKey.create(tmp_path / "vapid.pem")
    return (
        f"webpush:?key={tmp_path / 'vapid.pem'}&subject=mailto:ops@shop.example"
        f"&ca={CERTIFICATE}&allow_private=1"
    )


@pytest.fixture
def gateway(
    db: Connection, database_url: str, provider_url: str, tmp_path: Path
) -> Iterator[GatewayThread]:
    providers = tmp_path / "providers.toml"
    providers.write_text(f'[pushes]\nurl = "{provider_url}"\n')
    with GatewayThread(database_url, providers=providers) as gateway:
        yield gateway


@pytest.fixture
async def autopush() -> AsyncIterator[Autopush]:
    async with Autopush() as autopush:
        yield autopush


@pytest.fixture
async def firefox(autopush: Autopush) -> AsyncIterator[Firefox]:
    browser = Firefox(push_server=autopush.server_url)
    await asyncio.to_thread(browser.start)
    yield browser
    await asyncio.to_thread(browser.close)


@pytest.fixture
def shop(gateway: GatewayThread, firefox: Firefox) -> Iterator[Shopfront]:
    """Its service worker is a file of its own, that loads the gateway's."""
    with opened(gateway, firefox) as shop:
        script = f'importScripts("{gateway.address}/postbell-worker.js");'
        shop.pages["/worker.js"] = ("text/javascript", script.encode())
        yield shop


async def test_a_browser_is_allowed_in_the_panel_pushed_to_and_refused_again(
    db: Connection,
    database_url: str,
    shop: Shopfront,
    firefox: Firefox,
    autopush: Autopush,
    provider_url: str,
) -> None:
    async def run(script: str) -> Any:
        return await asyncio.to_thread(firefox.run, LOOK + script)

    async def awaited(script: str) -> Any:
        return await asyncio.to_thread(until, firefox, LOOK + script)

    given.event_type(db, "order.completed", default_channels=["push"])
    url = shop.page(attributes='worker-url="/worker.js"')
    await asyncio.to_thread(firefox.open, url)
    await awaited("return one('.bell')")
    await run("inbox.open()")
    await awaited("return one('[part=pushes]').textContent === 'Notify me on this device'")

    await run("one('[part=pushes]').click()")
    await awaited("return one('[part=pushes]').textContent === 'Stop on this device'")

    endpoints = given.column(db, "select endpoint from postbell.push_subscription")
    assert len(endpoints) == 1
    async with running(database_url, WebPush.from_url(provider_url)):
        given.emit(db, "order.completed", payload={"order_id": 42}, channels=["push"])
        await seen(lambda: autopush.acknowledged == 1, "the worker has had it")
        shown = await asyncio.to_thread(until, firefox, _SHOWN)
    assert [each["title"] for each in shown] == ["Order #42 completed"]
    assert shown[0]["data"]["postbell"]["navigate"] == "http://localhost:8000/orders/42"

    await run("one('[part=pushes]').click()")
    await awaited("return one('[part=pushes]').textContent === 'Notify me on this device'")
    assert given.column(db, "select endpoint from postbell.push_subscription") == []
