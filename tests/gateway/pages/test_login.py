"""Logging in by an address: once it was signed, for a short time, and to pages of ours alone."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from structlog.testing import capture_logs

from dispatcher.gateway.token import SESSION_LIFE, login_token, operator_login_token
from tests.gateway.bearer import SECRET, token
from tests.gateway.client import Answer, Client, cookies_of


@pytest.fixture
def database_url(module_url: str) -> str:
    return module_url


def login_of(recipient: str = "u1", tenant: str = "default", secret: str = SECRET) -> str:
    return login_token(secret, datetime.now(UTC), recipient, tenant)


async def follow(client: Client, given: str, to: str | None = None) -> Answer:
    onwards = "" if to is None else f"&to={quote(to)}"
    return await client.get(f"/login?token={quote(given)}{onwards}")


async def test_an_address_begins_a_session_and_leads_to_its_page(client: Client) -> None:
    answer = await follow(client, login_of(), "/operator?tab=queue")

    assert answer.status == 303
    assert answer.headers["location"] == "/operator?tab=queue"
    assert answer.headers["cache-control"] == "no-store"
    cookie = cookies_of(answer)["postbell"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "lax"
    session = (await client.having(cookie=f"postbell={cookie.value}").get("/v1/session")).json
    assert session["recipient_id"] == "u1"
    left = datetime.fromisoformat(session["expires_at"]) - datetime.now(UTC)
    assert 0.99 < left / SESSION_LIFE <= 1


async def test_a_form_logs_in_without_the_token_in_an_address(client: Client) -> None:
    form = urlencode({"token": token("u2"), "to": "/preferences"}).encode()

    answer = await client.having(content_type="application/x-www-form-urlencoded").post(
        "/login", form
    )

    assert (answer.status, answer.headers["location"]) == (303, "/preferences")
    cookie = cookies_of(answer)["postbell"].value
    session = (await client.having(cookie=f"postbell={cookie}").get("/v1/session")).json
    assert session["recipient_id"] == "u2"


async def test_it_leads_to_the_preferences_if_it_says_nothing(client: Client) -> None:
    assert (await follow(client, login_of())).headers["location"] == "/preferences"


async def test_an_applications_token_lets_in_for_as_long_as_it_is_valid(client: Client) -> None:
    answer = await follow(client, token("u2", exp=int(time.time()) + 120))

    cookie = cookies_of(answer)["postbell"].value
    session = (await client.having(cookie=f"postbell={cookie}").get("/v1/session")).json
    assert session["recipient_id"] == "u2"
    left = datetime.fromisoformat(session["expires_at"]) - datetime.now(UTC)
    assert left.total_seconds() <= 120


async def test_an_operator_is_let_in_as_one_and_into_no_inbox(client: Client) -> None:
    answer = await follow(client, operator_login_token(SECRET, datetime.now(UTC), "mary"))

    cookies = cookies_of(answer)
    assert set(cookies) == {"postbell_operator"}
    browser = client.having(cookie=f"postbell_operator={cookies['postbell_operator'].value}")
    assert (await browser.get("/v1/operator/session")).json["operator"] == "mary"
    assert (await browser.get("/v1/session")).status == 401


async def test_the_token_of_an_address_is_of_no_other_use(client: Client) -> None:
    answer = await client.having(authorization=f"Bearer {login_of()}").get("/v1/session")

    assert answer.status == 401
    assert "aud" in answer.json["detail"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (login_of(secret="somebody else's secret, long enough"), "not signed"),
        (login_token(SECRET, datetime(2020, 1, 1, tzinfo=UTC), "u1", "default"), "expired"),
        (login_of("nobody"), "unknown_recipient"),
        (login_of("u2", "other"), "unknown_recipient"),
        (token(aud="elsewhere"), "aud"),
        ("a.b.c", "no token"),
        ("", "no token"),
    ],
    ids=["forged", "expired", "of nobody", "of another tenant", "for others", "garbage", "empty"],
)
async def test_a_token_that_lets_nobody_in_is_logged_and_answered_with_a_page(
    client: Client, given: str, reason: str
) -> None:
    with capture_logs() as logged:
        answer = await follow(client, given)

    assert answer.status == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert "set-cookie" not in answer.headers
    assert "follow it again" in answer.text
    assert [reason in entry["reason"] for entry in logged] == [True]
    assert given not in str(logged) or not given


async def test_without_a_token_it_says_where_to_log_in(client: Client) -> None:
    answer = await client.having(accept_language="fr-CH, en").get("/login")

    assert answer.status == 401
    assert '<html lang="fr">' in answer.text
    assert "Vous devez vous connecter" in answer.text


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "preferences",
        "/x\r\nset-cookie: a=b",
        "/é",
        "",
    ],
)
async def test_an_address_that_leads_elsewhere_logs_nobody_in(client: Client, to: str) -> None:
    with capture_logs() as logged:
        answer = await follow(client, login_of(), to)

    assert answer.status == 400
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert logged[0]["event"] == "refused a login"
