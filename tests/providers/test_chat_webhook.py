"""What incoming webhooks alone do: which addresses are called, and what each answer means."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from dispatcher.delivery.model import FailureScope, Refused, Retry, Sent, Unknown
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.base import ProviderUrlError, provider_for
from dispatcher.providers.chat_webhook import ChatWebhook
from tests.support.harnesses.chat_webhook import LOCAL, PATH, TOKEN, ChatWebhookHarness
from tests.support.http_peer import Drop, Say


@pytest.fixture
async def slack() -> AsyncIterator[ChatWebhookHarness]:
    slack = ChatWebhookHarness()
    await slack.start()
    await slack.provider.open()
    yield slack
    await slack.provider.close()
    await slack.stop()


@pytest.fixture
async def stranger(slack: ChatWebhookHarness) -> AsyncIterator[ChatWebhook]:
    """A provider to which the service is one that somebody made up."""
    provider = ChatWebhook.from_url(LOCAL)
    await provider.open()
    yield provider
    await provider.close()


async def test_a_text_is_posted_as_json(slack: ChatWebhookHarness) -> None:
    outcome = await slack.provider.send(replace(slack.message(1), text="Café & “more”\n😀"))

    assert outcome == Sent(f"postbell_{1:032x}", code="200")
    assert slack.texts == ["Café & “more”\n😀"]


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_every_success_is_sent(slack: ChatWebhookHarness, status: int) -> None:
    slack.peer.always("REPLY", Say(status))

    assert isinstance(await slack.provider.send(slack.message(1)), Sent)


@pytest.mark.parametrize(
    ("said", "blame"),
    [
        ("404 no_service", Blame.HARD),
        ("410 channel_is_archived", Blame.HARD),
        ("403 invalid_token", Blame.HARD),
        ("403 action_prohibited", None),
        ("400 invalid_payload", None),
        ("401 unauthorized", None),
        ("302 elsewhere", None),
    ],
)
async def test_only_a_webhook_that_is_gone_is_to_blame(
    slack: ChatWebhookHarness, said: str, blame: Blame | None
) -> None:
    slack.reply(said)

    outcome = await slack.provider.send(slack.message(1))

    assert isinstance(outcome, Refused)
    assert outcome.blame is blame
    assert said in outcome.reason


async def test_a_busy_webhook_says_when_to_come_back(slack: ChatWebhookHarness) -> None:
    slack.peer.always("REPLY", Say(429, {"Retry-After": "30"}, b"rate_limited"))

    outcome = await slack.provider.send(slack.message(1))

    # The limit is one of the webhook, not of the service.
    assert isinstance(outcome, Retry)
    assert (outcome.after, outcome.scope) == (timedelta(seconds=30), FailureScope.MESSAGE)


async def test_a_failing_service_that_everybody_uses_is_the_providers(
    slack: ChatWebhookHarness, stranger: ChatWebhook
) -> None:
    slack.reply("500 down")

    known = await slack.provider.send(slack.message(1))
    unknown = await stranger.send(slack.message(1))

    assert isinstance(known, Retry)
    assert isinstance(unknown, Retry)
    assert (known.scope, unknown.scope) == (FailureScope.PROVIDER, FailureScope.MESSAGE)
    assert stranger.service_of(slack.message(1)) == ""


async def test_a_lost_answer_of_a_stranger_is_its_own(
    slack: ChatWebhookHarness, stranger: ChatWebhook
) -> None:
    slack.peer.always("REPLY", Drop())

    outcome = await stranger.send(slack.message(1))

    assert isinstance(outcome, Unknown)
    assert outcome.scope is FailureScope.MESSAGE


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.slack.com/services/T/B/s",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://2130706433/hook",
        "https://0x7f.1/hook",
        "https://10.0.0.1/hook",
        "https://user@hooks.slack.com/hook",
        "https://localhost/hook",
        "https://hooks.slack.com:8443/hook",
        "https://a..b/hook",
        "https:///hook",
        "no address",
    ],
)
async def test_the_inner_network_is_not_called(slack: ChatWebhookHarness, address: str) -> None:
    provider = ChatWebhook.from_url("chat+webhook:?timeout=1&connect_timeout=1")
    await provider.open()
    message = replace(slack.message(1), to=f"{address}{TOKEN}")
    with capture_logs() as logged:
        outcome = await provider.send(message)
    await provider.close()

    if isinstance(outcome, Retry):
        # Such a name does not exist.
        assert "resolved" in outcome.reason
    else:
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.blame) == ("forbidden", None)
    assert slack.peer.requests == []
    assert TOKEN not in f"{outcome} {logged}"


@pytest.mark.parametrize("step", ["REPLY", "CONNECT"])
async def test_no_failure_tells_the_address(
    slack: ChatWebhookHarness, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    slack.lose_connection(step)

    with capture_logs() as logged:
        outcome = await slack.provider.send(slack.message(1))

    assert TOKEN not in f"{outcome} {logged} {caplog.text} {slack.message(1)}"


async def test_a_service_that_repeats_the_address_is_not_quoted(slack: ChatWebhookHarness) -> None:
    slack.peer.always("REPLY", Say(404, {}, f"no {PATH} or {TOKEN.lower()} here".encode()))

    outcome = await slack.provider.send(slack.message(1))

    assert isinstance(outcome, Refused)
    assert outcome.reason.endswith("404 no /… or … here")


@pytest.mark.parametrize(
    "url",
    [
        "chat+webhook://hooks.slack.com/services",
        "chat+webhook:?key=x",
        "chat+webhook:?allow_private=yes",
        "chat+webhook:?timeout=never",
        "chat+webhook:?ca=/nowhere.pem",
    ],
)
def test_what_the_url_cannot_mean_is_refused(url: str) -> None:
    with pytest.raises(ProviderUrlError):
        provider_for(url)


def test_it_may_have_a_name() -> None:
    provider = provider_for("chat+webhook:?trusted=chat.example.org", name="team")

    assert (provider.name, provider.channel) == ("team", "chat")
    assert provider_for("chat+webhook:").name == "chat_webhook"
