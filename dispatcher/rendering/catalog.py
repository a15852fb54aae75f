"""Every event that can be rendered, loaded whole from the template folders or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jinja2 import TemplateSyntaxError

from dispatcher.rendering import locales
from dispatcher.rendering.channel_templates import (
    TEMPLATES,
    ChannelTemplate,
)
from dispatcher.rendering.compiled import CompiledTemplate, Fragment, compile_template
from dispatcher.rendering.errors import CatalogError, Problem, Unrenderable
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
    """The events, their compiled files, and the sample payload of each."""

    events: Mapping[str, EventType]
    #: The sample.json of each event that has one.
    samples: Mapping[str, TemplateFile]
    #: By event, file name and locale folder (the root's is empty).
    compiled: Mapping[str, Mapping[str, Mapping[str, CompiledTemplate]]]
    sources: TemplateFiles

    @classmethod
    def load(cls, folders: Sequence[Path]) -> Catalog:
        """A later folder's file replaces an earlier one's of the same path.

        Compiling takes seconds, so one of the same files with the same content is loaded once in a
        process. Raises CatalogError, with every problem found.
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
        """This one with texts of the database over its files, as if they were a last folder.

        `registered` are events that no folder declares; their templates are texts alone. What is
        not touched is taken over as it is. Raises CatalogError.
        """
        events = {event.key: event for event in registered if event.key not in self.events}
        return _Loading(self.sources.with_overrides(overrides, events), events, self).catalog()

    def template(
        self, event: str, channel: str, locale: str | None, tenant_locale: str
    ) -> ChannelTemplate:
        """A channel's files for a reader. Raises KeyError if the event has none for the channel.

        Each file comes from the reader's locale, its language, the tenant's locale, the tenant's
        language, or the root: the first that has it.
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
        """Of one channel, in every language; none where the event is not known."""
        return [
            template
            for file, translations in self.compiled.get(event, {}).items()
            if _CHANNEL_OF[file] == channel
            for template in translations.values()
        ]

    def locales(self, event: str) -> tuple[str, ...]:
        """The locale folders of an event, the root's empty name first."""
        return tuple(sorted({folder for by in self.compiled[event].values() for folder in by}))


#: The catalogs that were asked for last, the latest at the end, by the content of their folders.
_LOADED: Final[dict[bytes | None, Catalog]] = {}
_KEPT: Final = 4


class _Loading:
    """One pass over a tree, gathering problems as it goes."""

    def __init__(
        self,
        sources: TemplateFiles,
        registered: Mapping[str, EventType] | None = None,
        base: Catalog | None = None,
    ) -> None:
        """`base` is the catalog of the tree's files, where texts lie over them."""
        self._sources = sources
        self._registered = registered or {}
        self._base = base
        #: What is to be read: everything, or the texts.
        self._new = {
            name
            for name, file in sources.files.items()
            if base is None or isinstance(file, TemplateOverride)
        }
        #: Those of them that events take in, as they name them.
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
        """So that a mistake in a layout is found even where no event uses it."""
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
        """The base's, unless it takes in what is new."""
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
            # Python's own limits on the compiled code: nesting, digits of a number.
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
        """Changes with any file the event is made of; the shared ones count for every event."""
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
                # Two tenants may say the same; whose it was can be asked of the version.
                digest.update(str(file.id).encode())
        return digest.hexdigest()[:16]

    def _fault(self, name: str, line: int | None, sentence: str) -> None:
        file = self._sources.files.get(name)
        self._problems.append(Problem(str(file) if file else name, line, sentence))


def _language_and_name(name: str) -> tuple[str, str]:
    """`layouts/fr/email.html` is the French `layouts/email.html`."""
    *folders, file = name.split("/")
    if len(folders) > 1 and locales.is_locale(folders[-1]):
        return folders[-1], "/".join((*folders[:-1], file))
    return locales.ROOT, name
