"""What is SendGrid's own: its mails, its answers, its URL."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sendgrid.helpers.mail import (
    ClickTracking,
    CustomArg,
    From,
    Header,
    Mail,
    OpenTracking,
    ReplyTo,
    SubscriptionTracking,
    To,
    TrackingSettings,
)

from dispatcher.channels.email import Email, FromHeader, Mailbox
from dispatcher.delivery.model import FailureScope, Refused, Retry, Sent, Unknown
from dispatcher.providers.base import MISCONFIGURED, ProviderUrlError, provider_for
from dispatcher.providers.sendgrid import SendGrid, SendGridAccount, body
from tests.support.harnesses.sendgrid import KEY, accepted, declined
from tests.support.http_peer import HttpPeer, Say
from tests.support.messages import an_email

UNSUBSCRIBE = (
    ("Auto-Submitted", "auto-generated"),
    ("List-Unsubscribe", "<https://shop.example/u/abc>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
)


@pytest.fixture
async def service() -> AsyncIterator[HttpPeer]:
    service = HttpPeer(usual=accepted)
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def provider(service: HttpPeer) -> AsyncIterator[SendGrid]:
    provider = SendGrid.from_url(f"sendgrid://:{KEY}@127.0.0.1:{service.port}?scheme=http")
    await provider.open()
    yield provider
    await provider.close()


def asked(service: HttpPeer) -> Any:
    [request] = service.requests
    return json.loads(request.body)


async def test_a_mail_is_sent_under_the_id_that_sendgrid_gives(
    service: HttpPeer, provider: SendGrid
) -> None:
    outcome = await provider.send(an_email(7, subject="Grüße 🎉", text="Füße\n", html="<p>ß</p>"))

    assert outcome == Sent("sg7", code="202")
    said = asked(service)
    assert said["subject"] == "Grüße 🎉"
    assert said["from"] == {"email": "shop@shop.example", "name": "Shop"}
    assert said["content"] == [
        {"type": "text/plain", "value": "Füße\n"},
        {"type": "text/html", "value": "<p>ß</p>"},
    ]


@pytest.mark.parametrize(
    "email",
    [
        an_email(),
        an_email(8, html="<p>Thank you.</p>", reply_to="help@shop.example"),
        an_email(9, headers=UNSUBSCRIBE, tracking=frozenset({"opens", "clicks"})),
        an_email(10, to="o'hara+tag@xn--mller-kva.example", subject='"quoted", <odd>'),
        an_email(
            11,
            sender=FromHeader(
                "", Mailbox("a_b%c@shop.example", "shop.example", smtputf8=False), ""
            ),
        ),
        an_email(
            12,
            sender=FromHeader(
                'Müller "& Söhne" <x@y.example>',
                Mailbox("hallo@shop.example", "shop.example", smtputf8=False),
                "",
            ),
        ),
    ],
    ids=lambda email: str(email.delivery_id),
)
def test_the_body_is_what_sendgrids_library_would_have_sent(email: Email) -> None:
    mail = Mail(
        from_email=From(email.sender.mailbox.address, email.sender.name),
        to_emails=To(email.to),
        subject=email.subject,
        plain_text_content=email.text,
        html_content=email.html,
    )
    mail.custom_arg = [
        CustomArg("postbell_delivery_id", str(email.delivery_id)),
        CustomArg("postbell_identity", email.identity),
    ]
    mail.header = [
        Header(name, value) for name, value in (("Message-ID", email.message_id), *email.headers)
    ]
    if email.reply_to:
        mail.reply_to = ReplyTo(email.reply_to)
    tracking = TrackingSettings()
    tracking.subscription_tracking = SubscriptionTracking(enable=False)
    tracking.open_tracking = OpenTracking("opens" in email.tracking)
    clicks = "clicks" in email.tracking
    tracking.click_tracking = ClickTracking(clicks, clicks)
    mail.tracking_settings = tracking

    assert body(email) == mail.get()


def test_sendgrid_keeps_no_list_of_its_own_and_watches_nobody_unasked() -> None:
    said = body(an_email())

    assert "asm" not in said
    assert said["tracking_settings"] == {
        "subscription_tracking": {"enable": False},
        "open_tracking": {"enable": False},
        "click_tracking": {"enable": False, "enable_text": False},
    }


def test_opens_and_clicks_are_watched_where_the_tenant_asks_for_it() -> None:
    opens = body(an_email(tracking=frozenset({"opens"})))["tracking_settings"]
    clicks = body(an_email(tracking=frozenset({"clicks"})))["tracking_settings"]

    assert (opens["open_tracking"]["enable"], opens["click_tracking"]["enable"]) == (True, False)
    assert (clicks["open_tracking"]["enable"], clicks["click_tracking"]["enable"]) == (False, True)


def test_the_headers_of_a_mail_and_its_delivery_go_along() -> None:
    said = body(an_email(7, headers=UNSUBSCRIBE))

    assert said["headers"] == {"Message-ID": "<postbell.7@shop.example>", **dict(UNSUBSCRIBE)}
    assert said["custom_args"] == {
        "postbell_delivery_id": "7",
        "postbell_identity": f"{7:032x}",
    }
    assert said["personalizations"] == [{"to": [{"email": "ann@example.org"}]}]


def test_two_mails_of_one_sender_share_nothing_that_could_be_changed() -> None:
    first, second = body(an_email(1)), body(an_email(2))
    first["headers"]["X"] = "1"
    first["custom_args"]["x"] = "1"

    assert second == body(an_email(2))


async def test_a_text_that_looks_like_a_key_is_a_text(
    service: HttpPeer, provider: SendGrid
) -> None:
    # SendGrid's library raises an exception for it.
    text = "SG.abc.def is not a key."

    assert isinstance(await provider.send(an_email(text=text)), Sent)
    assert asked(service)["content"][0]["value"] == text


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_only_202_is_sent(service: HttpPeer, provider: SendGrid, status: int) -> None:
    service.usual = lambda _: Say(status, {"X-Message-Id": "sg1"})

    assert isinstance(await provider.send(an_email()), Unknown)


async def test_a_redirect_does_not_get_the_key(service: HttpPeer, provider: SendGrid) -> None:
    elsewhere = HttpPeer(usual=accepted)
    await elsewhere.start()
    service.usual = lambda _: Say(302, {"Location": f"{elsewhere.origin}/v3/mail/send"})

    outcome = await provider.send(an_email())

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.CONFIGURATION
    assert elsewhere.connections == 0
    await elsewhere.stop()


async def test_too_many_waits_until_the_limit_is_reset(
    service: HttpPeer, provider: SendGrid
) -> None:
    reset = datetime.now(UTC) + timedelta(seconds=90)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset.timestamp()))}
    service.usual = lambda _: Say(429, headers, declined(429, "too many requests").body)

    outcome = await provider.send(an_email())

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.PROVIDER
    assert outcome.reason == "SendGrid: 429 too many requests"
    assert outcome.after is not None
    assert timedelta(seconds=80) < outcome.after <= timedelta(seconds=90)


async def test_too_many_twice_and_then_taken_is_one_mail(
    service: HttpPeer, provider: SendGrid
) -> None:
    service.once("REPLY", declined(429, "later"), declined(429, "later"))

    outcomes = [await provider.send(an_email()) for _ in range(3)]

    assert [type(outcome) for outcome in outcomes] == [Retry, Retry, Sent]
    assert len(service.requests) == 3
    assert len(service.taken) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_not_accepted_is_our_configuration(
    service: HttpPeer, provider: SendGrid, status: int
) -> None:
    service.usual = lambda _: declined(status, "The provided authorization grant is invalid")

    outcome = await provider.send(an_email())

    assert outcome == Retry(
        f"{MISCONFIGURED}SendGrid: {status} The provided authorization grant is invalid",
        code=str(status),
        scope=FailureScope.CONFIGURATION,
    )


async def test_a_sender_that_is_not_verified_does_not_stop_the_others(
    service: HttpPeer, provider: SendGrid
) -> None:
    service.usual = lambda _: declined(403, "from: does not match a verified Sender Identity")

    outcome = await provider.send(an_email())

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.MESSAGE
    assert outcome.reason == "SendGrid: 403 from: does not match a verified Sender Identity"


async def test_an_address_that_is_none_is_suppressed(service: HttpPeer, provider: SendGrid) -> None:
    service.usual = lambda _: declined(
        400, "personalizations.0.to.0.email: Does not contain a valid address."
    )

    outcome = await provider.send(an_email())

    assert isinstance(outcome, Refused)
    assert outcome.blame
    assert outcome.code == "400"


@pytest.mark.parametrize(
    "said",
    [declined(400, "from.email: Does not contain a valid address."), declined(413, "too large")],
    ids=["our own address", "too large"],
)
async def test_a_refusal_of_anything_else_suppresses_nobody(
    service: HttpPeer, provider: SendGrid, said: Say
) -> None:
    service.usual = lambda _: said

    outcome = await provider.send(an_email())

    assert isinstance(outcome, Refused)
    assert not outcome.blame


async def test_a_reason_shows_neither_addresses_nor_the_key(
    service: HttpPeer, provider: SendGrid
) -> None:
    text = f"{KEY}: Ann@example.org and bob@example.net may not, nor may +12025550123"
    service.usual = lambda _: declined(400, text)

    outcome = await provider.send(an_email())

    assert isinstance(outcome, Refused)
    assert outcome.reason == "SendGrid: 400 …: … and <address> may not, nor may <phone>"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "SendGrid: 500"),
        (b"<h1>Oops</h1>\r\n", "SendGrid: 500 <h1>Oops</h1>"),
        (b"null", "SendGrid: 500 null"),
        (b"[]", "SendGrid: 500 []"),
        (b'{"errors": null}', 'SendGrid: 500 {"errors": null}'),
        (b'{"errors": ["no"]}', 'SendGrid: 500 {"errors": ["no"]}'),
        (b'{"errors": [{"message": null}]}', 'SendGrid: 500 {"errors": [{"message": null}]}'),
        (b'{"errors": [{"message": "a"}, {"message": 5, "field": 6}]}', "SendGrid: 500 a; 6: 5"),
        (b'{"errors": [{"message": "a", "field": "null"}]}', "SendGrid: 500 a"),
        (b"\xff\0", "SendGrid: 500 \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"),
    ],
)
async def test_an_error_of_any_form_is_quoted(
    service: HttpPeer, provider: SendGrid, answer: bytes, reason: str
) -> None:
    service.usual = lambda _: Say(500, {}, answer)

    assert await provider.send(an_email()) == Retry(reason, code="500", scope=FailureScope.PROVIDER)


async def test_an_address_beyond_ascii_is_refused_without_asking(
    service: HttpPeer, provider: SendGrid
) -> None:
    outcome = await provider.send(an_email(to="jürgen@example.org", smtputf8=True))

    assert isinstance(outcome, Refused)
    assert not outcome.blame
    assert service.connections == 0


async def test_a_yes_without_an_id_is_sent_all_the_same(
    service: HttpPeer, provider: SendGrid
) -> None:
    service.usual = lambda _: Say(202)

    assert await provider.send(an_email()) == Sent(None, code="202")


async def test_a_key_that_may_send_is_greeted(service: HttpPeer, provider: SendGrid) -> None:
    service.usual = lambda _: Say(200, {}, b'{"scopes": ["mail.send", "alerts.read"]}')

    assert await provider.check() is None

    [request] = service.requests
    assert (request.method, request.target) == ("GET", "/v3/scopes")
    assert request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("said", "fault", "words"),
    [
        (
            Say(200, {}, b'{"scopes": ["alerts.read"]}'),
            FailureScope.CONFIGURATION,
            "may not send mails",
        ),
        (Say(200, {}, b'{"scopes": null}'), FailureScope.CONFIGURATION, "may not send mails"),
        (declined(401, f"{KEY} is wrong"), FailureScope.CONFIGURATION, "SendGrid: 401 … is wrong"),
        (declined(503, "later"), FailureScope.PROVIDER, "SendGrid: 503 later"),
        (declined(400, "what"), FailureScope.MESSAGE, "SendGrid: 400 what"),
    ],
    ids=["lesser key", "no scopes", "wrong key", "down", "odd"],
)
async def test_what_would_keep_a_mail_from_being_taken_is_said_without_one(
    service: HttpPeer, provider: SendGrid, said: Say, fault: FailureScope, words: str
) -> None:
    service.usual = lambda _: said

    outcome = await provider.check()

    assert outcome is not None
    assert outcome.scope is fault
    assert words in outcome.reason


async def test_nobody_there_is_said_without_a_mail_too(
    service: HttpPeer, provider: SendGrid
) -> None:
    await service.stop()

    assert await provider.check() == Retry("Connection refused", scope=FailureScope.PROVIDER)


def test_the_url_says_it_all() -> None:
    account = SendGridAccount.from_url(
        "sendgrid://:SG.a%2Bb.c@api.eu.sendgrid.com?timeout=5&connect_timeout=2&concurrency=3"
    )

    assert account.send_url == "https://api.eu.sendgrid.com/v3/mail/send"
    assert account.api_key == "SG.a+b.c"
    assert (account.timeout, account.connect_timeout, account.concurrency) == (5, 2, 3)
    assert "SG.a" not in repr(account)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sendgrid://api.sendgrid.com", "has no API key"),
        ("sendgrid://apikey:hunter22@api.sendgrid.com", "something in front of it"),
        ("sendgrid://:hunter22@", "no valid host"),
        ("sendgrid://:hunter22%0A@api.sendgrid.com", "a character in it that no key has"),
        ("sendgrid://:hunter22é@api.sendgrid.com", "a character in it that no key has"),
        ("sendgrid://:hunter22@api.sendgrid.com/v3", "path or fragment"),
        ("sendgrid://:hunter22@api.sendgrid.com?scheme=http", "to the network"),
        ("sendgrid://:hunter22@api.sendgrid.com?region=eu", "unknown parameter 'region'"),
    ],
)
def test_a_mistake_in_the_url_is_told_in_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(ProviderUrlError, match=sentence) as told:
        provider_for(url)

    assert "hunter22" not in str(told.value)
