"""The OpenAPI 3.1 description, made from the operations that are served."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from dispatcher import __version__
from dispatcher.gateway import problem
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.problem import ProblemDetails

PATH: Final = "/v1/openapi.json"

#: Statuses whose answer is a page, too, where the operation answers with a page.
_PAGES: Final = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_REF: Final = "#/components/schemas/{model}"
_SECURITY: Final[list[dict[str, list[str]]]] = [{"token": []}, {"cookie": []}]
_OPERATORS: Final[list[dict[str, list[str]]]] = [{"operator_token": []}, {"operator_cookie": []}]
_WITH_LINK: Final[list[dict[str, list[str]]]] = [*_SECURITY, {"link": []}]

Json = dict[str, Any]


class DescriptionApi:
    """`GET /v1/openapi.json`. Call `describe()` first. The text is made when somebody asks."""

    def __init__(self) -> None:
        self._text: Callable[[], bytes] = lambda: b"{}"

    @property
    def operations(self) -> list[Operation]:
        return [Operation.of("GET", PATH, "description", self.describe_all)]

    async def describe_all(self) -> Annotated[Response, "application/json"]:
        """All of this, as OpenAPI 3.1."""
        return Response(self._text(), media_type="application/json")

    def describe(
        self,
        operations: Iterable[Operation],
        others: Iterable[Route],
        streams: Mapping[str, ASGIApp],
        *,
        public_url: str,
        cookie_name: str,
        operator_cookie_name: str,
    ) -> None:
        """Describes everything. `others` have no Operation: their docstrings describe them."""
        self._text = cache(
            partial(
                _text_of,
                list(operations),
                list(others),
                dict(streams),
                public_url=public_url,
                cookie_name=cookie_name,
                operator_cookie_name=operator_cookie_name,
            )
        )


def _text_of(
    operations: Iterable[Operation],
    others: Iterable[Route],
    streams: Mapping[str, ASGIApp],
    *,
    public_url: str,
    cookie_name: str,
    operator_cookie_name: str,
) -> bytes:
    paths: Json = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    for route in others:
        for method in sorted((route.methods or set()) - {"HEAD"}):
            paths.setdefault(route.path, {})[method.lower()] = _route(route)
    for path, stream in streams.items():
        paths[path] = {"get": _stream(stream)}
    document = {
        "openapi": "3.1.1",
        "info": {
            "title": "Postbell",
            "version": __version__,
            "description": "Inbox, preferences and streams of one person at a time. The"
            " application signs a token (JWT, HS256) that says whose. By one of scope operator"
            " somebody sees what became of everybody's messages, and no inbox.",
        },
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": cookie_name},
                "operator_token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": 'With the claim `"scope": "operator"`.',
                },
                "operator_cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": operator_cookie_name,
                },
                "link": {
                    "type": "http",
                    "scheme": "link",
                    "description": "The token of the link to the preferences in a mail.",
                },
            },
        },
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _operation(operation: Operation) -> Json:
    described = {
        **_texts(operation.description),
        "operationId": operation.name,
        "tags": [operation.tag],
        "security": _security(operation),
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": {str(status): answer for status, answer in _answers(operation).items()},
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(operation.body)}},
        }
    return described


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.needs_operator:
        return _OPERATORS
    if operation.accepts_link:
        return _WITH_LINK
    return _SECURITY if operation.needs_recipient else []


def _answers(operation: Operation) -> dict[int, Json]:
    answers: dict[int, Json] = {}
    match operation.answer:
        case None:
            answers[HTTPStatus.NO_CONTENT] = {"description": "Done."}
        case str() as kind:
            content = {kind: {"schema": {} if kind.endswith("json") else {"type": "string"}}}
            answers[HTTPStatus.OK] = {"description": "What was asked for.", "content": content}
        case model:
            answers[HTTPStatus.OK] = {
                "description": " ".join((inspect.getdoc(model) or "").split()),
                "content": {"application/json": {"schema": _reference(model)}},
            }
    for status in sorted(operation.problems):
        is_page = operation.answer == "text/html" and status in _PAGES
        answers[status] = {
            "description": HTTPStatus(status).phrase,
            "content": {"text/html": {"schema": {"type": "string"}}}
            if is_page
            else {problem.MEDIA_TYPE: {"schema": _reference(ProblemDetails)}},
        }
    return answers


def _path_parameters(operation: Operation) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": TypeAdapter(kind).json_schema()}
        for name, kind in operation.path_arguments.items()
    ]


def _query_parameters(operation: Operation) -> list[Json]:
    if operation.query is None:
        return []
    schema = _fields(operation.query)
    required = schema.get("required", [])
    return [
        _query_parameter(name, dict(field), is_required=name in required)
        for name, field in schema["properties"].items()
    ]


def _query_parameter(name: str, schema: Json, *, is_required: bool) -> Json:
    parameter: Json = {"name": name, "in": "query", "required": is_required}
    if "description" in schema:
        parameter["description"] = schema.pop("description")
    # A query has no null: optional parameters are left out.
    options = [option for option in schema.pop("anyOf", []) if option != {"type": "null"}]
    if options:
        schema.pop("default", None)
        schema |= options[0]
    parameter["schema"] = schema
    return parameter


def _route(route: Route) -> Json:
    owner = getattr(route.endpoint, "__self__", None)
    said = inspect.getdoc(route.endpoint) or (owner is not None and inspect.getdoc(type(owner)))
    return {
        **_texts(said or route.path),
        "tags": ["providers"],
        "security": [],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in route.param_convertors
        ],
        "responses": {"default": {"description": "What the sender expects."}},
    }


def _stream(stream: ASGIApp) -> Json:
    module = inspect.getmodule(type(stream))
    return {
        **_texts((module and inspect.getdoc(module)) or "A stream."),
        "operationId": "stream",
        "tags": ["stream"],
        "security": [*_SECURITY, {}],
        "parameters": [
            {"name": "ticket", "in": "query", "required": False, "schema": {"type": "string"}},
            {"name": "Last-Event-ID", "in": "header", "required": False,
             "schema": {"type": "string"}},
            {"name": "last_event_id", "in": "query", "required": False,
             "schema": {"type": "string"}},
        ],
        "responses": {
            "200": {
                "description": "Server-sent events, until either side ends it.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            "default": {
                "description": "The client is not authenticated, or the stream cannot begin now.",
                "content": {problem.MEDIA_TYPE: {"schema": _reference(ProblemDetails)}},
            },
        },
    }  # fmt: skip


def _texts(docstring: str) -> Json:
    """The first paragraph is the summary; the rest is the description."""
    summary, _, rest = docstring.partition("\n\n")
    texts = {"summary": " ".join(summary.split()).rstrip(".")}
    return {**texts, "description": rest} if rest else texts


def _schemas(operations: Iterable[Operation]) -> Json:
    used: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {
        (ProblemDetails, "serialization"): None
    }
    for operation in operations:
        if operation.body is not None:
            used[operation.body, "validation"] = None
        if operation.answer is not None and not isinstance(operation.answer, str):
            used[operation.answer, "serialization"] = None
    return _definitions(tuple(used))


# The slowest part, and always the same for the same models.
@cache
def _definitions(used: tuple[tuple[type[BaseModel], JsonSchemaMode], ...]) -> Json:
    _, definitions = models_json_schema(used, ref_template=_REF)
    schemas: Json = definitions["$defs"]
    return schemas


@cache
def _fields(query: type[BaseModel]) -> Json:
    return query.model_json_schema(ref_template=_REF)


def _reference(model: type[BaseModel]) -> Json:
    return {"$ref": _REF.format(model=model.__name__)}
