"""Errors of the HTTP API as problem documents (RFC 9457): `application/problem+json`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import psycopg
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dispatcher import errors
from dispatcher.db.connections import is_unavailable
from dispatcher.errors import PostbellError

log = structlog.get_logger()

MEDIA_TYPE: Final = "application/problem+json"

#: The field of a request that an error of the database is about.
_FIELDS: Final[Mapping[type[PostbellError], str]] = {
    errors.UnknownEventError: "event",
    errors.InvalidChannelError: "channel",
    errors.InvalidTimeZoneError: "time_zone",
    errors.InvalidQuietHoursError: "days",
}
#: SQLSTATE class of program limits, such as a value that is too large.
_LIMIT_EXCEEDED: Final = "54"
#: Seconds after which a client should try again while the database is unavailable.
_RETRY_AFTER: Final = 5


class Unauthorized(Exception):
    """The request is not authenticated; the text says why."""


class ForeignOrigin(Exception):
    """Another site's page sent a request to which the browser added the cookie."""


class TooManyRequests(Exception):
    """A rate limit is exceeded; `seconds` later it is not."""

    def __init__(self, seconds: float, reason: str) -> None:
        super().__init__(reason)
        self.seconds: Final = seconds


class FieldFault(BaseModel):
    """One field, and what is wrong with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str = Field(description="Where it is: `body.items.0`, `query.limit`, `path.item_id`.")
    detail: str


class ProblemDetails(BaseModel):
    """RFC 9457, with a code for programs, the remedy, and the fields at fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(
        default="about:blank", description="The status says what kind of problem it is."
    )
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What is wrong, as a sentence.")
    code: str = Field(description="For programs: `invalid_request`, `not_found`, …")
    remedy: str = Field(description="What to do about it.")
    errors: list[FieldFault] = Field(default=[], description="The fields at fault, if fields are.")


class Problem(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        remedy: str,
        *,
        errors: Sequence[FieldFault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.details: Final = ProblemDetails(
            type="about:blank",
            title=status.phrase,
            status=status,
            detail=detail,
            code=code,
            remedy=remedy,
            errors=list(errors),
        )
        self.headers: Final = headers or {}

    @property
    def response(self) -> Response:
        return Response(
            self.details.model_dump_json(),
            self.details.status,
            {"cache-control": "no-store", **self.headers},
            MEDIA_TYPE,
        )


def not_found(what: str) -> Problem:
    """404. What belongs to somebody else is answered the same way."""
    return Problem(
        HTTPStatus.NOT_FOUND,
        "not_found",
        f"{what} is not there.",
        "Ask for the list again: what it names is there.",
    )


def too_large(most: int) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too_large",
        f"The body has more than {most} bytes.",
        "Send less at a time.",
    )


def invalid(place: str, error: ValidationError) -> Problem:
    """422 for what pydantic found in `place`: body, query, path or form. Never shows values."""
    faults = [
        FieldFault(
            field=".".join([place, *map(str, fault["loc"])]),
            detail=_sentence(fault["msg"]),
        )
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    first = faults[0]
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid_request",
        f"{first.field}: {first.detail}",
        "Compare it with /v1/openapi.json.",
        errors=faults,
    )


def _unauthorized(_: Request, error: Unauthorized) -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "unauthorized",
        _sentence(str(error)),
        "Send Authorization: Bearer with a token of the application's, or begin a session.",
        # RFC 6750, 3.
        headers={"www-authenticate": 'Bearer realm="postbell", error="invalid_token"'},
    )


def _foreign(_: Request, error: ForeignOrigin) -> Problem:
    return Problem(
        HTTPStatus.FORBIDDEN,
        "foreign_origin",
        _sentence(str(error)),
        "Add the page's origin to POSTBELL_ALLOWED_ORIGINS, or send a Bearer token.",
    )


def _too_many(_: Request, error: TooManyRequests) -> Problem:
    # Whole seconds (RFC 9110, 10.2.3).
    seconds = max(1, math.ceil(error.seconds))
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_requests",
        _sentence(str(error)),
        f"Ask again in {seconds} seconds, and less often.",
        headers={"retry-after": str(seconds)},
    )


def _postbell_error(_: Request, error: PostbellError) -> Problem:
    if isinstance(error, errors.UnknownRecipientError):
        return Problem(HTTPStatus.NOT_FOUND, error.name, str(error), error.hint)
    field = _FIELDS.get(type(error))
    faults = [FieldFault(field=field, detail=str(error))] if field else []
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, error.name, str(error), error.hint, errors=faults
    )


def _http_error(_: Request, error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    remedy = "GET /v1/openapi.json lists what is there."
    return Problem(
        status,
        status.phrase.lower().replace(" ", "_"),
        _sentence(error.detail),
        remedy,
        headers=dict(error.headers or {}),
    )


def _sentence(text: str) -> str:
    text = text.removeprefix("Value error, ")
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _unavailable(request: Request, error: Exception) -> Problem:
    log.warning("the database is away", path=request.url.path, error=str(error).strip())
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        "The database cannot be reached just now.",
        f"Try again in {_RETRY_AFTER} seconds.",
        headers={"retry-after": str(_RETRY_AFTER)},
    )


def _database_error(request: Request, error: psycopg.Error) -> Problem:
    if is_unavailable(error):
        return _unavailable(request, error)
    if (error.sqlstate or "").startswith(_LIMIT_EXCEEDED):
        return _unstorable(request, error)
    return _internal_error(request, error)


def _unstorable(_: Request, __: Exception) -> Problem:
    # Without the database's message: it quotes the value.
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid_request",
        "A value is none that the database can hold.",
        "Leave out control characters and impossible times.",
    )


def _internal_error(request: Request, error: Exception) -> Problem:
    log.error("a request failed", path=request.url.path, exc_info=error)
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal_error",
        "Something is wrong on our side.",
        "The gateway's log says what.",
    )


_PROBLEMS: Final[Mapping[type[Exception], Callable[[Request, Any], Problem]]] = {
    Problem: lambda _, problem: problem,
    Unauthorized: _unauthorized,
    ForeignOrigin: _foreign,
    TooManyRequests: _too_many,
    PostbellError: _postbell_error,
    HTTPException: _http_error,
    psycopg.DataError: _unstorable,
    psycopg.Error: _database_error,
    # A bug. Starlette raises it again, so that the server logs it, too.
    Exception: _internal_error,
}


def problem_of(request: Request, error: Exception) -> Problem:
    """The problem that an exception means; by its nearest class, as HANDLERS have it."""
    nearest = next(kind for kind in type(error).__mro__ if kind in _PROBLEMS)
    return _PROBLEMS[nearest](request, error)


def _handler(make_problem: Callable[[Request, Any], Problem]) -> Callable[[Request, Any], Response]:
    return lambda request, error: make_problem(request, error).response


#: Starlette's exception handlers, which it looks up by the nearest class.
HANDLERS: Final[Mapping[Any, Any]] = {
    kind: _handler(make_problem) for kind, make_problem in _PROBLEMS.items()
}
