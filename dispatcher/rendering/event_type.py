"""Event types: what event.toml declares about an event, and how the declaration is read."""

from __future__ import annotations

import dataclasses
import keyword
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, cast, get_args

from dispatcher.rendering.labels import LabelError, in_language, read_label
from dispatcher.rendering.loader import TemplateFile
from dispatcher.rendering.locales import ROOT_LANGUAGE
from dispatcher.rendering.verb import Verb, read_verb

FieldType = Literal[
    "text", "id", "amount", "integer", "number", "boolean", "date", "timestamp", "url",
    "list", "object",
]  # fmt: skip
Priority = Literal["low", "normal", "high", "critical"]

#: Names that templates use for variables of their own; no field may have one.
RESERVED: Final = frozenset(
    {"caller", "dir", "event", "kwargs", "lang", "loop", "preferences_link", "range", "recipient",
     "route", "self", "super", "tenant", "unsubscribe_link", "url", "varargs"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """The declaration of one field of a payload."""

    type: FieldType
    required: bool


@dataclass(frozen=True, slots=True)
class EventType:
    """An event that the application may emit."""

    key: str
    label: str
    description: str
    category: str
    priority: Priority
    default_channels: tuple[str, ...]
    forced_channels: tuple[str, ...]
    #: The channels that it supports: it has templates for them.
    channels: tuple[str, ...]
    notify_actor: bool
    fields: Mapping[str, Field]
    #: A hash of all files that it is rendered from.
    version: str
    #: The functions that emit it, if event.toml declares any; the database does not know.
    verb: Verb | None = None
    #: The label in each language that event.toml has it in; the database does not know.
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def registered(cls, *columns: Any) -> EventType:
        """From a row of postbell.event_type, with the columns in the order of the attributes."""
        found = cls(*columns)
        return replace(
            found,
            default_channels=tuple(found.default_channels),
            forced_channels=tuple(found.forced_channels),
            channels=tuple(found.channels),
            fields={
                name: Field(field["type"], bool(field.get("required")))
                for name, field in cast("Mapping[str, Mapping[str, Any]]", found.fields).items()
            },
        )

    def called_in(self, language: str) -> EventType:
        """The same with its label in a language, where it has one."""
        label = in_language(self.labels, language, self.label)
        return self if label == self.label else replace(self, label=label)

    @property
    def fields_json(self) -> dict[str, dict[str, Any]]:
        return fields_json(self.fields)


@dataclass(frozen=True, slots=True)
class Declaration:
    """The content of an event.toml, and sentences on every mistake in it."""

    values: Mapping[str, Any]
    fields: Mapping[str, Field]
    labels: Mapping[str, str]
    #: None if the event has no function of its own.
    verb: Verb | None
    faults: tuple[str, ...]

    @classmethod
    def read(cls, file: TemplateFile, available: tuple[str, ...]) -> Declaration:
        """Parse event.toml. `available` are the channels that the event has files for."""
        try:
            given = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            return cls({}, {}, {}, None, (f"this is not TOML: {error}",))
        labels, label_faults = _labels(given)
        values = {**_DEFAULTS, **given}
        fields, field_faults = read_fields(values["fields"])
        verb, verb_faults = read_verb(given.pop("verb", None), fields)
        faults = (*_faults(given, values, available), *label_faults, *field_faults, *verb_faults)
        return cls(values, fields, labels, verb, faults)

    def event_type(self, key: str, version: str) -> EventType:
        """The event type. Call it only if there are no faults."""
        return EventType(
            key=key,
            label=self.labels[ROOT_LANGUAGE],
            description=self.values["description"],
            category=self.values["category"],
            priority=self.values["priority"],
            default_channels=tuple(self.values["default_channels"]),
            forced_channels=tuple(self.values["forced_channels"]),
            channels=tuple(self.values["channels"]),
            notify_actor=self.values["notify_actor"],
            fields=self.fields,
            version=version,
            verb=self.verb,
            labels=self.labels,
        )


_NEEDED: Final[Mapping[str, type]] = {
    "label": object,
    "description": str,
    "category": str,
    "priority": str,
    "channels": list,
    "default_channels": list,
}
_DEFAULTS: Final[Mapping[str, Any]] = {"forced_channels": [], "notify_actor": False, "fields": {}}


def _labels(given: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    """The labels of an event.toml, in which one text or several may stand, and mistakes."""
    try:
        labels = read_label(given.get("label", "x"))
    except LabelError as error:
        return {}, [str(error)]
    return labels, []


def _faults(
    given: Mapping[str, Any], values: Mapping[str, Any], available: tuple[str, ...]
) -> Iterator[str]:
    kinds = {**_NEEDED, **{name: type(value) for name, value in _DEFAULTS.items()}}
    for name in sorted(set(given) - set(kinds)):
        yield f"there is no setting {name!r}; there are {', '.join(kinds)}"
    for name, kind in kinds.items():
        if name not in values:
            files = f": there are files for {', '.join(available)}" if name == "channels" else ""
            yield f"{name} is missing{files}"
        elif not isinstance(values[name], kind):
            yield f"{name} must be of type {kind.__name__}"
    if isinstance(priority := values.get("priority"), str) and priority not in get_args(Priority):
        yield f"there is no priority {priority!r}; there are {', '.join(get_args(Priority))}"
    yield from _channel_faults(values, available)


def _channel_faults(values: Mapping[str, Any], available: tuple[str, ...]) -> Iterator[str]:
    channels = _list(values.get("channels"))
    for channel in channels:
        if channel not in available:
            yield (
                f"channels names {channel!r}, for which there is no template here; add the file "
                f"or take the channel out (there are: {', '.join(available) or 'none'})"
            )
    for name in ("default_channels", "forced_channels"):
        for channel in _list(values.get(name)):
            if channel not in channels:
                yield f"{name} names {channel!r}, which channels does not"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def fields_json(fields: Mapping[str, Field]) -> dict[str, dict[str, Any]]:
    """The fields as they are registered: `{"order_id": {"type": "id", "required": true}}`."""
    return {
        name: {"type": field.type, "required": field.required} for name, field in fields.items()
    }


def read_fields(given: object) -> tuple[dict[str, Field], list[str]]:
    """Parse fields such as `{"order_id": "id", "reason": "text?"}`; also a sentence per mistake."""
    fields: dict[str, Field] = {}
    faults: list[str] = []
    for name, kind in given.items() if isinstance(given, dict) else ():
        base = kind.removesuffix("?") if isinstance(kind, str) else ""
        if base not in get_args(FieldType):
            faults.append(
                f"field {name} must be one of {', '.join(get_args(FieldType))}, "
                "with a ? behind it where it is optional"
            )
        elif not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
            faults.append(f"field {name!r} must be a name that a template can write")
        elif name in RESERVED:
            faults.append(f"field {name} would hide the variable of that name; rename it")
        else:
            fields[name] = Field(cast("FieldType", base), required=base == kind)
    return fields, faults
