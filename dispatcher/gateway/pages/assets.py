"""Static files of the pages: scripts, styles, texts. Read once, and kept compressed.

Each is served at `/assets/NAME`, to be revalidated, and at `/assets/VERSION/NAME`, to be cached for
ever. The version is that of all files together, so that what a script imports by `./NAME` is of the
same release. The component `<postbell-inbox>` and the service worker have addresses of their own,
which never change.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.rendering.labels import Labels

FOLDER: Final = Path(__file__).parent

_TYPES: Final = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".svg": "image/svg+xml",
    }
)
_MINIFIED: Final = frozenset({".css", ".js"})
_COMMENT: Final = re.compile(r"^[ \t]*(?://[^\n]*|/\*.*?\*/[ \t]*)$", re.MULTILINE | re.DOTALL)
_INDENT: Final = re.compile(r"^[ \t]+", re.MULTILINE)
_EMPTY: Final = re.compile(r"^\n+", re.MULTILINE)
_IMPORT: Final = re.compile(r'^import [^;]* from "\./(.+?)";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export ", re.MULTILINE)
#: For an address whose content never changes.
_IMMUTABLE: Final = "public, max-age=31536000, immutable"
#: Cached, and revalidated each time.
_REVALIDATED: Final = "public, no-cache"
#: Pages of every origin may load them.
PUBLIC: Final = MappingProxyType(
    {
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Accept-Encoding",
    }
)

_INBOX_WORDS: Final = re.compile(r"inbox\.([a-z]+)\.json")
COMPONENT: Final = "/postbell-inbox.js"
_BUNDLE: Final = "inbox.js"
WORKER: Final = "/postbell-worker.js"

#: A service worker is held to the policy that it came with.
_WORKER_POLICY: Final = MappingProxyType(
    {"Content-Security-Policy": "default-src 'none'; connect-src 'self'"}
)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    packed: bytes
    kind: str
    #: SHA-256 of the content, in hexadecimal digits.
    digest: str

    @classmethod
    def of(cls, content: bytes, kind: str) -> Self:
        packed = gzip.compress(content, mtime=0)
        return cls(content, packed, kind, hashlib.sha256(content).hexdigest())

    @classmethod
    def read(cls, path: Path) -> Self:
        text = path.read_text(encoding="utf-8")
        if path.suffix in _MINIFIED:
            text = minified(text)
        return cls.of(text.encode(), _TYPES[path.suffix])

    def response(self, request: Request, *, is_kept: bool = False) -> Response:
        """`is_kept`: the content of this address never changes."""
        is_packed = "gzip" in request.headers.get("accept-encoding", "")
        # A strong validator differs between compressed and uncompressed (RFC 9110, 8.8.3.3).
        tag = f'"{self.digest[:32]}{"-gzip" if is_packed else ""}"'
        headers = {**PUBLIC, "ETag": tag, "Cache-Control": _IMMUTABLE if is_kept else _REVALIDATED}
        known = request.headers.get("if-none-match", "")
        if tag in [each.strip().removeprefix("W/") for each in known.split(",")]:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if is_packed:
            headers["Content-Encoding"] = "gzip"
        content = self.packed if is_packed else self.content
        return Response(content, headers=headers, media_type=self.kind)


class Assets:
    """All files by name: the path below the folder, such as `page.css`."""

    def __init__(self, files: Mapping[str, Asset]) -> None:
        self._files: Final = dict(files)
        digests = json.dumps({name: each.digest for name, each in sorted(files.items())})
        self.version: Final = hashlib.sha256(digests.encode()).hexdigest()[:12]

    def __getitem__(self, name: str) -> Asset:
        """Raises KeyError for an unknown name."""
        return self._files[name]

    @property
    def names(self) -> list[str]:
        return sorted(self._files)

    @property
    def routes(self) -> list[Route]:
        return [Route("/assets/{name:path}", self.serve)]

    def path(self, name: str) -> str:
        """The immutable address of a file. Raises KeyError for an unknown name."""
        self._files[name]
        return f"/assets/{self.version}/{name}"

    async def serve(self, request: Request) -> Response:
        """What a page loads."""
        asked: str = request.path_params["name"]
        version, _, below = asked.partition("/")
        if below in self._files:
            # A page of another release gets the file, but does not cache it.
            return self._files[below].response(request, is_kept=version == self.version)
        if asked in self._files:
            return self._files[asked].response(request)
        raise HTTPException(HTTPStatus.NOT_FOUND)


def minified(text: str) -> str:
    """The text without comments on lines of their own, indentation and empty lines.

    Template literals of several lines must not depend on these.
    """
    return _EMPTY.sub("", _INDENT.sub("", _COMMENT.sub("", text)))


def bundled(path: Path) -> str:
    """One script of a module and those of its folder that it imports, which come first.

    No two of them may have the same name at top level: a browser refuses such a script.
    """
    modules: dict[Path, str] = {}

    def add(module: Path) -> None:
        if module not in modules:
            text = module.read_text(encoding="utf-8")
            for name in _IMPORT.findall(text):
                add(module.with_name(name))
            modules[module] = _IMPORT.sub("", text)

    add(path)
    *imported, entry = modules.values()
    return "".join([*(_EXPORT.sub("", text) for text in imported), entry])


@cache
def shipped() -> Assets:
    """The files beside this module, and the component as one script."""
    files = {
        path.relative_to(FOLDER).as_posix(): Asset.read(path)
        for path in sorted(FOLDER.rglob("*"))
        if path.suffix in _TYPES
    }
    component = minified(bundled(FOLDER / "inbox" / "element.js"))
    return Assets({**files, _BUNDLE: Asset.of(component.encode(), _TYPES[".js"])})


def labelled(labels: Labels) -> Assets:
    """What is shipped; the inbox's words call categories as messages and preferences do."""
    files = shipped()
    said = {}
    for name in files.names:
        if found := _INBOX_WORDS.fullmatch(name):
            called = {
                f"category.{key}": labels.category(key, found[1]) for key in labels.categories
            }
            texts = {**json.loads(files[name].content), **called}
            said[name] = Asset.of(json.dumps(texts, ensure_ascii=False).encode(), files[name].kind)
    return Assets({**{name: files[name] for name in files.names}, **said})


class InboxScripts:
    """The scripts that the application's pages include."""

    def __init__(self, assets: Assets) -> None:
        self._component: Final = Asset.of(_entry(assets).encode(), assets["worker.js"].kind)
        self._worker: Final = assets["worker.js"]

    @property
    def routes(self) -> list[Route]:
        return [Route(COMPONENT, self.component), Route(WORKER, self.worker)]

    async def component(self, request: Request) -> Response:
        """A line that names the script of this release."""
        return self._component.response(request)

    async def worker(self, request: Request) -> Response:
        """Shows pushes. Its address says that it may do so for every page of the origin."""
        response = self._worker.response(request)
        response.headers.update(_WORKER_POLICY)
        return response


def _entry(assets: Assets) -> str:
    return f'export * from ".{assets.path(_BUNDLE)}";\n'
