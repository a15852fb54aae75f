"""A page: a template of this folder over page.html, and what a browser may do with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response

from dispatcher.db import inbox
from dispatcher.db.connections import Pool
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.db_roles import call_as_recipient, unknown_recipient
from dispatcher.gateway.pages.assets import FOLDER, Assets
from dispatcher.gateway.schemas import INTERRUPTING, Channel, QuietChannel
from dispatcher.masking import hint_of

Words = Mapping[str, str]

#: The first is the fallback.
LANGUAGES: Final = ("en", "fr")

#: The channels, for scripts: all, those that quiet hours may hold back, and do by default.
_CHANNELS: Final = {
    "all": get_args(Channel),
    "quiet": get_args(QuietChannel),
    "interrupting": INTERRUPTING,
}

#: Nothing of another origin is run or requested, except images of inbox items. (Content Security
#: Policy Level 3)
POLICY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' https: data:",
        "worker-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
)


@cache
def words(name: str, lang: str) -> Words:
    """The texts of `name` in one of LANGUAGES. Raises FileNotFoundError."""
    written = (FOLDER / f"{name}.{lang}.json").read_text(encoding="utf-8")
    return MappingProxyType(json.loads(written))


def language(
    locale: str | None, connection: HTTPConnection, among: Iterable[str] = LANGUAGES
) -> str:
    """The language of `locale`, else the first of the browser's that is `among` ours."""
    accepted = connection.headers.get("accept-language", "").split(",")
    known = list(among)
    for named in [locale or "", *accepted]:
        spoken = named.partition(";")[0].strip().replace("_", "-").partition("-")[0].lower()
        if spoken in known:
            return spoken
    return known[0]


@dataclass(frozen=True, slots=True)
class Reader:
    """The recipient whose page it is."""

    recipient_id: str
    email: str | None
    tenant_name: str
    branding: dict[str, Any]
    #: The recipient's, else the tenant's.
    locale: str | None

    @property
    def address(self) -> str:
        """How the page names the recipient: the e-mail address, else the application's id."""
        return self.email or self.recipient_id

    @property
    def hint(self) -> str:
        """The same, masked, for pages that somebody else may see."""
        return hint_of(self.email) if self.email else self.recipient_id


async def reader_of(pool: Pool, identity: Identity) -> Reader:
    """The reader of an identity's pages. Raises UnknownRecipientError."""
    found = await call_as_recipient(pool, identity, inbox.reader)
    if found is None:
        raise unknown_recipient(identity)
    return Reader(**found._asdict())


class Page:
    """Renders templates whose scripts and styles are among `assets`.

    In a template `asset(NAME)` is the address of one of these, and `| tojson` inside
    `<script type="application/json">` hands data to a script: nothing in it is run.
    """

    def __init__(self, assets: Assets) -> None:
        self._environment: Final = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["asset"] = assets.path
        self._environment.globals["channels"] = _CHANNELS

    def render(
        self,
        template: str,
        *,
        lang: str,
        status: HTTPStatus = HTTPStatus.OK,
        policy: Mapping[str, str] = MappingProxyType({}),
        **values: Any,
    ) -> Response:
        """Renders a file of this folder, such as `login.html`. `policy` adds to POLICY.

        Raises jinja2's TemplateNotFound, and UndefinedError for a value that is missing.
        """
        content = self._environment.get_template(template).render(lang=lang, **values)
        return HTMLResponse(content, status, headers=_headers({**POLICY, **policy}))


def _headers(policy: Mapping[str, str]) -> dict[str, str]:
    return {
        "Content-Security-Policy": "; ".join(f"{name} {what}" for name, what in policy.items()),
        # With no-referrer, forms would send `Origin: null`.
        "Referrer-Policy": "same-origin",
        "Vary": "Accept-Language, Cookie",
    }
