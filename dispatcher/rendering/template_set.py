"""The templates of one tenant: the template files, with overrides of the database over them.

An override that cannot be compiled is not used. One that fails for a message leaves that message to
the files. Both are reported, so a mistake never stops messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

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
    """An override with a mistake, and what is used instead: the file, or nothing."""

    override: TemplateOverride
    sentence: str
    instead: str


class TemplateSet:
    """The files of a catalog, the overrides of a tenant, and a renderer for both together."""

    def __init__(
        self,
        base: Catalog,
        overrides: TemplateOverrides | None = None,
        registered: Iterable[EventType] = (),
        *,
        offers_links: bool = False,
    ) -> None:
        """Compile what the overrides touch, and render its samples.

        `registered` are events of the database; those that no folder declares have overrides alone.
        An override of a layout takes about a second. Never raises for the content of an override:
        `faults` reports it.
        """
        self._base: Final = base
        self._registered: Final = tuple(registered)
        self._faults: Final[dict[int, OverrideFault]] = {}
        self.catalog = base
        self.overrides: Final[dict[str, TemplateOverride]] = {}

        chosen = overrides.chosen() if overrides else []
        while chosen and not self._use(chosen):
            chosen = [override for override in chosen if override.id not in self._faults]
        self.renderer: Final = Renderer(self.catalog, offers_links=offers_links)
        self._files: Final = Renderer(base, offers_links=offers_links)

    @property
    def faults(self) -> list[OverrideFault]:
        """The overrides that cannot be used, or could not for some message or sample."""
        return list(self._faults.values())

    def version(self, event: str) -> str:
        """A hash of all files that an event is rendered from; empty if it has no templates."""
        known = self.catalog.events.get(event)
        return known.version if known else ""

    def override_ids(self, event: str) -> list[int]:
        """The ids of the overrides that an event is rendered from."""
        return sorted(
            override.id
            for override in self._concerned(event)
            if not override.path.endswith(f"/{SAMPLE_FILE}")
        )

    def render(self, delivery: Delivery, *, is_shared: bool = True) -> Content:
        """Render a delivery, from the files alone if overrides fail. Raises RenderingError."""
        try:
            return self.renderer.render(delivery, is_shared=is_shared)
        except RenderingError as error:
            content = self.render_from_files(delivery, error)
            if content is None:
                raise
            return content

    def render_from_files(self, delivery: Delivery, error: RenderingError) -> Content | None:
        """Render a delivery whose overrides failed with `error` without them, and note the fault.

        None if it has no overrides, or the files fail too.
        """
        if not self.override_ids(delivery.event):
            return None
        try:
            content = self._files.render(delivery, is_shared=False)
        except RenderingError:
            return None
        self._note(self._concerned(error.event), error.file, error.line, error.message)
        return content

    def _use(self, chosen: list[TemplateOverride]) -> bool:
        """Use these overrides, if they can be compiled together; else note which cannot be."""
        try:
            catalog = self._base.with_overrides(chosen, self._registered)
        except CatalogError as error:
            for problem in error.problems:
                self._note(chosen, problem.file, problem.line, problem.sentence)
            return False
        except Exception as error:  # noqa: BLE001 # whatever it is, messages go on
            self._note(chosen, None, None, f"it cannot be used ({type(error).__name__})")
            return False
        self.catalog = catalog
        self.overrides.update({override.path: override for override in chosen})
        for finding in self._new_errors():
            event = self._concerned(finding.event)
            self._note(event, finding.file, finding.line, finding.message)
        return True

    def _concerned(self, event: str) -> list[TemplateOverride]:
        return [each for each in self.overrides.values() if _concerns(each, event)]

    def _note(
        self,
        concerned: list[TemplateOverride],
        file: str | None,
        line: int | None,
        message: str,
    ) -> None:
        """Note a mistake of the override in `file`, else of all that may have made it."""
        named = [each for each in concerned if file in {each.path, str(each)}]
        place = [] if named or file is None else [file]
        if line is not None:
            place.append(f"line {line}")
        sentence = f"{', '.join(place)}: {message}" if place else message
        for override in named or concerned:
            self._faults[override.id] = OverrideFault(
                override, sentence, self._instead_of(override)
            )

    def _instead_of(self, override: TemplateOverride) -> str:
        is_file = override.path in self._base.sources.files or (
            # What it would say is in another file of the event.
            not _is_shared(override)
            and any(_concerns(override, event) for event in self._base.events)
        )
        return "the file" if is_file else "nothing"

    def _new_errors(self) -> list[Finding]:
        """The errors of samples that the overrides introduce."""
        touched = {
            key: {
                channel
                for channel in event.channels
                if self.catalog.compiled_files(key, channel)
                != self._base.compiled_files(key, channel)
            }
            for key, event in self.catalog.events.items()
            if self._concerned(key)
        }
        errors = [
            finding
            for finding in lint_catalog(self.catalog, touched)
            # A missing sample is no fault of an override.
            if finding.severity == "error" and (finding.channel or finding.file in self.overrides)
        ]
        known = (
            {_gist(finding) for finding in lint_catalog(self._base, touched)} if errors else set()
        )
        return [finding for finding in errors if _gist(finding) not in known]


def _concerns(override: TemplateOverride, event: str) -> bool:
    folder, _, _ = override.path.rpartition("/")
    above, _, locale = folder.rpartition("/")
    place = event.replace(".", "/")
    return _is_shared(override) or folder == place or (above == place and locales.is_locale(locale))


def _is_shared(override: TemplateOverride) -> bool:
    return override.path.split("/")[0] in SHARED


def _gist(finding: Finding) -> tuple[object, ...]:
    return (finding.event, finding.channel, finding.locale, finding.file, finding.message)
