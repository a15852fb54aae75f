"""Which site's page sent a request: the browser says so, and no page can say otherwise."""

from __future__ import annotations

from collections.abc import Collection

import structlog
from starlette.requests import HTTPConnection

log = structlog.get_logger()


class ForeignOrigin(Exception):
    """Another site's page sent the request, and the browser added the cookie."""


def is_from(connection: HTTPConnection, allowed: Collection[str]) -> bool:
    """Whether a page of one of these origins sent it, or one of our own address.

    Never compared with the Host header, which is the client's to choose.
    """
    origin = connection.headers.get("origin")
    if origin is not None:
        return origin in allowed
    return connection.headers.get("sec-fetch-site") == "same-origin"


def require(connection: HTTPConnection, allowed: Collection[str]) -> None:
    """Raises ForeignOrigin unless is_from()."""
    if not is_from(connection, allowed):
        log.warning("refused a foreign page", origin=connection.headers.get("origin"))
        raise ForeignOrigin("the page that sent this is not of an allowed origin")
