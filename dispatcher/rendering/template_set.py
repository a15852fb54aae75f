"""The templates of one tenant: the template files, with overrides of the database over them.

An override with a mistake is left out and the version before it is used, so a mistake never stops
messages.
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
from dispatcher.rendering.lint import Finding, lint_catalog
from dispatcher.rendering.loader import SAMPLE_FILE, SHARED
from dispatcher.rendering.overrides import TemplateOverride, TemplateOverrides
from dispatcher.rendering.renderer import Renderer


@dataclass(frozen=True, slots=True)
class OverrideFault:
    """An override that could not be used, the reason, and what is used instead."""

    override: TemplateOverride
    sentence: str
    instead: str


class _Trouble(NamedTuple):
    """What loading, linting or rendering reports."""

    event: str | None
    file: str | None
    line: int | None
    message: str


class TemplateSet:
    """The files of a catalog, the overrides of a tenant, and a renderer for both together."""

    def __init__(
        self,
        base: Catalog,
        overrides: TemplateOverrides | None = None,
        registered: Iterable[EventType] = (),
        *,
        offers_links: bool = False,
        without: frozenset[int] = frozenset(),
    ) -> None:
        """Compile what the overrides touch, and render its samples unless `without` is given.

        `registered` are events of the database; those that no folder declares have overrides alone.
        `without` excludes overrides by id. An override of a layout takes about a second. Never
        raises for the content of an override: `faults` reports it.
        """
        self._base: Final = base
        self._available: Final = overrides or TemplateOverrides(())
        self._registered: Final = tuple(registered)
        self._offers_links: Final = offers_links
        self._left_out = set(without)
        self._others: Final[dict[int, TemplateSet]] = {}
        self._faults: Final[dict[int, tuple[TemplateOverride, str]]] = {}

        chosen, self.catalog = self._best(is_checked=not without)
        self.overrides: Final = {override.path: override for override in chosen}
        self.renderer: Final = Renderer(self.catalog, offers_links=offers_links)

    @property
    def faults(self) -> list[OverrideFault]:
        """The overrides that could not be used, or not for some message."""
        return [
            OverrideFault(override, sentence, self._instead_of(override))
            for override, sentence in self._faults.values()
        ]

    def version(self, event: str) -> str:
        """A hash of all files that an event is rendered from; empty if it has no templates."""
        known = self.catalog.events.get(event)
        return known.version if known else ""

    def override_ids(self, event: str) -> list[int]:
        """The ids of the overrides that an event is rendered from."""
        return sorted(
            override.id
            for override in self.overrides.values()
            if _concerns(override, event) and not override.path.endswith(f"/{SAMPLE_FILE}")
        )

    def render_with_earlier(
        self, delivery: Delivery, error: RenderingError
    ) -> tuple[Content, TemplateSet] | None:
        """Render a delivery that failed with `error`, with earlier versions of what is at fault.

        Returns the content and the template set that made it, or None if no earlier version helps.
        The override at fault stays in use, because it may fail for this payload only.
        """
        template_set = self
        faults: dict[int, tuple[TemplateOverride, str]] = {}
        while override := template_set._culprit(_trouble(error), template_set.overrides.values()):
            faults[override.id] = (override, _sentence(_trouble(error), override))
            template_set = template_set._without(override)
            try:
                content = template_set.renderer.render(delivery)
            except RenderingError as another:
                error = another
            else:
                self._faults.update(faults)
                return content, template_set
        return None

    def _without(self, override: TemplateOverride) -> TemplateSet:
        if override.id not in self._others:
            self._others[override.id] = TemplateSet(
                self._base,
                self._available,
                self._registered,
                offers_links=self._offers_links,
                without=frozenset({*self._left_out, override.id}),
            )
        return self._others[override.id]

    def _best(self, *, is_checked: bool) -> tuple[list[TemplateOverride], Catalog]:
        """The newest overrides that work, and the catalog with them."""
        while overrides := self._available.chosen(self._left_out):
            catalog, troubles = self._try(overrides, is_checked=is_checked)
            if not troubles:
                return overrides, catalog
            named = [(self._named(trouble, overrides), trouble) for trouble in troubles]
            blamed = {override.id: (override, trouble) for override, trouble in named if override}
            if not blamed:
                # The error is in a file: blame the latest change, which most likely caused it.
                last = self._culprit(troubles[0], overrides) or max(overrides, key=_age)
                blamed = {last.id: (last, troubles[0])}
            for override, trouble in blamed.values():
                self._faults[override.id] = (override, _sentence(trouble, override))
            self._left_out.update(blamed)
        return [], self._base

    def _try(
        self, overrides: Sequence[TemplateOverride], *, is_checked: bool
    ) -> tuple[Catalog, list[_Trouble]]:
        try:
            catalog = self._base.with_overrides(overrides, self._registered)
            return catalog, self._errors(catalog, overrides) if is_checked else []
        except CatalogError as error:
            return self._base, [
                _Trouble(None, problem.file, problem.line, problem.sentence)
                for problem in error.problems
            ]
        except Exception as error:  # noqa: BLE001 # whatever it is, messages go on
            sentence = f"it cannot be used ({type(error).__name__})"
            return self._base, [_Trouble(None, None, None, sentence)]

    def _errors(self, catalog: Catalog, overrides: Sequence[TemplateOverride]) -> list[_Trouble]:
        """The lint errors that the overrides introduce."""
        touched = {
            key: {
                channel
                for channel in event.channels
                if catalog.compiled_files(key, channel) != self._base.compiled_files(key, channel)
            }
            for key, event in catalog.events.items()
            if any(_concerns(override, key) for override in overrides)
        }
        paths = {override.path for override in overrides}
        errors = [
            finding
            for finding in lint_catalog(catalog, touched)
            # A missing sample is no fault of an override.
            if finding.severity == "error" and (finding.channel or finding.file in paths)
        ]
        known = (
            {_gist(finding) for finding in lint_catalog(self._base, touched)} if errors else set()
        )
        return [_trouble(finding) for finding in errors if _gist(finding) not in known]

    @staticmethod
    def _named(trouble: _Trouble, overrides: Iterable[TemplateOverride]) -> TemplateOverride | None:
        """The override at the path of the trouble."""
        return next(
            (override for override in overrides if trouble.file in {override.path, str(override)}),
            None,
        )

    @classmethod
    def _culprit(
        cls, trouble: _Trouble, overrides: Iterable[TemplateOverride]
    ) -> TemplateOverride | None:
        """The override at the path of the trouble, else the latest one that the event uses."""
        near = [
            override
            for override in overrides
            if trouble.event and _concerns(override, trouble.event)
        ]
        return cls._named(trouble, overrides) or max(near, key=_age, default=None)

    def _instead_of(self, override: TemplateOverride) -> str:
        best = self._available.best(override.path, {*self._left_out, *self._faults})
        if best is None:
            is_file = override.path in self._base.sources.files or (
                # What it would say is in another file of the event.
                not _is_shared(override)
                and any(_concerns(override, event) for event in self._base.events)
            )
            return "the file" if is_file else "nothing"
        whose = "" if best.tenant_id == override.tenant_id else f" of {best.owner}"
        return f"version {best.version}{whose}"


def _age(override: TemplateOverride) -> int:
    return override.id


def _concerns(override: TemplateOverride, event: str) -> bool:
    folder, _, _ = override.path.rpartition("/")
    above, _, locale = folder.rpartition("/")
    place = event.replace(".", "/")
    return _is_shared(override) or folder == place or (above == place and locales.is_locale(locale))


def _is_shared(override: TemplateOverride) -> bool:
    return override.path.split("/")[0] in SHARED


def _trouble(found: Finding | RenderingError) -> _Trouble:
    return _Trouble(found.event, found.file, found.line, found.message)


def _gist(finding: Finding) -> tuple[object, ...]:
    return (finding.event, finding.channel, finding.locale, finding.file, finding.message)


def _sentence(trouble: _Trouble, override: TemplateOverride) -> str:
    """What is wrong, and where, unless it is the override as a whole."""
    is_elsewhere = trouble.file not in {None, override.path, str(override)}
    place = [
        *([str(trouble.file)] if is_elsewhere else []),
        *([f"line {trouble.line}"] if trouble.line else []),
        *(
            [trouble.event]
            if trouble.file is None and trouble.event and _is_shared(override)
            else []
        ),
    ]
    return f"{', '.join(place)}: {trouble.message}" if place else trouble.message
