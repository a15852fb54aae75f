"""Standard Webhooks, from whatever the webhook provider is attached to."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.gateway.webhooks.handler import ReceiptStore
from dispatcher.gateway.webhooks.standard import StandardWebhook
from tests.support.client import Answer, Client
from tests.support.given import Connection, rows
from tests.support.webhooks import Counted, delivered_by, receipts, state, webhook_at

KEY = b"twenty-four bytes or more"
NOW = 1_900_000_000
PATH = "/v1/webhooks/standard/fax"


@pytest.fixture
def standard(receipt_store: ReceiptStore, counted: Counted) -> Client:
    keys = {"fax": f"whsec_{b64encode(KEY).decode()}"}
    door = StandardWebhook(keys, receipt_store, counted, now=lambda: NOW)
    return webhook_at("/v1/webhooks/standard/{provider}", door)


def signature(body: bytes, event_id: str, at: int | str, key: bytes = KEY) -> str:
    digest = hmac.digest(key, f"{event_id}.{at}.".encode() + body, "sha256")
    return f"v1,{b64encode(digest).decode()}"


async def post(
    client: Client,
    body: Any,
    *,
    event_id: str = "msg_1",
    at: int | str = NOW,
    key: bytes = KEY,
    before: str = "",
) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.send(
        "POST",
        PATH,
        raw,
        webhook_id=event_id,
        webhook_timestamp=str(at),
        webhook_signature=before + signature(raw, event_id, at, key),
    )


def told(kind: str, **data: Any) -> Any:
    return {"type": f"message.{kind}", "timestamp": "2030-03-17T17:46:40Z", "data": data}


async def test_what_is_told_drives_the_delivery(standard: Client, db: Connection) -> None:
    delivery = delivered_by(db, "fax", "m1")
    assert (await post(standard, told("delivered", delivery_id=delivery))).status == 204
    assert state(db, delivery) == "delivered"


@pytest.mark.parametrize(("identity", "found"), [("f" * 32, "sent"), (None, "delivered")])
async def test_what_names_another_identity_is_of_another_message(
    standard: Client, db: Connection, identity: str | None, found: str
) -> None:
    delivery = delivered_by(db, "fax", "m1")
    await post(standard, told("delivered", delivery_id=delivery, identity=identity))
    assert state(db, delivery) == found


async def test_the_messages_own_id_will_do(standard: Client, db: Connection) -> None:
    delivery = delivered_by(db, "fax", "m1")
    await post(standard, told("bounced", message_id="m1", blame="hard", address="u1@example.org"))
    assert state(db, delivery) == "bounced"
    assert len(rows(db, "select address from postbell.suppression")) == 1


async def test_a_clock_that_the_database_would_refuse_is_understood(
    standard: Client, db: Connection
) -> None:
    delivery = delivered_by(db, "fax", "m1")
    body = {**told("sent", delivery_id=delivery), "timestamp": "2025-03-05T10:00:00+23:59"}
    assert (await post(standard, body)).status == 204
    assert receipts(db) == ["sent"]


async def test_a_repetition_is_known_by_its_id(standard: Client, db: Connection) -> None:
    delivery = delivered_by(db, "fax", "m1")
    for _ in range(2):
        assert (await post(standard, told("sent", delivery_id=delivery))).status == 204
    assert receipts(db) == ["sent"]


async def test_one_of_several_signatures_will_do(standard: Client, db: Connection) -> None:
    delivery = delivered_by(db, "fax", "m1")
    answer = await post(standard, told("sent", delivery_id=delivery), before="v1,AAAA v2,xy ")
    assert answer.status == 204


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key": b"another key of that length"}, "forged"),
        ({"at": NOW - 301}, "stale"),
        ({"at": NOW + 301}, "stale"),
        ({"at": "soon"}, "stale"),
        ({"at": "9" * 5000}, "stale"),
    ],
)
async def test_forged_and_replayed_ones_are_turned_away(
    standard: Client, counted: Counted, change: dict[str, Any], reason: str
) -> None:
    assert (await post(standard, told("sent", delivery_id=1), **change)).status == 403
    assert counted.reasons == {("fax", reason): 1}


async def test_an_unsigned_one_is_turned_away(standard: Client, counted: Counted) -> None:
    assert (await standard.send("POST", PATH, b"{}")).status == 403
    assert counted.reasons == {("fax", "unsigned"): 1}


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b"[" * 30_000,
        {"type": "message.sent"},
        told("sung", delivery_id=1),
        told("sent", delivery_id="one"),
        told("sent", delivery_id=2**64),
        told("sent", delivery_id=float("inf")),
        told("bounced", delivery_id=1, blame="you"),
        {**told("sent", delivery_id=1), "timestamp": "soon"},
        {**told("sent", delivery_id=1), "timestamp": "9999-12-31T23:59:59-23:59"},
    ],
)
async def test_what_is_signed_and_cannot_be_read_is_said_to_be_so(
    standard: Client, body: Any
) -> None:
    assert (await post(standard, body)).status == 400


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    body=st.binary(max_size=100)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "data", "delivery_id", "message_id", "timestamp"]), inner
            )
        ),
        max_leaves=10,
    )
)
async def test_garbage_is_never_an_error_of_ours(standard: Client, body: Any) -> None:
    assert (await post(standard, body)).status in (204, 400)


@pytest.mark.parametrize("key", ["", "whsec_", "whsec_!!!", "whsec_AAAA"])
def test_a_key_that_is_none_is_found_at_the_start(
    receipt_store: ReceiptStore, counted: Counted, key: str
) -> None:
    with pytest.raises(ValueError, match=r"^the webhook key of fax (is not whsec_|has \d+ bytes)"):
        StandardWebhook({"fax": key}, receipt_store, counted)


async def test_while_a_key_is_replaced_both_will_do(
    receipt_store: ReceiptStore, counted: Counted, db: Connection
) -> None:
    keys = {"fax": f"whsec_{b64encode(KEY).decode()},whsec_{b64encode(bytes(24)).decode()}"}
    door = StandardWebhook(keys, receipt_store, counted, now=lambda: NOW)
    client = webhook_at("/v1/webhooks/standard/{provider}", door)
    delivery = delivered_by(db, "fax", "m1")

    for key in (KEY, bytes(24)):
        assert (await post(client, told("sent", delivery_id=delivery), key=key)).status == 204
