"""Operators and people: who is let in as the one never gets in as the other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg.errors import InsufficientPrivilege
from structlog.testing import capture_logs

from dispatcher.db import connections
from dispatcher.db.connections import Pool
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.db_roles import as_operator
from tests.support import given
from tests.support.client import Answer, Client, cookies_of
from tests.support.given import Connection
from tests.support.tokens import OURS, token

SESSION = "/v1/operator/session"
#: As of a session that has ended since: who acts for her asks no more.
OLGA = Operator("olga", None, datetime(2026, 1, 1, tzinfo=UTC))


async def logged_in(client: Client) -> Client:
    """A browser with an operator's cookie."""
    return keeping(client, await client.as_operator().post(SESSION))


def keeping(client: Client, answer: Answer) -> Client:
    """A browser that keeps the cookies of an answer."""
    written = "; ".join(f"{name}={kept.value}" for name, kept in cookies_of(answer).items())
    return client.having(cookie=written)


async def test_an_operators_token_is_exchanged_for_a_cookie_of_its_own(client: Client) -> None:
    answer = await client.as_operator().post(SESSION)
    known = await keeping(client, answer).get(SESSION)

    (cookie,) = cookies_of(answer).values()
    assert cookie.key == "postbell_operator"
    assert cookie["httponly"]
    assert cookie["samesite"] == "lax"
    assert known.json["operator"] == "olga"
    assert datetime.fromisoformat(known.json["expires_at"]) > datetime.now(UTC)


async def test_an_operator_logs_out(client: Client) -> None:
    browser = await logged_in(client)

    answer = await browser.having(origin=OURS).delete(SESSION)

    assert answer.status == 204
    assert cookies_of(answer)["postbell_operator"].value == ""
    assert (await browser.get(SESSION)).status == 401


async def test_an_operators_session_does_not_prolong_itself(client: Client) -> None:
    browser = (await logged_in(client)).having(origin=OURS)

    assert (await browser.post(SESSION)).status == 401


async def test_an_operators_session_ends_with_its_token(client: Client, db: Connection) -> None:
    browser = await logged_in(client)
    db.execute("update postbell_private.operator_session set expires_at = now()")

    assert (await browser.get(SESSION)).status == 401
    db.execute("select postbell_private.forget_sessions()")
    assert given.value(db, "select count(*) from postbell_private.operator_session") == 0


@pytest.mark.parametrize("path", ["/v1/session", "/v1/inbox", "/v1/preferences"])
async def test_an_operator_has_no_inbox(client: Client, path: str) -> None:
    browser = await logged_in(client)

    assert (await client.as_operator().get(path)).status == 401
    assert (await client.as_operator("u1").get(path)).status == 401
    assert (await browser.get(path)).status == 401


async def test_a_person_is_no_operator(client: Client) -> None:
    browser = keeping(client, await client.as_().post("/v1/session"))

    assert (await client.as_().get(SESSION)).status == 401
    assert (await browser.get(SESSION)).status == 401


async def test_a_cookie_under_the_others_name_opens_nothing(client: Client) -> None:
    person = cookies_of(await client.as_().post("/v1/session"))["postbell"].value
    operator = cookies_of(await client.as_operator().post(SESSION))["postbell_operator"].value

    as_operator = client.having(cookie=f"postbell_operator={person}")
    as_person = client.having(cookie=f"postbell={operator}")

    assert (await as_operator.get(SESSION)).status == 401
    assert (await as_person.get("/v1/session")).status == 401


async def test_a_browser_may_be_logged_in_as_both(client: Client) -> None:
    person = cookies_of(await client.as_().post("/v1/session"))["postbell"].value
    operator = cookies_of(await client.as_operator().post(SESSION))["postbell_operator"].value
    browser = client.having(cookie=f"postbell={person}; postbell_operator={operator}")

    assert (await browser.get(SESSION)).json["operator"] == "olga"
    assert (await browser.get("/v1/session")).json["recipient_id"] == "u1"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"scope": "operator", "iat": 1, "exp": 60}, "has expired"),
        (
            {"scope": "operator", "secret": "somebody guessed, at some length"},
            "was not signed with",
        ),
        ({"scope": "support"}, 'scope is not "operator"'),
        ({}, 'scope is not "operator"'),
    ],
    ids=["expired", "forged", "of another scope", "a person's"],
)
async def test_who_is_no_operator_is_refused_and_that_is_logged(
    client: Client, claims: dict[str, Any], reason: str
) -> None:
    shown = token("olga", **claims)
    with capture_logs() as logged:
        answer = await client.having(authorization=f"Bearer {shown}").get(SESSION)

    (entry,) = logged
    assert answer.status == 401
    assert reason in answer.json["detail"]
    assert entry["event"] == "refused an operator's token"
    assert reason in entry["reason"]
    assert shown not in str(entry)


async def test_a_session_that_is_none_is_refused_and_that_is_logged(client: Client) -> None:
    with capture_logs() as logged:
        answer = await client.having(cookie="postbell_operator=guessed").get(SESSION)

    assert answer.status == 401
    assert [entry["event"] for entry in logged] == ["refused an operator's session"]


async def test_another_sites_page_logs_no_operator_out(client: Client) -> None:
    browser = await logged_in(client)

    answer = await browser.having(origin="https://evil.example").delete(SESSION)

    assert answer.status == 403
    assert (await browser.get(SESSION)).status == 200


async def test_what_is_done_for_an_operator_is_done_as_support(
    sessions: Pool, db: Connection
) -> None:
    async with as_operator(sessions, OLGA) as connection:
        cursor = await connection.execute("select current_user")
        assert await cursor.fetchone() == ("postbell_support",)
    with pytest.raises(InsufficientPrivilege):
        async with as_operator(sessions, OLGA) as connection:
            await connection.execute("select email from postbell.recipient")


async def test_after_an_operator_a_session_of_the_pool_is_nobodys(
    database_url: str, db: Connection
) -> None:
    async with connections.pool(database_url, "gateway", 1) as only_one:
        async with as_operator(only_one, OLGA):
            pass
        async with only_one.connection() as connection:
            cursor = await connection.execute(
                "select current_user = 'postbell_support', current_setting('enable_hashjoin')"
            )
            assert await cursor.fetchone() == (False, "off")
