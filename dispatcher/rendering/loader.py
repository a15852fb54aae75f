"""Finds template files: several folders as one, in which later files hide earlier ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final, Protocol, Self

from jinja2 import BaseLoader, Environment, TemplateNotFound

from dispatcher.rendering import locales
from dispatcher.rendering.errors import TemplateProblem
from dispatcher.rendering.labels import CATEGORIES_FILE, LabelError, category_label, read_categories
from dispatcher.rendering.overrides import TemplateOverride
from dispatcher.rendering.routes import ROUTES_FILE, RouteError, Routes

EVENT_FILE: Final = "event.toml"
SAMPLE_FILE: Final = "sample.json"
#: Folders of files that templates of events include.
SHARED: Final = ("layouts", "partials")
#: Largest template file in characters. More is a mistake, or an attempt to fill the memory.
LARGEST: Final = 256 * 1024


class TemplateFile(Protocol):
    """A file on disk or an override of the database. str() says where it is."""

    def read_text(self, encoding: str) -> str: ...

    def read_bytes(self) -> bytes: ...


class FileOnDisk:
    """A file of a template folder, with the content that it had when it was read first."""

    __slots__ = ("_content", "_path")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content: bytes | None = None

    def read_bytes(self) -> bytes:
        if self._content is None:
            self._content = self._path.read_bytes()
        return self._content

    def read_text(self, encoding: str = "utf-8") -> str:
        return self.read_bytes().decode(encoding).replace("\r\n", "\n").replace("\r", "\n")

    def __str__(self) -> str:
        return str(self._path)


@dataclass(frozen=True, slots=True)
class EventFolder:
    """The folder of one event: `order/created` for the key `order.created`."""

    path: str
    #: By locale folder (the root has the empty name), then by file name.
    files: Mapping[str, Mapping[str, TemplateFile]]

    @property
    def key(self) -> str:
        return self.path.replace("/", ".")

    @property
    def declaration(self) -> TemplateFile:
        """Its event.toml. Raises KeyError for an event of the database."""
        return self.files[locales.ROOT][EVENT_FILE]

    def name(self, locale: str, file: str) -> str:
        """The path of a file below the template folder."""
        return "/".join(filter(None, (self.path, locale, file)))


class TemplateFiles:
    """All template files. `files` is keyed by path: `order/created/fr/email.txt`."""

    def __init__(
        self,
        files: Mapping[str, TemplateFile],
        registered: Iterable[str] = (),
        problems: Iterable[TemplateProblem] = (),
        maps: Mapping[str, Sequence[TemplateFile]] = MappingProxyType({}),
    ) -> None:
        """`registered` are the keys of events that have no event.toml here.

        `maps` has routes.toml and categories.toml of all folders: they do not hide one another.
        """
        self.files: Mapping[str, TemplateFile] = files
        self.problems: list[TemplateProblem] = list(problems)
        self.maps: Mapping[str, Sequence[TemplateFile]] = maps
        self.routes = Routes({}, {})
        self.categories: Mapping[str, Mapping[str, str]] = {}
        with self._noted(ROUTES_FILE):
            self.routes = Routes.read(maps.get(ROUTES_FILE, ()))
        with self._noted(CATEGORIES_FILE):
            self.categories = read_categories(maps.get(CATEGORIES_FILE, ()))
        declared = {
            str(PurePosixPath(name).parent)
            for name in files
            if PurePosixPath(name).name == EVENT_FILE and "/" in name
        }
        declared.update(key.replace(".", "/") for key in registered)
        self._events: dict[str, dict[str, dict[str, TemplateFile]]] = {
            path: {locales.ROOT: {}} for path in sorted(declared)
        }
        for name in sorted(files):
            self._place(PurePosixPath(name))

    @classmethod
    def of(cls, folders: Sequence[Path]) -> Self:
        """The files of these folders; a later folder's file hides an earlier one's."""
        files: dict[str, TemplateFile] = {}
        problems = []
        maps: dict[str, list[TemplateFile]] = {}
        for folder in folders:
            if not folder.is_dir():
                problems.append(TemplateProblem(str(folder), None, "there is no such folder"))
            found = _files(folder)
            for name in found.keys() & {ROUTES_FILE, CATEGORIES_FILE}:
                maps.setdefault(name, []).append(found.pop(name))
            files.update(found)
        return cls(files, (), problems, maps)

    def content(self) -> bytes | None:
        """A digest of all paths and contents; None if a file is unreadable or misplaced."""
        if self.problems:
            return None
        digest = hashlib.sha256()
        maps = [(name, file) for name in sorted(self.maps) for file in self.maps[name]]
        files = [*sorted(self.files.items()), *maps]
        for name, file in files:
            try:
                read = file.read_bytes()
            except OSError:
                return None
            digest.update(f"{name}\0{file}\0{len(read)}\0".encode() + read)
        return digest.digest()

    def with_overrides(
        self, overrides: Iterable[TemplateOverride], registered: Iterable[str]
    ) -> TemplateFiles:
        """A copy in which the overrides hide the files of the same path."""
        return TemplateFiles(
            {**self.files, **{override.path: override for override in overrides}},
            registered,
            maps=self.maps,
        )

    def events(self) -> Iterator[EventFolder]:
        for path, files in self._events.items():
            yield EventFolder(path, files)

    def shared(self) -> Iterator[str]:
        """The paths of layouts and partials."""
        return (name for name in sorted(self.files) if name.split("/")[0] in SHARED)

    def localized(self, name: str, locale: str) -> str | None:
        """The path of a shared file in a locale: `layouts/email.html` → `layouts/fr/email.html`."""
        folder, _, file = name.rpartition("/")
        for candidate in locales.fallback(locales.language_of(locale)):
            path = "/".join(filter(None, (folder, candidate, file)))
            if path in self.files:
                return path
        return None

    def _place(self, name: PurePosixPath) -> None:
        if name.parts[0] in SHARED or (len(name.parts) == 1 and name.name == "README.md"):
            return
        folder, above = str(name.parent), str(name.parent.parent)
        if folder in self._events:
            self._events[folder][locales.ROOT][name.name] = self.files[str(name)]
        elif above in self._events:
            locale = name.parent.name
            if not locales.is_locale(locale):
                self._fault(name, f"{locale!r} is no locale; name the folder like fr or pt-br")
            elif locale != locales.canonical(locale):
                self._fault(name, f"name the folder {locales.canonical(locale)}")
            else:
                self._events[above].setdefault(locale, {})[name.name] = self.files[str(name)]
        else:
            self._fault(
                name, f"this belongs to no event: an event is a folder that has an {EVENT_FILE}"
            )

    @contextmanager
    def _noted(self, name: str) -> Iterator[None]:
        try:
            yield
        except (OSError, RouteError, LabelError) as error:
            self.problems.append(TemplateProblem(str(self.maps[name][-1]), None, str(error)))

    def _fault(self, name: PurePosixPath, sentence: str) -> None:
        self.problems.append(TemplateProblem(str(self.files[str(name)]), None, sentence))


class LocaleLoader(BaseLoader):
    """Loads files for Jinja, in one locale where they are translated."""

    def __init__(self, sources: TemplateFiles, locale: str) -> None:
        self._sources = sources
        self._locale = locale

    @property
    def routes(self) -> Routes:
        return self._sources.routes

    def category_label(self, category: str) -> str:
        """What a category is called, in the language of the files."""
        language = locales.language_of(self._locale)
        return category_label(self._sources.categories, category, language)

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:  # noqa: ARG002
        name = self._sources.localized(template, self._locale)
        if name is None:
            raise TemplateNotFound(template)
        return self._sources.files[name].read_text(encoding="utf-8"), name, None


def _files(folder: Path) -> dict[str, FileOnDisk]:
    found = {}
    for file in folder.rglob("*"):
        name = file.relative_to(folder)
        if file.is_file() and not any(part.startswith((".", "__")) for part in name.parts):
            found[name.as_posix()] = FileOnDisk(file)
    return found
