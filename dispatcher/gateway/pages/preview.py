"""`/preview`: the page on which operators preview templates.

Its script requests /v1/preview. A mail is shown in a frame of its own, where no script runs. Its
inline styles are allowed there and not on the page.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dispatcher.gateway.auth import Authenticator
from dispatcher.gateway.operation import read_body
from dispatcher.gateway.pages import login
from dispatcher.gateway.pages.page import Page, language, words
from dispatcher.gateway.preview import PreviewApi, PreviewRequest
from dispatcher.gateway.problem import Unauthorized, invalid

#: Bytes of a form: percent-encoding takes three for each byte of the JSON.
_LARGEST: Final = 3 * 16_384
_MAIL_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline';"
    " img-src https: data:; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
}


class PreviewPage:
    """The page for operators."""

    def __init__(self, authenticator: Authenticator, page: Page, previews: PreviewApi) -> None:
        self._authenticator: Final = authenticator
        self._page: Final = page
        self._previews: Final = previews

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/preview", self.open),
            Route("/preview/mail", self.show_mail, methods=["POST"]),
        ]

    async def open(self, request: Request) -> Response:
        """The page, for an operator's session; else a page that explains how to log in."""
        try:
            await self._authenticator.authenticate_operator(request)
        except Unauthorized:
            return login.refusal(self._page, request)
        lang = language(None, request)
        said = words("preview", lang)
        return self._page.render(
            "preview.html",
            lang=lang,
            policy={"frame-src": "'self'"},
            said=said,
            told={"words": {**words("channels", lang), **said}},
        )

    async def show_mail(self, request: Request) -> Response:
        """A mail's HTML, for the frame in the page. The form has a PreviewRequest."""
        operator = await self._authenticator.authenticate_operator(request)
        sent = (await read_body(request, _LARGEST)).decode("utf-8", errors="replace")
        form = dict(parse_qsl(sent, keep_blank_values=True))
        scheme = form.pop("scheme", "light")
        try:
            body = PreviewRequest.model_validate(form)
        except ValidationError as error:
            raise invalid("form", error) from None
        html = await self._previews.mail(operator, body, "dark" if scheme == "dark" else "light")
        status = HTTPStatus.OK if html else HTTPStatus.NOT_FOUND
        return HTMLResponse(html or "", status, headers=_MAIL_HEADERS)
