"""Whether an answer is one that /v1/openapi.json describes: as much JSON Schema as it uses."""

from __future__ import annotations

import json
import re
from datetime import datetime, time
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
        pattern = re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path):
            described: Json | None = document["paths"][template].get(method.lower())
            return described
    return None


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
    if "anyOf" in schema:
        found = [_faults(document, option, value, place) for option in schema["anyOf"]]
        return [] if [] in found else [f"{place} fits nothing of {schema['anyOf']}", *found[0]]
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else [value])
    wanted = schema.get("type")
    if value not in allowed or (wanted is not None and type(value) not in _TYPES[wanted]):
        return [f"{place} is {value!r}, and not {schema}"]
    if isinstance(value, dict):
        return _object_faults(document, schema, value, place)
    if isinstance(value, list):
        return [
            fault
            for number, item in enumerate(value)
            for fault in _faults(document, schema["items"], item, f"{place}.{number}")
        ]
    return _string_faults(schema, value, place) if isinstance(value, str) else []


def _object_faults(document: Json, schema: Json, value: Json, place: str) -> list[str]:
    properties = schema.get("properties", {})
    missing = [f"{place} lacks {name}" for name in schema.get("required", []) if name not in value]
    extra = [f"{place} has {name}" for name in value if properties and name not in properties]
    inner = [
        fault
        for name, each in value.items()
        if name in properties
        for fault in _faults(document, properties[name], each, f"{place}.{name}")
    ]
    return [*missing, *extra, *inner]


def _string_faults(schema: Json, value: str, place: str) -> list[str]:
    readers: dict[str, Any] = {"date-time": datetime.fromisoformat, "time": time.fromisoformat}
    if read := readers.get(schema.get("format", "")):
        try:
            read(value)
        except ValueError:
            return [f"{place} is {value!r}, which is no {schema['format']}"]
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return [f"{place} is {value!r}, which is not like {schema['pattern']}"]
    return []
