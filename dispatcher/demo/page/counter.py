"""The page's buttons: the catalogue, what a button would do, and pressing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.demo.cast import BY_KEY, Person
from dispatcher.demo.deeds.all import DEEDS
from dispatcher.demo.deeds.deed import Deed
from dispatcher.demo.deeds.presser import Foreseen, Presser
from dispatcher.demo.page.answers import body_of, json_answer
from dispatcher.demo.page.reader import said
from dispatcher.rendering.event_type import EventType

#: The categories of the catalogue, as the page has them one under another.
_CATEGORIES: Final = ("orders", "payments", "loyalty", "classes", "tickets")


class CounterPages:
    """`events` is the catalogue, which says what there is to press."""

    def __init__(self, presser: Presser, events: Mapping[str, EventType]) -> None:
        self._presser = presser
        self._events = events

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/catalogue", self.catalogue),
            Route("/api/deeds/{deed}", self.press, methods=["POST"]),
            Route("/api/deeds/{deed}/what-if", self.foresee, methods=["POST"]),
            Route("/api/what-if", self.explain, methods=["POST"]),
        ]

    async def catalogue(self, request: Request) -> Response:  # noqa: ARG002
        """Every event by category, with the buttons that cause it."""
        # In the order of their buttons; what has none comes last.
        places = [deed.event for deed in DEEDS.values()]
        places += sorted(self._events.keys() - places)
        events = sorted(self._events.values(), key=lambda event: places.index(event.key))
        found = {event.category for event in events}
        order = [*_CATEGORIES, *sorted(found.difference(_CATEGORIES))]
        return json_answer(
            [
                {
                    "category": category,
                    "events": [_listed(event) for event in events if event.category == category],
                }
                for category in order
                if category in found
            ]
        )

    async def press(self, request: Request) -> Response:
        """Do it. Answers with the moments, whose decisions follow as they are made."""
        deed, person = _deed(request), _person(await body_of(request))
        moments = await self._presser.press(deed, person)
        return json_answer(
            {
                "moments": [
                    {
                        "key": f"moment-{moment.number}",
                        "title": moment.title,
                        "rolled_back_by": moment.rolled_back_by,
                        "events": len(moment.outbox_ids),
                    }
                    for moment in moments
                ]
            }
        )

    async def foresee(self, request: Request) -> Response:
        """What would come of it; nothing does."""
        deed, person = _deed(request), _person(await body_of(request))
        prospect = await self._presser.foresee(deed, person)
        return json_answer(
            {
                "statements": prospect.statements,
                "rolled_back_by": prospect.rolled_back_by,
                "events": [_foreseen(each, person.house) for each in prospect.foreseen],
            }
        )

    async def explain(self, request: Request) -> Response:
        """As `postbell.explain(event, recipient, payload)` answers."""
        body = await body_of(request)
        event, payload = body.get("event"), body.get("payload", {})
        if not isinstance(event, str) or not isinstance(payload, dict):
            raise HTTPException(400, 'Send {"event": "order.paid", "payload": {…}, "person": …}.')
        person = _person(body)
        foreseen = await self._presser.explain(event, person, payload)
        return json_answer({"events": [_foreseen(foreseen, person.house)]})


def _listed(event: EventType) -> dict[str, Any]:
    return {
        "key": event.key,
        "label": event.label,
        "description": event.description,
        "priority": event.priority,
        "channels": event.default_channels,
        "deeds": [
            {
                "key": deed.key,
                "label": deed.label,
                "way": deed.way,
                "rolls_back": deed.rolled_back_by is not None,
            }
            for deed in DEEDS.values()
            if deed.event == event.key
        ],
    }


def _foreseen(foreseen: Foreseen, house: str) -> dict[str, Any]:
    return {
        "tenant_id": house,
        "event": foreseen.event,
        "payload": foreseen.payload,
        "decisions": [said({**row, "state": row["decision"]}) for row in foreseen.decisions],
    }


def _deed(request: Request) -> Deed:
    deed = DEEDS.get(request.path_params["deed"])
    if deed is None:
        raise HTTPException(404, "There is no such button.")
    return deed


def _person(body: Mapping[str, Any]) -> Person:
    """As the page's list of people names them: house and id, with a slash between."""
    house, _, name = str(body.get("person", "")).partition("/")
    person = BY_KEY.get((house, name))
    if person is None:
        raise HTTPException(400, 'Send {"person": "default/u1"}.')
    return person
