"""postbell import-events"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from dispatcher.cli import options
from dispatcher.cli.connection import Connection, connected
from dispatcher.cli.errors import CommandError
from dispatcher.cli.output import echo, echo_json, echo_stderr

if TYPE_CHECKING:
    from dispatcher.deploy.event_list import ListedEvent
    from dispatcher.rendering.event_type import EventType
    from dispatcher.settings import Settings

#: What a list decides about an event that no template folder declares.
_TAKEN: Final = (
    "label", "description", "category", "priority", "default_channels", "forced_channels",
    "channels", "fields",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered event, with its roles and whether it is enabled, which no folder declares."""

    event: EventType
    roles: tuple[str, ...]
    is_enabled: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What an import changes about one event."""

    key: str
    is_new: bool
    #: By setting, the values before and after.
    changes: Mapping[str, tuple[Any, Any]]
    #: Settings whose value in the list differs from the event's folder, which has precedence.
    differs: tuple[str, ...]


def command(
    file: Annotated[str, typer.Argument(help="JSON; - is standard input.", metavar="FILE")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Register the events of a list: key, label, description, enabled, roles, channels, priority,
    forced_channels.

    All or none; doing it again changes nothing. Where a template folder declares the event, that
    stands, and only roles and enabled are taken.
    """
    from dispatcher.db import texts
    from dispatcher.settings import Settings

    settings = Settings.load()
    listed = _listed(file)
    folders = _declared(settings)
    with connected(settings, is_embedded=embedded) as connection, connection.transaction():
        before = _registered(connection)
        after = {each.key: _merged(each, before, folders) for each in listed}
        changes = [
            _change(each, before.get(each.key), after[each.key], is_declared=each.key in folders)
            for each in listed
        ]
        if not dry_run:
            for change in changes:
                if change.is_new or change.changes:
                    _write(connection, after[change.key])
        paths = [row.path for row in texts.texts_in_use(connection, None)]
    _answer(changes, is_dry=dry_run, json=json)
    for key in after:
        if key not in folders and not any(path.startswith(_place(key)) for path in paths):
            echo_stderr(
                f"{key}: it has no texts yet; `postbell text set {_place(key)}… FILE` sets them."
            )


def _listed(file: str) -> list[ListedEvent]:
    from dispatcher.deploy import event_list

    text = sys.stdin.read() if file == "-" else options.read_text(file)
    try:
        return event_list.read(text)
    except event_list.EventListError as error:
        faults = "\n".join(f"{file}: {fault}" for fault in error.faults)
        raise CommandError(f"{faults}\nNothing has changed.") from None


def _declared(settings: Settings) -> frozenset[str]:
    """The keys of the events that a template folder declares."""
    from dispatcher.rendering.loader import EVENT_FILE, TemplateFiles

    return frozenset(
        name.removesuffix(f"/{EVENT_FILE}").replace("/", ".")
        for name in TemplateFiles.of(settings.template_folders).files
        if name.endswith(f"/{EVENT_FILE}")
    )


def _registered(connection: Connection) -> dict[str, Registered]:
    from dispatcher.db import texts

    access = {row.key: row for row in texts.event_access(connection)}
    return {
        row.key: Registered(
            row.event_type, tuple(access[row.key].roles), access[row.key].is_enabled
        )
        for row in texts.event_types(connection)
    }


def _merged(
    each: ListedEvent, before: Mapping[str, Registered], folders: frozenset[str]
) -> Registered:
    """The event as it is to be registered. What the list leaves out keeps its value."""
    from dispatcher.rendering.event_type import EventType

    found = before.get(each.key)
    if found and each.key in folders:
        return replace(found, roles=each.roles, is_enabled=each.is_enabled)
    old = found.event if found else None
    channels = tuple(dict.fromkeys((*each.channels, *each.forced_channels)))
    event = EventType(
        key=each.key,
        label=each.label or (old.label if old else each.key),
        description=(old.description if old else "")
        if each.description is None
        else each.description,
        category=each.category or (old.category if old else _category(each.key, before)),
        priority=each.priority,  # type: ignore[arg-type] # event_list has checked it
        default_channels=each.channels,
        forced_channels=each.forced_channels,
        # Channels that were registered stay, because they may have overrides.
        channels=tuple(dict.fromkeys((*(old.channels if old else ()), *channels))),
        notify_actor=old.notify_actor if old else False,
        fields=(old.fields if old else {}) if each.fields is None else each.fields,
        version=old.version if old else "",
    )
    return Registered(event, each.roles, each.is_enabled)


def _place(key: str) -> str:
    return key.replace(".", "/") + "/"


def _category(key: str, before: Mapping[str, Registered]) -> str:
    """The category of another event of the same subject, else the subject."""
    subject = key.partition(".")[0]
    kin = [known.event.category for name, known in before.items() if name.startswith(f"{subject}.")]
    return kin[0] if kin else subject


def _change(
    each: ListedEvent, before: Registered | None, after: Registered, *, is_declared: bool
) -> Change:
    said = {**_values(after), "roles": after.roles, "enabled": after.is_enabled}
    if before is None:
        return Change(each.key, True, {}, ())
    was = {**_values(before), "roles": before.roles, "enabled": before.is_enabled}
    changes = {name: (was[name], said[name]) for name in said if was[name] != said[name]}
    return Change(
        each.key, False, changes, tuple(_differences(each, before.event)) if is_declared else ()
    )


def _differences(each: ListedEvent, declared: EventType) -> Iterator[str]:
    wanted: dict[str, Any] = {
        "label": each.label,
        "description": each.description,
        "category": each.category,
        "priority": each.priority,
        "default_channels": each.channels,
        "forced_channels": each.forced_channels,
        "fields": each.fields,
    }
    for name, value in wanted.items():
        if value is not None and _comparable(value) != _comparable(getattr(declared, name)):
            yield name


def _values(registered: Registered) -> dict[str, Any]:
    return {name: getattr(registered.event, name) for name in _TAKEN}


def _comparable(value: object) -> object:
    return sorted(value) if isinstance(value, tuple) else value


def _write(connection: Connection, registered: Registered) -> None:
    from dispatcher.db import texts

    texts.register_event(connection, registered.event, registered.roles)
    texts.enable_event(connection, registered.event.key, is_enabled=registered.is_enabled)


def _answer(changes: list[Change], *, is_dry: bool, json: bool) -> None:
    if json:
        echo_json(
            [
                {
                    "key": change.key,
                    "change": "new" if change.is_new else "changed" if change.changes else "none",
                    "changes": {
                        name: {"was": _shown(was), "is": _shown(now)}
                        for name, (was, now) in change.changes.items()
                    },
                    "differs_from_folder": list(change.differs),
                }
                for change in changes
            ]
        )
        return
    for change in changes:
        if change.is_new:
            echo(f"{change.key}: new.")
        for name, (was, now) in change.changes.items():
            echo(f"{change.key}: {name} is {_shown(now)!r}, was {_shown(was)!r}.")
        if change.differs:
            echo_stderr(
                f"{change.key}: its folder stands, and says otherwise: {', '.join(change.differs)}."
            )
    new = sum(change.is_new for change in changes)
    changed = sum(bool(change.changes) for change in changes)
    verb = "would be registered" if is_dry else "registered"
    echo(f"{new} {verb}, {changed} changed, {len(changes) - new - changed} as before.")


def _shown(value: object) -> object:
    from dispatcher.rendering.event_type import fields_json

    match value:
        case tuple():
            return list(value)
        case Mapping():
            return fields_json(value)
        case _:
            return value
