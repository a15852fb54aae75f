"""`/login?token=…&to=/preferences`: a token in an address begins a session, and the page opens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dispatcher.gateway.auth import Authenticator, Identity, Operator, Unauthorized
from dispatcher.gateway.body import body_of
from dispatcher.gateway.pages.page import Page
from dispatcher.gateway.pages.words import language, words
from dispatcher.gateway.session import Cookies

log = structlog.get_logger()

PATH: Final = "/login"
#: Where to, for who does not say.
HOME: Final = "/preferences"

#: A path of ours. `//host` and `/\\host` are other sites to a browser, and white space it drops.
_OUR_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


class LoginPage:
    """`is_secure` says that browsers reach us by https."""

    def __init__(self, authenticator: Authenticator, page: Page, *, is_secure: bool) -> None:
        self._authenticator: Final = authenticator
        self._page: Final = page
        self._cookies: Final = Cookies(is_secure=is_secure)

    @property
    def routes(self) -> list[Route]:
        return [Route(PATH, self.log_in, methods=["GET", "POST"])]

    async def log_in(self, request: Request) -> Response:
        """Exchange the token of an address for a cookie, and go where it leads.

        Or that of a form, which no log of addresses has in it.
        """
        given: Mapping[str, str] = request.query_params
        if request.method == "POST":
            form = await body_of(request)
            given = dict(parse_qsl(form.decode("utf-8", "replace")))
        to = given.get("to", HOME)
        if not is_our_path(to):
            log.warning("refused a login", reason="it leads to another site")
            return refusal(self._page, request, "elsewhere", HTTPStatus.BAD_REQUEST)
        token = given.get("token")
        if token is None:
            return refusal(self._page, request)
        try:
            who = await self._authenticator.who_logs_in(token)
            name, cookie = await self._begin(who)
        except Unauthorized:
            # The authenticator has logged why; a stranger is not told.
            return refusal(self._page, request, "old")
        # Without the token: neither the history nor a Referer keeps it.
        response = RedirectResponse(to, HTTPStatus.SEE_OTHER)
        self._cookies.keep(response, name, cookie, who.expires_at)
        return response

    async def _begin(self, who: Identity | Operator) -> tuple[str, str]:
        """Name and value of the cookie. Raises Unauthorized."""
        keeper = self._authenticator
        match who:
            case Operator():
                log.info("an operator logged in", operator=who.name)
                return keeper.operator_cookie_name, await keeper.begin_operator_session(who)
            case Identity():
                log.info("logged in", tenant_id=who.tenant_id, recipient_id=who.recipient_id)
                return keeper.cookie_name, await keeper.begin_session(who)


def refusal(
    page: Page,
    request: Request,
    why: str = "nobody",
    status: HTTPStatus = HTTPStatus.UNAUTHORIZED,
) -> Response:
    """A page that says how to be let in. `why` is nobody, old or elsewhere."""
    lang = language(None, request)
    said = words("login", lang)
    return page.render(
        "login.html",
        lang=lang,
        status=status,
        heading=said[f"{why}.heading"],
        sentence=said[f"{why}.sentence"],
    )


def is_our_path(to: str) -> bool:
    """Whether it leads to a page of ours, whatever it says."""
    return _OUR_PATH.fullmatch(to) is not None
