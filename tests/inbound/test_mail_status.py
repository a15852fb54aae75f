"""What a status code says of an address: one answer, wherever the code comes from."""

from __future__ import annotations

import json

import pytest

from dispatcher.delivery.model import Refused
from dispatcher.gateway.webhooks import sendgrid
from dispatcher.inbound.bounces import receipts_in
from dispatcher.inbound.links import ReturnPath
from dispatcher.inbound.mail_status import blame_of, status_in
from dispatcher.inbound.receipts import Blame
from dispatcher.inbound.signing import Signer
from dispatcher.providers.smtp_reply import SmtpPhase, SmtpReply
from tests.support.bounce_mails import ID, POSTFIX, crlf

RETURN_PATH = ReturnPath(signer=Signer(["what we sign with, and nobody else"]))

PERMANENT = {
    "5.1.0": Blame.SOFT,
    "5.1.1": Blame.HARD,
    "5.1.2": Blame.HARD,
    "5.1.3": Blame.HARD,
    "5.1.6": Blame.HARD,
    "5.1.7": None,
    "5.1.8": None,
    "5.1.10": Blame.HARD,
    "5.1.351": Blame.HARD,
    "5.2.0": Blame.SOFT,
    "5.2.1": Blame.SOFT,
    "5.3.4": None,
    "5.4.1": Blame.SOFT,
    "5.4.4": Blame.HARD,
    "5.7.1": None,
    "5.7.26": None,
}


def in_the_session(code: str) -> Blame | None:
    outcome = SmtpReply(550, f"{code} no").declined(SmtpPhase.RECIPIENT)
    assert isinstance(outcome, Refused)
    return outcome.blame


def in_a_mail_that_comes_back(code: str) -> Blame | None:
    to = RETURN_PATH.of(42, "0" * 32, "shop.example")
    fields = {"to": to, "returned": to, "id": ID, "action": "failed", "envelope_id": "", "said": ""}
    (receipt,) = receipts_in(crlf(POSTFIX.format_map({**fields, "status": code})), RETURN_PATH)
    return receipt.blame


def in_a_report_of_sendgrids(code: str) -> Blame | None:
    event = {
        "event": "bounce", "sg_event_id": "e1", "postbell_delivery_id": "42", "status": code,
        "type": "bounce",
    }  # fmt: skip
    (receipt,) = sendgrid.receipts_in(json.dumps([event]))
    return receipt.blame


@pytest.mark.parametrize(("code", "blame"), PERMANENT.items())
def test_a_code_means_the_same_wherever_it_comes_from(code: str, blame: Blame | None) -> None:
    assert in_the_session(code) is blame
    assert in_a_mail_that_comes_back(code) is blame
    assert in_a_report_of_sendgrids(code) is blame


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("550 5.1.1 no such user", "5.1.1"),
        ("550-5.1.1 no such user", "5.1.1"),
        ("no mailbox here (#5.1.1)", "5.1.1"),
        ("Mailer 4.9.12 said: 550 5.7.1 go away", "5.7.1"),
        ("Status: 5.2.2", "5.2.2"),
        ("5.1.1.9 is an address, 15.1.1 nothing", None),
        ("550 no", None),
    ],
)
def test_a_status_code_is_found_where_a_server_writes_it(text: str, code: str | None) -> None:
    assert status_in(text) == code


@pytest.mark.parametrize("status", [None, "", "nonsense", "5.0.0", "2.0.0"])
def test_what_says_nothing_blames_nobody(status: str | None) -> None:
    assert blame_of(status) is None
