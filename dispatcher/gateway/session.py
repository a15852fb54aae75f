"""Logging in and out over HTTP."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from dispatcher.gateway.auth import Authenticator, Identity
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.problem import Problem


class Somebody(BaseModel):
    """Who is let in, and until when."""

    model_config = ConfigDict(extra="forbid")

    tenant_id: str
    recipient_id: str
    expires_at: datetime


class StreamTicket(BaseModel):
    """Opens one stream: `GET /v1/stream?ticket=…`."""

    model_config = ConfigDict(extra="forbid")

    ticket: str
    expires_at: datetime = Field(description="Until when it may be used, once.")


class SessionPages:
    """`is_secure` says that browsers reach us by https."""

    def __init__(self, authenticator: Authenticator, *, is_secure: bool) -> None:
        self._authenticator = authenticator
        self._is_secure = is_secure

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
        if identity.session_id is not None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "unauthorized",
                "A session does not begin another.",
                "Send Authorization: Bearer with a token of the application's.",
                headers={"www-authenticate": 'Bearer realm="postbell"'},
            )
        cookie = await self._authenticator.begin_session(identity)
        response = _json(_somebody(identity))
        response.set_cookie(
            self._authenticator.cookie_name,
            cookie,
            expires=identity.expires_at,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def who_am_i(self, identity: Identity) -> Somebody:
        """Who is let in, and until when."""
        return _somebody(identity)

    async def log_out(self, identity: Identity) -> Annotated[Response, None]:
        """End the session, and at once every stream that it opened."""
        await self._authenticator.end_session(identity)
        response = Response(status_code=HTTPStatus.NO_CONTENT)
        response.delete_cookie(
            self._authenticator.cookie_name,
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def issue_ticket(self, identity: Identity) -> StreamTicket:
        """A ticket for one stream, good for a minute.

        For pages of another site, whose browser sends us no cookie.
        """
        issued = await self._authenticator.issue_ticket(identity)
        return StreamTicket(ticket=issued.ticket, expires_at=issued.expires_at)


def _somebody(identity: Identity) -> Somebody:
    return Somebody(
        tenant_id=identity.tenant_id,
        recipient_id=identity.recipient_id,
        expires_at=identity.expires_at,
    )


def _json(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), media_type="application/json")
