"""Our SMTP against smtp-sink: each fault at each step of a session, by another hand than ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dispatcher.delivery.model import FailureScope, Outcome, Refused, Retry, Sent, Unknown
from dispatcher.providers.smtp import Smtp
from dispatcher.providers.smtp_connection import SmtpEndpoint
from tests.support.messages import an_email
from tests.support.peers import smtp_sink
from tests.support.peers.smtp_sink import (
    CLOSING,
    DELAY,
    DISCONNECT,
    DOT,
    HARD,
    SOFT,
    STEPS,
    SmtpSink,
)

pytestmark = pytest.mark.slow

#: Steps before any mail is named: a refusal there is not about the mail.
SETTING_UP = (smtp_sink.CONNECT, smtp_sink.EHLO)
BEFORE_THE_DOT = tuple(step for step in STEPS if step != DOT)
ABOUT_THE_MAIL = tuple(step for step in STEPS if step not in SETTING_UP)


@asynccontextmanager
async def provider_at(sink: SmtpSink) -> AsyncIterator[Smtp]:
    provider = Smtp(SmtpEndpoint.from_url(f"{sink.url}?timeout=1&accept_timeout=1"))
    await provider.open()
    yield provider
    await provider.close()


async def sent_through(sink: SmtpSink) -> Outcome:
    with sink:
        async with provider_at(sink) as provider:
            return await provider.send(an_email())


async def test_a_mail_arrives_with_its_envelope() -> None:
    with SmtpSink() as sink:
        async with provider_at(sink) as provider:
            outcome = await provider.send(an_email(to="ann@example.org"))
        [taken] = sink.taken

    assert outcome == Sent("<postbell.1@shop.example>", code="250 2.0.0")
    assert "X-Mail-Args: <bounces@shop.example>" in taken
    assert "X-Rcpt-Args: <ann@example.org>" in taken
    assert "Subject: Order 1" in taken


@pytest.mark.parametrize("step", BEFORE_THE_DOT)
async def test_a_disconnect_before_the_dot_is_a_retry(step: str) -> None:
    outcome = await sent_through(SmtpSink(DISCONNECT, step))

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.PROVIDER


async def test_a_connection_dropped_after_the_dot_is_unknown_and_not_sent_again() -> None:
    with SmtpSink(DISCONNECT, DOT) as sink:
        async with provider_at(sink) as provider:
            outcome = await provider.send(an_email())
        taken = sink.taken

    assert outcome == Unknown("end of mail: connection lost")
    # It was read to its end: this is why nobody can know.
    assert len(taken) == 1


@pytest.mark.parametrize("step", BEFORE_THE_DOT)
async def test_a_silence_before_the_dot_is_a_retry(step: str) -> None:
    outcome = await sent_through(SmtpSink(DELAY, step))

    assert isinstance(outcome, Retry)
    assert outcome.reason.endswith("timed out")
    assert outcome.scope is FailureScope.PROVIDER


async def test_a_silence_after_the_dot_is_unknown() -> None:
    assert await sent_through(SmtpSink(DELAY, DOT)) == Unknown("end of mail: timed out")


@pytest.mark.parametrize("step", STEPS)
async def test_a_4xx_is_a_retry_wherever_it_comes(step: str) -> None:
    outcome = await sent_through(SmtpSink(SOFT, step))

    assert isinstance(outcome, Retry)
    assert "450 4.3.0" in f"{outcome.reason} {outcome.code}"


@pytest.mark.parametrize("step", STEPS)
async def test_a_421_is_a_retry_wherever_it_comes(step: str) -> None:
    outcome = await sent_through(SmtpSink(CLOSING, step))

    assert isinstance(outcome, Retry)
    assert "421" in f"{outcome.reason} {outcome.code}"


@pytest.mark.parametrize("step", SETTING_UP)
async def test_a_5xx_before_a_mail_is_named_is_about_the_server_and_a_retry(step: str) -> None:
    outcome = await sent_through(SmtpSink(HARD, step))

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.PROVIDER


@pytest.mark.parametrize("step", ABOUT_THE_MAIL)
async def test_a_5xx_about_the_mail_is_refused_without_blaming_the_address(step: str) -> None:
    outcome = await sent_through(SmtpSink(HARD, step))

    assert isinstance(outcome, Refused)
    assert not outcome.blame
