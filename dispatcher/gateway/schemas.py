"""Types of requests and answers, each with its schema for /v1/openapi.json.

Bodies are validated strictly: JSON's own types, and strings only by their pattern. So validation
and schema accept the same values.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from dispatcher.db import preferences

Channel = preferences.Channel
QuietChannel = preferences.QuietChannel
INTERRUPTING = preferences.INTERRUPTING
Decision = preferences.Decision

#: PostgreSQL's bigint.
_LARGEST_ID: Final = 2**63 - 1
_PREFIX: Final = "before "


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Fields that exclude others if both are given; with `is_needed`, one must be given."""

    excluded: Mapping[str, tuple[str, ...]]
    is_needed: bool

    @classmethod
    def of(cls, *names: str, is_needed: bool = False) -> Self:
        """Alternatives of which each excludes all others."""
        excluded = {name: tuple(other for other in names if other != name) for name in names}
        return cls(excluded, is_needed)

    def check(self, model: BaseModel) -> None:
        """Raises ValueError unless the model holds to it."""
        given = [name for name in self.excluded if getattr(model, name) is not None]
        if self.is_needed and not given:
            raise ValueError("name " + " or ".join(map(_quoted, self.excluded)))
        for name in given:
            for other in self.excluded[name]:
                if getattr(model, other) is not None:
                    raise ValueError(f"name {_quoted(name)} or {_quoted(other)}, not both")

    @property
    def schema(self) -> JsonSchemaValue:
        """The same as JSON Schema."""
        absent = {"type": "null"}
        branches: list[JsonSchemaValue] = []
        for name, others in self.excluded.items():
            properties: dict[str, Any] = dict.fromkeys(others, absent)
            if self.is_needed:
                properties[name] = {"not": absent}
                branches.append({"required": [name], "properties": properties})
            else:
                branches.append({"properties": properties})
        return {"anyOf": branches}


def _quoted(name: str) -> str:
    return f'"{name}"'


class Model(BaseModel):
    """The base of requests and answers. Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alternatives: ClassVar[Alternatives | None] = None

    @model_validator(mode="after")
    def _names_no_two_alternatives(self) -> Self:
        if self.alternatives is not None:
            self.alternatives.check(self)
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(core_schema)
        if cls.alternatives is not None:
            handler.resolve_ref_schema(described).update(cls.alternatives.schema)
        return described


def _text(pattern: str, what: str, read: Callable[[str], Any]) -> BeforeValidator:
    """Parses strings that match `pattern`, and refuses everything else; `what` names it in errors.

    Pydantic alone accepts more than the schema says: "0" as a time in 1970, "+1" as an id.
    """

    def validate(written: Any, info: ValidationInfo) -> Any:
        if not isinstance(written, str) and info.mode != "json":
            return written
        if not isinstance(written, str) or not re.fullmatch(pattern, written):
            raise ValueError(f"is not {what}")
        return read(written)

    return BeforeValidator(validate)


def _up_to(most: int) -> str:
    """A pattern of the integers from 1 to `most`, without leading zeros."""
    digits = str(most)
    shorter = f"[1-9][0-9]{{0,{len(digits) - 2}}}"
    # Of the same length as `most`, and smaller at one digit.
    smaller = [
        f"{digits[:place]}[{'1' if place == 0 else '0'}-{int(digit) - 1}]"
        f"[0-9]{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if int(digit) > (place == 0)
    ]
    return f"^({'|'.join([shorter, *smaller, digits])})$"


_ID: Final = _up_to(_LARGEST_ID)


def _is_boolean(written: Any) -> Any:
    # Python's 1 == True would pass Literal[True].
    if not isinstance(written, bool):
        raise ValueError("is not true")  # noqa: TRY004 - pydantic reports ValueError alone
    return written


#: A field that is true or absent.
Yes = Annotated[Literal[True], BeforeValidator(_is_boolean)]

#: The id of an inbox item. A string, because JavaScript's integers end at 2^53.
ItemId = Annotated[
    int,
    Field(ge=1, le=_LARGEST_ID),
    _text(_ID, 'an id, which is text such as "4211"', int),
    PlainSerializer(str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": _ID, "examples": ["4211"]}),
]

#: An identifier of the application: an event, a category, a subject.
Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]

#: RFC 3339, 5.6, without leap seconds.
_MOMENT: Final = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"[Tt]([01][0-9]|2[0-3])(:[0-5][0-9]){2}([.][0-9]+)?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)


def _read_moment(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError("is not between the years 1 and 9999") from None


#: A time with its offset from UTC.
Moment = Annotated[
    AwareDatetime,
    _text(_MOMENT, "a moment such as 2026-12-31T22:00:00Z", _read_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _MOMENT}),
]

_DAY: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"

#: A day of the calendar.
Day = Annotated[
    date,
    _text(_DAY, "a day such as 2026-12-31", date.fromisoformat),
    WithJsonSchema({"type": "string", "format": "date", "pattern": _DAY}),
]

_WALL_TIME: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?$"

#: A local time of day.
WallTime = Annotated[
    time,
    _text(_WALL_TIME, "a time such as 22:00, whose zone time_zone names", time.fromisoformat),
    WithJsonSchema({"type": "string", "pattern": _WALL_TIME, "examples": ["22:00"]}),
]


def _read_cursor(written: Any) -> int:
    try:
        text = urlsafe_b64decode(f"{written}==").decode("ascii")
        number = text.removeprefix(_PREFIX)
        if text != number and number.isdecimal() and int(number) <= _LARGEST_ID:
            return int(number)
    except ValueError:
        pass
    raise ValueError("is none of ours: leave it out to begin anew")


def cursor_after(item_id: int) -> str:
    """The cursor with which a client asks for the items after this one."""
    return urlsafe_b64encode(f"{_PREFIX}{item_id}".encode()).decode("ascii").rstrip("=")


#: The end of a page of results. Opaque to clients: its content may change.
Cursor = Annotated[
    int,
    BeforeValidator(_read_cursor),
    WithJsonSchema({"type": "string"}),
]
