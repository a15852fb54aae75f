"""The words of a page, in the languages that pages speak: `NAME.en.json`, `NAME.fr.json`.

A file is one object of texts by name; `{count}` in a text is filled in. A text that depends on a
number has a name for each form of the language, as `Intl.PluralRules` calls them: `items.one`,
`items.other`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from starlette.requests import HTTPConnection

from dispatcher.gateway.pages.assets import FOLDER

Words = Mapping[str, str]

#: The first is for those who speak none of them.
LANGUAGES: Final = ("en", "fr")


@cache
def words(name: str, lang: str) -> Words:
    """The texts of `name` in one of LANGUAGES. Raises FileNotFoundError."""
    written = (FOLDER / f"{name}.{lang}.json").read_text(encoding="utf-8")
    return MappingProxyType(json.loads(written))


def language(
    locale: str | None, connection: HTTPConnection, among: Iterable[str] = LANGUAGES
) -> str:
    """That of a person's `locale`, else the first that the browser names and we speak."""
    accepted = connection.headers.get("accept-language", "").split(",")
    known = list(among)
    for named in [locale or "", *accepted]:
        spoken = named.partition(";")[0].strip().replace("_", "-").partition("-")[0].lower()
        if spoken in known:
            return spoken
    return known[0]
