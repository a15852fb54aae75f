"""SendGrid's Event Webhook: arrays of events, repeated and unordered, signed by ECDSA."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader
from starlette.requests import Request
from starlette.responses import Response

from dispatcher.gateway.webhooks.handler import (
    ReceiptMetrics,
    ReceiptStore,
    Rejected,
    Unreadable,
    WebhookHandler,
)
from dispatcher.inbound.mail_status import blame_of
from dispatcher.inbound.receipts import Blame, Kind, Receipt
from dispatcher.providers.sendgrid import DELIVERY_ID, IDENTITY

#: Seconds. SendGrid repeats failed requests for a day, perhaps with the same signature. Replays
#: within that time are recognized by their event ids.
FRESH_FOR: Final = 25 * 3600
#: Seconds by which SendGrid's clock may be ahead.
AHEAD: Final = 300
_LONGEST_TIMESTAMP: Final = 12
#: Bytes. A request has up to some thousand events, and is signed as a whole.
LARGEST_POST: Final = 4 * 1024 * 1024
#: Digits of a number that fits into a bigint.
_LONGEST_NUMBER: Final = 18

_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "processed": Kind.ACCEPTED,
        "deferred": Kind.DEFERRED,
        "delivered": Kind.DELIVERED,
        "bounce": Kind.BOUNCED,
        "dropped": Kind.DROPPED,
        "open": Kind.OPENED,
        "click": Kind.CLICKED,
        "spamreport": Kind.COMPLAINED,
        "unsubscribe": Kind.UNSUBSCRIBED,
        "group_unsubscribe": Kind.UNSUBSCRIBED,
    }
)
#: Reasons for which SendGrid drops mails to an address that is on its own lists.
_DROPPED_FOR_THE_ADDRESS: Final = frozenset(
    {"bounced address", "invalid", "spam reporting address", "unsubscribed address"}
)


class SendGridWebhook(WebhookHandler):
    """`POST /v1/webhooks/sendgrid/{provider}`; the key is the webhook's verification key."""

    largest_body = LARGEST_POST

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
        self._verifiers: Final = {name: _verifier(name, key) for name, key in keys.items()}

    async def _receive(self, request: Request, provider: str, body: bytes) -> Response:
        text = self._verified(request.headers, self._verifiers[provider], body)
        await self._receipts.receive(provider, list(receipts_in(text)))
        return Response(status_code=204)

    def _verified(self, headers: Mapping[str, str], verifier: EventWebhook, body: bytes) -> str:
        signature = headers.get(EventWebhookHeader.SIGNATURE)
        timestamp = headers.get(EventWebhookHeader.TIMESTAMP)
        if not signature or not timestamp:
            raise Rejected("unsigned")
        try:
            # The helper encodes the text into the same bytes, which are signed.
            text = body.decode("utf-8")
            is_genuine = verifier.verify_signature(text, signature, timestamp)
        except (ValueError, TypeError):
            # The signature is not base64, or no ECDSA.
            raise Rejected("forged") from None
        if not is_genuine:
            raise Rejected("forged")
        if not timestamp.isdecimal() or len(timestamp) > _LONGEST_TIMESTAMP:
            raise Rejected("stale")
        if not -AHEAD <= self._now() - int(timestamp) <= FRESH_FOR:
            raise Rejected("stale")
        return text


def receipts_in(text: str) -> Iterator[Receipt]:
    """The events of a request that are about deliveries. Raises Unreadable.

    Events without a delivery's id are of other mails of the same account.
    """
    try:
        events = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("unreadable") from None
    if not isinstance(events, list):
        raise Unreadable("unreadable")
    for event in events:
        if isinstance(event, dict):
            receipt = _receipt(event)
            if receipt is not None:
                yield receipt


def _receipt(event: dict[str, Any]) -> Receipt | None:
    kind = _KINDS.get(_text(event, "event") or "")
    event_id = _text(event, "sg_event_id")
    delivery_id = _number(event.get(DELIVERY_ID))
    if kind is None or event_id is None or delivery_id is None:
        return None
    # Apple Mail loads pictures when a mail arrives, whether or not anybody reads it.
    if kind is Kind.OPENED and event.get("sg_machine_open") is True:
        return None
    status = _text(event, "status")
    message_id = _text(event, "sg_message_id")
    email = _text(event, "email")
    return Receipt(
        event_id=event_id,
        kind=kind,
        delivery_id=delivery_id,
        identity=_text(event, IDENTITY),
        # The X-Message-Id of the send request, and after the first dot what SendGrid appends.
        message_id=message_id.partition(".")[0] if message_id else None,
        occurred_at=_moment(event.get("timestamp")),
        code=status,
        reason=_text(event, "reason") or _text(event, "response"),
        blame=_blame(kind, event, status),
        addresses=(email,) if email else None,
        detail={
            key: said for key in ("type", "bounce_classification") if (said := _text(event, key))
        },
    )


def _blame(kind: Kind, event: dict[str, Any], status: str | None) -> Blame | None:
    if kind is Kind.DROPPED:
        reason = (_text(event, "reason") or "").lower()
        return Blame.HARD if reason in _DROPPED_FOR_THE_ADDRESS else None
    if kind is not Kind.BOUNCED:
        return None
    if _text(event, "bounce_classification") == "Invalid Address":
        return Blame.HARD
    # `blocked` is the receiving server's policy: the address is not at fault.
    return None if _text(event, "type") == "blocked" else blame_of(status)


def _verifier(name: str, key: str) -> EventWebhook:
    try:
        # An empty key would make a verifier without a key.
        return EventWebhook("".join(key.split()) or "none")
    except ValueError:
        raise ValueError(
            f"the webhook key of {name} is no SendGrid verification key: copy it from Mail"
            " Settings, Event Webhook, Signature Verification"
        ) from None


def _text(event: dict[str, Any], key: str) -> str | None:
    value = event.get(key)
    return value if isinstance(value, str) and value else None


def _number(value: object) -> int | None:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else None
    except (ValueError, OverflowError, OSError):
        return None
