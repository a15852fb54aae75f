"""A page: a template of this folder over page.html, and what a browser may do with it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from dispatcher.gateway.pages.assets import FOLDER, Assets

#: What is not of this address is neither run nor asked. Images are those of inbox items, from
#: anywhere. (Content Security Policy Level 3)
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

    def render(
        self,
        template: str,
        *,
        lang: str,
        status: HTTPStatus = HTTPStatus.OK,
        policy: Mapping[str, str] = MappingProxyType({}),
        **values: Any,
    ) -> Response:
        """`template` is a file here, such as `login.html`; `policy` adds to POLICY or changes it.

        Raises jinja2's TemplateNotFound, and UndefinedError for a value that is missing.
        """
        content = self._environment.get_template(template).render(lang=lang, **values)
        return HTMLResponse(content, status, headers=_headers({**POLICY, **policy}))


def _headers(policy: Mapping[str, str]) -> dict[str, str]:
    return {
        "Content-Security-Policy": "; ".join(f"{name} {what}" for name, what in policy.items()),
        # With no-referrer, as data has it, a form would not say whose page it is of (Origin: null).
        "Referrer-Policy": "same-origin",
        "Vary": "Accept-Language, Cookie",
    }
