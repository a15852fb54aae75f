"""A website with the inbox on its page, the gateway that it asks, and a browser that shows it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Self
from unittest.mock import patch

from pydantic import SecretStr

from dispatcher.gateway import server
from dispatcher.gateway.server import Gateway
from dispatcher.gateway.stream.endpoint import StreamEndpoint
from dispatcher.settings import Settings
from tests.support import given
from tests.support.given import Connection
from tests.support.peers import site
from tests.support.peers.browser import until as until_script
from tests.support.peers.server_process import free_port, listens
from tests.support.tokens import SECRET, token
from tests.support.waiting import until

_PAGE = """<!doctype html>
<html lang="en" dir="{dir}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Corner Shop</title>
<link rel="icon" href="data:,">
<script type="module" src="{gateway}/postbell-inbox.js"></script>
<body style="font-family: system-ui">
<main>
<postbell-inbox token-url="/postbell-token" title-badge {attributes}></postbell-inbox>
<h1>Corner Shop</h1>
</main>
<script>
var heard = [], counts = [];
addEventListener("postbell:notification", event => heard.push(event.detail.item_id));
addEventListener("postbell:unread", event => counts.push(event.detail.unread));
</script>
"""

MouseButton = Literal["left", "middle"]

_ONLINE = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
_OFFLINE = {**_ONLINE, "offline": True}

#: What scripts of tests use to look inside.
LOOK = """
const inbox = document.querySelector("postbell-inbox");
const root = inbox?.shadowRoot;
const one = selector => root?.querySelector(selector);
const all = selector => [...(root?.querySelectorAll(selector) ?? [])];
const shown = () => all(".item .title bdi").map(title => title.textContent);
"""


class GatewayThread:
    """A gateway with a loop of its own, for tests that wait for a browser. May start again."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.port = free_port()
        self.address = f"http://localhost:{self.port}"
        self._url = url
        self._settings: dict[str, Any] = {
            "token_secret": (SecretStr(SECRET),),
            "public_url": self.address,
            "gateway_port": self.port,
            **settings,
        }
        self._gateway: Gateway | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._streams: list[StreamEndpoint] = []
        self._closing = ExitStack()

    @property
    def streams(self) -> int:
        """How many are open."""
        return len(self._streams[-1])

    def start(self, **settings: Any) -> None:
        """Returns when it has begun. Settings stay for the next start."""
        self._settings |= settings
        gateway = self._gateway = Gateway(self._url, Settings(**self._settings))

        def run() -> None:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                runner.run(gateway.run())

        self._thread = threading.Thread(target=run)
        self._thread.start()
        until(lambda: listens(self.port), "the gateway listens")
        until(
            lambda: self._streams and self._streams[-1].is_connected, "somebody is there to be told"
        )

    def stop(self) -> None:
        if self._thread and self._loop and self._gateway:
            self._loop.call_soon_threadsafe(self._gateway.stop)
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        """Its streams can be counted, and it stops at the end of the block at the latest."""

        def stream(*arguments: Any) -> StreamEndpoint:
            self._streams.append(StreamEndpoint(*arguments))
            return self._streams[-1]

        self._closing.enter_context(patch.object(server, "StreamEndpoint", stream))
        self._closing.callback(self.stop)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()


@dataclass
class Shopfront:
    """`pages` may be added to; `origin` serves them."""

    gateway: GatewayThread
    origin: str
    pages: dict[str, tuple[str, bytes]]
    #: A Chromium, for what opens tabs and presses keys; else any tests/support/peers/browser.py.
    browser: Any

    def page(
        self, path: str = "/", who: str = "u1", *, attributes: str = "", writing: str = "ltr"
    ) -> str:
        """Makes a page of somebody's; its address."""
        written = _PAGE.format(gateway=self.gateway.address, attributes=attributes, dir=writing)
        self.pages[path] = ("text/html; charset=utf-8", written.encode())
        self.let_in(who)
        return self.origin + path

    def let_in(self, who: str | None) -> None:
        """Whom the application's token names from now on; None is nobody."""
        said = {} if who is None else {"token": token(who)}
        self.pages["/postbell-token"] = ("application/json", json.dumps(said).encode())

    def open(self, url: str) -> str:
        """In the tab that is in front, until it is connected; the tab's name."""
        self.browser.open(url)
        self.until("return one('.bell')?.getAttribute('aria-label')")
        return str(self.browser.driver.current_window_handle)

    def open_another(self, url: str) -> str:
        """The same in a new tab."""
        self.browser.driver.switch_to.new_window("tab")
        return self.open(url)

    def look_at(self, tab: str) -> None:
        self.browser.driver.switch_to.window(tab)

    def close(self, tab: str) -> None:
        """Closes a tab, and looks at the first of the others."""
        self.look_at(tab)
        self.browser.driver.close()
        self.look_at(self.browser.driver.window_handles[0])

    def run(self, script: str, *arguments: Any) -> Any:
        """In the page, where `inbox`, `one(selector)`, `all(selector)` and `shown()` look."""
        return self.browser.run(LOOK + script, *arguments)

    def until(self, script: str, *arguments: Any) -> Any:
        return until_script(self.browser, LOOK + script, *arguments)

    @contextmanager
    def offline(self) -> Iterator[None]:
        """The tab in front has no network, for as long as the block lasts."""
        with self._told("Network.emulateNetworkConditions", _OFFLINE, _ONLINE):
            yield

    @contextmanager
    def without_answers(self, to: str = "") -> Iterator[None]:
        """It gets the gateway's scripts, from its cache say, and no answer from below /v1/`to`."""
        calls = {"urls": [f"{self.gateway.address}/v1/{to}*"]}
        with self._told("Network.setBlockedURLs", calls, {"urls": []}):
            yield

    @contextmanager
    def _told(self, command: str, now: dict[str, Any], then: dict[str, Any]) -> Iterator[None]:
        tell = self.browser.driver.execute_cdp_cmd
        tell("Network.enable", {})
        tell(command, now)
        try:
            yield
        finally:
            tell(command, then)

    def press(self, *keys: str) -> None:
        """On the keyboard, wherever the focus is."""
        self.browser.driver.switch_to.active_element.send_keys(*keys)

    def press_at(self, element: str, button: MouseButton) -> None:
        """With the mouse, in the middle of what a script's expression finds."""
        x, y = self.run(
            f"const box = {element}.getBoundingClientRect();"
            " return [box.left + box.width / 2, box.top + box.height / 2]"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.browser.driver.execute_cdp_cmd(
                "Input.dispatchMouseEvent",
                {"type": kind, "x": x, "y": y, "button": button, "clickCount": 1},
            )

    def focused(self) -> str:
        """What has the focus inside the inbox: its label or its text."""
        return str(
            self.run(
                "const it = root.activeElement;"
                " return it ? it.getAttribute('aria-label') ?? it.textContent.trim() : '';"
            )
        )


def arrive(db: Connection, title: str, recipient_id: str = "u1", **columns: Any) -> int:
    """Something comes: an item, and a notification of it; the item's id."""
    with db.transaction():
        item = given.inbox_item(
            db,
            title=title,
            recipient_id=recipient_id,
            **{"link": "https://shop.example/orders/1", **columns},
        )
        frame = {"id": item, "item_id": item, "title": title, "body": "Thank you", "link": None}
        told: tuple[tuple[str, dict[str, Any]], ...] = (
            ("added", {"recipient_ids": [recipient_id], "item_ids": [item]}),
            ("notification", {"recipient_id": recipient_id, "frame": json.dumps(frame)}),
        )
        for kind, columns_of in told:
            given.insert(db, "stream_event", tenant_id="default", kind=kind, **columns_of)
        given.call(db, "notify_gateways")
    return item


@contextmanager
def opened(gateway: GatewayThread, browser: Any) -> Iterator[Shopfront]:
    """A website of another origin than the gateway, which allows it."""
    pages: dict[str, tuple[str, bytes]] = {}
    with site.opened(pages) as origin:
        gateway.start(allowed_origins=(origin,))
        yield Shopfront(gateway, origin, pages, browser)
