"""Whose browser it is, whether a person can be pushed to, and what became of each device."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.support import given
from tests.support.given import Connection, Fate

PHONE = "https://push.example/phone"
LAPTOP = "https://push.example/laptop"
TABLET = "https://push.example/tablet"


@pytest.fixture
def shop(connection: Connection) -> Connection:
    given.event_type(connection, default_channels=["push"])
    given.recipient(connection)
    return connection


def owners(db: Connection, tenant: str = "default") -> dict[str, str]:
    """Whose each browser is."""
    return dict(
        given.rows(
            db,
            "select endpoint, recipient_id from postbell.push_subscription where tenant_id = %s",
            tenant,
        )
    )


def test_adding_twice_is_adding_once(shop: Connection) -> None:
    first = given.device(shop, endpoint=PHONE, user_agent="Firefox")
    assert given.device(shop, endpoint=PHONE) == first
    assert given.column(shop, "select user_agent from postbell.push_subscription") == ["Firefox"]


def test_a_browser_that_renewed_its_keys_keeps_its_row(shop: Connection) -> None:
    first = given.device(shop, endpoint=PHONE)
    renewed = "B" + given.AUTH[1:]
    assert given.device(shop, endpoint=PHONE, auth=renewed) == first
    assert given.column(shop, "select auth from postbell.push_subscription") == [renewed]


def test_keys_are_taken_in_either_alphabet_and_with_padding(shop: Connection) -> None:
    given.device(shop, p256dh=given.P256DH.replace("-", "+").replace("_", "/") + "=")
    given.device(shop, auth=given.AUTH + "==")
    assert given.rows(shop, "select p256dh, auth from postbell.push_subscription") == [
        (given.P256DH, given.AUTH)
    ]


def test_a_browser_belongs_to_whoever_logged_in_last(shop: Connection) -> None:
    given.recipient(shop, "u2")
    given.device(shop, "u1", PHONE)
    given.device(shop, "u1", LAPTOP)
    given.device(shop, "u2", PHONE)
    assert owners(shop) == {PHONE: "u2", LAPTOP: "u1"}


def test_two_websites_may_push_to_one_browser(shop: Connection) -> None:
    given.tenant(shop, "other")
    given.recipient(shop, "u2", tenant_id="other")
    given.device(shop, "u1", PHONE)
    given.device(shop, "u2", PHONE, tenant_id="other")
    assert (owners(shop), owners(shop, "other")) == ({PHONE: "u1"}, {PHONE: "u2"})


def test_the_device_reached_longest_ago_makes_room_for_a_new_one(shop: Connection) -> None:
    for number in range(20):
        given.device(shop, endpoint=f"https://push.example/{number}")
    shop.execute("update postbell.push_subscription set last_reached_at = now()")
    shop.execute(
        "update postbell.push_subscription set last_reached_at = now() - interval '9 days'"
        " where endpoint like %s",
        ["%/7"],
    )
    given.device(shop, endpoint=PHONE)
    kept = set(owners(shop))
    assert len(kept) == 20
    assert PHONE in kept
    assert "https://push.example/7" not in kept


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ({"endpoint": "http://push.example/u1"}, "endpoint is not"),
        ({"endpoint": "https://push.example"}, "endpoint is not"),
        ({"endpoint": "https://ann:secret@push.example/u1"}, "endpoint is not"),
        ({"endpoint": "https://push.example\\@10.0.0.1/u1"}, "endpoint is not"),
        ({"endpoint": "https://push.example/u 1"}, "endpoint is not"),
        ({"endpoint": "https://push.example/u1\nHost: x"}, "endpoint is not"),
        ({"endpoint": "https://push.example/" + "x" * 2000}, "endpoint is not"),
        ({"endpoint": None}, "endpoint is not"),
        ({"p256dh": "B" + "A" * 85}, "p256dh is not"),
        ({"p256dh": "A" * 87}, "p256dh is not"),
        ({"p256dh": None}, "p256dh is not"),
        ({"auth": "short"}, "auth is not"),
        ({"auth": None}, "auth is not"),
    ],
)
def test_what_is_no_subscription_is_refused_by_name(
    shop: Connection, named: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(psycopg.Error, match=sentence) as error, shop.transaction():
        given.device(shop, **named)
    assert error.value.sqlstate == "PB022"


def test_a_stranger_has_no_device(shop: Connection) -> None:
    with pytest.raises(psycopg.Error) as error, shop.transaction():
        given.device(shop, "stranger")
    assert error.value.sqlstate == "PB003"


def test_without_a_device_there_is_no_address(shop: Connection) -> None:
    (found,) = given.explain(shop, event="order.paid", recipient="u1", payload={})
    assert (found.channel, found.rung, found.reason) == ("push", 3, "no_address")


def test_one_device_is_an_address(shop: Connection) -> None:
    given.device(shop)
    (found,) = given.explain(shop, event="order.paid", recipient="u1", payload={})
    assert (found.channel, found.decision, found.reason) == ("push", "now", "wanted")


def test_somebody_elses_device_is_no_address(shop: Connection) -> None:
    given.recipient(shop, "u2")
    given.tenant(shop, "other")
    given.recipient(shop, "u1", tenant_id="other")
    given.device(shop, "u2")
    given.device(shop, "u1", tenant_id="other")
    (found,) = given.explain(shop, event="order.paid", recipient="u1", payload={})
    assert found.reason == "no_address"


# --- in the dispatcher's hands


class Push:
    """One push to u1, claimed, and what a dispatcher writes down about it."""

    def __init__(self, db: Connection, **columns: Any) -> None:
        self.db = db
        self.event = given.emit(db, payload={"order_id": 42}, channels=["push"], **columns)
        given.route(db)

    @property
    def id(self) -> int:
        return int(
            given.value(
                self.db,
                "select id from postbell.delivery where notification_id = %s and channel = 'push'",
                self.event,
            )
        )

    @property
    def fate(self) -> Fate:
        return given.deliveries(self.db, self.event)["u1", "push"]

    def claim(self) -> list[str]:
        """The endpoints to call; empty if there is nothing to do."""
        self.db.execute("update postbell.waiting_delivery set due_at = now() - interval '1 s'")
        given.value(self.db, "select released from postbell_private.release_due()")
        rows = [
            devices
            for batch in given.column(self.db, "select id from postbell.batch order by id")
            for delivery, devices in given.claim(
                self.db, batch, "delivery_id", "devices", start_sending=10
            )
            if delivery == self.id
        ]
        return sorted(device["endpoint"] for devices in rows for device in devices)

    def answer(self, outcome: str, **of_devices: str) -> None:
        """What the delivery came to, and what each device's service said: sent, gone, retry…"""
        ids = {
            url.rpartition("/")[2]: number
            for url, number in given.rows(
                self.db, "select endpoint, id from postbell.push_subscription"
            )
        }
        calls = [
            {
                "device": ids[name],
                "outcome": "refused" if said == "gone" else said,
                "provider": "webpush",
                "code": {"sent": "201", "gone": "410"}.get(said, "500"),
                "is_gone": said == "gone",
            }
            for name, said in of_devices.items()
        ]
        ((batch, claim_token, _),) = given.claims(self.db, self.id)
        is_for_later = outcome == "retry" or (outcome == "sent" and "retry" in of_devices.values())
        tried = given.attempt(
            self.id,
            outcome,
            identity=given.identity(self.db, self.id),
            provider="webpush",
            reason=", ".join(of_devices.values()),
            retry_after=60 if is_for_later else None,
            calls=calls,
        )
        given.record(self.db, batch, claim_token, tried)
        given.call(self.db, "finish_batch", batch_id=batch, claim_token=claim_token)


@pytest.fixture
def devices(db: Connection) -> Connection:
    for endpoint in (PHONE, LAPTOP, TABLET):
        given.device(db, endpoint=endpoint)
    return db


def test_every_device_is_to_be_reached(devices: Connection) -> None:
    assert Push(devices).claim() == [LAPTOP, PHONE, TABLET]


def test_410_for_one_of_three_devices_forgets_that_one_and_the_push_is_sent(
    devices: Connection,
) -> None:
    push = Push(devices)
    push.claim()

    push.answer("sent", phone="sent", laptop="gone", tablet="sent")

    assert push.fate.state == "sent"
    assert set(owners(devices)) == {PHONE, TABLET}
    assert given.rows(
        devices, "select outcome, code, device is not null from postbell.attempt order by 2, 1"
    ) == [("sent", "201", True), ("sent", "201", True), ("refused", "410", True)]


def test_a_retry_asks_only_the_devices_not_yet_reached(devices: Connection) -> None:
    push = Push(devices)
    push.claim()

    push.answer("sent", phone="sent", laptop="retry", tablet="refused")

    assert push.fate.state == "waiting"
    assert given.value(devices, "select sent_at is not null from postbell.delivery_log")
    assert push.claim() == [LAPTOP]


def test_a_revived_dead_letter_asks_also_those_that_refused(devices: Connection) -> None:
    push = Push(devices)
    push.claim()
    push.answer("refused", phone="refused", laptop="refused", tablet="refused")
    assert push.fate.state == "refused"

    given.call(devices, "retry", delivery_id=push.id)

    assert push.claim() == [LAPTOP, PHONE, TABLET]


@pytest.mark.parametrize(
    "end",
    [
        "delete from postbell.push_subscription",
        "select postbell.cancel(subject => 'order:42')",
        "select postbell.mute('u1')",
        "update postbell_private.notification set expires_at = now() - interval '1 hour'",
        "select postbell.set_preference('u1', false, channel => 'push')",
    ],
)
def test_what_reached_one_device_is_sent_whatever_becomes_of_the_rest(
    devices: Connection, end: str
) -> None:
    push = Push(devices, subject="order:42")
    push.claim()
    push.answer("sent", phone="sent", laptop="retry")

    devices.execute(end.encode())
    push.claim()

    assert push.fate.state == "sent"
    assert given.column(devices, "select delivery_id from postbell.waiting_delivery") == []
    assert given.column(devices, "select outbox_id from postbell.dead_letters") == []


@pytest.mark.parametrize("outcome", ["failed", "refused"])
def test_a_push_given_up_after_it_reached_one_device_is_sent(
    devices: Connection, outcome: str
) -> None:
    push = Push(devices)
    push.claim()
    push.answer("sent", phone="sent", laptop="retry")
    push.claim()

    push.answer(outcome, laptop="retry")

    assert push.fate.state == "sent"
    assert given.column(devices, "select outbox_id from postbell.dead_letters") == []


def test_a_device_that_goes_before_the_push_is_claimed_ends_it(db: Connection) -> None:
    given.device(db, endpoint=PHONE)
    push = Push(db)
    given.call(db, "remove_push_subscription", recipient="u1", endpoint=PHONE)

    assert push.claim() == []
    assert push.fate == ("skipped", "no_address")


def test_a_device_remembers_when_it_was_reached(devices: Connection) -> None:
    push = Push(devices)
    push.claim()

    push.answer("sent", phone="sent", laptop="retry")

    assert given.column(
        devices, "select endpoint from postbell.push_subscription where last_reached_at is not null"
    ) == [PHONE]
