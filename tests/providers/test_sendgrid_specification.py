"""SendGrid as its owner specifies it: Prism between us and our fake lets nothing else pass.

A request that the official OpenAPI file does not allow comes back as 422, an answer of the fake
that it does not allow as 500; so neither what we send nor what we test against has drifted.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from dispatcher.delivery.model import Refused, Retry, Sent
from dispatcher.providers.sendgrid import SendGrid
from tests.support.harnesses.sendgrid import KEY, accepted, declined
from tests.support.http_peer import HttpPeer
from tests.support.messages import an_email
from tests.support.peers.prism import SENDGRID, Prism
from tests.support.peers.server_process import free_port

pytestmark = pytest.mark.slow

MAILS = {
    "text alone": an_email(1),
    "text and HTML": an_email(2, html="<p>Thank you.</p>", reply_to="help@shop.example"),
    "unsubscribing": an_email(
        3,
        headers=(
            ("Auto-Submitted", "auto-generated"),
            ("List-Unsubscribe", "<https://shop.example/u/abc>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ),
    ),
    "watched": an_email(4, tracking=frozenset({"opens", "clicks"})),
    "not ASCII": an_email(5, subject="Grüße 🎉", text="ß\n" * 1000),
}


@asynccontextmanager
async def at(origin: str) -> AsyncIterator[SendGrid]:
    """A provider that takes this for SendGrid."""
    provider = SendGrid.from_url(f"sendgrid://:{KEY}@{urlsplit(origin).netloc}?scheme=http")
    await provider.open()
    yield provider
    await provider.close()


@pytest.fixture(scope="module")
def port() -> int:
    """Where the fake of each test listens: Prism takes seconds to start, so it stays."""
    return free_port()


@pytest.fixture(scope="module")
def prism(port: int) -> Iterator[Prism]:
    with Prism(SENDGRID, f"http://127.0.0.1:{port}") as prism:
        yield prism


@pytest.fixture
async def fake(port: int) -> AsyncIterator[HttpPeer]:
    fake = HttpPeer(usual=accepted, port=port)
    await fake.start()
    yield fake
    await fake.stop()


async def test_every_kind_of_mail_is_one_that_the_specification_allows(
    fake: HttpPeer, prism: Prism
) -> None:
    async with at(prism.url) as sendgrid:
        outcomes = {name: await sendgrid.send(email) for name, email in MAILS.items()}

    assert outcomes == {
        name: Sent(f"sg{email.delivery_id}", code="202") for name, email in MAILS.items()
    }, prism.log()
    assert [json.loads(request.body)["subject"] for request in fake.taken] == [
        email.subject for email in MAILS.values()
    ]


@pytest.mark.parametrize("status", [400, 401, 403, 413])
async def test_our_fakes_errors_are_those_of_the_specification(
    fake: HttpPeer, prism: Prism, status: int
) -> None:
    fake.usual = lambda _: declined(status, "field: what is wrong")

    async with at(prism.url) as sendgrid:
        outcome = await sendgrid.send(an_email())

    assert isinstance(outcome, Retry | Refused)
    assert outcome.code == str(status), prism.log()


async def test_a_mail_that_the_specification_forbids_is_refused_not_tried_for_ever(
    fake: HttpPeer, prism: Prism
) -> None:
    async with at(prism.url) as sendgrid:
        outcome = await sendgrid.send(an_email(text=""))

    assert isinstance(outcome, Refused)
    assert fake.requests == []
