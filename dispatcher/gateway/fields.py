"""What requests and answers are made of."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

Channel = Literal["in_app", "email", "sms", "push", "sse"]

#: PostgreSQL's bigint.
_LARGEST_ID = 2**63 - 1
_MARK = "before "


class Model(BaseModel):
    """A request or an answer. What it does not have is a mistake, not an extra."""

    model_config = ConfigDict(extra="forbid", frozen=True)


#: The id of an inbox item. As text, for JavaScript's numbers end at 2^53.
ItemId = Annotated[
    int,
    Field(ge=1, le=_LARGEST_ID),
    PlainSerializer(str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]*$", "examples": ["4211"]}),
]

#: An identifier of the application's: an event, a category, a subject.
Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]


def _read_cursor(written: Any) -> int:
    try:
        text = urlsafe_b64decode(f"{written}==").decode("ascii")
        number = text.removeprefix(_MARK)
        if text != number and number.isdecimal() and int(number) <= _LARGEST_ID:
            return int(number)
    except ValueError:
        pass
    raise ValueError("is none of ours: leave it out to begin anew")


def cursor_after(item_id: int) -> str:
    """What a client sends for the items after this one."""
    return urlsafe_b64encode(f"{_MARK}{item_id}".encode()).decode("ascii").rstrip("=")


#: Where a page ended. Opaque to clients: what is in it may change.
Cursor = Annotated[
    int,
    BeforeValidator(_read_cursor),
    WithJsonSchema({"type": "string"}),
]
