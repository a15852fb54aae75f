"""A webhook as its provider calls it, what it counted and what it recorded."""

from __future__ import annotations

from collections import Counter

from starlette.applications import Starlette
from starlette.routing import Route

from dispatcher.gateway import problem
from dispatcher.gateway.tracking import TrackingLinks
from dispatcher.gateway.webhooks.handler import WebhookHandler
from tests.support import given
from tests.support.client import Client
from tests.support.given import Connection

LINK_SECRET = "what this gateway signs its own links with"


class Counted:
    """A watch that counts."""

    def __init__(self) -> None:
        self.results: Counter[tuple[str, str]] = Counter()
        self.reasons: Counter[tuple[str, str]] = Counter()

    def received(self, provider: str, result: str, count: int = 1) -> None:
        self.results[provider, result] += count

    def webhook_rejected(self, provider: str, reason: str) -> None:
        self.reasons[provider, reason] += 1


def webhook_at(path: str, door: WebhookHandler) -> Client:
    """Whoever knocks there."""
    return Client(
        Starlette(
            routes=[Route(path, door.handle, methods=["POST"])], exception_handlers=problem.HANDLERS
        )
    )


def pages(tracking: TrackingLinks) -> Client:
    return Client(Starlette(routes=tracking.routes))


def delivered_by(
    db: Connection, provider: str, message_id: str | None, channel: str = "email", **columns: object
) -> int:
    """A delivery that the provider took."""
    event = given.emit(
        db,
        given.event_type(db, default_channels=[channel]),
        **columns,  # type: ignore[arg-type]
    )
    given.route(db)
    delivery = given.value(db, "select id from postbell.delivery where notification_id = %s", event)
    db.execute("update postbell.delivery set state = 'sending' where id = %s", [delivery])
    ((batch, claim_token, _),) = given.claims(db, delivery)
    identity = given.identity(db, delivery)
    tried = given.attempt(
        delivery, "sent", identity=identity, provider=provider, message_id=message_id
    )
    given.record(db, batch, claim_token, tried)
    return int(delivery)


def state(db: Connection, delivery: int) -> str:
    found = given.value(
        db, "select state from postbell.delivery_log where delivery_id = %s", delivery
    )
    return str(found)


def receipts(db: Connection) -> list[str]:
    return given.column(db, "select kind from postbell.receipt order by received_at, kind")
