"""Webhook: posts messages as JSON to a URL of your own.

Requests are signed as Standard Webhooks 1.0 says. `webhook-id` is the same on every attempt, so
that the receiver recognises a second copy; `webhook-signature` is an HMAC-SHA256 of id, timestamp
and body. Any 2xx is a success, 429 and 5xx are retried, and 410 makes the provider misconfigured.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlencode

from dispatcher.channels.email import Email, EmailChannel
from dispatcher.channels.push import Push, PushChannel
from dispatcher.channels.sms import Sms, SmsChannel
from dispatcher.delivery.model import Outcome, Sent
from dispatcher.inbound.signing import WEBHOOK_SECRET, read_webhook_secrets, webhook_signature
from dispatcher.masking import mask
from dispatcher.providers.base import ProviderNotOpenError, ProviderUrl, ProviderUrlError
from dispatcher.providers.http import HttpClient, Response, outcome_of
from dispatcher.providers.sanitize import sanitize

#: The channels whose messages can be written as JSON.
CHANNELS = (EmailChannel.name, SmsChannel.name, PushChannel.name)

Message = Email | Sms | Push

_SHAPE = "webhook+https://:whsec_SECRET@host/path?channel=email"
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """`webhook+https://:whsec_SECRET@host/path?channel=sms&…`; parameters are below `secrets`.

    With several secrets (see read_webhook_secrets) each signs, so that the receiver can change
    over. Other parameters remain in the URL.
    """

    #: With the other parameters.
    url: str = field(repr=False)
    #: `https://host:port`.
    origin: str
    channel: str
    secrets: tuple[bytes, ...] = field(repr=False)
    #: Seconds for connecting, and for the response.
    connect_timeout: float = 10.0
    timeout: float = 15.0
    #: Requests in flight.
    concurrency: int = 8

    @classmethod
    def from_url(cls, url: str) -> WebhookEndpoint:
        """Raises ProviderUrlError, whose message shows no secret."""
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
        try:
            secrets = read_webhook_secrets(parts.password)
        except ValueError as error:
            raise ProviderUrlError(f"the secret in the webhook URL {error}") from None
        query = f"?{urlencode(parts.parameters)}" if parts.parameters else ""
        return cls(
            url=f"{origin}{parts.path or '/'}{query}",
            origin=origin,
            channel=channel,
            secrets=secrets,
            connect_timeout=connect_timeout,
            timeout=timeout,
            concurrency=concurrency,
        )


class Webhook:
    """Posts the messages of one channel to one URL."""

    kind = "webhook"

    def __init__(
        self, endpoint: WebhookEndpoint, *, name: str = kind, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` returns Unix time: receivers reject signatures that are minutes old."""
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
        """`webhook+https://:whsec_SECRET@host/path` (WebhookEndpoint). Raises ProviderUrlError."""
        return cls(WebhookEndpoint.from_url(url), name=name or cls.kind)

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
                    webhook_signature(secret, webhook_id, seconds, data)
                    for secret in self._endpoint.secrets
                ),
            },
        )
        if not isinstance(answer, Response):
            return answer
        if answer.status in _SUCCESS:
            return Sent(webhook_id, code=str(answer.status))
        return outcome_of(
            answer, f"webhook: {answer.status} {_complaint(answer, message)}".rstrip()
        )

    async def close(self) -> None:
        self._open = False
        await self._client.close()


def content_of(message: Message) -> dict[str, Any]:
    """A message as the receiver sees it."""
    match message:
        case Email():
            return {
                "delivery_id": message.delivery_id,
                "identity": message.identity,
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
                "identity": message.identity,
                "from": message.sender,
                "to": message.to,
                "text": message.body,
                "segments": message.segments,
                "valid_for_seconds": seconds,
            }
        case Push():
            return {
                "delivery_id": message.delivery_id,
                "identity": message.topic,
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
    # A delivery has a push for each device. After a crash a device id may be another's, so the
    # endpoint names the device.
    device = hashlib.sha256(message.device.endpoint.encode("utf-8", "replace")).hexdigest()[:16]
    return f"postbell_{message.topic}_{device}"


def _body(message: Message, seconds: int) -> bytes:
    said = {
        "type": f"postbell.{type(message).__name__.lower()}",
        "timestamp": datetime.fromtimestamp(seconds, UTC).isoformat(),
        "data": content_of(message),
    }
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def _complaint(answer: Response, message: Message) -> str:
    # Only the error: a failing receiver may repeat the message in its response.
    said = answer.json()
    found = (said.get("error") or said.get("message")) if isinstance(said, dict) else None
    if not isinstance(found, str):
        return ""
    address = message.device.endpoint if isinstance(message, Push) else message.to
    return mask(sanitize(WEBHOOK_SECRET.sub("…", found), address))
