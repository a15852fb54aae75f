"""What Twilio's error codes mean for us: a table in codes.toml, which an operator can change."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from dispatcher.providers.provider import ProviderUrlError


class Cause(StrEnum):
    """Whose doing it is; the sections of the table."""

    RECIPIENT = "recipient"
    STOPPED = "stopped"
    CONTENT = "content"
    SENDER = "sender"
    DESTINATION = "destination"
    ACCOUNT = "account"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


class Meaning(NamedTuple):
    """A code's section, and a few words that name neither the number nor the text."""

    cause: Cause
    words: str


Codes = Mapping[int, Meaning]


@cache
def known_codes() -> Codes:
    """The table that comes with Postbell."""
    return MappingProxyType(_parsed(Path(__file__).with_name("codes.toml").read_text("utf-8")))


def codes_with(path: str | None) -> Codes:
    """The table, with an operator's file of the same form laid over it. Raises ProviderUrlError."""
    if path is None:
        return known_codes()
    try:
        own = _parsed(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValueError) as fault:
        raise ProviderUrlError(f"codes in the Twilio URL: {path}: {fault}") from None
    return MappingProxyType({**known_codes(), **own})


def _parsed(source: str) -> dict[int, Meaning]:
    codes: dict[int, Meaning] = {}
    for section, entries in tomllib.loads(source).items():
        if section not in tuple(Cause):
            raise ValueError(f"there is no section [{section}]; there are {', '.join(Cause)}")
        if not isinstance(entries, dict):
            raise ValueError(f"[{section}] must be a section")  # noqa: TRY004 said to its author
        for code, words in entries.items():
            if not (code.isascii() and code.isdecimal() and isinstance(words, str) and words):
                raise ValueError(f'[{section}] has lines such as 21211 = "why"; {code} is none')
            if int(code) in codes:
                raise ValueError(f"{code} is in two sections")
            codes[int(code)] = Meaning(Cause(section), words)
    return codes
