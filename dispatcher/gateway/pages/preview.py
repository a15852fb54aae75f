"""`/preview`: the page on which operators see what an event says, before anybody is told.

A form: what is chosen and written is rendered by the server. A mail is shown in a frame of its own,
where no script runs. Its inline styles are allowed there and not on the page.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from pydantic import ValidationError
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dispatcher.gateway.pages.operator.views import Asked, OperatorViews, Visit
from dispatcher.gateway.pages.page import Page, address, words
from dispatcher.gateway.preview import (
    PreviewAnswer,
    PreviewApi,
    PreviewQuery,
    PreviewRequest,
    PreviewTest,
)
from dispatcher.gateway.problem import invalid
from dispatcher.rendering.preview import Scheme

PATH: Final = "/preview"
#: Bytes of a form: percent-encoding takes three for each byte of the JSON.
_LARGEST: Final = 3 * 16_384
#: Characters of a payload that an address has room for; servers and proxies take 8 KiB.
_LONGEST_IN_ADDRESS: Final = 2_000
_MAIL_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline';"
    " img-src https: data:; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
}
#: What the address of the page names, and its form: all but the payload.
_CHOICES: Final = ("event", "channel", "tenant", "locale", "scheme", "width")


class PreviewPage:
    """The page for operators."""

    def __init__(self, views: OperatorViews, page: Page, previews: PreviewApi) -> None:
        self._views: Final = views
        self._page: Final = page
        self._previews: Final = previews

    @property
    def routes(self) -> list[Route]:
        return [
            self._views.get(PATH, self.show),
            self._views.post(PATH, self.show, most=_LARGEST),
            self._views.post(f"{PATH}/test", self.send_test, most=_LARGEST),
            self._views.get(f"{PATH}/mail", self.show_mail),
            self._views.post(f"{PATH}/mail", self.show_mail, most=_LARGEST),
        ]

    async def show(self, visit: Visit, message: str = "", *, is_fault: bool = False) -> Response:
        """What the event says on the channel; `message` is told above it."""
        asked = _asked(visit)
        listed = await self._previews.list_previews(
            visit.operator, PreviewQuery(tenant=asked["tenant"])
        )
        by_key = {event.event: event for event in listed.events}
        if not asked["event"] and listed.events:
            asked["event"] = listed.events[0].event
        event = by_key.get(asked["event"])
        answer, fault = None, ""
        if not listed.faults and asked["event"]:
            answer, fault = await self._answer(visit, asked)
        if event and asked["channel"] not in event.channels:
            asked["channel"] = "email" if "email" in event.channels else event.channels[0]
        channels = answer.channels if answer else []
        shown = next((each for each in channels if each.channel == asked["channel"]), None)
        payload = asked.get("payload", answer.payload if answer else "")
        choices = {name: asked[name] for name in _CHOICES}
        return self._page.render(
            "preview.html",
            lang=visit.say.lang,
            policy={"frame-src": "'self'"},
            status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            said=words("preview", visit.say.lang),
            say=visit.say,
            asked=asked,
            choices=choices,
            listed=listed,
            event=event,
            answer=answer,
            fault=fault,
            shown=shown,
            payload=payload.rstrip(),
            marked={each.line for each in answer.payload_faults} if answer else set(),
            mail=_mail_address(asked),
            message=message,
            is_fault=is_fault,
            url=address,
            path=PATH,
        )

    async def send_test(self, visit: Visit) -> Response:
        """Sends the mail to the address of the form, and shows what came of it."""
        said = words("preview", visit.say.lang)
        try:
            request = _request(visit.form) | {"to": visit.form.get("to", "")}
            body = PreviewTest.model_validate(request)
        except ValidationError as error:
            return await self.show(visit, invalid("form", error).details.detail, is_fault=True)
        answer = await self._previews.send_test(visit.operator, body)
        if answer.is_sent:
            told = said["test.sent"].format(to=body.to, provider=answer.provider)
            return await self.show(visit, told)
        told = said["test.not_sent"].format(said=answer.said.rstrip("."))
        return await self.show(visit, told, is_fault=True)

    async def show_mail(self, visit: Visit) -> Response:
        """A mail's HTML, for the frame in the page."""
        given = visit.form or visit.query
        try:
            body = PreviewRequest.model_validate(_request(given))
        except ValidationError as error:
            raise invalid("form", error) from None
        scheme: Scheme = "dark" if given.get("scheme") == "dark" else "light"
        html = await self._previews.mail(visit.operator, body, scheme)
        status = HTTPStatus.OK if html else HTTPStatus.NOT_FOUND
        return HTMLResponse(html or "", status, headers=_MAIL_HEADERS)

    async def _answer(self, visit: Visit, asked: Asked) -> tuple[PreviewAnswer | None, str]:
        """What is to be shown, or what is wrong with the question."""
        try:
            body = PreviewRequest.model_validate(_request(asked))
        except ValidationError as error:
            return None, invalid("form", error).details.detail
        return await self._previews.preview(visit.operator, body), ""


def _asked(visit: Visit) -> Asked:
    """What the form says, else the address, else what is usual."""
    usual = {
        "channel": "email",
        "tenant": "default",
        "locale": visit.say.lang,
        "scheme": "light",
        "width": "desktop",
    }
    asked = Asked({**usual, **visit.query, **visit.form})
    # A form without a payload has an empty one, which is a mistake to be shown.
    if visit.form:
        asked.setdefault("payload", "")
    return asked


def _request(given: Any) -> dict[str, str]:
    """The fields of a PreviewRequest."""
    return {name: given[name] for name in PreviewRequest.model_fields if name in given}


def _mail_address(asked: Asked) -> str:
    """The address of the mail's frame; empty if the payload is too long for one."""
    payload = asked["payload"]
    if len(payload) > _LONGEST_IN_ADDRESS:
        return ""
    named = {name: asked[name] for name in ("event", "tenant", "locale", "scheme")}
    return address(f"{PATH}/mail", named, payload=payload)
