"""Statements of health checks, metrics and `postbell check`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from dispatcher.db.statement import statement


class Depth(NamedTuple):
    """A row of `postbell.queue_depth`, or the sum of several."""

    #: None for scheduled events and large audiences: their channels are not decided yet.
    channel: str | None
    priority: str
    queued: int
    waiting: int
    #: Seconds since the oldest queued delivery was queued; None if none is.
    oldest_seconds: float | None
    #: Numbers of scheduled events, and of events whose large audience is being fanned out.
    scheduled: int = 0
    being_fanned_out: int = 0


class MirrorFault(NamedTuple):
    """A fault of a mirrored users table, as postbell.check_mirrors() returns it."""

    #: The users table.
    source: str
    #: Whether new users do not become recipients at all. Otherwise some wait for their tenant.
    is_broken: bool
    fault: str
    #: When it was first noticed; None if no user has been affected yet.
    since: datetime | None

    @property
    def sentence(self) -> str:
        if not self.is_broken:
            return f"{self.source}: {self.fault}."
        return (
            f"Recipients do not follow {self.source}: {self.fault}."
            " Mend it, and call postbell.mirror_recipients() again."
        )


class AwaitedTemplate(NamedTuple):
    """The number of deliveries that wait for a template, from postbell.check_templates()."""

    event: str
    channel: str
    reason: str
    deliveries: int
    since: datetime


class UnknownName(NamedTuple):
    """An unknown tenant or event that rejected events name, from postbell.check_names()."""

    #: `tenant` or `event`.
    what: str
    name: str
    events: int
    last_at: datetime


class Access(NamedTuple):
    """The privileges of a login."""

    login: str
    #: Postbell's roles that the server lacks.
    missing: list[str]
    may_dispatch: bool | None
    may_serve: bool | None


class Ownership(NamedTuple):
    """Whether row-level security applies to a login, and what the schema's owner owns besides."""

    login: str
    #: Why row-level security does not apply to the login; None if it does.
    unbound: str | None
    #: The owner of the schema.
    owner: str
    #: One of the application's tables that the owner owns, too.
    owns_too: str | None


@statement("select postbell.contract()")
def contract() -> int:
    """The schema's contract number, which must equal this package's."""


@statement("select source, is_broken, fault, since from postbell.check_mirrors()")
def check_mirrors() -> list[MirrorFault]:
    """The faults of mirrored users tables."""


@statement("select event, channel, reason, deliveries, since from postbell.check_templates()")
def check_templates() -> list[AwaitedTemplate]:
    """The deliveries that wait for a template, by event, channel and reason."""


@statement(
    "select what, name, events, last_at"
    " from postbell.check_names(postbell.clock() - %(within)s::interval)"
)
def check_names(within: timedelta) -> list[UnknownName]:
    """The unknown tenants and events named by events that were rejected in this period."""


@statement("select postbell_private.report_providers(%(process)s, %(reports)s::jsonb)")
def report_providers(process: str, reports: str) -> None:
    """Record the states of the providers of a process. `reports` is JSON."""


@statement(
    "select channel, priority,"
    " coalesce(sum(queued), 0)::bigint as queued,"
    " coalesce(sum(waiting), 0)::bigint as waiting,"
    " extract(epoch from postbell.clock() - min(oldest_at) filter (where queued > 0))"
    "::float8 as oldest_seconds,"
    " coalesce(sum(scheduled), 0)::bigint as scheduled,"
    " coalesce(sum(being_fanned_out), 0)::bigint as being_fanned_out"
    " from postbell.queue_depth group by channel, priority"
)
def queue_depth() -> list[Depth]:
    """The queue of all tenants by channel and priority; events without channels yet included."""


@statement(
    """
    select
        current_user as login,
        array(
            select name
            from unnest(array[
                'postbell_producer', 'postbell_reader', 'postbell_dispatcher',
                'postbell_gateway', 'postbell_support', 'postbell_admin'
            ]) as name
            where not exists (select from pg_roles where rolname = name)
        ) as missing,
        has_schema_privilege('postbell_queue', 'usage') and (
            select bool_and(has_function_privilege(oid, 'execute'))
            from pg_proc
            where pronamespace = 'postbell_private'::regnamespace
              and proname in ('route', 'claim_batch', 'record_attempts')
        ) as may_dispatch,
        pg_has_role('postbell_reader', 'member') and (
            select bool_and(has_function_privilege(oid, 'execute'))
            from pg_proc
            where pronamespace = 'postbell_private'::regnamespace
              and proname in ('session_of', 'stream_between', 'use_ticket')
        ) as may_serve
    """
)
def access() -> Access:
    """The missing roles, and the privileges of this login."""


@statement(
    """
    select
        current_user as login,
        case
            when mine.rolsuper then 'is a superuser'
            when pg_has_role(ours.nspowner, 'usage') then 'owns the schema'
            when mine.rolbypassrls then 'has BYPASSRLS'
        end as unbound,
        ours.nspowner::regrole::text as owner,
        (
            select pg_class.oid::regclass::text
            from pg_class
            join pg_namespace on pg_namespace.oid = relnamespace
            where relowner = ours.nspowner
              and relkind in ('r', 'p')
              and nspname !~ '^(pg_|information_schema$|postbell)'
            order by pg_class.oid
            limit 1
        ) as owns_too
    from pg_namespace as ours
    join pg_roles as mine on mine.rolname = current_user
    where ours.nspname = 'postbell'
    """
)
def ownership() -> Ownership:
    """Whether row-level security applies to this login, and the ownership of the schema."""
