"""The verbs of the domain, for tests: each does one thing on the connection that it is given.

What they make fits together by default: the event `order.paid` with a template for every channel,
the person `u1` with an address on each, the tenant `default`, who is always there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from tests.support import declared

Connection = psycopg.Connection[Any]

CHANNELS = ("in_app", "email", "sms", "push", "sse")

#: A browser's key, a point of the curve P-256, and its secret; in base64url (RFC 8291).
P256DH = "BBeZI3c3aHZL9m0SouWLkgptGai7ccriL2Ac8ZMje5z-V00SmyiMiabSBp5kBETRUZ7A-saSuMJaMv5pH8rQB4o"
AUTH = "AAECAwQFBgcICQoLDA0ODw"


class Decision(NamedTuple):
    """A row of postbell.explain()."""

    recipient_id: str | None
    channel: str | None
    decision: str
    rung: int
    reason: str
    due_at: datetime | None


class Fate(NamedTuple):
    """What became of a delivery, as postbell.delivery_log has it."""

    state: str
    reason: str | None


def rows(connection: Connection, query: str, *arguments: object) -> list[tuple[Any, ...]]:
    """All rows of a query; arguments may be dicts, for jsonb."""
    cursor = connection.cursor(row_factory=tuple_row)
    cursor.execute(query.encode(), [adapted(argument) for argument in arguments])
    return cursor.fetchall() if cursor.description else []


def value(connection: Connection, query: str, *arguments: object) -> Any:
    """The only value of a query's only row."""
    ((found,),) = rows(connection, query, *arguments)
    return found


def column(connection: Connection, query: str, *arguments: object) -> list[Any]:
    """The values of a query with one column."""
    return [found for (found,) in rows(connection, query, *arguments)]


def call(connection: Connection, function: str, **named: object) -> list[tuple[Any, ...]]:
    """The rows of a function of the schema, its arguments by name."""
    statement = sql.SQL("select * from {}({})").format(
        sql.Identifier(*declared.qualified(function)),
        sql.SQL(", ").join(sql.SQL("{} => %s").format(sql.Identifier(name)) for name in named),
    )
    cursor = connection.cursor(row_factory=tuple_row)
    cursor.execute(statement, [adapted(argument) for argument in named.values()])
    return cursor.fetchall()


def insert(connection: Connection, table: str, **columns: object) -> None:
    """A row, as it is: past the functions that would check it."""
    statement = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(*declared.qualified(table)),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
    )
    connection.execute(statement, [adapted(given) for given in columns.values()])


def clock(connection: Connection, at: datetime | str) -> None:
    """Stops the clock by which Postbell decides, in this database."""
    connection.execute(
        sql.SQL(
            "create or replace function postbell.clock() returns timestamptz"
            " language sql stable return {}::timestamptz"
        ).format(sql.Literal(str(at)))
    )


def tenant(connection: Connection, id: str = "default", **columns: object) -> str:  # noqa: A002
    """A website; columns of one that exists are changed."""
    if not value(connection, "select count(*) from postbell.tenant where id = %s", id):
        insert(connection, "tenant", id=id, name=id, base_url=f"https://{id}.example")
    for name, given in columns.items():
        connection.execute(
            sql.SQL("update postbell.tenant set {} = %s where id = %s").format(
                sql.Identifier(name)
            ),
            [adapted(given), id],
        )
    return id


def event_type(connection: Connection, key: str = "order.paid", **named: object) -> str:
    """A registered event; named are the arguments of postbell.register_event()."""
    defaults: dict[str, object] = {
        "category": key.partition(".")[0] + "s",
        "priority": "normal",
        "default_channels": ["in_app"],
        "channels": list(CHANNELS),
    }
    call(connection, "register_event", **{"key": key, **defaults, **named})
    return key


def recipient(connection: Connection, id: str = "u1", **named: object) -> str:  # noqa: A002
    """A person with an e-mail address and a phone; named as in postbell.upsert_recipient()."""
    reachable: dict[str, object] = {"email": f"{id}@example.org", "phone": "+33612345678"}
    call(connection, "upsert_recipient", **{"id": id, **reachable, **named})
    return id


def device(
    connection: Connection,
    recipient: str = "u1",
    endpoint: str = "https://push.example/u1",
    **named: object,
) -> int:
    """A browser of a person's, with keys that can be keys; its id."""
    keys: dict[str, object] = {"p256dh": P256DH, "auth": AUTH}
    call(
        connection,
        "add_push_subscription",
        **{"recipient": recipient, "endpoint": endpoint, **keys, **named},
    )
    return int(
        value(
            connection,
            "select id from postbell.push_subscription where tenant_id = %s and endpoint = %s",
            named.get("tenant_id", "default"),
            endpoint,
        )
    )


def emit(
    connection: Connection,
    event: str | None = "order.paid",
    recipient: str | None = "u1",
    payload: object = None,
    **columns: object,
) -> int:
    """Inserts into the outbox, in the connection's transaction; the event's id."""
    named = {"event": event, "recipient": recipient, "payload": payload or {}, **columns}
    statement = sql.SQL("insert into postbell.outbox ({}) values ({}) returning id").format(
        sql.SQL(", ").join(map(sql.Identifier, named)),
        sql.SQL(", ").join([sql.Placeholder()] * len(named)),
    )
    cursor = connection.cursor(row_factory=tuple_row)
    cursor.execute(statement, [adapted(given) for given in named.values()])
    ((outbox_id,),) = cursor.fetchall()
    return int(outbox_id)


def route(connection: Connection, most: int = 500) -> int:
    """Routes until nothing is left that is committed; how many events it took, and window ends."""
    taken = 0
    while page := value(connection, "select routed from postbell_private.route(%s)", most):
        taken += page
    return taken


def quiet_now(connection: Connection, recipient: str = "u1", **named: Any) -> None:
    """Quiet hours of a person from two hours ago until in two hours, by the real clock."""
    now = datetime.now(UTC)
    call(
        connection,
        "set_quiet_hours",
        recipient=recipient,
        starts=(now - timedelta(hours=2)).time(),
        ends=(now + timedelta(hours=2)).time(),
        time_zone="UTC",
        **named,
    )


def sent(connection: Connection, *delivery_ids: int) -> None:
    """What a dispatcher does whose provider says yes."""
    attempts(connection, "sent", *delivery_ids)


def attempts(
    connection: Connection,
    outcome: str,
    *delivery_ids: int,
    reason: str | None = None,
    retry_after: float = 60,
    blame: str | None = None,
) -> None:
    """What a dispatcher writes down when a provider answered all of them alike.

    It shows the claim of the batch that carries them; a late one, whose batch is gone, shows none.
    """
    for batch, claim_token, carried in claims(connection, *delivery_ids):
        tried = [
            attempt(
                delivery_id,
                outcome,
                identity=identity(connection, delivery_id),
                message_id=f"m{delivery_id}",
                code="250",
                reason=reason,
                retry_after=retry_after if outcome == "retry" else None,
                blame=blame,
            )
            for delivery_id in carried
        ]
        record(connection, batch, claim_token, *tried)


def attempt(
    delivery_id: int,
    outcome: str,
    *,
    identity: str = "",
    code: str | None = None,
    calls: Sequence[Mapping[str, object]] | None = None,
    **said: object,
) -> dict[str, object]:
    """One of what record_attempts() takes: by provider `test`, and in one call unless told."""
    summed = {"provider": "test", "message_id": None, "reason": None, **said}
    call = {name: summed[name] for name in ("provider", "message_id", "reason")}
    return {
        "delivery_id": delivery_id,
        "identity": identity,
        "outcome": outcome,
        **summed,
        "calls": [{"outcome": outcome, "code": code, "latency_ms": 1.5, "is_gone": False, **call}]
        if calls is None
        else calls,
    }


def record(
    connection: Connection,
    batch: int | None,
    claim_token: UUID | None,
    *attempts: Mapping[str, object],
) -> bool:
    """postbell_private.record_attempts(): whether the claim holds."""
    ((held,),) = call(
        connection,
        "record_attempts",
        batch_id=batch,
        claim_token=claim_token,
        attempts=json.dumps(attempts),
    )
    return bool(held)


def fail(connection: Connection, reason: str, *delivery_ids: int) -> None:
    """What a dispatcher does that cannot render them."""
    for batch, claim_token, carried in claims(connection, *delivery_ids):
        call(
            connection,
            "fail_deliveries",
            batch_id=batch,
            claim_token=claim_token,
            delivery_ids=carried,
            reasons=[reason] * len(carried),
        )


def claim(
    connection: Connection, batch: int, *columns: str, start_sending: int = 0
) -> list[tuple[Any, ...]]:
    """Claims a batch; those columns of what postbell_private.claim_batch() returns, by delivery."""
    statement = sql.SQL(
        "select {} from postbell.batch as b, postbell_private.claim_batch(b.id, b.channel, %s) as c"
        " where b.id = %s order by c.delivery_id"
    ).format(sql.SQL(", ").join(sql.Identifier("c", name) for name in columns or ("delivery_id",)))
    cursor = connection.cursor(row_factory=tuple_row)
    cursor.execute(statement, [start_sending, batch])
    return cursor.fetchall()


def sent_once(connection: Connection, *channels: str) -> None:
    """Says on which outgoing channels a second copy does harm."""
    connection.execute(
        "update postbell.channel set crash_policy ="
        " case when name = any(%s) then 'await_receipt' else 'send_again' end where is_outgoing",
        [list(channels)],
    )


def claims(
    connection: Connection, *delivery_ids: int
) -> list[tuple[int | None, UUID | None, list[int]]]:
    """The batches that carry the deliveries, each with a claim; None for those in none."""
    connection.execute(
        "update postbell.batch set claims = 1, claim_token = gen_random_uuid()"
        " where claim_token is null and delivery_ids && %s::bigint[]",
        [list(delivery_ids)],
    )
    return rows(
        connection,
        "select b.id, b.claim_token, array_agg(wanted.id order by wanted.id)"
        " from unnest(%s::bigint[]) as wanted (id)"
        " left join lateral (select id, claim_token from postbell.batch"
        " where wanted.id = any(delivery_ids) order by id desc limit 1) as b on true"
        " group by b.id, b.claim_token",
        list(delivery_ids),
    )


def identity(connection: Connection, delivery_id: int) -> str:
    """Of a delivery, as a claim has it."""
    return str(
        value(
            connection,
            "select postbell_private.identity_of(d) from postbell.delivery as d where id = %s",
            delivery_id,
        )
    )


def inbox_item(connection: Connection, **columns: object) -> int:
    """An item in the inbox of u1, as if delivered; its id."""
    ((number,),) = rows(connection, "select coalesce(max(id), 0) + 1 from postbell.inbox_item")
    defaults: dict[str, object] = {
        "id": number, "outbox_id": number, "tenant_id": "default", "recipient_id": "u1",
        "event": "order.paid", "category": "orders", "title": "Paid", "body": "Thank you",
        "is_silent": False, "created_at": "2030-01-01 12:00Z",
    }  # fmt: skip
    insert(connection, "inbox_item", **{**defaults, **columns})
    return int(number)


def explain(connection: Connection, *outbox_id: int, **named: object) -> list[Decision]:
    """postbell.explain(): of an event that was emitted, or of one that might be."""
    if outbox_id:
        named["outbox_id"] = outbox_id[0]
    return [Decision._make(row) for row in call(connection, "explain", **named)]


def deliveries(connection: Connection, outbox_id: int) -> dict[tuple[str, str], Fate]:
    """What became of an event, by recipient and channel."""
    found = rows(
        connection,
        "select recipient_id, channel, state, reason from postbell.delivery_log"
        " where outbox_id = %s",
        outbox_id,
    )
    return {(who, channel): Fate(state, reason) for who, channel, state, reason in found}


def rejections(connection: Connection) -> dict[int, str]:
    """Reasons of the rejected events, by id."""
    return dict(rows(connection, "select outbox_id, reason from postbell.rejected_events"))


def adapted(given: object) -> object:
    return Jsonb(given) if isinstance(given, dict) else given
