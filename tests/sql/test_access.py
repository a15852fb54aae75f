"""Every role can do what it is for and nothing else; rows of other people stay theirs."""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from dispatcher.db import routing
from dispatcher.db.statement import Statement
from tests.support import declared, given
from tests.support.given import Connection
from tests.support.roles import VERBS, acting_as

ROLES = ("producer", "reader", "dispatcher", "gateway", "support", "admin")

EVERYBODY = {
    "clock", "contract", "current_recipient", "current_tenant", "help", "in_words",
    "is_time_zone", "skipped_channels",
    "raise_error",
}  # fmt: skip
READER = {
    "archive", "archive_all", "mark_all_read", "mark_all_seen", "mark_read", "mark_seen",
    "mark_unread", "unarchive", "pin", "unpin", "undo_mark_all_read",
    "catalogue", "channels_wanted", "is_switched_off", "switched_on",
    "mute", "unmute", "pause", "refuse_tracking", "set_preference", "set_quiet_hours",
    "switch_channel", "switch_on_only", "switched_off_by", "preference_overview", "quiet_moments",
    "is_meant_for",
    "add_push_subscription", "remove_push_subscription", "reassign_device", "require_device",
    "require_channel", "require_identifier", "require_short", "require_recipient",
}  # fmt: skip
FUNCTIONS = {
    "producer": {"notify", "cancel"} | VERBS,
    "reader": READER,
    "gateway": READER
    | {
        "begin_session", "session_of", "end_session", "issue_ticket", "use_ticket",
        "require_present",
        "begin_operator_session", "operator_session_of", "end_operator_session",
        "receive_receipt", "receive_reply",
        "acquire_gateway_lock", "acquire_gateway_sleep_lock", "release_gateway_sleep_lock",
        "stream_position", "stream_between", "stream_missed",
        "is_stream_kept", "unread_among",
    },
    "dispatcher": {
        "release_sleep_lock", "check_cluster", "acquire_sleep_lock", "analyze_grown_tables",
        "analyze_parent", "apply_retention",
        "acquire_leadership", "leader", "pending_work",
        "rejected_since",
        "route", "release_due", "fan_out", "take_back_items",
        "read_chunk", "read_due", "read_fanout", "sweep", "tidy_up", "truncate_outbox",
        "claim_batch", "keep_claims", "queue_batch", "start_sending",
        "record_attempts", "record_inbox", "record_stream",
        "fail_deliveries",
        "finish_batch",
        "receive_receipt", "receive_reply",
        "hold_deliveries", "unknown_attempts", "record_failover", "report_providers",
        "text_stamp", "texts_of", "report_texts", "announce_templates", "forget_early_receipts",
        "check_mirrors", "check_names", "check_templates",
    },
    "support": {
        "check_mirrors", "check_names", "check_templates",
        "delivery_address", "explain", "find_recipients", "leader", "retry", "texts_of",
        "texts_used",
    },
}  # fmt: skip
READ_BY_READER = {
    "inbox", "inbox_item", "unread_counts", "delivery", "delivery_log", "event_type", "tenant",
    "tenant_event", "recipient", "recipient_role", "topic_member", "mute", "preference",
    "quiet_hours", "push_subscription",
}  # fmt: skip
READABLE = {
    "producer": set[str](),
    "reader": READ_BY_READER,
    "gateway": READ_BY_READER,
    "dispatcher": {
        "batch", "event_choice", "event_type", "queue_depth", "scheduled_notification", "tenant",
        "waiting_delivery",
        "provider_choice", "provider_report", "providers", "text_version",
    },
    "support": {
        "analytics_channel_health", "analytics_daily",
        "attempt", "batch", "dead_letter", "dead_letters", "delivery", "delivery_log", "event_type",
        "delivery_timeline", "delivery_step", "receipt", "receipt_kinds", "reply_word",
        "mute", "preference", "queue_depth", "quiet_hours", "recipient_role", "rejected_events",
        "scheduled_notification", "tenant", "tenant_event", "topic_member", "waiting_delivery",
        "provider_choice", "provider_report", "providers",
        "texts", "text_version", "text_fault", "template_set", "branding_version",
    },
}  # fmt: skip
WRITABLE = {
    "producer": set[str](),
    "reader": {"mute", "preference", "push_subscription", "quiet_hours"},
    "gateway": {"mute", "preference", "push_subscription", "quiet_hours"},
    "dispatcher": set[str](),
    "support": set[str](),
}
PARTLY = {
    "producer": {
        ("outbox", "SELECT"): {"id"},
        ("outbox", "INSERT"): {
            "tenant_id", "event", "recipient", "payload", "audience", "channels",
            "forced_channels", "priority", "subject", "actor", "idempotency_key", "deliver_at",
            "expires_at",
        },
    },
    "reader": {
        ("inbox_item", "UPDATE"): {"seen_at", "read_at", "archived_at"},
        ("recipient", "UPDATE"): {"tracking_refused_at", "pinned_items"},
    },
    "gateway": {
        ("inbox_item", "UPDATE"): {"seen_at", "read_at", "archived_at"},
        ("recipient", "UPDATE"): {"tracking_refused_at", "pinned_items"},
    },
    "dispatcher": {
        ("delivery", "SELECT"): {"id", "tenant_id", "channel", "priority"},
        ("fanout", "SELECT"): {
            "notification_id", "tenant_id", "priority", "reached", "started_at",
        },
    },
    "support": {
        ("fanout", "SELECT"): {
            "notification_id", "tenant_id", "priority", "reached", "started_at",
        },
        ("recipient", "SELECT"): {
            "tenant_id", "id", "locale", "time_zone", "created_at", "updated_at",
            "tracking_refused_at", "erased_at",
        },
        ("push_subscription", "SELECT"): {
            "id", "tenant_id", "recipient_id", "user_agent", "created_at", "last_reached_at",
        },
        ("rejected_event", "SELECT"): {
            "outbox_id", "tenant_id", "event", "recipient", "reason", "detail", "created_at",
            "rejected_at",
        },
    },
}  # fmt: skip

some_roles = pytest.mark.parametrize("role", ROLES[:-1])

RELATIONS = """
    select relname
    from pg_class
    where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
      and relkind in ('r', 'p', 'v')
"""
QUALIFIED = (
    RELATIONS.replace("select relname", "select oid::regclass::text")
    # Leaves are read through their parents.
    + " and not relispartition"
)


def is_denied(connection: Connection, statement: str) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except InsufficientPrivilege:
        return True
    return False


# --- the matrix


@some_roles
def test_a_role_executes_these_functions_and_no_others(connection: Connection, role: str) -> None:
    found = given.column(
        connection,
        "select distinct proname from pg_proc where pronamespace in ('postbell'::regnamespace,"
        " 'postbell_private'::regnamespace)"
        " and has_function_privilege(%s, oid, 'execute')",
        f"postbell_{role}",
    )
    assert set(found) == EVERYBODY | FUNCTIONS[role]


@some_roles
def test_a_role_reads_these_relations_and_no_others(connection: Connection, role: str) -> None:
    found = given.column(
        connection,
        f"{RELATIONS} and has_table_privilege(%s, oid, 'select')",
        f"postbell_{role}",
    )
    assert set(found) == READABLE[role] | {"channel", "error_codes"}


@some_roles
def test_a_role_writes_these_tables_and_no_others(connection: Connection, role: str) -> None:
    found = given.column(
        connection,
        f"{RELATIONS} and has_table_privilege(%s, oid,"
        " 'insert, update, delete, truncate, references, trigger')",
        f"postbell_{role}",
    )
    assert set(found) == WRITABLE[role]


@some_roles
def test_a_role_has_these_columns_of_other_tables_and_no_more(
    connection: Connection, role: str
) -> None:
    found = given.rows(
        connection,
        "select relname::text, privilege, attname::text from pg_class"
        " join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped,"
        " unnest(array['SELECT', 'INSERT', 'UPDATE']) as privilege"
        " where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace) and"
        " relkind in ('r', 'p', 'v')"
        " and has_column_privilege(%s, pg_class.oid, attnum, privilege)"
        " and not has_table_privilege(%s, pg_class.oid, privilege)",
        f"postbell_{role}",
        f"postbell_{role}",
    )
    columns: dict[tuple[str, str], set[str]] = {}
    for relation, privilege, column in found:
        columns.setdefault((relation, privilege), set()).add(column)
    assert columns == PARTLY[role]


def test_the_public_can_do_nothing(connection: Connection) -> None:
    connection.execute("create role somebody nologin")
    assert not given.value(
        connection,
        "select has_schema_privilege('somebody', 'postbell', 'usage')"
        " or has_schema_privilege('somebody', 'postbell_queue', 'usage')",
    )
    assert not given.column(
        connection,
        "select proname from pg_proc"
        " where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace,"
        " 'postbell_queue'::regnamespace)"
        " and has_function_privilege('somebody', oid, 'execute')",
    )
    assert not given.column(
        connection,
        f"{RELATIONS} and has_any_column_privilege('somebody', oid, 'select, insert, update')",
    )


@pytest.mark.parametrize("role", ROLES)
def test_roles_log_nobody_in_and_rule_nobody(connection: Connection, role: str) -> None:
    found = given.rows(
        connection,
        "select rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls from pg_roles"
        " where rolname = %s",
        f"postbell_{role}",
    )
    assert found == [(False,) * 5]


@pytest.mark.parametrize("role", ROLES)
def test_nobody_but_the_owner_creates_things_in_the_schema(
    connection: Connection, role: str
) -> None:
    with acting_as(connection, role):
        assert is_denied(connection, "create table postbell.mine ()")


# --- the producer


@pytest.fixture
def shop(connection: Connection) -> Connection:
    given.event_type(connection, default_channels=["in_app", "email"])
    given.recipient(connection)
    return connection


def test_a_producer_emits_and_takes_back(shop: Connection) -> None:
    with acting_as(shop, "producer"):
        event = given.emit(shop, payload={"order_id": 7}, subject="order:7")
        ((notified,),) = given.call(shop, "notify", event="order.paid", recipient="u1")
        assert notified > event
        assert given.call(shop, "cancel", subject="order:7") == [(0, 0)]
        assert given.call(shop, "cancel", outbox_id=notified) == [(0, 0)]
    assert given.value(shop, "select count(*) from postbell.outbox") == 2


@pytest.mark.parametrize("column", ["slot", "xid", "id", "created_at"])
def test_a_producer_does_not_set_what_the_router_relies_on(shop: Connection, column: str) -> None:
    with acting_as(shop, "producer"):
        value = {"xid": "'7'", "created_at": "now()"}.get(column, "7")
        assert is_denied(shop, f"insert into postbell.outbox ({column}) values ({value})")


@pytest.mark.parametrize(
    "statement",
    [
        "select payload from postbell.outbox",
        "insert into postbell.outbox (event) values ('x') returning payload",
        "update postbell.outbox set payload = '{}'",
        "delete from postbell.outbox",
        "truncate postbell.outbox",
        "select id from postbell.outbox_0",
        "insert into postbell.outbox_0 (event) values ('x')",
        "select setval('postbell.outbox_id_seq', 1)",
        "insert into postbell_private.cancellation (outbox_id) values (1)",
        "select from postbell_private.notification",
        "select routed from postbell_private.route()",
        "select postbell.explain(1)",
    ],
)
def test_a_producer_does_nothing_else(shop: Connection, statement: str) -> None:
    with acting_as(shop, "producer"):
        assert is_denied(shop, statement)


# --- the reader


@pytest.fixture
def crowd(connection: Connection) -> Connection:
    """u1 and u2 of the default tenant and u1 of another, each with a row of everything."""
    given.tenant(connection, "other")
    given.event_type(connection)
    for tenant in ("default", "other"):
        given.insert(connection, "tenant_event", tenant_id=tenant, event="order.paid")
    for tenant, person in (("default", "u1"), ("default", "u2"), ("other", "u1")):
        who = {"recipient": person, "tenant_id": tenant}
        given.recipient(connection, person, tenant_id=tenant, roles=["support"])
        given.call(connection, "join_topic", topic="thread:7", **who)
        given.call(connection, "set_preference", enabled=True, channel="email", **who)
        given.call(connection, "mute", subject="order:8", **who)
        given.call(connection, "set_quiet_hours", starts="22:00", ends="07:00", days=[1], **who)
        given.device(connection, endpoint=f"https://push.example/{person}", **who)
        item = given.inbox_item(connection, tenant_id=tenant, recipient_id=person)
        columns = {"tenant_id": tenant, "event": "order.paid", "priority": "normal"}
        given.insert(
            connection, "notification",
            id=item, xid="7", payload={}, created_at="2030-01-01Z", **columns,
        )  # fmt: skip
        connection.execute(
            "insert into postbell.delivery (notification_id, tenant_id, recipient_id, event,"
            " channel, priority, decision, rung, decision_reason, is_silent, state, created_at,"
            " is_open) values (%s, %s, %s, 'order.paid', 'sms', 'normal', 'later', 10,"
            " 'quiet_hours', false, 'waiting', now(), true)",
            [item, tenant, person],
        )
    connection.execute(
        "insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry,"
        " due_at) select id, tenant_id, recipient_id, false, now() from postbell.delivery"
    )
    return connection


def owners(connection: Connection, relation: str) -> set[tuple[str, ...]]:
    """Whose rows the session sees."""
    columns = {"tenant": "id", "tenant_event": "tenant_id", "recipient": "tenant_id, id"}.get(
        relation, "tenant_id, recipient_id"
    )
    return set(given.rows(connection, f"select {columns} from {declared.name(relation)}"))


#: What belongs to somebody: all but the registry and the list of errors.
PERSONAL = sorted(READABLE["reader"] - {"event_type"})


@pytest.mark.parametrize("relation", PERSONAL)
@pytest.mark.parametrize(("tenant", "person"), [("default", "u1"), ("other", "u1")])
def test_a_reader_sees_one_persons_rows(
    crowd: Connection, relation: str, tenant: str, person: str
) -> None:
    with acting_as(crowd, "reader", tenant=tenant, recipient=person):
        is_the_tenants = relation in ("tenant", "tenant_event")
        expected = (tenant,) if is_the_tenants else (tenant, person)
        assert owners(crowd, relation) == {expected}


@pytest.mark.parametrize("relation", PERSONAL)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"tenant": "", "recipient": ""},
        {"recipient": "u1"},
        {"tenant": "nobody", "recipient": "u1"},
        {"tenant": "%", "recipient": "%"},
    ],
    ids=str,
)
def test_a_reader_who_says_nothing_or_nonsense_sees_nothing(
    crowd: Connection, relation: str, settings: dict[str, str]
) -> None:
    with acting_as(crowd, "reader", **settings):
        assert owners(crowd, relation) == set()


def test_every_table_about_people_guards_its_rows(connection: Connection) -> None:
    unguarded = given.column(
        connection,
        "select relname::text from pg_class where relnamespace in ('postbell'::regnamespace,"
        " 'postbell_private'::regnamespace)"
        " and relkind in ('r', 'p') and not relrowsecurity"
        " and has_any_column_privilege('postbell_reader', oid, 'select')",
    )
    assert unguarded == ["channel", "event_type"]


@pytest.mark.parametrize("verb", ["mark_seen", "mark_read", "archive", "pin"])
def test_a_reader_marks_their_own_items_and_nobody_elses(crowd: Connection, verb: str) -> None:
    items = dict(
        given.rows(
            crowd, "select (tenant_id, recipient_id)::text, id from postbell.inbox order by id"
        )
    )

    def mark(person: str, tenant: str, item: int) -> int:
        named = {"recipient": person, "tenant_id": tenant, "item_ids": [item]}
        return int(given.call(crowd, verb, **named)[0][0])

    with acting_as(crowd, "reader", tenant="default", recipient="u1"):
        assert mark("u2", "default", items["(default,u2)"]) == 0
        assert mark("u1", "other", items["(other,u1)"]) == 0
        assert mark("u1", "default", items["(default,u2)"]) == 0
        assert mark("u1", "default", items["(default,u1)"]) == 1


def test_a_reader_reads_all_of_their_own_and_nobody_elses(crowd: Connection) -> None:
    with acting_as(crowd, "reader", tenant="default", recipient="u1"):
        assert given.call(crowd, "mark_all_read", recipient="u2") == [(0,)]
        assert given.call(crowd, "mark_all_read", recipient="u1") == [(1,)]
    assert given.value(crowd, "select count(*) from postbell.inbox where read_at is null") == 2


CHOICES = [
    ("set_preference", {"enabled": False, "channel": "sms"}),
    ("mute", {}),
    ("refuse_tracking", {}),
    ("pause", {"until": "2099-01-01Z"}),
    ("set_quiet_hours", {"starts": "20:00", "ends": "08:00"}),
]


@pytest.mark.parametrize(("function", "named"), CHOICES, ids=[name for name, _ in CHOICES])
def test_a_reader_makes_their_own_choices(
    crowd: Connection, function: str, named: dict[str, object]
) -> None:
    with acting_as(crowd, "reader", tenant="default", recipient="u1"):
        given.call(crowd, function, recipient="u1", **named)
    # What waited for this person is decided again, though the reader could not say so itself.
    waiting = given.column(
        crowd,
        "select recipient_id from postbell.waiting_delivery where due_at = postbell.clock()"
        " and tenant_id = 'default' order by 1",
    )
    assert "u1" in waiting


@pytest.mark.parametrize(("function", "named"), CHOICES, ids=[name for name, _ in CHOICES])
@pytest.mark.parametrize("other", [{"recipient": "u2"}, {"recipient": "u1", "tenant_id": "other"}])
def test_a_reader_makes_nobody_elses_choices(
    crowd: Connection, function: str, named: dict[str, object], other: dict[str, object]
) -> None:
    with (
        pytest.raises(psycopg.Error) as error,
        crowd.transaction(),
        acting_as(crowd, "reader", tenant="default", recipient="u1"),
    ):
        given.call(crowd, function, **named, **other)
    assert error.value.sqlstate == "PB003"


def test_a_reader_takes_back_nobody_elses_mute(crowd: Connection) -> None:
    with acting_as(crowd, "reader", tenant="default", recipient="u1"):
        given.call(crowd, "unmute", recipient="u2", subject="order:8")
    assert given.value(crowd, "select count(*) from postbell.mute") == 3


def test_a_reader_adds_and_removes_their_own_device(crowd: Connection) -> None:
    mine = {"recipient": "u1", "endpoint": "https://push.example/new"}
    with acting_as(crowd, "reader", tenant="default", recipient="u1"):
        given.device(crowd, **mine)
        given.device(crowd, **mine)
        assert given.value(crowd, "select count(*) from postbell.push_subscription") == 2
        assert given.call(crowd, "remove_push_subscription", **mine) == [(True,)]
        assert given.call(crowd, "remove_push_subscription", **mine) == [(False,)]


def test_a_reader_gets_the_browser_that_was_somebody_elses(crowd: Connection) -> None:
    with acting_as(crowd, "reader", tenant="default", recipient="u1"):
        given.device(crowd, endpoint="https://push.example/u2")
    assert given.rows(
        crowd,
        "select recipient_id from postbell.push_subscription"
        " where tenant_id = 'default' and endpoint = 'https://push.example/u2'",
    ) == [("u1",)]


def test_a_reader_who_knows_only_the_address_of_a_browser_does_not_get_it(
    crowd: Connection,
) -> None:
    with (
        pytest.raises(psycopg.Error) as error,
        crowd.transaction(),
        acting_as(crowd, "reader", tenant="default", recipient="u1"),
    ):
        given.device(crowd, endpoint="https://push.example/u2", auth="B" + given.AUTH[1:])
    assert error.value.sqlstate == "PB022"
    assert "somebody else" in str(error.value)


@pytest.mark.parametrize("other", [{"recipient": "u2"}, {"recipient": "u1", "tenant_id": "other"}])
def test_a_reader_adds_and_removes_nobody_elses_device(
    crowd: Connection, other: dict[str, str]
) -> None:
    with acting_as(crowd, "reader", tenant="default", recipient="u1"):
        endpoint = f"https://push.example/{other['recipient']}"
        removed = given.call(crowd, "remove_push_subscription", endpoint=endpoint, **other)
        assert removed == [(False,)]
    with (
        pytest.raises(psycopg.Error) as error,
        crowd.transaction(),
        acting_as(crowd, "reader", tenant="default", recipient="u1"),
    ):
        given.device(crowd, endpoint="https://push.example/planted", **other)
    assert error.value.sqlstate == "PB003"


@pytest.mark.parametrize("table", ["preference", "mute", "quiet_hours"])
def test_a_reader_writes_no_row_of_somebody_else(crowd: Connection, table: str) -> None:
    extra = {
        "preference": ("enabled", "true"),
        "mute": ("category", "'x'"),
        "quiet_hours": ("day, starts, ends", "2, '1:00', '2:00'"),
    }[table]
    with acting_as(crowd, "reader", tenant="default", recipient="u1"):
        assert is_denied(
            crowd,
            f"insert into postbell.{table} (tenant_id, recipient_id, {extra[0]})"
            f" values ('default', 'u2', {extra[1]})",
        )
        assert is_denied(crowd, f"update postbell.{table} set recipient_id = 'u2'")
        assert crowd.execute(f"delete from postbell.{table}".encode()).rowcount == 1


@pytest.mark.parametrize("verb", ["mark_seen", "mark_read", "archive", "pin"])
def test_what_a_reader_marks_is_told_to_the_readers_pages(
    crowd: Connection, shared_url: str, verb: str
) -> None:
    with (
        psycopg.connect(shared_url, autocommit=True) as gateway,
        acting_as(crowd, "reader", tenant="default", recipient="u1"),
    ):
        given.call(gateway, "acquire_gateway_lock")
        item = given.value(crowd, "select id from postbell.inbox")
        given.call(crowd, verb, recipient="u1", item_ids=[item])
        crowd.execute("update postbell.inbox_item set archived_at = now(), read_at = null")
    told = given.rows(
        crowd, "select tenant_id, recipient_ids, item_ids from postbell_private.stream_event"
    )
    assert set(map(str, told)) == {str(("default", ["u1"], [item]))}


@pytest.mark.parametrize(
    "statement",
    [
        "insert into postbell_private.stream_event (tenant_id, kind) values ('default', 'read')",
        "insert into postbell_private.stream_event_0 (tenant_id, kind) values ('default', 'read')",
        "select from postbell_private.stream_event",
        "select postbell_private.record_marks()",
        "select postbell_private.notify_gateways()",
        "select postbell_private.record_stream(1, gen_random_uuid(), '[]')",
        "select postbell_private.stream_between('1:1:', '1:1:')",
        "select postbell_private.stream_missed('u1', '1:1:', '1:1:', 1)",
        "select postbell_private.unread_among('{default}', '{u2}')",
    ],
)
def test_a_reader_neither_writes_nor_reads_the_stream_log(
    crowd: Connection, statement: str
) -> None:
    with acting_as(crowd, "reader", tenant="default", recipient="u1"):
        assert is_denied(crowd, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "update postbell.inbox_item set title = 'forged'",
        "update postbell.inbox_item set recipient_id = 'u2'",
        "update postbell.recipient set email = 'x@example.org'",
        "delete from postbell.inbox_item",
        "select from postbell_private.notification",
        "select from postbell.outbox",
        "select from postbell.suppression",
        "select postbell.upsert_recipient('u1')",
        "select postbell.explain('order.paid', 'u2')",
        "select postbell.notify('order.paid', 'u2')",
        "select postbell_private.claim_batch(1, 'email')",
    ],
)
def test_a_reader_does_nothing_else(crowd: Connection, statement: str) -> None:
    with acting_as(crowd, "reader", tenant="default", recipient="u1"):
        assert is_denied(crowd, statement)


# --- support


def test_support_sees_what_became_of_everything(crowd: Connection) -> None:
    with acting_as(crowd, "support"):
        for view in (
            "delivery_log", "delivery_timeline", "dead_letters", "queue_depth", "rejected_events",
        ):  # fmt: skip
            crowd.execute(f"select * from postbell.{view}".encode())
        assert len(owners(crowd, "delivery_log")) == 3
        assert given.explain(crowd, event="order.paid", recipient="u1")
        outbox_id = given.value(crowd, "select min(outbox_id) from postbell.delivery_log")
        assert given.explain(crowd, outbox_id)


def test_support_sends_dead_letters_again(crowd: Connection) -> None:
    crowd.execute("update postbell.delivery set state = 'failed'")
    crowd.execute("insert into postbell.dead_letter select id from postbell.delivery")
    with acting_as(crowd, "support"):
        assert given.call(crowd, "retry", tenant_id="other") == [(1,)]
        assert given.call(crowd, "retry") == [(2,)]


@pytest.mark.parametrize(
    "statement",
    [
        "select from postbell.inbox",
        "select body from postbell.inbox_item",
        "select email from postbell.recipient",
        "select phone from postbell.recipient",
        "select endpoint from postbell.push_subscription",
        "select auth from postbell.push_subscription",
        "select attributes from postbell.recipient",
        "select payload from postbell_private.notification",
        "select payload from postbell.outbox",
        "select source from postbell.rejected_event",
        "select address from postbell.suppression",
        "select receipt from postbell_private.early_receipt",
        "select postbell_private.claim_batch(1, 'email')",
        "select postbell.set_preference('u1', false)",
        "select postbell.suppress('email', 'x@example.org')",
        "delete from postbell.dead_letter",
    ],
)
def test_support_sees_no_bodies_and_no_addresses_and_changes_nothing_else(
    crowd: Connection, statement: str
) -> None:
    with acting_as(crowd, "support"):
        assert is_denied(crowd, statement)


def test_a_gateway_is_support_only_when_it_says_so(crowd: Connection) -> None:
    if crowd.info.server_version < 160000:
        pytest.skip("a grant that is not inherited needs PostgreSQL 16")
    statement = "select from postbell.attempt"
    with acting_as(crowd, "gateway"):
        assert is_denied(crowd, statement)
        assert owners(crowd, "delivery_log") == set()
    crowd.execute("create role web nologin in role postbell_gateway")
    crowd.execute("set session authorization web")
    with acting_as(crowd, "support"):
        assert not is_denied(crowd, statement)
        assert len(owners(crowd, "delivery_log")) == 3
    crowd.execute("reset session authorization")


# --- the dispatcher


def test_a_dispatcher_takes_an_event_from_the_log_to_the_inbox(db: Connection) -> None:
    given.emit(db, payload={"order_id": 7}, channels=["in_app", "email"])
    db.execute("set role postbell_dispatcher")
    db.execute("select postbell_private.check_cluster()")
    db.execute("select postbell_private.acquire_leadership()")
    assert given.route(db) > 0
    given.value(db, "select released from postbell_private.release_due()")
    given.value(db, "select reached from postbell_private.fan_out()")
    found = given.rows(
        db,
        "select b.id, b.channel, c.claim_token, c.delivery_id, c.identity, c.payload"
        " from postbell.batch as b, postbell_private.claim_batch(b.id, b.channel) as c order by 2",
    )
    assert [payload for *_, payload in found] == [{"order_id": 7}] * 2
    for batch, channel, claim, delivery, identity, _ in found:
        claimed = {"batch_id": batch, "claim_token": claim}
        if channel == "email":
            given.call(db, "start_sending", **claimed, delivery_ids=[delivery])
            sent = given.attempt(delivery, "sent", identity=identity, message_id="m1")
            assert given.record(db, batch, claim, sent)
            given.call(db, "finish_batch", **claimed)
        else:
            items = f'[{{"delivery_id": {delivery}, "title": "Paid", "body": "Thank you"}}]'
            given.call(db, "record_inbox", **claimed, items=items)
    for call in (
        "tidy_up", "forget_early_receipts", "truncate_outbox", "analyze_grown_tables",
        "analyze_parent", "acquire_sleep_lock", "release_sleep_lock", "leader",
    ):  # fmt: skip
        db.execute(f"select {declared.name(call)}()".encode())
    for kind in ("event", "log", "inbox"):
        given.call(db, "apply_retention", kind=kind)
    given.call(db, "sweep", grace="10 s")
    db.execute("reset role")
    found = given.rows(db, "select channel::text, state::text from postbell.delivery_log")
    assert dict(found) == {"email": "sent", "in_app": "delivered"}


@pytest.mark.parametrize(
    "statement",
    [
        "select payload from postbell_private.notification",
        "select payload from postbell.outbox",
        "select email from postbell.recipient",
        "select from postbell.inbox_item",
        "select from postbell.suppression",
        "select from postbell.push_subscription",
        "select recipient_id from postbell.delivery",
        "update postbell.delivery set state = 'sent'",
        "insert into postbell.inbox_item default values",
        "select postbell.reset_router()",
        "select postbell_private.decide(null)",
        "select postbell_private.enqueue(null, false)",
    ],
)
def test_a_dispatcher_reaches_the_tables_only_through_functions(
    connection: Connection, statement: str
) -> None:
    with acting_as(connection, "dispatcher"):
        assert is_denied(connection, statement)


# --- the administrator


def test_an_administrator_sees_and_calls_everything(crowd: Connection) -> None:
    with acting_as(crowd, "admin"):
        for relation in set(given.column(crowd, QUALIFIED)) - {"postbell_private.erasure_salt"}:
            crowd.execute(f"select * from {relation}".encode())
        assert len(owners(crowd, "inbox")) == 3
        given.tenant(crowd, "third")
        given.recipient(crowd, "u3", tenant_id="third")
        given.call(crowd, "suppress", channel="email", address="x@example.org")
        given.call(crowd, "retry")


@pytest.mark.parametrize(
    "statement",
    [
        "select postbell_private.upsert_awaited()",
        "select postbell_private.record_early_receipts('test', '{}')",
        "select postbell_private.add_integer_ids('notify_order_paid')",
    ],
)
def test_an_administrator_does_not_call_what_deploy_and_housekeeping_call(
    connection: Connection, statement: str
) -> None:
    with acting_as(connection, "admin"):
        assert is_denied(connection, statement)


def test_functions_that_act_for_others_pin_what_they_find(connection: Connection) -> None:
    loose = given.column(
        connection,
        "select proname::text from pg_proc where pronamespace in ('postbell'::regnamespace,"
        " 'postbell_private'::regnamespace)"
        " and prosecdef and not coalesce(proconfig::text like '%%search_path=%%', false)",
    )
    assert loose == []


def test_a_dispatcher_executes_what_the_router_calls(connection: Connection) -> None:
    called = {
        name
        for statement in vars(routing).values()
        if isinstance(statement, Statement)
        for name in re.findall(r"postbell_private\.(\w+)\(", statement.sql)
    }
    assert "take_back_items" in called
    forbidden = given.column(
        connection,
        "select distinct proname::text from pg_proc where proname = any(%s)"
        " and pronamespace = 'postbell_private'::regnamespace"
        " and not has_function_privilege('postbell_dispatcher', oid, 'execute')",
        sorted(called),
    )
    assert forbidden == []
