"""A real browser keeps an EventSource open across a restart of the gateway."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.gateway import serving
from tests.support.given import Connection
from tests.support.peers.browser import until
from tests.support.peers.chromium import Chromium
from tests.support.peers.server_process import free_port
from tests.support.stream_events import tell
from tests.support.tokens import token

pytestmark = pytest.mark.slow

#: What a page does: it exchanges the application's token for a cookie, and opens a stream with it.
_OPEN = """
window.heard = [];
window.begun = 0;
const [gateway, token] = arguments;
return fetch(gateway + "/v1/session", {
    method: "POST", credentials: "include", headers: {authorization: "Bearer " + token},
}).then(answer => {
    window.source = new EventSource(gateway + "/v1/stream", {withCredentials: true});
    source.addEventListener("notification", event => heard.push(JSON.parse(event.data).id));
    source.addEventListener("reset", () => heard.push("reset"));
    source.addEventListener("open", () => { window.begun += 1; });
    return answer.status;
});
"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Shop</title>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    """The application's own page, of another origin than the gateway and of the same site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        running = threading.Thread(target=server.serve_forever)
        running.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        running.join()


@pytest.mark.timeout(180)
async def test_an_event_source_misses_nothing_and_hears_nothing_twice_across_a_restart(
    db: Connection, database_url: str, site: str
) -> None:
    port = free_port()
    settings = {
        "gateway_port": port,
        "public_url": f"http://127.0.0.1:{port}",
        "allowed_origins": (site,),
    }
    with Chromium() as chromium:

        async def awaited(script: str) -> object:
            return await asyncio.to_thread(until, chromium, script)

        await asyncio.to_thread(chromium.open, site)
        async with serving(database_url, **settings) as gateway:
            status = await asyncio.to_thread(chromium.run, _OPEN, gateway, token("u1"))
            assert status == 200
            await awaited("return begun == 1")
            tell(db, 1)
            tell(db, 2, "u2")
            await awaited("return heard.length == 1")
        tell(db, 3)
        await awaited("return source.readyState == EventSource.CONNECTING")
        tell(db, 4)
        async with serving(database_url, **settings):
            await awaited("return heard.length == 3")
            tell(db, 5)
            await awaited("return heard.length == 4")
            assert await asyncio.to_thread(chromium.run, "return heard") == [1, 3, 4, 5]
            assert await asyncio.to_thread(chromium.run, "return begun >= 2")
