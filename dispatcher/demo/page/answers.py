"""What the page's server says: JSON, under headers that let nothing run which is not ours."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' https: data:; connect-src 'self'; frame-src 'self'; worker-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


async def body_of(request: Request) -> dict[str, Any]:
    """The object that was sent. Raises HTTPException: no foreign page can send JSON unasked."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415, "Send application/json.")
    try:
        given = json.loads(await request.body() or b"{}")
    except ValueError:
        raise HTTPException(400, "This is no JSON.") from None
    if not isinstance(given, dict):
        raise HTTPException(400, "Send an object.")
    return given


def json_answer(content: object) -> Response:
    text = json.dumps(content, default=_written, ensure_ascii=False)
    return Response(text, headers=HEADERS, media_type="application/json")


def refuse(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    return PlainTextResponse(error.detail, error.status_code, headers=HEADERS)


def not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return PlainTextResponse(f"Not found: {error}.", 404, headers=HEADERS)


def _written(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not for the page")
