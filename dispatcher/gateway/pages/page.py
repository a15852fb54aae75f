"""A page: a template of this folder over page.html, its words, and what a browser may do with it.

A page is added in four files: a route, `NAME.html`, `NAME.en.json` and `NAME.fr.json`.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from functools import cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, Literal, get_args
from urllib.parse import parse_qs, urlencode

from babel import Locale
from babel.dates import format_date, format_time, get_datetime_format
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pydantic import BaseModel
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from dispatcher.db import inbox
from dispatcher.db.connections import Pool
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.db_roles import call_as_recipient, unknown_recipient
from dispatcher.gateway.operation import LARGEST_BODY, read_body
from dispatcher.gateway.pages.assets import FOLDER, Assets
from dispatcher.gateway.pages.brand import color_of, style_of
from dispatcher.gateway.problem import problem_of
from dispatcher.gateway.schemas import Channel
from dispatcher.masking import hint_of
from dispatcher.rendering import locales

Words = Mapping[str, str]

#: The first is the fallback.
LANGUAGES: Final = ("en", "fr")
#: A moment that is nearer than this is told by its weekday.
_NEAR: Final = timedelta(days=6)

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
    known = list(among)
    for named in [locale or "", *_accepted(connection)]:
        spoken = named.replace("_", "-").partition("-")[0].lower()
        if spoken in known:
            return spoken
    return known[0]


def _accepted(connection: HTTPConnection) -> Iterator[str]:
    """The tags of Accept-Language, in the browser's order."""
    for each in connection.headers.get("accept-language", "").split(","):
        yield each.partition(";")[0].strip()


@dataclass(frozen=True, slots=True)
class Localization:
    """How a page is written for its reader: the language of its words, and the region of dates."""

    lang: str
    #: Of the reader's own language, also where the words are of another.
    direction: Literal["ltr", "rtl"]
    #: Of `lang`, and of the reader's region.
    locale: Locale

    @classmethod
    def of(cls, locale: str | None, connection: HTTPConnection) -> Localization:
        """For a reader of this locale; the browser says what it does not."""
        lang = language(locale, connection)
        named = [found for each in [locale, *_accepted(connection)] if (found := _parsed(each))]
        of_language = [each for each in named if each.language == lang]
        regional = [each for each in of_language if each.territory]
        return cls(
            lang,
            locales.direction_of(locale or lang),
            [*regional, *of_language, Locale.parse(lang)][0],
        )

    def say(self, name: str, text: str, /, **values: object) -> str:
        """The text `text` of the words `name`, with its blanks filled in."""
        return words(name, self.lang)[text].format(**values)

    def count(self, name: str, text: str, count: int, /, **values: object) -> str:
        """The same in the form that the count asks for (CLDR's plural categories)."""
        spoken = words(name, self.lang)
        form = f"{text}.{Locale.parse(self.lang).plural_form(count)}"
        return spoken.get(form, spoken[f"{text}.other"]).format(count=count, **values)

    def hour(self, at: time) -> str:
        """`22:00`, or `10:00 PM` where it is said so."""
        return format_time(at, "short", locale=self.locale)

    def moment(self, at: datetime, now: datetime, zone: tzinfo) -> str:
        """`Monday, 22:00`; further away `12 January 2027, 22:00`."""
        local = at.astimezone(zone)
        day = format_date(local, "EEEE" if abs(at - now) < _NEAR else "long", locale=self.locale)
        both = str(get_datetime_format("long", locale=self.locale))
        return both.replace("'", "").replace("{1}", day).replace("{0}", self.hour(local.time()))


def _parsed(name: str | None) -> Locale | None:
    return locales.parse(name) if name else None


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

    @property
    def color(self) -> str | None:
        """The tenant's: `#1f6f4a`."""
        return color_of(self.branding)


async def reader_of(pool: Pool, identity: Identity) -> Reader:
    """The reader of an identity's pages. Raises UnknownRecipientError."""
    found = await call_as_recipient(pool, identity, inbox.reader)
    if found is None:
        raise unknown_recipient(identity)
    return Reader(**found._asdict())


class Page:
    """Renders templates whose scripts and styles are among `assets`.

    In a template `asset(NAME)` is the address of one of these, and `| tojson` writes data, also
    models, into an attribute or a script of type `application/json`: nothing in it is run.
    """

    def __init__(self, assets: Assets) -> None:
        self._environment: Final = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.policies["json.dumps_kwargs"] = {"default": _plain}
        self._environment.globals["asset"] = assets.path
        self._environment.globals["channels"] = get_args(Channel)

    def route(
        self,
        path: str,
        endpoint: Callable[[Request], Awaitable[Response]],
        methods: Iterable[str] = ("GET",),
        *,
        explains: bool = False,
    ) -> Route:
        """A route whose errors are pages, too: a browser shows no problem document.

        With `explains` they say what the problem says, which is for those who operate Postbell.
        """

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except Exception as error:  # noqa: BLE001 - problem_of() logs what nobody expects
                return self._failure(request, error, explains=explains)

        return Route(path, answer, methods=list(methods))

    def render(
        self,
        template: str,
        *,
        lang: str,
        direction: Literal["ltr", "rtl"] = "ltr",
        color: str | None = None,
        status: HTTPStatus = HTTPStatus.OK,
        policy: Mapping[str, str] = MappingProxyType({}),
        **values: Any,
    ) -> Response:
        """Renders a file of this folder, such as `login.html`, in the tenant's `color`.

        `policy` adds to POLICY. Raises jinja2's TemplateNotFound, and UndefinedError for a value
        that is missing.
        """
        allowed = {**POLICY, **policy}
        brand = style_of(color) if color else ""
        if brand:
            digest = b64encode(hashlib.sha256(brand.encode()).digest()).decode("ascii")
            allowed["style-src"] += f" 'sha256-{digest}'"
        content = self._environment.get_template(template).render(
            lang=lang,
            direction=direction,
            brand=Markup(brand),  # noqa: S704 - style_of() made it, of hexadecimal digits
            shell=words("page", lang),
            **values,
        )
        return HTMLResponse(content, status, headers=_headers(allowed))

    def note(self, request: Request, heading: str, sentence: str, status: HTTPStatus) -> Response:
        """A page that says one thing."""
        spoken = Localization.of(None, request)
        return self.render(
            "login.html",
            lang=spoken.lang,
            direction=spoken.direction,
            status=status,
            heading=heading,
            sentence=sentence,
        )

    def _failure(self, request: Request, error: Exception, *, explains: bool) -> Response:
        problem = problem_of(request, error)
        told, status = problem.details, HTTPStatus(problem.details.status)
        if explains:
            response = self.note(request, told.detail, told.remedy, status)
        else:
            is_told = f"{int(status)}.heading" in words("page", LANGUAGES[0])
            response = note(self, request, "page", str(int(status) if is_told else 500), status)
        response.headers.update(problem.headers)
        return response


def address(path: str, query: Mapping[str, object] | None = None, **more: object) -> str:
    """An address with those parameters that say something; a list is named several times."""
    named = {name: value for name, value in {**(query or {}), **more}.items() if value}
    return f"{path}?{urlencode(named, doseq=True)}" if named else path


def see(path: str, query: Mapping[str, object] | None = None, **more: object) -> Response:
    """After a form: the browser gets another page (303), which may be loaded again."""
    return RedirectResponse(address(path, query, **more), HTTPStatus.SEE_OTHER)


async def read_form(request: Request, most: int = LARGEST_BODY) -> dict[str, list[str]]:
    """The fields of a form of at most so many bytes, also the empty ones. Raises Problem."""
    sent = (await read_body(request, most)).decode("utf-8", "replace")
    return parse_qs(sent, keep_blank_values=True)


def note(page: Page, request: Request, name: str, what: str, status: HTTPStatus) -> Response:
    """A page that says `WHAT.heading` and `WHAT.sentence` of the words `name`."""
    said = words(name, language(None, request))
    return page.note(request, said[f"{what}.heading"], said[f"{what}.sentence"], status)


def _plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_defaults=True)


def _headers(policy: Mapping[str, str]) -> dict[str, str]:
    return {
        "Content-Security-Policy": "; ".join(f"{name} {what}" for name, what in policy.items()),
        # With no-referrer, forms would send `Origin: null`.
        "Referrer-Policy": "same-origin",
        "Vary": "Accept-Language, Cookie",
    }
