"""What the operator's views share: who asks, how it is said, and the frame around a view.

A further view is a class with `routes`, its template beside it, and words in operator.LANG.json.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dispatcher.gateway import problem
from dispatcher.gateway.auth import Authenticator, Operator
from dispatcher.gateway.operation import LARGEST_BODY, read_body
from dispatcher.gateway.operator.overview import Names, OperatorOverviewApi
from dispatcher.gateway.pages.operator.wording import ZONE_COOKIE, Wording, zone_of
from dispatcher.gateway.pages.page import Page, language
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
        self, authenticator: Authenticator, page: Page, overview: OperatorOverviewApi
    ) -> None:
        self._authenticator: Final = authenticator
        self._page: Final = page
        self._overview: Final = overview

    def get(self, path: str, show: Show) -> Route:
        """A page at an address."""
        return Route(path, self._answer(show))

    def post(self, path: str, act: Show, *, most: int = LARGEST_BODY) -> Route:
        """What a form of at most so many bytes does. The page with it must be the gateway's own."""
        return Route(path, self._answer(act, most), methods=["POST"])

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
        said = visit.query.get("said")
        return self._page.render(
            f"operator/{template or view.replace('-', '_')}.html",
            lang=visit.say.lang,
            status=status,
            say=visit.say,
            view=view,
            views=VIEWS,
            operator=visit.operator.name,
            now=datetime.now(UTC),
            every=every,
            message=_message(visit.say, said, visit.query.get("count", "0")) if said else "",
            url=address,
            **values,
        )

    async def names(self, visit: Visit) -> Names:
        """The tenants and events to choose from."""
        return await self._overview.list_names(visit.operator)

    def _answer(
        self, show: Show, most: int = LARGEST_BODY
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            say = Wording(language(None, request), zone_of(request.cookies.get(ZONE_COOKIE)))
            try:
                operator = await self._authenticator.authenticate_operator(request)
                form = {} if request.method == "GET" else await _form_of(request, most)
                return await show(Visit(request, operator, say, form))
            except Unauthorized:
                return self._note(say, HTTPStatus.UNAUTHORIZED, *_texts(say, "refused"))
            except problem.EXPECTED as error:
                found = problem.problem_of(request, error)
                told = found.details
                response = self._note(say, HTTPStatus(told.status), told.detail, told.remedy)
                response.headers.update(found.headers)
                return response

        return answer

    def _note(self, say: Wording, status: HTTPStatus, heading: str, sentence: str) -> Response:
        return self._page.render(
            "login.html", lang=say.lang, status=status, heading=heading, sentence=sentence
        )


def address(path: str, query: Mapping[str, object] | None = None, **more: object) -> str:
    """An address with those parameters that say something."""
    named = {name: value for name, value in {**(query or {}), **more}.items() if value}
    return f"{path}?{urlencode(named)}" if named else path


def see(path: str, query: Mapping[str, object] | None = None, **more: object) -> Response:
    """After a form: the browser gets another page (303), which may be loaded again."""
    return RedirectResponse(address(path, query, **more), HTTPStatus.SEE_OTHER)


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


async def _form_of(request: Request, most: int) -> dict[str, str]:
    sent = (await read_body(request, most)).decode("utf-8", errors="replace")
    return {name: value.strip() for name, value in parse_qsl(sent) if value.strip()}


def _message(say: Wording, said: str, count: str) -> str:
    # Only what is ours: anybody may write an address.
    return say.count("retried", int(count)) if said == "retried" and count.isdecimal() else ""


def _texts(say: Wording, name: str) -> tuple[str, str]:
    return say(f"{name}.heading"), say(f"{name}.sentence")
