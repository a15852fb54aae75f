"""The demo's page as a browser asks it, and what a test puts there."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from typing import Any

from dispatcher.demo.catchers import Catchers
from dispatcher.demo.chronicle import Account
from dispatcher.demo.mail_catcher import MailCatcher
from tests.support import given


@dataclass
class Answer:
    """What the page said."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Page:
    """The page, and what it shows: mails and moments that a test puts there."""

    port: int
    db: given.Connection
    catchers: Catchers
    accounts: list[Account] = field(default_factory=list)

    @property
    def mails(self) -> MailCatcher:
        assert self.catchers.mails is not None
        return self.catchers.mails

    async def get(self, path: str, **headers: str) -> Answer:
        return await asyncio.to_thread(self._ask, "GET", path, None, headers)

    async def post(self, path: str, body: object, **headers: str) -> Answer:
        headers = {"Content-Type": "application/json", **headers}
        return await asyncio.to_thread(self._ask, "POST", path, json.dumps(body), headers)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
