"""Where messages end in the demo, instead of with people: a mail server, an SMS service, phones.

To the daemon they are providers like any other, named in a file as the manual describes it.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import os
import re
import secrets
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import http_ece
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg import AsyncConnection

from dispatcher.demo.shop import Person
from dispatcher.inbound.signing import webhook_signature
from dispatcher.providers.vapid import VapidKey
from dispatcher.settings import Settings

#: Messages kept; the oldest go first.
KEPT: Final = 500
#: Where the webhook provider posts text messages to, on the page's server.
SMS_PATH: Final = "/caught/sms"

# The return path names the delivery, so that a bounce does.
_RETURN_PATH: Final = re.compile(r"bounces\+(\d+)(?:-[\w-]+)?@")


@dataclass(frozen=True, slots=True)
class Caught:
    """A message as it would have reached a person. `title` is a mail's subject."""

    number: int
    channel: str
    #: Of the delivery that it is; None if somebody else's program sent it.
    delivery_id: int | None
    #: An address, a phone number, or whose phone was pushed to.
    to: str
    title: str
    text: str
    html: str | None = None
    #: Of a mail: its sender, and the message as it came.
    sender: str = ""
    source: bytes = field(default=b"", repr=False)


class ForgedError(Exception):
    """A text message that is not signed with our secret."""


class Catchers:
    """Keeps what is sent. `on_catch` is called after each message."""

    def __init__(self, on_catch: Callable[[], None] = lambda: None) -> None:
        self.caught: Final[deque[Caught]] = deque(maxlen=KEPT)
        self._on_catch = on_catch
        self._numbers = count(1)
        self._secret: Final = secrets.token_bytes(32)
        self._phones: Final[dict[str, Phone]] = {}
        self._phone_origin = ""

    def find(self, number: int) -> Caught | None:
        return next((each for each in self.caught if each.number == number), None)

    def _keep(self, channel: str, delivery_id: int | None, to: str, **parts: Any) -> None:
        self.caught.append(Caught(next(self._numbers), channel, delivery_id, to, **parts))
        self._on_catch()

    @asynccontextmanager
    async def mail_server(self) -> AsyncIterator[str]:
        """Takes mails inside the block, on a free port. Gives the URL to send to."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(self, hostname="localhost", enable_SMTPUTF8=True, loop=loop), "127.0.0.1"
        )
        try:
            yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,  # noqa: ARG002 - aiosmtpd's signature
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        content = envelope.content
        source = content.encode() if isinstance(content, str) else content or b""
        return_path = _RETURN_PATH.match(envelope.mail_from or "")
        mail = message_from_bytes(source, policy=policy.default)
        self._keep(
            "email",
            int(return_path[1]) if return_path else None,
            ", ".join(envelope.rcpt_tos),
            title=str(mail["Subject"] or ""),
            text=_part(mail, "plain") or "",
            html=_part(mail, "html"),
            sender=str(mail["From"] or ""),
            source=source,
        )
        return "250 2.0.0 Caught"

    def sms_url(self, page_url: str) -> str:
        """The URL of the provider that posts text messages to us, signed with our secret."""
        secret = base64.urlsafe_b64encode(self._secret).decode().rstrip("=")
        host = page_url.removeprefix("http://")
        return f"webhook+http://:whsec_{secret}@{host}{SMS_PATH}?channel=sms"

    def take_sms(self, headers: Mapping[str, str], body: bytes) -> None:
        """Keeps a text message. Raises ForgedError (Standard Webhooks 1.0)."""
        made_at = headers.get("webhook-timestamp", "")
        seconds = int(made_at) if made_at.isascii() and made_at.isdecimal() else 0
        ours = webhook_signature(self._secret, headers.get("webhook-id", ""), seconds, body)
        if not hmac.compare_digest(ours.encode(), headers.get("webhook-signature", "").encode()):
            raise ForgedError("This is not signed by our provider.")
        sms = json.loads(body)["data"]
        self._keep("sms", sms["delivery_id"], sms["to"], title=sms["text"], text=sms["text"])

    @asynccontextmanager
    async def push_service(self, certificate: Path, key: Path) -> AsyncIterator[None]:
        """Takes pushes inside the block, on a free port: encrypted (RFC 8291), by HTTPS."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        app = web.Application()
        app.router.add_post("/push/{phone}", self._take_push)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
            self._phone_origin = f"https://localhost:{runner.addresses[0][1]}"
            yield
        finally:
            await runner.cleanup()

    def new_phone(self, person: Person) -> tuple[str, str, str]:
        """Gives somebody a phone: the endpoint, p256dh and auth of its push subscription."""
        phone, name = Phone(person), secrets.token_urlsafe(16)
        self._phones[name] = phone
        return f"{self._phone_origin}/push/{name}", *phone.keys()

    async def subscribe(self, connection: AsyncConnection[Any], person: Person) -> None:
        """Gives somebody a phone, and tells Postbell of it."""
        await connection.execute(
            "select postbell.add_push_subscription(recipient => %s, endpoint => %s,"
            " p256dh => %s, auth => %s, user_agent => 'The phone of the demo', tenant_id => %s)",
            [person.id, *self.new_phone(person), person.tenant_id],
        )

    async def _take_push(self, request: web.Request) -> web.Response:
        phone = self._phones.get(request.match_info["phone"])
        if phone is None:
            return web.Response(status=HTTPStatus.GONE)
        try:
            message = phone.read(await request.read())
        except http_ece.ECEException:
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        self._keep(
            "push",
            message["data"]["delivery"],
            f"{phone.person.name}'s phone",
            title=message["title"],
            text=message.get("body", ""),
        )
        return web.Response(status=HTTPStatus.CREATED)


class Phone:
    """The only one that can read what is encrypted to it."""

    def __init__(self, person: Person) -> None:
        self.person: Final = person
        self._key: Final = ec.generate_private_key(ec.SECP256R1())
        self._auth: Final = secrets.token_bytes(16)

    def keys(self) -> tuple[str, str]:
        """`p256dh` and `auth`, as a browser tells them."""
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        first, second = (
            base64.urlsafe_b64encode(raw).rstrip(b"=").decode() for raw in (point, self._auth)
        )
        return first, second

    def read(self, body: bytes) -> dict[str, Any]:
        """The notification in a body. Raises ECEException for what was encrypted to another."""
        plain = http_ece.decrypt(
            body, private_key=self._key, auth_secret=self._auth, version="aes128gcm"
        )
        message: dict[str, Any] = json.loads(plain)["notification"]
        return message


def _part(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body(preferencelist=(kind,))
    content = part.get_content() if part else None
    return content if isinstance(content, str) else None


def make_certificate(folder: Path) -> tuple[Path, Path, Path]:
    """A certificate for localhost: its file, its key, and a file of all authorities with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    system = ssl.get_default_verify_paths().cafile
    known = Path(system).read_bytes() if system else b""
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return (
        _write(folder / "push.crt", made),
        _write(folder / "push.key", private),
        _write(folder / "authorities.pem", made + b"\n" + known),
    )


def write_providers(
    folder: Path, settings: Settings, authorities: Path, *, mail_url: str | None, sms_url: str
) -> Path:
    """Writes the providers' file of the demo. Returns its path.

    Without `mail_url` mails go to the provider that the visitor's own file names, if there is one.
    """
    key = folder / "vapid.pem"
    VapidKey.create(key)
    # The demo's phones are on this machine.
    push = {"key": key, "subject": "mailto:demo@postbell.example", "ca": authorities}
    query = urlencode({**push, "allow_private": 1}, safe="/:@")
    tables: dict[str, dict[str, object]] = {
        "demo_sms": {"url": sms_url},
        "demo_push": {"url": f"webpush:?{query}"},
    }
    if mail_url is not None:
        tables["demo_mail"] = {"url": mail_url}
    else:
        for entry in settings.named_providers:
            if entry.channel == "email":
                limits = ("rate", "burst", "concurrency")
                bounds = {name: getattr(entry, name) for name in limits}
                tables[entry.name] = {"url": entry.url, **bounds}
    # A JSON string or number is one of TOML, too.
    written = "".join(
        f"[{name}]\n"
        + "".join(
            f"{key} = {json.dumps(value)}\n" for key, value in table.items() if value is not None
        )
        for name, table in tables.items()
    )
    return _write(folder / "providers.toml", written.encode())


def _write(file: Path, content: bytes) -> Path:
    """Writes a file that only its owner can read."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
    return file
