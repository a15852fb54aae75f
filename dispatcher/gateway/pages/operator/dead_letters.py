"""`/operator/dead-letters`: what was given up, by reason, and sending it again."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db.connections import Pool
from dispatcher.gateway.operator.dead_letters import (
    DeadGroupsQuery,
    DeadLettersApi,
    DeadLettersQuery,
    WhichToRetry,
)
from dispatcher.gateway.pages.login import is_our_path
from dispatcher.gateway.pages.operator.views import HOME, OperatorViews, Visit, read_query
from dispatcher.gateway.pages.page import address
from dispatcher.gateway.problem import Problem, invalid

PATH: Final = f"{HOME}/dead-letters"
_EVERY: Final = 10


class DeadLettersView:
    def __init__(self, pool: Pool, views: OperatorViews) -> None:
        self._views: Final = views
        self._dead: Final = DeadLettersApi(pool)

    @property
    def routes(self) -> list[Route]:
        return [
            self._views.get(PATH, self.show),
            self._views.post(f"{PATH}/retry", self.retry),
        ]

    async def show(self, visit: Visit) -> Response:
        """The reasons, then the dead letters, of all or of one reason."""
        query = read_query(DeadLettersQuery, visit.query)
        groups = await self._dead.group_dead_letters(
            visit.operator, read_query(DeadGroupsQuery, visit.query)
        )
        found = await self._dead.list_dead_letters(visit.operator, query)
        return self._views.render(
            visit,
            "dead-letters",
            every=_EVERY,
            groups=[group for group in groups.groups if query.reason in (None, group.reason)],
            found=found,
            names=await self._views.names(visit),
            query=visit.query,
            # Where a form leads back to: the page as it is, without a former message.
            here=address(PATH, {name: visit.query[name] for name in _kept(visit)}),
        )

    async def retry(self, visit: Visit) -> Response:
        """One, or all that the form names; then back to where the form was."""
        to = visit.form.get("to", PATH)
        named: dict[str, object] = {
            name: value for name, value in visit.form.items() if name in WhichToRetry.model_fields
        }
        if "all" in named:
            named["all"] = True
        try:
            which = WhichToRetry.model_validate(named)
        except ValidationError as error:
            raise invalid("form", error) from None
        try:
            retried = (await self._dead.retry_dead_letters(visit.operator, which)).retried
        except Problem:
            # Somebody else has sent it again meanwhile.
            retried = 0
        message = visit.say.count("retried", retried)
        return self._views.done(visit, to if is_our_path(to) else PATH, message)


def _kept(visit: Visit) -> list[str]:
    return [name for name in visit.query if name in DeadLettersQuery.model_fields]
