"""The component `<postbell-inbox>`, and the service worker: two addresses that stay for ever."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.gateway.pages.assets import Asset, Assets

COMPONENT: Final = "/postbell-inbox.js"
WORKER: Final = "/postbell-worker.js"

#: A service worker is held to the policy that it came with.
_WORKER_POLICY: Final = MappingProxyType(
    {"Content-Security-Policy": "default-src 'none'; connect-src 'self'"}
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
