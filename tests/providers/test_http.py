"""How far a request got when it failed, and what the answer says."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatcher.delivery.backoff import LONGEST_WAIT
from dispatcher.delivery.model import FailureScope, Refused, Retry, Unknown
from dispatcher.providers.base import MISCONFIGURED
from dispatcher.providers.http import LONGEST_BODY, HttpClient, Response, outcome_of, retry_after
from tests.support.http_peer import Drop, Hang, HttpPeer, Say, Write

CERTIFICATE = Path(__file__).parents[1] / "support" / "tls" / "localhost.crt"
KEY = Path(__file__).parents[1] / "support" / "tls" / "localhost.key"
#: More than the buffers on both sides of a loopback connection hold.
HUGE = b"x" * 24_000_000
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
async def server() -> AsyncIterator[HttpPeer]:
    server = HttpPeer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    client = HttpClient(concurrency=3, timeout=0.5, connect_timeout=0.5)
    await client.open()
    yield client
    await client.close()


def status(outcome: Response | Retry | Unknown) -> int:
    assert isinstance(outcome, Response), outcome
    return outcome.status


async def test_the_request_arrives_as_given(server: HttpPeer, client: HttpClient) -> None:
    url = f"{server.origin}/a%2Fb?c=%20d"

    outcome = await client.post(url, data=b'{"a": 1}', headers={"Content-Type": "text/json"})

    assert status(outcome) == 200
    [request] = server.requests
    assert (request.method, request.target, request.body) == ("POST", "/a%2Fb?c=%20d", b'{"a": 1}')
    assert request.headers["content-type"] == "text/json"
    assert request.headers["user-agent"].startswith("postbell/")


async def test_status_headers_in_any_case_and_body_are_handed_back(
    server: HttpPeer, client: HttpClient
) -> None:
    server.usual = lambda _: Say(418, {"X-Kind": "teapot"}, b'{"short": true}')

    outcome = await client.post(server.origin, data=b"")

    assert isinstance(outcome, Response)
    assert (outcome.status, outcome.headers["x-kind"]) == (418, "teapot")
    assert outcome.json() == {"short": True}
    assert outcome.is_complete


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b'{"cut": ', b"[" * 40_000])
async def test_a_body_that_is_no_json_is_none(
    server: HttpPeer, client: HttpClient, body: bytes
) -> None:
    server.usual = lambda _: Say(200, {}, body)

    outcome = await client.post(server.origin, data=b"")

    assert isinstance(outcome, Response)
    assert outcome.json() is None


# Before the request has been written: trying again is safe.


async def test_a_refused_connection_is_a_retry(server: HttpPeer, client: HttpClient) -> None:
    await server.stop()

    outcome = await client.post(server.origin, data=b"x")

    assert outcome == Retry("connecting: Connection refused", scope=FailureScope.PROVIDER)


async def test_a_name_that_nobody_knows_is_a_retry(client: HttpClient) -> None:
    outcome = await client.post("http://nobody.invalid/", data=b"x")

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.PROVIDER
    assert outcome.reason.startswith("connecting: ")


async def test_silence_while_connecting_is_a_retry(server: HttpPeer, client: HttpClient) -> None:
    server.stop_answering_connections()

    outcome = await client.post(server.origin, data=b"x")

    assert outcome == Retry("connecting: timed out", scope=FailureScope.PROVIDER)


async def test_silence_in_the_tls_handshake_is_a_retry(
    server: HttpPeer, client: HttpClient
) -> None:
    outcome = await client.post(f"https://127.0.0.1:{server.port}", data=b"x")

    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith("connecting: ")
    assert server.requests == []


async def test_a_certificate_that_cannot_be_trusted_is_a_retry() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, KEY)
    server = HttpPeer(tls=context)
    await server.start()
    client = HttpClient(concurrency=1, timeout=1, connect_timeout=1)
    await client.open()

    outcome = await client.post(server.origin, data=b"x")

    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith("connecting: the certificate cannot be trusted: self")
    await client.close()
    await server.stop()


async def test_a_certificate_that_we_are_told_to_trust_is_trusted() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, KEY)
    server = HttpPeer(tls=context)
    await server.start()
    client = HttpClient(
        concurrency=1,
        timeout=1,
        connect_timeout=1,
        tls=ssl.create_default_context(cafile=CERTIFICATE),
    )
    await client.open()

    outcomes = [await client.post(server.origin, data=HUGE[:size]) for size in (10, 1_000_000)]

    assert [status(outcome) for outcome in outcomes] == [200, 200]
    assert [len(request.body) for request in server.requests] == [10, 1_000_000]
    assert server.connections == 1
    await client.close()
    await server.stop()


@pytest.mark.parametrize("act", [Drop(), Drop(reset=True), Hang()], ids=str)
async def test_a_body_of_which_the_end_was_never_sent_is_a_retry(
    server: HttpPeer, client: HttpClient, act: Drop | Hang
) -> None:
    server.always("HEAD", act)

    outcome = await client.post(server.origin, data=HUGE)

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.PROVIDER
    assert outcome.reason.startswith("sending the request: ")
    assert server.requests == []


async def test_a_huge_body_arrives_whole(server: HttpPeer) -> None:
    client = HttpClient(concurrency=1, timeout=30, connect_timeout=1)
    await client.open()

    outcomes = [await client.post(server.origin, data=HUGE) for _ in range(2)]

    assert [status(outcome) for outcome in outcomes] == [200, 200]
    assert [request.body == HUGE for request in server.requests] == [True, True]
    assert server.connections == 1
    await client.close()


async def test_a_connection_closed_while_unused_is_replaced_without_a_word(
    server: HttpPeer, client: HttpClient
) -> None:
    await client.post(server.origin, data=b"1")
    await server.hang_up()

    outcome = await client.post(server.origin, data=b"2")

    assert status(outcome) == 200
    assert [request.body for request in server.requests] == [b"1", b"2"]


@pytest.mark.parametrize("size", [1, 1_000_000])
async def test_a_connection_closed_in_the_last_moment_is_replaced_without_a_word(
    server: HttpPeer, client: HttpClient, size: int
) -> None:
    await asyncio.gather(*(client.post(server.origin, data=b"1") for _ in range(3)))
    # The peer's end goes out, and the client writes before its loop has looked at the sockets.
    for session in server._sessions:
        session.cancel()
    sending = asyncio.create_task(client.post(server.origin, data=b"2" * size))

    assert status(await sending) == 200
    assert [len(request.body) for request in server.requests[3:]] == [size]


async def test_a_request_that_the_system_itself_did_not_take_is_sent_on_another_connection(
    server: HttpPeer, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if the reset had come between the look at the connection and the writing.
    monkeypatch.setattr("dispatcher.providers.http._has_ended", lambda _: False)
    await client.post(server.origin, data=b"1")
    sending = asyncio.create_task(client.post(server.origin, data=b"2"))
    server.reset()

    assert status(await sending) == 200
    assert [request.body for request in server.requests] == [b"1", b"2"]


async def test_a_server_that_is_gone_for_good_is_a_retry_after_the_stale_connections(
    server: HttpPeer, client: HttpClient
) -> None:
    await asyncio.gather(*(client.post(server.origin, data=b"1") for _ in range(3)))
    await server.stop()

    outcome = await client.post(server.origin, data=b"2")

    assert outcome == Retry("connecting: Connection refused", scope=FailureScope.PROVIDER)


# After: it may have been taken.


@pytest.mark.parametrize("step", ["REPLY", "HEADERS"])
@pytest.mark.parametrize("act", [Drop(), Drop(reset=True), Hang()], ids=str)
async def test_no_answer_to_a_whole_request_is_unknown(
    server: HttpPeer, client: HttpClient, step: str, act: Drop | Hang
) -> None:
    server.always(step, act)

    outcome = await client.post(server.origin, data=b"x")

    reason = "timed out" if isinstance(act, Hang) else "connection lost"
    assert outcome == Unknown(f"waiting for the response: {reason}")
    assert len(server.requests) == 1


async def test_no_answer_on_a_connection_used_again_is_unknown_and_not_sent_twice(
    server: HttpPeer, client: HttpClient
) -> None:
    await client.post(server.origin, data=b"1")
    server.once("REPLY", Drop(reset=True))

    outcome = await client.post(server.origin, data=b"2")

    assert isinstance(outcome, Unknown)
    assert [request.body for request in server.requests] == [b"1", b"2"]


@pytest.mark.parametrize("act", [Drop(), Drop(reset=True), Hang()], ids=str)
async def test_a_small_request_that_the_server_may_yet_read_is_unknown(
    server: HttpPeer, client: HttpClient, act: Drop | Hang
) -> None:
    server.always("HEAD", act)

    assert isinstance(await client.post(server.origin, data=b"x"), Unknown)


@pytest.mark.parametrize(
    "garbage",
    [b"", b"550 what\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 ok\r\n" + b"a" * 90_000],
    ids=["nothing", "another protocol", "no status", "endless header"],
)
async def test_an_answer_that_is_not_http_is_unknown(
    server: HttpPeer, client: HttpClient, garbage: bytes
) -> None:
    server.once("REPLY", Write(garbage))

    assert isinstance(await client.post(server.origin, data=b"x"), Unknown)


@pytest.mark.parametrize("act", [Drop(), Drop(reset=True), Hang()], ids=str)
async def test_a_body_cut_short_leaves_the_status_and_what_there_was(
    server: HttpPeer, client: HttpClient, act: Drop | Hang
) -> None:
    server.usual = lambda _: Say(202, {"X-Message-Id": "m1"}, b"0123456789")
    server.always("BODY", act)

    outcome = await client.post(server.origin, data=b"x")

    assert isinstance(outcome, Response)
    assert (outcome.status, outcome.headers["X-Message-Id"]) == (202, "m1")
    assert not outcome.is_complete
    assert b"0123456789".startswith(outcome.body)


async def test_of_an_endless_body_only_the_beginning_is_read(
    server: HttpPeer, client: HttpClient
) -> None:
    server.usual = lambda _: Say(500, {}, b"x" * 10_000_000)

    outcome = await client.post(server.origin, data=b"x")

    assert isinstance(outcome, Response)
    assert len(outcome.body) == LONGEST_BODY
    assert not outcome.is_complete
    await server.left_alone()


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(server: HttpPeer, client: HttpClient, code: int) -> None:
    server.usual = lambda _: Say(code, {"Location": f"{server.origin}/elsewhere"})

    outcome = await client.post(f"{server.origin}/here", data=b"x")

    assert status(outcome) == code
    assert [request.target for request in server.requests] == ["/here"]


async def test_no_cookie_is_sent_back(server: HttpPeer, client: HttpClient) -> None:
    server.usual = lambda _: Say(200, {"Set-Cookie": "who=me"})

    for _ in range(2):
        await client.post(server.origin, data=b"x")

    assert all("cookie" not in request.headers for request in server.requests)


@pytest.mark.parametrize("step", ["ACCEPT", "REPLY", "HEADERS"])
async def test_asking_leaves_no_doubt(server: HttpPeer, client: HttpClient, step: str) -> None:
    server.always(step, Drop())

    outcome = await client.get(server.origin)

    assert outcome == Retry("connection lost", scope=FailureScope.PROVIDER)


async def test_what_was_asked_for_is_handed_back(server: HttpPeer, client: HttpClient) -> None:
    server.usual = lambda request: Say(200, {}, f"{request.method} {request.target}".encode())

    outcome = await client.get(f"{server.origin}/a?b=c", headers={"X-A": "1"})

    assert isinstance(outcome, Response)
    assert outcome.body == b"GET /a?b=c"
    assert server.requests[0].headers["x-a"] == "1"


# The pool.


async def test_one_connection_carries_request_after_request(
    server: HttpPeer, client: HttpClient
) -> None:
    for _ in range(5):
        await client.post(server.origin, data=b"x")

    assert server.connections == 1


async def test_no_more_are_in_flight_than_the_bound(server: HttpPeer, client: HttpClient) -> None:
    server.always("REPLY", Hang(0.01))

    outcomes = await asyncio.gather(*(client.post(server.origin, data=b"x") for _ in range(30)))

    assert [status(outcome) for outcome in outcomes] == [200] * 30
    assert server.peak == server.connections == 3


async def test_the_wait_for_a_free_connection_counts_to_no_timeout(server: HttpPeer) -> None:
    client = HttpClient(concurrency=1, timeout=0.2, connect_timeout=0.2)
    await client.open()
    server.always("REPLY", Hang(0.1))

    outcomes = await asyncio.gather(*(client.post(server.origin, data=b"x") for _ in range(8)))

    assert [status(outcome) for outcome in outcomes] == [200] * 8
    await client.close()


async def test_closing_lets_those_in_flight_and_in_the_queue_end(
    server: HttpPeer, client: HttpClient
) -> None:
    server.always("REPLY", Hang(0.02))
    sends = [asyncio.create_task(client.post(server.origin, data=b"x")) for _ in range(7)]
    await asyncio.sleep(0)

    await asyncio.gather(client.close(), client.close())

    assert [status(outcome) for outcome in await asyncio.gather(*sends)] == [200] * 7
    await server.left_alone()


async def test_what_is_closed_can_be_opened_again(server: HttpPeer, client: HttpClient) -> None:
    await client.close()
    with pytest.raises(RuntimeError, match="not open"):
        await client.post(server.origin, data=b"x")

    await client.open()

    assert status(await client.post(server.origin, data=b"x")) == 200


@pytest.mark.parametrize("step", ["HEAD", "REPLY", "HEADERS", "BODY"])
async def test_a_cancelled_request_frees_its_place_and_its_connection(
    server: HttpPeer, client: HttpClient, step: str
) -> None:
    server.usual = lambda _: Say(200, {}, b"0123456789")
    server.once(step, Hang(), Hang(), Hang())
    sends = [asyncio.create_task(client.post(server.origin, data=b"x")) for _ in range(3)]
    await asyncio.sleep(0.05)
    for send in sends:
        send.cancel()
    await asyncio.gather(*sends, return_exceptions=True)

    assert status(await client.post(server.origin, data=b"x")) == 200
    assert server.connections == 4


@pytest.mark.parametrize("step", ["HEAD", "REPLY", "HEADERS"])
async def test_no_reason_or_log_shows_the_url(
    server: HttpPeer, client: HttpClient, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.always(step, Drop())

    outcome = await client.post(f"{server.origin}/s3cret?token=s3cret", data=b"s3cret")

    assert isinstance(outcome, Unknown)
    assert "s3cret" not in f"{outcome!r} {client!r} {vars(client)!r} {caplog.text}"


@pytest.mark.parametrize("url", ["", "shop.example", "http://", "http://[::1", "http://a:99999/"])
async def test_a_url_that_none_can_be_is_an_error(client: HttpClient, url: str) -> None:
    with pytest.raises(ValueError):
        await client.post(url, data=b"x")


# How long the server asks us to wait.


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": " 120 "}, 120),
        ({"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT"}, 30),
        ({"Retry-After": "Sunday, 01-Mar-26 12:00:30 GMT"}, 30),
        ({"Retry-After": "Sun Mar  1 12:00:30 2026"}, 30),
        ({"Retry-After": "Sun, 01 Mar 2026 12:00:30 -0000"}, 30),
        ({"Retry-After": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 45)}, 45),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) - 45)}, 0),
        ({"Retry-After": "7", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 45)}, 7),
        ({"Retry-After": "soon", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 45)}, 45),
    ],
)
def test_a_wait_is_read_in_every_form(headers: dict[str, str], seconds: int) -> None:
    assert retry_after(headers, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_wait_is_longer_than_ours(value: str) -> None:
    assert retry_after({"Retry-After": value}, NOW) == LONGEST_WAIT


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Retry-After": ""},
        {"Retry-After": "soon"},
        {"Retry-After": "-5"},
        {"Retry-After": "1.5e3"},
        {"Retry-After": "٣"},
        {"Retry-After": "9" * 5000},
        {"Retry-After": "Sun, 99 Mar 2026 12:00:30 GMT"},
        {"Retry-After": "Sun, 01 Mar 99999999 12:00:30 GMT"},
        {"Retry-After": "Sun, 01 Mar 2026 12:00:30 +99999999999999999999"},
        {"Retry-After": "Sun, 99999999999999999999 Mar 2026 12:00:30 GMT"},
        {"X-RateLimit-Reset": "60"},
        {"X-RateLimit-Reset": "tomorrow"},
    ],
    ids=lambda headers: str(headers)[:40],
)
def test_nonsense_asks_for_no_wait(headers: dict[str, str]) -> None:
    assert retry_after(headers, NOW) is None


def answered(status: int, headers: dict[str, str] | None = None) -> Retry | Refused | Unknown:
    return outcome_of(Response(status, headers or {}, b""), f"it said {status}")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_a_server_that_cannot_now_is_asked_again(status: int) -> None:
    assert answered(status) == Retry(
        f"it said {status}", code=str(status), scope=FailureScope.PROVIDER
    )


@pytest.mark.parametrize("status", [429, 503])
def test_it_says_when_to_come_back(status: int) -> None:
    outcome = answered(status, {"Retry-After": "7"})

    assert isinstance(outcome, Retry)
    assert outcome.after == timedelta(seconds=7)


@pytest.mark.parametrize("status", [300, 301, 302, 304, 308, 401, 402, 403, 404, 405, 407, 410])
def test_who_we_are_and_where_we_ask_is_our_configuration(status: int) -> None:
    outcome = answered(status)

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.CONFIGURATION
    assert outcome.reason.startswith(f"{MISCONFIGURED}it said {status}")


@pytest.mark.parametrize("status", [400, 406, 409, 413, 415, 418, 422, 431, 499])
def test_what_we_said_is_refused(status: int) -> None:
    assert answered(status) == Refused(f"it said {status}", code=str(status))


@pytest.mark.parametrize("status", [101, 200, 204, 226, 600, 999])
def test_a_yes_of_another_kind_leaves_it_in_doubt(status: int) -> None:
    assert answered(status) == Unknown(f"it said {status}", code=str(status))
