"""Authenticates requests: by a token of the application's, a session cookie, or a ticket."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

import structlog
from starlette.requests import HTTPConnection

from dispatcher.db import sessions
from dispatcher.db.connections import Pool
from dispatcher.errors import UnknownRecipientError
from dispatcher.gateway.problem import ForeignOrigin, Unauthorized
from dispatcher.gateway.rate_limits import RateLimits
from dispatcher.gateway.token import Claims, InvalidToken, OperatorClaims, TokenReader

log = structlog.get_logger()

#: Methods that change nothing (RFC 9110, 9.2.1), and are allowed from any origin.
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_COOKIE: Final = 100


def _bearer_token(connection: HTTPConnection) -> str | None:
    """The bearer token, if there is one. Raises Unauthorized for another scheme."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "bearer":
        raise Unauthorized("the Authorization header is not of the Bearer scheme")
    return token.strip()


def _cookie_value(connection: HTTPConnection, name: str) -> str:
    """The cookie's value. Raises Unauthorized without one."""
    value = connection.cookies.get(name)
    if not value:
        raise Unauthorized("neither a token nor a session was shown")
    return value


def _comes_from(connection: HTTPConnection, allowed: Collection[str]) -> bool:
    """Whether a page of one of these origins, or of the gateway's own, sent the request.

    The Host header proves nothing: the client chooses it.
    """
    origin = connection.headers.get("origin")
    if origin is not None:
        return origin in allowed
    return connection.headers.get("sec-fetch-site") == "same-origin"


def _require_origin(connection: HTTPConnection, allowed: Collection[str]) -> None:
    """Raises ForeignOrigin unless _comes_from()."""
    if not _comes_from(connection, allowed):
        log.warning("refused a foreign page", origin=connection.headers.get("origin"))
        raise ForeignOrigin("the page that sent this is not of an allowed origin")


@dataclass(frozen=True, slots=True)
class Identity:
    """The recipient that a request or a stream acts for."""

    tenant_id: str
    recipient_id: str
    #: SHA-256 of the cookie in hexadecimal, as `postbell_session` notifies it; None for a token.
    session_id: str | None
    #: When the token or the session expires.
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator: sees what became of everybody's messages, and no inbox."""

    name: str
    #: As in Identity.
    session_id: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Ticket:
    """Opens one stream, once, before `expires_at`."""

    ticket: str
    expires_at: datetime


_Caller = TypeVar("_Caller", Identity, Operator)


class Authenticator:
    """Authenticates requests by bearer token, session cookie or ticket.

    `origin` is the gateway's own; `allowed_origins` may also send state-changing requests with a
    person's cookie. An operator's cookie counts on the gateway's own pages alone. Successful and
    failed attempts count against `limits`; every method raises TooManyRequests over the limit.
    """

    def __init__(
        self,
        pool: Pool,
        tokens: TokenReader,
        *,
        cookie_name: str,
        origin: str,
        allowed_origins: Collection[str] = (),
        limits: RateLimits | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool: Final = pool
        self._tokens: Final = tokens
        self._own_origin: Final = frozenset([origin])
        self._origins: Final = frozenset([origin, *allowed_origins])
        self._limits: Final = limits or RateLimits()
        self._now: Final = now
        self.cookie_name: Final = cookie_name
        #: A browser may be logged in as a person and as an operator.
        self.operator_cookie_name: Final = f"{cookie_name}_operator"

    async def authenticate(self, connection: HTTPConnection) -> Identity:
        """The identity by `Authorization: Bearer`, or by the cookie.

        Raises Unauthorized, and ForeignOrigin for a state-changing request of another site's page.
        """
        with self._limits.counting_failures(connection):
            token = _bearer_token(connection)
            if token is not None:
                return self._limited(await self._by_token(token))
            identity = await self._by_cookie(_cookie_value(connection, self.cookie_name))
        if connection.scope.get("method") not in _SAFE:
            _require_origin(connection, self._origins)
        return self._limited(identity)

    async def authenticate_or_link(self, connection: HTTPConnection) -> Identity:
        """As authenticate(), or by `Authorization: Link` with the token of a preferences link.

        Browsers never send that header by themselves, so any origin is allowed.
        """
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "link":
            return await self.authenticate_link(connection, token.strip())
        return await self.authenticate(connection)

    async def authenticate_link(self, connection: HTTPConnection, token: str) -> Identity:
        """The identity of a preferences link, valid for preferences alone. Raises Unauthorized."""
        with self._limits.counting_failures(connection), _log_refusal("refused a link"):
            return self._limited(await self._identity_of(self._tokens.read_link(token)))

    async def authenticate_operator(self, connection: HTTPConnection) -> Operator:
        """The operator, by a token of scope `operator` or by the operator cookie.

        Raises Unauthorized, also for a person's token or session, and ForeignOrigin.
        """
        with self._limits.counting_failures(connection):
            token = _bearer_token(connection)
            if token is not None:
                return self._limited(self._operator_by_token(token))
            cookie = _cookie_value(connection, self.operator_cookie_name)
            operator = await self._operator_by_cookie(cookie)
        # Allowed origins may not read what operators see, either.
        if connection.scope.get("method") not in _SAFE or "origin" in connection.headers:
            _require_origin(connection, self._own_origin)
        return self._limited(operator)

    async def authenticate_login(
        self, connection: HTTPConnection, token: str
    ) -> Identity | Operator:
        """The caller that a login token names; `expires_at` is the end of the session.

        Raises Unauthorized.
        """
        with self._limits.counting_failures(connection), _log_refusal("refused a login"):
            match self._tokens.read_login(token):
                case OperatorClaims() as claims:
                    return self._limited(_operator_of(claims))
                case Claims() as claims:
                    return self._limited(await self._identity_of(claims))

    def is_login_allowed(self, connection: HTTPConnection, who: Identity | Operator) -> bool:
        """Whether the requesting page may begin a session without a question.

        Another site's page could log its reader in as its author (login CSRF).
        """
        allowed = self._own_origin if isinstance(who, Operator) else self._origins
        return _comes_from(connection, allowed)

    async def is_logged_in(self, connection: HTTPConnection, who: Identity | Operator) -> bool:
        """Whether the browser already has a session of this caller."""
        match who:
            case Operator():
                cookie = connection.cookies.get(self.operator_cookie_name, "")
                operator = await self._pool.call(sessions.operator_session_of, _digest(cookie))
                return operator is not None and operator.operator == who.name
            case Identity():
                cookie = connection.cookies.get(self.cookie_name, "")
                session = await self._pool.call(sessions.session_of, _digest(cookie))
                return session is not None and session[:2] == (who.tenant_id, who.recipient_id)

    async def begin_session(self, identity: Identity) -> str:
        """Begins a session that lasts as long as the token; its cookie. Raises Unauthorized."""
        cookie = secrets.token_urlsafe(32)
        try:
            await self._pool.call(
                sessions.begin_session,
                _digest(cookie),
                identity.recipient_id,
                identity.expires_at,
                identity.tenant_id,
            )
        except UnknownRecipientError as error:
            raise Unauthorized(str(error)) from None
        return cookie

    async def end_session(self, identity: Identity) -> None:
        """Ends the session; every gateway ends its streams. Does nothing for a token."""
        if identity.session_id is not None:
            await self._pool.call(sessions.end_session, bytes.fromhex(identity.session_id))

    async def begin_operator_session(self, operator: Operator) -> str:
        """Begins an operator's session that lasts as long as the token; its cookie."""
        cookie = secrets.token_urlsafe(32)
        await self._pool.call(
            sessions.begin_operator_session,
            _digest(cookie),
            operator.name,
            operator.expires_at,
        )
        return cookie

    async def end_operator_session(self, operator: Operator) -> None:
        """Ends an operator's session. Does nothing for a token."""
        if operator.session_id is not None:
            await self._pool.call(sessions.end_operator_session, bytes.fromhex(operator.session_id))

    async def issue_ticket(self, identity: Identity) -> Ticket:
        """Issues a ticket for one stream, for where no cookie can be sent. Raises Unauthorized."""
        ticket = secrets.token_urlsafe(32)
        session_digest = None if identity.session_id is None else bytes.fromhex(identity.session_id)
        expires_at = await self._pool.call(
            sessions.issue_ticket,
            _digest(ticket),
            identity.recipient_id,
            identity.expires_at,
            session_digest,
            identity.tenant_id,
        )
        return Ticket(ticket, expires_at)

    async def use_ticket(self, connection: HTTPConnection, ticket: str) -> Identity:
        """The identity that the ticket was issued to; it is used up. Raises Unauthorized."""
        with self._limits.counting_failures(connection):
            used = await self._pool.call(sessions.use_ticket, _digest(ticket))
            if used is None:
                raise Unauthorized("the ticket was used before, is too old, or never was")
        digest = used.session_digest
        return Identity(
            used.tenant_id,
            used.recipient_id,
            None if digest is None else digest.hex(),
            used.valid_until,
        )

    async def is_valid(self, identity: Identity) -> bool:
        """Whether the identity has not expired, not logged out, and its recipient still exists."""
        if identity.expires_at <= self._now():
            return False
        if identity.session_id is not None:
            session = await self._pool.call(sessions.session_of, bytes.fromhex(identity.session_id))
            return session is not None
        try:
            await self._pool.call(
                sessions.require_present,
                identity.tenant_id,
                identity.recipient_id,
            )
        except UnknownRecipientError:
            return False
        return True

    def _limited(self, who: _Caller) -> _Caller:
        """Counts a request of the caller. Raises TooManyRequests."""
        match who:
            case Operator():
                self._limits.count(who.name)
            case Identity():
                self._limits.count((who.tenant_id, who.recipient_id))
        return who

    async def _by_token(self, token: str) -> Identity:
        with _log_refusal("refused a token"):
            return await self._identity_of(self._tokens.read(token))

    async def _identity_of(self, claims: Claims) -> Identity:
        await self._pool.call(sessions.require_present, claims.tenant_id, claims.recipient_id)
        return Identity(claims.tenant_id, claims.recipient_id, None, claims.expires_at)

    async def _by_cookie(self, cookie: str) -> Identity:
        digest = _digest(cookie)
        session = None
        if len(cookie) <= _LONGEST_COOKIE:
            session = await self._pool.call(sessions.session_of, digest)
        if session is None:
            raise Unauthorized("the session is over: begin a new one")
        return Identity(session.tenant_id, session.recipient_id, digest.hex(), session.expires_at)

    def _operator_by_token(self, token: str) -> Operator:
        with _log_refusal("refused an operator's token"):
            return _operator_of(self._tokens.read_operator(token))

    async def _operator_by_cookie(self, cookie: str) -> Operator:
        digest = _digest(cookie)
        session = None
        if len(cookie) <= _LONGEST_COOKIE:
            session = await self._pool.call(sessions.operator_session_of, digest)
        if session is None:
            log.warning("refused an operator's session", reason="there is none, or it is over")
            raise Unauthorized("the session is over: begin a new one")
        return Operator(session.operator, digest.hex(), session.expires_at)


@contextmanager
def _log_refusal(event: str) -> Iterator[None]:
    """Logs what is wrong with a token as `event`, and raises Unauthorized instead."""
    try:
        yield
    except InvalidToken as error:
        log.warning(event, reason=str(error))
        raise Unauthorized(str(error)) from None
    except UnknownRecipientError as error:
        log.warning(event, reason=error.name)
        raise Unauthorized(str(error).rstrip(".")) from None


def _operator_of(claims: OperatorClaims) -> Operator:
    return Operator(claims.operator, None, claims.expires_at)


def _digest(secret: str) -> bytes:
    """The SHA-256 that is stored of a cookie or a ticket. They are random, and need no salt."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
