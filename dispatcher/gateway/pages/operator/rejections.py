"""`/operator/rejections`: events that could not be routed."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db.connections import Pool
from dispatcher.gateway.operator.events import RejectionsApi, RejectionsQuery
from dispatcher.gateway.pages.operator.views import HOME, OperatorViews, Visit, read_query

_EVERY: Final = 10


class RejectionsView:
    def __init__(self, pool: Pool, views: OperatorViews) -> None:
        self._views: Final = views
        self._rejections: Final = RejectionsApi(pool)

    @property
    def routes(self) -> list[Route]:
        return [self._views.get(f"{HOME}/rejections", self.show)]

    async def show(self, visit: Visit) -> Response:
        """Each with its reason and the remedy, newest first."""
        query = read_query(RejectionsQuery, visit.query)
        found = await self._rejections.list_rejections(visit.operator, query)
        return self._views.render(
            visit,
            "rejections",
            every=_EVERY,
            found=found,
            names=await self._views.names(visit),
            query=visit.query,
        )
