"""Prism and WireMock catch what they are there to catch."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.peers.prism import SENDGRID, TWILIO, Prism
from tests.support.peers.wiremock import RESET, Answer, WireMock

pytestmark = pytest.mark.slow

MAIL: dict[str, Any] = {
    "personalizations": [{"to": [{"email": "ann@example.org"}]}],
    "from": {"email": "shop@shop.example"},
    "subject": "Order 1",
    "content": [{"type": "text/plain", "value": "Thank you."}],
    "custom_args": {"postbell_delivery_id": "1"},
}


class _Yes(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("X-Message-Id", "m1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def fake() -> Iterator[str]:
    """A service that says 202 to everything."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Yes) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.fixture(scope="module")
def wiremock() -> Iterator[WireMock]:
    with WireMock() as wiremock:
        yield wiremock


@pytest.fixture(autouse=True)
def _fresh(request: pytest.FixtureRequest) -> None:
    if "wiremock" in request.fixturenames:
        request.getfixturevalue("wiremock").reset()


def post(url: str, body: bytes, **headers: str) -> int:
    """The status."""
    headers = {"Content-Type": "application/json", "Authorization": "Bearer SG.fake"} | headers
    request = urllib.request.Request(url, method="POST", data=body, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_prism_lets_a_mail_pass_that_the_official_file_allows(fake: str) -> None:
    with Prism(SENDGRID, fake) as prism:
        assert post(f"{prism.url}/v3/mail/send", json.dumps(MAIL).encode()) == 202


def test_prism_refuses_a_mail_without_content(fake: str) -> None:
    mail = {name: value for name, value in MAIL.items() if name != "from"}
    with Prism(SENDGRID, fake) as prism:
        assert post(f"{prism.url}/v3/mail/send", json.dumps(mail).encode()) == 422


def test_prism_refuses_an_answer_that_the_service_never_gives(fake: str) -> None:
    with Prism(TWILIO, fake) as prism:
        url = f"{prism.url}/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
        login = base64.b64encode(b"AC0:secret").decode()

        status = post(
            url,
            b"To=%2B33612345678&From=%2B33600000000&Body=Hi",
            Authorization=f"Basic {login}",
            **{"Content-Type": "application/x-www-form-urlencoded"},
        )

        assert status == 500, prism.log()


def test_wiremock_answers_in_turn_and_its_journal_counts(wiremock: WireMock) -> None:
    wiremock.answer("/send", Answer(429, {"Retry-After": "1"}), Answer(429), Answer(202))

    statuses = [post(f"{wiremock.url}/send", b"{}") for _ in range(4)]

    assert statuses == [429, 429, 202, 202]
    assert [request["body"] for request in wiremock.requests("/send")] == ["{}"] * 4


def test_wiremock_takes_a_request_and_resets_the_connection(wiremock: WireMock) -> None:
    wiremock.answer("/send", RESET, Answer(201))

    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        post(f"{wiremock.url}/send", b"Body=once")

    assert [request["body"] for request in wiremock.requests("/send")] == ["Body=once"]
