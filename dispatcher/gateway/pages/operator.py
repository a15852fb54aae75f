"""`/operator`: the page on which operators look up messages and their states.

Its script requests /v1/operator with the operator's session.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.gateway.auth import Authenticator
from dispatcher.gateway.pages.page import Page, language, words
from dispatcher.gateway.problem import Unauthorized

PATH: Final = "/operator"


class OperatorPage:
    """The page for operators."""

    def __init__(self, authenticator: Authenticator, page: Page) -> None:
        self._authenticator: Final = authenticator
        self._page: Final = page

    @property
    def routes(self) -> list[Route]:
        return [Route(PATH, self.open)]

    async def open(self, request: Request) -> Response:
        """The page, for an operator's session; else a page that explains how to log in."""
        lang = language(None, request)
        said = words("operator", lang)
        try:
            operator = await self._authenticator.authenticate_operator(request)
        except Unauthorized:
            return self._page.render(
                "login.html",
                lang=lang,
                status=HTTPStatus.UNAUTHORIZED,
                heading=said["refused.heading"],
                sentence=said["refused.sentence"],
            )
        return self._page.render(
            "operator.html",
            lang=lang,
            said=said,
            operator=operator.name,
            # The API explains reasons in English, so the page has their translations.
            told={
                **words("channels", lang),
                **said,
                **({} if lang == "en" else words("reasons", lang)),
            },
        )
