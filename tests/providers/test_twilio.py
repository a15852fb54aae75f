"""What Twilio is asked, and what its answers mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.http import AsyncHttpClient
from twilio.http.response import Response as TwilioResponse
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from dispatcher.channels.sms import Sms
from dispatcher.delivery.model import FailureScope, Refused, Retry, Sent, Unknown
from dispatcher.inbound.links import DeliveryRef
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.base import CallbackProvider, ProviderUrlError, provider_for
from dispatcher.providers.http import Response
from dispatcher.providers.twilio import Cause, Twilio, TwilioAccount, codes_with, known_codes
from tests.support.http_peer import Drop, Hang, HttpPeer, Request, Say
from tests.support.messages import an_sms
from tests.support.peers.prism import TWILIO, Prism
from tests.support.twilio_peer import ACCOUNT, SERVICE, TOKEN, TwilioPeer, refusal

KEY = "SK" + "fedcba9876543210" * 2
FROM = "from=%2B12025550199"


@pytest.fixture
async def peer() -> AsyncIterator[TwilioPeer]:
    peer = TwilioPeer()
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
async def twilio(peer: TwilioPeer) -> AsyncIterator[Twilio]:
    provider = provider_at(peer.port)
    await provider.open()
    yield provider
    await provider.close()


def provider_at(port: int, parameters: str = FROM) -> Twilio:
    return Twilio.from_url(
        f"twilio://{ACCOUNT}:{TOKEN}@127.0.0.1:{port}?scheme=http&timeout=2&{parameters}",
        name="texts",
    )


def report_url(kind: str, name: str, delivery: DeliveryRef) -> str:
    return f"http://127.0.0.1:8000/v1/webhooks/{kind}/{name}/status/t{delivery.delivery_id}"


# --- what is asked


async def test_a_text_is_taken_with_its_sid(twilio: Twilio, peer: TwilioPeer) -> None:
    outcome = await twilio.send(an_sms(body="Grüße: 20 € & more = +1"))

    [text] = peer.texts
    assert outcome == Sent(text.sid, code="queued")
    assert text.form == {
        "To": "+12025550123",
        "From": "+12025550199",
        "Body": "Grüße: 20 € & more = +1",
    }


async def test_a_messaging_service_chooses_the_sender(peer: TwilioPeer) -> None:
    form = provider_at(peer.port, f"messaging_service={SERVICE}").form(an_sms())

    assert form == {"To": "+12025550123", "Body": "Thank you.", "MessagingServiceSid": SERVICE}


def test_a_senders_own_name_wins_over_the_providers() -> None:
    assert provider_at(1).form(an_sms(sender="Fernhill"))["From"] == "Fernhill"


@pytest.mark.parametrize(
    ("valid_for", "seconds"),
    [
        (timedelta(minutes=20), "1200"),
        (timedelta(milliseconds=1), "1"),
        (timedelta(seconds=90.2), "91"),
        (timedelta(days=3), "36000"),
    ],
)
def test_a_text_is_valid_as_long_as_its_event(valid_for: timedelta, seconds: str) -> None:
    assert provider_at(1).form(an_sms(valid_for=valid_for))["ValidityPeriod"] == seconds


def test_a_texts_status_is_reported_to_an_address_of_its_own() -> None:
    provider = provider_at(1)
    provider.set_callback_url(report_url)

    assert isinstance(provider, CallbackProvider)
    assert provider.form(an_sms(7))["StatusCallback"] == (
        "http://127.0.0.1:8000/v1/webhooks/twilio/texts/status/t7"
    )


def test_no_status_is_asked_for_where_twilio_could_not_bring_it() -> None:
    abroad = Twilio.from_url(f"twilio://{ACCOUNT}:{TOKEN}@api.twilio.com?{FROM}")
    abroad.set_callback_url(report_url)

    assert "StatusCallback" not in abroad.form(an_sms())


class _Recorder(AsyncHttpClient):  # type: ignore[misc] # it has no types
    """Stands in for the library's own client, and remembers what it was to send."""

    def __init__(self) -> None:
        super().__init__(None, True, None)
        self.asked: dict[str, Any] = {}

    async def request(self, method: str, url: str, **given: Any) -> TwilioResponse:
        self.asked = {"method": method, "url": url, **given}
        return TwilioResponse(201, "{}")


@settings(deadline=None)
@given(
    sms=st.builds(
        an_sms,
        sender=st.none() | st.just("Fernhill"),
        body=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        valid_for=st.none() | st.timedeltas(timedelta(seconds=1), timedelta(days=2)),
    ),
    service=st.booleans(),
    is_reported=st.booleans(),
)
async def test_the_request_is_the_one_that_twilios_own_library_makes(
    sms: Sms, service: bool, is_reported: bool
) -> None:
    provider = Twilio.from_url(
        f"twilio://{ACCOUNT}:{TOKEN}@api.twilio.com?"
        + (f"messaging_service={SERVICE}" if service else FROM)
    )
    if is_reported:
        provider.set_callback_url(lambda *_: "https://notify.example/v1/webhooks/x")
    ours = provider.form(sms)
    recorder = _Recorder()

    await Client(ACCOUNT, TOKEN, http_client=recorder).messages.create_async(
        to=sms.to,
        body=sms.body,
        **{
            name: ours[theirs]
            for name, theirs in (
                ("from_", "From"),
                ("messaging_service_sid", "MessagingServiceSid"),
                ("status_callback", "StatusCallback"),
                ("validity_period", "ValidityPeriod"),
            )
            if theirs in ours
        },
    )

    assert recorder.asked["data"] == ours
    account = TwilioAccount.from_url(f"twilio://{ACCOUNT}:{TOKEN}@api.twilio.com?{FROM}")
    assert (recorder.asked["method"], recorder.asked["url"]) == ("POST", account.messages_url)
    assert recorder.asked["auth"] == (ACCOUNT, TOKEN)


async def test_an_api_key_stands_in_for_the_accounts_token(peer: TwilioPeer) -> None:
    provider = Twilio.from_url(
        f"twilio://{KEY}:other@127.0.0.1:{peer.port}?scheme=http&account={ACCOUNT}&{FROM}"
    )
    await provider.open()
    await provider.send(an_sms())
    await provider.close()

    [request] = peer.requests
    assert request.target == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert (
        provider_for(f"twilio://{KEY}:other@api.twilio.com?account={ACCOUNT}&{FROM}").channel
        == "sms"
    )


# --- what the answers mean


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (21211, Refused("Twilio: 21211 this is no phone number", "21211", blame=Blame.HARD)),
        (21610, Refused("Twilio: 21610 the person has answered STOP", "21610", blame=Blame.STOP)),
        (21617, Refused("Twilio: 21617 the text is too long for Twilio", "21617")),
        (
            20003,
            Retry(
                "our configuration is at fault: Twilio: 20003 the SID and the token do not belong"
                " together",
                code="20003",
                scope=FailureScope.CONFIGURATION,
            ),
        ),
        (
            21611,
            Retry(
                "Twilio: 21611 too many texts wait for this sender",
                code="21611",
                scope=FailureScope.PROVIDER,
            ),
        ),
        (
            20500,
            Retry(
                "Twilio: 20500 a fault on Twilio's side", code="20500", scope=FailureScope.PROVIDER
            ),
        ),
        (
            30003,
            Retry("Twilio: 30003 the phone is switched off or out of reach", code="30003"),
        ),
    ],
)
async def test_a_code_means_what_the_table_says(
    twilio: Twilio, peer: TwilioPeer, code: int, outcome: Refused | Retry
) -> None:
    peer.refuse(code)

    assert await twilio.send(an_sms()) == outcome


async def test_a_country_that_we_may_not_text_stops_nobody_elses_texts(
    twilio: Twilio, peer: TwilioPeer
) -> None:
    peer.refuse(21408)

    outcome = await twilio.send(an_sms())

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.MESSAGE


async def test_a_tenants_bad_sender_stops_nobody_elses_texts(
    twilio: Twilio, peer: TwilioPeer
) -> None:
    peer.refuse(21606)

    of_a_tenant = await twilio.send(an_sms(sender="Fernhill"))
    of_the_provider = await twilio.send(an_sms())

    assert isinstance(of_a_tenant, Refused)
    assert of_a_tenant.reason.endswith(": Fernhill")
    assert not of_a_tenant.blame
    assert isinstance(of_the_provider, Retry)
    assert of_the_provider.scope is FailureScope.CONFIGURATION


async def test_429_twice_then_201_is_two_retries_and_one_text(
    twilio: Twilio, peer: TwilioPeer
) -> None:
    peer.refuse_once(20429, Retry_After="7")
    peer.refuse_once(20429)

    first, second, third = [await twilio.send(an_sms()) for _ in range(3)]

    assert isinstance(first, Retry)
    assert isinstance(second, Retry)
    assert (first.after, second.after) == (timedelta(seconds=7), None)
    assert first.scope is FailureScope.PROVIDER
    assert isinstance(third, Sent)
    assert len(peer.texts) == 1
    assert len(peer.requests) == 3


async def test_a_429_is_a_retry_whoever_says_it(twilio: Twilio, peer: TwilioPeer) -> None:
    peer.always("REPLY", Say(429, {"Retry-After": "3"}, b"slow down"))
    by_a_proxy = await twilio.send(an_sms())
    peer.always("REPLY", refusal(21610, status=429))
    by_twilio = await twilio.send(an_sms())

    assert by_a_proxy == Retry(
        "Twilio: HTTP 429", timedelta(seconds=3), code="429", scope=FailureScope.PROVIDER
    )
    assert isinstance(by_twilio, Retry)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_5xx_without_a_word_of_twilios_own_is_unknown_and_not_sent_again(
    twilio: Twilio, peer: TwilioPeer, status: int
) -> None:
    peer.always("REPLY", Say(status, {"Content-Type": "text/html"}, b"<h1>Bad Gateway</h1>"))

    outcome = await twilio.send(an_sms())

    assert isinstance(outcome, Unknown)
    assert len(peer.requests) == 1


async def test_a_503_that_says_when_to_come_back_was_given_before_anything_was_done(
    twilio: Twilio, peer: TwilioPeer
) -> None:
    peer.always("REPLY", Say(503, {"Retry-After": "30"}, b""))

    assert await twilio.send(an_sms()) == Retry(
        "Twilio: HTTP 503", timedelta(seconds=30), code="503", scope=FailureScope.PROVIDER
    )


async def test_an_answer_that_does_not_come_is_unknown(peer: TwilioPeer) -> None:
    provider = provider_at(peer.port, f"{FROM}&timeout=0.2")
    await provider.open()
    peer.always("REPLY", Hang())

    assert isinstance(await provider.send(an_sms()), Unknown)
    await provider.close()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b"yes", b"\xff", b'{"sid": 7}', b'{"sid": "S\\u0000"}']
)
async def test_a_text_that_was_taken_without_a_sid_is_sent_all_the_same(
    twilio: Twilio, peer: TwilioPeer, body: bytes
) -> None:
    peer.always("REPLY", Say(201, {}, body))

    assert await twilio.send(an_sms()) == Sent(None)


async def test_a_text_that_failed_at_once_is_not_called_sent(
    twilio: Twilio, peer: TwilioPeer
) -> None:
    peer.always("REPLY", Say(201, {}, b'{"sid": "SM1", "status": "failed", "error_code": 21610}'))

    outcome = await twilio.send(an_sms())

    assert isinstance(outcome, Refused)
    assert outcome.blame == "stop"


async def test_a_redirect_is_not_followed_with_the_credentials(
    twilio: Twilio, peer: TwilioPeer
) -> None:
    elsewhere = HttpPeer()
    await elsewhere.start()
    peer.always("REPLY", Say(307, {"Location": elsewhere.origin}, b""))

    outcome = await twilio.send(an_sms())

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.CONFIGURATION
    assert elsewhere.requests == []
    await elsewhere.stop()


async def test_what_twilio_says_shows_no_phone_number(twilio: Twilio, peer: TwilioPeer) -> None:
    peer.always("REPLY", refusal(99999, f"'+12025550123' is odd, said {TOKEN}"))

    outcome = await twilio.send(an_sms())

    assert outcome == Refused("Twilio: 99999 '…' is odd, said …", "99999")


@settings(deadline=None)
@given(st.integers(200, 599), st.binary(max_size=200) | st.just(b'{"code": true}'))
async def test_any_answer_has_a_meaning(status: int, body: bytes) -> None:
    outcome = provider_at(1)._outcome(Response(status, {}, body), an_sms())

    assert isinstance(outcome, Sent) == (status == 201)


# --- the table


def test_every_code_of_the_facts_is_in_the_table() -> None:
    found = {cause: set[int]() for cause in Cause}
    for code, meaning in known_codes().items():
        found[meaning.cause].add(code)

    assert found[Cause.RECIPIENT] >= {21211, 21614, 21635, 21265, 30004, 30005, 30006}
    assert found[Cause.STOPPED] == {21610}
    assert found[Cause.CONTENT] >= {21617, 21602, 30007}
    ours = found[Cause.ACCOUNT] | found[Cause.SENDER] | found[Cause.DESTINATION]
    assert ours >= {20003, 21212, 21606, 21408, 21612, 21703, 30002, 30032, 30034}
    again = found[Cause.BUSY] | found[Cause.UNREACHABLE]
    assert again >= {20429, 20500, 20503, 21611, 30001, 30003, 30008, 30017, 30022}


async def test_an_operator_can_change_what_a_code_means(peer: TwilioPeer, tmp_path: Path) -> None:
    own = tmp_path / "codes.toml"
    own.write_text('[content]\n30003 = "we give up at once"\n[recipient]\n12345 = "new"\n')
    provider = provider_at(peer.port, f"{FROM}&codes={own}")
    await provider.open()
    peer.refuse_once(30003)
    peer.refuse_once(12345)

    outcomes = [await provider.send(an_sms()) for _ in range(2)]

    assert outcomes == [
        Refused("Twilio: 30003 we give up at once", "30003"),
        Refused("Twilio: 12345 new", "12345", blame=Blame.HARD),
    ]
    assert codes_with(None)[30003].cause is Cause.UNREACHABLE
    await provider.close()


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            "[recipients]\n",
            r"there is no section \[recipients\]; there are recipient, stopped",
        ),
        ('21211 = "x"\n', r"there is no section \[21211\]"),
        ('recipient = "x"\n', r"\[recipient\] must be a section"),
        ('[recipient]\nx = "y"\n', 'has lines such as 21211 = "why"; x is none'),
        ('[busy]\n1 = "y"\n[content]\n1 = "y"\n', "1 is in two sections"),
        ("[", "codes in the Twilio URL"),
    ],
)
def test_a_mistake_in_an_operators_table_is_told_at_start(
    tmp_path: Path, source: str, sentence: str
) -> None:
    own = tmp_path / "codes.toml"
    own.write_text(source)

    with pytest.raises(ProviderUrlError, match=sentence):
        provider_at(1, f"{FROM}&codes={own}")


def test_a_table_that_is_not_there_is_told_at_start() -> None:
    with pytest.raises(ProviderUrlError, match=r"/nowhere/codes\.toml"):
        provider_at(1, f"{FROM}&codes=/nowhere/codes.toml")


# --- the URL


def test_a_plus_may_be_written_as_it_is() -> None:
    account = TwilioAccount.from_url(f"twilio://{ACCOUNT}:{TOKEN}@api.twilio.com?from=+12025550199")

    assert account.sender == "+12025550199"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (f"twilio://api.twilio.com?{FROM}", "has no SID or no token"),
        (f"twilio://{ACCOUNT}@api.twilio.com?{FROM}", "has no SID or no token"),
        (f"twilio://AC12:hunter2@api.twilio.com?{FROM}", "has no account SID"),
        (f"twilio://{KEY}:hunter2@api.twilio.com?{FROM}", "needs account=AC… too"),
        (
            f"twilio://{ACCOUNT}:hunter2@api.twilio.com?account=AC{'0' * 32}&{FROM}",
            "names two accounts",
        ),
        (f"twilio://{ACCOUNT}:hunter2@api.twilio.com", "names no sender"),
        (f"twilio://{ACCOUNT}:hunter2@api.twilio.com?messaging_service=MG1", "MG and 32"),
        (f"twilio://{ACCOUNT}:hunter2@api.twilio.com?{FROM}&scheme=http", "would show the cred"),
        (f"twilio://{ACCOUNT}:hunter2@api.twilio.com?{FROM}&form=x", "unknown parameter 'form'"),
        (f"twilio://{ACCOUNT}:hunter2@api.twilio.com/v1?{FROM}", "has a path"),
        (f"twilio://{ACCOUNT}:hunter2@api.twilio.com?{FROM}&timeout=0", "timeout is a number"),
    ],
)
def test_a_mistake_in_the_url_is_a_sentence_without_the_token(url: str, sentence: str) -> None:
    with pytest.raises(ProviderUrlError, match=sentence) as told:
        Twilio.from_url(url)

    assert "hunter2" not in str(told.value)


# --- the peer itself


async def test_the_peers_reports_are_signed_and_come_in_any_order(
    twilio: Twilio, peer: TwilioPeer
) -> None:
    gateway = HttpPeer(usual=lambda _: Say(204))
    await gateway.start()
    twilio.set_callback_url(lambda *_: f"{gateway.origin}/v1/webhooks/twilio/texts/status/abc")
    await twilio.send(an_sms())
    [text] = peer.texts

    statuses = await peer.deliver(
        peer.report(text, "delivered"), peer.report(text, "sent"), peer.report(text, "sent")
    )

    assert statuses == [204, 204, 204]
    assert [_form(request)["MessageStatus"] for request in gateway.requests] == [
        "delivered",
        "sent",
        "sent",
    ]
    validator = RequestValidator(TOKEN)
    for request in gateway.requests:
        assert validator.validate(
            f"{gateway.origin}{request.target}",
            _form(request),
            request.headers["x-twilio-signature"],
        )
    await gateway.stop()


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


@pytest.mark.slow
async def test_our_requests_and_the_peers_answers_are_as_twilios_own_openapi_file_has_them(
    peer: TwilioPeer,
) -> None:
    with Prism(TWILIO, peer.origin) as prism:
        port = int(prism.url.rpartition(":")[2])
        for parameters in (FROM, f"messaging_service={SERVICE}"):
            provider = provider_at(port, f"{parameters}&timeout=30")
            provider.set_callback_url(
                lambda *_: "https://notify.example/v1/webhooks/twilio/texts/status/t"
            )
            await provider.open()
            outcome = await provider.send(an_sms(valid_for=timedelta(minutes=5)))
            await provider.close()

            assert isinstance(outcome, Sent), prism.log()
    assert len(peer.texts) == 2


# --- asked without a text


async def test_an_account_is_greeted_without_a_text(twilio: Twilio, peer: TwilioPeer) -> None:
    peer.always("REPLY", Say(200, {}, b'{"messages": []}'))

    assert await twilio.check() is None

    [request] = peer.requests
    assert request.method == "GET"
    assert request.target == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=1"
    assert peer.texts == []


async def test_an_account_that_is_refused_is_our_configuration(
    twilio: Twilio, peer: TwilioPeer
) -> None:
    peer.always("REPLY", refusal(20003))

    fault = await twilio.check()

    assert fault is not None
    assert fault.scope is FailureScope.CONFIGURATION


async def test_a_service_that_does_not_answer_does_not_greet(
    twilio: Twilio, peer: TwilioPeer
) -> None:
    peer.always("REPLY", Drop())

    fault = await twilio.check()

    assert fault is not None
    assert fault.scope is FailureScope.PROVIDER
