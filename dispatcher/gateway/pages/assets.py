"""The component `<postbell-inbox>`, and the service worker: two addresses that stay for ever."""

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

FOLDER: Final = Path(__file__).parent

_TYPES: Final = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".svg": "image/svg+xml",
    }
)
_SQUEEZED: Final = frozenset({".css", ".js"})
_COMMENT: Final = re.compile(r"^[ \t]*(?://[^\n]*|/\*.*?\*/[ \t]*)$", re.MULTILINE | re.DOTALL)
_INDENT: Final = re.compile(r"^[ \t]+", re.MULTILINE)
_EMPTY: Final = re.compile(r"^\n+", re.MULTILINE)
#: It is at that address for good.
_KEPT: Final = "public, max-age=31536000, immutable"
#: A browser may keep it, and asks each time whether it is still so.
_ASKED: Final = "public, no-cache"
#: They are the same for everybody, whoever's page loads them.
PUBLIC: Final = MappingProxyType(
    {
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Accept-Encoding",
    }
)

COMPONENT: Final = "/postbell-inbox.js"
WORKER: Final = "/postbell-worker.js"

#: A service worker is held to the policy that it came with.
_WORKER_POLICY: Final = MappingProxyType(
    {"Content-Security-Policy": "default-src 'none'; connect-src 'self'"}
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is sent."""

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
        if path.suffix in _SQUEEZED:
            text = squeezed(text)
        return cls.of(text.encode(), _TYPES[path.suffix])

    def response(self, request: Request, *, is_kept: bool = False) -> Response:
        """`is_kept` says that this address never has anything else."""
        is_packed = "gzip" in request.headers.get("accept-encoding", "")
        # Strong: of these bytes, and so not of those before they were packed (RFC 9110, 8.8.3.3).
        tag = f'"{self.digest[:32]}{"-gzip" if is_packed else ""}"'
        headers = {**PUBLIC, "ETag": tag, "Cache-Control": _KEPT if is_kept else _ASKED}
        known = request.headers.get("if-none-match", "")
        if tag in [each.strip().removeprefix("W/") for each in known.split(",")]:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if is_packed:
            headers["Content-Encoding"] = "gzip"
        content = self.packed if is_packed else self.content
        return Response(content, headers=headers, media_type=self.kind)


class Assets:
    """All of them, by name: the path below the folder, such as `page.css`."""

    def __init__(self, files: Mapping[str, Asset]) -> None:
        self._files: Final = dict(files)
        digests = json.dumps({name: each.digest for name, each in sorted(files.items())})
        self.version: Final = hashlib.sha256(digests.encode()).hexdigest()[:12]

    def __getitem__(self, name: str) -> Asset:
        """Raises KeyError with a name that is none."""
        return self._files[name]

    @property
    def names(self) -> list[str]:
        return sorted(self._files)

    @property
    def routes(self) -> list[Route]:
        return [Route("/assets/{name:path}", self.serve)]

    def path(self, name: str) -> str:
        """Where a page finds it for good. Raises KeyError, so that no page names what is not."""
        self._files[name]
        return f"/assets/{self.version}/{name}"

    async def serve(self, request: Request) -> Response:
        """What a page loads."""
        asked: str = request.path_params["name"]
        version, _, below = asked.partition("/")
        if below in self._files:
            # A page that another release wrote gets ours, but does not keep it.
            return self._files[below].response(request, is_kept=version == self.version)
        if asked in self._files:
            return self._files[asked].response(request)
        raise HTTPException(HTTPStatus.NOT_FOUND)


def squeezed(text: str) -> str:
    """Without the comments that have lines of their own, indentation and empty lines.

    A text over several lines, between backticks, must not depend on these.
    """
    return _EMPTY.sub("", _INDENT.sub("", _COMMENT.sub("", text)))


@cache
def shipped() -> Assets:
    """Those beside this module."""
    return Assets(
        {
            path.relative_to(FOLDER).as_posix(): Asset.read(path)
            for path in sorted(FOLDER.rglob("*"))
            if path.suffix in _TYPES
        }
    )


class InboxScripts:
    """What a page of the application's includes; the rest is among `assets`, kept for good."""

    def __init__(self, assets: Assets) -> None:
        self._component: Final = Asset.of(_entry(assets).encode(), assets["worker.js"].kind)
        self._worker: Final = assets["worker.js"]

    @property
    def routes(self) -> list[Route]:
        return [Route(COMPONENT, self.component), Route(WORKER, self.worker)]

    async def component(self, request: Request) -> Response:
        """A few lines that name this release's modules."""
        return self._component.response(request)

    async def worker(self, request: Request) -> Response:
        """Shows pushes. Its address says that it may do so for every page of the origin."""
        response = self._worker.response(request)
        response.headers.update(_WORKER_POLICY)
        return response


def _entry(assets: Assets) -> str:
    # By name, so that a browser asks for all of them at once and not for one after the other.
    modules = [name for name in assets.names if name.startswith("inbox/")]
    imports = "".join(f'import ".{assets.path(name)}";\n' for name in modules)
    return f'{imports}export * from ".{assets.path("inbox/element.js")}";\n'
