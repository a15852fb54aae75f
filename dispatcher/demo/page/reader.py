"""What the page reads and changes, each through the role that is for it.

The inbox is read as `postbell_reader`, which row-level security shows one person's rows only; the
decisions as `postbell_support`, which sees neither texts nor addresses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

from psycopg import AsyncCursor
from psycopg.rows import DictRow, dict_row

from dispatcher.db.connections import Pool
from dispatcher.demo import wording
from dispatcher.explanations import explain_reason

Verb = Literal["seen", "read", "unread", "archived"]

#: Rows of a list.
PAGE: Final = 50

_VERBS: Final[dict[Verb, str]] = {
    "seen": "mark_seen",
    "read": "mark_read",
    "unread": "mark_unread",
    "archived": "archive",
}


class UnknownPersonError(LookupError):
    """The tenant has nobody of this id."""


class Reader:
    """Reads for the page. Every list is newest first."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def houses(self) -> list[dict[str, Any]]:
        """Every tenant with its people, for whoever chooses one."""
        async with self._as("postbell_admin") as cursor:
            await cursor.execute(
                "select tenant.id, tenant.name,"
                " json_agg(json_build_object('id', person.id,"
                " 'name', coalesce(person.attributes ->> 'name', person.id),"
                " 'habit', person.attributes ->> 'habit')"
                " order by exists (select from postbell.recipient_role as role where"
                " (role.tenant_id, role.recipient_id) = (tenant.id, person.id)), person.id)"
                " as people"
                " from postbell.tenant"
                " join postbell.recipient as person on person.tenant_id = tenant.id"
                " where person.erased_at is null"
                " group by tenant.id order by tenant.id"
            )
            return await cursor.fetchall()

    async def inbox(self, tenant_id: str, recipient_id: str) -> dict[str, Any]:
        """Unread count, address, items that are not archived, and what was not delivered and why.

        Raises UnknownPersonError.
        """
        async with self._as_person(tenant_id, recipient_id) as cursor:
            await cursor.execute(
                "select counted.unread, person.email"
                " from postbell.unread_counts as counted"
                " join postbell.recipient as person"
                " on (person.tenant_id, person.id) = (counted.tenant_id, counted.recipient_id)"
            )
            counted = await cursor.fetchone()
            if counted is None:
                raise UnknownPersonError(f"{tenant_id} has no {recipient_id}")
            await cursor.execute(
                "select item.id::text, item.event, item.title, item.body, item.link, item.actions,"
                " item.created_at, item.read_at, log.reason = 'muted' as is_muted"
                " from postbell.inbox as item"
                " join postbell.delivery_log as log on log.delivery_id = item.id and log.has_row"
                " where item.archived_at is null"
                " order by item.id desc limit %s",
                [PAGE],
            )
            items = await cursor.fetchall()
            await cursor.execute(
                "select delivery_id::text as id, outbox_id::text, event, channel, state, reason,"
                " due_at, created_at"
                " from postbell.delivery_log where state not in ('sent', 'delivered')"
                " order by delivery_id desc limit 20"
            )
            held_back = [said(row) for row in await cursor.fetchall()]
        return {**counted, "items": items, "held_back": held_back}

    async def mark(
        self, tenant_id: str, recipient_id: str, verb: Verb, item_ids: Sequence[int]
    ) -> int:
        """Mark items of the person; those of others are not found. Returns how many changed."""
        async with self._as_person(tenant_id, recipient_id) as cursor:
            await cursor.execute(
                f"select postbell.{_VERBS[verb]}(recipient => %s, item_ids => %s,"
                " tenant_id => %s) as changed".encode(),
                [recipient_id, list(item_ids), tenant_id],
            )
            changed = await cursor.fetchone()
        return int(changed["changed"]) if changed else 0

    async def mark_all_read(self, tenant_id: str, recipient_id: str) -> int:
        async with self._as_person(tenant_id, recipient_id) as cursor:
            await cursor.execute(
                "select postbell.mark_all_read(recipient => %s, tenant_id => %s) as changed",
                [recipient_id, tenant_id],
            )
            changed = await cursor.fetchone()
        return int(changed["changed"]) if changed else 0

    async def latest_events(self, most: int) -> list[int]:
        """Ids of the last events that were decided about or rejected."""
        async with self._as("postbell_support") as cursor:
            await cursor.execute(
                "select outbox_id from postbell.delivery_log"
                " where outbox_id > (select max(outbox_id) - 200 from postbell.delivery_log)"
                " union select outbox_id from postbell.rejected_events"
                " order by outbox_id desc limit %s",
                [most],
            )
            return [row["outbox_id"] for row in await cursor.fetchall()]

    async def whys(self, outbox_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """What was decided about events, and what became of them, by id."""
        async with self._as("postbell_support") as cursor:
            # All at once: a page that looks every second asks about dozens.
            await cursor.execute(
                "select asked.id, decided.recipient_id, decided.channel, decided.decision,"
                " decided.rung, decided.due_at, rejected.detail,"
                " case when rejected.outbox_id is null"
                " then coalesce(log.state, decided.decision) else 'rejected' end as state,"
                " coalesce(log.reason, decided.reason) as reason,"
                " coalesce(log.tenant_id, rejected.tenant_id) as tenant_id,"
                " coalesce(log.event, rejected.event) as event,"
                " round(extract(epoch from log.sent_at - log.created_at) * 1000)::int as ms"
                " from unnest(%(ids)s::bigint[]) as asked (id)"
                " cross join lateral postbell.explain(asked.id) as decided"
                " left join postbell.rejected_events as rejected"
                " on rejected.outbox_id = asked.id and decided.channel is null"
                " left join postbell.delivery_log as log on log.outbox_id = asked.id"
                " and (log.recipient_id, log.channel) = (decided.recipient_id, decided.channel)",
                {"ids": list(outbox_ids)},
            )
            decisions: dict[int, list[dict[str, Any]]] = {number: [] for number in outbox_ids}
            for row in await cursor.fetchall():
                decisions[row.pop("id")].append(said(row))
        return {number: _event(number, rows) for number, rows in decisions.items()}

    @asynccontextmanager
    async def _as_person(
        self, tenant_id: str, recipient_id: str
    ) -> AsyncIterator[AsyncCursor[DictRow]]:
        async with self._as("postbell_reader") as cursor:
            await cursor.execute(
                "select set_config('postbell.tenant', %s, true),"
                " set_config('postbell.recipient', %s, true)",
                [tenant_id, recipient_id],
            )
            yield cursor

    @asynccontextmanager
    async def _as(self, role: str) -> AsyncIterator[AsyncCursor[DictRow]]:
        """A cursor inside a transaction that has this role and no other."""
        async with self._pool.connection() as connection, connection.transaction():
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(f"set local role {role}".encode())
            yield cursor


def _event(outbox_id: int, decisions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    known = next((row for row in decisions if row["event"]), {})
    return {
        "id": str(outbox_id),
        **{name: known.get(name) for name in ("tenant_id", "event", "detail")},
        "decisions": decisions,
    }


def said(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its reason in words, what to do about it, and how it looks."""
    reason = explain_reason(row["reason"]) if row["reason"] else None
    return {
        **row,
        "tone": wording.tone(row["state"]),
        "sentence": wording.spoken(row["reason"], row["state"], row["due_at"]),
        "way_out": reason.remedy if reason else "",
    }
