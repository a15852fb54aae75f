"""The catalog of events and their compiled templates. Loading it succeeds whole or fails."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jinja2 import TemplateSyntaxError

from dispatcher.rendering import locales
from dispatcher.rendering.channel_templates import TEMPLATES, ChannelTemplate
from dispatcher.rendering.compiled import CompiledTemplate, Fragment, compile_template
from dispatcher.rendering.errors import CatalogError, TemplateProblem, Unrenderable
from dispatcher.rendering.event_type import Declaration, EventType
from dispatcher.rendering.loader import (
    EVENT_FILE,
    LARGEST,
    SAMPLE_FILE,
    EventFolder,
    LocaleLoader,
    TemplateFile,
    TemplateFiles,
)
from dispatcher.rendering.overrides import TemplateOverride
from dispatcher.rendering.sandbox import Sandbox

_CHANNEL_OF: Final = {
    file: channel
    for channel, template in TEMPLATES.items()
    for file in (*template.required, *template.optional)
}


@dataclass(frozen=True, slots=True)
class Catalog:
    """The events with templates, their compiled files and their sample payloads."""

    #: By key, such as `order.paid`.
    events: Mapping[str, EventType]
    #: The sample.json of each event that has one.
    samples: Mapping[str, TemplateFile]
    #: By event key, file name and locale folder; the root folder has the empty name.
    compiled: Mapping[str, Mapping[str, Mapping[str, CompiledTemplate]]]
    #: The files that the catalog was loaded from.
    sources: TemplateFiles

    @classmethod
    def load(cls, folders: Sequence[Path]) -> Catalog:
        """Load the template folders. A file hides the file of the same path in earlier folders.

        Compiling takes seconds, so a process loads the same content once. Raises CatalogError with
        every problem found.
        """
        sources = TemplateFiles.of(folders)
        content = sources.content()
        catalog = _LOADED.pop(content, None) or _Loading(sources).catalog()
        if content is not None:
            _LOADED[content] = catalog
            if len(_LOADED) > _KEPT:
                del _LOADED[next(iter(_LOADED))]
        return catalog

    def with_overrides(
        self, overrides: Iterable[TemplateOverride], registered: Iterable[EventType] = ()
    ) -> Catalog:
        """A copy in which overrides of the database hide the files, like a last folder.

        `registered` are events that no folder declares; their templates are overrides alone.
        Compiles only what the overrides touch. Raises CatalogError.
        """
        events = {event.key: event for event in registered if event.key not in self.events}
        return _Loading(self.sources.with_overrides(overrides, events), events, self).catalog()

    def template(
        self, event: str, channel: str, locale: str | None, tenant_locale: str
    ) -> ChannelTemplate:
        """The template of a channel for a reader of `locale`.

        Each file is the first found in: the reader's locale, its language, the tenant's locale, its
        language, the root. Raises KeyError if the event has no template for the channel.
        """
        if channel not in self.events[event].channels:
            raise KeyError(channel)
        chosen = {}
        for file, translations in self.compiled[event].items():
            if _CHANNEL_OF[file] == channel:
                template = next(
                    translations[folder]
                    for folder in locales.fallback(locale, tenant_locale)
                    if folder in translations
                )
                notation = locales.notation(template.language, locale, tenant_locale)
                chosen[file] = replace(template, notation=notation)
        return TEMPLATES[channel].of(chosen)

    def compiled_files(self, event: str, channel: str) -> list[CompiledTemplate]:
        """The files of one channel in every language; none if the event is unknown."""
        return [
            template
            for file, translations in self.compiled.get(event, {}).items()
            if _CHANNEL_OF[file] == channel
            for template in translations.values()
        ]

    def locales(self, event: str) -> tuple[str, ...]:
        """The locale folders of an event; the empty name of the root comes first."""
        return tuple(sorted({folder for by in self.compiled[event].values() for folder in by}))


#: Catalogs by the digest of their files, the most recently used last.
_LOADED: Final[dict[bytes | None, Catalog]] = {}
_KEPT: Final = 4


class _Loading:
    """One pass over the files that collects every problem."""

    def __init__(
        self,
        sources: TemplateFiles,
        registered: Mapping[str, EventType] | None = None,
        base: Catalog | None = None,
    ) -> None:
        """`base` is the catalog of the files below the overrides, if `sources` has overrides.

        `registered` are events that no folder declares, by key.
        """
        self._sources = sources
        self._registered = registered or {}
        self._base = base
        #: Paths to read and compile: all, or the overrides.
        self._new = {
            name
            for name, file in sources.files.items()
            if base is None or isinstance(file, TemplateOverride)
        }
        #: The layouts and partials among them, as templates name them: without the language.
        self._new_shared = {
            _language_and_name(name)[1] for name in sources.shared() if name in self._new
        }
        self._problems = list(sources.problems)
        self._environments: dict[str, Sandbox] = {}

    def catalog(self) -> Catalog:
        readable = not [name for name in sorted(self._new) if not self._is_readable(name)]
        if readable:
            self._compile_shared()
        events: dict[str, EventType] = {}
        samples: dict[str, TemplateFile] = {}
        compiled: dict[str, Mapping[str, Mapping[str, CompiledTemplate]]] = {}
        for folder in self._sources.events() if readable else ():
            if self._base is not None and self._is_untouched(folder):
                events[folder.key] = self._base.events[folder.key]
                compiled[folder.key] = self._base.compiled[folder.key]
                if folder.key in self._base.samples:
                    samples[folder.key] = self._base.samples[folder.key]
                continue
            channels = self._channels(folder)
            compiled[folder.key] = self._compile_event(folder)
            event = self._event(folder, channels)
            if event:
                events[folder.key] = event
            if sample := folder.files[locales.ROOT].get(SAMPLE_FILE):
                samples[folder.key] = sample
        if self._problems:
            unique = dict.fromkeys(self._problems)
            raise CatalogError(sorted(unique, key=lambda found: (found.file, found.line or 0)))
        return Catalog(MappingProxyType(events), samples, compiled, self._sources)

    def _is_untouched(self, folder: EventFolder) -> bool:
        return folder.key not in self._registered and not (
            self._new_shared
            or any(
                folder.name(locale, file) in self._new
                for locale, files in folder.files.items()
                for file in files
            )
        )

    def _is_readable(self, name: str) -> bool:
        try:
            size = len(self._sources.files[name].read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            self._fault(name, None, "this cannot be read as UTF-8 text")
            return False
        if size > LARGEST:
            self._fault(name, None, f"this is larger than {LARGEST} characters")
            return False
        return True

    def _compile_shared(self) -> None:
        """Compile layouts and partials, to find mistakes in those that no event uses."""
        for name in self._sources.shared():
            if name in self._new:
                source = self._sources.files[name].read_text(encoding="utf-8")
                self._compile(name, _language_and_name(name)[0], (Fragment(source, 1),))

    def _channels(self, folder: EventFolder) -> tuple[str, ...]:
        root = folder.files[locales.ROOT]
        channels = []
        for channel, template in TEMPLATES.items():
            present = [f for f in (*template.required, *template.optional) if f in root]
            missing = [file for file in template.required if file not in root]
            if present and not missing:
                channels.append(channel)
            for file in missing if present else ():
                self._fault(
                    folder.name("", present[0]), None, f"{channel} needs {file} beside this file"
                )
        return tuple(channels)

    def _compile_event(self, folder: EventFolder) -> dict[str, dict[str, CompiledTemplate]]:
        compiled: dict[str, dict[str, CompiledTemplate]] = {}
        for locale, files in folder.files.items():
            for file in files:
                name = folder.name(locale, file)
                if file in _CHANNEL_OF:
                    if file not in folder.files[locales.ROOT]:
                        self._fault(name, None, f"there is no {file} in {folder.path} to translate")
                    template = (
                        self._kept(folder.key, file, locale) if name not in self._new else None
                    )
                    template = template or self._compile_channel_file(
                        name, locale, TEMPLATES[_CHANNEL_OF[file]]
                    )
                    if template:
                        compiled.setdefault(file, {})[locale] = template
                elif locale or file not in {EVENT_FILE, SAMPLE_FILE}:
                    self._fault(
                        name,
                        None,
                        f"no channel has a file {file}; there are {', '.join(_CHANNEL_OF)}",
                    )
        return compiled

    def _kept(self, event: str, file: str, locale: str) -> CompiledTemplate | None:
        """The template of the base, unless it includes a new layout or partial."""
        compiled = self._base.compiled.get(event, {}) if self._base else {}
        template = compiled.get(file, {}).get(locale)
        return None if template is None or template.includes & self._new_shared else template

    def _compile_channel_file(
        self, name: str, locale: str, template: type[ChannelTemplate]
    ) -> CompiledTemplate | None:
        try:
            fragments = template.fragments(self._sources.files[name].read_text(encoding="utf-8"))
        except Unrenderable as problem:
            self._fault(name, None, str(problem))
            return None
        return self._compile(name, locale, fragments)

    def _compile(
        self, name: str, locale: str, fragments: tuple[Fragment, ...]
    ) -> CompiledTemplate | None:
        environment = self._environments.get(locale)
        if environment is None:
            environment = self._environments[locale] = Sandbox(LocaleLoader(self._sources, locale))
        try:
            return compile_template(environment, name, locale, fragments)
        except TemplateSyntaxError as error:
            self._fault(error.filename or name, error.lineno, error.message or "a syntax error")
        except Exception as error:  # noqa: BLE001 # an author must not stop the loading
            # Limits of Python on the compiled code, such as nesting and digits of a number.
            kind = type(error).__name__
            self._fault(name, None, f"this cannot be compiled ({kind}); simplify it")
        return None

    def _event(self, folder: EventFolder, channels: tuple[str, ...]) -> EventType | None:
        known = self._registered.get(folder.key) or (
            self._base.events.get(folder.key) if self._base else None
        )
        if known:
            return replace(known, channels=channels, version=self._version(folder))
        file = folder.files[locales.ROOT][EVENT_FILE]
        declared = Declaration.read(file, channels)
        for fault in declared.faults:
            self._fault(folder.name("", EVENT_FILE), None, fault)
        if declared.faults:
            return None
        return declared.event_type(folder.key, channels, self._version(folder))

    def _version(self, folder: EventFolder) -> str:
        """A hash of the event's files and of all layouts and partials."""
        names = [
            folder.name(locale, file)
            for locale, files in folder.files.items()
            for file in files
            if file != SAMPLE_FILE
        ]
        digest = hashlib.sha256()
        for name in sorted((*names, *self._sources.shared())):
            file = self._sources.files[name]
            content = file.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
            if isinstance(file, TemplateOverride):
                # Equal overrides of two tenants get different versions, which tell the owner.
                digest.update(str(file.id).encode())
        return digest.hexdigest()[:16]

    def _fault(self, name: str, line: int | None, sentence: str) -> None:
        file = self._sources.files.get(name)
        self._problems.append(TemplateProblem(str(file) if file else name, line, sentence))


def _language_and_name(name: str) -> tuple[str, str]:
    """Locale and name of a shared file: `layouts/fr/email.html` → `fr`, `layouts/email.html`."""
    *folders, file = name.split("/")
    if len(folders) > 1 and locales.is_locale(folders[-1]):
        return folders[-1], "/".join((*folders[:-1], file))
    return locales.ROOT, name
