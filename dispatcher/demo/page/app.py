"""The page as an ASGI application: one HTML file, its script and style, and JSON for them.

There is no login: whoever reaches it reads any inbox. It listens on this machine only, answers to
no other host name, and takes changes only as JSON, which no foreign page can send unasked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final, get_args

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dispatcher.demo.chronicle import Account
from dispatcher.demo.page.answers import HEADERS, body_of, json_answer, not_found, refuse
from dispatcher.demo.page.reader import Reader, UnknownPersonError, Verb

#: Moments of the shop, as the page shows them; newest last.
Latest = Callable[[], Awaitable[list[Account]]]

_FOLDER: Final = Path(__file__).parent
_TYPES: Final = {
    "page.html": "text/html",
    "page.css": "text/css",
    "counter.css": "text/css",
    "icon.svg": "image/svg+xml",
    **dict.fromkeys(
        ("page.js", "dom.js", "people.js", "counter.js", "arrivals.js", "why.js"),
        "text/javascript",
    ),
}


def application(reader: Reader, latest: Latest, others: Iterable[Route] = ()) -> Starlette:
    """The page over what it reads, and `others` besides, of which the last may take all else."""
    page = _Page(reader, latest)
    person = "/api/inbox/{tenant}/{recipient}"
    routes = [
        Route("/", page.file, name="page.html"),
        *(Route(f"/{name}", page.file) for name in _TYPES if name != "page.html"),
        Route("/api/houses", page.houses),
        Route("/api/events", page.events),
        Route(person, page.inbox),
        Route(person + "/read-all", page.mark_all_read, methods=["POST"]),
        Route(person + "/{verb}", page.mark, methods=["POST"]),
        Route("/shops/{house}/{path:path}", page.shop),
        *others,
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
        ],
        exception_handlers={
            HTTPException: refuse,
            UnknownPersonError: not_found,
        },
    )


class _Page:
    def __init__(self, reader: Reader, latest: Latest) -> None:
        self._reader = reader
        self._latest = latest

    async def file(self, request: Request) -> Response:
        name = request.url.path.lstrip("/") or "page.html"
        return Response((_FOLDER / name).read_bytes(), headers=HEADERS, media_type=_TYPES[name])

    async def houses(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        return json_answer(await self._reader.houses())

    async def inbox(self, request: Request) -> Response:
        return json_answer(await self._reader.inbox(**_person(request)))

    async def mark(self, request: Request) -> Response:
        verb = request.path_params["verb"]
        if verb not in get_args(Verb):
            raise HTTPException(404, "Items can be seen, read, unread or archived.")
        given = await body_of(request)
        try:
            item_ids = [int(number) for number in given["items"]]
        except (KeyError, TypeError, ValueError):
            raise HTTPException(400, 'Send {"items": ["1", …]}.') from None
        person = _person(request)
        return json_answer(
            {"changed": await self._reader.mark(**person, verb=verb, item_ids=item_ids)}
        )

    async def mark_all_read(self, request: Request) -> Response:
        await body_of(request)
        return json_answer({"changed": await self._reader.mark_all_read(**_person(request))})

    async def events(self, request: Request) -> Response:  # noqa: ARG002
        """What was done and why who heard of it; and events that did not come from here."""
        moments = [account.moment for account in reversed(await self._latest())]
        told = {number for moment in moments for number in moment.outbox_ids}
        others = [
            number
            for number in await self._reader.latest_events(20)
            if number not in told and number > max(told, default=0) - 20
        ]
        whys = await self._reader.whys(
            [
                *others,
                *(n for moment in moments if not moment.rolled_back_by for n in moment.outbox_ids),
            ]
        )
        return json_answer(
            [
                *(_story(f"event-{number}", [whys[number]]) for number in others),
                *(
                    _story(
                        f"moment-{moment.number}",
                        [whys[number] for number in moment.outbox_ids if number in whys],
                        title=moment.title,
                        at=moment.at,
                        rolled_back_by=moment.rolled_back_by,
                        statements=moment.statements,
                    )
                    for moment in moments
                ),
            ]
        )

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
            headers=HEADERS,
        )

    async def _house_name(self, house: str) -> str:
        for known in await self._reader.houses():
            if known["id"] == house:
                return str(known["name"])
        raise HTTPException(404, "There is no such house.")


def _story(key: str, events: Sequence[dict[str, Any]], **moment: Any) -> dict[str, Any]:
    """As the page shows it; what did not come from here has no moment."""
    unknown = {"title": None, "at": None, "rolled_back_by": None, "statements": ()}
    return {"key": key, **unknown, **moment, "events": events}


def _person(request: Request) -> dict[str, str]:
    return {
        "tenant_id": request.path_params["tenant"],
        "recipient_id": request.path_params["recipient"],
    }
