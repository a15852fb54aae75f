"""What goes over the wire: server-sent events, as the HTML standard has them (9.2.5)."""

from __future__ import annotations

from typing import Final

#: Keeps a connection from being thought dead; pages do not see it.
COMMENT: Final = b":\n\n"


def event(name: str, data: str, position: str | None = None) -> bytes:
    """An event; `data` is one line. The page's last event id becomes `position`, if given."""
    last = "" if position is None else f"id: {position}\n"
    return f"event: {name}\n{last}data: {data}\n\n".encode()


def reached(position: str) -> bytes:
    """Moves the page's last event id and tells it nothing, for want of data."""
    return f"id: {position}\n\n".encode()


def retry(milliseconds: int) -> bytes:
    """How long a page waits before it comes back."""
    return f"retry: {milliseconds}\n\n".encode()
