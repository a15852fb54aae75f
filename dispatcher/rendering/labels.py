"""What events and categories are called, in each language.

An event's label stands in its event.toml, those of categories in categories.toml:

    orders = { en = "Orders", fr = "Commandes" }
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from dispatcher.rendering import locales

if TYPE_CHECKING:
    from dispatcher.rendering.loader import TemplateFiles

CATEGORIES_FILE: Final = "categories.toml"


class _File(Protocol):
    def read_text(self, encoding: str) -> str: ...


class LabelError(Exception):
    """A label is wrong; the text says what is."""


def read_label(written: object) -> dict[str, str]:
    """A label by language: a text is English, a table has one for each. Raises LabelError."""
    label: dict[str, Any] = (
        written if isinstance(written, dict) else {locales.ROOT_LANGUAGE: written}
    )
    if not all(isinstance(text, str) and text for text in label.values()):
        raise LabelError("a label is a text, or a table of one for each language")
    if locales.ROOT_LANGUAGE not in label:
        raise LabelError(f"a label needs one in {locales.ROOT_LANGUAGE}, for all other languages")
    for language in label:
        if not locales.is_locale(language) or language != locales.canonical(language):
            raise LabelError(f"{language!r} is no language of a label; name it like fr or pt-br")
    return label


def read_categories(files: Iterable[_File]) -> dict[str, dict[str, str]]:
    """The labels of categories; a later file's come before an earlier one's. Raises LabelError."""
    categories: dict[str, dict[str, str]] = {}
    for file in files:
        try:
            said = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise LabelError(f"this is not TOML: {error}") from None
        categories |= {category: read_label(label) for category, label in said.items()}
    return categories


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of some template folders, by event or category, and by language."""

    events: Mapping[str, Mapping[str, str]]
    categories: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, files: TemplateFiles) -> Self:
        """Read the labels alone, without the templates. Of a mistake, `postbell check` tells."""
        events = {}
        for folder in files.events():
            with suppress(OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, LabelError):
                declared = tomllib.loads(folder.declaration.read_text(encoding="utf-8"))
                events[folder.key] = read_label(declared.get("label"))
        return cls(events, files.categories)

    def event(self, key: str, registered: str, language: str) -> str:
        """What an event is called; as it is `registered`, if that is not what the files say."""
        label = self.events.get(key, {})
        is_ours = label.get(locales.ROOT_LANGUAGE) == registered
        return in_language(label, language, registered) if is_ours else registered

    def category(self, category: str, language: str) -> str:
        return category_label(self.categories, category, language)


def category_label(
    categories: Mapping[str, Mapping[str, str]], category: str, language: str
) -> str:
    """What a category is called; one without a label as it is written."""
    label = categories.get(category, {})
    written = category[:1].upper() + category[1:]
    return in_language(label, language, label.get(locales.ROOT_LANGUAGE, written))


def in_language(label: Mapping[str, str], language: str, otherwise: str) -> str:
    """A label in a language such as `fr-ca`, else in that of which it is a variant."""
    if language in label:
        return label[language]
    return next((label[each] for each in locales.truncations(language) if each in label), otherwise)
