"""SendGrid's Event Webhook."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.gateway.webhooks.handler import ReceiptStore, Unreadable
from dispatcher.gateway.webhooks.sendgrid import LARGEST_POST, SendGridWebhook, receipts_in
from dispatcher.inbound.receipts import Blame, Kind
from tests.support.client import Client
from tests.support.given import Connection, rows
from tests.support.sendgrid_webhook import NOW, PATH, PRIVATE, body_of, event, post, public
from tests.support.webhooks import Counted, delivered_by, receipts, state, webhook_at


@pytest.fixture
def sendgrid(receipt_store: ReceiptStore, counted: Counted) -> Client:
    door = SendGridWebhook({"mails": public(PRIVATE)}, receipt_store, counted, now=lambda: NOW)
    return webhook_at("/v1/webhooks/sendgrid/{provider}", door)


async def test_events_drive_the_delivery(sendgrid: Client, db: Connection) -> None:
    delivery = delivered_by(db, "mails", "abc")
    body = body_of(
        event(delivery, "delivered", response="250 OK", sg_message_id="abc.filter0001.0"),
        event(delivery, "processed", sg_message_id="abc.filter0001.0"),
    )
    answer = await post(sendgrid, body)
    assert answer.status == 204
    assert state(db, delivery) == "delivered"


async def test_what_names_another_identity_is_of_another_mail(
    sendgrid: Client, db: Connection
) -> None:
    delivery = delivered_by(db, "mails", "abc")
    await post(sendgrid, body_of(event(delivery, "bounce", postbell_identity="f" * 32)))
    assert state(db, delivery) == "sent"


async def test_a_bounce_suppresses_the_address_and_keeps_it_out_of_the_receipt(
    sendgrid: Client, db: Connection
) -> None:
    delivery = delivered_by(db, "mails", "abc")
    bounce = event(
        delivery,
        "bounce",
        email="U1@example.org",
        status="5.1.1",
        type="bounce",
        reason="550 5.1.1 <u1@example.org>: Recipient address rejected",
    )
    await post(sendgrid, body_of(bounce))
    assert rows(db, "select address, reason from postbell.suppression") == [
        ("u1@example.org", "bounce")
    ]
    assert "u1@" not in json.dumps(rows(db, "select to_jsonb(r)::text from postbell.receipt as r"))


async def test_the_same_post_again_changes_nothing(
    sendgrid: Client, db: Connection, counted: Counted
) -> None:
    delivery = delivered_by(db, "mails", "abc")
    body = body_of(event(delivery, "delivered"))
    assert [(await post(sendgrid, body)).status for _ in range(3)] == [204] * 3
    assert receipts(db) == ["delivered"]
    assert counted.results == {("mails", "taken"): 1, ("mails", "repeated"): 2}


async def test_one_for_another_tenants_message_is_not_believed(
    sendgrid: Client, db: Connection, counted: Counted
) -> None:
    theirs = delivered_by(db, "their_mails", "xyz", tenant_id="other")
    assert (await post(sendgrid, body_of(event(theirs, "bounce", status="5.1.1")))).status == 204
    assert state(db, theirs) == "sent"
    assert counted.results == {("mails", "never_handed_over"): 1}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda body: body.replace(b"delivered", b"bounce"), "forged"),
        # One blank more: the same JSON, other bytes.
        (lambda body: body + b" ", "forged"),
        (lambda _: b"\xff\xfe", "forged"),
        (lambda _: b"", "forged"),
    ],
)
async def test_a_body_that_was_changed_is_turned_away(
    sendgrid: Client, db: Connection, counted: Counted, change: Any, reason: str
) -> None:
    delivery = delivered_by(db, "mails", "abc")
    body = body_of(event(delivery, "delivered"))
    signature = PRIVATE.sign(str(NOW).encode() + body, ec.ECDSA(hashes.SHA256()))
    answer = await sendgrid.send(
        "POST",
        PATH,
        change(body),
        x_twilio_email_event_webhook_signature=b64encode(signature).decode(),
        x_twilio_email_event_webhook_timestamp=str(NOW),
    )
    assert answer.status == 403
    assert counted.reasons == {("mails", reason): 1}
    assert receipts(db) == []


async def test_a_forged_one_is_turned_away(sendgrid: Client, counted: Counted) -> None:
    somebody = ec.generate_private_key(ec.SECP256R1())
    assert (await post(sendgrid, b"[]", key=somebody)).status == 403
    assert counted.reasons == {("mails", "forged"): 1}


@pytest.mark.parametrize(
    ("age", "status"), [(0, 204), (3600, 204), (26 * 3600, 403), (-60, 204), (-3600, 403)]
)
async def test_one_that_is_played_again_much_later_is_turned_away(
    sendgrid: Client, age: int, status: int
) -> None:
    assert (await post(sendgrid, b"[]", at=NOW - age)).status == status


async def test_one_for_a_provider_that_we_do_not_have_is_turned_away(
    sendgrid: Client, counted: Counted
) -> None:
    path = "/v1/webhooks/sendgrid/of_a_stranger"
    assert (await post(sendgrid, b"[]", path=path)).status == 403
    # A stranger's words do not become our labels.
    assert counted.reasons == {("unknown", "unknown_provider"): 1}


@pytest.mark.parametrize("headers", [{}, {"x_twilio_email_event_webhook_signature": "abcd"}])
async def test_an_unsigned_one_is_turned_away(
    sendgrid: Client, counted: Counted, headers: dict[str, str]
) -> None:
    assert (await sendgrid.send("POST", PATH, b"[]", **headers)).status == 403
    assert counted.reasons == {("mails", "unsigned"): 1}


async def test_a_body_without_end_is_cut_off(sendgrid: Client, counted: Counted) -> None:
    assert (await post(sendgrid, b" " * (LARGEST_POST + 1))).status == 413
    assert counted.reasons == {("mails", "too_large"): 1}


@pytest.mark.parametrize("body", [b"{}", b"null", b"not json", b"[" * 100_000])
async def test_what_is_signed_and_cannot_be_read_is_said_to_be_so(
    sendgrid: Client, body: bytes
) -> None:
    assert (await post(sendgrid, body)).status == 400


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    body=st.binary(max_size=200),
    signature=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
    timestamp=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
)
async def test_garbage_is_turned_away_and_never_an_error_of_ours(
    sendgrid: Client, body: bytes, signature: str, timestamp: str
) -> None:
    answer = await sendgrid.send(
        "POST",
        PATH,
        body,
        x_twilio_email_event_webhook_signature=signature,
        x_twilio_email_event_webhook_timestamp=timestamp,
    )
    assert answer.status == 403


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    values=st.lists(
        st.fixed_dictionaries(
            {
                "event": st.sampled_from(["delivered", "bounce", "open", "x"]) | json_values,
                "sg_event_id": st.text(max_size=300) | json_values,
                "postbell_delivery_id": st.integers() | st.text(max_size=25) | json_values,
                "timestamp": st.integers() | json_values,
                "sg_message_id": st.text(max_size=300) | json_values,
                "reason": st.text(max_size=900) | json_values,
                "email": json_values,
                "status": json_values,
            }
        )
        | json_values,
        max_size=4,
    )
)
async def test_whatever_sendgrid_may_come_to_say_is_no_error_of_ours(
    sendgrid: Client, values: list[Any]
) -> None:
    body = json.dumps(values).encode()
    assert (await post(sendgrid, body)).status == 204


def one(**more: Any) -> Any:
    (receipt,) = receipts_in(json.dumps([event(7, **more)]))
    return receipt


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("processed", Kind.ACCEPTED),
        ("deferred", Kind.DEFERRED),
        ("delivered", Kind.DELIVERED),
        ("bounce", Kind.BOUNCED),
        ("dropped", Kind.DROPPED),
        ("open", Kind.OPENED),
        ("click", Kind.CLICKED),
        ("spamreport", Kind.COMPLAINED),
        ("unsubscribe", Kind.UNSUBSCRIBED),
        ("group_unsubscribe", Kind.UNSUBSCRIBED),
    ],
)
def test_each_event_has_its_kind(kind: str, meant: Kind) -> None:
    assert one(kind=kind).kind is meant


@pytest.mark.parametrize(
    ("said", "blame"),
    [
        ({"status": "5.1.1", "type": "bounce"}, Blame.HARD),
        ({"status": "5.0.0", "bounce_classification": "Invalid Address"}, Blame.HARD),
        ({"status": "5.2.2"}, Blame.SOFT),
        ({"status": "4.2.2", "type": "blocked"}, None),
        ({"status": "5.7.1"}, None),
        ({}, None),
    ],
)
def test_only_what_the_address_is_to_blame_for_is_held_against_it(
    said: dict[str, str], blame: Blame | None
) -> None:
    assert one(kind="bounce", **said).blame is blame


def test_a_drop_for_an_earlier_bounce_is_held_against_the_address() -> None:
    assert one(kind="dropped", reason="Bounced Address").blame is Blame.HARD
    assert one(kind="dropped", reason="Spam Content").blame is None


@pytest.mark.parametrize(
    "other",
    [
        event(None, "delivered"),
        event(7, "group_resubscribe"),
        event(7, "open", sg_machine_open=True),
        {"event": "delivered", "postbell_delivery_id": "7"},
        "delivered",
    ],
)
def test_what_is_not_ours_or_says_nothing_of_a_person_is_left_out(other: Any) -> None:
    assert list(receipts_in(json.dumps([other]))) == []


def test_an_object_is_no_post_of_events() -> None:
    with pytest.raises(Unreadable):
        list(receipts_in("{}"))


@pytest.mark.parametrize("key", ["", "abc", "AAAA", public(PRIVATE)[:-8]])
def test_a_key_that_is_none_is_found_at_the_start(
    receipt_store: ReceiptStore, counted: Counted, key: str
) -> None:
    with pytest.raises(ValueError, match="webhook key of mails"):
        SendGridWebhook({"mails": key}, receipt_store, counted)
