"""How the database and its daemons are doing: for health checks, metrics and `postbell check`."""

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
    #: Scheduled events, and events whose large audience is being fanned out.
    scheduled: int = 0
    being_fanned_out: int = 0


class MirrorFault(NamedTuple):
    """What is wrong with a mirror of a users table, as postbell.check_mirrors() returns it."""

    source: str
    #: New users are no recipients until it is mended. Else some only wait for their tenant.
    is_broken: bool
    fault: str
    #: None where nothing has failed yet.
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
    """Deliveries that wait for a template, as postbell.check_templates() returns them."""

    event: str
    channel: str
    reason: str
    deliveries: int
    since: datetime


class UnknownName(NamedTuple):
    """A tenant or an event that nobody knows, as postbell.check_names() returns it."""

    what: str
    name: str
    events: int
    last_at: datetime


class Access(NamedTuple):
    """What a login may do."""

    login: str
    #: Our roles that the server does not have.
    missing: list[str]
    may_dispatch: bool | None
    may_serve: bool | None


class Ownership(NamedTuple):
    """Whom row-level security does not bind."""

    login: str
    #: Why it does not bind this login; None if it does.
    unbound: str | None
    owner: str
    #: A table of somebody else's that the owner of the schema owns, too.
    owns_too: str | None


@statement("select postbell.contract()")
def contract() -> int:
    """The number of the contract between the schema and the programs."""


@statement("select source, is_broken, fault, since from postbell.check_mirrors()")
def check_mirrors() -> list[MirrorFault]:
    """What is wrong with the mirrors of users tables."""


@statement("select event, channel, reason, deliveries, since from postbell.check_templates()")
def check_templates() -> list[AwaitedTemplate]:
    """What waits for a template, by event, channel and reason."""


@statement(
    "select what, name, events, last_at"
    " from postbell.check_names(postbell.clock() - %(within)s::interval)"
)
def check_names(within: timedelta) -> list[UnknownName]:
    """Tenants and events that nobody knows, and that events named which were rejected lately."""


@statement("select postbell_private.report_providers(%(process)s, %(reports)s::jsonb)")
def report_providers(process: str, reports: str) -> None:
    """Note how the providers of a process are doing. `reports` is JSON."""


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
    """Of every channel and priority over all tenants; and of events that have none yet."""


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
    """Which of our roles are missing, and what this login may do."""


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
    """Whom row-level security does not bind: this login, and why; an owner of other tables too."""
