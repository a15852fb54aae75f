"""What a request shows of who it is from, and what follows if that lets nobody in."""

from __future__ import annotations

from starlette.requests import HTTPConnection


class Unauthorized(Exception):
    """Nobody is let in; its text says why."""


def bearer(connection: HTTPConnection) -> str | None:
    """The token, if one is shown. Raises Unauthorized for another scheme."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "bearer":
        raise Unauthorized("the Authorization header is not of the Bearer scheme")
    return token.strip()


def cookie(connection: HTTPConnection, name: str) -> str:
    """Raises Unauthorized without one."""
    value = connection.cookies.get(name)
    if not value:
        raise Unauthorized("neither a token nor a session was shown")
    return value
