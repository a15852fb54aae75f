"""An incoming webhook as Slack documents it, on this machine."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any, ClassVar

from dispatcher.channels.chat import Chat
from dispatcher.providers.base import Provider
from dispatcher.providers.chat_webhook import ChatWebhook
from tests.support.harnesses.http import SHORT, HttpHarness
from tests.support.http_peer import HttpPeer, Request, Say

#: The last part of an address: who knows it can write to the chat.
TOKEN = "XXs3cretXXtokenXX"
PATH = f"/services/T00000000/B00000000/{TOKEN}"

_TLS = Path(__file__).parents[1] / "tls"

#: A provider's URL for this machine.
LOCAL = f"chat+webhook:?ca={_TLS / 'localhost.crt'}&allow_private=1{SHORT}"


class ChatWebhookHarness(HttpHarness):
    refusals: ClassVar[tuple[str, ...]] = (
        "400 invalid_payload",
        "403 action_prohibited",
        "403 invalid_token",
        "404 no_service",
        "410 channel_is_archived",
        "302 elsewhere",
    )
    deferrals: ClassVar[tuple[str, ...]] = (
        "408 slow",
        "429 rate_limited",
        "500 rollup_error",
        "503 unavailable",
    )
    secret: ClassVar[str | None] = TOKEN

    def __init__(self) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(_TLS / "localhost.crt", _TLS / "localhost.key")
        self.peer = HttpPeer(usual=self.usual, tls=context)
        #: What was written to the chat.
        self.texts: list[str] = []

    async def start(self) -> None:
        await super().start()
        self.address = f"{self.peer.origin}{PATH}"

    def usual(self, request: Request) -> Say:
        """`ok` for a JSON object with nothing but a text."""
        assert (request.method, request.target) == ("POST", PATH)
        assert request.headers["content-type"] == "application/json"
        said = json.loads(request.body)
        assert [*said] == ["text"]
        self.texts.append(said["text"])
        return Say(200, {}, b"ok")

    def error(self, status: int, text: str) -> Say:
        return Say(status, {"Location": "https://localhost/elsewhere"}, text.encode())

    def provider_at(self, port: int) -> Provider[Any]:  # noqa: ARG002 (the address has it)
        # Trusted as Slack is: what a user's own may do is in test_chat_webhook.py.
        return ChatWebhook.from_url(f"{LOCAL}&trusted=localhost")

    def message(self, number: int) -> Chat:
        return Chat(number, f"{number:032x}", self.address, f"Ticket {number} has been opened.")
