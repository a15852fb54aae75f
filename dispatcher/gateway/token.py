"""Tokens by which the application names a recipient or an operator: JWT (RFC 7519), HS256."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt

from dispatcher.inbound.links import read_preferences
from dispatcher.inbound.signing import BadToken, Signer

#: The claim `aud`: tokens that the application signs for others with the same secret are refused.
AUDIENCE: Final = "postbell"
#: The claim `scope` of an operator's token, which opens no inbox.
OPERATOR: Final = "operator"
#: The longest time that a token may be valid: a stolen one is of use for as long.
LONGEST_LIFE: Final = timedelta(hours=24)

#: The claim `aud` of a token in a login link. It begins a session and does nothing else, so that it
#: is of little use to somebody who finds it in a log or a browser's history.
LOGIN_AUDIENCE: Final = "postbell-login"
#: How long a login link works, and how long the session lasts that it begins.
LOGIN_LIFE: Final = timedelta(minutes=10)
SESSION_LIFE: Final = timedelta(hours=12)

_REQUIRED: Final = ("sub", "aud", "iat", "exp")
_LONGEST_TOKEN: Final = 4096
_LONGEST_IDENTIFIER: Final = 255
#: By how much the application's clock may be ahead.
_LEEWAY: Final = timedelta(seconds=60)


def login_token(secret: str, now: datetime, recipient_id: str, tenant_id: str) -> str:
    """A recipient's token for `/login?token=…`, valid for LOGIN_LIFE."""
    return _login_token(secret, now, sub=recipient_id, tenant=tenant_id)


def operator_login_token(secret: str, now: datetime, operator: str) -> str:
    """An operator's token for `/login?token=…`; `operator` is the name in the log."""
    return _login_token(secret, now, sub=operator, scope=OPERATOR)


def _login_token(secret: str, now: datetime, **claims: str) -> str:
    times = {"iat": int(now.timestamp()), "exp": int((now + LOGIN_LIFE).timestamp())}
    return jwt.encode({**claims, "aud": LOGIN_AUDIENCE, **times}, secret, algorithm="HS256")


class InvalidToken(Exception):
    """The token is refused; the text says why, for the application's author."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The recipient that a token names, and when it expires."""

    tenant_id: str
    recipient_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OperatorClaims:
    """The operator that a token names, and when it expires."""

    operator: str
    expires_at: datetime


class TokenReader:
    """Verifies and reads tokens that are signed with one of the secrets."""

    def __init__(
        self,
        secrets: Sequence[str],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._secrets: Final = tuple(secrets)
        self._now: Final = now

    def read(self, token: str) -> Claims:
        """Reads a recipient's token. Raises InvalidToken, also for an operator's."""
        return _person(*self._valid(token))

    def read_operator(self, token: str) -> OperatorClaims:
        """Reads an operator's token. Raises InvalidToken, also for a recipient's."""
        return _operator(*self._valid(token))

    def read_login(self, token: str) -> Claims | OperatorClaims:
        """Reads the token of a login link: the application's, or one of login_token().

        `expires_at` is the end of the session. Raises InvalidToken.
        """
        claims, expires_at = self._valid(token, AUDIENCE, LOGIN_AUDIENCE)
        if claims["aud"] == LOGIN_AUDIENCE:
            expires_at = self._now() + SESSION_LIFE
        read = _operator if "scope" in claims else _person
        return read(claims, expires_at)

    def _valid(self, token: str, *audiences: str) -> tuple[dict[str, Any], datetime]:
        """The claims of a token that is valid now, and when it expires."""
        if len(token) > _LONGEST_TOKEN:
            raise InvalidToken(f"the token has more than {_LONGEST_TOKEN} characters")
        claims = self._verified(token, audiences or [AUDIENCE])
        issued_at, expires_at = _moment(claims, "iat"), _moment(claims, "exp")
        if expires_at <= self._now():
            raise InvalidToken("the token has expired")
        if issued_at > self._now() + _LEEWAY:
            raise InvalidToken("the token's iat is in the future: compare the clocks")
        if expires_at - issued_at > LONGEST_LIFE:
            hours = int(LONGEST_LIFE.total_seconds() // 3600)
            raise InvalidToken(f"the token's exp is more than {hours} hours after its iat")
        return claims, expires_at

    def read_link(self, token: str) -> Claims:
        """Reads the token of a preferences link in a mail. Raises InvalidToken."""
        if len(token) > _LONGEST_TOKEN:
            raise InvalidToken(f"the token has more than {_LONGEST_TOKEN} characters")
        try:
            return Claims(*read_preferences(Signer(self._secrets), token, self._now()))
        except BadToken as error:
            raise InvalidToken(str(error)) from None

    def _verified(self, token: str, audiences: Sequence[str]) -> dict[str, Any]:
        for secret in self._secrets:
            try:
                return jwt.decode(
                    token,
                    secret,
                    # Never the token's own `alg` (RFC 8725, 3.1): `none` needs no secret.
                    algorithms=["HS256"],
                    audience=audiences,
                    options={
                        "require": list(_REQUIRED),
                        # Checked in _valid(), by a clock that tests can set.
                        "verify_exp": False,
                        "verify_iat": False,
                    },
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.MissingRequiredClaimError as error:
                raise InvalidToken(f"the token has no {error.claim}") from None
            except jwt.InvalidAudienceError:
                raise InvalidToken(f'the token\'s aud is not "{AUDIENCE}"') from None
            except jwt.InvalidAlgorithmError:
                raise InvalidToken("the token is not signed by HS256") from None
            except (jwt.InvalidTokenError, ValueError, OverflowError, RecursionError):
                raise InvalidToken("this is no token") from None
        raise InvalidToken("the token was not signed with POSTBELL_TOKEN_SECRET")


def _person(claims: dict[str, Any], expires_at: datetime) -> Claims:
    if "scope" in claims:
        raise InvalidToken("the token has a scope, and a person's has none")
    return Claims(
        tenant_id=_identifier("tenant", claims.get("tenant", "default")),
        recipient_id=_identifier("sub", claims["sub"]),
        expires_at=expires_at,
    )


def _operator(claims: dict[str, Any], expires_at: datetime) -> OperatorClaims:
    if claims.get("scope") != OPERATOR:
        raise InvalidToken(f'the token\'s scope is not "{OPERATOR}"')
    # Its author would believe that it is limited to the tenant.
    if "tenant" in claims:
        raise InvalidToken("an operator's token names no tenant, for it sees all of them")
    return OperatorClaims(_identifier("sub", claims["sub"]), expires_at)


def _moment(claims: dict[str, Any], name: str) -> datetime:
    value = claims[name]
    if isinstance(value, int | float):
        with contextlib.suppress(ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(value, UTC)
    raise InvalidToken(f"the token's {name} is no time in seconds since 1970")


def _identifier(name: str, value: object) -> str:
    # PostgreSQL's text holds neither NUL nor lone surrogates.
    if (
        not isinstance(value, str)
        or not 1 <= len(value) <= _LONGEST_IDENTIFIER
        or "\0" in value
        or any("\ud800" <= character <= "\udfff" for character in value)
    ):
        raise InvalidToken(
            f"the token's {name} is no text of 1 to {_LONGEST_IDENTIFIER} characters"
        )
    return value
