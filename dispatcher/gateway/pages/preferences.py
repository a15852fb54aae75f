"""`/preferences`: who chooses what comes to them how; by their session, or by the link in a mail.

The page is a frame; its script asks /v1/preferences for what it shows, as the person.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db.connections import Pool
from dispatcher.errors import UnknownRecipientError
from dispatcher.gateway.auth import Authenticator, Identity
from dispatcher.gateway.pages import login
from dispatcher.gateway.pages.page import Page, language, reader_of, words
from dispatcher.gateway.problem import Unauthorized
from dispatcher.inbound.links import PREFERENCES_PATH

_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")
#: The address of the page authenticates, so that no Referer may contain it.
_QUIET: Final = MappingProxyType({"Referrer-Policy": "no-referrer"})


class PreferencesPage:
    """The preference centre, opened with a session or with the link in a mail."""

    def __init__(self, pool: Pool, authenticator: Authenticator, page: Page) -> None:
        self._pool: Final = pool
        self._authenticator: Final = authenticator
        self._page: Final = page

    @property
    def routes(self) -> list[Route]:
        return [
            Route(PREFERENCES_PATH.rstrip("/"), self.open),
            Route(PREFERENCES_PATH + "{token}", self.open_by_link),
        ]

    async def open(self, request: Request) -> Response:
        """The page, for a recipient's session; else a page that explains how to log in."""
        try:
            chooser = await self._authenticator.authenticate(request)
            return await self._opened(request, chooser)
        except (Unauthorized, UnknownRecipientError):
            return login.refusal(self._page, request)

    async def open_by_link(self, request: Request) -> Response:
        """The page for the recipient of the link, even if the browser has another's session."""
        token = request.path_params["token"]
        try:
            chooser = await self._authenticator.authenticate_link(request, token)
            return await self._opened(request, chooser, token=token)
        except (Unauthorized, UnknownRecipientError):
            # The authenticator has logged the reason, which is not shown.
            lang = language(None, request)
            said = words("preferences", lang)
            return self._page.render(
                "login.html",
                lang=lang,
                status=HTTPStatus.NOT_FOUND,
                heading=said["refused.heading"],
                sentence=said["refused.sentence"],
            )

    async def _opened(
        self, request: Request, chooser: Identity, *, token: str | None = None
    ) -> Response:
        reader = await reader_of(self._pool, chooser)
        lang = language(reader.locale, request)
        said = words("preferences", lang)
        response = self._page.render(
            "preferences.html",
            lang=lang,
            said=said,
            name=reader.tenant_name,
            # By a link, a hint: mails are forwarded.
            whose=reader.hint if token is not None else reader.address,
            told={
                "words": {**words("channels", lang), **said},
                "labels": _labels(lang),
                "token": token,
                "name": reader.tenant_name,
                "color": _color(reader.branding),
            },
        )
        response.headers.update(_QUIET)
        return response


def _color(branding: dict[str, Any]) -> str | None:
    color = branding.get("color")
    return color if isinstance(color, str) and _COLOR.fullmatch(color) else None


def _labels(lang: str) -> dict[str, str]:
    """What the events that we ship are called, by what the registry calls them."""
    english, spoken = words("events", "en"), words("events", lang)
    return {label: spoken[event] for event, label in english.items()}
