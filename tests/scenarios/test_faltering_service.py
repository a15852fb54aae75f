"""A web service falters in the middle of a send; its journal says how often it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from dispatcher.delivery.model import Retry, Sent, Unknown
from dispatcher.providers.sendgrid import SendGrid
from dispatcher.providers.twilio import Twilio
from tests.support import given
from tests.support.daemon import running
from tests.support.given import Connection
from tests.support.messages import an_email, an_sms
from tests.support.outcome import left_over, states
from tests.support.peers.wiremock import EMPTY, NONSENSE, RESET, Answer, WireMock
from tests.support.producer import PAYLOAD
from tests.support.twilio_peer import ACCOUNT, TOKEN
from tests.support.waiting import seen

pytestmark = pytest.mark.slow

MAILS = "/v3/mail/send"
TEXTS = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"

TOO_MANY = Answer(429, {"Retry-After": "1", "Content-Type": "application/json"}, "{}")
MAIL_TAKEN = Answer(202, {"X-Message-Id": "m1"})
TEXT_TAKEN = Answer(
    201, {"Content-Type": "application/json"}, json.dumps({"sid": "SM1", "status": "queued"})
)


@pytest.fixture(scope="module")
def _service() -> Iterator[WireMock]:
    with WireMock() as wiremock:
        yield wiremock


@pytest.fixture
def service(_service: WireMock) -> WireMock:
    """WireMock, with nothing in its journal."""
    _service.reset()
    return _service


def sendgrid(service: WireMock) -> SendGrid:
    return SendGrid.from_url(f"sendgrid://:SG.key@{service.address}?scheme=http&timeout=2")


def twilio(service: WireMock) -> Twilio:
    return Twilio.from_url(
        f"twilio://{ACCOUNT}:{TOKEN}@{service.address}?scheme=http&timeout=2&from=%2B12025550199"
    )


async def test_429_429_then_202_is_one_mail(
    db: Connection, database_url: str, service: WireMock, impatient: None
) -> None:
    service.answer(MAILS, TOO_MANY, TOO_MANY, MAIL_TAKEN)
    async with running(database_url, sendgrid(service)):
        given.emit(db, payload=PAYLOAD, channels=["email"])
        await seen(lambda: states(db)["email", "sent"] == 1, "the mail is sent")
        await seen(lambda: not left_over(db), "everything is settled")

    requests = service.requests(MAILS)
    assert len(requests) == 3
    # Three times the same mail, of which one was taken.
    assert len({request["body"] for request in requests}) == 1
    outcomes = given.column(db, "select outcome from postbell.attempt order by attempted_at")
    assert outcomes == ["retry", "retry", "sent"]


async def test_a_text_that_may_have_been_taken_is_left_in_doubt_and_not_sent_again(
    db: Connection, database_url: str, service: WireMock, impatient: None
) -> None:
    service.answer(TEXTS, RESET, TEXT_TAKEN)
    async with running(database_url, twilio(service)):
        given.emit(db, payload=PAYLOAD, channels=["sms"])
        await seen(lambda: states(db)["sms", "unknown"] == 1, "the text is in doubt")
        # Whatever could send it again has had its chance when another has been through.
        given.emit(db, payload=PAYLOAD, channels=["sms"])
        await seen(lambda: states(db)["sms", "sent"] == 1, "the next text is sent")
        await seen(lambda: not left_over(db), "everything is settled")

    assert states(db) == {("sms", "unknown"): 1, ("sms", "sent"): 1}
    assert len(service.requests(TEXTS)) == 2


@pytest.mark.parametrize("fault", [RESET, EMPTY, NONSENSE], ids=["reset", "closed", "nonsense"])
async def test_a_connection_dropped_after_the_service_took_a_text_is_unknown_and_no_second_text(
    service: WireMock, fault: Answer
) -> None:
    service.answer(TEXTS, fault, TEXT_TAKEN)
    provider = twilio(service)
    await provider.open()

    outcome = await provider.send(an_sms())
    await provider.close()

    assert isinstance(outcome, Unknown)
    assert len(service.requests(TEXTS)) == 1


@pytest.mark.parametrize("fault", [RESET, EMPTY], ids=["reset", "closed"])
async def test_a_connection_dropped_after_the_service_took_a_mail_is_unknown(
    service: WireMock, fault: Answer
) -> None:
    service.answer(MAILS, fault, MAIL_TAKEN)
    provider = sendgrid(service)
    await provider.open()

    outcome = await provider.send(an_email())
    await provider.close()

    assert isinstance(outcome, Unknown)
    assert len(service.requests(MAILS)) == 1


async def test_a_text_that_is_answered_too_late_is_unknown_and_no_second_text(
    service: WireMock,
) -> None:
    late = Answer(201, TEXT_TAKEN.headers, TEXT_TAKEN.body, seconds=4)
    service.answer(TEXTS, late, TEXT_TAKEN)
    provider = twilio(service)
    await provider.open()

    outcome = await provider.send(an_sms())
    await provider.close()

    assert isinstance(outcome, Unknown)
    assert len(service.requests(TEXTS)) == 1


async def test_429_429_then_201_is_one_text_in_three_requests(service: WireMock) -> None:
    service.answer(TEXTS, TOO_MANY, TOO_MANY, TEXT_TAKEN)
    provider = twilio(service)
    await provider.open()

    outcomes = [await provider.send(an_sms()) for _ in range(3)]
    await provider.close()

    assert [type(outcome) for outcome in outcomes] == [Retry, Retry, Sent]
    assert len(service.requests(TEXTS)) == 3
