"""What must not reach those who read logs, terminals and error messages."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

HIDDEN = "***"
ADDRESS = "<address>"
PHONE = "<phone>"

# A whole URL is taken at once, so that user@host in it is not taken for somebody's address.
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
# Up to the last @: a password that should have been percent-encoded, and was not, is hidden too.
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^\s:/?#]*):\S*@")
_SECRET_IN_QUERY = re.compile(r"(?i)([?&][^=&\s]*(?:pass|secret|token|key)[^=&\s]*)=[^&\s]*")


def mask(text: str) -> str:
    """The text without passwords, e-mail addresses and phone numbers (E.164).

    A net under what keeps them out in the first place; a name or a street is not recognised.
    """
    return _SENSITIVE.sub(_masked, text)


def hint_of(address: str) -> str:
    """So much of somebody's own e-mail address or phone number that they recognise it."""
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
    """Without control characters, which could move the cursor or set the terminal's title."""
    return "".join(c if _is_harmless(c) else "\N{REPLACEMENT CHARACTER}" for c in text)


def _is_harmless(c: str) -> bool:
    # isprintable() is false for the no-break spaces in amounts, for the marks that these have in
    # Arabic and Hebrew, and for the joiner in emoji. A mark turns no text around, as overrides do.
    return c.isprintable() or c in _HARMLESS or category(c) == "Zs"
