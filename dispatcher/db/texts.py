"""Events as they are registered, and the texts in the database that stand for template files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import AsyncConnection

from dispatcher.db.statement import statement
from dispatcher.delivery.model import Tenant
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.overrides import TemplateOverride
from dispatcher.rendering.template_set import OverrideFault


class TenantToPreview(NamedTuple):
    """A tenant that a preview may be for."""

    id: str
    name: str
    locale: str


class RegisteredEvent(NamedTuple):
    """A row of postbell.event_type, without what only a tenant changes."""

    key: str
    label: str
    description: str
    category: str
    priority: str
    default_channels: list[str]
    forced_channels: list[str]
    channels: list[str]
    notify_actor: bool
    fields: dict[str, Any]
    version: str

    @property
    def event_type(self) -> EventType:
        return EventType.registered(*self)


class Whose(NamedTuple):
    """The newest text of a tenant, or of everybody (None)."""

    text_id: int
    tenant_id: str | None


class TextInUse(NamedTuple):
    """A line of postbell.texts."""

    path: str
    tenant_id: str | None
    version: int
    created_at: datetime
    created_by: str
    note: str | None
    fault: str | None
    instead: str | None


class TextVersion(NamedTuple):
    """A version of a text; without content, it was taken back."""

    version: int
    created_at: datetime
    created_by: str
    note: str | None
    content: str | None


class EventAccess(NamedTuple):
    """Who may have an event, and whether it may be emitted."""

    key: str
    roles: list[str]
    is_enabled: bool


@statement("select postbell_private.require_tenant(%(tenant_id)s)")
def require_tenant(tenant_id: str) -> None:
    """Raises UnknownTenantError (PB003) unless there is such a tenant."""


@statement(
    "select id, name, base_url, currency, locale, time_zone, branding"
    " from postbell.tenant where id = %(tenant_id)s"
)
def tenant_to_preview(tenant_id: str) -> Tenant | None:
    """What messages of a tenant are rendered with; not by whom they are sent."""


@statement("select id, name, locale from postbell.tenant order by id limit 1000")
def tenants_to_preview() -> list[TenantToPreview]:
    """The tenants that a preview may be for; at most 1000."""


@statement(
    "select key, label, description, category, priority, default_channels, forced_channels,"
    " channels, notify_actor, fields, version"
    " from postbell.event_type order by key"
)
def event_types() -> list[RegisteredEvent]:
    """All that are registered."""


@statement("select key, version from postbell.event_type")
def event_versions() -> dict[str, str]:
    """The version of the templates with which each event was registered."""


@statement("select key, roles, disabled_at is null as is_enabled from postbell.event_type")
def event_access() -> list[EventAccess]:
    """Of all that are registered."""


@statement(
    "select postbell.register_event(key => %(key)s, category => %(category)s,"
    " priority => %(priority)s, default_channels => %(default_channels)s,"
    " channels => %(channels)s, fields => %(fields)s::jsonb, label => %(label)s,"
    " description => %(description)s, forced_channels => %(forced_channels)s,"
    " notify_actor => %(notify_actor)s, version => %(version)s, roles => %(roles)s)"
)
def register_event(
    *,
    key: str,
    category: str,
    priority: str,
    default_channels: list[str],
    channels: list[str],
    fields: str,
    label: str,
    description: str,
    forced_channels: list[str],
    notify_actor: bool,
    version: str,
    roles: list[str],
) -> None:
    """Register an event, or change it. `fields` is JSON."""


@statement(
    "update postbell.event_type"
    " set disabled_at = case when %(is_enabled)s then null else postbell.clock() end"
    " where key = %(key)s and (disabled_at is null) <> %(is_enabled)s"
)
def enable_event(key: str, *, is_enabled: bool) -> None:
    """Say whether an event may be emitted."""


@statement(
    """
    select key
    from postbell.event_type
    where disabled_at is null
      and key <> all(%(files)s)
      and not exists (
          select
          from postbell.text_version
          where starts_with(path, replace(key, '.', '/') || '/')
      )
    order by key
    """
)
def events_without_files(files: list[str]) -> list[str]:
    """Events that may be emitted and have neither one of these folders nor a text of their own."""


@statement("select id, tenant_id, path, version, content from postbell.texts_of(%(tenant_id)s)")
def texts_of(tenant_id: str | None) -> list[TemplateOverride]:
    """A tenant's and everybody's; None: everybody's alone."""


@statement(
    "select max(id) as text_id, tenant_id from postbell.text_version where id > %(after)s"
    " group by tenant_id order by max(id) desc limit 100"
)
def changed_texts(after: int) -> list[Whose]:
    """Whose texts have changed since that text; at most 100."""


@statement(
    "select path, tenant_id, version, created_at, created_by, note, fault, instead"
    " from postbell.texts where %(tenant_id)s::text is null or tenant_id = %(tenant_id)s"
    " order by path, tenant_id nulls first"
)
def texts_in_use(tenant_id: str | None) -> list[TextInUse]:
    """A tenant's, or all there are."""


@statement(
    "select version, created_at, created_by, note, content"
    " from postbell.text_version where path = %(path)s"
    " and tenant_id is not distinct from %(tenant_id)s order by version desc"
)
def text_versions(path: str, tenant_id: str | None) -> list[TextVersion]:
    """Every version of a text, newest first."""


@statement(
    "select postbell.set_text(path => %(path)s, content => %(content)s,"
    " tenant_id => %(tenant_id)s, note => %(note)s)"
)
def set_text(path: str, content: str | None, tenant_id: str | None, note: str | None) -> int:
    """Set a text, or take it back; the version that it is now."""


@statement(
    "select postbell.roll_back_text(path => %(path)s, tenant_id => %(tenant_id)s,"
    " to_version => %(to_version)s)"
)
def roll_back_text(path: str, tenant_id: str | None, to_version: int | None) -> int:
    """Make a former version the newest again, by default the last but one; the new version."""


@statement(
    "select postbell_private.report_texts(%(faults)s::jsonb, %(good)s::bigint[],"
    " %(template_sets)s::jsonb)"
)
def _report_texts(faults: str, good: list[int], template_sets: str) -> None: ...


async def report_texts(
    connection: AsyncConnection[Any],
    faults: Sequence[OverrideFault],
    good: Sequence[int],
    template_sets: Sequence[tuple[str, str, list[int]]],
) -> None:
    """`good` are ids of texts; `template_sets` are versions, events and ids of texts."""
    await _report_texts(
        connection,
        json.dumps(
            [
                {"text_id": fault.override.id, "fault": fault.sentence, "instead": fault.instead}
                for fault in faults
            ]
        ),
        list(good),
        json.dumps(
            [
                {"version": version, "event": event, "text_ids": text_ids}
                for version, event, text_ids in template_sets
            ]
        ),
    )
