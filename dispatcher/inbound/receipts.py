"""Receipts: what is reported about a message, as postbell_private.receive_receipt() takes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from email_validator import EmailNotValidError, validate_email

from dispatcher.masking import mask

#: The provider of receipts from Postbell itself: bounces, opens and clicks.
OURSELVES: Final = "postbell"

_LONGEST_ID: Final = 200
_LONGEST_REASON: Final = 500
#: Characters that PostgreSQL's text and jsonb cannot store.
_IMPOSSIBLE: Final = dict.fromkeys([0, *range(0xD800, 0xE000)], "\N{REPLACEMENT CHARACTER}")


class Kind(StrEnum):
    """As in `postbell.receipt_kinds`."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    DROPPED = "dropped"
    UNDELIVERED = "undelivered"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


class Blame(StrEnum):
    """What a failure says about the address."""

    #: The address does not exist.
    HARD = "hard"
    #: Temporarily unreachable: full, or switched off.
    SOFT = "soft"
    #: Its owner replied STOP.
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One event. It names the delivery, or the provider's message id, or both."""

    #: The provider's id of the event, the same in every repetition.
    event_id: str
    kind: Kind
    delivery_id: int | None = None
    message_id: str | None = None
    occurred_at: datetime | None = None
    code: str | None = None
    reason: str | None = None
    blame: Blame | None = None
    #: The recipient's address, for comparison only; None if unknown.
    addresses: tuple[str, ...] | None = field(default=None, repr=False)
    #: Delivery.identity or its beginning; None if unknown. After a crash the delivery id may be
    #: another delivery's.
    identity: str | None = None
    #: Anything else worth storing, without texts and addresses.
    detail: Mapping[str, str] = field(default_factory=dict)


def written(receipts: Iterable[Receipt]) -> str:
    """The receipts as JSON, with what others wrote masked and cut to size."""
    return json.dumps([_as_json(receipt) for receipt in receipts], ensure_ascii=False)


def _as_json(receipt: Receipt) -> dict[str, Any]:
    at = receipt.occurred_at
    return {
        "event_id": short_id(receipt.event_id),
        "kind": receipt.kind,
        "delivery_id": receipt.delivery_id,
        "message_id": None if receipt.message_id is None else short_id(receipt.message_id),
        "occurred_at": None if at is None else at.isoformat(),
        "code": _shown(receipt.code),
        "reason": _shown(receipt.reason),
        "blame": receipt.blame,
        "addresses": None if receipt.addresses is None else _spellings(receipt.addresses),
        "identity": None if receipt.identity is None else short_id(receipt.identity),
        "detail": {key: _shown(value) for key, value in receipt.detail.items()},
    }


def _spellings(addresses: Iterable[str]) -> list[str]:
    """The addresses; those with an international domain in both forms.

    The database has an address as the application wrote it, providers have its wire form.
    """
    found: dict[str, None] = {}
    for address in addresses:
        found[possible(address)] = None
        if address.isascii() and "xn--" not in address.lower():
            continue
        try:
            valid = validate_email(address, check_deliverability=False)
        except EmailNotValidError:
            continue
        found.update(dict.fromkeys(filter(None, (valid.normalized, valid.ascii_email))))
    return list(found)


def short_id(given: str) -> str:
    """The id, or its hash if it is too long."""
    given = possible(given)
    if len(given) <= _LONGEST_ID:
        return given
    return f"sha256:{hashlib.sha256(given.encode()).hexdigest()}"


def _shown(text: str | None) -> str | None:
    if text is None:
        return None
    return " ".join(mask(possible(text)).split())[:_LONGEST_REASON] or None


def possible(text: str) -> str:
    """The text without characters that the database cannot store."""
    return text.translate(_IMPOSSIBLE)
