"""Masking of addresses, passwords and control characters in logs, messages and terminals."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

HIDDEN = "***"
ADDRESS = "<address>"
PHONE = "<phone>"

# A URL matches as a whole, so that user@host in it is not masked as an e-mail address.
_SENSITIVE = re.compile(
    r"""
    (?P<url> [a-z][a-z0-9+.-]* :// \S+ )
    | (?P<name> \b (?: pass | passw(?:or)?d | passfile | secret | token ) \s* = \s* )
        (?: ' (?: [^'\\] | \\. )* ' | [^\s&]+ )
    | (?P<address> (?: "[^"\s]+" | [\w.!#$%&'*+/=?^`{|}~-]+ ) @ [\w-]+ (?: \. [\w-]+ )* )
    | (?P<phone> (?<! [\w.] ) \+ [1-9] \d{7,14} \b )
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Up to the last @: it also hides a password whose @ is not percent-encoded.
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^\s:/?#]*):\S*@")
_SECRET_IN_QUERY = re.compile(r"(?i)([?&][^=&\s]*(?:pass|secret|token|key)[^=&\s]*)=[^&\s]*")


def mask(text: str) -> str:
    """The text without passwords, e-mail addresses and phone numbers (E.164).

    A second line of defence: names and postal addresses are not recognised.
    """
    return _SENSITIVE.sub(_masked, text)


def hint_of(address: str) -> str:
    """Enough of an e-mail address or phone number for its owner to recognise it."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}" if at else f"…{address[-2:]}"


def mask_url(url: str) -> str:
    """The URL or connection string without its password."""
    url = _PASSWORD_IN_URL.sub(rf"\1:{HIDDEN}@", url)
    url = _SECRET_IN_QUERY.sub(rf"\1={HIDDEN}", url)
    return url if "://" in url else mask(url)


def _masked(found: re.Match[str]) -> str:
    if found["url"]:
        return mask_url(found["url"])
    if found["name"]:
        return found["name"] + HIDDEN
    return ADDRESS if found["address"] else PHONE


_HARMLESS: Final = (
    "\n\t\N{ZERO WIDTH JOINER}\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}\N{ARABIC LETTER MARK}"
)


def printable(text: str) -> str:
    """The text without control characters, which could move the cursor or set a title."""
    return "".join(c if _is_harmless(c) else "\N{REPLACEMENT CHARACTER}" for c in text)


def _is_harmless(c: str) -> bool:
    # isprintable() is false for the no-break spaces in amounts, for the marks that these have in
    # Arabic and Hebrew, and for the joiner in emoji. A mark turns no text around, as overrides do.
    return c.isprintable() or c in _HARMLESS or category(c) == "Zs"
