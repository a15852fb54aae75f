"""What a tenant's messages are made from: the template files, with texts of the database over them.

A text that cannot be used is left out, and the one before it takes its place: messages go on
whatever somebody has written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from dispatcher.delivery.model import Delivery
from dispatcher.rendering import locales
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import Content
from dispatcher.rendering.errors import CatalogError, RenderingError
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.lint import Finding, check
from dispatcher.rendering.loader import SAMPLE_FILE, SHARED
from dispatcher.rendering.overrides import Shelf, Text
from dispatcher.rendering.renderer import Renderer


@dataclass(frozen=True, slots=True)
class Fault:
    """A text that could not be used, why, and what is used in its place."""

    text: Text
    sentence: str
    instead: str


class _Trouble(NamedTuple):
    """What a catalog, a check or a render complains of."""

    event: str | None
    file: str | None
    line: int | None
    message: str


class Edition:
    """The files of one catalog, the texts of one tenant, and the renderer of both together."""

    def __init__(
        self,
        base: Catalog,
        shelf: Shelf | None = None,
        registered: Iterable[EventType] = (),
        *,
        offers_links: bool = False,
        without: frozenset[int] = frozenset(),
    ) -> None:
        """`registered` events that no folder declares are made of texts alone.

        `without` leaves out these texts, by id.

        Compiles what the texts touch, and unless some are left out renders its samples: with a
        layout that takes a second. Never fails for what is in a text.
        """
        self._base: Final = base
        self._shelf: Final = shelf or Shelf(())
        self._registered: Final = tuple(registered)
        self._offers_links: Final = offers_links
        self._left_out = set(without)
        self._others: Final[dict[int, Edition]] = {}
        self._faults: Final[dict[int, tuple[Text, str]]] = {}

        texts, self.catalog = self._best(is_checked=not without)
        self.texts: Final = {text.path: text for text in texts}
        self.renderer: Final = Renderer(self.catalog, offers_links=offers_links)

    @property
    def faults(self) -> list[Fault]:
        """The texts that could not be used, or not for some message."""
        return [
            Fault(text, sentence, self._instead_of(text))
            for text, sentence in self._faults.values()
        ]

    def version(self, event: str) -> str:
        """A hash of all that an event is rendered from; empty where it has no templates."""
        known = self.catalog.events.get(event)
        return known.version if known else ""

    def text_ids(self, event: str) -> list[int]:
        """The texts that have a part in an event."""
        return sorted(
            text.id
            for text in self.texts.values()
            if _concerns(text, event) and not text.path.endswith(f"/{SAMPLE_FILE}")
        )

    def render_otherwise(
        self, delivery: Delivery, error: RenderingError
    ) -> tuple[Content, Edition] | None:
        """With earlier texts, what ended with an error with these; None if that is of no help.

        The text at fault stays in use: it may be that it cannot do this one payload.
        """
        edition = self
        faults: dict[int, tuple[Text, str]] = {}
        while text := edition._culprit(_trouble(error), edition.texts.values()):
            faults[text.id] = (text, _sentence(_trouble(error), text))
            edition = edition._without(text)
            try:
                content = edition.renderer.render(delivery)
            except RenderingError as another:
                error = another
            else:
                self._faults.update(faults)
                return content, edition
        return None

    def _without(self, text: Text) -> Edition:
        if text.id not in self._others:
            self._others[text.id] = Edition(
                self._base,
                self._shelf,
                self._registered,
                offers_links=self._offers_links,
                without=frozenset({*self._left_out, text.id}),
            )
        return self._others[text.id]

    def _best(self, *, is_checked: bool) -> tuple[list[Text], Catalog]:
        """The newest texts that work, and the catalog with them."""
        while texts := self._shelf.chosen(self._left_out):
            catalog, troubles = self._try(texts, is_checked=is_checked)
            if not troubles:
                return texts, catalog
            named = [(self._named(trouble, texts), trouble) for trouble in troubles]
            blamed = {text.id: (text, trouble) for text, trouble in named if text}
            if not blamed:
                # It shows elsewhere: what was changed last is most likely to be why.
                last = self._culprit(troubles[0], texts) or max(texts, key=_age)
                blamed = {last.id: (last, troubles[0])}
            for text, trouble in blamed.values():
                self._faults[text.id] = (text, _sentence(trouble, text))
            self._left_out.update(blamed)
        return [], self._base

    def _try(self, texts: Sequence[Text], *, is_checked: bool) -> tuple[Catalog, list[_Trouble]]:
        try:
            catalog = self._base.with_texts(texts, self._registered)
            return catalog, self._errors(catalog, texts) if is_checked else []
        except CatalogError as error:
            return self._base, [
                _Trouble(None, problem.file, problem.line, problem.sentence)
                for problem in error.problems
            ]
        except Exception as error:  # noqa: BLE001 # whatever it is, messages go on
            sentence = f"it cannot be used ({type(error).__name__})"
            return self._base, [_Trouble(None, None, None, sentence)]

    def _errors(self, catalog: Catalog, texts: Sequence[Text]) -> list[_Trouble]:
        """What the check finds with the texts that it does not find without them."""
        touched = {
            key: {
                channel
                for channel in event.channels
                if catalog.files(key, channel) != self._base.files(key, channel)
            }
            for key, event in catalog.events.items()
            if any(_concerns(text, key) for text in texts)
        }
        paths = {text.path for text in texts}
        errors = [
            finding
            for finding in check(catalog, touched)
            # That an event has no sample is no fault of a text.
            if finding.severity == "error" and (finding.channel or finding.file in paths)
        ]
        known = {_gist(finding) for finding in check(self._base, touched)} if errors else set()
        return [_trouble(finding) for finding in errors if _gist(finding) not in known]

    @staticmethod
    def _named(trouble: _Trouble, texts: Iterable[Text]) -> Text | None:
        """The text that stands where the trouble is."""
        return next((text for text in texts if trouble.file in {text.path, str(text)}), None)

    @classmethod
    def _culprit(cls, trouble: _Trouble, texts: Iterable[Text]) -> Text | None:
        """That one, else the last one that has a part in the event."""
        near = [text for text in texts if trouble.event and _concerns(text, trouble.event)]
        return cls._named(trouble, texts) or max(near, key=_age, default=None)

    def _instead_of(self, text: Text) -> str:
        best = self._shelf.best(text.path, {*self._left_out, *self._faults})
        if best is None:
            return "the file" if text.path in self._base.tree.files else "nothing"
        whose = "" if best.tenant_id == text.tenant_id else f" of {best.owner}"
        return f"version {best.version}{whose}"


def _age(text: Text) -> int:
    return text.id


def _concerns(text: Text, event: str) -> bool:
    folder, _, _ = text.path.rpartition("/")
    above, _, locale = folder.rpartition("/")
    place = event.replace(".", "/")
    return _is_shared(text) or folder == place or (above == place and locales.is_locale(locale))


def _is_shared(text: Text) -> bool:
    return text.path.split("/")[0] in SHARED


def _trouble(found: Finding | RenderingError) -> _Trouble:
    return _Trouble(found.event, found.file, found.line, found.message)


def _gist(finding: Finding) -> tuple[object, ...]:
    return (finding.event, finding.channel, finding.locale, finding.file, finding.message)


def _sentence(trouble: _Trouble, text: Text) -> str:
    """What is wrong, and where it is unless that is the whole text."""
    is_elsewhere = trouble.file not in {None, text.path, str(text)}
    place = [
        *([str(trouble.file)] if is_elsewhere else []),
        *([f"line {trouble.line}"] if trouble.line else []),
        *([trouble.event] if trouble.file is None and trouble.event and _is_shared(text) else []),
    ]
    return f"{', '.join(place)}: {trouble.message}" if place else trouble.message
