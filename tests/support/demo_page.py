"""The demo's page as a browser asks it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage, HTTPResponse
from typing import Any


@dataclass
class Answer:
    """What the page said."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Visitor:
    """Asks the page on this port."""

    port: int

    async def get(self, path: str, **headers: str) -> Answer:
        return await asyncio.to_thread(self._ask, "GET", path, headers)

    async def post(self, path: str, **headers: str) -> Answer:
        return await asyncio.to_thread(self._ask, "POST", path, headers)

    async def news(self, until: str) -> list[tuple[str, Any]]:
        """Names and data of what the stream says until an event of that name."""
        return await asyncio.to_thread(self._listen, until)

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with self._answer(method, path, named) as response:
            return Answer(response.status, response.headers, response.read())

    def _listen(self, until: str) -> list[tuple[str, Any]]:
        heard: list[tuple[str, Any]] = []
        with self._answer("GET", "/news", {}) as response:
            name = ""
            for line in response:
                kind, _, said = line.decode().rstrip("\n").partition(": ")
                if kind == "event":
                    name = said
                elif kind == "data":
                    heard.append((name, json.loads(said)))
                    if name == until:
                        break
        return heard

    @contextmanager
    def _answer(self, method: str, path: str, headers: dict[str, str]) -> Iterator[HTTPResponse]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            yield connection.getresponse()
        finally:
            connection.close()
