"""What holds for every path: who is let in, what browsers are told, how a wrong request ends."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from dispatcher.db import connections
from dispatcher.gateway.app import application, cookie_name, origin_of
from dispatcher.gateway.auth import Authenticator, Identity
from dispatcher.settings import Settings
from tests.support import given
from tests.support.client import Client, cookies_of
from tests.support.given import Connection
from tests.support.tokens import FRIEND, OURS, token


async def test_a_token_is_exchanged_for_a_cookie_that_no_script_reads(client: Client) -> None:
    answer = await client.as_().post("/v1/session")

    cookie = cookies_of(answer)["postbell"]
    assert answer.status == 200
    assert answer.json["recipient_id"] == "u1"
    assert cookie["httponly"]
    assert cookie["samesite"] == "lax"
    assert cookie["path"] == "/"
    browser = client.having(cookie=f"postbell={cookie.value}")
    assert (await browser.get("/v1/session")).json == answer.json


async def test_by_https_the_cookie_stays_with_this_host() -> None:
    assert cookie_name(Settings(public_url="https://n.example")) == "__Host-postbell"
    assert cookie_name(Settings()) == "postbell"


async def test_logging_out_ends_the_session_and_takes_the_cookie_back(client: Client) -> None:
    cookie = cookies_of(await client.as_().post("/v1/session"))["postbell"].value
    browser = client.having(cookie=f"postbell={cookie}", origin=OURS)

    answer = await browser.delete("/v1/session")

    assert answer.status == 204
    assert cookies_of(answer)["postbell"].value == ""
    assert (await browser.get("/v1/session")).status == 401


async def test_a_session_does_not_begin_another(client: Client) -> None:
    cookie = cookies_of(await client.as_().post("/v1/session"))["postbell"].value

    answer = await client.having(cookie=f"postbell={cookie}", origin=OURS).post("/v1/session")

    assert answer.status == 401


async def test_a_ticket_is_given_to_who_is_let_in(client: Client, db: Connection) -> None:
    answer = await client.as_("u2").post("/v1/ticket")

    assert answer.json["ticket"]
    assert given.column(db, "select recipient_id from postbell_private.ticket") == ["u2"]


async def test_nobody_is_told_how_to_be_let_in(client: Client) -> None:
    answer = await client.get("/v1/session")

    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["code"] == "unauthorized"
    assert answer.json["remedy"]


async def test_a_wrong_method_is_told_of_the_right_ones(client: Client) -> None:
    answer = await client.as_().put("/v1/session")

    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) >= {"GET", "POST", "DELETE"}


async def test_a_path_that_is_none_is_a_problem_like_others(client: Client) -> None:
    answer = await client.get("/v1/nothing")

    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/session", "/v1/nothing", "/healthz"])
async def test_every_answer_says_that_nothing_in_it_is_run_framed_or_kept(
    client: Client, path: str
) -> None:
    answer = await client.get(path)

    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_another_sites_page_cannot_log_somebody_out(client: Client) -> None:
    cookie = cookies_of(await client.as_().post("/v1/session"))["postbell"].value
    browser = client.having(cookie=f"postbell={cookie}")

    answer = await browser.having(origin="https://evil.example").delete("/v1/session")

    assert answer.status == 403
    assert answer.json["code"] == "foreign_origin"
    assert (await browser.get("/v1/session")).status == 200


async def test_a_page_of_an_allowed_origin_may_use_it(client: Client) -> None:
    asked = await client.having(origin=FRIEND, access_control_request_method="POST").send(
        "OPTIONS", "/v1/ticket"
    )
    answer = await client.as_().having(origin=FRIEND).get("/v1/session")

    assert asked.status == 200
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert answer.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", f"{FRIEND}.evil.example", f"{FRIEND}\r\nx: y", "null", "*"]
)
async def test_a_page_of_any_other_origin_may_not(client: Client, origin: str) -> None:
    answer = await client.as_().having(origin=origin).get("/v1/session")

    assert "access-control-allow-origin" not in answer.headers


async def test_the_host_that_a_client_names_is_believed_nowhere(client: Client) -> None:
    answer = await client.as_().having(host="evil.example").post("/v1/session")

    assert b"evil.example" not in answer.body
    assert not any("evil.example" in value for value in answer.headers.values())


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://n.example", "https://n.example"),
        ("https://N.Example:443/postbell", "https://n.example"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000/x", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url: str, origin: str) -> None:
    assert origin_of(url) == origin


async def test_while_the_database_is_away_clients_are_told_to_come_again(
    authenticator: Authenticator, settings: Settings
) -> None:
    nowhere = connections.pool("postgresql://127.0.0.1:1/none", "gateway", 1)
    client = Client(application(nowhere, settings, authenticator, streams={}))

    answer = await client.get("/readyz")

    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert (await client.get("/healthz")).status == 200


async def test_a_mistake_of_ours_says_nothing_of_what_it_was(
    client: Client, authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: HTTPConnection) -> Identity:
        raise RuntimeError("the cookie was hunter2")

    monkeypatch.setattr(authenticator, "authenticate", fail)

    with pytest.raises(RuntimeError):
        await client.get("/v1/session")

    answer = client.answers[-1]
    assert answer.status == 500
    assert "hunter2" not in answer.text
    assert answer.json["code"] == "internal_error"


async def test_a_cookie_from_before_is_refused_beside_a_good_token(client: Client) -> None:
    answer = await client.having(authorization=f"Bearer {token()}x", cookie="postbell=x").get(
        "/v1/session"
    )

    assert answer.status == 401
