"""Reads what a verb is given, and says what is wrong with it before anything is sent."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar
from uuid import UUID

from dispatcher.errors import InvalidArgumentError
from postbell.call import Json

_T = TypeVar("_T")

#: As postbell.is_of_type() has it.
#: As JSON writes it: behind an even number of backslashes, which stand for themselves.
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_LARGEST: Final = 10**18
_AMOUNT: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class Given:
    """An object or mapping that a verb was given, and the name of the argument."""

    thing: object
    name: str

    def has(self, kind: Callable[[object, str], _T], attribute_name: str) -> _T:
        """An attribute as one of the kinds below; None if it has none."""
        return kind(attribute(self.thing, attribute_name), f"{self.name}.{attribute_name}")

    def needs(self, kind: Callable[[object, str], _T], attribute_name: str) -> _T:
        """The same, but it must be there."""
        if self.thing is None or isinstance(self.thing, str | bytes | int | float):
            raise _no(self.name, f"object with {attribute_name}", self.thing)
        required(attribute(self.thing, attribute_name), f"{self.name}.{attribute_name}")
        return self.has(kind, attribute_name)


def first_given(*things: Given) -> Given:
    """The first that was given, else the last."""
    return next((each for each in things if each.thing is not None), things[-1])


def either(value: object, other: Given, attribute_name: str) -> object:
    """The value, or an attribute of the other where there is none."""
    return attribute(other.thing, attribute_name) if value is None else value


def need(kind: Callable[[object, str], _T], value: object, name: str) -> _T:
    """An argument as one of the kinds below; it must be there."""
    return kind(required(value, name), name)


def attribute(thing: object, name: str) -> Any:
    """Of an object or a mapping; None if it has none of that name."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def required(value: Any, name: str) -> Any:
    """The value, unless there is none."""
    if value is None or value == "":
        # What an ORM has not flushed has no id yet.
        unsaved = ": save or flush it first" if name.endswith(".id") else ""
        raise InvalidArgumentError(f"{name} is missing{unsaved}")
    return value


def as_id(value: object, name: str) -> str | None:
    """An id as Postbell has it."""
    match value:
        case None:
            return None
        case bool():
            raise _no(name, "id", value)
        case str() | int() | UUID():
            return _storable(str(value), name)
        case _:
            raise _no(name, "id", value)


def as_person(value: object, name: str) -> str | None:
    """The id of a person or website that is given by id, or with one."""
    if value is None or isinstance(value, str | int | UUID):
        return as_id(value, name)
    if not isinstance(value, Mapping) and not hasattr(value, "id"):
        raise _no(name, "id, nor anything with one", value)
    return as_id(required(attribute(value, "id"), f"{name}.id"), f"{name}.id")


def as_amount(value: object, name: str) -> str | None:
    """Money as payloads have it, a decimal string."""
    match value:
        case None:
            return None
        case Decimal():
            written = f"{value:f}"
        case str() | int() if not isinstance(value, bool):
            written = str(value)
        case _:
            raise InvalidArgumentError(
                f"{name} is a {type(value).__name__}: give a Decimal or a str, such as '19.90'"
            )
    if not _AMOUNT.fullmatch(written):
        raise InvalidArgumentError(f"{name} is no amount such as 19.90 but {written[:50]!r}")
    return written


def as_text(value: object, name: str) -> str | None:
    """A text; a lazy one of Django's in the language that is active."""
    if value is None:
        return None
    if isinstance(value, str) or is_lazy(value):
        return _storable(str(value), name)
    raise _no(name, "text", value)


def _storable(text: str, name: str) -> str:
    """A text as PostgreSQL can store it: without NUL and halves of characters."""
    if "\x00" in text:
        raise InvalidArgumentError(
            f"{name} has a NUL character, which PostgreSQL stores in no text"
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidArgumentError(
            f"{name} has half of a surrogate pair, which is no text"
        ) from None
    return text


def is_lazy(value: object) -> bool:
    """Whether it is what gettext_lazy() returns. Who has one has loaded Django."""
    functional = sys.modules.get("django.utils.functional")
    return functional is not None and isinstance(value, functional.Promise)


def as_message(value: object, name: str) -> str | None:
    """What somebody wrote: a string, or something with a `text`."""
    return (
        as_text(value, name)
        if isinstance(value, str) or is_lazy(value)
        else Given(value, name).needs(as_text, "text")
    )


def as_number(value: object, name: str) -> int | None:
    """A whole number of up to 18 digits."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return value
    raise _no(name, "whole number of up to 18 digits", value)


def as_day(value: object, name: str) -> date | None:
    """A date, a datetime of which the day counts, or an ISO 8601 string."""
    match value:
        case datetime():
            return value.date()
        case None | date():
            return value
        case str():
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
    raise _no(name, "date", value)


def as_moment(value: object, name: str) -> datetime | None:
    """A time with its zone."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise _no(name, "datetime", value)
    if value.utcoffset() is None:
        raise InvalidArgumentError(f"{name} has no time zone: such as datetime.now(UTC)")
    return value


def as_json(value: object, name: str) -> Json:
    """Decimals as strings, dates and times in ISO 8601."""
    try:
        written = json.dumps(value, default=_plain, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"{name} cannot be JSON: {error}") from error
    if _NUL.search(written):
        raise InvalidArgumentError(
            f"{name} has a NUL character, which PostgreSQL stores in no text"
        )
    return Json(_storable(written, name))


def _plain(value: object) -> str:
    match value:
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _ if is_lazy(value):
            return str(value)
        case _:
            raise TypeError(f"a {type(value).__name__} has no place in it")


def _no(name: str, kind: str, value: object) -> InvalidArgumentError:
    shown = (
        repr(value)[:50]
        if isinstance(value, str | int | float | None)
        else type(value).__qualname__
    )
    return InvalidArgumentError(f"{name} is no {kind} but {shown}")
