"""Reads a list of events in JSON, as other systems export them.

    [{"key": "stock.low", "label": "Low stock", "description": "…", "enabled": true,
      "roles": ["support"], "channels": ["in_app", "email"], "priority": "high",
      "forced_channels": []}]

or one object that has the entries by key. Only `key` is required. An entry may also have `category`
and `fields`, as in event.toml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from dispatcher.rendering.channel_templates import TEMPLATES
from dispatcher.rendering.event_type import Field, Priority, read_fields

#: The same as the check constraint of postbell.event_type.
_KEY: Final = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
_LONGEST_KEY: Final = 100


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """An event of the list. A field is None if the list leaves it out and it has no default."""

    key: str
    label: str | None
    description: str | None
    category: str | None
    priority: str
    channels: tuple[str, ...]
    forced_channels: tuple[str, ...]
    roles: tuple[str, ...]
    is_enabled: bool
    fields: Mapping[str, Field] | None


class EventListError(Exception):
    """The list is invalid; `faults` has a sentence for each mistake."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def read(text: str) -> list[ListedEvent]:
    """Parse a list. Raises EventListError with every mistake."""
    try:
        said = json.loads(text)
    except json.JSONDecodeError as error:
        raise EventListError([f"line {error.lineno}: this is not JSON: {error.msg}"]) from None
    except RecursionError:
        raise EventListError(["this is nested too deeply"]) from None
    if not isinstance(said, list | dict):
        raise EventListError(["a list of events is wanted, or one object with the keys as names"])

    events: list[ListedEvent] = []
    faults: list[str] = []
    for place, each in _entries(said):
        found = list(_faults(each))
        if not found and any(event.key == each["key"] for event in events):
            found.append("the key stands twice")
        faults += [f"{place}: {fault}" for fault in found]
        if not found:
            events.append(_event(each))
    if faults:
        raise EventListError(faults)
    return events


def _entries(said: list[Any] | dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each entry, preceded by its name for messages, such as `event 2 (stock.low)`."""
    if isinstance(said, dict):
        for name, each in said.items():
            yield name, {"key": name, **each} if isinstance(each, dict) else each
        return
    for number, each in enumerate(said, start=1):
        key = each.get("key") if isinstance(each, dict) else None
        yield f"event {number}{f' ({key})' if isinstance(key, str) else ''}", each


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_list_of(allowed: tuple[str, ...] | None) -> Callable[[object], bool]:
    def is_list(value: object) -> bool:
        return isinstance(value, list) and all(
            _is_text(each) if allowed is None else each in allowed for each in value
        )

    return is_list


_CHANNELS: Final = tuple(TEMPLATES)
#: The check of each setting, and the end of the sentence "… must be …".
_WANTED: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    "key": (
        lambda value: (
            isinstance(value, str) and bool(_KEY.fullmatch(value)) and len(value) <= _LONGEST_KEY
        ),
        f"subject.past_participle in small letters, of at most {_LONGEST_KEY}",
    ),
    "label": (_is_text, "a text"),
    "description": (lambda value: isinstance(value, str), "a text"),
    "category": (_is_text, "a text"),
    "enabled": (lambda value: isinstance(value, bool), "true or false"),
    "roles": (_is_list_of(None), "a list of names"),
    "channels": (_is_list_of(_CHANNELS), f"a list of {', '.join(_CHANNELS)}"),
    "forced_channels": (_is_list_of(_CHANNELS), f"a list of {', '.join(_CHANNELS)}"),
    "priority": (
        lambda value: value in get_args(Priority),
        f"one of {', '.join(get_args(Priority))}",
    ),
    "fields": (lambda value: isinstance(value, dict), "an object of names and types"),
}


def _faults(each: object) -> Iterator[str]:
    if not isinstance(each, dict):
        yield "an event is an object"
        return
    if "key" not in each:
        yield "key is missing"
    for name, value in each.items():
        if name not in _WANTED:
            yield f"there is no setting {name}; there are {', '.join(_WANTED)}"
        elif not _WANTED[name][0](value):
            yield f"{name} must be {_WANTED[name][1]}, not {json.dumps(value)[:60]}"
        elif name == "fields":
            yield from read_fields(value)[1]


def _event(said: Mapping[str, Any]) -> ListedEvent:
    return ListedEvent(
        key=said["key"],
        label=said.get("label"),
        description=said.get("description"),
        category=said.get("category"),
        priority=said.get("priority", "normal"),
        channels=tuple(dict.fromkeys(said.get("channels", ("in_app",)))),
        forced_channels=tuple(dict.fromkeys(said.get("forced_channels", ()))),
        roles=tuple(dict.fromkeys(said.get("roles", ()))),
        is_enabled=said.get("enabled", True),
        fields=read_fields(said["fields"])[0] if "fields" in said else None,
    )
