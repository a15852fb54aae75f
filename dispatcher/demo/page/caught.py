"""What was caught: mails, texts and pushes, newest first, and each mail as it would look."""

from __future__ import annotations

from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from dispatcher.demo.cast import PEOPLE
from dispatcher.demo.catchers import Catchers
from dispatcher.demo.mail_catcher import CaughtMail
from dispatcher.demo.page.answers import HEADERS, json_answer
from dispatcher.demo.text_catcher import PATH, ForgedText

# A mail is somebody else's HTML: it may look as it likes, and do nothing.
_MAIL_HEADERS: Final = HEADERS | {
    "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox;"
    " default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
}
_BY_PHONE: Final = {person.phone: person for person in PEOPLE if person.phone}


class CaughtPages:
    """Over what the catchers keep."""

    def __init__(self, catchers: Catchers) -> None:
        self._catchers = catchers

    @property
    def routes(self) -> list[Route]:
        return [
            Route(PATH, self.take_text, methods=["POST"]),
            Route("/api/mails", self.mails),
            Route("/api/mails/{number:int}", self.mail),
            Route("/mails/{number:int}.html", self.mail_html),
            Route("/mails/{number:int}.eml", self.mail_source),
            Route("/api/texts", self.texts),
            Route("/api/pushes", self.pushes),
        ]

    async def take_text(self, request: Request) -> Response:
        """From the daemon's webhook provider."""
        try:
            self._catchers.texts.take(request.headers, await request.body())
        except ForgedText as error:
            raise HTTPException(401, str(error)) from None
        return Response(status_code=204)

    async def mails(self, request: Request) -> Response:  # noqa: ARG002
        caught = self._catchers.mails
        listed = [_listed(mail) for mail in reversed(caught.mails)] if caught else []
        return json_answer({"are_caught": caught is not None, "mails": listed})

    async def mail(self, request: Request) -> Response:
        mail = self._found(request)
        return json_answer({**_listed(mail), "text": mail.text, "has_html": mail.html is not None})

    async def mail_html(self, request: Request) -> Response:
        return HTMLResponse(self._found(request).html or "", headers=_MAIL_HEADERS)

    async def mail_source(self, request: Request) -> Response:
        return PlainTextResponse(self._found(request).source, headers=HEADERS)

    async def texts(self, request: Request) -> Response:  # noqa: ARG002
        return json_answer(
            [
                {
                    "number": text.number,
                    "to": text.to,
                    "person": "/".join(_BY_PHONE[text.to].key) if text.to in _BY_PHONE else None,
                    "text": text.text,
                    "segments": text.segments,
                    "received_at": text.received_at,
                }
                for text in reversed(self._catchers.texts.texts)
            ]
        )

    async def pushes(self, request: Request) -> Response:  # noqa: ARG002
        return json_answer(
            [
                {
                    "number": push.number,
                    "person": "/".join(push.person.key),
                    "to": push.person.name,
                    "title": push.title,
                    "body": push.body,
                    "link": push.link,
                    "received_at": push.received_at,
                }
                for push in reversed(self._catchers.pushes.pushes)
            ]
        )

    def _found(self, request: Request) -> CaughtMail:
        number, caught = request.path_params["number"], self._catchers.mails
        mail = caught.find(number) if caught else None
        if mail is None:
            raise HTTPException(404, "This mail is not here, or not any more.")
        return mail


def _listed(mail: CaughtMail) -> dict[str, Any]:
    return {
        "number": mail.number,
        "from": mail.sender,
        "to": mail.to,
        "subject": mail.subject,
        "received_at": mail.received_at,
    }
