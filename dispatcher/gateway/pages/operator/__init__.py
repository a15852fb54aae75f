"""`/operator`: the pages on which operators look up messages and their states.

HTML from the server, of forms and links, with an address for each view. They call the operations of
/v1/operator in this process, so both show the same. `operator.js` only adds: it draws a view anew
while somebody looks, and tells the server the browser's time zone.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db.connections import Pool
from dispatcher.gateway.auth import Authenticator
from dispatcher.gateway.pages.operator.dead_letters import DeadLettersView
from dispatcher.gateway.pages.operator.deliveries import DeliveriesView
from dispatcher.gateway.pages.operator.figures import FiguresView
from dispatcher.gateway.pages.operator.overview import OverviewView
from dispatcher.gateway.pages.operator.rejections import RejectionsView
from dispatcher.gateway.pages.operator.views import HOME, OperatorViews, Visit
from dispatcher.gateway.pages.page import see
from dispatcher.gateway.session import Cookies


class OperatorPages:
    """All views, and logging out. `is_secure`: browsers reach the gateway by https."""

    def __init__(
        self, pool: Pool, authenticator: Authenticator, views: OperatorViews, *, is_secure: bool
    ) -> None:
        self._authenticator: Final = authenticator
        self._cookies: Final = Cookies(is_secure=is_secure)
        self._views: Final = views
        self._all: Final = [
            view(pool, views)
            for view in (
                OverviewView,
                DeliveriesView,
                RejectionsView,
                DeadLettersView,
                FiguresView,
            )
        ]

    @property
    def routes(self) -> list[Route]:
        log_out = self._views.post(f"{HOME}/logout", self.log_out)
        return [log_out, *(route for view in self._all for route in view.routes)]

    async def log_out(self, visit: Visit) -> Response:
        """Ends the session; the page that follows says how to begin another."""
        await self._authenticator.end_operator_session(visit.operator)
        response = see(HOME)
        self._cookies.forget(response, self._authenticator.operator_cookie_name)
        return response
