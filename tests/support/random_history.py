"""Histories made up at random: events, what was decided about them, and what became of them.

Whatever a table can hold may be in one, also what no dispatcher would do, for figures count what is
there.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.support import given
from tests.support.given import CHANNELS, Connection

#: In Havana and on the Azores clocks are put back to midnight in these days; of the last, nobody
#: knows where it is.
ZONES: Final = {
    "default": "UTC",
    "paris": "Europe/Paris",
    "havana": "America/Havana",
    "azores": "Atlantic/Azores",
    "chatham": "Pacific/Chatham",
    "lost": "Nowhere/Special",
}
EVENTS: Final = ("order.paid", "order.completed")
#: The last hours of summer time in Europe and in Cuba are among them.
BEGIN: Final = datetime(2026, 10, 24, 6, tzinfo=UTC)
END: Final = datetime(2026, 11, 2, 12, tzinfo=UTC)

_ENDS: Final = {
    "skipped": ("switched_off", "no_address", None),
    "expired": ("expired",),
    "cancelled": ("cancelled",),
    "queued": (None, "retried"),
    "sending": (None,),
    "waiting": ("451 later",),
    "unknown": ("lost",),
    "sent": (None,),
    "delivered": (None,),
    "bounced": ("550",),
    "failed": ("never_reported",),
    "refused": ("bad",),
}
_HANDED_OVER: Final = ("sent", "delivered", "bounced")


#: What the log calls the provider of a channel that the database itself delivers: no attempts.
OWN = {"in_app": "inbox", "sse": "stream"}


def make_up(connection: Connection, seed: int, *, events: int = 60) -> None:
    """Fills the log, as if the clock stood at END."""
    chance = random.Random(seed)
    given.clock(connection, END)
    for tenant, zone in ZONES.items():
        given.tenant(connection, tenant, time_zone=zone)
        given.recipient(connection, tenant_id=tenant)
    moments = sorted(_moment(chance) for _ in range(events))
    for number, moment in enumerate(moments, start=1):
        _event(connection, chance, number, moment)
    for _ in range(30):
        given.insert(
            connection,
            "suppression",
            tenant_id=chance.choice(list(ZONES)),
            channel=chance.choice(["email", "sms"]),
            address=f"{chance.random()}@example.org",
            reason="bounce",
            suppressed_at=_recently(chance),
            expires_at=chance.choice(["infinity", END - timedelta(hours=1)]),
        )


def _event(connection: Connection, chance: random.Random, number: int, moment: datetime) -> None:
    tenant, event = chance.choice(list(ZONES)), chance.choice(EVENTS)
    # In the past too, where it does not count.
    later = timedelta(minutes=chance.randint(-300, 3000))
    deliver_at = moment + later if chance.random() < 0.2 else None
    given.insert(
        connection,
        "notification",
        id=number,
        xid=str(number),
        tenant_id=tenant,
        event=event,
        payload={},
        priority="normal",
        deliver_at=deliver_at,
        created_at=moment,
    )
    for channel in chance.sample(CHANNELS, chance.randint(1, 5)):
        ready_at = max(moment, deliver_at or moment)
        delivery = _delivery(chance, channel, ready_at)
        given.insert(
            connection,
            "delivery",
            notification_id=number,
            tenant_id=tenant,
            recipient_id="u1",
            event=event,
            channel=channel,
            priority="normal",
            created_at=moment,
            is_open=delivery["state"] in ("queued", "sending", "waiting", "unknown"),
            **delivery,
        )
        delivery_id = given.value(connection, "select max(id) from postbell.delivery")
        _aftermath(connection, chance, delivery_id, tenant, channel, moment)


def _delivery(chance: random.Random, channel: str, ready_at: datetime) -> dict[str, Any]:
    state = chance.choice(list(_ENDS))
    sent_at = None
    if state in _HANDED_OVER or chance.random() < 0.1:
        sent_at = ready_at + timedelta(seconds=chance.expovariate(0.2))
    return {
        "decision": chance.choice(["now", "now", "now", "later", "no"]),
        "rung": 11,
        "decision_reason": chance.choice(["wanted", "muted", "quiet_hours"]),
        "is_silent": chance.random() < 0.1,
        "state": state,
        "reason": chance.choice(_ENDS[state]),
        "sent_at": sent_at,
        "provider": OWN.get(channel),
        "opened_at": ready_at if channel == "email" and chance.random() < 0.3 else None,
        "clicked_at": ready_at if channel == "email" and chance.random() < 0.1 else None,
    }


def _aftermath(
    connection: Connection,
    chance: random.Random,
    delivery_id: int,
    tenant: str,
    channel: str,
    moment: datetime,
) -> None:
    if channel == "in_app" and chance.random() < 0.8:
        given.inbox_item(
            connection,
            id=delivery_id,
            tenant_id=tenant,
            created_at=moment,
            read_at=END if chance.random() < 0.5 else None,
        )
    for _ in range(chance.choice([0, 1, 1, 2, 4]) if channel not in OWN else 0):
        given.insert(
            connection,
            "attempt",
            delivery_id=delivery_id,
            outcome=chance.choice(
                ["sent", "sent", "retry", "passed_on", "refused", "unknown", "failed"]
            ),
            provider=chance.choice(["main", "spare"]),
            latency_ms=chance.choice([None, chance.randint(1, 90000) / 16]),
            attempted_at=_recently(chance),
        )


def _moment(chance: random.Random) -> datetime:
    """Of the whole time, and often of the hour around some tenant's midnight."""
    day = BEGIN + timedelta(days=chance.randint(0, 8))
    if chance.random() < 0.6:
        midnight = chance.choice([0, 1, 4, 5, 10, 22, 23])
        return day.replace(hour=midnight, minute=chance.choice([0, 15, 30, 59]))
    return BEGIN + (END - BEGIN) * chance.random()


def _recently(chance: random.Random) -> datetime:
    return END - timedelta(minutes=chance.choice([5, 30, 59, 61, 600, 1439, 1441, 5000]))
