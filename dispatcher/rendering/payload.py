"""What an event is emitted with, as somebody writes it: JSON, held against the event's fields."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from dispatcher.rendering import amounts
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.event_type import EventType, FieldType
from dispatcher.rendering.links import is_web


@dataclass(frozen=True, slots=True)
class PayloadFault:
    """What is wrong with it. `line` is of the text, from 1; None for what is not in it."""

    line: int | None
    sentence: str


class PayloadError(Exception):
    """It is not one JSON object."""

    def __init__(self, fault: PayloadFault) -> None:
        super().__init__(fault.sentence)
        self.fault = fault


def read(text: str) -> dict[str, Any]:
    """One flat object. Raises PayloadError."""
    try:
        payload = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        sentence = f"this is not JSON: {error.msg} (column {error.colno})"
        raise PayloadError(PayloadFault(error.lineno, sentence)) from None
    except ValueError as error:
        raise PayloadError(PayloadFault(None, f"this is not JSON: {error}")) from None
    except RecursionError:
        raise PayloadError(PayloadFault(None, "this is nested too deeply")) from None
    if not isinstance(payload, dict):
        sentence = 'a payload is one object, such as {"order_id": 42}'
        raise PayloadError(PayloadFault(1, sentence))
    return payload


def faults(event: EventType, payload: Mapping[str, Any], text: str = "") -> Iterator[PayloadFault]:
    """For what the router would reject it. Fields that the event does not declare are allowed.

    `text` is what it was read from, for the lines.
    """
    for name, field in event.fields.items():
        if payload.get(name) is None:
            if field.required:
                yield PayloadFault(_line(text, name), f"{name} is missing: it is a required field")
        elif not fits(field.type, payload[name]):
            yield PayloadFault(_line(text, name), f"{name} is not of type {field.type}")


def fits(kind: FieldType, value: object) -> bool:
    """Whether a value is of a declared type."""
    return _FITS[kind](value)


def _line(text: str, name: str) -> int | None:
    found = re.search(rf"{re.escape(json.dumps(name))}\s*:", text)
    return text.count("\n", 0, found.start()) + 1 if found else None


def _refuse(constant: str) -> object:
    raise ValueError(f"there is no {constant} in JSON")


def _is_amount(value: object) -> bool:
    try:
        amounts.decimal(value)
    except Unrenderable:
        return False
    return isinstance(value, str)


def _is_iso(kind: type[date]) -> Callable[[object], bool]:
    def is_iso(value: object) -> bool:
        try:
            return isinstance(value, str) and bool(kind.fromisoformat(value))
        except ValueError:
            return False

    return is_iso


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_FITS: Final[Mapping[FieldType, Callable[[object], bool]]] = {
    "text": lambda value: isinstance(value, str),
    "id": lambda value: isinstance(value, str) or _is_integer(value),
    "amount": _is_amount,
    "integer": _is_integer,
    "number": lambda value: isinstance(value, float) or _is_integer(value),
    "boolean": lambda value: isinstance(value, bool),
    "date": _is_iso(date),
    "timestamp": _is_iso(datetime),
    "url": is_web,
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
