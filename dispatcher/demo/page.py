"""The page: buttons, what came of them and why, and the gateway behind it, at one address.

There is no login: whoever reaches it may be anybody. It listens on this machine only, answers to
no other host name, and takes changes from no other site. The HTML is made here; the script only
brings each card up to date, so that nothing is asked for while nothing happens.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
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
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatcher.demo.actions import ACTIONS, Action
from dispatcher.demo.buttons import Buttons
from dispatcher.demo.catchers import SMS_PATH, Catchers, Caught, ForgedError
from dispatcher.demo.shop import NothingToDoError, Person
from dispatcher.gateway.pages import login
from dispatcher.gateway.token import AUDIENCE, login_token, operator_login_token
from dispatcher.rendering.catalog import Catalog

_FOLDER: Final = Path(__file__).parent
_FILES: Final = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:;"
    " connect-src 'self'; frame-src 'self'; worker-src 'self'; manifest-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# A mail is somebody else's HTML: it may look as it likes, and do nothing.
_MAIL_POLICY: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
    " style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: Cards on the page.
_SHOWN: Final = 40
_CHANNELS: Final = {
    "in_app": "inbox",
    "email": "e-mail",
    "sms": "text",
    "push": "push",
    "sse": "open page",
}


class Page:
    """The page as an ASGI application; what it does not know is the gateway's.

    `play` tells the whole story. `secret` is the gateway's, which logs people in.
    """

    def __init__(
        self,
        buttons: Buttons,
        catchers: Catchers,
        catalog: Catalog,
        *,
        gateway: ASGIApp,
        secret: str,
        play: Callable[[], Awaitable[None]],
    ) -> None:
        self._buttons: Final = buttons
        self._history: Final = buttons.history
        self._catchers: Final = catchers
        self._gateway: Final = gateway
        self._secret: Final = secret
        self._play: Final = play
        self._playing: asyncio.Task[None] | None = None
        #: Tells one demo from the next at the same address.
        self._run: Final = secrets.token_hex(4)
        names = {person.id: person.name for person in buttons.people.values()}
        self._templates: Final = Environment(
            loader=FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.globals.update(names=names, channels=_CHANNELS, actions_of=_actions)
        # In the order of their buttons.
        order = list(dict.fromkeys(action.event for action in ACTIONS.values()))
        order += [key for key in catalog.events if key not in order]
        events = [catalog.events[key] for key in order]
        self._events: Final = {
            category: [event for event in events if event.category == category]
            for category in dict.fromkeys(event.category for event in events)
        }
        self.app: Final = Starlette(
            routes=[
                Route("/", self.page),
                *(Route(f"/{name}", self.file) for name in _FILES),
                Route("/do/{action}", self.press, methods=["POST"]),
                Route("/what-if/{action}", self.what_if),
                Route("/play", self.play, methods=["POST"]),
                Route("/other-events", self.find_other_events, methods=["POST"]),
                Route("/news", self.news),
                Route("/messages/{number:int}", self.message),
                Route("/messages/{number:int}.html", self.mail_html),
                Route("/messages/{number:int}.eml", self.mail_source),
                Route("/shops/{tenant}/{path:path}", self.shop),
                Route("/token", self.token),
                Route("/go/{page}", self.go),
                Route(SMS_PATH, self.take_sms, methods=["POST"]),
                Mount("/", gateway),
            ],
            middleware=[
                Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
                # A stream is sent as it is.
                Middleware(GZipMiddleware),
            ],
            exception_handlers={HTTPException: _refuse, NothingToDoError: self.nothing_to_do},
        )

    async def page(self, request: Request) -> Response:
        return self._page(request, "")

    async def nothing_to_do(self, request: Request, error: Exception) -> Response:
        return self._page(request, str(error), 409)

    def _page(self, request: Request, said: str, status: int = 200) -> Response:
        person = self._person(request)
        return self._html(
            "page.html",
            status,
            person=person,
            client=self._buttons.client_of(person),
            people=self._buttons.people.values(),
            entries=list(self._history.entries)[:_SHOWN],
            version=self._history.version,
            run=self._run,
            said=said,
            categories=self._events,
            total=sum(map(len, self._events.values())),
        )

    async def file(self, request: Request) -> Response:
        name = request.url.path.lstrip("/")
        content = (_FOLDER / name).read_bytes()
        return Response(content, headers=_HEADERS, media_type=_FILES[name])

    async def press(self, request: Request) -> Response:
        """Does it; the card follows by the stream, or without a script on the next page."""
        _require_our_page(request)
        entry = await self._buttons.press(_action(request), self._person(request))
        return self._back(request, f"#transaction-{entry.number}")

    async def what_if(self, request: Request) -> Response:
        """What would come of it; nothing does."""
        action = _action(request)
        entry = await self._buttons.what_if(action, self._person(request))
        return self._html("what_if.html", action=action, entry=entry, person=self._person(request))

    async def play(self, request: Request) -> Response:
        """Tells the whole story, unless it is being told."""
        _require_our_page(request)
        if self._playing is None or self._playing.done():
            self._playing = asyncio.ensure_future(self._play())
        return self._back(request)

    async def find_other_events(self, request: Request) -> Response:
        _require_our_page(request)
        await self._buttons.find_other_events()
        return Response(status_code=204, headers=_HEADERS)

    async def news(self, request: Request) -> Response:
        """Cards as they change (server-sent events), from where the page is."""
        seen = request.headers.get("last-event-id") or request.query_params.get("since", "0")
        if not seen.isdecimal():
            raise HTTPException(400, "?since= is the version of the page.")
        return StreamingResponse(
            self._news(int(seen)), headers=_HEADERS, media_type="text/event-stream"
        )

    async def _news(self, since: int) -> AsyncIterator[str]:
        yield f"event: run\ndata: {self._run}\n\n"
        async for entry in self._history.changes(since):
            if entry is None:
                yield "event: end\ndata: \n\n"
            else:
                card = self._templates.get_template("card.html").render(entry=entry)
                shown = json.dumps({"id": f"transaction-{entry.number}", "html": card})
                yield f"id: {entry.version}\nevent: card\ndata: {shown}\n\n"

    async def message(self, request: Request) -> Response:
        return self._html("message.html", message=self._caught(request))

    async def mail_html(self, request: Request) -> Response:
        headers = {**_HEADERS, "Content-Security-Policy": _MAIL_POLICY}
        return HTMLResponse(self._caught(request).html or "", headers=headers)

    async def mail_source(self, request: Request) -> Response:
        return PlainTextResponse(self._caught(request).source, headers=_HEADERS)

    async def take_sms(self, request: Request) -> Response:
        """From the daemon's webhook provider."""
        try:
            self._catchers.take_sms(request.headers, await request.body())
        except ForgedError as error:
            raise HTTPException(401, str(error)) from None
        return Response(status_code=204)

    async def shop(self, request: Request) -> Response:
        """Where the links in messages lead: the page that your application would have there."""
        people = self._buttons.people.values()
        names = {person.tenant_id: person.tenant_name for person in people}
        tenant = request.path_params["tenant"]
        if tenant not in names:
            raise HTTPException(404, "There is no such shop.")
        return self._html("shop.html", name=names[tenant], path=request.path_params["path"])

    async def token(self, request: Request) -> Response:
        """The one endpoint that the bell needs: a token for whoever is logged in."""
        token = self.token_of(self._person(request))
        return Response(
            json.dumps({"token": token}), headers=_HEADERS, media_type="application/json"
        )

    def token_of(self, person: Person) -> str:
        """What lets somebody into their inbox: signing it is all that an application has to do."""
        now = datetime.now(UTC)
        claims = {
            "sub": person.id,
            "tenant": person.tenant_id,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(hours=1)).timestamp()),
        }
        return jwt.encode(claims, self._secret, "HS256")

    async def go(self, request: Request) -> ASGIApp:
        """To a page of the gateway, logged in: to preferences as the person, else as operator."""
        page, now = request.path_params["page"], datetime.now(UTC)
        if page == "preferences":
            person = self._person(request)
            token = login_token(self._secret, now, person.id, person.tenant_id)
        else:
            token = operator_login_token(self._secret, now, "visitor")
        form = urlencode({"token": token, "to": f"/{page}"}).encode()

        async def filled_in() -> Message:
            return {"type": "http.request", "body": form, "more_body": False}

        async def log_in(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
            posted = {"method": "POST", "path": login.PATH, "query_string": b""}
            await self._gateway({**scope, **posted}, filled_in, send)

        return log_in

    def _person(self, request: Request) -> Person:
        people = self._buttons.people
        person = people.get(request.query_params.get("as", next(iter(people))))
        if person is None:
            raise HTTPException(404, "Nobody of this name is here: say ?as=ada.")
        return person

    def _caught(self, request: Request) -> Caught:
        found = self._catchers.find(request.path_params["number"])
        if found is None:
            raise HTTPException(404, "This message is not here, or not any more.")
        return found

    def _back(self, request: Request, anchor: str = "") -> Response:
        """To the page; a script that asked stays where it is."""
        if request.headers.get("sec-fetch-mode") == "cors":
            return Response(status_code=204, headers=_HEADERS)
        return RedirectResponse(f"/?as={self._person(request).id}{anchor}", 303, headers=_HEADERS)

    def _html(self, template: str, status: int = 200, **values: object) -> Response:
        html = self._templates.get_template(template).render(values)
        return HTMLResponse(html, status, headers=_HEADERS)


def _actions(event: str) -> list[Action]:
    return [action for action in ACTIONS.values() if action.event == event]


def _action(request: Request) -> Action:
    action = ACTIONS.get(request.path_params["action"])
    if action is None:
        raise HTTPException(404, "There is no such button.")
    return action


def _require_our_page(request: Request) -> None:
    """Raises HTTPException for a form or a script of another site."""
    ours = f"{request.url.scheme}://{request.headers['host']}"
    if request.headers.get("origin", ours) != ours:
        raise HTTPException(403, "Another site may not press buttons here.")


def _refuse(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    return PlainTextResponse(error.detail, error.status_code, headers=_HEADERS)
