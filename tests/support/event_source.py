"""An open page, in this process: an EventSource straight into the ASGI application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message

from tests.support.tokens import token

PATIENCE = 20.0


@dataclass
class Event:
    """As a page gets it."""

    name: str
    data: Any
    last_id: str


@dataclass
class Page:
    """Reads a stream as the HTML standard says (9.2.6), from whatever pieces it comes in."""

    status: int = 0
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    events: list[Event] = field(default_factory=list)
    last_id: str = ""
    retry: int | None = None
    is_over: bool = False
    _rest: str = ""
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, name: str) -> list[Any]:
        """The data of its events of a name."""
        return [event.data for event in self.events if event.name == name]

    def ids(self) -> list[int]:
        """Of the notifications that have come."""
        return [data["id"] for data in self.of("notification")]

    async def until(self, is_so: Callable[[Page], object], patience: float = PATIENCE) -> None:
        async with asyncio.timeout(patience):
            while not is_so(self):
                self._came.clear()
                await self._came.wait()

    async def shows(self, *ids: int) -> None:
        """Waits for these notifications, and no more of them in between."""
        await self.until(lambda page: len(page.ids()) >= len(ids))
        assert self.ids() == list(ids)

    def take(self, chunk: bytes) -> None:
        self.body += chunk
        self._rest += chunk.decode()
        *blocks, self._rest = self._rest.split("\n\n")
        for block in blocks:
            self._take_block(block)
        self._came.set()

    def end(self) -> None:
        self.is_over = True
        self._came.set()

    def _take_block(self, block: str) -> None:
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        if "id" in fields:
            self.last_id = fields["id"]
        if "retry" in fields:
            self.retry = int(fields["retry"])
        if "data" in fields:
            name = fields.get("event", "message")
            self.events.append(Event(name, json.loads(fields["data"]), self.last_id))


class Tap:
    """What a page's connection lets through. Closed, it is a page that does not read."""

    def __init__(self) -> None:
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._is_waited_at = asyncio.Event()

    def close(self) -> None:
        self._is_open.clear()
        self._is_waited_at.clear()

    def open(self) -> None:
        self._is_open.set()

    async def passed(self) -> None:
        if not self._is_open.is_set():
            self._is_waited_at.set()
        await self._is_open.wait()

    async def reached(self) -> None:
        """Returns when something waits to be read."""
        await self._is_waited_at.wait()


@asynccontextmanager
async def opened(
    app: ASGIApp,
    who: str | None = "u1",
    *,
    last_id: str | None = None,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    tap: Tap | None = None,
    **claims: Any,
) -> AsyncIterator[Page]:
    """A page of somebody's for as long as the block lasts. It has what came at once."""
    sent = dict(headers or {})
    if who is not None:
        sent["authorization"] = f"Bearer {token(who, **claims)}"
    if last_id is not None:
        sent["last-event-id"] = last_id
    page = Page()
    left = asyncio.Event()
    requests = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if requests:
            return requests.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            page.status = message["status"]
            page.headers = Headers(raw=message["headers"])
            return
        if tap is not None:
            await tap.passed()
        page.take(message.get("body", b""))
        if not message.get("more_body", False):
            left.set()
            page.end()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/v1/stream",
        "raw_path": b"/v1/stream",
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "server": ("localhost", 8000),
        "client": ("127.0.0.1", 50000),
    }
    serving = asyncio.ensure_future(app(scope, receive, send))
    serving.add_done_callback(lambda _: page.end())
    try:
        if tap is None:
            await page.until(lambda now: now.is_over or now.of("state"))
        yield page
    finally:
        left.set()
        await asyncio.wait_for(serving, PATIENCE)


def resuming(last_id: str) -> str:
    """The query of a new EventSource that goes on where another ended."""
    return f"last_event_id={quote(last_id)}"
