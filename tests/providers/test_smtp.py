"""What is SMTP's own: phases, connections used again, envelopes, extensions."""

from __future__ import annotations

import asyncio
import base64

import pytest

from dispatcher.delivery.model import FailureScope, Refused, Retry, Sent, Unknown
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.base import MISCONFIGURED
from tests.support.messages import an_email
from tests.support.smtp_peer import Drop, Hang, Open, Say, SmtpPeer

BIG = b"x" * 900 + b"\r\n"


async def test_the_envelope_and_the_mail_arrive_as_given(server: SmtpPeer, smtp: Open) -> None:
    provider = await smtp()
    email = an_email(body=b".\r\n..two\r\nend without a line break")

    outcome = await provider.send(email)

    assert outcome == Sent("<postbell.1@shop.example>", code="250 2.0.0")
    [mail] = server.mails
    assert mail.sender == "bounces@shop.example"
    assert mail.recipient == "ann@example.org"
    assert mail.data == email.data + b"\r\n"


async def test_one_connection_carries_mail_after_mail(server: SmtpPeer, smtp: Open) -> None:
    provider = await smtp()

    for number in range(5):
        await provider.send(an_email(number))

    assert server.connections == 1
    assert server.verbs(1) == ["EHLO", *["MAIL", "RCPT", "DATA"] * 5]


async def test_a_connection_is_reset_after_a_refusal(server: SmtpPeer, smtp: Open) -> None:
    provider = await smtp()
    server.once("RCPT", Say("550 5.1.1 no such user"))

    await provider.send(an_email(1))
    outcome = await provider.send(an_email(2))

    assert isinstance(outcome, Sent)
    assert server.verbs(1) == ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA"]


async def test_a_connection_is_replaced_after_so_many_mails(server: SmtpPeer, smtp: Open) -> None:
    provider = await smtp("mails=2")

    for number in range(5):
        await provider.send(an_email(number))
    await provider.close()

    assert server.connections == 3
    assert [server.verbs(n)[-1] for n in (1, 2, 3)] == ["QUIT"] * 3


async def test_an_idle_connection_is_closed_politely(server: SmtpPeer, smtp: Open) -> None:
    provider = await smtp("idle=0.1")
    await provider.send(an_email())

    await server.left_alone()

    assert server.verbs(1)[-1] == "QUIT"


async def test_an_idle_connection_is_asked_before_it_is_trusted(
    server: SmtpPeer, smtp: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatcher.providers.smtp_connection.TRUSTED_IDLE", 0.0)
    provider = await smtp()
    await provider.send(an_email(1))
    server.once("RSET", Hang())

    outcome = await provider.send(an_email(2))

    assert isinstance(outcome, Sent)
    assert server.verbs(1)[-1] == "RSET"
    assert server.connections == 2


@pytest.mark.parametrize(
    "stale",
    [
        Drop(),
        Drop(reset=True),
        Hang(),
        Say("421 4.4.2 idle too long", then_drop=True),
        Say("421 4.7.0 too many mails on this connection"),
        Say("what is this"),
    ],
    ids=str,
)
async def test_a_connection_gone_stale_is_replaced_without_a_word(
    server: SmtpPeer, smtp: Open, stale: Drop | Hang | Say
) -> None:
    provider = await smtp()
    await provider.send(an_email(1))
    server.once("MAIL", stale)

    outcome = await provider.send(an_email(2))

    assert isinstance(outcome, Sent)
    assert len(server.mails) == 2
    assert server.connections == 2


async def test_a_stale_connection_is_replaced_only_once(server: SmtpPeer, smtp: Open) -> None:
    provider = await smtp()
    await provider.send(an_email(1))
    server.always("MAIL", Drop())

    outcome = await provider.send(an_email(2))

    assert outcome == Retry("MAIL: connection lost", scope=FailureScope.PROVIDER)
    assert server.connections == 2


async def test_a_restarted_server_costs_no_mail(server: SmtpPeer, smtp: Open) -> None:
    provider = await smtp("pool=4")
    await asyncio.gather(*(provider.send(an_email(n)) for n in range(8)))

    await server.hang_up()
    outcomes = await asyncio.gather(*(provider.send(an_email(n)) for n in range(8)))

    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert len(server.mails) == 16


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "ACCEPT"])
async def test_421_is_a_retry_on_a_new_connection(server: SmtpPeer, smtp: Open, step: str) -> None:
    provider = await smtp()
    server.once(step, Say("421 4.3.2 closing"))

    first, second = await provider.send(an_email(1)), await provider.send(an_email(2))

    assert isinstance(first, Retry)
    assert first.code == "421 4.3.2"
    assert isinstance(second, Sent)
    assert server.connections == 2


@pytest.mark.parametrize("failure", [Drop(), Drop(reset=True), Hang()], ids=str)
async def test_a_mail_cut_off_in_the_middle_is_not_in_doubt(
    server: SmtpPeer, smtp: Open, failure: Drop | Hang
) -> None:
    provider = await smtp()
    server.always("BODY", failure)

    outcome = await provider.send(an_email(body=BIG * 20_000))

    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith("sending the mail: ")
    assert server.mails == []


async def test_a_timed_out_mail_is_dropped_and_not_flushed_later(
    server: SmtpPeer, smtp: Open
) -> None:
    provider = await smtp()
    server.once("BODY", Hang(1.5))

    outcome = await provider.send(an_email(body=BIG * 20_000))
    await server.left_alone()

    assert isinstance(outcome, Retry)
    assert server.mails == []


async def test_a_mail_accepted_too_late_is_unknown(server: SmtpPeer, smtp: Open) -> None:
    provider = await smtp("accept_timeout=0.2")
    server.once("ACCEPT", Hang(0.5))

    outcome = await provider.send(an_email())

    assert outcome == Unknown("end of mail: timed out")


async def test_a_slow_but_patient_acceptance_is_waited_for(server: SmtpPeer, smtp: Open) -> None:
    provider = await smtp("accept_timeout=9")
    server.once("ACCEPT", Hang(1.5))

    assert isinstance(await provider.send(an_email()), Sent)


@pytest.mark.parametrize("line", ["", "what", "99999999 x", "250-never ending"])
async def test_nonsense_after_the_dot_is_unknown_and_never_an_exception(
    server: SmtpPeer, smtp: Open, line: str
) -> None:
    provider = await smtp()
    server.always("ACCEPT", Say(line, then_drop=True))

    assert isinstance(await provider.send(an_email()), Unknown)


@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("line", ["", "what", "\x00\xff", "250-" + "x" * 40_000, "999 x"])
async def test_nonsense_before_the_dot_is_a_retry_and_never_an_exception(
    server: SmtpPeer, smtp: Open, step: str, line: str
) -> None:
    provider = await smtp()
    server.always(step, Say(line, then_drop=True))

    assert isinstance(await provider.send(an_email()), Retry)


async def test_a_server_without_ehlo_is_greeted_the_old_way(server: SmtpPeer, smtp: Open) -> None:
    provider = await smtp()
    server.always("EHLO", Say("502 what?"))

    assert isinstance(await provider.send(an_email()), Sent)
    assert server.verbs(1)[:2] == ["EHLO", "HELO"]


async def test_a_non_ascii_address_goes_out_where_smtputf8_is_offered(
    server: SmtpPeer, smtp: Open
) -> None:
    server.extensions = ("8BITMIME", "SMTPUTF8")
    provider = await smtp()

    outcome = await provider.send(an_email(to="jürgen@example.org", smtputf8=True))

    assert isinstance(outcome, Sent)
    assert server.mails[0].recipient == "jürgen@example.org"
    assert server.commands[1][1].endswith("SMTPUTF8 BODY=8BITMIME")


async def test_a_non_ascii_address_is_refused_where_it_is_not_offered(
    server: SmtpPeer, smtp: Open
) -> None:
    provider = await smtp()

    outcome = await provider.send(an_email(to="jürgen@example.org", smtputf8=True))

    assert isinstance(outcome, Refused)
    assert "SMTPUTF8" in outcome.reason
    assert not outcome.blame
    assert isinstance(await provider.send(an_email()), Sent)


async def test_the_envelope_names_the_delivery_where_bounces_can_repeat_it(
    server: SmtpPeer, smtp: Open
) -> None:
    server.extensions = ("DSN",)
    provider = await smtp()

    await provider.send(an_email(42))

    assert server.commands[1][1].endswith("> RET=HDRS ENVID=postbell-42")


async def test_a_mail_above_the_servers_limit_is_not_transferred(
    server: SmtpPeer, smtp: Open
) -> None:
    server.extensions = ("SIZE 1000",)
    provider = await smtp()

    outcome = await provider.send(an_email(body=BIG * 2))

    assert isinstance(outcome, Refused)
    assert server.verbs(1) == ["EHLO"]


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example>\r\nRCPT TO:<victim@example.org",
        "a b@example.org",
        "a@b.example\0",
        "<a@b.example>",
        "jürgen@example.org",
        "",
    ],
)
async def test_an_address_that_would_end_its_command_never_reaches_the_server(
    server: SmtpPeer, smtp: Open, address: str
) -> None:
    provider = await smtp()

    recipient = await provider.send(an_email(to=address))
    sender = await provider.send(an_email(envelope_from=address))

    assert isinstance(recipient, Refused)
    assert isinstance(sender, Refused)
    assert server.connections == 0


@pytest.mark.parametrize("body", [b"a\n.\nMAIL FROM:<x>\r\n", b"a\r.\r\r\n", b"a\n.\r\nb\r\n"])
async def test_a_mail_with_bare_line_ends_is_refused(
    server: SmtpPeer, smtp: Open, body: bytes
) -> None:
    provider = await smtp()

    outcome = await provider.send(an_email(body=body))

    assert isinstance(outcome, Refused)
    assert server.connections == 0


async def test_the_reason_shows_neither_address_nor_password(server: SmtpPeer, smtp: Open) -> None:
    server.extensions = ("AUTH PLAIN",)
    provider = await smtp(credentials="shop:hunter22@")
    both = base64.b64encode(b"\0shop\0hunter22").decode()
    server.always("RCPT", Say(f"550 5.1.1 <ann@example.org> unknown, hunter22 {both}"))

    outcome = await provider.send(an_email())

    assert outcome == Refused("RCPT: 550 5.1.1 <…> unknown, … …", "550 5.1.1", blame=Blame.HARD)


async def test_a_wrong_password_is_tried_once_by_one_method(server: SmtpPeer, smtp: Open) -> None:
    server.extensions = ("AUTH LOGIN PLAIN CRAM-MD5",)
    server.always("AUTH", Say("535 5.7.8 wrong"))
    provider = await smtp(credentials="shop:hunter22@")

    outcome = await provider.send(an_email())

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.CONFIGURATION
    assert outcome.reason == f"{MISCONFIGURED}AUTH: 535 5.7.8 wrong"
    assert server.verbs(1) == ["EHLO", "AUTH"]


async def test_a_server_without_login_is_our_configuration(server: SmtpPeer, smtp: Open) -> None:
    provider = await smtp(credentials="shop:hunter22@")

    outcome = await provider.send(an_email())

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.CONFIGURATION
    assert outcome.reason.startswith(MISCONFIGURED)


async def test_a_cancelled_send_gives_its_connection_up(server: SmtpPeer, smtp: Open) -> None:
    provider = await smtp("pool=1&timeout=5")
    server.once("DATA", Hang())
    sending = asyncio.create_task(provider.send(an_email(1)))
    await asyncio.sleep(0.1)

    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)

    assert isinstance(await provider.send(an_email(2)), Sent)
    assert server.connections == 2
