"""A real browser keeps a page open while the gateway goes away and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import given
from tests.support.daemon import running
from tests.support.gateway import serving
from tests.support.given import Connection
from tests.support.peers import site
from tests.support.peers.browser import until
from tests.support.peers.chromium import Chromium
from tests.support.peers.server_process import free_port
from tests.support.producer import PAYLOAD
from tests.support.scripted_provider import ScriptedProvider
from tests.support.tokens import token
from tests.support.waiting import seen

pytestmark = pytest.mark.slow

#: As an application's own page would be: it makes the EventSource again when the browser gives it
#: up, goes on behind what it had, and shows each item once.
PAGE = b"""<!doctype html>
<title>Shop</title>
<script>
var shown = [], opened = 0, last = "";

function enter(gateway, token) {
  return fetch(gateway + "/v1/session", {
    method: "POST", credentials: "include", headers: {Authorization: "Bearer " + token},
  }).then(answer => { listen(gateway); return answer.status; });
}

function listen(gateway) {
  var query = last ? "?last_event_id=" + encodeURIComponent(last) : "";
  var source = new EventSource(gateway + "/v1/stream" + query, {withCredentials: true});
  source.onopen = () => opened += 1;
  source.addEventListener("notification", frame => {
    last = frame.lastEventId || last;
    var item = JSON.parse(frame.data);
    if (!shown.includes(item.id)) shown.push(item.id);
  });
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 200, gateway);
  };
}
</script>
"""


@pytest.fixture
def origin() -> Iterator[str]:
    """The application's site."""
    with site.opened({"/": ("text/html", PAGE)}) as origin:
        yield origin


@pytest.fixture
def chromium() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


async def told(db: Connection, many: int) -> list[int]:
    """So many events more on the stream of u1; the ids of all there have been."""
    sent = "select delivery_id from postbell.delivery_log where channel = 'sse' and state = 'sent'"
    before = len(given.column(db, sent))
    for _ in range(many):
        given.emit(db, payload=PAYLOAD, channels=["sse"])
    await seen(lambda: len(given.column(db, sent)) == before + many, "they are in the log")
    return sorted(given.column(db, sent))


async def test_an_open_page_misses_nothing_and_shows_nothing_twice_across_a_gateway_restart(
    db: Connection, database_url: str, origin: str, chromium: Chromium
) -> None:
    settings: dict[str, Any] = {"gateway_port": free_port(), "allowed_origins": (origin,)}
    gateway = f"http://localhost:{settings['gateway_port']}"

    async def shows(ids: list[int]) -> None:
        await asyncio.to_thread(until, chromium, "return shown.length >= arguments[0]", len(ids))
        assert await asyncio.to_thread(chromium.run, "return shown") == ids

    async with running(database_url, ScriptedProvider()):
        async with serving(database_url, **settings):
            await asyncio.to_thread(chromium.open, f"{origin}/")
            status = await asyncio.to_thread(
                chromium.run, "return enter(arguments[0], arguments[1])", gateway, token()
            )
            assert status == 200
            await asyncio.to_thread(until, chromium, "return opened")
            await shows(await told(db, 2))

        # Nobody is there to tell it.
        missed = await told(db, 3)

        async with serving(database_url, **settings):
            await shows(missed)
            await shows(await told(db, 2))
            assert await asyncio.to_thread(chromium.run, "return opened") >= 2
