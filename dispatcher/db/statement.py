"""Statements: SQL with the Python signature by which it is called.

    @statement("select channel, queued from postbell.queue_depth where tenant_id = %(tenant_id)s")
    def queue_depth(tenant_id: str) -> list[Depth]:
        '''What is queued for a tenant.'''

    depth = await queue_depth(connection, "default")  # on an asynchronous connection
    depth = queue_depth(connection, "default")  # on a synchronous one

The parameters of the signature are those of the SQL. The return annotation decides what is read:

    None           nothing
    int, str, …    the value of the one row, which must not be null
    int | None     the same; None where the value is null, or there is no row
    Row            the one row
    Row | None     the first row, if there is one
    list[Row]      all rows; list[int] the value of each
    dict[str, int] all rows of two columns: the first is the key

A row class is a NamedTuple or a dataclass whose fields are the columns, in their order; fields that
have a default may be missing at the end. tests/db/test_statements.py compares names and types of
columns and parameters with a deployed database.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Coroutine, Sequence
from operator import itemgetter
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    Generic,
    LiteralString,
    ParamSpec,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)  # fmt: skip

from psycopg import AsyncConnection, Connection

_P = ParamSpec("_P")
_Result = TypeVar("_Result")
_MakeRow = Callable[[Sequence[Any]], Any]


class NoRowError(LookupError):
    """A statement that must return a row or a value returned none."""


class Statement(Generic[_P, _Result]):
    """Executes its SQL when it is called; on an asynchronous connection, when that is awaited.

    Raises psycopg.Error, and NoRowError if there is no row and the signature requires one.
    """

    def __init__(
        self, sql: LiteralString, signature: Callable[_P, _Result], *, is_binary: bool = False
    ) -> None:
        """`is_binary` reads results in PostgreSQL's binary format: faster for wide rows."""
        self.sql: Final[str] = sql
        self.name: Final[str] = signature.__name__
        self.__doc__ = signature.__doc__
        self._is_binary: Final = is_binary
        self._query: Final = sql.encode()

        #: The annotation of each parameter and, as `return`, of the result.
        self.hints: Final[dict[str, Any]] = get_type_hints(signature)
        self.names: Final = tuple(inspect.signature(signature).parameters)
        self._defaults: Final = {
            name: parameter.default
            for name, parameter in inspect.signature(signature).parameters.items()
            if parameter.default is not parameter.empty
        }
        self._shape: Final = Shape.of(self.hints["return"])

    @property
    def row(self) -> Any:
        """The class of a row, or the type of a single value; None if nothing is read."""
        return self._shape.row

    @overload
    def __call__(
        self, connection: AsyncConnection[Any], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Coroutine[Any, Any, _Result]: ...

    @overload
    def __call__(
        self, connection: Connection[Any], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> _Result: ...

    def __call__(
        self, connection: AsyncConnection[Any] | Connection[Any], /, *args: Any, **kwargs: Any
    ) -> Coroutine[Any, Any, _Result] | _Result:
        parameters = {**self._defaults, **dict(zip(self.names, args, strict=False)), **kwargs}
        if len(parameters) != len(self.names):
            raise TypeError(f"{self.name}() takes {', '.join(self.names) or 'no parameters'}")
        if isinstance(connection, AsyncConnection):
            return self._execute_async(connection, parameters)
        return self._execute(connection, parameters)

    def _execute(self, connection: Connection[Any], parameters: dict[str, Any]) -> _Result:
        cursor = connection.cursor(row_factory=lambda _: self._shape.make, binary=self._is_binary)
        cursor.execute(self._query, parameters)
        return self._result([] if self.row is None else cursor.fetchall())

    async def _execute_async(
        self, connection: AsyncConnection[Any], parameters: dict[str, Any]
    ) -> _Result:
        cursor = connection.cursor(row_factory=lambda _: self._shape.make, binary=self._is_binary)
        await cursor.execute(self._query, parameters)
        return self._result([] if self.row is None else await cursor.fetchall())

    def _result(self, rows: list[Any]) -> _Result:
        result = self._shape.collect(rows)
        if result is None and not self._shape.may_be_none:
            raise NoRowError(f"{self.name} returned nothing")
        return cast("_Result", result)


def statement(
    sql: LiteralString, *, is_binary: bool = False
) -> Callable[[Callable[_P, _Result]], Statement[_P, _Result]]:
    """Decorator: make a statement of a function whose body is only a docstring."""

    def of(signature: Callable[_P, _Result]) -> Statement[_P, _Result]:
        return Statement(sql, signature, is_binary=is_binary)

    return of


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of a result become what a return annotation names."""

    #: The class of a row, or the type of a single value; for pairs both types; None for nothing.
    row: Any
    make: _MakeRow
    collect: Callable[[list[Any]], Any]
    may_be_none: bool

    @classmethod
    def of(cls, annotation: Any) -> Shape:
        if annotation in (None, NoneType):
            return cls(None, tuple, lambda _: None, may_be_none=True)
        if get_origin(annotation) is list and not _is_json(annotation):
            (row,) = get_args(annotation)
            return cls(row, maker_of(row), lambda rows: rows, may_be_none=False)
        if get_origin(annotation) is dict and not _is_json(annotation):
            return cls(get_args(annotation), tuple, dict, may_be_none=False)
        row = without_none(annotation)
        first = itemgetter(0)
        return cls(
            row,
            maker_of(row),
            lambda rows: first(rows) if rows else None,
            may_be_none=row is not annotation,
        )


def maker_of(row: Any) -> _MakeRow:
    """A function that makes `row` of the columns; for a type that is no row class, the value."""
    if hasattr(row, "_make") and not row._field_defaults:
        return cast("_MakeRow", row._make)
    if hasattr(row, "_make") or dataclasses.is_dataclass(row):
        make = cast("Callable[..., Any]", row)
        return lambda columns: make(*columns)
    return itemgetter(0)


def without_none(annotation: Any) -> Any:
    """`X` for `X | None`; any other annotation unchanged."""
    if get_origin(annotation) not in (Union, UnionType):
        return annotation
    others = [each for each in get_args(annotation) if each is not NoneType]
    return others[0] if len(others) == 1 else annotation


def _is_json(annotation: Any) -> bool:
    """Whether the annotation is a JSON value in one column rather than rows."""
    return Any in get_args(annotation)
