"""Bounces, delays and complaints, as mail servers write them; and what is none of these."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.inbound.bounces import NotABounce, Unproven, receipts_in
from dispatcher.inbound.links import ReturnPath
from dispatcher.inbound.receipts import Blame, Kind, Receipt
from dispatcher.inbound.signing import Signer
from tests.support.bounce_mails import (
    ABSENT,
    COMPLAINT,
    EXCHANGE,
    EXIM,
    ID,
    POSTFIX,
    crlf,
)
from tests.support.bounce_samples import REPLIES, SAMPLES, Sample

SIGNED = ReturnPath(signer=Signer(["what we sign with, and nobody else"]))
UNSIGNED = ReturnPath()
OURS = SIGNED.of(42, "0" * 32, "shop.example")
FORGED = "bounces+42-0000000000-aaaaaaaaaaaaaaaa@shop.example"
#: What proves the delivery: our signature, or the Message-ID.
KNOWN = [(42, None), (42, ID)]
NOT_OURS = "<abc@elsewhere.example>"


def mail(shape: str, **fields: str) -> bytes:
    said = "550 5.1.1 <ada@example.org>: Recipient address rejected"
    defaults = {
        "to": OURS, "returned": OURS, "id": ID, "action": "failed", "status": "5.1.1",
        "feedback": "abuse", "said": said, "envelope_id": "postbell-42",
    }  # fmt: skip
    return crlf(shape.format_map({**defaults, **fields}))


def one(raw: bytes, return_path: ReturnPath = SIGNED, recipient: str | None = None) -> Receipt:
    (receipt,) = receipts_in(raw, return_path, recipient)
    return receipt


# --- what they say


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_each_form_says_what_came_back_and_whose_it_is(sample: Sample) -> None:
    found = one(mail(sample.mail))
    assert (found.kind, found.delivery_id) == (sample.kind, 42)
    assert (found.code, found.blame) == (sample.code, sample.blame)
    assert found.detail.get("format") == sample.format
    assert sample.address is None or sample.address in (found.addresses or ())
    # Without any, SQL takes it for the person's own.
    assert sample.address is not None or found.addresses is None


@pytest.mark.parametrize(
    ("shape", "code"), [(POSTFIX, "5.1.1"), (EXCHANGE, "5.1.10"), (EXIM, "5.1.1")]
)
def test_a_bounce_of_each_server_is_understood(shape: str, code: str) -> None:
    bounce = one(mail(shape))
    assert (bounce.kind, bounce.delivery_id) == (Kind.BOUNCED, 42)
    assert (bounce.code, bounce.blame) == (code, Blame.HARD)
    assert bounce.addresses is not None
    assert "ada@example.org" in bounce.addresses


def test_a_bounce_has_its_moment_and_its_reason() -> None:
    bounce = one(mail(POSTFIX))
    assert bounce.occurred_at == datetime(2029, 3, 5, 10, 0, 2, tzinfo=UTC)
    assert bounce.reason == "550 5.1.1 <ada@example.org>: Recipient address rejected"


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Mon, 5 Mar 2029 10:00:02 +2359", datetime(2029, 3, 4, 10, 1, 2, tzinfo=UTC)),
        ("Mon, 5 Mar 2029 10:00:02 -1600", datetime(2029, 3, 6, 2, 0, 2, tzinfo=UTC)),
        ("Mon, 5 Mar 2029 10:00:02 -0000", datetime(2029, 3, 5, 10, 0, 2, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("soon", None),
    ],
)
def test_a_moment_is_in_utc_whatever_the_servers_clock(date: str, moment: datetime | None) -> None:
    bounce = one(mail(POSTFIX).replace(b"Mon,  5 Mar 2029 10:00:02 +0000 (UTC)", date.encode()))
    assert bounce.occurred_at == moment
    assert bounce.occurred_at is None or bounce.occurred_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("action", "status", "kind", "blame"),
    [
        ("failed", "5.1.1", Kind.BOUNCED, Blame.HARD),
        ("failed", "5.2.2", Kind.BOUNCED, Blame.SOFT),
        ("failed", "4.4.7", Kind.BOUNCED, Blame.SOFT),
        ("failed", "5.7.1", Kind.BOUNCED, None),
        ("failed", "4.7.1", Kind.BOUNCED, None),
        ("failed", "5.3.4", Kind.BOUNCED, None),
        ("Failed", "5.1.1 (no such user)", Kind.BOUNCED, Blame.HARD),
        ("failed (undeliverable)", "5.1.1", Kind.BOUNCED, Blame.HARD),
        ("delayed", "4.4.1", Kind.DEFERRED, None),
        ("delivered", "2.0.0", Kind.DELIVERED, None),
        ("relayed", "2.0.0", Kind.SENT, None),
    ],
)
def test_action_and_status_say_what_it_is(
    action: str, status: str, kind: Kind, blame: Blame | None
) -> None:
    receipt = one(mail(POSTFIX, action=action, status=status, said="250 ok"))
    assert (receipt.kind, receipt.blame) == (kind, blame)


def test_one_report_again_is_the_same_event_and_another_is_not() -> None:
    again = mail(POSTFIX)
    other = again.replace(b"4A1B2C3D4E@mx", b"5B1B2C3D4E@mx")
    assert one(again).event_id == one(again).event_id != one(other).event_id


@pytest.mark.parametrize(
    ("feedback", "kind"), [("abuse", Kind.COMPLAINED), ("opt-out", Kind.UNSUBSCRIBED)]
)
def test_a_complaint_is_understood(feedback: str, kind: Kind) -> None:
    complaint = one(mail(COMPLAINT, to="fbl@shop.example", feedback=feedback))
    assert (complaint.kind, complaint.delivery_id) == (kind, 42)


# --- to whom it came


def test_a_signed_address_says_which_delivery_had_the_number() -> None:
    assert one(mail(POSTFIX)).identity == "0" * 10
    assert (
        one(mail(POSTFIX, to="bounces+42@shop.example", returned="x@shop.example")).identity is None
    )


@pytest.mark.parametrize("recipient", [OURS, OURS.upper()])
def test_what_the_mail_server_says_counts_first(recipient: str) -> None:
    raw = mail(POSTFIX, to="postmaster@shop.example", returned="x@shop.example", id=NOT_OURS)
    assert one(raw, recipient=recipient).delivery_id == 42


def test_a_signed_address_needs_no_other_proof() -> None:
    assert one(mail(POSTFIX, id=NOT_OURS)).message_id is None


def test_without_a_secret_the_message_id_must_be_the_one_that_was_sent() -> None:
    plain = "bounces+42@shop.example"
    raw = mail(POSTFIX, to=plain, returned=plain)
    assert one(raw, UNSIGNED).message_id == ID
    with pytest.raises(Unproven):
        one(mail(POSTFIX, to=plain, returned=plain, id=NOT_OURS), UNSIGNED)


def test_the_envelope_id_names_the_delivery_where_the_address_does_not() -> None:
    elsewhere = {"to": "postmaster@shop.example", "returned": "x@shop.example"}
    assert one(mail(POSTFIX, **elsewhere), UNSIGNED).delivery_id == 42
    with pytest.raises(Unproven, match="names no delivery"):
        one(mail(POSTFIX, envelope_id="another's", **elsewhere), UNSIGNED)
    with pytest.raises(Unproven, match="Message-ID of ours"):
        one(mail(POSTFIX, id=NOT_OURS, **elsewhere), UNSIGNED)


@pytest.mark.parametrize("id", [ID, NOT_OURS])
def test_a_forged_signature_is_refused_whatever_else_it_says(id: str) -> None:  # noqa: A002
    with pytest.raises(Unproven, match="not signed by us"):
        receipts_in(mail(POSTFIX, to=FORGED, returned=FORGED, id=id), SIGNED)


def test_an_unsigned_address_that_anybody_can_write_to_proves_nothing() -> None:
    plain = "bounces+1@shop.example"
    with pytest.raises(Unproven):
        receipts_in(mail(POSTFIX, to=plain, returned=plain, id=NOT_OURS), SIGNED)


# --- what is none


@pytest.mark.parametrize("headers", REPLIES.values(), ids=REPLIES)
def test_replies_are_ignored(headers: str) -> None:
    reply = (
        f"{headers}\nTo: {{to}}\n\nThe following addresses had a holiday, ada@example.org, 5.1.1\n"
    )
    with pytest.raises(NotABounce, match=r"an automatic reply|an answer"):
        receipts_in(mail(reply), SIGNED)


@pytest.mark.parametrize(
    "headers",
    [
        "From: MAILER-DAEMON\nSubject: Undeliverable: Your vacation booking",
        "From: mx@example.org\nSubject: Undeliverable: Your vacation booking",
        "From: Mail Delivery System <mx@example.org>\nSubject: Your vacation booking (failed)",
        "From: <>\nSubject: =?utf-8?q?_Unzustellbar=3A_Abwesenheit?=\nAuto-Submitted: auto-replied",
    ],
)
def test_a_mail_about_a_vacation_that_is_given_back_is_a_bounce(headers: str) -> None:
    assert one(mail(f"{headers}\nTo: {{to}}\n\nNope.\n")).kind is Kind.BOUNCED


def test_an_absence_is_one_whatever_it_is_about() -> None:
    absent = "From: ada@example.org\nSubject: Out of office: Undeliverable parcels\nTo: {to}\n\n"
    with pytest.raises(NotABounce, match="an automatic reply"):
        receipts_in(mail(absent), SIGNED)


def test_a_long_subject_is_read_in_time() -> None:
    subject = "deliver" * 30_000
    assert one(mail(f"From: <>\nSubject: {subject}\nTo: {{to}}\n\n")).kind is Kind.BOUNCED


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_a_long_field_of_an_encoded_report_is_read_in_time(encoding: str) -> None:
    written = f"Content-Type: message/delivery-status\nContent-Transfer-Encoding: {encoding}\n\n"
    long = crlf(f"{written}X-Long: ") + b"\xff" * 150_000 + b"\r\n"
    report = mail(POSTFIX).replace(b"Content-Type: message/delivery-status\r\n\r\n", long)
    assert report != mail(POSTFIX)
    assert one(report).kind is Kind.BOUNCED


def test_a_long_list_of_addresses_is_read_in_time() -> None:
    listed = mail("From: mx@example.org\nTo: {to}" + ",@" * 125_000 + "\n\nNope.\n")
    assert one(listed).delivery_id == 42


def test_what_comes_to_an_address_that_is_not_signed_is_no_bounce_in_whatever_words() -> None:
    words = "From: mailer-daemon@example.org\nTo: {to}\n\nNope.\n"
    with pytest.raises(NotABounce, match="no report of a mail server"):
        receipts_in(mail(words, to="bounces+42@shop.example"), SIGNED)
    with pytest.raises(Unproven):
        receipts_in(mail(words, to=FORGED), SIGNED)


def test_a_bounce_of_a_bounce_says_nothing_of_a_person() -> None:
    double = mail(POSTFIX, to="postmaster@shop.example", returned="", id=NOT_OURS, envelope_id="")
    with pytest.raises(Unproven):
        receipts_in(double.replace(b"ada@example.org", OURS.encode()), SIGNED)


def test_a_complaint_is_known_by_what_servers_noted_on_the_way() -> None:
    (sample,) = [each for each in SAMPLES if each.name == "Microsoft, naming whose it is"]
    elsewhere = mail(sample.mail).replace(b"To: " + OURS.encode(), b"To: abuse@shop.example", 1)
    assert one(elsewhere).delivery_id == 42
    with pytest.raises(Unproven):
        one(elsewhere.replace(OURS.encode(), b"from@shop.example"))


def test_a_report_that_is_no_complaint_is_ignored() -> None:
    with pytest.raises(NotABounce):
        receipts_in(mail(COMPLAINT, feedback="not-spam"), SIGNED)


@pytest.mark.parametrize(
    ("status", "kind"),
    [("5.1.1", Kind.BOUNCED), ("4.2.2", Kind.DEFERRED), ("2.0.0", Kind.DELIVERED)],
)
def test_an_unknown_action_is_what_its_status_says(status: str, kind: Kind) -> None:
    assert one(mail(POSTFIX, action="pondering", status=status, said="")).kind is kind


def test_a_report_that_says_nothing_is_a_bounce_that_blames_nobody() -> None:
    bounce = one(mail(POSTFIX, action="pondering", status="", said=""))
    assert (bounce.kind, bounce.blame, bounce.detail) == (Kind.BOUNCED, None, {"format": "unknown"})


ENDLESS = {
    "parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(3000)
    ),
    "mails": b"Content-Type: message/rfc822\r\n\r\n" * 3000,
}
#: A number that the standard library takes for one, and Python refuses to read.
BROKEN = b"Content-Type: multipart/mixed; boundary*" + b"1" * 5000 + b"*=x\r\n\r\n--x\r\n"
UNREADABLE = {**ENDLESS, "a broken header": BROKEN, "a word": b"\r\n" + b"boundary " * 21}


@pytest.mark.parametrize("nested", ENDLESS.values(), ids=ENDLESS)
def test_parts_within_parts_without_end_are_ignored(nested: bytes) -> None:
    with pytest.raises(NotABounce, match="without end"):
        receipts_in(nested, SIGNED)


def test_what_cannot_be_read_and_came_to_nobody_in_particular_is_ignored() -> None:
    with pytest.raises(NotABounce, match="cannot be read"):
        receipts_in(BROKEN, SIGNED)
    with pytest.raises(Unproven, match="not signed by us"):
        receipts_in(BROKEN, SIGNED, FORGED)


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_and_came_to_a_signed_address_is_a_bounce_that_blames_nobody(
    raw: bytes,
) -> None:
    for bounce in (one(raw, recipient=OURS), one(f"To: <{OURS}>\r\n".encode() + raw)):
        assert (bounce.kind, bounce.delivery_id) == (Kind.BOUNCED, 42)
        assert (bounce.blame, bounce.detail) == (None, {"format": "unknown"})
        # Without any, SQL takes it for the person's own, and suppresses only if that is to blame.
        assert bounce.addresses is None


@pytest.mark.parametrize("headers", [REPLIES["a note of absence"], REPLIES["an answer"]])
@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
def test_replies_that_cannot_be_read_are_ignored_all_the_same(headers: str, raw: bytes) -> None:
    with pytest.raises(NotABounce, match=r"an automatic reply|an answer"):
        receipts_in(crlf(f"{headers}\n") + raw, SIGNED, OURS)


@pytest.mark.parametrize("name", ["To", "Delivered-To"])
def test_comments_within_comments_without_end_name_no_address(name: str) -> None:
    endless = f"{name}: {'(' * 1000}\nFrom: mx@example.org\n\nNope.\n"
    with pytest.raises(NotABounce):
        receipts_in(crlf(endless), SIGNED)
    assert one(crlf(endless), recipient=OURS).delivery_id == 42
    assert one(mail("To: " + "(" * 1000 + "\nTo: {to}\n\nNope.\n")).delivery_id == 42


def test_comments_within_comments_without_end_are_no_recipient_of_a_report() -> None:
    recipient = b"Final-Recipient: rfc822; ada@example.org"
    endless = mail(POSTFIX).replace(recipient, b"Final-Recipient: rfc822; " + b"(" * 1000)
    assert set(one(endless).addresses or ()) == {"ada@example.org"}


def test_what_is_given_back_is_read_no_further_than_its_headers() -> None:
    headers = b"Content-Type: text/rfc822-headers\r\n\r\n"
    endless = headers + b"Content-Type: message/rfc822\r\n\r\n" * 3000
    assert one(mail(POSTFIX).replace(headers, endless)).kind is Kind.BOUNCED


def test_a_report_is_understood_however_long_the_mail_is_that_it_gives_back() -> None:
    long = mail(EXCHANGE).removesuffix(b"--a1--\r\n") + b"a line of ours\r\n" * 40_000
    assert one(long) == one(mail(EXCHANGE))


@pytest.mark.parametrize(
    "line",
    ["," * 4000, ",@" * 4000, "<" * 9000, "a" * 9000 + "@", ", " + "@" * 9000, "5.1." * 4000],
    ids=lambda line: line[:4],
)
def test_a_long_text_against_the_patterns_is_read_in_time(line: str) -> None:
    body = "did not reach the following recipient\n" + f"{line}\n" * 30
    assert one(mail(f"From: <>\nTo: {{to}}\n\n{body}")).kind is Kind.BOUNCED


ANY = st.sampled_from(
    [mail(shape) for shape in (POSTFIX, EXCHANGE, EXIM, COMPLAINT, ABSENT)]
    + [mail(sample.mail) for sample in SAMPLES]
)


@given(st.binary(max_size=400))
def test_garbage_that_comes_to_a_signed_address_is_a_bounce_or_a_reply(raw: bytes) -> None:
    try:
        (receipt,) = receipts_in(raw, SIGNED, OURS)
    except NotABounce:
        return
    assert receipt.delivery_id == 42


@given(st.binary(max_size=400))
def test_garbage_is_no_error_of_ours(raw: bytes) -> None:
    with pytest.raises((NotABounce, Unproven)):
        receipts_in(raw, SIGNED)


@given(sample=ANY, at=st.integers(0, 2000), length=st.integers(0, 400), junk=st.binary())
def test_a_report_with_holes_is_no_error_of_ours(
    sample: bytes, at: int, length: int, junk: bytes
) -> None:
    damaged = sample[:at] + junk + sample[at + length :]
    try:
        receipts = receipts_in(damaged, SIGNED)
    except (NotABounce, Unproven):
        return
    assert all((receipt.delivery_id, receipt.message_id) in KNOWN for receipt in receipts)
    assert receipts
