"""What every answer says to browsers."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS: Final = {
    # Data, not pages: nothing in it is run, and nobody frames it. A page says what it needs itself.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # What belongs to one person must not stay in a cache for the next.
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: A year: who came by https once does not come by http again (RFC 6797).
_HSTS: Final = "max-age=31536000"


class Safeguards:
    """Adds what is missing of the headers above; plain ASGI, so that a stream passes through."""

    def __init__(self, app: ASGIApp, *, is_secure: bool) -> None:
        self._app: Final = app
        self._headers: Final = (
            {**_HEADERS, "Strict-Transport-Security": _HSTS} if is_secure else _HEADERS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely)
