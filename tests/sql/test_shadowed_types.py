"""Whose temporary types are in a session: none of them is used with the owner's rights.

Names of types are looked for among temporary ones first, unless a function's search_path names
pg_temp last; and PL/pgSQL compiles a function once a session, on the path of whoever is first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
import pytest
from psycopg import sql

from tests.support import declared, given
from tests.support.background import Connect
from tests.support.given import AUTH, P256DH, Connection

ROLES = ("producer", "reader", "dispatcher", "gateway", "support", "admin")
EVERY_DAY = list(range(1, 8))

SPY = """
    create function pg_temp.spy() returns pg_catalog.bool language plpgsql as $$
    begin
        if current_user = {owner} then
            raise warning 'ran as %', current_user;
        end if;
        return true;
    end $$
"""
# A variable of type record takes a row of any type; the rows of our errors have two texts.
PAIR = "create type pg_temp.pair as (one pg_catalog.text, two pg_catalog.text)"
SHADOWED = """
    select typname::text from pg_catalog.pg_type
    where typnamespace = 'pg_catalog'::regnamespace and typtype in ('b', 'r') and typcategory <> 'A'
"""


@contextmanager
def spied_on(
    connection: Connection, role: str, shadowed: Sequence[str] = ()
) -> Iterator[list[str]]:
    """The session is the role's, with temporary types of these names, or of all of PostgreSQL's.

    Collects what their checks say when they run as the owner. Nothing swallows a warning.
    """
    owner = given.value(
        connection, "select nspowner::regrole::text from pg_namespace where nspname = 'postbell'"
    )
    types = shadowed or ["record", *given.column(connection, SHADOWED)]
    leaks: list[str] = []

    def hear(diagnostic: psycopg.errors.Diagnostic) -> None:
        if "ran as" in str(diagnostic.message_primary):
            leaks.append(f"{diagnostic.message_primary}: {diagnostic.context}")

    connection.add_notice_handler(hear)
    connection.execute(sql.SQL("set session authorization {}").format(sql.Identifier(role)))
    connection.execute(sql.SQL(SPY).format(owner=sql.Literal(owner)))
    connection.execute(PAIR)
    for name in types:
        connection.execute(
            sql.SQL("create domain pg_temp.{} as {} check (pg_temp.spy())").format(
                sql.Identifier(name),
                sql.Identifier(
                    *(("pg_temp", "pair") if name == "record" else ("pg_catalog", name))
                ),
            )
        )
    yield leaks
    connection.execute("reset session authorization")
    connection.remove_notice_handler(hear)


def attempt(connection: Connection, statement: str) -> str | None:
    """The SQLSTATE of the error that the statement ends in."""
    try:
        with connection.transaction():
            connection.execute(statement.encode())
    except psycopg.Error as error:
        return str(error.sqlstate)
    return None


def loosen(connection: Connection) -> None:
    """What the functions were before: no path of their own, or an empty one."""
    for function, is_definer in given.rows(
        connection,
        "select oid::regprocedure::text, prosecdef from pg_proc"
        " where 'search_path=pg_catalog, pg_temp' = any (proconfig)"
        " and pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)",
    ):
        path = "set search_path = ''" if is_definer else "reset search_path"
        connection.execute(f"alter function {function} {path}".encode())


# --- what was found, one by one


class Attack(NamedTuple):
    """What a role does that has a temporary type of the name of one of PostgreSQL's."""

    role: str
    type: str
    statements: Sequence[str]


ATTACKS = {
    "a producer in strict mode": Attack(
        "postbell_producer",
        "text",
        [
            (
                "set local postbell.strict = on;"
                " insert into postbell.outbox (event, recipient, deliver_at)"
                " values ('order.paid', 'u1', 'infinity')"
            )
        ],
    ),
    "a producer who raised an error before": Attack(
        "postbell_producer",
        "record",
        ["select postbell.raise_error('unknown_event', 'none')", "select postbell.cancel('')"],
    ),
    "a login that may add a user": Attack(
        "postbell_test_app",
        "text",
        ["insert into app.users (id, mail) values (1, 'u1@example.org')"],
    ),
    "a reader": Attack(
        "postbell_reader", "timestamptz", ["select * from postbell.preference_overview()"]
    ),
    "a gateway": Attack(
        "postbell_gateway",
        "timestamptz",
        [r"select postbell_private.issue_ticket('\x01', 'u1', 'infinity')"],
    ),
    "a dispatcher": Attack(
        "postbell_dispatcher", "pg_snapshot", ["select postbell_private.pending_work()"]
    ),
}

each_attack = pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)


@pytest.fixture
def connection(shared_url: str) -> Iterator[Connection]:
    """A session that has planned nothing yet: a plan keeps the types that it was made with."""
    with psycopg.connect(shared_url) as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def house(connection: Connection) -> Connection:
    """u1 with quiet hours, and a mirrored table to which postbell_test_app may add rows."""
    given.event_type(connection, default_channels=["sms"])
    given.recipient(connection)
    quiet_all_week(connection)
    connection.execute("""
        create role postbell_test_app;
        create schema app;
        create table app.users (id bigint primary key, mail text);
        grant usage on schema app to postbell_test_app;
        grant insert on app.users to postbell_test_app;
        select postbell.mirror_recipients('app.users', '{"id": "id", "email": "mail"}');
        select set_config('postbell.tenant', 'default', true),
            set_config('postbell.recipient', 'u1', true);
    """)
    return connection


def quiet_all_week(connection: Connection) -> None:
    given.quiet_now(connection, days=EVERY_DAY, channels=["sms"])


def leaks_of(connection: Connection, attack: Attack) -> list[str]:
    with spied_on(connection, attack.role, [attack.type]) as leaks:
        for statement in attack.statements:
            attempt(connection, statement)
    return leaks


@each_attack
def test_a_temporary_type_is_not_used_with_the_owners_rights(
    house: Connection, attack: Attack
) -> None:
    assert leaks_of(house, attack) == []


@each_attack
def test_with_an_empty_path_it_would_be(house: Connection, attack: Attack) -> None:
    loosen(house)

    assert leaks_of(house, attack) != []


# --- every function, by every role

#: By function and argument, by argument and type, by argument, or by type. What begins with
#: "select" is asked of the owner just before.
VALUES: dict[str, str | None] = {
    "add_push_subscription.endpoint": "https://push.example/u1",
    "auth": AUTH,
    "batch_channel": "email",
    "batch_id": "select max(id) from postbell.batch where channel = 'email'",
    "category": "orders",
    "channel": "email",
    "choose_providers.providers": "{}",
    "claim_token": "select claim_token from postbell.batch where channel = 'email'"
    " order by id desc limit 1",
    "default_channels": "{in_app}",
    "isolate.call": "pg_catalog.cardinality($1)",
    "isolate.items": "{one}",
    "delivery_ids": "select delivery_ids[:1] from postbell.batch where channel = 'email'"
    " order by id desc limit 1",
    "digest": "select decode(md5(random()::text), 'hex')",
    "endpoint": "https://push.example/u1",
    "event": "order.paid",
    "event_id": "select gen_random_uuid()",
    "explain.outbox_id": "select max(id) from postbell.outbox",
    "exact_amount.value": "19.90",
    "expires_at": "2999-01-01Z",
    "attempts": "select json_build_array(json_build_object("
    " 'delivery_id', d.id, 'identity', postbell_private.identity_of(d), 'outcome', 'retry',"
    " 'retry_after', 60, 'provider', 'test', 'blame', 'none', 'calls', json_build_array("
    "json_build_object('outcome', 'retry', 'provider', 'test', 'device', 0, 'is_gone', true))))"
    " from postbell.batch as b join postbell.delivery as d on d.id = b.delivery_ids[1]"
    " where b.channel = 'email' order by b.id desc limit 1",
    "in_chunks.query": "select 1",
    "id": "u1",
    "item_ids": "select array_agg(id) from postbell.inbox_item",
    "items": "[]",
    "join_topic.recipient": "u1",
    "key": "order.paid",
    "mapping": '{"id": "id", "email": "mail"}',
    "p256dh": P256DH,
    "path": "order/paid/email.txt",
    "payload": '{"order_id": 1, "amount": "1.00"}',
    "priority": "normal",
    "provider": "test",
    "providers": "{test}",
    "set_preference.event": None,
    "switch_channel.event": None,
    "switch_on_only.event": None,
    "mute.event": None,
    "mute.subject": None,
    "raise_error.name": "unknown_event",
    "receipts": "select jsonb_build_array(jsonb_build_object("
    " 'event_id', gen_random_uuid(), 'kind', 'bounced', 'delivery_id', max(delivery_id)))"
    " from postbell.attempt where provider = 'test'",
    "recipient": "u1",
    "recipient_id": "u1",
    "record_inbox.batch_id": "select max(id) from postbell.batch where channel = 'in_app'",
    "record_inbox.claim_token": "select claim_token from postbell.batch"
    " where channel = 'in_app' order by id desc limit 1",
    "record_inbox.items": "select json_agg(json_build_object("
    "'delivery_id', id, 'title', 'Paid', 'body', 'Thanks'))"
    " from postbell.delivery where channel = 'in_app' and state = 'queued'",
    "record_stream.items": "select json_agg(json_build_object("
    "'delivery_id', id, 'title', 'Paid', 'body', 'Thanks'))"
    " from postbell.delivery where channel = 'sse' and state = 'queued'",
    "reports": '[{"provider": "test", "channel": "email", "state": "ready",'
    ' "changed_at": "2030-01-01Z"}]',
    "register_event.channels": "{in_app,email}",
    "roll_back_branding.to_version": "select max(version) from postbell.branding_version",
    "roll_back_text.path": "order/paid/email.txt",
    "source": "app.users",
    "starts": "22:00",
    "ends": "07:00",
    "erase_recipient.recipient": "crew29",
    "hold.subject": None,
    "hold.recipient": "crew01",
    "apply_retention.kind": "log",
    "release_hold.id": "1",
    "set_retention.kind": "log",
    "set_retention.keep": "1 year",
    "subject": "order:1",
    "tenant_id": "default",
    "text_stamp.tenant_id": "default",
    "time_zone": "Europe/Paris",
    "until": "2999-01-01Z",
    "until:pg_snapshot": "select pg_current_snapshot()",
    "words": "STOP",
    "zone": "Europe/Paris",
    # By type, where nothing else is said and no default is there.
    "uuid": "select gen_random_uuid()",
    "bigint": "1",
    "bigint[]": "{1}",
    "boolean": "true",
    "boolean[]": "{true}",
    "date": "2030-01-01",
    "double precision[]": "{60}",
    "integer": "1",
    "integer[]": "{1,2,3,4,5,6,7}",
    "json": "[]",
    "jsonb": "{}",
    "pg_snapshot": "select pg_current_snapshot()",
    "real[]": "{1.5}",
    "text": "one",
    "text[]": "{one}",
    "timestamp with time zone": "2030-01-01Z",
    "xid8": "0",
}
#: These make the work of the others, or ask what the others stop, and come first; the rest goes by
#: name.
FIRST = (
    "notify", "route", "fan_out", "release_due", "claim_batch", "start_sending", "record_attempts",
    "set_text", "preference_overview",
)  # fmt: skip
#: What falls due while nobody looks.
OVERDUE = (
    "update postbell.scheduled_notification set due_at = '-infinity';"
    " update postbell.waiting_delivery set due_at = '-infinity'"
)
#: What a role may write to by itself.
WRITES = {
    "producer": ["insert into postbell.outbox (event, recipient) values ('order.paid', 'u1')"],
    "dispatcher": [
        (
            "insert into postbell_queue.pgqueuer (entrypoint, priority, status)"
            " values ('deliver.none', 0, 'queued')"
        ),
        "delete from postbell_queue.pgqueuer where entrypoint = 'deliver.none'",
    ],
    "admin": [
        (
            "update postbell.tenant set branding ="
            " jsonb_build_object('colour', branding_version::pg_catalog.text)"
        ),
        (
            "insert into postbell.tenant (id, name, base_url)"
            " values (pg_catalog.gen_random_uuid(), 'Site', 'https://site.example')"
        ),
        "update postbell.recipient set time_zone = 'Asia/Tokyo', email = 'u1@example.org'",
        "insert into app.users values (7, 'u7@example.org') on conflict (id) do nothing",
        "update app.users set mail = 'seven@example.org'",
        "delete from app.users",
    ],
}
#: Of what no role may call or fire by itself, what each gets to all the same.
DEEP = {
    "producer": {"validate_strictly", "cancel_deliveries"},
    "reader": {"quiet_until", "decide", "record_marks", "recheck_waiting"},
    "gateway": {"quiet_until", "decide", "record_marks", "recheck_waiting", "apply_receipts"},
    "dispatcher": {
        "route_chunk", "resolve_audience", "deliver", "decide", "decide_again", "quiet_until",
        "enqueue",
        "note_devices", "suppress_addresses", "apply_receipts",
        "current_step",
    },
    "support": {"simulate", "decide"},
    "admin": {
        "keep_branding", "copy_stops", "follow_users", "validate_strictly", "recheck_waiting",
        "route_chunk",
    },
}  # fmt: skip
#: They do nothing but raise.
NEVER_RETURN = {"raise_error"}

FUNCTIONS = """
    select
        oid::int8, proname::text, proretset,
        array(
            select array[name, format_type(type, null), (place > pronargs - pronargdefaults)::text]
            from unnest(proargnames[:pronargs], proargtypes::oid[])
                with ordinality as argument (name, type, place)
        )
    from pg_proc
    where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
      and prorettype <> 'trigger'::regtype
      and has_function_privilege(%s, oid, 'execute')
    order by coalesce(array_position(%s, proname::text), 99), proname, oid
"""
CALLED = """
    select funcname::text from pg_stat_user_functions
    where schemaname in ('postbell', 'postbell_private', 'postbell_queue') and calls > 0
"""


class Caller:
    """Calls every function that a role may execute, in the role's session."""

    def __init__(self, owner: Connection, session: Connection, role: str) -> None:
        self._owner = owner
        self._session = session
        self.role = role
        self.functions = given.rows(owner, FUNCTIONS, f"postbell_{role}", list(FIRST))
        #: Functions whose call could not even be understood.
        self.misunderstood: list[str] = []

    def go_round(self) -> None:
        self._make_work()
        for statement in WRITES.get(self.role, ()):
            self._try(statement)
        for _, name, _, arguments in self.functions:
            if name == "release_due":
                self._owner.execute(OVERDUE)
            self._try(self._call(name, arguments))

    def reached(self) -> set[str]:
        """The PL/pgSQL functions that have returned, whoever called them."""
        self._session.execute("select pg_catalog.pg_stat_force_next_flush()")
        self._session.execute("select 1")
        return set(given.column(self._owner, CALLED))

    def _make_work(self) -> None:
        emit = given.emit
        everywhere = list(given.CHANNELS)
        emit(self._owner, channels=everywhere, subject="order:1")
        emit(self._owner, event="no.event")
        emit(self._owner, deliver_at="2999-01-01Z")
        emit(self._owner, recipient=None, audience={"role": "crew"})
        given.inbox_item(self._owner)
        # Else there is nothing to send, and nobody to send it to, the second time.
        self._owner.execute("truncate postbell.suppression, postbell_private.stop")
        given.recipient(self._owner)
        if self.role != "dispatcher":
            given.route(self._owner)
            mails = "select id from postbell.delivery where channel = 'email' and state = 'queued'"
            given.sent(self._owner, *given.column(self._owner, mails))

    def _call(self, name: str, arguments: list[list[str]]) -> str:
        named = []
        for argument, kind, has_default in arguments:
            found = self._value(name, argument, kind, has_default=has_default == "true")
            if found is not None:
                named.append(f"{argument} => {found}")
        return f"select * from {declared.name(name)}({', '.join(named)})"

    def _value(self, function: str, argument: str, kind: str, *, has_default: bool) -> str | None:
        for key in (f"{function}.{argument}", f"{argument}:{kind}", argument, kind):
            if key in VALUES and not (key == kind and has_default):
                value = VALUES[key]
                break
        else:
            return None if has_default else self._literal(None, kind)
        if value is not None and value.startswith("select"):
            value = given.value(self._owner, f"select ({value})::text")
        return self._literal(value, kind)

    def _literal(self, value: str | None, kind: str) -> str:
        # A polymorphic argument takes its type from what is given.
        cast = {"anyarray": "::pg_catalog.text[]"}.get(
            kind, "::pg_catalog.text" if kind.startswith("any") else ""
        )
        return sql.Literal(value).as_string(self._owner) + cast

    def _try(self, statement: str) -> None:
        state = attempt(self._session, statement)
        # Class 42 is what does not parse or resolve; and what may not be done, which is fine.
        if state is not None and state.startswith("42") and state != "42501":
            self.misunderstood.append(f"{state}: {statement}")


@pytest.fixture
def owner(db: Connection) -> Connection:
    """A session of the owner's in a database where there is something to do for everybody."""
    for number in range(30):
        given.recipient(db, f"crew{number:02}", roles=["crew"])
    given.device(db)
    quiet_all_week(db)
    db.execute("""
        create schema app;
        create table app.users (id bigint primary key, mail text);
        grant all on schema app to public;
        grant all on app.users to public;
        alter table app.users owner to postbell_admin;
        select postbell.mirror_recipients('app.users', '{"id": "id", "email": "mail"}');
        -- A gateway is there, so that pages are told.
        select postbell_private.acquire_gateway_lock();
    """)
    return db


@pytest.fixture
def session(connect: Connect, owner: Connection) -> Connection:
    opened = connect()
    opened.execute("set track_functions = 'all'")
    opened.execute("set postbell.strict = on; set postbell.tenant = 'default'")
    opened.execute("set postbell.recipient = 'u1'")
    return opened


@pytest.mark.parametrize("role", ROLES)
def test_no_function_uses_them_with_the_owners_rights(
    owner: Connection, session: Connection, role: str
) -> None:
    caller = Caller(owner, session, role)
    with spied_on(session, f"postbell_{role}") as leaks:
        caller.go_round()
        caller.go_round()
        reached = caller.reached()

    assert leaks == []
    assert caller.misunderstood == []
    callable_ones = given.column(
        owner,
        "select proname::text from pg_proc join pg_language on pg_language.oid = prolang"
        " where lanname = 'plpgsql' and pg_proc.oid = any (%s)",
        [oid for oid, *_ in caller.functions],
    )
    assert set(callable_ones) - reached == NEVER_RETURN & set(callable_ones)
    assert DEEP[role] - reached == set()


def test_a_function_compiled_before_on_another_path_would_be_seen(
    owner: Connection, session: Connection
) -> None:
    owner.execute("""
        create function postbell.planted(one text) returns void
        language plpgsql as 'declare v_one text := one; begin end';
        create function postbell.planter() returns void
        language plpgsql security definer set search_path = pg_catalog, pg_temp
        as 'begin perform postbell.planted(''one''); end';
        grant execute on function postbell.planted, postbell.planter to postbell_support
    """)
    caller = Caller(owner, session, "support")
    with spied_on(session, "postbell_support") as leaks:
        caller.go_round()

    assert leaks != []
