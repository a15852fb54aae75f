"""What the commands ask the database about texts, and tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.rows import class_row, dict_row

from dispatcher.cli.place import Connection
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.overrides import TemplateOverride

Row = dict[str, Any]


def set_text(
    connection: Connection, path: str, content: str | None, tenant_id: str | None, note: str | None
) -> int:
    """The version that it is now."""
    return _number(
        connection,
        "select postbell.set_text(path => %s, content => %s, tenant_id => %s, note => %s)",
        [path, content, tenant_id, note],
    )


def roll_back_text(
    connection: Connection, path: str, tenant_id: str | None, to_version: int | None
) -> int:
    """The new version."""
    return _number(
        connection,
        "select postbell.roll_back_text(path => %s, tenant_id => %s, to_version => %s)",
        [path, tenant_id, to_version],
    )


def texts(connection: Connection, tenant_id: str | None) -> list[Row]:
    """Those in use: a tenant's, or all there are."""
    return _rows(
        connection,
        "select path, tenant_id, version, created_at, created_by, note, fault, instead"
        " from postbell.texts where %(tenant)s::text is null or tenant_id = %(tenant)s"
        " order by path, tenant_id nulls first",
        {"tenant": tenant_id},
    )


def history(connection: Connection, path: str, tenant_id: str | None) -> list[Row]:
    """Every version of a text, newest first."""
    return _rows(
        connection,
        "select version, created_at, created_by, note, content"
        " from postbell.text_version where path = %(path)s"
        " and tenant_id is not distinct from %(tenant)s order by version desc",
        {"path": path, "tenant": tenant_id},
    )


def texts_of(connection: Connection, tenant_id: str | None) -> list[TemplateOverride]:
    """What a tenant's messages may be made of; None: everybody's."""
    cursor = connection.cursor(row_factory=class_row(TemplateOverride))
    cursor.execute(
        "select id, tenant_id, path, version, content from postbell.texts_of(%s)", [tenant_id]
    )
    return cursor.fetchall()


def event_types(connection: Connection) -> list[EventType]:
    """All that are registered."""
    rows = connection.execute(
        "select key, label, description, category, priority, default_channels, forced_channels,"
        " channels, notify_actor, fields, version from postbell.event_type order by key"
    )
    return [EventType.registered(*row) for row in rows]


def _number(connection: Connection, query: str, arguments: Sequence[object]) -> int:
    row = connection.execute(query.encode(), arguments).fetchone()
    assert row is not None  # noqa: S101 (a function returns one row)
    return int(row[0])


def _rows(connection: Connection, query: str, arguments: dict[str, object]) -> list[Row]:
    return connection.cursor(row_factory=dict_row).execute(query.encode(), arguments).fetchall()
