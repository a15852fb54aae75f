"""The page: buttons, what came of them and why, and the gateway behind it, at one address.

There is no login: whoever reaches it may be anybody. It listens on this machine only, answers to
no other host name, and takes changes from no other site. The HTML is made here; the script only
brings each card up to date, so that nothing is asked for while nothing happens.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlencode

import jwt
from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from dispatcher.demo.buttons import Buttons
from dispatcher.demo.catchers import PATH, Catcher, Caught
from dispatcher.demo.history import Transaction
from dispatcher.demo.shop import NothingToDoError, Person
from dispatcher.demo.story import BUTTONS
from dispatcher.gateway.pages.page import words
from dispatcher.gateway.token import AUDIENCE, login_token, operator_login_token
from dispatcher.rendering.catalog import Catalog

_Found = TypeVar("_Found")

_FOLDER: Final = Path(__file__).parent
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' https: data:; connect-src 'self'; frame-src 'self'; worker-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# A mail is somebody else's HTML: it may look as it likes, and do nothing.
_MAIL_HEADERS: Final = {
    **_HEADERS,
    "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox;"
    " default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
}


class Page:
    """The page as an ASGI application; what it does not know is the gateway's.

    `secret` is the gateway's, which lets people in.
    """

    def __init__(
        self, buttons: Buttons, catcher: Catcher, catalog: Catalog, *, gateway: ASGIApp, secret: str
    ) -> None:
        self._buttons: Final = buttons
        self._history: Final = buttons.history
        self._catcher: Final = catcher
        self._secret: Final = secret
        self._playing: asyncio.Task[None] | None = None
        self._templates: Final = Environment(
            loader=FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        names = {person.id: person.name for person in buttons.people.values()}
        self._templates.globals.update(names=names, channels=words("channels", "en"))
        # In the order of their buttons.
        events = {each.event: catalog.events[each.event] for each in BUTTONS.values()}.values()
        self._categories: Final = {
            category: list(group) for category, group in groupby(events, lambda each: each.category)
        }
        self.app: Final = Starlette(
            routes=[
                Route("/", self.page),
                *(Route(f"/{name}", _file) for name in ("page.css", "page.js")),
                Route("/do/{button}", self.press, methods=["POST"]),
                Route("/play", self.play, methods=["POST"]),
                Route("/news", self.news),
                Route("/messages/{number:int}", self.message),
                Route("/messages/{number:int}.html", self.mail),
                Route("/shops/{tenant}/{path:path}", self.shop),
                Route("/token", self.token),
                Route("/go/{page}", self.go),
                Route(PATH, self.catch, methods=["POST"]),
                Mount("/", gateway),
            ],
            middleware=[
                Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
                # A stream is sent as it is.
                Middleware(GZipMiddleware),
            ],
            exception_handlers={NothingToDoError: self.page},
        )

    async def page(self, request: Request, nothing_to_do: Exception | None = None) -> Response:
        person = self._person(request)
        return self._html(
            "page.html",
            409 if nothing_to_do else 200,
            said=nothing_to_do or "",
            person=person,
            client=self._buttons.client_of(person),
            people=self._buttons.people.values(),
            transactions=self._history.transactions,
            categories=self._categories,
            buttons=BUTTONS.values(),
        )

    async def press(self, request: Request) -> Response:
        """Does it; the card follows by the stream, or without a script on the next page."""
        _require_our_page(request)
        button = _found(BUTTONS.get(request.path_params["button"]), "There is no such button.")
        done = await self._buttons.press(button, self._person(request))
        return self._back(request, f"#transaction-{done.number}")

    async def play(self, request: Request) -> Response:
        """Tells the whole story, unless it is being told."""
        _require_our_page(request)
        if self._playing is None or self._playing.done():
            self._playing = asyncio.ensure_future(self._play())
        return self._back(request)

    async def _play(self) -> None:
        async for _ in self._buttons.play():
            pass

    async def news(self, request: Request) -> Response:  # noqa: ARG002 - a route's
        """All cards, and then each that changes (server-sent events)."""
        return StreamingResponse(self._news(), headers=_HEADERS, media_type="text/event-stream")

    async def _news(self) -> AsyncIterator[str]:
        with self._history.changes_from_now() as news:
            yield _frame("cards", "".join(map(self._card, self._history.transactions)))
            while (changed := await news.get()) is not None:
                yield _frame("card", self._card(changed))
            yield _frame("end", None)

    def _card(self, transaction: Transaction) -> str:
        return self._templates.get_template("card.html").render(transaction=transaction)

    async def message(self, request: Request) -> Response:
        message = self._caught(request)
        title = "A text message" if message.channel == "sms" else message.title
        sentence = f"To {message.to}. Caught on this machine; it did not leave it."
        return self._html("message.html", title=title, sentence=sentence, message=message)

    async def mail(self, request: Request) -> Response:
        return HTMLResponse(self._caught(request).html or "", headers=_MAIL_HEADERS)

    async def catch(self, request: Request) -> Response:
        """From the daemon's provider."""
        if not self._catcher.take(request.headers, await request.body()):
            raise HTTPException(401, "This is not signed by our provider.")
        return Response(status_code=204)

    async def shop(self, request: Request) -> Response:
        """Where the links in messages lead: the page that your application would have there."""
        path = request.path_params["path"]
        sentence = f"A link in a message led here: /{path} is the page that it is about."
        return self._html("message.html", title="A page of your application", sentence=sentence)

    async def token(self, request: Request) -> Response:
        """The one endpoint that the bell needs: a token for whoever is logged in."""
        return JSONResponse({"token": self.token_of(self._person(request))}, headers=_HEADERS)

    def token_of(self, person: Person) -> str:
        """What lets somebody into their inbox: signing it is all that an application has to do."""
        now = datetime.now(UTC)
        who = {"sub": person.id, "tenant": person.tenant_id, "aud": AUDIENCE}
        return jwt.encode(
            {**who, "iat": now, "exp": now + timedelta(hours=1)}, self._secret, "HS256"
        )

    async def go(self, request: Request) -> Response:
        """To a page of the gateway, by a login link: as the person to preferences, as operator."""
        page, now = request.path_params["page"], datetime.now(UTC)
        if page == "preferences":
            person = self._person(request)
            token = login_token(self._secret, now, person.id, person.tenant_id)
        else:
            token = operator_login_token(self._secret, now, "visitor")
        login = f"/login?{urlencode({'token': token, 'to': f'/{page}'})}"
        return RedirectResponse(login, headers=_HEADERS)

    def _person(self, request: Request) -> Person:
        people = self._buttons.people
        person = people.get(request.query_params.get("as", next(iter(people))))
        return _found(person, "Nobody of this name is here: say ?as=ada.")

    def _caught(self, request: Request) -> Caught:
        message = self._catcher.find(request.path_params["number"])
        return _found(message, "This message is not here, or not any more.")

    def _back(self, request: Request, anchor: str = "") -> Response:
        """To the page; a script that asked stays where it is."""
        if request.headers.get("sec-fetch-mode") == "cors":
            return Response(status_code=204, headers=_HEADERS)
        return RedirectResponse(f"/?as={self._person(request).id}{anchor}", 303, headers=_HEADERS)

    def _html(self, template: str, status: int = 200, **values: object) -> Response:
        html = self._templates.get_template(template).render(values)
        return HTMLResponse(html, status, headers=_HEADERS)


async def _file(request: Request) -> Response:
    return FileResponse(_FOLDER / request.url.path.lstrip("/"), headers=_HEADERS)


def _frame(event: str, data: object) -> str:
    return f"event: {event}\ndata: {json.dumps(data)}\n\n"


def _found(what: _Found | None, otherwise: str) -> _Found:
    if what is None:
        raise HTTPException(404, otherwise)
    return what


def _require_our_page(request: Request) -> None:
    """Raises HTTPException for a form or a script of another site."""
    ours = f"{request.url.scheme}://{request.headers['host']}"
    if request.headers.get("origin", ours) != ours:
        raise HTTPException(403, "Another site may not press buttons here.")
