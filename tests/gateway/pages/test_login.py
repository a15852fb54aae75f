"""Logging in by an address: signed, for a short time, to pages of ours, and never unasked."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from structlog.testing import capture_logs

from dispatcher.gateway.token import SESSION_LIFE, login_token, operator_login_token
from tests.support import given as domain
from tests.support.client import Answer, Client, cookies_of
from tests.support.given import Connection
from tests.support.tokens import FRIEND, OURS, SECRET, token


def login_of(recipient: str = "u1", tenant: str = "default", secret: str = SECRET) -> str:
    return login_token(secret, datetime.now(UTC), recipient, tenant)


async def follow(client: Client, given: str, to: str | None = None) -> Answer:
    onwards = "" if to is None else f"&to={quote(to)}"
    return await client.get(f"/login?token={quote(given)}{onwards}")


async def agree(client: Client, given: str, to: str | None = None, origin: str = OURS) -> Answer:
    """Press the button of a page of `origin`."""
    form = {"token": given} if to is None else {"token": given, "to": to}
    sent = client.having(content_type="application/x-www-form-urlencoded", origin=origin)
    return await sent.post("/login", urlencode(form).encode())


async def session_of(client: Client, answer: Answer) -> Any:
    cookie = cookies_of(answer)["postbell"].value
    return (await client.having(cookie=f"postbell={cookie}").get("/v1/session")).json


async def test_an_address_asks_who_is_meant_and_logs_nobody_in(client: Client) -> None:
    given = login_of()

    answer = await follow(client, given, "/operator?tab=queue")

    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    assert "Log in as u1@example.org?" in answer.text
    assert f'value="{given}"' in answer.text
    assert 'value="/operator?tab=queue"' in answer.text
    # Else the form would come with `Origin: null`, or the address with its token go along.
    assert answer.headers["referrer-policy"] == "strict-origin"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_it_asks_in_the_persons_language_and_names_what_is_in_no_language(
    client: Client, db: Connection
) -> None:
    domain.recipient(db, "<b>", email=None, locale="fr-CA")

    answer = await follow(client, login_of("<b>"))

    assert '<html lang="fr">' in answer.text
    assert "en tant que &lt;b&gt;" in answer.text


async def test_the_answer_begins_a_session_and_leads_to_the_page(client: Client) -> None:
    answer = await agree(client, login_of(), "/operator?tab=queue")

    assert answer.status == 303
    assert answer.headers["location"] == "/operator?tab=queue"
    assert answer.headers["cache-control"] == "no-store"
    cookie = cookies_of(answer)["postbell"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "lax"
    session = await session_of(client, answer)
    assert session["recipient_id"] == "u1"
    left = datetime.fromisoformat(session["expires_at"]) - datetime.now(UTC)
    assert 0.99 < left / SESSION_LIFE <= 1


async def test_an_allowed_page_logs_its_person_in_unasked(client: Client) -> None:
    answer = await agree(client, token("u2"), "/preferences", FRIEND)

    assert (answer.status, answer.headers["location"]) == (303, "/preferences")
    assert (await session_of(client, answer))["recipient_id"] == "u2"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8001"])
async def test_a_form_of_a_strangers_page_is_asked_about(client: Client, origin: str) -> None:
    answer = await agree(client, login_of(), origin=origin)

    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    assert "Log in as u1@example.org?" in answer.text


async def test_a_friends_page_makes_nobody_an_operator_unasked(client: Client) -> None:
    given = operator_login_token(SECRET, datetime.now(UTC), "mary")

    answer = await agree(client, given, origin=FRIEND)

    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    assert "Log in as mary?" in answer.text


@pytest.mark.parametrize(("who", "status"), [("u1", 303), ("u2", 200)])
async def test_who_is_logged_in_already_is_not_asked_and_another_is(
    client: Client, who: str, status: int
) -> None:
    cookie = cookies_of(await agree(client, login_of("u1")))["postbell"].value
    browser = client.having(cookie=f"postbell={cookie}")

    answer = await follow(browser, login_of(who))

    assert answer.status == status
    assert "set-cookie" not in answer.headers


async def test_a_session_of_another_tenants_namesake_is_another_persons(client: Client) -> None:
    cookie = cookies_of(await agree(client, login_of("u1", "other")))["postbell"].value

    answer = await follow(client.having(cookie=f"postbell={cookie}"), login_of("u1"))

    assert answer.status == 200


async def test_an_operator_who_is_logged_in_is_not_asked(client: Client) -> None:
    given = operator_login_token(SECRET, datetime.now(UTC), "mary")
    cookie = cookies_of(await agree(client, given))["postbell_operator"].value
    browser = client.having(cookie=f"postbell_operator={cookie}")

    assert (await follow(browser, given, "/operator")).headers["location"] == "/operator"
    another = operator_login_token(SECRET, datetime.now(UTC), "olga")
    assert (await follow(browser, another)).status == 200


async def test_it_leads_to_the_preferences_if_it_says_nothing(client: Client) -> None:
    assert (await agree(client, login_of())).headers["location"] == "/preferences"


async def test_an_applications_token_lets_in_for_as_long_as_it_is_valid(client: Client) -> None:
    answer = await agree(client, token("u2", exp=int(time.time()) + 120))

    session = await session_of(client, answer)
    assert session["recipient_id"] == "u2"
    left = datetime.fromisoformat(session["expires_at"]) - datetime.now(UTC)
    assert left.total_seconds() <= 120


async def test_an_operator_is_let_in_as_one_and_into_no_inbox(client: Client) -> None:
    answer = await agree(client, operator_login_token(SECRET, datetime.now(UTC), "mary"))

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
    ("made", "reason"),
    [
        (lambda: login_of(secret="somebody else's secret, long enough"), "not signed"),
        (lambda: login_token(SECRET, datetime(2020, 1, 1, tzinfo=UTC), "u1", "default"), "expired"),
        (lambda: login_of("nobody"), "unknown_recipient"),
        (lambda: login_of("u2", "other"), "unknown_recipient"),
        (lambda: token(aud="elsewhere"), "aud"),
        (lambda: "a.b.c", "no token"),
        (lambda: "", "no token"),
    ],
    ids=["forged", "expired", "of nobody", "of another tenant", "for others", "garbage", "empty"],
)
async def test_a_token_that_lets_nobody_in_is_logged_and_answered_with_a_page(
    client: Client, made: Callable[[], str], reason: str
) -> None:
    given = made()
    with capture_logs() as logged:
        answer = await follow(client, given)

    assert answer.status == 401
    assert (await agree(client, given)).status == 401
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
        answers = [await follow(client, login_of(), to), await agree(client, login_of(), to)]

    for answer in answers:
        assert answer.status == 400
        assert "location" not in answer.headers
        assert "set-cookie" not in answer.headers
    assert logged[0]["event"] == "refused a login"
