"""What comes back from whatever the webhook provider is attached to: Standard Webhooks 1.0.

    {"type": "message.delivered", "timestamp": "2030-01-01T12:00:00Z",
     "data": {"delivery_id": 7, "identity": "…", "message_id": "m1", "code": null,
              "reason": null, "address": null, "blame": null}}

`type` ends in a kind of `postbell.receipt_kinds`; `delivery_id` or `message_id` will do, and with
`identity` as it was sent a crash of the database can make no other delivery of it; `blame` is hard
or soft. The signature is an HMAC-SHA256 over `webhook-id.webhook-timestamp.body`.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from dispatcher.gateway.webhooks.handler import (
    ReceiptMetrics,
    ReceiptStore,
    Rejected,
    Unreadable,
    WebhookHandler,
)
from dispatcher.inbound.receipts import Blame, Kind, Receipt
from dispatcher.inbound.signing import read_webhook_secrets, webhook_signature

#: Seconds between the sender's clock and ours, either way. Every attempt is signed anew.
TOLERANCE: Final = 300

_LONGEST_TIMESTAMP: Final = 12
_LARGEST_NUMBER: Final = 2**63


class StandardWebhook(WebhookHandler):
    """`POST /v1/webhooks/standard/{provider}`; a key is as read_secrets() takes it."""

    def __init__(
        self,
        keys: Mapping[str, str],
        receipt_store: ReceiptStore,
        metrics: ReceiptMetrics,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Raises ValueError for a malformed key."""
        super().__init__(keys, receipt_store, metrics)
        self._now: Final = now
        self._secrets: Final = {name: _secrets(name, key) for name, key in keys.items()}

    async def _receive(self, request: Request, provider: str, body: bytes) -> Response:
        event_id = self._verified(request.headers, self._secrets[provider], body)
        await self._receipts.receive(provider, [receipt_in(event_id, body)])
        return Response(status_code=204)

    def _verified(self, headers: Mapping[str, str], secrets: tuple[bytes, ...], body: bytes) -> str:
        event_id = headers.get("webhook-id")
        timestamp = headers.get("webhook-timestamp")
        signatures = headers.get("webhook-signature")
        if not event_id or not timestamp or not signatures:
            raise Rejected("unsigned")
        expected = [
            webhook_signature(secret, event_id, timestamp, body).encode() for secret in secrets
        ]
        if not any(
            hmac.compare_digest(each, given.encode())
            for each in expected
            for given in signatures.split(" ")
        ):
            raise Rejected("forged")
        if not timestamp.isdecimal() or len(timestamp) > _LONGEST_TIMESTAMP:
            raise Rejected("stale")
        if abs(self._now() - int(timestamp)) > TOLERANCE:
            raise Rejected("stale")
        return event_id


def receipt_in(event_id: str, body: bytes) -> Receipt:
    """The receipt in a body. Raises Unreadable."""
    try:
        told = json.loads(body)
        data = told["data"]
        delivery_id, message_id = data.get("delivery_id"), data.get("message_id")
        address, blame = data.get("address"), data.get("blame")
        return Receipt(
            event_id=event_id,
            kind=Kind(str(told["type"]).rpartition(".")[2]),
            delivery_id=None if delivery_id is None else _number(delivery_id),
            identity=_text(data.get("identity")),
            message_id=_text(message_id),
            occurred_at=_moment(told.get("timestamp")),
            code=_text(data.get("code")),
            reason=_text(data.get("reason")),
            blame=None if blame is None else Blame(blame),
            addresses=None if address is None else (str(address),),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise Unreadable("unreadable") from None


def _secrets(name: str, key: str) -> tuple[bytes, ...]:
    try:
        return read_webhook_secrets(key)
    except ValueError as error:
        raise ValueError(f"the webhook key of {name} {error}") from None


def _number(value: Any) -> int:
    number = int(value)
    if not 0 <= number < _LARGEST_NUMBER:
        raise ValueError("no delivery has this number")
    return number


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    at = datetime.fromisoformat(value)
    # PostgreSQL refuses offsets of sixteen hours and more.
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
