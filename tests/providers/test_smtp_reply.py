"""What a reply means: the enhanced code before the basic one, and the step it was given at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.delivery.model import Fault, Refused, Retry, Unknown
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.base import MISCONFIGURED
from dispatcher.providers.smtp_reply import Phase, Reply


def test_a_bad_address_is_refused_and_suppressed() -> None:
    outcome = Reply(550, "5.1.1 no such mailbox").declined(Phase.RECIPIENT)

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
    outcome = Reply(basic, text).declined(Phase.RECIPIENT)

    assert isinstance(outcome, Refused)
    assert not outcome.blame


@pytest.mark.parametrize(
    ("basic", "text", "phase"),
    [
        (451, "later", Phase.RECIPIENT),
        (450, "4.2.0 greylisted", Phase.RECIPIENT),
        (421, "4.3.2 shutting down", Phase.DATA),
        (421, "5.7.1 go away", Phase.ACCEPT),
        (552, "5.2.2 mailbox full", Phase.RECIPIENT),
        (550, "5.2.2 mailbox full", Phase.ACCEPT),
        (552, "quota", Phase.RECIPIENT),
        (550, "4.7.1 greylisted", Phase.RECIPIENT),
        (554, "no service here", Phase.CONNECT),
        (550, "5.7.1 blocked", Phase.HELLO),
        (354, "go on", Phase.MAIL),
        (250, "fine", Phase.DATA),
        (-1, "Malformed", Phase.RECIPIENT),
    ],
)
def test_what_may_pass_is_a_retry(basic: int, text: str, phase: Phase) -> None:
    assert isinstance(Reply(basic, text).declined(phase), Retry)


def test_the_enhanced_code_wins_over_the_basic_one() -> None:
    outcome = Reply(450, "5.1.1 unknown user").declined(Phase.RECIPIENT)

    assert isinstance(outcome, Refused)
    assert outcome.blame


@pytest.mark.parametrize("phase", [Phase.MAIL])
def test_a_bad_address_code_about_the_sender_does_not_blame_the_recipient(phase: Phase) -> None:
    outcome = Reply(550, "5.1.1 sender unknown").declined(phase)

    assert isinstance(outcome, Refused)
    assert not outcome.blame


@pytest.mark.parametrize(
    ("basic", "phase"), [(535, Phase.LOGIN), (530, Phase.MAIL), (504, Phase.LOGIN)]
)
def test_a_failed_login_is_our_configuration_and_keeps_the_mail(basic: int, phase: Phase) -> None:
    outcome = Reply(basic, "5.7.8 wrong password").declined(phase)

    assert isinstance(outcome, Retry)
    assert outcome.fault is Fault.CONFIGURATION
    assert outcome.reason.startswith(MISCONFIGURED)


def test_a_login_server_that_is_down_is_not_our_configuration() -> None:
    outcome = Reply(454, "4.7.0 try later").declined(Phase.LOGIN)

    assert isinstance(outcome, Retry)
    assert outcome.fault is Fault.PROVIDER
    assert not outcome.reason.startswith(MISCONFIGURED)


@pytest.mark.parametrize(
    ("basic", "text", "phase"),
    [
        (421, "4.3.2 shutting down", Phase.RECIPIENT),
        (554, "no service here", Phase.CONNECT),
        (550, "5.7.1 blocked", Phase.HELLO),
        (451, "try again", Phase.MAIL),
        (452, "4.3.1 insufficient system storage", Phase.RECIPIENT),
        (451, "4.3.0 queue file write error", Phase.ACCEPT),
        (452, "out of space", Phase.ACCEPT),
        (354, "go on", Phase.MAIL),
    ],
)
def test_a_server_in_trouble_is_the_providers_fault(basic: int, text: str, phase: Phase) -> None:
    outcome = Reply(basic, text).declined(phase)

    assert isinstance(outcome, Retry)
    assert outcome.fault is Fault.PROVIDER


@pytest.mark.parametrize(
    ("basic", "text", "phase"),
    [
        (450, "4.2.0 greylisted", Phase.RECIPIENT),
        (451, "4.7.1 greylisted", Phase.MAIL),
        (451, "please try again later", Phase.RECIPIENT),
        (452, "mailbox has no room", Phase.RECIPIENT),
        (552, "5.2.2 mailbox full", Phase.RECIPIENT),
        (451, "4.4.1 no answer from host", Phase.DATA),
        (450, "4.1.8 sender's domain not found", Phase.MAIL),
    ],
)
def test_what_concerns_one_mail_is_not_the_providers_fault(
    basic: int, text: str, phase: Phase
) -> None:
    outcome = Reply(basic, text).declined(phase)

    assert isinstance(outcome, Retry)
    assert outcome.fault is Fault.MESSAGE


def test_nonsense_after_the_final_dot_is_unknown() -> None:
    assert isinstance(Reply(-1, "Malformed").declined(Phase.ACCEPT), Unknown)
    assert isinstance(Reply(354, "go on").declined(Phase.ACCEPT), Unknown)


def test_the_address_is_taken_out_of_the_reason() -> None:
    outcome = Reply(550, "5.1.1 <Ann@Example.org>: unknown").declined(
        Phase.RECIPIENT, "ann@example.org"
    )

    assert outcome.reason == "RCPT: 550 5.1.1 <…>: unknown"


@given(
    st.integers(-1, 999), st.text(alphabet="245.01 x\n", max_size=12), st.sampled_from(list(Phase))
)
def test_every_reply_means_something(basic: int, text: str, phase: Phase) -> None:
    outcome = Reply(basic, text).declined(phase)

    assert outcome.reason.isprintable()
    assert isinstance(outcome, Retry | Refused | Unknown)
    assert phase is Phase.ACCEPT or not isinstance(outcome, Unknown)
