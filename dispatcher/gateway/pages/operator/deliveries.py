"""`/operator/deliveries`: found by what one knows of them, and each with its timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, get_args

from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db.connections import Pool
from dispatcher.gateway.operator.deliveries import (
    Addressee,
    DeliveriesApi,
    DeliveriesPage,
    DeliveriesQuery,
    Delivery,
    RecipientsApi,
    RecipientsQuery,
    State,
)
from dispatcher.gateway.operator.events import Decided, EventQuery, EventsApi
from dispatcher.gateway.pages.operator.views import (
    HOME,
    Asked,
    OperatorViews,
    Visit,
    fault_of,
    read_query,
)
from dispatcher.gateway.pages.operator.wording import Wording
from dispatcher.gateway.pages.page import address, see
from dispatcher.gateway.problem import Problem, not_found

PATH: Final = f"{HOME}/deliveries"
_EVERY: Final = 10
#: The ends of a range of times, which are absolute in an address and local in a field.
_TIMES: Final = frozenset({"since", "until"})
#: Ranges to choose from.
_LATEST: Final[Mapping[str, timedelta]] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}
#: States of dead letters.
_DEAD: Final = frozenset({"failed", "refused", "bounced"})
#: Reasons of dead letters that may have been sent after all.
_IN_DOUBT: Final = "never_reported"


class DeliveriesView:
    def __init__(self, pool: Pool, views: OperatorViews) -> None:
        self._views: Final = views
        self._deliveries: Final = DeliveriesApi(pool)
        self._recipients: Final = RecipientsApi(pool)
        self._events: Final = EventsApi(pool)

    @property
    def routes(self) -> list[Route]:
        return [
            self._views.get(PATH, self.show),
            self._views.post(PATH, self.search),
            self._views.get(f"{PATH}/{{delivery_id}}", self.show_one),
        ]

    async def show(self, visit: Visit) -> Response:
        """The search that the address names, and what it finds."""
        try:
            query = read_query(DeliveriesQuery, visit.query)
            found = await self._deliveries.find_deliveries(visit.operator, query)
        except Problem as error:
            if error.details.status != HTTPStatus.UNPROCESSABLE_ENTITY:
                raise
            return await self._page(visit, visit.query, fault=fault_of(error))
        return await self._page(visit, visit.query, found=found, query=query)

    async def search(self, visit: Visit) -> Response:
        """What the form says, as an address. An e-mail address stands in none: people do.

        Local times are made absolute, so that an address means the same to everybody.
        """
        asked = {
            name: value
            for name, value in visit.form.items()
            if name in DeliveriesQuery.model_fields
        }
        for name in asked.keys() & _TIMES:
            try:
                asked[name] = f"{visit.say.instant(asked[name]):%Y-%m-%dT%H:%M:%SZ}"
            except (ValueError, OverflowError):
                fault = visit.say("search.no_time", time=asked[name])
                return await self._page(visit, {**asked, name: ""}, fault=fault)
        if "@" not in asked.get("recipient", ""):
            return see(PATH, asked)
        found = await self._recipients.find_recipients(
            visit.operator, RecipientsQuery(email=asked["recipient"][:255])
        )
        people = [
            each for each in found.recipients if asked.get("tenant") in (None, each.tenant_id)
        ]
        if len(people) == 1:
            return see(PATH, _of_person(asked, people[0]))
        return await self._page(
            visit,
            asked,
            people=[(each, address(PATH, _of_person(asked, each))) for each in people],
            fault="" if people else visit.say("search.nobody"),
        )

    async def show_one(self, visit: Visit) -> Response:
        """One delivery: where it went, what was decided, and what became of it."""
        written: str = visit.request.path_params["delivery_id"]
        if not (written.isascii() and written.isdecimal() and 0 < int(written) < 2**63):
            raise not_found(f"Delivery {written[:20]}")
        delivery = await self._deliveries.get_delivery(visit.operator, int(written))
        return self._views.render(
            visit,
            "deliveries",
            "delivery",
            every=_EVERY,
            delivery=delivery,
            decisions=await self._decisions(visit, delivery),
            is_as_decided=_is_as_decided(delivery),
            is_dead=delivery.state in _DEAD,
            is_in_doubt=delivery.reason == _IN_DOUBT,
            facts=[(name, fact) for name, fact in _facts(visit.say, delivery) if fact],
        )

    async def _decisions(self, visit: Visit, delivery: Delivery) -> list[Decided]:
        """What was decided about the person; nothing of an event that is not kept any more."""
        whom = EventQuery(recipient=delivery.recipient_id)
        try:
            told = await self._events.explain_event(visit.operator, delivery.outbox_id, whom)
        except Problem:
            return []
        return told.decisions

    async def _page(
        self,
        visit: Visit,
        asked: Mapping[str, str],
        *,
        found: DeliveriesPage | None = None,
        query: DeliveriesQuery | None = None,
        people: list[tuple[Addressee, str]] | None = None,
        fault: str = "",
    ) -> Response:
        say = visit.say
        searched = {name: value for name, value in asked.items() if name != "cursor"}
        times = {name: say.local(getattr(query, name)) if query else "" for name in _TIMES}
        return self._views.render(
            visit,
            "deliveries",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK,
            every=_EVERY if found and "cursor" not in asked else 0,
            asked=Asked({**asked, **times}),
            searched=searched,
            address=visit.query,
            found=found,
            people=people,
            fault=fault,
            states=get_args(State),
            latest=_LATEST,
            names=await self._views.names(visit),
        )


def _of_person(asked: Mapping[str, str], person: Addressee) -> dict[str, str]:
    return {**asked, "recipient": person.recipient_id, "tenant": person.tenant_id}


def _is_as_decided(delivery: Delivery) -> bool:
    """Sent, or on its way, with nothing to add to the decision."""
    is_same = delivery.reason == delivery.decision_reason
    return is_same and delivery.decision != "no" and delivery.state != "waiting"


def _facts(say: Wording, delivery: Delivery) -> list[tuple[str, str | None]]:
    def moment(at: Any) -> str | None:
        return at and say.moment(at)

    return [
        ("channel", say.channel(delivery.channel)),
        ("address", delivery.address),
        ("provider", delivery.provider),
        ("message_id", delivery.provider_message_id),
        ("tries", say.number(delivery.attempts)),
        ("emitted", moment(delivery.created_at)),
        ("due", moment(delivery.due_at) if delivery.state == "waiting" else None),
        ("sent", moment(delivery.sent_at)),
        ("delivered", moment(delivery.delivered_at)),
        ("opened", moment(delivery.opened_at)),
        ("clicked", moment(delivery.clicked_at)),
    ]
