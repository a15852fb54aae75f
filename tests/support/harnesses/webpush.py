"""A push service as RFC 8030 describes it, on this machine, and a browser that it serves."""

from __future__ import annotations

import ssl
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from py_vapid import Vapid02

from dispatcher.channels.push import Push
from dispatcher.providers.base import Provider
from dispatcher.providers.vapid import VapidKey
from dispatcher.providers.webpush import ApplicationServer, WebPush
from tests.support.harnesses.http import SHORT, HttpHarness
from tests.support.http_peer import HttpPeer, Request, Say
from tests.support.push_device import PushDevice, a_push

#: The last part of an endpoint: who knows it can be taken for the website.
TOKEN = "t0ken-of-this-browser"
SUBJECT = "mailto:ops@shop.example"

_TLS = Path(__file__).parents[1] / "tls"


class WebPushHarness(HttpHarness):
    refusals: ClassVar[tuple[str, ...]] = (
        "400 bad request",
        "404 no such subscription",
        "410 unsubscribed",
        "413 too large",
        "307 elsewhere",
    )
    deferrals: ClassVar[tuple[str, ...]] = (
        "401 no such key",
        "403 another key",
        "408 slow",
        "429 too many requests",
        "500 internal",
        "503 unavailable",
    )
    secret: ClassVar[str | None] = TOKEN

    def __init__(self) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(_TLS / "localhost.crt", _TLS / "localhost.key")
        self.peer = HttpPeer(usual=self.usual, tls=context)
        self.read: list[Any] = []
        self._folder = TemporaryDirectory(prefix="postbell_vapid_")
        self.key = Path(self._folder.name) / "vapid.pem"
        VapidKey.create(self.key)

    async def start(self) -> None:
        await self.peer.start()
        self.browser = PushDevice(f"{self.peer.origin}/push/{TOKEN}")
        self.provider = self.provider_at(self.peer.port)

    async def stop(self) -> None:
        await super().stop()
        self._folder.cleanup()

    def usual(self, request: Request) -> Say:
        """201 for what RFC 8030 asks for, signed for this service, that the browser can read."""
        headers = request.headers
        assert (request.method, request.target) == ("POST", f"/push/{TOKEN}")
        assert headers["content-encoding"] == "aes128gcm"
        assert headers["ttl"].isdigit()
        assert Vapid02.verify(headers["authorization"])
        self.read.append(self.browser.read(request.body))
        return Say(201, {"Location": f"{self.peer.origin}/message/{len(self.read)}"})

    def error(self, status: int, text: str) -> Say:
        return Say(status, {"Location": "https://localhost/elsewhere"}, text.encode())

    @property
    def application(self) -> ApplicationServer:
        # Trusted as a browser maker's is: what a user's own may do is in test_webpush.py.
        return ApplicationServer.from_url(
            f"webpush:?key={self.key}&subject={SUBJECT}&ca={_TLS / 'localhost.crt'}"
            f"&allow_private=1&trusted=localhost{SHORT}"
        )

    def provider_at(self, port: int) -> Provider[Any]:  # noqa: ARG002 (the endpoint has it)
        return WebPush(self.application)

    def message(self, number: int) -> Push:
        return a_push(self.browser.device, number)
