"""What the operator's views share: who asks, how it is said, and the frame around a view.

A further view is a class with `routes`, its template beside it, and words in operator.LANG.json.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.gateway.auth import Authenticator, Operator
from dispatcher.gateway.operation import LARGEST_BODY
from dispatcher.gateway.operator.overview import Names, OperatorOverviewApi
from dispatcher.gateway.pages.flash import Flash
from dispatcher.gateway.pages.operator.wording import ZONE_COOKIE, Wording, zone_of
from dispatcher.gateway.pages.page import Page, address, language, note, read_form, see
from dispatcher.gateway.problem import Problem, Unauthorized, invalid

#: The views in the navigation, by the last part of their address; the overview has none.
VIEWS: Final = ("overview", "deliveries", "rejections", "dead-letters", "figures")
HOME: Final = "/operator"


class Asked(dict[str, str]):
    """What an address or a form names; empty for anything else, for templates are strict."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of an operator's browser."""

    request: Request
    operator: Operator
    say: Wording
    #: What a form sent; empty for GET.
    form: Mapping[str, str]

    @property
    def query(self) -> Asked:
        """The parameters of the address that are not empty."""
        return Asked((name, value) for name, value in self.request.query_params.items() if value)


_Query = TypeVar("_Query", bound=BaseModel)
Show = Callable[[Visit], Awaitable[Response]]


class OperatorViews:
    """Lets operators in, and renders their views."""

    def __init__(
        self, authenticator: Authenticator, page: Page, flash: Flash, overview: OperatorOverviewApi
    ) -> None:
        """`flash` is for the pages below HOME."""
        self._authenticator: Final = authenticator
        self._page: Final = page
        self._flash: Final = flash
        self._overview: Final = overview

    def get(self, path: str, show: Show) -> Route:
        """A page at an address."""
        return self._page.route(path, self._answer(show), explains=True)

    def post(self, path: str, act: Show, *, most: int = LARGEST_BODY) -> Route:
        """What a form of at most so many bytes does. The page with it must be the gateway's own."""
        return self._page.route(path, self._answer(act, most), ["POST"], explains=True)

    def render(
        self,
        visit: Visit,
        view: str,
        template: str | None = None,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        every: int = 0,
        **values: Any,
    ) -> Response:
        """A template of a view; `every` so many seconds a script draws it anew (0: never)."""
        told = self._flash.read(visit.request, (visit.operator.name,))
        response = self._page.render(
            f"operator/{template or view.replace('-', '_')}.html",
            lang=visit.say.lang,
            status=status,
            say=visit.say,
            view=view,
            views=VIEWS,
            operator=visit.operator.name,
            now=datetime.now(UTC),
            every=every,
            is_search=bool(visit.query),
            message=told["message"] if told else "",
            url=address,
            **values,
        )
        if told is not None:
            self._flash.clear(response)
        return response

    def done(self, visit: Visit, to: str, message: str) -> Response:
        """After a form: leads to a page, which tells the message once."""
        response = see(to)
        self._flash.set(response, (visit.operator.name,), {"message": message})
        return response

    async def names(self, visit: Visit) -> Names:
        """The tenants and events to choose from."""
        return await self._overview.list_names(visit.operator)

    def _answer(
        self, show: Show, most: int = LARGEST_BODY
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                operator = await self._authenticator.authenticate_operator(request)
            except Unauthorized:
                return note(self._page, request, "operator", "refused", HTTPStatus.UNAUTHORIZED)
            say = Wording(language(None, request), zone_of(request.cookies.get(ZONE_COOKIE)))
            sent = {} if request.method == "GET" else await read_form(request, most)
            form = {name: value for name, written in sent.items() if (value := written[-1].strip())}
            return await show(Visit(request, operator, say, form))

        return answer


def read_query(model: type[_Query], query: Mapping[str, str]) -> _Query:
    """The parameters that the model knows. Raises Problem (422)."""
    known = {name: value for name, value in query.items() if name in model.model_fields}
    try:
        return model.model_validate(known)
    except ValidationError as error:
        raise invalid("query", error) from None


def fault_of(error: Problem) -> str:
    """What is wrong with a search, and the remedy."""
    return f"{error.details.detail} {error.details.remedy}"
