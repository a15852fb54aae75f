"""Absolute addresses from a tenant's base URL."""

from __future__ import annotations

import re
from urllib.parse import quote

from dispatcher.rendering.errors import Unrenderable

_PLAIN = re.compile(r"[A-Za-z0-9/_.~?#&=%:+,;@-]*")
_SCHEMES = ("https://", "http://")
#: With a host, and no login before it, which deceives people. What is no part of an address, a
#: space say, is refused.
_URL = re.compile(
    r"https?://([^\x00-\x20\x7f/?#@:\\\[\]]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"([/?#][^\x00-\x20\x7f]*)?"
)


def absolute(base_url: str, path: str) -> str:
    """`/orders/42` → `https://shop.example/orders/42`; whatever the path, the host stays."""
    if not base_url.startswith(_SCHEMES):
        raise Unrenderable("the tenant's base_url must begin with https:// or http://")
    if not _PLAIN.fullmatch(path):
        path = quote(path, safe="/_.~?#&=%:+,;@-", errors="replace")
    return f"{base_url.rstrip('/')}{'' if path.startswith('/') else '/'}{path}"


def is_url(value: object) -> bool:
    """What a field of type `url` may be: an absolute address of the web, as the outbox takes it."""
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def is_web(address: object) -> bool:
    """An absolute http(s) address: never `javascript:`, never relative."""
    return isinstance(address, str) and address.startswith(_SCHEMES)
