"""A call of a SQL function with named arguments, for any driver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Final

#: An argument names its type, so that no driver has to guess. A datetime is a date, a bool an int.
_TYPES: Final[tuple[tuple[type, str], ...]] = (
    (bool, "boolean"),
    (int, "bigint"),
    (datetime, "timestamptz"),
    (date, "date"),
    (list, "text[]"),
    (str, "text"),
)


class Json(str):
    """JSON as a text."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Call:
    """`postbell.FUNCTION(name => value, …)`. What is None is left to the function's default."""

    function: str
    arguments: dict[str, Any]
    #: What to return of the row that it returns.
    result: Callable[[Any], Any] = itemgetter(0)

    @property
    def given(self) -> dict[str, Any]:
        return {name: value for name, value in self.arguments.items() if value is not None}

    def statement(self, placeholder: str) -> str:
        """`placeholder` is how the driver writes a named one: `%({})s` or `:{}`."""
        named = ", ".join(
            f'"{name}" => cast({placeholder.format(name)} as {_type_of(value)})'
            for name, value in self.given.items()
        )
        return f"select * from postbell.{self.function}({named})"  # noqa: S608 - names are ours


def _type_of(value: object) -> str:
    if isinstance(value, Json):
        return "jsonb"
    return next(name for kind, name in _TYPES if isinstance(value, kind))
