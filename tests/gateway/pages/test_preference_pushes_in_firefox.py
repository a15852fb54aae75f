"""Pushes to this browser are allowed and stopped in the preference centre."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from dispatcher.providers.vapid import VapidKey
from tests.support import given
from tests.support.given import Connection
from tests.support.peers.autopush import CERTIFICATE, Autopush
from tests.support.peers.browser import until
from tests.support.peers.firefox import Firefox
from tests.support.shopfront import GatewayThread
from tests.support.tokens import token

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

_ENDPOINTS = "select endpoint from postbell.push_subscription"


@pytest.fixture
async def firefox() -> AsyncIterator[Firefox]:
    async with Autopush() as autopush:
        browser = Firefox(push_server=autopush.server_url)
        await asyncio.to_thread(browser.start)
        yield browser
        await asyncio.to_thread(browser.close)


async def test_a_browser_is_allowed_and_stopped_on_the_page(
    db: Connection, database_url: str, firefox: Firefox, tmp_path: Path
) -> None:
    given.event_type(db, default_channels=["push"])
    VapidKey.create(tmp_path / "vapid.pem")
    providers = tmp_path / "providers.toml"
    providers.write_text(
        f'[pushes]\nurl = "webpush:?key={tmp_path / "vapid.pem"}&subject=mailto:ops@shop.example'
        f'&ca={CERTIFICATE}&allow_private=1"\n'
    )

    async def shows(script: str) -> None:
        await asyncio.to_thread(until, firefox, script)

    async def click(selector: str) -> None:
        script = "document.querySelector(arguments[0]).click()"
        await asyncio.to_thread(firefox.run, script, selector)

    with GatewayThread(database_url, providers=providers) as gateway:
        await asyncio.to_thread(gateway.start)
        query = urlencode({"token": token(), "to": "/preferences"})
        await asyncio.to_thread(firefox.open, f"{gateway.address}/login?{query}")
        await click("form button")
        await shows("return document.getElementById('allow')?.textContent === 'Allow here'")

        await click("#allow")
        await shows("return document.getElementById('allow').textContent === 'Stop here'")
        allowed = given.column(db, _ENDPOINTS)
        switch = "return document.getElementById('cell-orders-push')?.ariaChecked"
        await shows(switch)
        await click("#allow")
        await shows("return document.getElementById('allow').textContent === 'Allow here'")

    assert len(allowed) == 1
    assert given.column(db, _ENDPOINTS) == []
