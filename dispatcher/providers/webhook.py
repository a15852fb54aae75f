"""Webhook: messages as JSON to an address of your own, so that anything can be attached.

Signed as Standard Webhooks (1.0) says: `webhook-id`, the same on every try, so that the receiver
knows a second copy; `webhook-timestamp`; and `webhook-signature`, an HMAC-SHA256 of both and the
body. The receiver answers any 2xx; 429 and 5xx are tried again, 410 pauses the provider.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlencode

from dispatcher.channels.email import Email
from dispatcher.channels.push import Push
from dispatcher.channels.sms import Sms
from dispatcher.delivery import Outcome, Sent
from dispatcher.masking import mask
from dispatcher.providers.http import HttpClient, Response
from dispatcher.providers.http_status import declined
from dispatcher.providers.provider import ProviderNotOpenError, ProviderUrlError
from dispatcher.providers.quotation import quoted
from dispatcher.providers.url import ProviderUrl

#: The channels whose messages can be written as JSON.
CHANNELS = ("email", "sms", "push")

Message = Email | Sms | Push

_SHAPE = "webhook+https://:whsec_SECRET@host/path?channel=email"
_SECRET = re.compile(r"whsec_([A-Za-z0-9+/_-]+)={0,2}")
#: Bytes; shorter can be guessed, and longer adds nothing.
_SHORTEST_SECRET, _LONGEST_SECRET = 24, 64
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`webhook+https://:whsec_SECRET@host/path?channel=sms&…`; below the secret are the parameters.

    The secret is 24 to 64 bytes in base64, where `_` and `-` may stand for `/` and `+`, which a URL
    would need as %2F and %2B. Two with a comma between sign both, until the receiver has changed
    over to the second. Parameters that are not ours belong to the address.
    """

    #: With the parameters that are not ours.
    url: str = field(repr=False)
    #: `https://host:port`.
    origin: str
    channel: str
    secrets: tuple[bytes, ...] = field(repr=False)
    #: Seconds to be connected, and for the answer.
    connect_timeout: float = 10.0
    timeout: float = 15.0
    #: Requests in flight, at most.
    concurrency: int = 8

    @classmethod
    def from_url(cls, url: str) -> Endpoint:
        """Raises ProviderUrlError: a sentence that says what is wrong and shows no secret."""
        parts = ProviderUrl(url, "webhook", shape=_SHAPE)
        if parts.username or not parts.password:
            raise parts.error(f"has no secret, or something in front of it: write {_SHAPE}")
        channel = parts.text("channel")
        if channel not in CHANNELS:
            raise ProviderUrlError(f"channel is one of {', '.join(CHANNELS)} in the webhook URL")
        parts.parameters["scheme"] = parts.scheme.removeprefix("webhook+")
        origin = parts.origin()
        connect_timeout = parts.seconds("connect_timeout", 10.0)
        timeout = parts.seconds("timeout", 15.0)
        concurrency = parts.count("concurrency", 8)
        query = f"?{urlencode(parts.parameters)}" if parts.parameters else ""
        return cls(
            url=f"{origin}{parts.path or '/'}{query}",
            origin=origin,
            channel=channel,
            secrets=tuple(_secret(part) for part in parts.password.split(",")),
            connect_timeout=connect_timeout,
            timeout=timeout,
            concurrency=concurrency,
        )


class Webhook:
    """Posts the messages of one channel to one address."""

    kind = "webhook"

    def __init__(
        self, endpoint: Endpoint, *, name: str = kind, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` tells Unix time: receivers refuse a signature that is minutes old."""
        self.name = name
        self.channel = endpoint.channel
        self._endpoint = endpoint
        self._clock = clock
        self._client = HttpClient(
            concurrency=endpoint.concurrency,
            timeout=endpoint.timeout,
            connect_timeout=endpoint.connect_timeout,
        )
        self._open = False

    @classmethod
    def from_url(cls, url: str, *, name: str | None = None) -> Self:
        """`webhook+https://:whsec_SECRET@host/path`: see Endpoint. Raises ProviderUrlError."""
        return cls(Endpoint.from_url(url), name=name or cls.kind)

    def __repr__(self) -> str:
        return f"Webhook({self._endpoint.origin})"

    async def open(self) -> None:
        await self._client.open()
        self._open = True

    async def send(self, message: Message) -> Outcome:
        if not self._open:
            raise ProviderNotOpenError(self.name)
        webhook_id = _id_of(message)
        seconds = int(self._clock())
        data = _body(message, seconds)
        answer = await self._client.post(
            self._endpoint.url,
            data=data,
            headers={
                "Content-Type": "application/json",
                "webhook-id": webhook_id,
                "webhook-timestamp": str(seconds),
                "webhook-signature": " ".join(
                    signature(secret, webhook_id, seconds, data)
                    for secret in self._endpoint.secrets
                ),
            },
        )
        if not isinstance(answer, Response):
            return answer
        if answer.status in _SUCCESS:
            return Sent(webhook_id, code=str(answer.status))
        return declined(answer, f"webhook: {answer.status} {_complaint(answer, message)}".rstrip())

    async def close(self) -> None:
        self._open = False
        await self._client.close()


def signature(secret: bytes, webhook_id: str, seconds: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 in base64, of the id, the Unix time and the body."""
    digest = hmac.digest(secret, f"{webhook_id}.{seconds}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode("ascii")


def content_of(message: Message) -> dict[str, Any]:
    """A message as the receiver sees it."""
    match message:
        case Email():
            return {
                "delivery_id": message.delivery_id,
                "from": {"address": message.sender.mailbox.address, "name": message.sender.name},
                "to": message.to,
                "reply_to": message.reply_to,
                "return_path": message.envelope_from,
                "subject": message.subject,
                "text": message.text,
                "html": message.html,
                "headers": {"Message-ID": message.message_id, **dict(message.headers)},
            }
        case Sms():
            seconds = None if message.valid_for is None else message.valid_for.total_seconds()
            return {
                "delivery_id": message.delivery_id,
                "from": message.sender,
                "to": message.to,
                "text": message.body,
                "segments": message.segments,
                "valid_for_seconds": seconds,
            }
        case Push():
            return {
                "delivery_id": message.delivery_id,
                "device": {
                    "id": message.device.id,
                    "endpoint": message.device.endpoint,
                    "keys": {"p256dh": message.device.p256dh, "auth": message.device.auth},
                },
                "payload": json.loads(message.payload),
                "ttl_seconds": int(message.ttl.total_seconds()),
                "urgency": message.urgency,
                "topic": message.topic,
            }


def _id_of(message: Message) -> str:
    if not isinstance(message, Push):
        return f"postbell_{message.identity}"
    # A delivery is a push to each device of the recipient; a device's number, too, can be another's
    # after a crash.
    device = hashlib.sha256(message.device.endpoint.encode("utf-8", "replace")).hexdigest()[:16]
    return f"postbell_{message.topic}_{device}"


def _body(message: Message, seconds: int) -> bytes:
    said = {
        "type": f"postbell.{type(message).__name__.lower()}",
        "timestamp": datetime.fromtimestamp(seconds, UTC).isoformat(),
        "data": content_of(message),
    }
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def _secret(text: str) -> bytes:
    found = _SECRET.fullmatch(text)
    encoded = found[1].translate(str.maketrans("_-", "/+")) if found else ""
    try:
        secret = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        secret = b""
    if not secret:
        raise ProviderUrlError(
            "the secret in the webhook URL is not whsec_ and then base64, with _ and - for / and +"
        )
    if not _SHORTEST_SECRET <= len(secret) <= _LONGEST_SECRET:
        raise ProviderUrlError(
            f"the secret in the webhook URL has {len(secret)} bytes;"
            f" {_SHORTEST_SECRET} to {_LONGEST_SECRET} are needed"
        )
    return secret


def _complaint(answer: Response, message: Message) -> str:
    # Nothing else of the answer: a receiver in trouble may well repeat the message in it.
    said = answer.json()
    found = (said.get("error") or said.get("message")) if isinstance(said, dict) else None
    if not isinstance(found, str):
        return ""
    address = message.device.endpoint if isinstance(message, Push) else message.to
    return mask(quoted(_SECRET.sub("…", found), address))
