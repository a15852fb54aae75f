"""One-click unsubscribing from a category of mails, without a login (RFC 8058).

Only POST changes anything: scanners prefetch links by GET. The link alone unsubscribes from its
category. Unsubscribing from all mails, and subscribing again, need the permit in the link's page.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, get_args
from urllib.parse import parse_qs

import structlog
from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dispatcher.db import preferences
from dispatcher.db.connections import Pool
from dispatcher.errors import InvalidArgumentError
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.db_roles import call_as_recipient
from dispatcher.gateway.operation import Operation, read_body
from dispatcher.gateway.pages.page import language
from dispatcher.gateway.pages.page import words as words_of
from dispatcher.inbound.links import (
    UNSUBSCRIBE_PATH,
    UNSUBSCRIBE_PURPOSE,
    WIDE_UNSUBSCRIBE_LIFE,
    is_permitted,
    read_dated,
    sign_permit,
)
from dispatcher.inbound.signing import BadToken, Signer

log = structlog.get_logger()

#: What may be asked for. A mail client's unsubscribe button names nothing, and means `category`.
Choice = Literal["category", "all", "undo-category", "undo-all"]

_FOLDER: Final = Path(__file__).parent
_STYLE: Final = (_FOLDER / "unsubscribe.css").read_text(encoding="utf-8")
_PAGE: Final = Environment(autoescape=True, trim_blocks=True).from_string(
    (_FOLDER / "unsubscribe.html").read_text(encoding="utf-8")
)
_STYLE_HASH: Final = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
_HEADERS: Final = MappingProxyType(
    {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    }
)
_LARGEST_FORM: Final = 4096

_WORDS: Final = MappingProxyType(
    {
        "en": {
            "category": "Stop e-mails about “{category}”",
            "all": "Stop all e-mails",
            "undo-category": "Get e-mails about “{category}” again",
            "undo-all": "Get e-mails again",
            "on": ("Stop e-mails?", "You get e-mails about “{category}” from {name}."),
            "off": ("You have unsubscribed", "{name} sends you no e-mails about “{category}”."),
            "all-off": (
                "You have unsubscribed",
                "{name} sends you no e-mails, except those that every account gets.",
            ),
            "back": ("You are subscribed", "You get e-mails about “{category}” from {name} again."),
            "stale": (
                "Please choose again",
                "This page was open for too long, so nothing was changed.",
            ),
            "bad": (
                "This link does not work",
                "It is incomplete or too old. Use the one in a newer e-mail.",
            ),
        },
        "fr": {
            "category": "Arrêter les e-mails «\xa0{category}\xa0»",
            "all": "Arrêter tous les e-mails",
            "undo-category": "Recevoir à nouveau les e-mails «\xa0{category}\xa0»",
            "undo-all": "Recevoir à nouveau les e-mails",
            "on": (
                "Arrêter les e-mails\u202f?",
                "{name} vous envoie des e-mails «\xa0{category}\xa0».",
            ),
            "off": (
                "Désabonnement enregistré",
                "{name} ne vous envoie plus d’e-mails «\xa0{category}\xa0».",
            ),
            "all-off": (
                "Désabonnement enregistré",
                "{name} ne vous envoie plus d’e-mails, sauf ceux adressés à tous les comptes.",
            ),
            "back": (
                "Abonnement rétabli",
                "{name} vous envoie à nouveau des e-mails «\xa0{category}\xa0».",
            ),
            "stale": (
                "Veuillez choisir à nouveau",
                "Cette page est restée ouverte trop longtemps\u202f: rien n’a été modifié.",
            ),
            "bad": (
                "Ce lien ne fonctionne pas",
                "Il est incomplet ou trop ancien. Prenez celui d’un e-mail plus récent.",
            ),
        },
    }
)


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
    """What the recipient gets now, and the language to say so."""

    name: str
    lang: str
    category_is_off: bool
    all_is_off: bool


class UnsubscribePage:
    """The token authenticates: it is signed for one recipient, tenant and category."""

    def __init__(
        self,
        pool: Pool,
        signer: Signer,
        *,
        life: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`life`: how long a link works after the day of its mail."""
        self._pool: Final = pool
        self._signer: Final = signer
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
            return _refusal(request)
        return self._page(link, await self._state(link, request))

    async def unsubscribe(self, token: str, request: Request) -> Annotated[Response, "text/html"]:
        """Stop the mails of the link's category, at once and for what is queued.

        A form field `choice` may ask for something else: `all`, `undo-category` or `undo-all`. That
        takes the `permit` of the link's page, which is good for an hour. Doing it twice is doing it
        once.
        """
        try:
            link = self._read(token)
        except BadToken:
            return _refusal(request)
        choice, shown = _asked(await read_body(request, _LARGEST_FORM))
        if choice != "category" and not (
            link.is_wide and is_permitted(self._signer, token, shown, self._now())
        ):
            log.warning("refused a choice that a link alone does not allow", choice=choice)
            return self._page(link, await self._state(link, request), is_stale=True)
        await self._choose(link, choice)
        return self._page(link, await self._state(link, request), done=choice)

    def _page(
        self, link: _Link, state: _State, *, done: Choice | None = None, is_stale: bool = False
    ) -> Response:
        allowed = sign_permit(self._signer, link.token, self._now()) if link.is_wide else None
        return _page(state, link.category, done=done, permit=allowed, is_stale=is_stale)

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
            return _State("", language(None, request), category_is_off=True, all_is_off=True)
        return _State(
            found.name,
            language(found.locale, request),
            found.category_is_off,
            found.all_is_off,
        )


def _asked(form: bytes) -> tuple[Choice, str]:
    """The choice and the permit in a form.

    A mail client sends `List-Unsubscribe=One-Click`, in either encoding of forms.
    """
    fields = parse_qs(form.decode("utf-8", "replace"))
    for known in get_args(Choice):
        if fields.get("choice") == [known]:
            choice: Choice = known
            return choice, fields.get("permit", [""])[0]
    return "category", ""


def _page(
    state: _State, category: str, *, done: Choice | None, permit: str | None, is_stale: bool
) -> Response:
    """The page for what holds now, which another choice may keep from being what was asked for."""
    what, choices = _described(state, is_undone=done in ("undo-category", "undo-all"))
    if permit is None:
        choices = [choice for choice in choices if choice == "category"]
    words: Any = _WORDS[state.lang]
    heading, sentence = words["stale" if is_stale and permit else what]
    # The preference page's label; a category of the application's own is shown as it is.
    called = words_of("preferences", state.lang).get(f"category.{category}", category)
    named = {"name": state.name, "category": called}
    return HTMLResponse(
        _PAGE.render(
            lang=state.lang,
            style=_STYLE,
            name=state.name,
            heading=heading,
            sentence=sentence.format(**named),
            choices=[(choice, words[choice].format(**named)) for choice in choices],
            permit=permit,
            is_done=done is not None,
        ),
        HTTPStatus.FORBIDDEN if is_stale else HTTPStatus.OK,
        headers=dict(_HEADERS),
    )


def _described(state: _State, *, is_undone: bool) -> tuple[str, list[Choice]]:
    if state.all_is_off:
        return "all-off", ["undo-all"]
    if state.category_is_off:
        return "off", ["undo-category", "all"]
    return "back" if is_undone else "on", ["category", "all"]


def _refusal(request: Request) -> Response:
    lang = language(None, request)
    words: Any = _WORDS[lang]
    heading, sentence = words["bad"]
    return HTMLResponse(
        _PAGE.render(lang=lang, style=_STYLE, name="", heading=heading, sentence=sentence),
        HTTPStatus.NOT_FOUND,
        headers=dict(_HEADERS),
    )
