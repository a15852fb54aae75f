"""Our SMTP against a real mail server: what it takes, what it refuses, and its bounces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from dispatcher.delivery.model import Refused, Retry, Sent
from dispatcher.inbound.bounces import receipts_in
from dispatcher.inbound.links import ReturnPath
from dispatcher.inbound.receipts import Blame, Kind
from dispatcher.providers.smtp import Smtp
from dispatcher.providers.smtp_connection import SmtpEndpoint
from dispatcher.rendering.content import EmailContent
from tests.support.deliveries import a_delivery, email_channel
from tests.support.messages import an_email
from tests.support.peers.postfix import LARGEST_MAIL, RELAYED, SPAM, Postfix
from tests.support.smtp_peer import Say, SmtpPeer
from tests.support.waiting import seen

pytestmark = pytest.mark.slow

TLS = Path(__file__).parents[1] / "support" / "tls"


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    with Postfix(certificate=TLS / "localhost.crt", key=TLS / "localhost.key") as postfix:
        yield postfix


@pytest.fixture
async def smtp(postfix: Postfix) -> AsyncIterator[Smtp]:
    provider = Smtp(SmtpEndpoint.from_url(f"{postfix.url}?tls=off"))
    await provider.open()
    yield provider
    await provider.close()


async def arrived(postfix: Postfix, mailbox: str, message_id: str) -> EmailMessage:
    """The mail with that Message-ID, as soon as it is in the mailbox."""

    def found() -> list[EmailMessage]:
        return [mail for mail in postfix.mailbox(mailbox) if mail["Message-ID"] == message_id]

    await seen(found, f"{message_id} in {mailbox}")
    [mail] = found()
    return mail


async def test_a_mail_is_taken_with_250_and_arrives_in_its_mailbox(
    postfix: Postfix, smtp: Smtp
) -> None:
    email = an_email(1, envelope_from="bounces+1@shop.example")

    outcome = await smtp.send(email)

    assert outcome == Sent(email.message_id, code="250 2.0.0")
    mail = await arrived(postfix, "ann", email.message_id)
    assert mail["Return-Path"] == "<bounces+1@shop.example>"
    assert mail["Delivered-To"] == "ann@example.org"
    assert mail.get_content() == "Thank you.\n"


async def test_a_mail_of_our_channel_arrives_as_it_was_written(
    postfix: Postfix, smtp: Smtp
) -> None:
    content = EmailContent(
        "Zahlung über 19,90 € erhalten — danke!", "Grüße\n.\n..zwei\n", "<p>Grüße</p>\n"
    )
    email = email_channel("Bücher & Söhne").message(a_delivery(number=2), content)
    assert not isinstance(email, Refused)

    assert isinstance(await smtp.send(email), Sent)

    mail = await arrived(postfix, "ann", email.message_id)
    assert mail["Subject"] == content.subject
    assert mail["From"].addresses[0].display_name == "Bücher & Söhne"
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines() == content.text.splitlines()
    assert not mail.defects


async def test_a_line_longer_than_any_server_takes_arrives_whole(
    postfix: Postfix, smtp: Smtp
) -> None:
    line = "word " * 2_000
    email = an_email(3, text=f"{line}\n", subject="x" * 900)

    assert isinstance(await smtp.send(email), Sent)

    mail = await arrived(postfix, "ann", email.message_id)
    assert mail.get_content() == f"{line}\n"
    assert mail["Subject"] == "x" * 900


async def test_an_unknown_mailbox_is_refused_with_550_and_suppressed(smtp: Smtp) -> None:
    outcome = await smtp.send(an_email(to="nobody@example.org"))

    assert isinstance(outcome, Refused)
    assert outcome.code == "550 5.1.1"
    assert outcome.blame
    assert "nobody@example.org" not in outcome.reason


async def test_a_550_of_policy_is_refused_without_blaming_the_address(smtp: Smtp) -> None:
    outcome = await smtp.send(an_email(to="banned@example.org"))

    assert isinstance(outcome, Refused)
    assert outcome.code == "550 5.7.1"
    assert not outcome.blame


async def test_a_relay_that_is_not_allowed_is_not_the_recipients_fault(smtp: Smtp) -> None:
    outcome = await smtp.send(an_email(to="ann@elsewhere.example"))

    assert isinstance(outcome, Refused)
    assert outcome.code == "554 5.7.1"
    assert not outcome.blame


async def test_a_552_full_mailbox_is_tried_again(smtp: Smtp) -> None:
    outcome = await smtp.send(an_email(to="full@example.org"))

    assert isinstance(outcome, Retry)
    assert outcome.code == "552 5.2.2"


async def test_a_greylisting_450_is_tried_again(smtp: Smtp) -> None:
    outcome = await smtp.send(an_email(to="busy@example.org"))

    assert isinstance(outcome, Retry)
    assert outcome.code == "450 4.2.0"


async def test_a_mail_refused_at_the_dot_is_refused_without_blaming_the_address(
    smtp: Smtp,
) -> None:
    outcome = await smtp.send(an_email(subject=f"A {SPAM}"))

    assert isinstance(outcome, Refused)
    assert outcome.code == "550 5.7.1"
    assert not outcome.blame


async def test_a_mail_above_the_announced_size_is_refused_before_it_is_transferred(
    smtp: Smtp,
) -> None:
    outcome = await smtp.send(an_email(text="word\n" * (LARGEST_MAIL // 4)))

    assert isinstance(outcome, Refused)
    assert str(LARGEST_MAIL) in outcome.reason


async def test_a_partial_refusal_costs_only_those_who_were_refused(
    postfix: Postfix, smtp: Smtp
) -> None:
    everybody = ["ann@example.org", "nobody@example.org", "full@example.org"] * 10

    outcomes = await asyncio.gather(
        *(smtp.send(an_email(100 + n, to=address)) for n, address in enumerate(everybody))
    )

    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Sent, Refused, Retry] * 10
    await arrived(postfix, "ann", an_email(100 + 27).message_id)


@pytest.mark.parametrize(
    ("address", "mailbox", "number"),
    [
        ("jürgen@example.org", "juergen", 11),
        ("ann@bücher.example", "ann_idn", 12),
        ("a" * 64 + "@example.org", "longest", 13),
    ],
    ids=["smtputf8", "idn", "64-character local part"],
)
async def test_an_unusual_address_is_delivered_to(
    postfix: Postfix, smtp: Smtp, address: str, mailbox: str, number: int
) -> None:
    content = EmailContent("Order", "Thank you.\n", None)
    email = email_channel().message(a_delivery(address, number=number), content)
    assert not isinstance(email, Refused)

    assert isinstance(await smtp.send(email), Sent)

    await arrived(postfix, mailbox, email.message_id)


async def test_starttls_with_a_certificate_that_verifies_is_used(postfix: Postfix) -> None:
    provider = Smtp(
        SmtpEndpoint.from_url(
            f"smtp+starttls://localhost:{postfix.port}?ca={TLS / 'localhost.crt'}"
        )
    )
    await provider.open()
    email = an_email(20)

    outcome = await provider.send(email)
    await provider.close()

    assert isinstance(outcome, Sent)
    mail = await arrived(postfix, "ann", email.message_id)
    assert "ESMTPS" in mail["Received"]


@pytest.fixture
async def next_hop() -> AsyncIterator[SmtpPeer]:
    """The mail server that ours forwards to."""
    server = SmtpPeer(extensions=("ENHANCEDSTATUSCODES",))
    await server.start()
    yield server
    await server.stop()


async def test_a_bounce_comes_back_to_our_return_path_and_names_the_delivery(
    next_hop: SmtpPeer,
) -> None:
    next_hop.always("RCPT", Say("550 5.1.1 nobody of that name"))
    content = EmailContent("Order", "Thank you.\n", None)
    email = email_channel().message(a_delivery(f"gone@{RELAYED}"), content)
    assert not isinstance(email, Refused)
    with Postfix(relay=next_hop.port) as postfix:
        provider = Smtp(SmtpEndpoint.from_url(postfix.url))
        await provider.open()

        outcome = await provider.send(email)

        await provider.close()
        await seen(lambda: postfix.mailbox("bounces"), "a bounce")
        [bounce] = postfix.mailbox("bounces")

    # Taken, and refused by the next server: only the bounce tells.
    assert isinstance(outcome, Sent)
    assert bounce["Delivered-To"] == "bounces+42@shop.example"
    assert bounce.get_content_type() == "multipart/report"
    [report] = [part for part in bounce.iter_parts() if "delivery-status" in part["Content-Type"]]
    about_mail, about_recipient = report.iter_parts()
    assert about_mail["Original-Envelope-Id"] == "postbell-42"
    assert about_recipient["Final-Recipient"] == f"rfc822; gone@{RELAYED}"
    assert about_recipient["Action"] == "failed"
    [receipt] = receipts_in(bounce.as_bytes(), ReturnPath())
    assert (receipt.kind, receipt.delivery_id, receipt.code) == (Kind.BOUNCED, 42, "5.1.1")
    assert (receipt.message_id, receipt.blame) == (email.message_id, Blame.HARD)
    assert about_recipient["Status"] == "5.1.1"
