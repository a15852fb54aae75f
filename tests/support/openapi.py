"""Whether an answer is one that /v1/openapi.json describes: as much JSON Schema as it uses."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from functools import cache
from typing import Any

Json = dict[str, Any]

#: What any request may meet, and no operation describes: a wrong method, a mistake of ours.
EVERYWHERE = (405, 500)

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,),
    "number": (int, float), "boolean": (bool,), "null": (type(None),),
}  # fmt: skip


def operation_of(document: Json, method: str, path: str) -> Json | None:
    """The description of what answers to this request; None if nothing does."""
    # The ones without parameters first, as they are served.
    for template in sorted(document["paths"], key=lambda path: path.count("{")):
        if _pattern(template).fullmatch(path):
            described: Json | None = document["paths"][template].get(method.lower())
            return described
    return None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(template)))


def schema_faults(document: Json, schema: Json, value: Any) -> list[str]:
    """What of a value is not as the schema has it."""
    return _faults(document, schema, value, "it")


def faults(
    document: Json, method: str, path: str, status: int, kind: str, body: bytes
) -> list[str]:
    """What of an answer is not as described."""
    described = operation_of(document, "GET" if method == "HEAD" else method, path)
    # What a provider or a mail program expects is not ours to describe.
    is_theirs = described is not None and described.get("tags") == ["providers"]
    if described is None or is_theirs or method == "OPTIONS" or status in EVERYWHERE:
        return []
    answers = described["responses"]
    answer = answers.get(str(status), answers.get("default"))
    if answer is None:
        return [f"{method} {path} answers {status}, and describes {sorted(answers)}"]
    content = answer.get("content", {})
    if not content:
        return [f"{method} {path} answers something with {status}"] if body else []
    kind = kind.partition(";")[0]
    if kind not in content:
        return [f"{method} {path} answers {kind} with {status}, and describes {list(content)}"]
    if not kind.endswith("json") or method == "HEAD":
        return []
    return list(_faults(document, content[kind]["schema"], json.loads(body), "answer"))


def _faults(document: Json, schema: Json, value: Any, place: str) -> list[str]:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        return _faults(document, document["components"]["schemas"][name], value, place)
    found = _choice_faults(document, schema, value, place)
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    # To Python true is 1, and to JSON it is not.
    if allowed is not None and (type(value), value) not in [(type(each), each) for each in allowed]:
        found.append(f"{place} is {value!r}, and not one of {allowed}")
    wanted = schema.get("type")
    if wanted is not None and type(value) not in _TYPES[wanted]:
        return [*found, f"{place} is {value!r}, and no {wanted}"]
    match value:
        case dict():
            found += _object_faults(document, schema, value, place)
        case list():
            found += _list_faults(document, schema, value, place)
        case str():
            found += _string_faults(schema, value, place)
        case int() | float() if not isinstance(value, bool):
            found += _bound_faults(schema, "minimum", "maximum", value, place)
    return found


def _choice_faults(document: Json, schema: Json, value: Any, place: str) -> list[str]:
    found = []
    if "not" in schema and not _faults(document, schema["not"], value, place):
        found.append(f"{place} is {value!r}, which is {schema['not']}")
    for keyword in ("anyOf", "oneOf"):
        if keyword not in schema:
            continue
        tried = [_faults(document, option, value, place) for option in schema[keyword]]
        fitting = tried.count([])
        if not fitting or (fitting > 1 and keyword == "oneOf"):
            found += [f"{place} fits {fitting} of {schema[keyword]}", *tried[0]]
    return found


def _object_faults(document: Json, schema: Json, value: Json, place: str) -> list[str]:
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    found = [f"{place} lacks {name}" for name in schema.get("required", []) if name not in value]
    for name, each in value.items():
        described = properties.get(name, others)
        if described is False:
            found.append(f"{place} has {name}")
        elif described is not True:
            found += _faults(document, described, each, f"{place}.{name}")
    return found


def _list_faults(document: Json, schema: Json, value: list[Any], place: str) -> list[str]:
    return [
        *_bound_faults(schema, "minItems", "maxItems", len(value), place),
        *(
            fault
            for number, item in enumerate(value)
            for fault in _faults(document, schema.get("items", {}), item, f"{place}.{number}")
        ),
    ]


def _string_faults(schema: Json, value: str, place: str) -> list[str]:
    found = _bound_faults(schema, "minLength", "maxLength", len(value), place)
    readers: dict[str, Any] = {"date-time": datetime.fromisoformat, "date": date.fromisoformat}
    if read := readers.get(schema.get("format", "")):
        try:
            read(value.upper())
        except ValueError:
            found.append(f"{place} is {value!r}, which is no {schema['format']}")
    # ECMA-262's $ is the end alone, Python's also what is before a last line break.
    if "pattern" in schema and not re.search(schema["pattern"].replace("$", r"\Z"), value):
        found.append(f"{place} is {value!r}, which is not like {schema['pattern']}")
    return found


def _bound_faults(schema: Json, least: str, most: str, value: float, place: str) -> list[str]:
    if schema.get(least, value) <= value <= schema.get(most, value):
        return []
    return [f"{place} is at {value}, and is to be from {schema.get(least)} to {schema.get(most)}"]
