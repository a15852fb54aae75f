"""An operator's walk through the page: what failed is found, understood, and sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from dispatcher.gateway.token import operator_login_token
from tests.support import given
from tests.support.failed_deliveries import delivery_of, refused
from tests.support.gateway import serving
from tests.support.given import Connection
from tests.support.login import enter
from tests.support.peers.browser import until
from tests.support.peers.chromium import Chromium
from tests.support.peers.server_process import free_port
from tests.support.tokens import SECRET

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
async def gateway(db: Connection, database_url: str) -> AsyncIterator[str]:
    given.event_type(db, "order.moved", default_channels=["in_app", "email"])
    port = free_port()
    base = f"http://localhost:{port}"
    async with serving(database_url, gateway_port=port, public_url=base):
        yield base


class Page:
    """The browser waits in a thread, for the gateway is in the test's own loop."""

    def __init__(self, browser: Chromium) -> None:
        self._browser = browser

    async def open(self, url: str) -> None:
        await asyncio.to_thread(self._browser.open, url)

    async def run(self, script: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(self._browser.run, script, *arguments)

    async def shows(self, script: str, *arguments: Any) -> Any:
        """What the expression gives, as soon as that is true."""
        return await asyncio.to_thread(until, self._browser, f"return {script}", *arguments)

    async def says(self, selector: str, what: str) -> str:
        script = (
            "[...document.querySelectorAll(arguments[0])].map(each => each.innerText)"
            ".find(said => said.includes(arguments[1]))"
        )
        return str(await self.shows(script, selector, what))

    async def click(self, selector: str) -> None:
        await self.shows("document.querySelector(arguments[0])", selector)
        script = "const it = document.querySelector(arguments[0]); it.focus(); it.click()"
        await self.run(script, selector)


async def test_what_failed_is_found_understood_and_sent_again(gateway: str, db: Connection) -> None:
    first, second = refused(db, "order.moved", 2)
    given.emit(db, "order.lost")
    given.emit(db, "order.moved", channels=["in_app"])
    given.route(db)
    broken = delivery_of(db, "in_app")
    given.fail(db, "line 3: no such filter", broken)
    given.call(db, "retry", delivery_id=broken)
    given.fail(db, "line 4: no such test", broken)
    token = operator_login_token(SECRET, datetime.now(UTC), "olga")

    with Chromium() as browser:
        page = Page(browser)
        await asyncio.to_thread(enter, browser, gateway, token, "/operator")
        # How things stand, on the page that the address led to.
        assert "3" in await page.says("a.tile", "Dead letters")
        assert "Not running" in await page.says(".tile", "Router")
        # Rejected events, with the way out.
        await page.click('[data-view="rejections"]')
        assert "postbell.register_event()" in await page.says("tr", "order.lost")
        assert await page.run("return document.activeElement.id") == "main"
        # A delivery is found by its person, and tells what befell it.
        await page.open(f"{gateway}/operator#/deliveries?recipient=u1&state=refused")
        await page.click(f'[data-key="d{first}-email"]')
        assert "550 no <address> here" in await page.says(".timeline li", "Tried: refused")
        assert await page.run("return document.querySelector('dialog').matches(':modal')")
        await page.click("dialog .close")
        assert await page.run("return document.activeElement.dataset.key") == f"d{first}-email"
        # One that failed before any provider was called tells every failure, and the retry.
        await page.open(f"{gateway}/operator#/deliveries?recipient=u1&state=failed")
        await page.click(f'[data-key="d{broken}-in_app"]')
        assert "line 3: no such filter" in await page.says(".timeline li", "Given up")
        await page.says(".timeline li", "Sent again by somebody")
        headline = await page.says("dialog .verdict", "failed")
        assert "line 4: no such test" in headline
        assert "Nothing spoke against it" not in headline
        assert "now" in await page.says("dialog p", "Nothing spoke against it.")
        await page.click("dialog .close")
        # One dead letter is sent again, once that is confirmed.
        await page.click('[data-view="dead-letters"]')
        await page.click(f'[data-key="r{first}"]')
        assert given.value(db, "select count(*) from postbell.dead_letters") == 3
        await page.click("#retry-yes")
        await page.says("#said", "1 delivery is on its way again.")
        assert given.column(db, "select delivery_id from postbell.dead_letters order by 1") == [
            second, broken,
        ]  # fmt: skip
        # What somebody else does shows by itself.
        given.call(db, "retry")
        await page.says("#view", "No dead letters")
        # Figures, drawn and as a table.
        await page.click('[data-view="figures"]')
        assert await page.shows("document.querySelector('figure svg[role=img] rect.pending')")
        # And out.
        await page.click("#leave")
        await page.says("main", "postbell login --operator")
