"""What Web Push alone does: what is written to a service, and what each answer means."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from dispatcher.delivery.model import Device, FailureScope, Refused, Retry, Sent, Unknown
from dispatcher.providers import endpoint
from dispatcher.providers.base import MISCONFIGURED, ProviderUrlError, provider_for
from dispatcher.providers.endpoint import ForbiddenEndpoint, PublicResolver, is_of, origin_of
from dispatcher.providers.vapid import VapidKey
from dispatcher.providers.webpush import BROWSER_MAKERS, WebPush
from tests.support.harnesses.webpush import SUBJECT, WebPushHarness
from tests.support.http_peer import Drop, Say
from tests.support.push_device import PushDevice, a_push


class Names(AbstractResolver):
    """Answers in turn, as a name server does whose owner means us harm."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self._answers.pop(0)
        ]

    async def close(self) -> None: ...


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:def", "https://fcm.googleapis.com"),
        ("https://updates.push.services.mozilla.com/wpush/v2/gAA", None),
        ("https://web.push.apple.com:443/QGu", "https://web.push.apple.com"),
        ("https://Push.Example/x", "https://push.example"),
        ("https://wns2-par02p.notify.windows.com/w/?token=BQ%3d%3d", None),
    ],
)
def test_a_service_of_the_internet_is_taken_by_its_origin(
    endpoint: str, origin: str | None
) -> None:
    expected = origin or "/".join(endpoint.split("/")[:3])
    assert origin_of(endpoint) == expected


FORBIDDEN = [
    ("http://push.example/x", "not an https"),
    ("ftp://push.example/x", "not an https"),
    ("//push.example/x", "not an https"),
    ("https:///x", "no host"),
    ("https://ann:secret@push.example/x", "user name"),
    ("https://@push.example/x", "user name"),
    ("https://push.example:8443/x", "port"),
    ("https://push.example:80/x", "port"),
    ("https://push.example:22/x", "port"),
    ("https://push.example:99999/x", "cannot be parsed"),
    ("https://127.0.0.1/x", "address instead of a name"),
    ("https://169.254.169.254/latest/meta-data/", "address instead of a name"),
    ("https://10.0.0.1/x", "address instead of a name"),
    ("https://8.8.8.8/x", "address instead of a name"),
    ("https://127.0.0.1./x", "address instead of a name"),
    ("https://2130706433/x", "address instead of a name"),
    ("https://0x7f000001/x", "address instead of a name"),
    ("https://0X7F.1/x", "address instead of a name"),
    ("https://0177.0.0.1/x", "address instead of a name"),
    ("https://127.1/x", "address instead of a name"),
    ("https://[::1]/x", "address instead of a name"),
    ("https://[::ffff:127.0.0.1]/x", "address instead of a name"),
    ("https://[fc00::1]/x", "address instead of a name"),
    ("https://[fe80::1%25eth0]/x", "address instead of a name"),
    ("https://push.example\\@127.0.0.1/x", "characters"),
    ("https://push.example/x\r\nHost: y", "characters"),
    ("https://push.example/x y", "characters"),
    ("https://①②⑦.⓪.⓪.①/x", "characters"),
]


@pytest.mark.parametrize(("endpoint", "sentence"), FORBIDDEN, ids=[url for url, _ in FORBIDDEN])
def test_what_is_no_service_of_the_internet_is_refused(endpoint: str, sentence: str) -> None:
    with pytest.raises(ForbiddenEndpoint, match=sentence) as error:
        origin_of(endpoint)
    assert "secret" not in str(error.value)


@given(st.text())
def test_any_text_is_an_endpoint_or_is_refused(rest: str) -> None:
    try:
        origin = origin_of("https://" + rest)
    except ForbiddenEndpoint:
        return
    assert origin.startswith("https://")
    assert "@" not in origin


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["169.254.169.254"], ["::1"], ["fd00::1"], ["8.8.8.8", "10.0.0.1"]],
    ids=str,
)
async def test_a_name_that_stands_for_a_private_address_is_refused(addresses: list[str]) -> None:
    with pytest.raises(ForbiddenEndpoint, match="stands for a private address"):
        await PublicResolver(Names(addresses)).resolve("push.example", 443)


async def test_a_name_that_changes_between_two_looks_is_refused_at_the_second() -> None:
    resolver = PublicResolver(Names(["8.8.8.8"], ["127.0.0.1"]))

    assert [one["host"] for one in await resolver.resolve("push.example", 443)] == ["8.8.8.8"]
    with pytest.raises(ForbiddenEndpoint):
        await resolver.resolve("push.example", 443)


async def test_this_machines_own_name_is_refused() -> None:
    resolver = PublicResolver()

    with pytest.raises(ForbiddenEndpoint):
        await resolver.resolve("localhost", 443)

    await resolver.close()


@pytest.mark.parametrize(
    ("origin", "is_theirs"),
    [
        ("https://fcm.googleapis.com", True),
        ("https://updates.push.services.mozilla.com", True),
        ("https://wns2-par02p.notify.windows.com", True),
        ("https://fcm.googleapis.com.evil.example", False),
        ("https://evilpush.apple.com.example", False),
        ("https://notfcm.googleapis.com", False),
    ],
)
def test_a_browser_makers_service_is_known_by_its_domain(origin: str, is_theirs: bool) -> None:
    assert is_of(origin, BROWSER_MAKERS) is is_theirs


@pytest.fixture
async def service() -> AsyncIterator[WebPushHarness]:
    service = WebPushHarness()
    await service.start()
    await service.provider.open()
    yield service
    await service.provider.close()
    await service.stop()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "vapid.pem"
    VapidKey.create(path)
    return path


@pytest.fixture
async def public(key: Path) -> AsyncIterator[WebPush]:
    """As it runs in production: no private addresses."""
    provider = WebPush.from_url(f"webpush:?key={key}&subject={SUBJECT}&timeout=1")
    await provider.open()
    yield provider
    await provider.close()


async def test_a_browser_reads_what_was_sent_and_the_service_is_told_how_to_keep_it(
    service: WebPushHarness,
) -> None:
    push = a_push(
        service.browser.device,
        payload='{"title":"Grüße"}'.encode(),
        ttl=timedelta(minutes=90),
        urgency="high",
    )

    outcome = await service.provider.send(push)

    assert outcome == Sent(f"{service.peer.origin}/message/1", code="201")
    assert service.read == [{"title": "Grüße"}]
    (request,) = service.peer.requests
    assert request.headers["ttl"] == "5400"
    assert request.headers["urgency"] == "high"
    assert request.headers["topic"] == push.topic
    assert "Grüße".encode() not in request.body


@pytest.mark.parametrize(
    ("endpoint", "told_apart_as"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", "https://fcm.googleapis.com"),
        ("https://web.push.apple.com/x", "https://web.push.apple.com"),
        ("https://invented.example/x", ""),
        ("http://fcm.googleapis.com/x", ""),
        ("https://fcm.googleapis.com:1/x", ""),
    ],
)
async def test_services_that_are_believed_to_be_down_are_told_apart(
    public: WebPush, endpoint: str, told_apart_as: str
) -> None:
    push = a_push(PushDevice(endpoint).device)

    assert public.service_of(push) == told_apart_as


async def test_all_messages_to_a_service_carry_one_signature_for_it(
    service: WebPushHarness,
) -> None:
    for number in (1, 2, 3):
        await service.provider.send(service.message(number))

    (header,) = {request.headers["authorization"] for request in service.peer.requests}
    token = header.split("t=")[1].split(",")[0]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == service.peer.origin
    assert claims["sub"] == SUBJECT
    assert header.endswith(f",k={VapidKey.load(service.key).public}")


async def test_two_messages_are_never_encrypted_alike(service: WebPushHarness) -> None:
    for _ in range(2):
        await service.provider.send(service.message(1))

    first, second = service.peer.requests
    assert first.body != second.body
    assert service.read[0] == service.read[1]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_device_that_is_gone_is_at_fault_itself(
    service: WebPushHarness, status: int
) -> None:
    service.reply(f"{status} unsubscribed")

    outcome = await service.provider.send(service.message(1))

    assert isinstance(outcome, Refused)
    assert outcome.blame
    assert outcome.code == str(status)


@pytest.mark.parametrize("status", [400, 401, 403, 413, 429, 500])
async def test_no_other_answer_ends_a_device(service: WebPushHarness, status: int) -> None:
    service.reply(f"{status} no")

    outcome = await service.provider.send(service.message(1))

    assert not (isinstance(outcome, Refused) and outcome.blame)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_a_trusted_service_never_took_is_our_configuration(
    service: WebPushHarness, status: int
) -> None:
    service.reply(f"{status} invalid key")

    outcome = await service.provider.send(service.message(1))

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.CONFIGURATION
    assert outcome.reason.startswith(MISCONFIGURED)
    assert "invalid key" in outcome.reason


async def test_a_key_that_was_taken_before_is_only_this_devices_trouble(
    service: WebPushHarness,
) -> None:
    await service.provider.send(service.message(1))
    service.reply("403 another key")

    outcome = await service.provider.send(service.message(2))

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.MESSAGE
    assert "another key" in outcome.reason


@pytest.mark.parametrize("reply", ["401 no", "403 no", "500 no", "503 no", "429 no"])
async def test_a_service_of_a_users_own_cannot_stop_the_messages_of_others(
    service: WebPushHarness, reply: str
) -> None:
    stranger = WebPush(replace(service.application, trusted=()))
    await stranger.open()
    service.reply(reply)

    outcome = await stranger.send(service.message(1))
    await stranger.close()

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.MESSAGE


async def test_a_service_of_a_users_own_that_is_away_cannot_either(
    service: WebPushHarness,
) -> None:
    stranger = WebPush(replace(service.application, trusted=()))
    await stranger.open()
    await service.peer.stop()

    outcome = await stranger.send(service.message(1))
    await stranger.close()

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.MESSAGE


@pytest.mark.parametrize("act", [Drop(), Say(299)])
async def test_a_service_of_a_users_own_that_leaves_us_in_doubt_cannot_either(
    service: WebPushHarness, act: Drop | Say
) -> None:
    stranger = WebPush(replace(service.application, trusted=()))
    await stranger.open()
    service.peer.always("REPLY", act)

    outcome = await stranger.send(service.message(1))
    await stranger.close()

    assert isinstance(outcome, Unknown)
    assert outcome.scope is FailureScope.MESSAGE


async def test_services_of_users_own_take_no_place_from_the_others(
    service: WebPushHarness,
) -> None:
    application = replace(service.application, concurrency=4, trusted=())
    provider = WebPush(application)
    await provider.open()

    outcomes = await asyncio.gather(*(provider.send(service.message(n)) for n in range(6)))
    await provider.close()

    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert service.peak == 1


async def test_what_is_too_large_is_sent_once_more_and_shorter(service: WebPushHarness) -> None:
    push = a_push(service.browser.device, payload=b'{"title":"long"}', brief=b'{"title":"l"}')
    service.peer.once("REPLY", Say(413))

    outcome = await service.provider.send(push)

    assert isinstance(outcome, Sent)
    assert service.read == [{"title": "l"}]
    assert len(service.peer.requests) == 2


@pytest.mark.parametrize(
    ("header", "after"),
    [("120", timedelta(minutes=2)), ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta(0))],
)
async def test_a_service_that_asks_for_patience_says_for_how_long(
    service: WebPushHarness, header: str, after: timedelta
) -> None:
    service.peer.once("REPLY", Say(429, {"Retry-After": header}))

    outcome = await service.provider.send(service.message(1))

    assert isinstance(outcome, Retry)
    assert outcome.after == after
    assert isinstance(await service.provider.send(service.message(1)), Sent)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(service: WebPushHarness, status: int) -> None:
    service.peer.always("REPLY", Say(status, {"Location": f"{service.peer.origin}/inside"}))

    outcome = await service.provider.send(service.message(1))

    assert isinstance(outcome, Refused)
    assert "sends us elsewhere" in outcome.reason
    assert len(service.peer.requests) == 1


async def test_a_connection_lost_before_the_answer_is_unknown(service: WebPushHarness) -> None:
    service.peer.once("REPLY", Drop())

    assert isinstance(await service.provider.send(service.message(1)), Unknown)


@pytest.mark.parametrize("p256dh", ["B" + "A" * 86, "Bxyz", ""])
async def test_a_device_whose_key_is_none_ends_without_a_call(
    service: WebPushHarness, p256dh: str
) -> None:
    device = replace(service.browser.device, p256dh=p256dh)

    outcome = await service.provider.send(a_push(device))

    assert isinstance(outcome, Refused)
    assert outcome.blame
    assert service.peer.requests == []


@pytest.mark.parametrize("endpoint", [url for url, _ in FORBIDDEN])
async def test_an_endpoint_inside_our_network_is_refused_and_logged(
    public: WebPush, endpoint: str
) -> None:
    device = replace(PushDevice("").device, endpoint=endpoint, id=9)
    with capture_logs() as logged:
        outcome = await public.send(a_push(device))

    assert isinstance(outcome, Refused)
    assert not outcome.blame
    assert (logged[0]["event"], logged[0]["device"]) == ("an endpoint was refused", 9)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "fd00::1"])
async def test_a_name_that_leads_inside_our_network_is_refused_when_it_is_connected_to(
    key: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = PublicResolver(Names([address]))
    monkeypatch.setattr(endpoint, "PublicResolver", lambda: names)
    provider = WebPush.from_url(f"webpush:?key={key}&subject={SUBJECT}")
    await provider.open()

    with capture_logs() as logged:
        outcome = await provider.send(a_push(PushDevice("https://push.example/x").device))
    await provider.close()

    assert isinstance(outcome, Refused)
    assert "stands for a private address" in outcome.reason
    assert logged[0]["event"] == "an endpoint was refused"


async def test_localhost_is_refused_though_somebody_listens_there(
    public: WebPush, service: WebPushHarness
) -> None:
    outcome = await public.send(a_push(PushDevice("https://localhost/x").device))

    assert isinstance(outcome, Refused)
    assert service.peer.connections == 0


async def test_neither_endpoint_nor_keys_are_shown(
    service: WebPushHarness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    device: Device = service.browser.device
    service.reply(f"500 {device.endpoint} {device.auth}")

    outcome = await service.provider.send(service.message(1))

    shown = f"{outcome!r} {service.message(1)!r} {caplog.text}"
    assert device.auth not in shown
    assert "t0ken" not in shown


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("webpush:", "lacks the key or the subject"),
        ("webpush:?key={key}", "lacks the key or the subject"),
        ("webpush:?subject=mailto:ops@shop.example", "lacks the key or the subject"),
        ("webpush:?key={key}&subject=ops@shop.example", "neither mailto: nor https://"),
        ("webpush:?key=/nowhere.pem&subject=mailto:ops@shop.example", "/nowhere.pem"),
        ("webpush:?key={key}&subject=mailto:ops@shop.example&tll=5", "unknown parameter 'tll'"),
        ("webpush:?key={key}&subject=mailto:ops@shop.example&ca=/nowhere", "No such file"),
        ("webpush:?key={key}&subject=mailto:o@s.example&allow_private=yes", "neither 0 nor 1"),
        ("webpush://host?key={key}&subject=mailto:ops@shop.example", "before its parameters"),
    ],
)
def test_a_wrong_url_is_told_by_name(key: Path, url: str, sentence: str) -> None:
    with pytest.raises(ProviderUrlError, match=sentence):
        provider_for(url.format(key=key))


def test_private_addresses_are_out_of_reach_unless_the_url_says_otherwise(key: Path) -> None:
    provider: Any = provider_for(f"webpush:?key={key}&subject={SUBJECT}", name="pushes")

    assert provider.name == "pushes"
    assert not provider._client._allow_private
    for client in (provider._client._trusted, provider._client._others):
        assert isinstance(client._resolver, PublicResolver)
