"""Tokens: who signed them, for whom, until when; everything else is refused with its reason."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from dispatcher.gateway.token import Claims, InvalidToken, OperatorClaims, TokenReader
from tests.support.tokens import SECRET, token


def now() -> int:
    return int(time.time())


def read(given: str, *secrets: str) -> Claims:
    return TokenReader(secrets or (SECRET,)).read(given)


def refusal(given: str) -> str:
    with pytest.raises(InvalidToken) as raised:
        read(given)
    return str(raised.value)


def test_a_token_names_its_person_and_its_end() -> None:
    in_an_hour = now() + 3600

    claims = read(token("u1", tenant="fernhill", exp=in_an_hour))

    assert claims == Claims("fernhill", "u1", datetime.fromtimestamp(in_an_hour, UTC))


def test_without_a_tenant_it_is_the_default_one() -> None:
    assert read(token()).tenant_id == "default"


def test_a_token_of_a_former_secret_is_good_while_that_is_listed() -> None:
    other = "another secret, of enough characters"

    assert read(token(secret=other), SECRET, other).recipient_id == "u1"


@pytest.mark.parametrize("claim", ["sub", "aud", "iat", "exp"])
def test_a_token_without_a_claim_is_refused_by_its_name(claim: str) -> None:
    claims = {"sub": "u1", "aud": "postbell", "iat": now(), "exp": now() + 3600}
    del claims[claim]

    reason = refusal(jwt.encode(claims, SECRET))

    assert reason == f"the token has no {claim}"


def test_a_forged_token_is_refused() -> None:
    reason = refusal(token(secret="what somebody guessed, at some length"))

    assert reason == "the token was not signed with POSTBELL_TOKEN_SECRET"


@pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "RS256"])
def test_a_token_does_not_choose_how_it_is_verified(algorithm: str) -> None:
    _, claims, signature = token().split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())

    for end in ("", signature):
        assert "HS256" in refusal(f"{head.decode().rstrip('=')}.{claims}.{end}")


def test_a_token_for_somebody_else_is_refused() -> None:
    assert refusal(token(aud="billing")) == 'the token\'s aud is not "postbell"'


def test_an_expired_token_is_refused() -> None:
    assert refusal(token(iat=now() - 600, exp=now() - 1)) == "the token has expired"


def test_a_token_that_would_be_good_for_years_is_refused() -> None:
    reason = refusal(token(exp=now() + 10 * 365 * 86400))

    assert reason == "the token's exp is more than 24 hours after its iat"


def test_a_token_from_the_future_is_refused_beyond_what_clocks_differ() -> None:
    assert read(token(iat=now() + 30)).recipient_id == "u1"
    assert "future" in refusal(token(iat=now() + 3600, exp=now() + 3700))


@pytest.mark.parametrize("moment", ["soon", True, None, [], 1e400, -1e400, 10**30, float("nan")])
def test_a_time_that_is_none_is_refused(moment: Any) -> None:
    claims = {"sub": "u1", "aud": "postbell", "iat": now(), "exp": moment}

    with pytest.raises(InvalidToken):
        read(jwt.encode(claims, SECRET))


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", "x" * 256, 7, None, ["u1"]])
@pytest.mark.parametrize("claim", ["sub", "tenant"])
def test_an_id_that_no_database_could_hold_is_refused(claim: str, name: Any) -> None:
    claims = {"sub": "u1", "aud": "postbell", "iat": now(), "exp": now() + 3600, claim: name}

    with pytest.raises(InvalidToken):
        read(jwt.encode(claims, SECRET))


@pytest.mark.parametrize(
    "given",
    ["", "x", "a.b.c", "é.é.é", "\0", "{token}x", ".{token}", "{cut}", "x" * 5000],
)
def test_what_is_no_token_is_refused(given: str) -> None:
    with pytest.raises(InvalidToken):
        read(given.replace("{token}", token()).replace("{cut}", token()[:-9]))


def test_a_token_nested_without_end_is_refused() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 2000).decode().rstrip("=")

    with pytest.raises(InvalidToken):
        read(f"{deep}.{deep}.")


def test_an_operators_token_names_the_operator_and_its_end() -> None:
    in_an_hour = now() + 3600
    reader = TokenReader([SECRET])

    claims = reader.read_operator(token("olga", scope="operator", exp=in_an_hour))

    assert claims == OperatorClaims("olga", datetime.fromtimestamp(in_an_hour, UTC))


@pytest.mark.parametrize("scope", ["operator", "", "admin", None, ["operator"]])
def test_a_token_with_a_scope_is_no_persons(scope: Any) -> None:
    claims = {"sub": "u1", "aud": "postbell", "iat": now(), "exp": now() + 3600, "scope": scope}

    assert refusal(jwt.encode(claims, SECRET)) == "the token has a scope, and a person's has none"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({}, 'the token\'s scope is not "operator"'),
        ({"scope": "Operator"}, 'the token\'s scope is not "operator"'),
        ({"scope": "operator admin"}, 'the token\'s scope is not "operator"'),
        ({"scope": ["operator"]}, 'the token\'s scope is not "operator"'),
        ({"scope": True}, 'the token\'s scope is not "operator"'),
        ({"scope": "operator", "tenant": "other"}, "an operator's token names no tenant"),
        ({"scope": "operator", "aud": "billing"}, 'the token\'s aud is not "postbell"'),
        ({"scope": "operator", "iat": 0, "exp": 3600}, "the token has expired"),
        ({"scope": "operator", "exp": 2**33}, "more than 24 hours"),
        ({"scope": "operator", "recipient": "a\0b"}, "the token's sub"),
        ({"scope": "operator", "secret": "guessed, at some length, by somebody"}, "not signed"),
    ],
)
def test_what_is_no_operators_token_lets_no_operator_in(
    claims: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidToken, match=reason):
        TokenReader([SECRET]).read_operator(token(**claims))
