"""What a reply means: the enhanced code before the basic one, and the step it was given at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.delivery.model import FailureScope, Refused, Retry, Unknown
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.base import MISCONFIGURED
from dispatcher.providers.smtp_reply import SmtpPhase, SmtpReply


def test_a_bad_address_is_refused_and_suppressed() -> None:
    outcome = SmtpReply(550, "5.1.1 no such mailbox").declined(SmtpPhase.RECIPIENT)

    assert outcome == Refused(
        reason="RCPT: 550 5.1.1 no such mailbox", code="550 5.1.1", blame=Blame.HARD
    )


@pytest.mark.parametrize(
    ("basic", "text"),
    [
        (550, "no such user"),  # may be policy as well: RFC 5321, 4.2.3
        (550, "5.7.1 blocked by policy"),
        (550, "5.7.26 unauthenticated mail"),
        (550, "5.1.8 bad sender"),
        (552, "5.3.4 too big"),
        (554, "5.4.6 loop"),
        (554, "5.1.11 no such code"),
        (554, "5.1.1.1 no such code"),
    ],
)
def test_other_permanent_refusals_do_not_blame_the_address(basic: int, text: str) -> None:
    outcome = SmtpReply(basic, text).declined(SmtpPhase.RECIPIENT)

    assert isinstance(outcome, Refused)
    assert not outcome.blame


@pytest.mark.parametrize(
    ("basic", "text", "phase"),
    [
        (451, "later", SmtpPhase.RECIPIENT),
        (450, "4.2.0 greylisted", SmtpPhase.RECIPIENT),
        (421, "4.3.2 shutting down", SmtpPhase.DATA),
        (421, "5.7.1 go away", SmtpPhase.ACCEPT),
        (552, "5.2.2 mailbox full", SmtpPhase.RECIPIENT),
        (550, "5.2.2 mailbox full", SmtpPhase.ACCEPT),
        (552, "quota", SmtpPhase.RECIPIENT),
        (550, "4.7.1 greylisted", SmtpPhase.RECIPIENT),
        (554, "no service here", SmtpPhase.CONNECT),
        (550, "5.7.1 blocked", SmtpPhase.HELLO),
        (354, "go on", SmtpPhase.MAIL),
        (250, "fine", SmtpPhase.DATA),
        (-1, "Malformed", SmtpPhase.RECIPIENT),
    ],
)
def test_what_may_pass_is_a_retry(basic: int, text: str, phase: SmtpPhase) -> None:
    assert isinstance(SmtpReply(basic, text).declined(phase), Retry)


def test_the_enhanced_code_wins_over_the_basic_one() -> None:
    outcome = SmtpReply(450, "5.1.1 unknown user").declined(SmtpPhase.RECIPIENT)

    assert isinstance(outcome, Refused)
    assert outcome.blame


@pytest.mark.parametrize("phase", [SmtpPhase.MAIL])
def test_a_bad_address_code_about_the_sender_does_not_blame_the_recipient(phase: SmtpPhase) -> None:
    outcome = SmtpReply(550, "5.1.1 sender unknown").declined(phase)

    assert isinstance(outcome, Refused)
    assert not outcome.blame


@pytest.mark.parametrize(
    ("basic", "phase"), [(535, SmtpPhase.LOGIN), (530, SmtpPhase.MAIL), (504, SmtpPhase.LOGIN)]
)
def test_a_failed_login_is_our_configuration_and_keeps_the_mail(
    basic: int, phase: SmtpPhase
) -> None:
    outcome = SmtpReply(basic, "5.7.8 wrong password").declined(phase)

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.CONFIGURATION
    assert outcome.reason.startswith(MISCONFIGURED)


def test_a_login_server_that_is_down_is_not_our_configuration() -> None:
    outcome = SmtpReply(454, "4.7.0 try later").declined(SmtpPhase.LOGIN)

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.PROVIDER
    assert not outcome.reason.startswith(MISCONFIGURED)


@pytest.mark.parametrize(
    ("basic", "text", "phase"),
    [
        (421, "4.3.2 shutting down", SmtpPhase.RECIPIENT),
        (554, "no service here", SmtpPhase.CONNECT),
        (550, "5.7.1 blocked", SmtpPhase.HELLO),
        (451, "try again", SmtpPhase.MAIL),
        (452, "4.3.1 insufficient system storage", SmtpPhase.RECIPIENT),
        (451, "4.3.0 queue file write error", SmtpPhase.ACCEPT),
        (452, "out of space", SmtpPhase.ACCEPT),
        (354, "go on", SmtpPhase.MAIL),
    ],
)
def test_a_server_in_trouble_is_the_providers_fault(
    basic: int, text: str, phase: SmtpPhase
) -> None:
    outcome = SmtpReply(basic, text).declined(phase)

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.PROVIDER


@pytest.mark.parametrize(
    ("basic", "text", "phase"),
    [
        (450, "4.2.0 greylisted", SmtpPhase.RECIPIENT),
        (451, "4.7.1 greylisted", SmtpPhase.MAIL),
        (451, "please try again later", SmtpPhase.RECIPIENT),
        (452, "mailbox has no room", SmtpPhase.RECIPIENT),
        (552, "5.2.2 mailbox full", SmtpPhase.RECIPIENT),
        (451, "4.4.1 no answer from host", SmtpPhase.DATA),
        (450, "4.1.8 sender's domain not found", SmtpPhase.MAIL),
    ],
)
def test_what_concerns_one_mail_is_not_the_providers_fault(
    basic: int, text: str, phase: SmtpPhase
) -> None:
    outcome = SmtpReply(basic, text).declined(phase)

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.MESSAGE


def test_nonsense_after_the_final_dot_is_unknown() -> None:
    assert isinstance(SmtpReply(-1, "Malformed").declined(SmtpPhase.ACCEPT), Unknown)
    assert isinstance(SmtpReply(354, "go on").declined(SmtpPhase.ACCEPT), Unknown)


def test_the_address_is_taken_out_of_the_reason() -> None:
    outcome = SmtpReply(550, "5.1.1 <Ann@Example.org>: unknown").declined(
        SmtpPhase.RECIPIENT, "ann@example.org"
    )

    assert outcome.reason == "RCPT: 550 5.1.1 <…>: unknown"


@given(
    st.integers(-1, 999),
    st.text(alphabet="245.01 x\n", max_size=12),
    st.sampled_from(list(SmtpPhase)),
)
def test_every_reply_means_something(basic: int, text: str, phase: SmtpPhase) -> None:
    outcome = SmtpReply(basic, text).declined(phase)

    assert outcome.reason.isprintable()
    assert isinstance(outcome, Retry | Refused | Unknown)
    assert phase is SmtpPhase.ACCEPT or not isinstance(outcome, Unknown)
