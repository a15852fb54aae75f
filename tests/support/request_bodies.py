"""Bodies made from a description: such as it allows, and such as break one clause of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

Json = dict[str, Any]

#: What JSON has; each is of a type that most schemas do not ask for.
_OTHERS: tuple[Any, ...] = (None, True, False, 0, 1, 1.5, "", "0", "true", "1", [], {}, [None])
#: Text that is nearly of a form: ids, moments, times of day, names, addresses, keys.
_NEARLY = (
    "9223372036854775807", "9223372036854775808", "99999999999999999999", "+1", "01", " 1", "1_0",
    "-1", "1.0", "2999-01-01", "2999-01-01 00:00:00Z", "2999-01-01T00:00Z", "2999-01-01T00:00:00",
    "2999-01-01T00:00:00.123456789Z", "2999-13-01T00:00:00Z", "2999-01-01T24:00:00Z",
    "2999-01-01T00:00:00+25:00", "2999-01-01t00:00:00z", "1700000000", "22:00:00", "22:00Z",
    "22:00+01:00", "24:00", "9:00", "2200", "22:00:00.1234567", "a\0b", "x" * 255, "x" * 256,
    "https://push.example/" + "x" * 2000, "http://push.example/1", "https://push.example",
)  # fmt: skip


class Bodies:
    """`samples` are values by the names of their fields, that mean something to the database."""

    def __init__(self, document: Json, samples: Mapping[str, Any]) -> None:
        self._schemas = document["components"]["schemas"]
        self._samples = samples

    def candidates(self, schema: Json) -> Iterator[Any]:
        """What is allowed, with each field and without; and each part replaced by all else."""
        for whole in self._wholes(schema):
            yield whole
            yield from _altered(whole)

    def _wholes(self, schema: Json, name: str = "") -> Iterator[Any]:
        """Values of the schema's shape; of an object with each of its fields, and without."""
        options = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        match schema:
            case {"$ref": reference}:
                yield from self._wholes(self._schemas[reference.rpartition("/")[2]], name)
            case _ if name in self._samples:
                yield self._samples[name]
            case {"properties": _}:
                yield from self._objects(schema)
            case {"items": items}:
                for item in self._wholes(items):
                    yield [item]
            case _ if options:
                for option in options:
                    yield from self._wholes(option, name)
            case _:
                yield from _leaves(schema)

    def _objects(self, schema: Json) -> Iterator[Json]:
        fields = [
            [(name, value) for value in self._wholes(field, name)]
            for name, field in schema["properties"].items()
        ]
        required = schema.get("required", [])
        for chosen in product(*fields):
            full = dict(chosen)
            yield full
            for name in full:
                if name not in required:
                    yield {key: value for key, value in full.items() if key != name}
                    yield {key: full[key] for key in full if key in required or key == name}
            yield {key: full[key] for key in required}


def _leaves(schema: Json) -> Iterator[Any]:
    match schema:
        case {"enum": [first, *_]} | {"const": first} | {"minimum": first}:
            yield first
        case {"examples": [first, *_]}:
            yield first
        case {"type": "boolean"}:
            yield True


def _altered(value: Any) -> Iterator[Any]:
    """The same with one part of it replaced, left out, or too much."""
    match value:
        case dict():
            yield {**value, "unheard_of": 1}
            for name, each in value.items():
                yield {key: other for key, other in value.items() if key != name}
                for altered in (*_OTHERS, *_altered(each)):
                    yield {**value, name: altered}
        case list():
            yield []
            yield value * 200
            for number, each in enumerate(value):
                for altered in (*_OTHERS, *_altered(each)):
                    yield [*value[:number], altered, *value[number + 1 :]]
        case bool():
            yield not value
        case str():
            yield from _NEARLY
            yield from (value + " ", " " + value, value + "\n", value + "x", value[:-1])
        case int():
            yield from (-value, value + 6, value + 7, float(value) + 0.5, 2**63)
