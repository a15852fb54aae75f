"""Registered events, and template overrides, which the command line calls texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import AsyncConnection, Connection

from dispatcher.db.statement import statement
from dispatcher.delivery.model import Tenant
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.overrides import TemplateOverride
from dispatcher.rendering.template_set import OverrideFault


class TenantToPreview(NamedTuple):
    """A tenant whose messages can be previewed."""

    id: str
    name: str
    locale: str


class RegisteredEvent(NamedTuple):
    """A row of postbell.event_type, without what the application sets there."""

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
    """The newest override of a tenant; `tenant_id` is None for those of all tenants."""

    text_id: int
    tenant_id: str | None


class TextInUse(NamedTuple):
    """A row of postbell.texts."""

    path: str
    tenant_id: str | None
    version: int
    created_at: datetime
    created_by: str
    note: str | None
    fault: str | None
    instead: str | None


class TextVersion(NamedTuple):
    """A version of an override; without content, the version withdraws it."""

    version: int
    created_at: datetime
    created_by: str
    note: str | None
    content: str | None


class EventAccess(NamedTuple):
    """The roles that may receive an event, and whether it may be emitted."""

    key: str
    roles: list[str]
    is_enabled: bool


@statement("select postbell_private.require_tenant(%(tenant_id)s)")
def require_tenant(tenant_id: str) -> None:
    """Raise UnknownTenantError (PB003) unless the tenant exists."""


@statement(
    "select id, name, base_url, currency, locale, time_zone, branding"
    " from postbell.tenant where id = %(tenant_id)s"
)
def tenant_to_preview(tenant_id: str) -> Tenant | None:
    """What a tenant's messages are rendered with, without its choice of providers."""


@statement("select id, name, locale from postbell.tenant order by id limit 1000")
def tenants_to_preview() -> list[TenantToPreview]:
    """The tenants whose messages can be previewed, at most 1000."""


@statement(
    "select key, label, description, category, priority, default_channels, forced_channels,"
    " channels, notify_actor, fields, version"
    " from postbell.event_type order by key"
)
def event_types() -> list[RegisteredEvent]:
    """All registered events, by key."""


@statement("select key, version from postbell.event_type")
def event_versions() -> dict[str, str]:
    """By event key, the version of the templates with which it was registered."""


@statement("listen postbell_templates")
def listen_for_templates() -> None:
    """Listen on the channel on which deploys, and processes with what was deployed, notify."""


@statement("select postbell_private.announce_templates(%(are_deployed)s)")
def announce_templates(are_deployed: bool) -> bool:
    """Tell others whether this process has the deployed templates. Returns whether another has."""


@statement("select key, roles, disabled_at is null as is_enabled from postbell.event_type")
def event_access() -> list[EventAccess]:
    """The access to all registered events."""


@statement(
    "select postbell.register_event(key => %(key)s, category => %(category)s,"
    " priority => %(priority)s, default_channels => %(default_channels)s,"
    " channels => %(channels)s, fields => %(fields)s::jsonb, label => %(label)s,"
    " description => %(description)s, forced_channels => %(forced_channels)s,"
    " notify_actor => %(notify_actor)s, version => %(version)s, roles => %(roles)s)"
)
def _register_event(
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
    roles: list[str] | None,
) -> None: ...


def register_event(
    connection: Connection[Any], event: EventType, roles: Sequence[str] | None = None
) -> None:
    """Register an event, or replace its registration. Without `roles`, its roles stay."""
    _register_event(
        connection,
        key=event.key,
        category=event.category,
        priority=event.priority,
        default_channels=list(event.default_channels),
        channels=list(event.channels),
        fields=json.dumps(event.fields_json),
        label=event.label,
        description=event.description,
        forced_channels=list(event.forced_channels),
        notify_actor=event.notify_actor,
        version=event.version,
        roles=None if roles is None else list(roles),
    )


@statement(
    "update postbell.event_type"
    " set disabled_at = case when %(is_enabled)s then null else postbell.clock() end"
    " where key = %(key)s and (disabled_at is null) <> %(is_enabled)s"
)
def enable_event(key: str, *, is_enabled: bool) -> None:
    """Set whether an event may be emitted."""


@statement("select pattern from postbell.event_choice order by pattern")
def event_choice() -> list[str]:
    """The patterns of the events that deploys register; none if that is all."""


@statement(
    """
    with former as (
        delete from postbell.event_choice
        where pattern <> all(%(patterns)s)
    )
    insert into postbell.event_choice (pattern)
    select distinct unnest(%(patterns)s)
    on conflict do nothing
    """
)
def choose_events(patterns: list[str]) -> None:
    """Store the patterns of the events that deploys register."""


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
    """The enabled events that are not among `files` (keys) and have no override of their own."""


@statement("select id, tenant_id, path, version, content from postbell.texts_of(%(tenant_id)s)")
def texts_of(tenant_id: str | None) -> list[TemplateOverride]:
    """The overrides of a tenant and of all tenants; for None, only those of all tenants."""


@statement(
    "select max(id) as text_id, tenant_id from postbell.text_version where id > %(after)s"
    " group by tenant_id order by max(id) desc limit 100"
)
def changed_texts(after: int) -> list[Whose]:
    """The tenants with overrides of a higher id than `after`, at most 100."""


@statement(
    "select path, tenant_id, version, created_at, created_by, note, fault, instead"
    " from postbell.texts where %(tenant_id)s::text is null or tenant_id = %(tenant_id)s"
    " order by path, tenant_id nulls first"
)
def texts_in_use(tenant_id: str | None) -> list[TextInUse]:
    """The overrides in use of a tenant; for None, all."""


@statement(
    "select version, created_at, created_by, note, content"
    " from postbell.text_version where path = %(path)s"
    " and tenant_id is not distinct from %(tenant_id)s order by version desc"
)
def text_versions(path: str, tenant_id: str | None) -> list[TextVersion]:
    """Every version of an override, newest first."""


@statement(
    "select postbell.set_text(path => %(path)s, content => %(content)s,"
    " tenant_id => %(tenant_id)s, note => %(note)s)"
)
def set_text(path: str, content: str | None, tenant_id: str | None, note: str | None) -> int:
    """Set an override, or withdraw it (None). Returns the number of the new version."""


@statement(
    "select postbell.roll_back_text(path => %(path)s, tenant_id => %(tenant_id)s,"
    " to_version => %(to_version)s)"
)
def roll_back_text(path: str, tenant_id: str | None, to_version: int | None) -> int:
    """Set an override to an earlier version, by default the previous one.

    Returns the number of the new version. Version 0 is the file.
    """


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
    """Report how the overrides of a template set could be used.

    `faults` are those that could not, `good` the ids of those that could. `template_sets` has the
    version, event and override ids of each event.
    """
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
