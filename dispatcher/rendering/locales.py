"""Chooses the language of a message, and the locale of its numbers and dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, cast

from babel import Locale, UnknownLocaleError

#: Name of the root: the files beside event.toml, outside any locale folder.
ROOT = ""
#: The language the root files are written in.
ROOT_LANGUAGE = "en"
#: The region of CLDR for whoever is in none that it knows of a language: en-001 is day-first.
_WORLD = "001"
#: Characters of a tag that are read. RFC 5646, 4.4.1, asks for 35; a user may write any text.
_LONGEST = 35


@dataclass(frozen=True, slots=True, eq=False)
class Notation:
    """The CLDR locale that numbers and dates are written in; one object for each locale.

    Compared by identity, because it is part of cache keys and comparing a Locale is slow.
    """

    locale: Locale


def canonical(locale: str) -> str:
    """The canonical spelling: `fr_CA` and `FR-ca` are `fr-ca` (BCP 47 ignores case)."""
    return locale.strip().replace("_", "-").lower()


def is_locale(name: str) -> bool:
    """Whether a folder name is a locale of Unicode CLDR."""
    return parse(name) is not None


@lru_cache(maxsize=1024)
def parse(name: str) -> Locale | None:
    """The CLDR locale of a BCP 47 tag, or None."""
    try:
        return Locale.parse(canonical(name), sep="-")
    except (ValueError, UnknownLocaleError):
        return None


def truncations(locale: str) -> Iterator[str]:
    """`zh-hant-tw`, `zh-hant`, `zh` (RFC 4647, section 3.4: lookup)."""
    parts = canonical(locale)[:_LONGEST].split("-")
    for length in range(len(parts), 0, -1):
        yield "-".join(parts[:length])


def fallback(*wanted: str | None) -> tuple[str, ...]:
    """The locale folders to search, best first. The root counts as a folder of its language."""
    folders: list[str] = []
    for locale in wanted:
        if locale:
            for folder in truncations(locale):
                folders.append(folder)
                if folder == ROOT_LANGUAGE:
                    folders.append(ROOT)
    folders.append(ROOT)
    return tuple(dict.fromkeys(folders))


def language_of(folder: str) -> str:
    """The BCP 47 tag of the language in a locale folder."""
    return folder or ROOT_LANGUAGE


@cache  # Of folder names alone.
def direction_of(language: str) -> Literal["ltr", "rtl"]:
    """The direction a language is written in, as HTML's `dir` has it."""
    locale = parse(language) or Locale.parse(ROOT_LANGUAGE)
    return cast("Literal['ltr', 'rtl']", locale.text_direction)


@lru_cache(maxsize=4096)
def notation(language: str, *wanted: str | None) -> Notation:
    """The message's language as it is written in the first wanted region, or in no region.

    So a reader in Geneva who gets an English message finds 1 March 2026 in it, and neither French
    month names nor March 1.
    """
    text = parse(language) or Locale.parse(ROOT_LANGUAGE)
    for name in wanted:
        locale = next(filter(None, map(parse, truncations(name))), None) if name else None
        if locale is None or locale.territory is None:
            continue
        if locale.language == text.language:
            return _notation(str(locale))
        for region in (locale.territory, _WORLD):
            if written := parse(f"{text.language}-{region}"):
                return _notation(str(written))
    return _notation(str(text))


@cache  # No more than CLDR has locales.
def _notation(identifier: str) -> Notation:
    return Notation(Locale.parse(identifier))
