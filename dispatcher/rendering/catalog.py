"""The catalog of events and their compiled templates. Loading it succeeds whole or fails."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from jinja2 import TemplateSyntaxError

from dispatcher.rendering import locales
from dispatcher.rendering.channel_templates import TEMPLATES, ChannelTemplate
from dispatcher.rendering.compiled import CompiledTemplate, Fragment, compile_template
from dispatcher.rendering.errors import CatalogError, TemplateProblem, Uncompilable, Unrenderable
from dispatcher.rendering.event_type import Declaration, EventType
from dispatcher.rendering.labels import CATEGORIES_FILE
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
from dispatcher.rendering.routes import ROUTES_FILE
from dispatcher.rendering.sandbox import Sandbox

#: The compiled parts of an event's messages, by channel, part and locale folder.
Compiled = Mapping[str, Mapping[str, Mapping[str, CompiledTemplate]]]
#: The files of each channel.
_FILES_OF: Final = {
    channel: tuple(dict.fromkeys(chain.from_iterable(template.parts.values())))
    for channel, template in TEMPLATES.items()
}
#: All files in which a message may be written.
FILES: Final = tuple(dict.fromkeys(chain.from_iterable(_FILES_OF.values())))


@dataclass(frozen=True, slots=True)
class Catalog:
    """The events with templates, their compiled files and their sample payloads."""

    #: By key, such as `order.paid`.
    events: Mapping[str, EventType]
    #: The sample.json of each event that has one.
    samples: Mapping[str, TemplateFile]
    #: By event key; the root folder of the locales has the empty name.
    compiled: Mapping[str, Compiled]
    #: The files that the catalog was loaded from.
    sources: TemplateFiles

    @classmethod
    def load(cls, folders: Sequence[Path]) -> Catalog:
        """Load the template folders. A file hides the file of the same path in earlier folders.

        A process loads the same content once. Raises CatalogError with every problem found.
        """
        sources = TemplateFiles.of(folders)
        content = sources.content()
        catalog = _LOADED.pop(content, None) or _Loading(sources).catalog()
        if content is not None:
            _LOADED[content] = catalog
            if len(_LOADED) > _KEPT:
                del _LOADED[next(iter(_LOADED))]
        return catalog

    def compile(self) -> None:
        """Make the code of all templates, which is else made when they are rendered first.

        Raises CatalogError for those that Jinja or Python cannot make code of.
        """
        problems = [
            _problem(self.sources, error)
            for compiled in self.compiled.values()
            for parts in compiled.values()
            for by_locale in parts.values()
            for template in by_locale.values()
            if (error := _uncompilable(template)) is not None
        ]
        if problems:
            raise _catalog_error(problems)

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

        Each part is of the first of these that has a file for it: the reader's locale, its
        language, the tenant's locale, its language, the root. Raises KeyError if the event does not
        support the channel.
        """
        if channel not in self.events[event].channels:
            raise KeyError(channel)
        chosen = {}
        for part, translations in self.compiled[event][channel].items():
            template = next(
                translations[folder]
                for folder in locales.fallback(locale, tenant_locale)
                if folder in translations
            )
            notation = locales.notation(template.language, locale, tenant_locale)
            chosen[part] = replace(template, notation=notation)
        return TEMPLATES[channel].of(chosen)

    def compiled_files(self, event: str, channel: str) -> list[CompiledTemplate]:
        """The parts of one channel in every language; none if the event is unknown."""
        parts = self.compiled.get(event, {}).get(channel, {})
        return [template for by_locale in parts.values() for template in by_locale.values()]

    def unsupported(self, event: str) -> Iterator[str]:
        """The paths of an event's files for channels that it does not support."""
        used = {file for channel in self.events[event].channels for file in _FILES_OF[channel]}
        folder = next(each for each in self.sources.events() if each.key == event)
        for locale, files in folder.files.items():
            yield from (folder.name(locale, file) for file in files if file in {*FILES} - used)

    def locales(self, event: str) -> tuple[str, ...]:
        """The locale folders of an event; the empty name of the root comes first."""
        parts = chain.from_iterable(by_part.values() for by_part in self.compiled[event].values())
        return tuple(sorted({folder for by_locale in parts for folder in by_locale}))


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
        #: What the environments know of parsed files.
        self._parsed: dict[Any, Any] = {}

    def catalog(self) -> Catalog:
        readable = not [name for name in sorted(self._new) if not self._is_readable(name)]
        if readable:
            self._compile_shared()
        events: dict[str, EventType] = {}
        samples: dict[str, TemplateFile] = {}
        compiled: dict[str, Compiled] = {}
        for folder in self._sources.events() if readable else ():
            if self._base is not None and self._is_untouched(folder):
                events[folder.key] = self._base.events[folder.key]
                compiled[folder.key] = self._base.compiled[folder.key]
                if folder.key in self._base.samples:
                    samples[folder.key] = self._base.samples[folder.key]
                continue
            self._check_names(folder)
            event = self._event(folder)
            if event:
                events[folder.key] = event
                compiled[folder.key] = {
                    channel: self._compile_channel(folder, channel) for channel in event.channels
                }
            if sample := folder.files[locales.ROOT].get(SAMPLE_FILE):
                samples[folder.key] = sample
        catalog = Catalog(MappingProxyType(events), samples, compiled, self._sources)
        for key in events.keys() & (self._base.events if self._base else {}):
            for name in self._new.intersection(catalog.unsupported(key)):
                self._fault(
                    name, None, "nobody would get it: the event does not support its channel"
                )
        if self._problems:
            raise _catalog_error(self._problems)
        return catalog

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
                source = self._read(name)
                folder = _language_and_name(name)[0]
                with self._noted(name):
                    template = compile_template(
                        self._environment(folder), name, folder, (Fragment(source, 1),)
                    )
                    self._make_code(template)

    def _check_names(self, folder: EventFolder) -> None:
        for locale, files in folder.files.items():
            for file in files:
                if file not in FILES and (locale or file not in {EVENT_FILE, SAMPLE_FILE}):
                    self._fault(
                        folder.name(locale, file),
                        None,
                        f"no channel has a file {file}; there are {', '.join(FILES)}",
                    )

    def _compile_channel(
        self, folder: EventFolder, channel: str
    ) -> dict[str, dict[str, CompiledTemplate]]:
        compiled: dict[str, dict[str, CompiledTemplate]] = {}
        for part, names in TEMPLATES[channel].parts.items():
            for locale, files in folder.files.items():
                file = next((name for name in names if name in files), None)
                if file is None:
                    continue
                if not any(name in folder.files[locales.ROOT] for name in names):
                    self._fault(
                        folder.name(locale, file),
                        None,
                        f"there is no {' or '.join(names)} in {folder.path} to translate",
                    )
                if template := self._compile_part(folder, channel, part, locale, file):
                    compiled.setdefault(part, {})[locale] = template
        return compiled

    def _compile_part(
        self, folder: EventFolder, channel: str, part: str, locale: str, file: str
    ) -> CompiledTemplate | None:
        name = folder.name(locale, file)
        if name not in self._new and self._base:
            known = self._base.compiled.get(folder.key, {}).get(channel, {}).get(part, {})
            template = known.get(locale)
            # Unless it includes a new layout or partial.
            if template and template.file == name and not template.includes & self._new_shared:
                return template
        compiled = None
        with self._noted(name):
            source = self._read(name)
            compiled = TEMPLATES[channel].compile(
                part, self._environment(locale), name, locale, source
            )
            self._make_code(compiled)
        return compiled  # None where something was noted

    def _make_code(self, template: CompiledTemplate) -> None:
        """Of overrides at once, because no deploy has tried them. Raises Uncompilable."""
        if self._base is not None:
            template.code.template  # noqa: B018 # it is made when it is read

    def _environment(self, locale: str) -> Sandbox:
        environment = self._environments.get(locale)
        if environment is None:
            environment = self._environments[locale] = Sandbox(
                LocaleLoader(self._sources, locale), self._parsed
            )
        return environment

    def _read(self, name: str) -> str:
        return self._sources.files[name].read_text(encoding="utf-8")

    @contextmanager
    def _noted(self, name: str) -> Iterator[None]:
        """Note what is wrong with a file that is compiled in here, and go on."""
        try:
            yield
        except Uncompilable as error:
            self._problems.append(_problem(self._sources, error))
        except Unrenderable as problem:
            self._fault(name, None, str(problem))
        except TemplateSyntaxError as error:
            self._fault(error.filename or name, error.lineno, error.message or "a syntax error")
        except Exception as error:  # noqa: BLE001 # an author must not stop the loading
            # Such as nesting that is too deep to be parsed.
            kind = type(error).__name__
            self._fault(name, None, f"this cannot be compiled ({kind}); simplify it")

    def _event(self, folder: EventFolder) -> EventType | None:
        root = folder.files[locales.ROOT]
        missing = {
            channel: [
                " or ".join(template.parts[part])
                for part in template.required
                if not any(file in root for file in template.parts[part])
            ]
            for channel, template in TEMPLATES.items()
        }
        available = tuple(channel for channel, names in missing.items() if not names)
        version = self._version(folder)
        if self._base and folder.key in self._base.events:
            return replace(self._base.events[folder.key], version=version)
        if folder.key in self._registered:
            known = self._registered[folder.key]
            channels = tuple(channel for channel in known.channels if channel in available)
            for channel in known.channels:
                if channel not in available and (files := root.keys() & set(_FILES_OF[channel])):
                    self._fault(
                        folder.name("", min(files)),
                        None,
                        f"{channel} needs {', '.join(missing[channel])} beside this file",
                    )
            return replace(known, channels=channels, version=version)
        declared = Declaration.read(folder.declaration, available)
        for fault in declared.faults:
            self._fault(folder.name("", EVENT_FILE), None, fault)
        return None if declared.faults else declared.event_type(folder.key, version)

    def _version(self, folder: EventFolder) -> str:
        """A hash of the event's files and of all layouts and partials."""
        names = [
            folder.name(locale, file)
            for locale, files in folder.files.items()
            for file in files
            if file != SAMPLE_FILE
        ]
        digest = hashlib.sha256()
        for shared in (ROUTES_FILE, CATEGORIES_FILE):
            for file in self._sources.maps.get(shared, ()):
                digest.update(file.read_bytes())
        for name in sorted((*names, *self._sources.shared())):
            file = self._sources.files[name]
            content = file.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
            if isinstance(file, TemplateOverride):
                # Equal overrides of two tenants get different versions, which tell the owner.
                digest.update(str(file.id).encode())
        return digest.hexdigest()[:16]

    def _fault(self, name: str, line: int | None, sentence: str) -> None:
        self._problems.append(_problem(self._sources, Uncompilable(name, line, sentence)))


def _uncompilable(template: CompiledTemplate) -> Uncompilable | None:
    try:
        template.code.template  # noqa: B018 # it is made when it is read
    except Uncompilable as error:
        return error
    return None


def _problem(sources: TemplateFiles, error: Uncompilable) -> TemplateProblem:
    file = sources.files.get(error.file)
    return TemplateProblem(str(file) if file else error.file, error.line, str(error))


def _catalog_error(problems: Iterable[TemplateProblem]) -> CatalogError:
    unique = dict.fromkeys(problems)
    return CatalogError(sorted(unique, key=lambda found: (found.file, found.line or 0)))


def _language_and_name(name: str) -> tuple[str, str]:
    """Locale and name of a shared file: `layouts/fr/email.html` → `fr`, `layouts/email.html`."""
    *folders, file = name.split("/")
    if len(folders) > 1 and locales.is_locale(folders[-1]):
        return folders[-1], "/".join((*folders[:-1], file))
    return locales.ROOT, name
