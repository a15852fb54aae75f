"""The page as an ASGI application: one HTML file, its script and style, and JSON for them.

There is no login: whoever reaches it reads any inbox. It listens on this machine only, answers to
no other host name, and takes changes only as JSON, which no foreign page can send unasked.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, Final, get_args

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from dispatcher.demo.chronicle import Account
from dispatcher.demo.mail_catcher import CaughtMail, MailCatcher
from dispatcher.demo.page.reader import Reader, UnknownPersonError, Verb

#: Moments of the shop, as the page shows them; newest last.
Latest = Callable[[], Awaitable[list[Account]]]

_FOLDER: Final = Path(__file__).parent
_TYPES: Final = {
    "page.html": "text/html",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
# A mail is somebody else's HTML: it may look as it likes, and do nothing.
_MAIL_HEADERS: Final = _HEADERS | {
    "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox;"
    " default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
}


def application(reader: Reader, mails: MailCatcher | None, latest: Latest) -> Starlette:
    """The page over what it reads. `mails` is None where mails go somewhere else than to us."""
    page = _Page(reader, mails, latest)
    person = "/api/inbox/{tenant}/{recipient}"
    routes = [
        Route("/", page.file, name="page.html"),
        Route("/page.css", page.file),
        Route("/page.js", page.file),
        Route("/icon.svg", page.file),
        Route("/api/houses", page.houses),
        Route("/api/events", page.events),
        Route("/api/mails", page.mails),
        Route("/api/mails/{number:int}", page.mail),
        Route("/mails/{number:int}.html", page.mail_html),
        Route("/mails/{number:int}.eml", page.mail_source),
        Route(person, page.inbox),
        Route(person + "/read-all", page.mark_all_read, methods=["POST"]),
        Route(person + "/{verb}", page.mark, methods=["POST"]),
        Route("/shops/{house}/{path:path}", page.shop),
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
        ],
        exception_handlers={
            HTTPException: _refuse,
            UnknownPersonError: _not_found,
        },
    )


class _Page:
    def __init__(self, reader: Reader, mails: MailCatcher | None, latest: Latest) -> None:
        self._reader = reader
        self._mails = mails
        self._latest = latest

    async def file(self, request: Request) -> Response:
        name = request.url.path.lstrip("/") or "page.html"
        return Response((_FOLDER / name).read_bytes(), headers=_HEADERS, media_type=_TYPES[name])

    async def houses(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        return _json(await self._reader.houses())

    async def inbox(self, request: Request) -> Response:
        return _json(await self._reader.inbox(**_person(request)))

    async def mark(self, request: Request) -> Response:
        verb = request.path_params["verb"]
        if verb not in get_args(Verb):
            raise HTTPException(404, "Items can be seen, read, unread or archived.")
        given = await _body(request)
        try:
            item_ids = [int(number) for number in given["items"]]
        except (KeyError, TypeError, ValueError):
            raise HTTPException(400, 'Send {"items": ["1", …]}.') from None
        person = _person(request)
        return _json({"changed": await self._reader.mark(**person, verb=verb, item_ids=item_ids)})

    async def mark_all_read(self, request: Request) -> Response:
        await _body(request)
        return _json({"changed": await self._reader.mark_all_read(**_person(request))})

    async def events(self, request: Request) -> Response:  # noqa: ARG002
        """What the shops did and why who heard of it; and events that did not come from them."""
        told: set[int] = set()
        stories = []
        for account in reversed(await self._latest()):
            moment = account.moment
            told.update(moment.outbox_ids)
            is_rolled_back = moment.rolled_back_by is not None
            stories.append(
                {
                    "key": f"moment-{moment.number}",
                    "title": moment.title,
                    "at": moment.at,
                    "rolled_back_by": moment.rolled_back_by,
                    "events": []
                    if is_rolled_back
                    else [await self._reader.why(number) for number in moment.outbox_ids],
                }
            )
        others = [
            {
                "key": f"event-{number}",
                "title": None,
                "at": None,
                "rolled_back_by": None,
                "events": [await self._reader.why(number)],
            }
            for number in await self._reader.latest_events(20)
            if number not in told and number > max(told, default=0) - 20
        ]
        return _json([*others, *stories])

    async def mails(self, request: Request) -> Response:  # noqa: ARG002
        if self._mails is None:
            return _json({"are_caught": False, "mails": []})
        listed = [_listed(mail) for mail in reversed(self._mails.mails)]
        return _json({"are_caught": True, "mails": listed})

    async def mail(self, request: Request) -> Response:
        mail = self._found(request)
        return _json({**_listed(mail), "text": mail.text, "has_html": mail.html is not None})

    async def mail_html(self, request: Request) -> Response:
        return HTMLResponse(self._found(request).html or "", headers=_MAIL_HEADERS)

    async def mail_source(self, request: Request) -> Response:
        source = self._found(request).source
        return PlainTextResponse(source, headers=_HEADERS)

    async def shop(self, request: Request) -> Response:
        """Where the links in messages lead: the page that your application would have there."""
        path = escape("/" + request.path_params["path"])
        name = escape(await self._house_name(request.path_params["house"]))
        return HTMLResponse(
            f'<!doctype html><html lang="en"><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{name}</title>'
            f'<link rel="stylesheet" href="/page.css"><body class="shop"><main><h1>{name}</h1>'
            f"<p>A link in a message led here. In your application, <code>{path}</code> would be"
            f" the page that it is about.</p>"
            f'<p><a href="/">Back to the demo</a></p></main></body></html>',
            headers=_HEADERS,
        )

    async def _house_name(self, house: str) -> str:
        for known in await self._reader.houses():
            if known["id"] == house:
                return str(known["name"])
        raise HTTPException(404, "There is no such shop.")

    def _found(self, request: Request) -> CaughtMail:
        mail = self._mails.find(request.path_params["number"]) if self._mails else None
        if mail is None:
            raise HTTPException(404, "This mail is not here, or not any more.")
        return mail


def _person(request: Request) -> dict[str, str]:
    return {
        "tenant_id": request.path_params["tenant"],
        "recipient_id": request.path_params["recipient"],
    }


async def _body(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415, "Send application/json.")
    try:
        given = json.loads(await request.body() or b"{}")
    except ValueError:
        raise HTTPException(400, "This is no JSON.") from None
    if not isinstance(given, dict):
        raise HTTPException(400, "Send an object.")
    return given


def _listed(mail: CaughtMail) -> dict[str, Any]:
    return {
        "number": mail.number,
        "from": mail.sender,
        "to": mail.to,
        "subject": mail.subject,
        "received_at": mail.received_at,
    }


def _json(content: object) -> Response:
    text = json.dumps(content, default=_written, ensure_ascii=False)
    return Response(text, headers=_HEADERS, media_type="application/json")


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not for the page")


def _refuse(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    return PlainTextResponse(error.detail, error.status_code, headers=_HEADERS)


def _not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return PlainTextResponse(f"Not found: {error}.", 404, headers=_HEADERS)
