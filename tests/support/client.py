"""A caller of the gateway, in this process: requests straight into the ASGI application."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message

from tests.support.openapi import faults
from tests.support.tokens import token


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Client:
    """Sends what it is told to, and the headers that it was made with.

    With a `document`, every answer is held to it (OpenAPI).
    """

    app: ASGIApp
    headers: Mapping[str, str] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    document: dict[str, Any] | None = None

    def as_(self, recipient: str = "u1", **claims: Any) -> Client:
        """The same for a person, by a token of the application's."""
        bearer = f"Bearer {token(recipient, **claims)}"
        return replace(self, headers={**self.headers, "authorization": bearer})

    def as_operator(self, name: str = "olga", **claims: Any) -> Client:
        """The same for an operator."""
        return self.as_(name, **{"scope": "operator", **claims})

    def having(self, **headers: str) -> Client:
        """The same with more headers; `_` stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    async def get(self, path: str) -> Answer:
        return await self.send("GET", path)

    async def post(self, path: str, body: Any = None) -> Answer:
        return await self.send("POST", path, body)

    async def put(self, path: str, body: Any = None) -> Answer:
        return await self.send("PUT", path, body)

    async def delete(self, path: str) -> Answer:
        return await self.send("DELETE", path)

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`body` is sent as it is if it is bytes, else as JSON."""
        sent = dict(self.headers)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        parts = urlsplit(path)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in sent.items()
            ],
            "server": ("localhost", 8000),
            "client": ("127.0.0.1", 50000),
        }
        received: list[Message] = [{"type": "http.request", "body": body or b""}]
        answered: list[Message] = []

        async def receive() -> Message:
            return received.pop(0) if received else {"type": "http.disconnect"}

        async def respond(message: Message) -> None:
            answered.append(message)

        try:
            await self.app(scope, receive, respond)
        finally:
            # A server answers, too, when the application raises after it has.
            start = answered[0]
            content = b"".join(message.get("body", b"") for message in answered[1:])
            answer = Answer(start["status"], Headers(raw=start["headers"]), content)
            self.answers.append(answer)
        if self.document is not None:
            kind = answer.headers.get("content-type", "")
            found = faults(self.document, method, parts.path, answer.status, kind, answer.body)
            assert not found, found
        return answer


def cookies_of(answer: Answer) -> SimpleCookie:
    """What the browser is told to keep."""
    kept = SimpleCookie()
    for line in answer.headers.getlist("set-cookie"):
        kept.load(line)
    return kept
