"""The gateway behind the page: one address for both, as a web server in front of it would have it.

What the page's server does not know is the gateway's: its pages and scripts, and all under /v1.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import jwt
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from yarl import URL

from dispatcher.demo.cast import BY_KEY
from dispatcher.demo.page.answers import json_answer
from dispatcher.gateway.pages import login
from dispatcher.gateway.token import AUDIENCE, login_token, operator_login_token

#: How long a token is good that the page asks for.
_LIFE: Final = timedelta(hours=1)
#: What is between us and the gateway only (RFC 9110, 7.6.1).
_HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade"})
#: What the gateway goes by when it logs somebody in.
_WHENCE: Final = ("sec-fetch-site", "accept-language", "cookie")
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class GatewayDoor:
    """Passes requests on to the gateway at `url`, and signs tokens with its secret.

    Signing is all that an application has to do for its users; here nobody asks for a password.
    """

    def __init__(self, url: str, secret: str, session: ClientSession) -> None:
        self._url = url
        self._secret = secret
        self._session = session

    @property
    def routes(self) -> list[Route]:
        """The last one takes everything."""
        return [
            Route("/api/token", self.sign),
            Route("/go/{page}", self.go),
            Route("/{path:path}", self.pass_on, methods=_METHODS),
        ]

    async def sign(self, request: Request) -> Response:
        """The one endpoint that an application needs: a token for whoever is logged in."""
        house, _, person = request.query_params.get("person", "").partition("/")
        if (house, person) not in BY_KEY:
            raise HTTPException(400, "Say for whom: ?person=default/u1.")
        now = datetime.now(UTC)
        claims: dict[str, Any] = {
            "sub": person,
            "tenant": house,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int((now + _LIFE).timestamp()),
        }
        return json_answer({"token": jwt.encode(claims, self._secret, "HS256")})

    async def go(self, request: Request) -> Response:
        """To a page of the gateway, logged in: as the person named, else as an operator."""
        page, now = request.path_params["page"], datetime.now(UTC)
        house, _, person = request.query_params.get("person", "").partition("/")
        if (house, person) in BY_KEY:
            token = login_token(self._secret, now, person, house)
        else:
            token = operator_login_token(self._secret, now, "visitor")
        return await self._answer(
            "POST",
            URL(f"{self._url}{login.PATH}"),
            # Who comes from the page is not asked whether that is them; who comes from afar is.
            {name: request.headers[name] for name in _WHENCE if name in request.headers},
            urlencode({"token": token, "to": f"/{page}"}).encode(),
        )

    async def pass_on(self, request: Request) -> Response:
        """As it came; the answer as it comes, so that a stream is one."""
        query = request.url.query
        url = f"{self._url}{request.scope['raw_path'].decode()}{'?' if query else ''}{query}"
        return await self._answer(
            request.method,
            URL(url, encoded=True),
            _passed_on(request.headers),
            await request.body(),
        )

    async def _answer(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes
    ) -> Response:
        asked = self._session.request(
            method, url, headers=headers, data=body, allow_redirects=False
        )
        try:
            answer = await asked.__aenter__()
        except ClientError as error:
            raise HTTPException(502, f"The gateway does not answer: {error}") from None

        async def chunks() -> AsyncIterator[bytes]:
            try:
                async for chunk in answer.content.iter_any():
                    yield chunk
            finally:
                answer.close()

        response = StreamingResponse(chunks(), answer.status)
        response.raw_headers = [
            (name.lower(), value)
            for name, value in answer.raw_headers
            if name.decode().lower() not in _HOP_BY_HOP
        ]
        return response


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in _HOP_BY_HOP}


@asynccontextmanager
async def gateway_door(url: str, secret: str) -> AsyncIterator[GatewayDoor]:
    """A door for as long as the block lasts."""
    async with ClientSession(
        auto_decompress=False,
        cookie_jar=DummyCookieJar(),
        # A stream has no end.
        timeout=ClientTimeout(total=None, sock_connect=5),
    ) as session:
        yield GatewayDoor(url, secret, session)
