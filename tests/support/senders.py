"""A sender of mails over a scripted provider, and the batches that it delivers."""

from __future__ import annotations

from typing import Any

from dispatcher.channels.base import CrashPolicy
from dispatcher.channels.email import EmailChannel
from dispatcher.channels.in_app import InAppChannel
from dispatcher.channels.push import PushChannel
from dispatcher.channels.sse import SseChannel
from dispatcher.db.batches import record_inbox, record_stream
from dispatcher.db.connections import Pool
from dispatcher.delivery.claims import DeliveryMetrics
from dispatcher.delivery.database_sender import DatabaseSender
from dispatcher.delivery.provider_sender import ProviderSender
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.worker import Sender
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from tests.support import given
from tests.support.given import Connection, Fate
from tests.support.scripted_provider import ScriptedProvider


class NobodyWatches:
    def attempted(
        self, channel: str, provider: str, outcome: str, seconds: float, count: int = 1
    ) -> None: ...

    def handed_over(self, channel: str, *seconds: float) -> None: ...

    def held(self, channel: str) -> None: ...


def email_sender(
    sessions: Pool,
    template_sets: TemplateSets,
    provider: ScriptedProvider,
    *,
    in_flight: int = 4,
    max_attempts: int = 10,
    crash_policy: CrashPolicy = CrashPolicy.SEND_AGAIN,
) -> Sender:
    channel = EmailChannel("shop@shop.example", max_attempts=max_attempts)
    registry = ProviderRegistry([ProviderClient(provider)])
    return ProviderSender(
        sessions,
        template_sets,
        NobodyWatches(),
        channel,
        registry,
        in_flight=in_flight,
        crash_policy=crash_policy,
    )


def push_sender(
    sessions: Pool, template_sets: TemplateSets, *clients: ProviderClient, **options: Any
) -> ProviderSender:
    return ProviderSender(
        sessions,
        template_sets,
        NobodyWatches(),
        PushChannel(**options),
        ProviderRegistry(clients),
        in_flight=4,
        crash_policy=CrashPolicy.SEND_AGAIN,
    )


def inbox_sender(
    sessions: Pool, template_sets: TemplateSets, metrics: DeliveryMetrics | None = None
) -> DatabaseSender:
    return DatabaseSender(
        sessions, template_sets, metrics or NobodyWatches(), InAppChannel(), record_inbox, "inbox"
    )


def stream_sender(
    sessions: Pool, template_sets: TemplateSets, metrics: DeliveryMetrics | None = None
) -> DatabaseSender:
    return DatabaseSender(
        sessions, template_sets, metrics or NobodyWatches(), SseChannel(), record_stream, "stream"
    )


def emit(db: Connection, many: int = 1, channel: str = "email", **columns: Any) -> list[int]:
    """Emits and routes; the events' ids."""
    payload = columns.pop("payload", {"order_id": 42, "amount": "19.90"})
    events = [given.emit(db, payload=payload, channels=[channel], **columns) for _ in range(many)]
    given.route(db)
    return events


def batches(db: Connection) -> list[int]:
    return given.column(db, "select id from postbell.batch order by id")


def jobs(db: Connection) -> list[int]:
    """The batches that have a job in the queue."""
    return given.column(
        db, "select convert_from(payload, 'UTF8')::bigint from postbell_queue.pgqueuer order by 1"
    )


def fate(db: Connection, event: int, channel: str = "email") -> Fate:
    return given.deliveries(db, event)["u1", channel]


def make_due(db: Connection) -> None:
    """Lets what waits be due, and queues it."""
    db.execute("update postbell.waiting_delivery set due_at = now() - interval '1 second'")
    given.value(db, "select released from postbell_private.release_due(500)")


class Deliver:
    """Every batch that there is, one after the other, by one sender."""

    def __init__(self, db: Connection, sender: Sender) -> None:
        self._db = db
        self._sender = sender

    async def __call__(self) -> None:
        for batch in batches(self._db):
            await self._sender.deliver(batch)
