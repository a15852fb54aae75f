"""A push service and the phones behind it: what arrives is decrypted as a browser would, and kept.

To the provider it is one service among those of the browsers' makers: an https address that takes
encrypted messages (RFC 8030, RFC 8291). A visitor's own browser is reached through its maker's.
"""

from __future__ import annotations

import json
import secrets
import ssl
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from itertools import count
from typing import Any, Final

import http_ece
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from psycopg import AsyncConnection

from dispatcher.demo.cast import Person
from dispatcher.demo.certificate import Certificate

#: Pushes kept; the oldest go first.
KEPT: Final = 300


@dataclass(frozen=True, slots=True)
class CaughtPush:
    """One push as it would have been shown on a phone."""

    number: int
    delivery_id: int
    person: Person
    title: str
    body: str
    link: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Phone:
    """A person's phone: the only one that can read what is encrypted to it."""

    person: Person
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1()), repr=False
    )
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    name: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def keys(self) -> tuple[str, str]:
        """`p256dh` and `auth`, as a page tells them."""
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return _text(point), _text(self.auth)

    def read(self, body: bytes) -> dict[str, Any]:
        """The message in a body. Raises ECEException for what was encrypted to another."""
        plain = http_ece.decrypt(
            body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )
        message: dict[str, Any] = json.loads(plain)["notification"]
        return message


class PushCatcher:
    """Takes every push to a phone that it knows. `listen` says where."""

    def __init__(self) -> None:
        self.pushes: deque[CaughtPush] = deque(maxlen=KEPT)
        self._numbers = count(1)
        self._phones: dict[str, Phone] = {}
        self._origin = ""

    @asynccontextmanager
    async def listen(self, certificate: Certificate) -> AsyncIterator[None]:
        """Listens on a free port of this machine inside the block."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.path, certificate.key_path)
        app = web.Application()
        app.router.add_post("/push/{phone}", self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
            await site.start()
            self._origin = f"https://localhost:{runner.addresses[0][1]}"
            yield
        finally:
            await runner.cleanup()

    def new_phone(self, person: Person) -> tuple[str, str, str]:
        """Somebody's phone that can be pushed to: `endpoint`, `p256dh` and `auth` of it."""
        phone = Phone(person)
        self._phones[phone.name] = phone
        return f"{self._origin}/push/{phone.name}", *phone.keys()

    async def give_phone(self, connection: AsyncConnection[Any], person: Person) -> None:
        """Give somebody a phone, and tell Postbell of it."""
        await connection.execute(
            "select postbell.add_push_subscription(recipient => %s, endpoint => %s,"
            " p256dh => %s, auth => %s, user_agent => 'The phone of the demo', tenant_id => %s)",
            [person.id, *self.new_phone(person), person.house],
        )

    async def _take(self, request: web.Request) -> web.Response:
        phone = self._phones.get(request.match_info["phone"])
        if phone is None:
            return web.Response(status=HTTPStatus.GONE)
        try:
            message = phone.read(await request.read())
        except http_ece.ECEException:
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        self.pushes.append(
            CaughtPush(
                number=next(self._numbers),
                delivery_id=message["data"]["delivery"],
                person=phone.person,
                title=message["title"],
                body=message.get("body", ""),
                link=message["navigate"],
                received_at=datetime.now().astimezone(),
            )
        )
        return web.Response(status=HTTPStatus.CREATED)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
