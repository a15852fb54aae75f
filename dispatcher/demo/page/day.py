"""An ordinary day in the marketplace, which goes on while a visitor wants to see one."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.demo.market.marketplace import Marketplace
from dispatcher.demo.page.answers import body_of, json_answer
from dispatcher.demo.traffic import flow


class Day:
    """At first it is quiet: whoever presses a button shall see what came of it."""

    def __init__(self, market: Marketplace) -> None:
        self._market = market
        self._is_busy = asyncio.Event()

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/day", self.show),
            Route("/api/day", self.change, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        return json_answer({"is_busy": self._is_busy.is_set()})

    async def change(self, request: Request) -> Response:
        match await body_of(request):
            case {"is_busy": True}:
                self._is_busy.set()
            case {"is_busy": False}:
                self._is_busy.clear()
            case _:
                raise HTTPException(400, 'Send {"is_busy": true} or false.')
        return json_answer({"is_busy": self._is_busy.is_set()})

    async def run(self) -> None:
        """Ends only when cancelled."""
        async for _ in flow(self._market):
            await self._is_busy.wait()
