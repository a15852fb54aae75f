"""Who is asking: a token of the application's, the cookie it was exchanged for, or a ticket."""

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

from dispatcher.errors import UnknownRecipientError
from dispatcher.gateway.problem import ForeignOrigin, Unauthorized
from dispatcher.gateway.rate_limits import Limits
from dispatcher.gateway.session_store import Sessions
from dispatcher.gateway.token import Claims, InvalidToken, OperatorClaims, TokenReader

log = structlog.get_logger()

#: Methods that change nothing (RFC 9110, 9.2.1), and so may come from any page.
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_COOKIE: Final = 100


def _bearer(connection: HTTPConnection) -> str | None:
    """The token, if one is shown. Raises Unauthorized for another scheme."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "bearer":
        raise Unauthorized("the Authorization header is not of the Bearer scheme")
    return token.strip()


def _cookie(connection: HTTPConnection, name: str) -> str:
    """Raises Unauthorized without one."""
    value = connection.cookies.get(name)
    if not value:
        raise Unauthorized("neither a token nor a session was shown")
    return value


def _is_from(connection: HTTPConnection, allowed: Collection[str]) -> bool:
    """Whether a page of one of these origins sent it, or one of our own address.

    Never compared with the Host header, which is the client's to choose.
    """
    origin = connection.headers.get("origin")
    if origin is not None:
        return origin in allowed
    return connection.headers.get("sec-fetch-site") == "same-origin"


def _require_origin(connection: HTTPConnection, allowed: Collection[str]) -> None:
    """Raises ForeignOrigin unless _is_from()."""
    if not _is_from(connection, allowed):
        log.warning("refused a foreign page", origin=connection.headers.get("origin"))
        raise ForeignOrigin("the page that sent this is not of an allowed origin")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a request or a stream is for."""

    tenant_id: str
    recipient_id: str
    #: SHA-256 of the cookie, in hexadecimal digits, as `postbell_session` notifies it; None where
    #: a token was shown.
    session_id: str | None
    #: From then on it is worth nothing.
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Operator:
    """Which operator asks: somebody who sees what became of everybody's messages, and no inbox."""

    name: str
    #: As an identity's.
    session_id: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Ticket:
    """Opens one stream; `expires_at` is until when."""

    ticket: str
    expires_at: datetime


_Who = TypeVar("_Who", Identity, Operator)


class Authenticator:
    """Lets people in, out, and says who they are.

    `ours` is our origin, and `friends` are those that are allowed beside it: their pages may change
    something by a person's cookie alone. An operator's counts on our own pages, and nowhere else.
    Whoever is let in is counted against `limits`, and whoever is not; all raise TooManyRequests.
    """

    def __init__(
        self,
        sessions: Sessions,
        tokens: TokenReader,
        *,
        cookie_name: str,
        ours: str,
        friends: Collection[str] = (),
        limits: Limits | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions: Final = sessions
        self._tokens: Final = tokens
        self._ours: Final = frozenset([ours])
        self._origins: Final = frozenset([ours, *friends])
        self._limits: Final = limits or Limits()
        self._now: Final = now
        self.cookie_name: Final = cookie_name
        #: Another: a browser may be logged in as both, and neither stands for the other.
        self.operator_cookie_name: Final = f"{cookie_name}_operator"

    async def authenticate(self, connection: HTTPConnection) -> Identity:
        """Who is asking, by `Authorization: Bearer` or by the cookie.

        Raises Unauthorized; ForeignOrigin for a change by cookie that another site's page asks for.
        """
        with self._limits.at_the_door(connection):
            token = _bearer(connection)
            if token is not None:
                return self._counted(await self._by_token(token))
            identity = await self._by_cookie(_cookie(connection, self.cookie_name))
        if connection.scope.get("method") not in _SAFE:
            _require_origin(connection, self._origins)
        return self._counted(identity)

    async def authenticate_chooser(self, connection: HTTPConnection) -> Identity:
        """Whose choices are asked for: as authenticate(), or by `Authorization: Link`.

        That is never what a browser sends by itself, so the page need not be ours.
        """
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "link":
            return await self.chooser_of(connection, token.strip())
        return await self.authenticate(connection)

    async def chooser_of(self, connection: HTTPConnection, token: str) -> Identity:
        """Whose choices the link in a mail opens, and nothing else. Raises Unauthorized."""
        with self._limits.at_the_door(connection), _refusing("refused a link"):
            return self._counted(await self._identity_of(self._tokens.read_link(token)))

    async def authenticate_operator(self, connection: HTTPConnection) -> Operator:
        """Which operator asks, by a token of that scope or by the cookie it was exchanged for.

        Raises Unauthorized, for a person's token and session too; ForeignOrigin as for them.
        """
        with self._limits.at_the_door(connection):
            token = _bearer(connection)
            if token is not None:
                return self._counted(self._operator_by_token(token))
            cookie = _cookie(connection, self.operator_cookie_name)
            operator = await self._operator_by_cookie(cookie)
        # What an operator sees is no friend's to read, either.
        if connection.scope.get("method") not in _SAFE or "origin" in connection.headers:
            _require_origin(connection, self._ours)
        return self._counted(operator)

    async def who_logs_in(self, connection: HTTPConnection, token: str) -> Identity | Operator:
        """Whom the token in an address lets in, and until when a session lasts.

        Raises Unauthorized.
        """
        with self._limits.at_the_door(connection), _refusing("refused a login"):
            match self._tokens.read_login(token):
                case OperatorClaims() as claims:
                    return self._counted(_operator_of(claims))
                case Claims() as claims:
                    return self._counted(await self._identity_of(claims))

    def may_log_in(self, connection: HTTPConnection, who: Identity | Operator) -> bool:
        """Whether the page that shows their token may log them in unasked.

        A stranger's could log its reader in as the stranger, to watch what they do (login CSRF).
        """
        mine = self._ours if isinstance(who, Operator) else self._origins
        return _is_from(connection, mine)

    async def is_logged_in(self, connection: HTTPConnection, who: Identity | Operator) -> bool:
        """Whether the browser has a session of theirs already."""
        match who:
            case Operator():
                cookie = connection.cookies.get(self.operator_cookie_name, "")
                operator = await self._sessions.operator_session_of(_digest(cookie))
                return operator is not None and operator.operator == who.name
            case Identity():
                cookie = connection.cookies.get(self.cookie_name, "")
                session = await self._sessions.session_of(_digest(cookie))
                return session is not None and session[:2] == (who.tenant_id, who.recipient_id)

    async def begin_session(self, identity: Identity) -> str:
        """Logs in for as long as the token is valid; the cookie's value. Raises Unauthorized."""
        cookie = secrets.token_urlsafe(32)
        try:
            await self._sessions.begin_session(
                _digest(cookie), identity.recipient_id, identity.expires_at, identity.tenant_id
            )
        except UnknownRecipientError as error:
            raise Unauthorized(str(error)) from None
        return cookie

    async def end_session(self, identity: Identity) -> None:
        """Logs out; every gateway closes the session's streams. Nothing for a bare token."""
        if identity.session_id is not None:
            await self._sessions.end_session(bytes.fromhex(identity.session_id))

    async def begin_operator_session(self, operator: Operator) -> str:
        """Logs an operator in for as long as the token is valid; the cookie's value."""
        cookie = secrets.token_urlsafe(32)
        await self._sessions.begin_operator_session(
            _digest(cookie), operator.name, operator.expires_at
        )
        return cookie

    async def end_operator_session(self, operator: Operator) -> None:
        """Logs an operator out. Nothing for a bare token."""
        if operator.session_id is not None:
            await self._sessions.end_operator_session(bytes.fromhex(operator.session_id))

    async def issue_ticket(self, identity: Identity) -> Ticket:
        """A ticket for one stream, where no cookie can be sent. Raises Unauthorized."""
        ticket = secrets.token_urlsafe(32)
        session_digest = None if identity.session_id is None else bytes.fromhex(identity.session_id)
        expires_at = await self._sessions.issue_ticket(
            _digest(ticket),
            identity.recipient_id,
            identity.expires_at,
            session_digest,
            identity.tenant_id,
        )
        return Ticket(ticket, expires_at)

    async def use_ticket(self, connection: HTTPConnection, ticket: str) -> Identity:
        """Whom the ticket was issued to; it is used up. Raises Unauthorized."""
        with self._limits.at_the_door(connection):
            used = await self._sessions.use_ticket(_digest(ticket))
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
        """Whether it still is: not expired, not logged out, the person not gone."""
        if identity.expires_at <= self._now():
            return False
        if identity.session_id is not None:
            session = await self._sessions.session_of(bytes.fromhex(identity.session_id))
            return session is not None
        try:
            await self._sessions.require_present(identity.recipient_id, identity.tenant_id)
        except UnknownRecipientError:
            return False
        return True

    def _counted(self, who: _Who) -> _Who:
        """Raises TooManyRequests."""
        match who:
            case Operator():
                self._limits.count(who.name)
            case Identity():
                self._limits.count((who.tenant_id, who.recipient_id))
        return who

    async def _by_token(self, token: str) -> Identity:
        with _refusing("refused a token"):
            return await self._identity_of(self._tokens.read(token))

    async def _identity_of(self, claims: Claims) -> Identity:
        await self._sessions.require_present(claims.recipient_id, claims.tenant_id)
        return Identity(claims.tenant_id, claims.recipient_id, None, claims.expires_at)

    async def _by_cookie(self, cookie: str) -> Identity:
        digest = _digest(cookie)
        session = None
        if len(cookie) <= _LONGEST_COOKIE:
            session = await self._sessions.session_of(digest)
        if session is None:
            raise Unauthorized("the session is over: begin a new one")
        return Identity(session.tenant_id, session.recipient_id, digest.hex(), session.expires_at)

    def _operator_by_token(self, token: str) -> Operator:
        with _refusing("refused an operator's token"):
            return _operator_of(self._tokens.read_operator(token))

    async def _operator_by_cookie(self, cookie: str) -> Operator:
        digest = _digest(cookie)
        session = None
        if len(cookie) <= _LONGEST_COOKIE:
            session = await self._sessions.operator_session_of(digest)
        if session is None:
            log.warning("refused an operator's session", reason="there is none, or it is over")
            raise Unauthorized("the session is over: begin a new one")
        return Operator(session.operator, digest.hex(), session.expires_at)


@contextmanager
def _refusing(event: str) -> Iterator[None]:
    """What is wrong with a token is logged, and nobody is let in: Unauthorized."""
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
    """What is stored of a cookie or a ticket. They are random, so that no salt is needed."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
