"""What the commands ask the database: SQL decides, each question is one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import class_row, dict_row

from dispatcher import errors
from dispatcher.cli.place import Connection
from dispatcher.db.monitoring import MirrorFault
from dispatcher.delivery.model import Tenant
from dispatcher.fate import DECIDED
from dispatcher.inbound.receipts import Receipt, written

Row = dict[str, Any]


def emit(
    connection: Connection,
    event: str,
    recipient: str,
    payload: str,
    tenant_id: str,
    channels: list[str] | None,
    subject: str | None,
    idempotency_key: str | None,
) -> int:
    """Emit one event and return its id. Raises PostbellError for what strict mode can see."""
    with errors.translated(), connection.transaction():
        connection.execute("set local postbell.strict = on")
        row = _row(
            connection,
            """
            select postbell.notify(
                event => %s, recipient => %s, payload => %s::jsonb, tenant_id => %s,
                channels => %s::text[], subject => %s, idempotency_key => %s
            ) as id
            """,
            [event, recipient, payload, tenant_id, channels, subject, idempotency_key],
        )
    return int(row["id"])


def tenant(connection: Connection, tenant_id: str) -> Tenant:
    """Raises UnknownTenantError."""
    with errors.translated():
        connection.execute("select postbell.require_tenant(%s)", [tenant_id])
    row = _row(
        connection,
        "select id, name, base_url, currency, locale, time_zone, branding"
        " from postbell.tenant where id = %s",
        [tenant_id],
    )
    return Tenant(**row)


def explain(connection: Connection, outbox_id: int, recipient: str | None, most: int) -> list[Row]:
    """What was decided about an event, and what became of it; rejections without a channel."""
    return _rows(
        connection,
        DECIDED,
        {"outbox_id": outbox_id, "recipient": recipient, "most": most},
    )


def foresee(
    connection: Connection,
    event: str,
    recipient: str,
    payload: str,
    tenant_id: str,
    channels: list[str] | None,
) -> list[Row]:
    """What would be decided if the event were emitted now."""
    return _rows(
        connection,
        """
        select
            null::bigint as outbox_id, %(event)s::text as event,
            recipient_id, channel, decision, rung, reason,
            null::bigint as delivery_id, null as state, null as state_reason, null as attempts,
            due_at, null::timestamptz as created_at, null as detail
        from postbell.explain(
            event => %(event)s, recipient => %(recipient)s, payload => %(payload)s::jsonb,
            tenant_id => %(tenant_id)s, channels => %(channels)s::text[]
        )
        """,
        {
            "event": event,
            "recipient": recipient,
            "payload": payload,
            "tenant_id": tenant_id,
            "channels": channels,
        },
    )


def latest_of(
    connection: Connection, recipient: str, tenant_id: str, event: str | None, most: int
) -> list[Row]:
    """The latest events of a person, newest first: every channel, and what was rejected."""
    return _rows(
        connection,
        """
        with told as (
            select distinct outbox_id
            from postbell.delivery_log
            where recipient_id = %(recipient)s
              and tenant_id = %(tenant_id)s
              and (%(event)s::text is null or event = %(event)s)
            order by outbox_id desc
            limit %(most)s
        )

        select
            log.outbox_id, log.event, log.recipient_id, log.channel,
            decided.decision, decided.rung, decided.verdict as reason,
            log.delivery_id, log.state, log.reason as state_reason, log.attempts,
            log.due_at, log.created_at, null as detail
        from told
        join postbell.delivery_log as log
            on log.outbox_id = told.outbox_id
            and log.recipient_id = %(recipient)s
        join postbell.delivery as decided on decided.id = log.delivery_id

        union all
        (
            select
                outbox_id, event, recipient, null, 'no', 0::smallint, reason,
                null, null, null, null,
                null, created_at, detail
            from postbell.rejected_events
            where recipient = %(recipient)s
              and tenant_id = %(tenant_id)s
              and (%(event)s::text is null or event = %(event)s)
            order by outbox_id desc
            limit %(most)s
        )
        order by outbox_id desc, channel
        """,
        {"recipient": recipient, "tenant_id": tenant_id, "event": event, "most": most},
    )


def is_known(connection: Connection, recipient: str, tenant_id: str) -> bool:
    """Whether the tenant has this person."""
    row = _row(
        connection,
        "select exists (select from postbell.recipient where tenant_id = %s and id = %s) as known",
        [tenant_id, recipient],
    )
    return bool(row["known"])


def log_of(connection: Connection, outbox_id: int) -> list[Row]:
    """The delivery log of an event."""
    return _rows(
        connection,
        """
        select
            delivery_id, recipient_id, channel, state, reason, attempts, provider,
            provider_message_id, due_at, created_at, sent_at, delivered_at
        from postbell.delivery_log
        where outbox_id = %s
        order by recipient_id, channel
        """,
        [outbox_id],
    )


def retry(
    connection: Connection,
    delivery_id: int | None,
    event: str | None,
    channel: str | None,
    tenant_id: str | None,
    since: datetime | None,
) -> int:
    """Send dead letters again; how many there were."""
    row = _row(
        connection,
        """
        select postbell.retry(
            delivery_id => %s, event => %s, channel => %s, tenant_id => %s,
            since => coalesce(%s, '-infinity'::timestamptz)
        ) as revived
        """,
        [delivery_id, event, channel, tenant_id, since],
    )
    return int(row["revived"])


def receive(connection: Connection, provider: str, receipts: Sequence[Receipt]) -> list[Row]:
    """Take what came back; of each event whether it was believed."""
    return _rows(
        connection,
        "select event_id, verdict from postbell.receive_receipt(%s, %s::jsonb)",
        [provider, written(receipts)],
    )


def timeline_of(connection: Connection, delivery_ids: Sequence[int]) -> list[Row]:
    """What befell deliveries, oldest first."""
    return _rows(
        connection,
        """
        select delivery_id, happened_at, what, provider, code, reason
        from postbell.delivery_timeline
        where delivery_id = any(%s)
        order by delivery_id, happened_at, what
        """,
        [list(delivery_ids)],
    )


def queue_depth(connection: Connection) -> list[Row]:
    """How much is queued and how much waits, by channel and priority."""
    return _rows(
        connection,
        """
        select
            channel, priority,
            coalesce(sum(queued), 0)::bigint as queued,
            coalesce(sum(waiting), 0)::bigint as waiting,
            min(oldest_at) filter (where queued is not null) as queued_since,
            min(oldest_at) filter (where waiting is not null) as next_due_at
        from postbell.queue_depth
        where channel is not null
        group by channel, priority
        order by channel, array_position(array['critical', 'high', 'normal', 'low'], priority)
        """,
    )


def waiting(connection: Connection) -> list[Row]:
    """What deliveries wait for, most of them first: the ten most frequent."""
    return _rows(
        connection,
        """
        select
            coalesce(d.reason, d.verdict) as reason, d.event, d.channel::text as channel,
            count(*) as deliveries, min(w.due_at) as next_due_at
        from postbell.waiting_delivery as w
        join postbell.delivery as d on d.id = w.delivery_id
        group by 1, 2, 3
        order by deliveries desc, 1, 2, 3
        limit 10
        """,
    )


def undecided(connection: Connection) -> Row:
    """How many events are scheduled, for when the next, and how many audiences are being told."""
    return _row(
        connection,
        """
        select
            coalesce(sum(scheduled), 0)::bigint as scheduled,
            min(oldest_at) filter (where scheduled is not null) as next_due_at,
            coalesce(sum(being_fanned_out), 0)::bigint as being_fanned_out
        from postbell.queue_depth
        """,
        [],
    )


def counts_since(connection: Connection, since: datetime) -> list[Row]:
    """Deliveries of events emitted since then, by channel and state."""
    return _rows(
        connection,
        """
        select channel, state, count(*) as deliveries
        from postbell.delivery_log
        where created_at >= %s
        group by channel, state
        order by channel, state
        """,
        [since],
    )


def rejections_since(connection: Connection, since: datetime) -> list[Row]:
    """Events rejected since then, by reason."""
    return _rows(
        connection,
        """
        select reason, count(*) as events
        from postbell.rejected_events
        where created_at >= %s
        group by reason
        order by reason
        """,
        [since],
    )


def dead_letters(connection: Connection) -> list[Row]:
    """Deliveries given up on, by event and channel."""
    return _rows(
        connection,
        """
        select event, channel, count(*) as deliveries, min(died_at) as since
        from postbell.dead_letters
        group by event, channel
        order by event, channel
        """,
    )


def providers(connection: Connection) -> list[Row]:
    """How the providers of each running dispatcher are doing."""
    return _rows(
        connection,
        """
        select provider, channel, state, reason, changed_at, opens_at, process
        from postbell.providers
        order by channel, provider, process
        """,
    )


def provider_choices(connection: Connection) -> list[Row]:
    """Each provider that a tenant chose."""
    return _rows(
        connection,
        """
        select tenant_id, channel, provider
        from postbell.provider_choice
        order by tenant_id, channel, position
        """,
    )


def leader(connection: Connection) -> Row | None:
    """The session that leads the routers, and whether it sleeps; None if no router runs."""
    row = _row(connection, "select process_id as pid, is_asleep from postbell.leader()", [])
    return row if row["pid"] is not None else None


def check_cluster(connection: Connection) -> None:
    """Raises ForeignClusterError if the database was restored from another cluster."""
    with errors.translated():
        connection.execute("select postbell.check_cluster()")


def access(connection: Connection) -> Row:
    """Which of our roles are missing, and what this login may do."""
    return _row(
        connection,
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
                where pronamespace = 'postbell'::regnamespace
                  and proname in ('route', 'claim_batch', 'record_attempts')
            ) as may_dispatch,
            pg_has_role('postbell_reader', 'member') and (
                select bool_and(has_function_privilege(oid, 'execute'))
                from pg_proc
                where pronamespace = 'postbell'::regnamespace
                  and proname in ('session_of', 'stream_between', 'use_ticket')
            ) as may_serve
        """,
    )


def ownership(connection: Connection) -> Row:
    """Whom row-level security does not bind: this login, and why; an owner of other tables too."""
    return _row(
        connection,
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
        """,
    )


def mirror_faults(connection: Connection) -> list[MirrorFault]:
    """What is wrong with the mirrors of users tables."""
    cursor = connection.cursor(row_factory=class_row(MirrorFault))
    cursor.execute("select source, is_broken, fault, since from postbell.check_mirrors()")
    return cursor.fetchall()


def missing_templates(connection: Connection) -> list[Row]:
    """What waits for a template, by event, channel and reason."""
    return _rows(
        connection,
        "select event, channel, reason, deliveries, since from postbell.check_templates()",
    )


def unknown_names(connection: Connection, since: timedelta) -> list[Row]:
    """Tenants and events that nobody knows, and that rejected events named within so long."""
    return _rows(
        connection,
        "select what, name, events, last_at from postbell.check_names(postbell.clock() - %s)",
        [since],
    )


def registered_versions(connection: Connection) -> dict[str, str]:
    """The version of the templates with which each event was registered."""
    rows = _rows(connection, "select key, version from postbell.event_type")
    return {row["key"]: row["version"] for row in rows}


def without_files(connection: Connection, files: Collection[str]) -> list[str]:
    """Events that may be emitted and have neither one of these folders nor a text of their own."""
    rows = _rows(
        connection,
        """
        select key
        from postbell.event_type
        where disabled_at is null
          and key <> all(%s)
          and not exists (
              select
              from postbell.text_version
              where starts_with(path, replace(key, '.', '/') || '/')
          )
        order by key
        """,
        [list(files)],
    )
    return [row["key"] for row in rows]


def _rows(
    connection: Connection,
    query: str,
    arguments: Sequence[object] | Mapping[str, object] | None = None,
) -> list[Row]:
    return connection.cursor(row_factory=dict_row).execute(query.encode(), arguments).fetchall()


def _row(connection: Connection, query: str, arguments: Sequence[object] | None = None) -> Row:
    """Of a query that has exactly one."""
    (row,) = _rows(connection, query, arguments)
    return row
