"""Twilio's status callbacks, and what people answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from dispatcher.gateway.webhooks.handler import ReceiptStore
from dispatcher.gateway.webhooks.twilio import Form, TwilioMessage, TwilioStatus, status_in
from dispatcher.inbound.links import DeliveryRef, Links
from dispatcher.inbound.receipts import Blame
from dispatcher.inbound.signing import Signer
from dispatcher.providers.twilio import codes_with, known_codes
from tests.support.client import Answer, Client
from tests.support.given import Connection, identity, rows
from tests.support.webhooks import Counted, delivered_by, receipts, state, webhook_at

TOKEN = "the auth token of an account"
NAMED = DeliveryRef(1, "0" * 32)
PUBLIC = "https://notify.example/postbell"
MESSAGE = "/v1/webhooks/twilio/texts/message"


@pytest.fixture
def links(signer: Signer) -> Links:
    return Links(PUBLIC, signer)


@pytest.fixture
def status(receipt_store: ReceiptStore, counted: Counted, signer: Signer) -> Client:
    door = TwilioStatus(
        {"texts": TOKEN},
        receipt_store,
        counted,
        public_url=PUBLIC,
        signer=signer,
        tables={"texts": known_codes()},
    )
    return webhook_at("/v1/webhooks/twilio/{provider}/status/{token}", door)


@pytest.fixture
def console(receipt_store: ReceiptStore, counted: Counted, signer: Signer) -> Client:
    """The callback as one sets it for a whole messaging service."""
    door = TwilioStatus(
        {"texts": TOKEN},
        receipt_store,
        counted,
        public_url=PUBLIC,
        signer=signer,
        tables={"texts": known_codes()},
    )
    return webhook_at("/v1/webhooks/twilio/{provider}/status", door)


@pytest.fixture
def message(receipt_store: ReceiptStore, counted: Counted) -> Client:
    door = TwilioMessage({"texts": TOKEN}, receipt_store, counted, public_url=PUBLIC)
    return webhook_at("/v1/webhooks/twilio/{provider}/message", door)


async def post(
    client: Client, path: str, form: Mapping[str, str], *, key: str = TOKEN, url: str | None = None
) -> Answer:
    """As Twilio does: signed for the address that it was given."""
    signature = RequestValidator(key).compute_signature(url or PUBLIC + path, form)
    return await send(client, path, urlencode(form).encode(), signature)


async def send(client: Client, path: str, body: bytes, signature: str) -> Answer:
    return await client.send(
        "POST",
        path,
        body,
        content_type="application/x-www-form-urlencoded",
        x_twilio_signature=signature,
        host="evil.example",
    )


def told(kind: str, sid: str = "SM1", **more: str) -> dict[str, str]:
    return {"MessageSid": sid, "MessageStatus": kind, "To": "+33612345678", **more}


def path_of(db: Connection, links: Links, delivery: int) -> str:
    return path_named(links, DeliveryRef(delivery, identity(db, delivery)))


def path_named(links: Links, delivery: DeliveryRef) -> str:
    return links.callback("twilio", "texts", delivery).removeprefix(PUBLIC)


# --- status


async def test_callbacks_drive_the_delivery_in_any_order(
    status: Client, links: Links, db: Connection
) -> None:
    delivery = delivered_by(db, "texts", "SM1", "sms")
    for kind in ("delivered", "queued", "sent", "sending"):
        assert (await post(status, path_of(db, links, delivery), told(kind))).status == 204
    assert state(db, delivery) == "delivered"
    assert len(receipts(db)) == 4


async def test_a_callback_about_a_text_whose_number_is_anothers_now_counts_for_nobody(
    status: Client, links: Links, db: Connection
) -> None:
    delivery = delivered_by(db, "texts", None, "sms")
    lost = DeliveryRef(delivery, "f" * 32)
    await post(status, path_named(links, lost), told("undelivered", "SM9", ErrorCode="30005"))
    assert (state(db, delivery), receipts(db)) == ("sent", [])
    assert rows(db, "select address from postbell.suppression") == []


async def test_a_callback_again_is_one(
    status: Client, links: Links, db: Connection, counted: Counted
) -> None:
    delivery = delivered_by(db, "texts", "SM1", "sms")
    for _ in range(2):
        await post(status, path_of(db, links, delivery), told("delivered"))
    assert counted.results == {("texts", "taken"): 1, ("texts", "repeated"): 1}


async def test_a_callback_settles_what_was_unknown(
    status: Client, links: Links, db: Connection
) -> None:
    delivery = delivered_by(db, "texts", None, "sms")
    db.execute("update postbell.delivery set state = 'unknown'")
    await post(status, path_of(db, links, delivery), told("sent", "SM9"))
    assert rows(db, "select state, provider_message_id from postbell.delivery_log") == [
        ("sent", "SM9")
    ]


async def test_the_host_header_decides_nothing(
    status: Client, links: Links, db: Connection, counted: Counted
) -> None:
    delivery = delivered_by(db, "texts", "SM1", "sms")
    path = path_of(db, links, delivery)
    signed_for_it = await post(status, path, told("delivered"), url=f"https://evil.example{path}")
    assert signed_for_it.status == 403
    assert counted.reasons == {("texts", "forged"): 1}


async def test_a_forged_one_is_turned_away(
    status: Client, links: Links, db: Connection, counted: Counted
) -> None:
    delivery = delivered_by(db, "texts", "SM1", "sms")
    path = path_of(db, links, delivery)
    assert (await post(status, path, told("failed"), key="a guess")).status == 403
    assert (await status.send("POST", path, urlencode(told("failed")).encode())).status == 403
    assert counted.reasons == {("texts", "forged"): 1, ("texts", "unsigned"): 1}
    assert state(db, delivery) == "sent"


async def test_a_token_for_another_purpose_or_of_another_maker_is_turned_away(
    status: Client, signer: Signer, counted: Counted
) -> None:
    for token in (
        signer.sign("open", "1", "abc"),
        Signer(["x" * 32]).sign("report", "1", "abc"),
        signer.sign("report", "one", "abc"),
        signer.sign("report", "1"),
        "1",
    ):
        path = f"/v1/webhooks/twilio/texts/status/{token}"
        assert (await post(status, path, told("delivered"))).status == 403
    assert counted.reasons == {("texts", "bad_token"): 5}


async def test_one_for_another_tenants_message_is_not_believed(
    status: Client, links: Links, db: Connection, counted: Counted
) -> None:
    ours = delivered_by(db, "texts", "SM1", "sms")
    theirs = delivered_by(db, "texts", "SM2", "sms", tenant_id="other")
    await post(status, path_of(db, links, ours), told("undelivered", "SM2", ErrorCode="30005"))
    assert (state(db, ours), state(db, theirs)) == ("sent", "sent")
    assert counted.results == {("texts", "another_message"): 1}
    assert rows(db, "select address from postbell.suppression") == []


async def test_a_callback_without_a_token_is_matched_by_the_messages_id(
    console: Client, db: Connection
) -> None:
    delivery = delivered_by(db, "texts", "SM1", "sms")
    assert (
        await post(console, "/v1/webhooks/twilio/texts/status", told("delivered"))
    ).status == 204
    assert state(db, delivery) == "delivered"


async def test_a_bad_number_is_not_texted_again(
    status: Client, links: Links, db: Connection
) -> None:
    delivery = delivered_by(db, "texts", "SM1", "sms")
    await post(status, path_of(db, links, delivery), told("undelivered", ErrorCode="30005"))
    assert rows(
        db, "select address, reason, expires_at = 'infinity' from postbell.suppression"
    ) == [("+33612345678", "bounce", True)]


@pytest.mark.parametrize(
    ("kind", "code", "blame"),
    [
        ("failed", "21211", Blame.HARD),
        ("failed", "21610", Blame.STOP),
        ("undelivered", "30003", Blame.SOFT),
        ("undelivered", "30007", None),
        ("failed", "20003", None),
        ("delivered", "30005", None),
        ("undelivered", "", None),
    ],
)
def test_only_what_the_number_is_to_blame_for_is_held_against_it(
    kind: str, code: str, blame: Blame | None
) -> None:
    receipt = status_in(Form(told(kind, ErrorCode=code)), NAMED, known_codes())
    assert receipt is not None
    assert receipt.blame is blame


def test_an_operators_own_table_of_codes_decides_who_is_to_blame(tmp_path: Path) -> None:
    own = tmp_path / "codes.toml"
    own.write_text('[content]\n21211 = "whatever"\n', encoding="utf-8")
    receipt = status_in(Form(told("failed", ErrorCode="21211")), NAMED, codes_with(str(own)))
    assert receipt is not None
    assert receipt.blame is None


async def test_a_number_whose_owner_said_stop_is_suppressed_for_that(
    status: Client, links: Links, db: Connection
) -> None:
    delivery = delivered_by(db, "texts", "SM1", "sms")
    said = told("failed", ErrorCode="21610")
    assert (await post(status, path_of(db, links, delivery), said)).status == 204
    assert rows(
        db, "select address, reason, expires_at = 'infinity' from postbell.suppression"
    ) == [("+33612345678", "stop", True)]


async def test_a_status_that_says_nothing_is_accepted_and_left_alone(
    status: Client, links: Links, db: Connection
) -> None:
    delivery = delivered_by(db, "texts", "SM1", "sms")
    assert (await post(status, path_of(db, links, delivery), told("received"))).status == 204
    assert receipts(db) == []


# --- messages


async def test_stop_is_heard_and_answered_with_nothing(message: Client, db: Connection) -> None:
    form = {"MessageSid": "SM5", "From": "+33612345678", "To": "+12025550100", "Body": "Stop"}
    answer = await post(message, MESSAGE, form)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/xml")
    assert answer.body.endswith(b"<Response/>")
    assert rows(db, "select distinct address, reason from postbell.suppression") == [
        ("+33612345678", "stop")
    ]


async def test_a_stop_played_again_after_a_start_is_not_heard(
    message: Client, db: Connection, counted: Counted
) -> None:
    stop = {"MessageSid": "SM5", "From": "+33612345678", "Body": "STOP"}
    await post(message, MESSAGE, stop)
    await post(message, MESSAGE, {"MessageSid": "SM6", "From": "+33612345678", "Body": "START"})
    await post(message, MESSAGE, stop)
    assert rows(db, "select address from postbell.suppression") == []
    assert counted.results["texts", "reply_repeated"] == 1


async def test_what_twilio_understood_counts(message: Client, db: Connection) -> None:
    form = {"MessageSid": "SM5", "From": "+33612345678", "Body": "ARRET", "OptOutType": "STOP"}
    await post(message, MESSAGE, form)
    assert len(rows(db, "select address from postbell.suppression")) == 2


async def test_a_chat_is_not_our_business(
    message: Client, db: Connection, counted: Counted
) -> None:
    form = {"MessageSid": "SM5", "From": "+33612345678", "Body": "thank you\0"}
    assert (await post(message, MESSAGE, form)).status == 200
    assert counted.results == {("texts", "reply_other"): 1}
    assert receipts(db) == []


async def test_a_forged_stop_silences_nobody(message: Client, db: Connection) -> None:
    form = {"MessageSid": "SM5", "From": "+33612345678", "Body": "STOP"}
    assert (await post(message, MESSAGE, form, key="a guess")).status == 403
    assert rows(db, "select address from postbell.suppression") == []


async def test_one_field_changed_after_signing_is_a_forgery(message: Client) -> None:
    form = {"MessageSid": "SM5", "From": "+33612345678", "Body": "STOP"}
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + MESSAGE, form)
    form["From"] = "+33699999999"
    assert (await send(message, MESSAGE, urlencode(form).encode(), signature)).status == 403


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    body=st.binary(max_size=300),
    signature=st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1, max_size=60),
)
async def test_garbage_is_turned_away_and_never_an_error_of_ours(
    message: Client, body: bytes, signature: str
) -> None:
    assert (await send(message, MESSAGE, body, signature)).status == 403


async def test_a_reply_with_what_no_text_can_hold_is_taken_all_the_same(
    message: Client, db: Connection
) -> None:
    reply = {"MessageSid": "SM\0", "From": "+12025550123", "Body": "STOP\0"}
    assert (await post(message, MESSAGE, reply)).status == 200
    assert receipts(db) == ["stopped"]


async def test_a_flood_of_fields_is_turned_away(message: Client) -> None:
    assert (await send(message, MESSAGE, b"a=1&" * 1_000, "x")).status == 403


async def test_what_takes_long_to_take_apart_is_turned_away_unread(
    message: Client, counted: Counted
) -> None:
    escaped = b"Body=" + b"%41" * 11_000
    assert (await send(message, MESSAGE, escaped, "x")).status == 413
    assert counted.reasons == {("texts", "too_large"): 1}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    form=st.dictionaries(
        st.sampled_from(["MessageSid", "MessageStatus", "ErrorCode", "To", "From", "Body"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
        | st.sampled_from(["sent", "failed", "STOP"]),
        max_size=6,
    )
)
async def test_whatever_twilio_may_come_to_say_is_no_error_of_ours(
    status: Client, message: Client, links: Links, form: dict[str, str]
) -> None:
    assert (await post(status, path_named(links, NAMED), form)).status == 204
    assert (await post(message, MESSAGE, form)).status == 200
