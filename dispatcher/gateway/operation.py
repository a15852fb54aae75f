"""One operation of the HTTP API: declared once, and served and described from the declaration.

The declaration is the signature of a handler. Its argument `identity` is the authenticated
recipient, `chooser` the same or the holder of a preferences link, `operator` an operator. `query`
and `body` are models, `request` is Starlette's; any other argument is a path parameter. It returns
the answer: a model, or None (204). `Annotated[Response, …]` marks a handler that builds the
response itself, and what that has: a model, None, or a media type.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import NoneType
from typing import Annotated, Any, Final, Self, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from dispatcher.gateway.auth import Authenticator
from dispatcher.gateway.problem import FieldFault, Problem, invalid, too_large

#: Bytes. Marking a hundred items takes two thousand.
LARGEST_BODY: Final = 16_384

Handler = Callable[..., Awaitable[Any]]

_KNOWN: Final = frozenset({"chooser", "identity", "operator", "query", "body", "request"})


async def read_body(request: Request, most: int = LARGEST_BODY) -> bytes:
    """The body of a request. Raises Problem (413) as soon as it has more than `most` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise too_large(most)
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > most:
            raise too_large(most)
    return bytes(received)


@dataclass(frozen=True, slots=True)
class Operation:
    """A method and a path, with what goes in and what comes out."""

    method: str
    path: str
    tag: str
    handler: Handler
    arguments: Mapping[str, Any]
    answer: type[BaseModel] | str | None
    #: Statuses of problems besides those that follow from its arguments.
    own_problems: tuple[int, ...] = ()

    @classmethod
    def of(cls, method: str, path: str, tag: str, handler: Handler, *problems: int) -> Self:
        hints = get_type_hints(handler, include_extras=True)
        answer = hints.pop("return")
        if get_origin(answer) is Annotated:
            answer = get_args(answer)[1]
        return cls(
            method,
            path,
            tag,
            handler,
            hints,
            None if answer in (None, NoneType) else answer,
            problems,
        )

    @property
    def name(self) -> str:
        """The handler's name, such as `mark_read`."""
        return self.handler.__name__

    @property
    def description(self) -> str:
        return inspect.getdoc(self.handler) or ""

    @property
    def needs_recipient(self) -> bool:
        """Whether a recipient must be authenticated."""
        return "identity" in self.arguments or self.accepts_link

    @property
    def accepts_link(self) -> bool:
        """Whether a preferences link authenticates, too."""
        return "chooser" in self.arguments

    @property
    def needs_operator(self) -> bool:
        """Whether an operator must be authenticated."""
        return "operator" in self.arguments

    @property
    def query(self) -> type[BaseModel] | None:
        return self.arguments.get("query")

    @property
    def body(self) -> type[BaseModel] | None:
        return self.arguments.get("body")

    @property
    def path_arguments(self) -> dict[str, Any]:
        return {name: kind for name, kind in self.arguments.items() if name not in _KNOWN}

    @property
    def problems(self) -> set[int]:
        """The statuses of its problem documents."""
        found = {*self.own_problems, HTTPStatus.SERVICE_UNAVAILABLE}
        if self.needs_recipient or self.needs_operator:
            found |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}
            if self.method != "GET" or self.needs_operator:
                found.add(HTTPStatus.FORBIDDEN)
        if self.path_arguments:
            found.add(HTTPStatus.NOT_FOUND)
        if self.query is not None:
            found.add(HTTPStatus.UNPROCESSABLE_ENTITY)
        if self.body is not None:
            found |= {
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                HTTPStatus.UNPROCESSABLE_ENTITY,
            }
        return {int(status) for status in found}

    async def respond(self, authenticator: Authenticator, request: Request) -> Response:
        """Raises Problem, Unauthorized, ForeignOrigin, and whatever the database raises."""
        given: dict[str, Any] = {}
        if self.accepts_link:
            given["chooser"] = await authenticator.authenticate_or_link(request)
        elif self.needs_recipient:
            given["identity"] = await authenticator.authenticate(request)
        if self.needs_operator:
            given["operator"] = await authenticator.authenticate_operator(request)
        if "request" in self.arguments:
            given["request"] = request
        for name, kind in self.path_arguments.items():
            given[name] = _path_argument(name, kind, request.path_params[name])
        if self.query is not None:
            given["query"] = _query(self.query, request.query_params)
        if self.body is not None:
            given["body"] = await _body(self.body, request)

        answer = await self.handler(**given)
        if isinstance(answer, Response):
            return answer
        if answer is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return Response(answer.model_dump_json(), media_type="application/json")


def routes(operations: Iterable[Operation], authenticator: Authenticator) -> list[Route]:
    """A route for each path; those without parameters come first."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, {})[operation.method] = operation

    def route(path: str, by_method: dict[str, Operation]) -> Route:
        async def endpoint(request: Request) -> Response:
            method = "GET" if request.method == "HEAD" else request.method
            return await by_method[method].respond(authenticator, request)

        return _WholePath(path, endpoint, methods=list(by_method))

    paths = sorted(by_path, key=lambda path: path.count("{"))
    return [route(path, by_path[path]) for path in paths]


class _WholePath(Route):
    """Answers methods that it does not have, too: 405 with `Allow`.

    Otherwise a path with a parameter would match them: POST /v1/inbox/read is no item `read`.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        return (Match.FULL if match is Match.PARTIAL else match), child_scope


def _path_argument(name: str, kind: Any, written: str) -> Any:
    try:
        return TypeAdapter(kind).validate_python(written)
    except ValidationError:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "not_found",
            f"{name} is none that could be there.",
            "Ask for the list: what it names is there.",
            errors=[FieldFault(field=f"path.{name}", detail="It names nothing.")],
        ) from None


def _query(model: type[BaseModel], given: QueryParams) -> BaseModel:
    values: dict[str, Any] = {}
    for name in given:
        written = given.getlist(name)
        field = model.model_fields.get(name)
        is_list = field is not None and get_origin(field.annotation) is list
        # A parameter that is repeated is refused by its type.
        values[name] = written if is_list or len(written) > 1 else written[0]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise invalid("query", error) from None


async def _body(model: type[BaseModel], request: Request) -> BaseModel:
    # A form of another site cannot send this type without a preflight request (CORS).
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body is not declared as JSON.",
            "Send Content-Type: application/json.",
        )
    try:
        return model.model_validate_json(await read_body(request), strict=True)
    except ValidationError as error:
        raise invalid("body", error) from None
