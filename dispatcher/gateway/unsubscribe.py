"""One-click unsubscribing from a category of mails, without a login (RFC 8058).

Only POST changes anything: scanners prefetch links by GET. The link alone unsubscribes from its
category. Unsubscribing from all mails, and subscribing again, need the permit in the link's page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, get_args

import structlog
from starlette.requests import Request
from starlette.responses import Response

from dispatcher.db import preferences
from dispatcher.db.connections import Pool
from dispatcher.errors import InvalidArgumentError
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.db_roles import call_as_recipient
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.pages.brand import color_of
from dispatcher.gateway.pages.page import Localization, Page, read_form
from dispatcher.inbound.links import (
    UNSUBSCRIBE_PATH,
    UNSUBSCRIBE_PURPOSE,
    WIDE_UNSUBSCRIBE_LIFE,
    is_permitted,
    read_dated,
    sign_permit,
)
from dispatcher.inbound.signing import BadToken, Signer
from dispatcher.rendering.labels import Labels

log = structlog.get_logger()

#: What may be asked for. A mail client's unsubscribe button names nothing, and means `category`.
Choice = Literal["category", "all", "undo-category", "undo-all"]

#: The address authenticates, so that no Referer may contain it.
_NO_REFERRER: Final = MappingProxyType({"Referrer-Policy": "no-referrer"})
_LARGEST_FORM: Final = 4096


@dataclass(frozen=True, slots=True)
class _Link:
    """The content of a link's token."""

    token: str
    identity: Identity
    category: str
    #: Whether the page may offer more than unsubscribing from the category.
    is_wide: bool


@dataclass(frozen=True, slots=True)
class _State:
    """What the recipient gets now, and how to say so."""

    name: str
    localization: Localization
    color: str | None
    category_is_off: bool
    all_is_off: bool


class UnsubscribePage:
    """The token authenticates: it is signed for one recipient, tenant and category."""

    def __init__(
        self,
        pool: Pool,
        signer: Signer,
        page: Page,
        labels: Labels,
        *,
        life: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`life`: how long a link works after the day of its mail."""
        self._pool: Final = pool
        self._signer: Final = signer
        self._page: Final = page
        self._labels: Final = labels
        self._life: Final = life
        self._now: Final = now

    @property
    def operations(self) -> list[Operation]:
        path = f"{UNSUBSCRIBE_PATH}{{token}}"
        return [
            Operation.of("GET", path, "unsubscribe", self.ask),
            Operation.of("POST", path, "unsubscribe", self.unsubscribe, 403, 413),
        ]

    async def ask(self, token: str, request: Request) -> Annotated[Response, "text/html"]:
        """A page with buttons. It changes nothing."""
        try:
            link = self._read(token)
        except BadToken:
            return self._refusal(request)
        return self._show(link, await self._state(link, request))

    async def unsubscribe(self, token: str, request: Request) -> Annotated[Response, "text/html"]:
        """Stop the mails of the link's category, at once and for what is queued.

        A form field `choice` may ask for something else: `all`, `undo-category` or `undo-all`. That
        takes the `permit` of the link's page, which is good for an hour. Doing it twice is doing it
        once.
        """
        try:
            link = self._read(token)
        except BadToken:
            return self._refusal(request)
        choice, shown = _asked(await read_form(request, _LARGEST_FORM))
        if choice != "category" and not (
            link.is_wide and is_permitted(self._signer, token, shown, self._now())
        ):
            log.warning("refused a choice that a link alone does not allow", choice=choice)
            return self._show(link, await self._state(link, request), is_stale=True)
        await self._choose(link, choice)
        return self._show(link, await self._state(link, request), done=choice)

    def _read(self, token: str) -> _Link:
        try:
            parts, signed_at = read_dated(
                self._signer, UNSUBSCRIBE_PURPOSE, token, self._now(), self._life
            )
        except BadToken as error:
            log.warning("refused a link", reason=str(error))
            raise
        tenant_id, recipient_id, category = parts
        # An identity for this request alone.
        identity = Identity(tenant_id, recipient_id, None, self._now())
        return _Link(
            token, identity, category, is_wide=self._now() < signed_at + WIDE_UNSUBSCRIBE_LIFE
        )

    async def _choose(self, link: _Link, choice: Choice) -> None:
        is_all = choice in ("all", "undo-all")
        enabled = None if choice.startswith("undo-") else False
        if choice == "undo-category":
            # Getting a category again implies getting mails at all.
            await self._choose(link, "undo-all")
        try:
            await call_as_recipient(
                self._pool,
                link.identity,
                preferences.set_email_preference,
                enabled=enabled,
                category=None if is_all else link.category,
            )
        except InvalidArgumentError:
            # No event has the category any more: nothing of it is ever sent.
            return
        log.info(
            "unsubscribed" if enabled is False else "subscribed again",
            tenant_id=link.identity.tenant_id,
            recipient_id=link.identity.recipient_id,
            category=None if is_all else link.category,
        )

    async def _state(self, link: _Link, request: Request) -> _State:
        found = await call_as_recipient(
            self._pool, link.identity, preferences.email_choice, category=link.category
        )
        if found is None:
            nobody = Localization.of(None, request)
            return _State("", nobody, None, category_is_off=True, all_is_off=True)
        return _State(
            found.name,
            Localization.of(found.locale, request),
            color_of(found.branding),
            found.category_is_off,
            found.all_is_off,
        )

    def _show(
        self, link: _Link, state: _State, *, done: Choice | None = None, is_stale: bool = False
    ) -> Response:
        """What holds now, which another choice may keep from being what was asked for."""
        what, choices = _described(state, is_undone=done in ("undo-category", "undo-all"))
        if not link.is_wide:
            choices = [choice for choice in choices if choice == "category"]
        spoken = state.localization
        named = {"name": state.name, "category": self._labels.category(link.category, spoken.lang)}
        told = "stale" if is_stale and link.is_wide else what
        return self._render(
            spoken,
            color=state.color,
            status=HTTPStatus.FORBIDDEN if is_stale else HTTPStatus.OK,
            name=state.name,
            heading=spoken.say("unsubscribe", f"{told}.heading", **named),
            sentence=spoken.say("unsubscribe", f"{told}.sentence", **named),
            choices=[(each, spoken.say("unsubscribe", each, **named)) for each in choices],
            # Who has left sees no loud way back.
            loudest="category" if what == "on" else None,
            permit=sign_permit(self._signer, link.token, self._now()) if link.is_wide else None,
            is_done=done is not None,
        )

    def _refusal(self, request: Request) -> Response:
        spoken = Localization.of(None, request)
        return self._render(
            spoken,
            status=HTTPStatus.NOT_FOUND,
            name="",
            heading=spoken.say("unsubscribe", "bad.heading"),
            sentence=spoken.say("unsubscribe", "bad.sentence"),
            choices=[],
            permit=None,
            is_done=False,
        )

    def _render(self, spoken: Localization, **values: Any) -> Response:
        response = self._page.render(
            "unsubscribe.html", lang=spoken.lang, direction=spoken.direction, **values
        )
        response.headers.update(_NO_REFERRER)
        return response


def _asked(fields: Mapping[str, list[str]]) -> tuple[Choice, str]:
    """The choice and the permit in a form.

    A mail client sends `List-Unsubscribe=One-Click`, in either encoding of forms.
    """
    for known in get_args(Choice):
        if fields.get("choice") == [known]:
            choice: Choice = known
            return choice, fields.get("permit", [""])[0]
    return "category", ""


def _described(state: _State, *, is_undone: bool) -> tuple[str, list[Choice]]:
    if state.all_is_off:
        return "all-off", ["undo-all"]
    if state.category_is_off:
        return "off", ["undo-category", "all"]
    return "back" if is_undone else "on", ["category", "all"]
