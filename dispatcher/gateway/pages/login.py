"""`/login?token=…&to=/preferences`: a token begins a session, and the page opens.

The page asks first, and names who will be logged in: otherwise a link could log somebody else's
browser into the inbox of the link's author (login CSRF).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db.connections import Pool
from dispatcher.errors import UnknownRecipientError
from dispatcher.gateway.auth import Authenticator, Identity, Operator
from dispatcher.gateway.pages.page import Localization, Page, note, read_form, reader_of, see, words
from dispatcher.gateway.problem import Unauthorized
from dispatcher.gateway.session import Cookies

log = structlog.get_logger()

PATH: Final = "/login"
#: The target if the address names none.
HOME: Final = "/preferences"

#: A path of the gateway. Browsers read `//host` and `/\\host` as other sites, and drop white space.
_OUR_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


class LoginPage:
    """`is_secure`: browsers reach the gateway by https."""

    def __init__(
        self, pool: Pool, authenticator: Authenticator, page: Page, *, is_secure: bool
    ) -> None:
        self._pool: Final = pool
        self._authenticator: Final = authenticator
        self._page: Final = page
        self._cookies: Final = Cookies(is_secure=is_secure)

    @property
    def routes(self) -> list[Route]:
        return [self._page.route(PATH, self.log_in, methods=["GET", "POST"])]

    async def log_in(self, request: Request) -> Response:
        """Exchange a token for a cookie, and go where the address leads.

        Only a form of this page, or of an allowed origin, does that. The link itself may be opened
        by anybody, such as a virus scanner for mails: it shows the form and changes nothing.
        """
        given: Mapping[str, str] = request.query_params
        if request.method == "POST":
            given = {name: each[-1] for name, each in (await read_form(request)).items()}
        to = given.get("to", HOME)
        if not is_our_path(to):
            log.warning("refused a login", reason="it leads to another site")
            return refusal(self._page, request, "elsewhere", HTTPStatus.BAD_REQUEST)
        token = given.get("token")
        if token is None:
            return refusal(self._page, request)
        # The token stays neither in the history nor in a Referer.
        onwards = see(to)
        try:
            who = await self._authenticator.authenticate_login(request, token)
            if request.method == "POST" and self._authenticator.is_login_allowed(request, who):
                name, cookie = await self._begin(who)
                self._cookies.keep(onwards, name, cookie, who.expires_at)
            elif not await self._authenticator.is_logged_in(request, who):
                return await self._ask(request, who, token, to)
        except (Unauthorized, UnknownRecipientError):
            # The authenticator has logged the reason, which is not shown.
            return refusal(self._page, request, "old")
        return onwards

    async def _ask(
        self, request: Request, who: Identity | Operator, token: str, to: str
    ) -> Response:
        """A page that names who would be logged in, with a button that does it."""
        if isinstance(who, Operator):
            kind, whom, name, locale, color = "operator", who.name, "", None, None
        else:
            reader = await reader_of(self._pool, who)
            kind, whom, name = "person", reader.address, reader.tenant_name
            locale, color = reader.locale, reader.color
        spoken = Localization.of(locale, request)
        response = self._page.render(
            "login_question.html",
            lang=spoken.lang,
            direction=spoken.direction,
            color=color,
            name=name,
            heading=spoken.say("login", "ask.heading", whom=whom),
            sentence=spoken.say("login", f"ask.{kind}", name=name),
            said=words("login", spoken.lang),
            action=PATH,
            token=token,
            to=to,
        )
        # The address holds the token. With no-referrer the form would send `Origin: null`.
        response.headers["Referrer-Policy"] = "strict-origin"
        return response

    async def _begin(self, who: Identity | Operator) -> tuple[str, str]:
        """Begins a session. Returns the cookie's name and value. Raises Unauthorized."""
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
    """A page that explains why nobody is logged in. `why` is nobody, old or elsewhere."""
    return note(page, request, "login", why, status)


def is_our_path(to: str) -> bool:
    """Whether `to` is a path of the gateway."""
    return _OUR_PATH.fullmatch(to) is not None
