"""Sessions over HTTP: logging in and out, tickets, and the profile of who is logged in."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from dispatcher.db import inbox
from dispatcher.db.connections import Pool
from dispatcher.gateway.auth import Authenticator, Identity, Operator
from dispatcher.gateway.db_roles import call_as_recipient, unknown_recipient
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.problem import Problem
from dispatcher.gateway.schemas import Model


class Somebody(BaseModel):
    """Who is logged in, and until when."""

    model_config = ConfigDict(extra="forbid")

    tenant_id: str
    recipient_id: str
    expires_at: datetime


class SomeOperator(BaseModel):
    """Which operator is logged in, and until when."""

    model_config = ConfigDict(extra="forbid")

    operator: str
    expires_at: datetime


class StreamTicket(BaseModel):
    """Opens one stream: `GET /v1/stream?ticket=…`."""

    model_config = ConfigDict(extra="forbid")

    ticket: str
    expires_at: datetime = Field(description="Until when it may be used, once.")


class Cookies:
    """Sets session cookies: HttpOnly and SameSite=Lax. `is_secure`: reached by https."""

    def __init__(self, *, is_secure: bool) -> None:
        self._is_secure = is_secure

    def keep(self, response: Response, name: str, cookie: str, expires_at: datetime) -> None:
        response.set_cookie(
            name,
            cookie,
            expires=expires_at,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )

    def forget(self, response: Response, name: str) -> None:
        response.delete_cookie(
            name, path="/", secure=self._is_secure, httponly=True, samesite="lax"
        )


class SessionApi:
    """`is_secure`: browsers reach the gateway by https."""

    def __init__(self, authenticator: Authenticator, *, is_secure: bool) -> None:
        self._authenticator = authenticator
        self._cookies = Cookies(is_secure=is_secure)

    @property
    def operations(self) -> list[Operation]:
        return [
            Operation.of("POST", "/v1/session", "session", self.log_in),
            Operation.of("GET", "/v1/session", "session", self.who_am_i),
            Operation.of("DELETE", "/v1/session", "session", self.log_out),
            Operation.of("POST", "/v1/ticket", "session", self.issue_ticket),
        ]

    async def log_in(self, identity: Identity) -> Annotated[Response, Somebody]:
        """Exchange a token for a cookie.

        The session lasts as long as the token would have. A page does this once, so that no script
        of it needs to keep the token.
        """
        _require_token(identity)
        cookie = await self._authenticator.begin_session(identity)
        response = _json(_somebody(identity))
        self._cookies.keep(response, self._authenticator.cookie_name, cookie, identity.expires_at)
        return response

    async def who_am_i(self, identity: Identity) -> Somebody:
        """Who is logged in, and until when."""
        return _somebody(identity)

    async def log_out(self, identity: Identity) -> Annotated[Response, None]:
        """End the session, and at once every stream that it opened."""
        await self._authenticator.end_session(identity)
        response = Response(status_code=HTTPStatus.NO_CONTENT)
        self._cookies.forget(response, self._authenticator.cookie_name)
        return response

    async def issue_ticket(self, identity: Identity) -> StreamTicket:
        """A ticket for one stream, good for a minute.

        For pages of another site, whose browser sends us no cookie.
        """
        issued = await self._authenticator.issue_ticket(identity)
        return StreamTicket(ticket=issued.ticket, expires_at=issued.expires_at)


class OperatorSessionApi:
    """The same for operators: another cookie, and no inbox. `is_secure` as above."""

    def __init__(self, authenticator: Authenticator, *, is_secure: bool) -> None:
        self._authenticator = authenticator
        self._cookies = Cookies(is_secure=is_secure)

    @property
    def operations(self) -> list[Operation]:
        path = "/v1/operator/session"
        return [
            Operation.of("POST", path, "operator", self.log_operator_in),
            Operation.of("GET", path, "operator", self.which_operator_am_i),
            Operation.of("DELETE", path, "operator", self.log_operator_out),
        ]

    async def log_operator_in(self, operator: Operator) -> Annotated[Response, SomeOperator]:
        """Exchange an operator's token for a cookie, which lasts as long."""
        _require_token(operator)
        cookie = await self._authenticator.begin_operator_session(operator)
        response = _json(_some_operator(operator))
        self._cookies.keep(
            response, self._authenticator.operator_cookie_name, cookie, operator.expires_at
        )
        return response

    async def which_operator_am_i(self, operator: Operator) -> SomeOperator:
        """Which operator is logged in, and until when."""
        return _some_operator(operator)

    async def log_operator_out(self, operator: Operator) -> Annotated[Response, None]:
        """End the operator's session."""
        await self._authenticator.end_operator_session(operator)
        response = Response(status_code=HTTPStatus.NO_CONTENT)
        self._cookies.forget(response, self._authenticator.operator_cookie_name)
        return response


def _require_token(who: Identity | Operator) -> None:
    """Raises Problem (401) for a session: otherwise it could prolong itself."""
    if who.session_id is not None:
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "unauthorized",
            "A session does not begin another.",
            "Send Authorization: Bearer with a token of the application's.",
            headers={"www-authenticate": 'Bearer realm="postbell"'},
        )


def _some_operator(operator: Operator) -> SomeOperator:
    return SomeOperator(operator=operator.name, expires_at=operator.expires_at)


def _somebody(identity: Identity) -> Somebody:
    return Somebody(
        tenant_id=identity.tenant_id,
        recipient_id=identity.recipient_id,
        expires_at=identity.expires_at,
    )


def _json(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), media_type="application/json")


class Profile(Model):
    """The person who is logged in, and their website."""

    tenant_id: str
    recipient_id: str
    name: str = Field(description="Of the website.")
    locale: str = Field(description="The person's own, else the website's: fr, or pt-BR.")
    time_zone: str = Field(description="IANA; the person's own, else the website's.")
    expires_at: datetime = Field(description="Until when the person is logged in.")


class ProfileApi:
    def __init__(self, pool: Pool) -> None:
        self._pool: Final = pool

    @property
    def operations(self) -> list[Operation]:
        return [Operation.of("GET", "/v1/profile", "session", self.show_profile)]

    async def show_profile(self, identity: Identity) -> Profile:
        """The person who is logged in, with the language and time zone of pages."""
        found = await call_as_recipient(self._pool, identity, inbox.profile)
        if found is None:
            raise unknown_recipient(identity)
        return Profile(
            tenant_id=identity.tenant_id,
            recipient_id=identity.recipient_id,
            expires_at=identity.expires_at,
            **found._asdict(),
        )
