"""Parses a payload that somebody wrote, and checks it against the declared fields of its event.

The database decides what a value of a type is when an event is emitted: postbell.is_of_type(). The
preview and the lint work without a database, so the rules are repeated here.
tests/rendering/test_types_agree.py compares the two on examples and on random strings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeGuard

from dispatcher.rendering.event_type import EventType, FieldType


@dataclass(frozen=True, slots=True)
class PayloadFault:
    """A mistake in a payload. `line` counts from 1; None if the mistake is on no line."""

    line: int | None
    sentence: str


class PayloadError(Exception):
    """The text is not one JSON object."""

    def __init__(self, fault: PayloadFault) -> None:
        super().__init__(fault.sentence)
        self.fault = fault


def parse_payload(text: str) -> dict[str, Any]:
    """Parse a JSON object. Raises PayloadError."""
    try:
        payload = json.loads(text, parse_constant=_refuse, parse_float=_number)
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


def payload_faults(
    event: EventType, payload: Mapping[str, Any], text: str = ""
) -> Iterator[PayloadFault]:
    """The mistakes for which the router would reject a payload.

    Fields that the event does not declare are allowed. `text` is the source of the payload, to find
    the lines.
    """
    for name, field in event.fields.items():
        if payload.get(name) is None:
            if field.required:
                yield PayloadFault(_line(text, name), f"{name} is missing: it is a required field")
        elif not is_of_type(field.type, payload[name]):
            sentence = (
                f"{name} is not of type {field.type}: it has to be {TYPE_IN_WORDS[field.type]}"
            )
            yield PayloadFault(_line(text, name), sentence)


def is_of_type(kind: FieldType, value: object) -> bool:
    """Whether a value is of a declared type."""
    return _CHECKS[kind](value)


def is_url(value: object) -> bool:
    """Whether a value is of type `url`: an absolute http(s) address."""
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def _line(text: str, name: str) -> int | None:
    found = re.search(rf"{re.escape(json.dumps(name))}\s*:", text)
    return text.count("\n", 0, found.start()) + 1 if found else None


def _refuse(constant: str) -> object:
    raise ValueError(f"there is no {constant} in JSON")


def _number(written: str) -> int | float:
    """A number as jsonb stores it: 1e3 is whole, 1.0 is not. Raises PayloadError."""
    try:
        number = Decimal(written)
    except InvalidOperation:
        sentence = f"{written[:_LONGEST_SHOWN]} is out of the range of numbers"
        raise PayloadError(PayloadFault(None, sentence)) from None
    exponent = number.as_tuple().exponent
    is_whole = isinstance(exponent, int) and 0 <= exponent <= _MOST_ZEROS
    return int(number) if is_whole else float(written)


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_timestamp(value: object) -> bool:
    return isinstance(value, str) and bool(_TIME.fullmatch(value[10:])) and _is_date(value[:10])


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


#: With a host and without a login, which could hide the real host. Spaces and controls are refused.
_URL: Final = re.compile(
    r"https?://([^\x00-\x20\x7f/?#@:\\\[\]]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"([/?#][^\x00-\x20\x7f]*)?"
)
_AMOUNT: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(
    r"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
    r"(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?)?"
)
_LARGEST: Final = 10**18
#: Largest exponent of a whole number. jsonb writes out every zero.
_MOST_ZEROS: Final = 400
#: Characters of a number that a sentence quotes.
_LONGEST_SHOWN: Final = 40

_CHECKS: Final[Mapping[FieldType, Callable[[object], bool]]] = {
    "text": lambda value: isinstance(value, str),
    "id": lambda value: isinstance(value, str) or _is_whole(value),
    "amount": lambda value: isinstance(value, str) and bool(_AMOUNT.fullmatch(value)),
    "integer": lambda value: _is_whole(value) and abs(value) < _LARGEST,
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "date": _is_date,
    "timestamp": _is_timestamp,
    "url": is_url,
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}

#: What a value of each type has to be, in the words of postbell_private.describe_type().
TYPE_IN_WORDS: Final[Mapping[FieldType, str]] = {
    "text": "a string",
    "id": "a string or a whole number",
    "amount": "a decimal string such as '19.90'",
    "integer": "a whole number of up to 18 digits",
    "number": "a number",
    "boolean": "true or false",
    "date": "a string such as '2026-03-01'",
    "timestamp": "a string such as '2026-03-01T09:00:00Z'",
    "url": "an absolute https:// or http:// address",
    "list": "a list",
    "object": "an object",
}
