"""Recipients follow the application's own users table, and never stand in its way."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from dispatcher.errors import InvalidArgumentError
from tests.support import given
from tests.support.background import Background, Connect, await_waiting
from tests.support.given import Connection

MAPPING: dict[str, object] = {
    "id": "id",
    "email": "mail",
    "phone": "mobile",
    "locale": "language",
    "time_zone": "zone",
    "roles": "role",
    "attributes": {"name": "full_name", "logins": "logins"},
    "erased_at": "deleted_at",
}


@pytest.fixture
def users(connection: Connection) -> Connection:
    """An application with a users table, and a login which may do nothing in Postbell."""
    connection.execute("""
        create schema app;
        create table app.users (
            id bigint primary key, site text not null default 'default', mail text, mobile text,
            language text, zone text, role text, grants text[], full_name text,
            logins integer not null default 0, settings jsonb, deleted_at timestamptz,
            is_here boolean
        );
        create role app nologin;
        grant usage on schema app to app;
        grant all on app.users to app
    """)
    add(connection, 1, full_name="Ada", role="client")
    return connection


def add(connection: Connection, *ids: int, **columns: object) -> None:
    connection.execute(
        "insert into app.users (id, mail)"
        " select id, 'u' || id || '@example.org' from unnest(%s::bigint[]) as id",
        [list(ids)],
    )
    for name, value in columns.items():
        connection.execute(
            f"update app.users set {name} = %s where id = any(%s)".encode(), [value, list(ids)]
        )


def mirror(
    connection: Connection, mapping: dict[str, object] | None = None, **named: object
) -> int:
    ((copied,),) = given.call(
        connection,
        "mirror_recipients",
        source="app.users",
        mapping=MAPPING if mapping is None else mapping,
        **named,
    )
    return int(copied)


def recipient(connection: Connection, id: int | str, *columns: str) -> Any:  # noqa: A002
    (row,) = given.rows(
        connection,
        f"select {', '.join(columns)} from postbell.recipient where id = %s",
        str(id),
    )
    return row if len(columns) > 1 else row[0]


def roles(connection: Connection, id: int) -> list[str]:  # noqa: A002
    return given.column(
        connection,
        "select role from postbell.recipient_role where recipient_id = %s order by role",
        str(id),
    )


def faults(connection: Connection) -> list[tuple[Any, ...]]:
    return given.rows(
        connection,
        "select recipient_id, fault from postbell.mirror_faults('app.users') order by 1, 2",
    )


# --- in step


def test_whoever_is_there_is_copied(users: Connection) -> None:
    add(users, 2, mobile="+33 6 12 34 56 78", language="fr-CA", zone="Europe/Paris")

    assert mirror(users) == 2

    assert recipient(users, 1, "email", "attributes") == (
        "u1@example.org",
        {"name": "Ada", "logins": 0},
    )
    assert recipient(users, 2, "phone", "locale", "time_zone") == (
        "+33 6 12 34 56 78",
        "fr-CA",
        "Europe/Paris",
    )
    assert roles(users, 1) == ["client"]


def test_a_new_user_is_a_recipient_in_the_same_transaction(users: Connection) -> None:
    mirror(users)
    add(users, 2)

    assert recipient(users, 2, "email") == "u2@example.org"


def test_the_application_needs_no_privilege_for_it(users: Connection) -> None:
    mirror(users)
    users.execute("set local role app")
    add(users, 2)
    users.execute("update app.users set mail = 'two@example.org' where id = 2")
    users.execute("delete from app.users where id = 1")
    users.execute("reset role")

    assert recipient(users, 2, "email") == "two@example.org"
    assert recipient(users, 1, "erased_at is not null") is True


def test_a_change_is_followed_and_what_is_taken_away_is_gone(users: Connection) -> None:
    mirror(users)
    users.execute("update app.users set mail = null, role = 'writer', zone = 'UTC' where id = 1")

    assert recipient(users, 1, "email", "time_zone") == (None, "UTC")
    assert roles(users, 1) == ["writer"]


def test_what_is_not_mapped_stays(users: Connection) -> None:
    given.recipient(users, "1", email=None, phone="+33612345678", roles=["vip"])
    mirror(users, {"id": "id", "email": "mail"})
    users.execute("update app.users set mail = 'ada@example.org', role = 'writer'")

    assert recipient(users, 1, "email", "phone") == ("ada@example.org", "+33612345678")
    assert roles(users, 1) == ["vip"]


def test_a_write_that_changes_nothing_mapped_changes_no_recipient(users: Connection) -> None:
    mirror(users, {"id": "id", "email": "mail"})
    before = recipient(users, 1, "xmin::text", "ctid::text")
    users.execute("update app.users set logins = logins + 1, mail = mail")

    assert recipient(users, 1, "xmin::text", "ctid::text") == before


def test_a_user_who_is_deleted_is_erased(users: Connection) -> None:
    mirror(users)
    given.device(users, "1")
    users.execute("delete from app.users where id = 1")

    assert recipient(users, 1, "email", "attributes", "erased_at is not null") == (None, {}, True)
    assert roles(users, 1) == []
    assert given.column(users, "select count(*) from postbell.push_subscription") == [0]
    ((_, _, decision, _, reason, _),) = given.explain(
        users, event=given.event_type(users, "order.gone"), recipient="1", payload={}
    )
    assert (decision, reason) == ("no", "recipient_erased")


def test_a_user_who_is_marked_as_deleted_is_erased_and_comes_back(users: Connection) -> None:
    mirror(users)
    users.execute("update app.users set deleted_at = now()")
    assert recipient(users, 1, "email", "erased_at is not null") == (None, True)

    users.execute("update app.users set deleted_at = null")
    assert recipient(users, 1, "email", "erased_at is null") == ("u1@example.org", True)
    assert roles(users, 1) == ["client"]


def test_a_user_who_is_not_active_is_erased_and_comes_back(users: Connection) -> None:
    add(users, 2)
    mirror(users, {"id": "id", "email": "mail", "is_active": "is_here"})
    users.execute("update app.users set is_here = false where id = 1")
    # Of whom it is not known is there.
    assert recipient(users, 2, "erased_at") is None
    assert recipient(users, 1, "email", "erased_at is not null") == (None, True)

    users.execute("update app.users set is_here = true where id = 1")
    assert recipient(users, 1, "email", "erased_at") == ("u1@example.org", None)


def test_either_a_time_or_not_being_active_erases(users: Connection) -> None:
    add(users, 2)
    mapping: dict[str, object] = {"id": "id", "erased_at": "deleted_at", "is_active": "is_here"}
    mirror(users, mapping)
    users.execute("update app.users set is_here = false where id = 1")
    users.execute("update app.users set deleted_at = now(), is_here = true where id = 2")

    assert recipient(users, 1, "erased_at is not null") is True
    assert recipient(users, 2, "erased_at is not null") is True


def test_a_user_who_gets_another_id_is_another_recipient(users: Connection) -> None:
    mirror(users)
    users.execute("update app.users set id = 7")

    assert recipient(users, 1, "erased_at is not null") is True
    assert recipient(users, 7, "email") == "u1@example.org"


def test_two_users_who_swap_their_ids_are_both_there(users: Connection) -> None:
    add(users, 2)
    # Checked at the end of the statement, not row by row.
    users.execute("alter table app.users drop constraint users_pkey")
    users.execute("alter table app.users add unique (id) deferrable")
    mirror(users)
    users.execute("update app.users set id = 3 - id")

    assert recipient(users, 1, "email", "erased_at") == ("u2@example.org", None)
    assert recipient(users, 2, "email", "erased_at") == ("u1@example.org", None)


def test_an_upsert_is_followed(users: Connection) -> None:
    mirror(users)
    users.execute(
        "insert into app.users (id, mail) values (1, 'ada@example.org'), (2, 'two@example.org')"
        " on conflict (id) do update set mail = excluded.mail"
    )

    assert recipient(users, 1, "email") == "ada@example.org"
    assert recipient(users, 2, "email") == "two@example.org"


def test_a_truncated_table_erases_all(users: Connection) -> None:
    mirror(users)
    users.execute("truncate app.users")

    assert recipient(users, 1, "erased_at is not null") is True


def test_a_partitioned_table_is_followed(connection: Connection) -> None:
    connection.execute("""
        create schema app;
        create table app.users (id bigint primary key, mail text) partition by hash (id);
        create table app.users_0 partition of app.users for values with (modulus 1, remainder 0)
    """)
    mirror(connection, {"id": "id", "email": "mail"})
    connection.execute("insert into app.users values (1, 'ada@example.org')")

    assert recipient(connection, 1, "email") == "ada@example.org"


def test_an_import_of_many_is_one_statement(users: Connection) -> None:
    mirror(users)
    users.execute("set local track_functions = 'all'")
    users.execute(
        "insert into app.users (id, mail, role)"
        " select id, 'u' || id || '@example.org', 'client' from generate_series(2, 12000) as id"
    )

    assert given.value(users, "select count(*) from postbell.recipient_role") == 12000
    calls = given.value(
        users, "select pg_stat_get_xact_function_calls('postbell.follow_users'::regproc)"
    )
    assert calls == 1


def test_users_of_several_tenants_and_roles_in_a_list(users: Connection) -> None:
    given.tenant(users, "acme")
    add(users, 2, site="acme", grants=["writer", "support", "writer", ""])
    mirror(users, {"id": "id", "tenant_id": "site", "roles": "grants", "attributes": "settings"})

    assert recipient(users, 2, "tenant_id", "attributes") == ("acme", {})
    assert roles(users, 2) == ["support", "writer"]


def test_users_belong_to_the_tenant_that_is_named(users: Connection) -> None:
    given.tenant(users, "acme")
    mirror(users, tenant_id="acme")

    assert recipient(users, 1, "tenant_id") == "acme"


def test_attributes_keep_what_json_can_say(users: Connection) -> None:
    add(users, 2, grants=["a", "b"], logins=3)
    mirror(users, {"id": "id", "attributes": {"all": "grants", "n": "logins", "name": "full_name"}})

    assert recipient(users, 1, "attributes") == {"all": None, "n": 0, "name": "Ada"}
    assert recipient(users, 2, "attributes") == {"all": ["a", "b"], "n": 3, "name": None}


def test_columns_of_domains_are_as_those_of_their_types(connection: Connection) -> None:
    connection.execute("""
        create schema app;
        create domain app.number as bigint check (value > 0);
        create domain app.user_id as app.number;
        create domain app.roles as text[];
        create domain app.settings as jsonb;
        create table app.users (
            id app.user_id primary key, roles app.roles, settings app.settings, logins app.number
        );
        insert into app.users values (1, '{client,vip}', '{"a": 1}', 3)
    """)
    named: dict[str, object] = {"id": "id", "roles": "roles", "attributes": "settings"}
    mirror(connection, named)
    assert recipient(connection, 1, "attributes") == {"a": 1}
    assert roles(connection, 1) == ["client", "vip"]

    mirror(connection, named | {"attributes": {"logins": "logins", "settings": "settings"}})
    assert recipient(connection, 1, "attributes") == {"logins": 3, "settings": {"a": 1}}


def test_a_domain_of_what_is_no_text_is_none_either(connection: Connection) -> None:
    connection.execute("""
        create schema app;
        create domain app.photo as bytea;
        create table app.users (id bigint primary key, photo app.photo)
    """)

    with pytest.raises(psycopg.Error, match=r"photo of app\.users is of type app\.photo"):
        mirror(connection, {"id": "id", "email": "photo"})


def test_an_administrator_mirrors_a_table_of_theirs(users: Connection) -> None:
    users.execute("""
        grant usage, create on schema app to postbell_admin;
        set local role postbell_admin;
        create table app.people (id bigint primary key, mail text);
        insert into app.people values (1, 'ada@example.org')
    """)
    mapping: dict[str, object] = {"id": "id", "email": "mail"}
    given.call(users, "mirror_recipients", source="app.people", mapping=mapping)

    assert recipient(users, 1, "email") == "ada@example.org"


def test_a_cast_of_the_application_is_not_run_with_our_rights(users: Connection) -> None:
    users.execute("""
        create type app.mood as enum ('glad');
        create function app.spy(app.mood) returns text language plpgsql as $$
        begin
            raise exception 'run as %', current_user;
        end $$;
        create cast (app.mood as text) with function app.spy(app.mood);
        alter table app.users add column mood app.mood, add column moods app.mood[]
    """)
    mirror(users, {"id": "id", "attributes": {"mood": "mood", "moods": "moods"}, "roles": "moods"})
    users.execute("update app.users set mood = 'glad', moods = '{glad}'")

    assert recipient(users, 1, "attributes") == {"mood": "glad", "moods": ["glad"]}
    assert roles(users, 1) == ["glad"]


def test_a_trigger_of_somebody_else_does_not_read_their_view_with_our_rights(
    users: Connection,
) -> None:
    mirror(users)
    users.execute("""
        grant usage, create on schema app to postbell_admin;
        set local role postbell_admin;
        create table app.people (id bigint primary key, mail text);
        insert into postbell_private.recipient_mirror (source, mapping, tenant_id)
        values ('app.people', '{"id": "id"}', 'default');
        create function app.spy() returns text language plpgsql as $$
        begin
            raise exception 'run as %', current_user;
        end $$;
        create temporary view new_users as select 1 as id, app.spy() as mail;
        create trigger follow after insert on app.people
        for each statement execute function postbell.follow_users()
    """)

    with pytest.raises(psycopg.Error, match=r"not as postbell\.mirror_recipients"):
        users.execute("insert into app.people values (1)")


@pytest.fixture
def spying_view(users: Connection) -> Connection:
    """An administrator's view, whose function says who runs it."""
    users.execute("""
        grant usage, create on schema app to postbell_admin;
        set local role postbell_admin;
        create function app.spy() returns text language plpgsql as $$
        begin
            raise warning 'run as %', current_user;
            return null;
        end $$;
        create view app.people as select 1 as id, 'late' as tenant, app.spy() as mail
    """)
    return users


@pytest.mark.parametrize(
    ("source", "mapping", "said"),
    [
        (
            "app.people",
            '{"id": "id", "tenant_id": "tenant", "email": "mail"}',
            "app.people is neither a table nor a partitioned one",
        ),
        (
            "pg_authid",
            '{"id": "rolname", "attributes": {"secret": "rolpassword"}}',
            "postbell_admin may not read pg_authid",
        ),
        ("app.users", '{"id": "id", "email": "mail"}', "postbell_admin may not read app.users"),
    ],
)
def test_what_an_administrator_may_not_mirror_they_cannot_write_down_as_mirrored(
    spying_view: Connection, source: str, mapping: str, said: str
) -> None:
    with pytest.raises(psycopg.Error) as refused, spying_view.transaction():
        spying_view.execute(
            "insert into postbell_private.recipient_mirror (source, mapping, tenant_id)"
            " values (%s, %s, 'default')",
            [source, mapping],
        )

    assert refused.value.diag.message_primary == f"invalid argument: {said}"


def test_nor_have_more_columns_copied_of_a_table_that_is_mirrored(users: Connection) -> None:
    mirror(users, {"id": "id"})
    users.execute("set local role postbell_admin")

    with pytest.raises(psycopg.Error, match=r"postbell_admin may not read app\.users"):
        users.execute(
            "update postbell_private.recipient_mirror"
            ' set mapping = \'{"id": "id", "attributes": {"name": "full_name"}}\''
        )


@pytest.mark.parametrize(
    ("source", "id_column", "fault"),
    [
        ("pg_authid", "rolname", "its triggers are gone or disabled"),
        ("app.users", "id", "its triggers are gone or disabled"),
        ("app.people", "id", "app.people is neither a table nor a partitioned one"),
    ],
)
def test_what_has_none_of_our_triggers_is_not_read_for_a_new_tenant(
    spying_view: Connection, source: str, id_column: str, fault: str
) -> None:
    said: list[str] = []
    spying_view.add_notice_handler(lambda told: said.append(str(told.message_primary)))
    spying_view.execute("reset role")
    spying_view.execute("alter table postbell_private.recipient_mirror disable trigger user")
    spying_view.execute(
        "insert into postbell_private.recipient_mirror (source, mapping, tenant_id)"
        " values (%s, jsonb_build_object('id', %s::text), 'late')",
        [source, id_column],
    )
    spying_view.execute("set local role postbell_admin")
    spying_view.execute(
        "insert into postbell_private.missing_tenant (source, tenant_id) values (%s, 'late')",
        [source],
    )

    given.tenant(spying_view, "late")

    assert said == [f"recipients do not follow {source}: {fault}"]
    assert given.column(spying_view, "select id from postbell.recipient") == []


def test_nor_is_one_that_takes_the_place_of_a_table_meanwhile(spying_view: Connection) -> None:
    spying_view.execute("reset role")

    with pytest.raises(errors.WrongObjectType, match="non-system view"):
        given.call(
            spying_view,
            "read_users",
            source="app.people",
            mapping={"id": "id", "email": "mail"},
            tenant_id="default",
        )


def test_mirroring_again_changes_the_mapping_and_copies_anew(users: Connection) -> None:
    mirror(users, {"id": "id", "email": "mail"})
    mirror(users, {"id": "id", "email": "mail", "phone": "mobile"})
    users.execute("update app.users set mobile = '+33612345678'")

    assert recipient(users, 1, "phone") == "+33612345678"
    triggers = given.column(
        users,
        "select tgname::text from pg_trigger where tgrelid = 'app.users'::regclass order by 1",
    )
    assert triggers == [
        f"postbell_follows_{what}" for what in ("delete", "insert", "truncate", "update")
    ]


def test_what_is_mirrored_no_longer_stays_as_it_was(users: Connection) -> None:
    mirror(users)
    given.call(users, "unmirror_recipients", source="app.users")
    users.execute("delete from app.users")

    assert recipient(users, 1, "email") == "u1@example.org"
    assert given.column(
        users, "select count(*) from pg_trigger where tgrelid = 'app.users'::regclass"
    ) == [0]


# --- what is of no use


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("mail", "ada at example.org", "email is no address"),
        ("mail", "ada@example.org, eve@example.org", "email is no address"),
        ("mobile", "0612345678", "phone is no international number, such as +33612345678"),
        ("zone", "Mars/Olympus", "time_zone is no IANA name"),
        ("zone", "CET", "time_zone is no IANA name"),
        ("language", "x" * 36, "locale is too long"),
    ],
)
def test_a_value_of_no_use_counts_as_none_and_is_listed(
    users: Connection, column: str, value: str, fault: str
) -> None:
    mirror(users)
    users.execute(f"update app.users set {column} = %s".encode(), [value])

    ours = {theirs: name for name, theirs in MAPPING.items() if isinstance(theirs, str)}[column]
    assert recipient(users, 1, ours) is None
    assert faults(users) == [("1", fault)]


def test_a_blank_value_is_none_and_no_fault(users: Connection) -> None:
    mirror(users)
    users.execute("update app.users set mail = ' ', mobile = '', zone = '', language = ''")

    assert recipient(users, 1, "email", "phone", "time_zone", "locale") == (None,) * 4
    assert faults(users) == []


def test_a_user_whom_nobody_can_be_made_of_is_listed(users: Connection) -> None:
    users.execute("insert into app.users (id, site) values (2, 'nowhere')")
    mirror(users, {"id": "id", "tenant_id": "site"})

    assert given.column(users, "select id from postbell.recipient") == ["1"]
    assert faults(users) == [
        ("2", "tenant_id is unknown: nobody is made of it until there is such a tenant")
    ]


@pytest.mark.parametrize(
    ("mapping", "column"),
    [
        ({"id": "id", "phone": "mobile"}, "mobile"),
        ({"id": "id", "roles": "mobile"}, "mobile"),
        ({"id": "id", "attributes": "settings"}, "settings"),
        ({"id": "id", "attributes": {"phone": "mobile"}}, "mobile"),
        ({"id": "id", "erased_at": "deleted_at"}, "deleted_at"),
        ({"id": "id", "is_active": "is_here"}, "is_here"),
    ],
)
def test_a_column_that_is_gone_is_reported_whatever_it_was_for(
    users: Connection, mapping: dict[str, object], column: str
) -> None:
    mirror(users, mapping)
    users.execute(f"alter table app.users drop column {column}".encode())
    add(users, 2)

    (failure,) = given.column(users, "select failure from postbell_private.recipient_mirror")
    assert failure.endswith(f": app.users has no column {column}")


@pytest.mark.parametrize(
    ("mapping", "change"),
    [
        ({"id": "id", "erased_at": "deleted_at"}, "deleted_at type boolean using false"),
        ({"id": "id", "is_active": "is_here"}, "is_here type text using 'yes'"),
        ({"id": "id", "roles": "role"}, "role type boolean using true"),
    ],
)
def test_a_column_that_became_of_another_type_erases_nobody(
    users: Connection, mapping: dict[str, object], change: str
) -> None:
    mirror(users, mapping)
    users.execute(f"alter table app.users alter column {change}".encode())
    add(users, 2)
    users.execute("update app.users set mail = 'ada@example.org' where id = 1")

    assert recipient(users, 1, "erased_at") is None
    (failure,) = given.column(users, "select failure from postbell_private.recipient_mirror")
    assert " is of type " in failure
    assert given.column(users, "select role from postbell.recipient_role where role = 't'") == []


def test_a_column_that_is_gone_does_not_stop_the_application(users: Connection) -> None:
    mirror(users)
    users.execute("alter table app.users drop column mobile")
    users.execute("update app.users set mail = 'ada@example.org'")

    assert given.column(users, "select mail from app.users") == ["ada@example.org"]
    ((failure, is_known),) = given.rows(
        users, "select failure, failed_at is not null from postbell_private.recipient_mirror"
    )
    assert (failure, is_known) == ("phone: app.users has no column mobile", True)

    mirror(users, {"id": "id", "email": "mail"})
    assert recipient(users, 1, "email") == "ada@example.org"
    assert given.column(users, "select failure from postbell_private.recipient_mirror") == [None]


def test_who_meets_a_mirror_that_is_broken_waits_for_nobody(connect: Connect) -> None:
    owner = connect()
    owner.execute("create schema app")
    owner.execute("create table app.users (id bigint primary key, mail text, mobile text)")
    owner.execute("insert into app.users values (1), (2)")
    mirror(owner, {"id": "id", "phone": "mobile"})
    owner.execute("alter table app.users drop column mobile")
    one, other = connect(autocommit=False), connect(autocommit=False)
    for session in (one, other):
        session.execute("set transaction isolation level repeatable read")
        session.execute("set local lock_timeout = '2s'")
        session.execute("select 1 from app.users")

    one.execute("update app.users set mail = 'a' where id = 1")
    other.execute("update app.users set mail = 'b' where id = 2")
    one.commit()
    other.commit()

    assert given.column(owner, "select mail from app.users order by id") == ["a", "b"]
    assert given.value(owner, "select failed_at is not null from postbell_private.recipient_mirror")


# --- what is told of it


def checked(connection: Connection) -> list[tuple[bool, str]]:
    return given.rows(
        connection,
        "select is_broken, fault from postbell.check_mirrors() where source = 'app.users'",
    )


def test_a_mirror_that_works_has_no_fault(users: Connection) -> None:
    mirror(users)

    assert checked(users) == []


def test_a_renamed_column_is_known_before_anybody_writes(users: Connection) -> None:
    mirror(users)
    users.execute("alter table app.users rename mobile to phone")

    assert checked(users) == [(True, "phone: app.users has no column mobile")]


def test_what_failed_is_told_until_everybody_is_copied_anew(users: Connection) -> None:
    mirror(users)
    users.execute("alter table app.users rename mobile to phone")
    add(users, 2)
    users.execute("alter table app.users rename phone to mobile")

    assert checked(users) == [(True, "phone: app.users has no column mobile")]

    mirror(users)
    assert checked(users) == []
    assert recipient(users, 2, "email") == "u2@example.org"


@pytest.mark.parametrize(
    "what",
    [
        "alter table app.users disable trigger user",
        "drop trigger postbell_follows_insert on app.users",
    ],
)
def test_triggers_that_do_not_run_are_told(users: Connection, what: str) -> None:
    mirror(users)
    users.execute(what.encode())

    assert checked(users) == [(True, "its triggers are gone or disabled")]


def test_a_table_that_is_gone_is_told(users: Connection) -> None:
    mirror(users)
    users.execute("drop table app.users")

    assert given.rows(users, "select is_broken, fault from postbell.check_mirrors()") == [
        (True, "the table is gone")
    ]


@pytest.mark.parametrize("role", ["postbell_dispatcher", "postbell_support", "postbell_admin"])
def test_whoever_runs_or_reads_postbell_may_ask(users: Connection, role: str) -> None:
    mirror(users)
    users.execute("alter table app.users rename mobile to phone")
    users.execute(f"set local role {role}".encode())

    assert len(checked(users)) == 1


# --- users of a tenant that is not there yet


TENANTS: dict[str, object] = {"id": "id", "tenant_id": "site", "email": "mail"}


def add_to(connection: Connection, site: str, *ids: int) -> None:
    connection.execute(
        "insert into app.users (id, site, mail)"
        " select id, %s, 'u' || id || '@example.org' from unnest(%s::bigint[]) as id",
        [site, list(ids)],
    )


def test_users_of_a_tenant_that_is_not_there_yet_are_taken_with_it(users: Connection) -> None:
    add_to(users, "acme", 2)
    mirror(users, TENANTS)
    add_to(users, "acme", 3)
    add_to(users, "other", 4)
    assert given.column(users, "select id from postbell.recipient order by id") == ["1"]

    given.tenant(users, "acme")

    assert given.column(users, "select id from postbell.recipient order by id") == ["1", "2", "3"]
    assert recipient(users, 3, "tenant_id", "email") == ("acme", "u3@example.org")


def test_tenants_that_are_not_there_are_told_meanwhile(users: Connection) -> None:
    add_to(users, "acme", 2, 3)
    mirror(users, TENANTS)
    sentence = "there is no tenant acme: its users become recipients when there is"
    assert checked(users) == [(False, sentence)]

    add_to(users, "other", 4)
    ((is_broken, both),) = checked(users)
    assert not is_broken
    assert both.startswith("there are no tenants acme, other (2 in all): ")

    given.tenant(users, "acme")
    given.tenant(users, "other")
    assert checked(users) == []


def test_a_tenant_that_is_renamed_takes_its_users(users: Connection) -> None:
    given.tenant(users, "akme")
    add_to(users, "acme", 2)
    mirror(users, TENANTS)
    users.execute("update postbell.tenant set id = 'acme' where id = 'akme'")

    assert recipient(users, 2, "tenant_id") == "acme"


def test_who_creates_a_tenant_needs_no_privilege_on_users(users: Connection) -> None:
    add_to(users, "acme", 2)
    mirror(users, TENANTS)

    users.execute("set local role postbell_admin")
    given.tenant(users, "acme")
    users.execute("reset role")

    assert recipient(users, 2, "tenant_id") == "acme"


def test_a_broken_mirror_keeps_no_tenant_from_being_made(users: Connection) -> None:
    add_to(users, "acme", 2)
    mirror(users, TENANTS)
    users.execute("alter table app.users rename mail to post")

    given.tenant(users, "acme")

    assert checked(users)[0] == (True, "email: app.users has no column mail")
    assert given.column(users, "select tenant_id from postbell_private.missing_tenant") == ["acme"]


def test_a_user_written_while_the_tenant_was_made_is_taken_by_housekeeping(
    connect: Connect,
) -> None:
    owner, application = connect(), connect(autocommit=False)
    owner.execute("create schema app")
    owner.execute("create table app.users (id bigint primary key, site text)")
    mirror(owner, {"id": "id", "tenant_id": "site"})
    application.execute("insert into app.users values (1, 'acme')")
    given.tenant(owner, "acme")
    application.commit()
    assert given.value(owner, "select count(*) from postbell.recipient") == 0

    owner.execute("select postbell_private.tidy_up()")

    assert given.column(owner, "select id from postbell.recipient") == ["1"]
    assert given.value(owner, "select count(*) from postbell_private.missing_tenant") == 0


@pytest.fixture
def late(connect: Connect) -> Connection:
    """Commits each statement; in a mirrored table, user 1 names the tenant late."""
    owner = connect()
    owner.execute("create schema app")
    owner.execute("create table app.users (id bigint primary key, site text, mail text)")
    mirror(owner, TENANTS)
    add_to(owner, "late", 1)
    return owner


def housekept(owner: Connection) -> tuple[list[str], int]:
    """Who is a recipient after housekeeping, and how many notes of tenants are left."""
    owner.execute("select postbell_private.tidy_up()")
    return (
        given.column(owner, "select id from postbell.recipient order by id"),
        given.value(owner, "select count(*) from postbell_private.missing_tenant"),
    )


def test_a_user_whom_the_maker_of_the_tenant_does_not_see_keeps_its_note(
    late: Connection, connect: Connect
) -> None:
    application = connect(autocommit=False)
    add_to(application, "late", 2)

    given.tenant(late, "late")
    application.commit()

    assert housekept(late) == (["1", "2"], 0)


def test_a_note_that_was_not_locked_is_not_deleted(late: Connection, connect: Connect) -> None:
    application = connect(autocommit=False)
    add_to(application, "late", 2)
    add_to(late, "late", 3)
    late.execute(
        "insert into postbell_private.missing_tenant (source, tenant_id) select source, 'late'"
        " from postbell_private.recipient_mirror"
    )

    given.tenant(late, "late")
    assert given.column(late, "select id from postbell.recipient order by id") == ["1", "3"]
    application.commit()

    assert housekept(late) == (["1", "2", "3"], 0)


def test_a_user_written_while_the_tenant_waits_to_commit_is_noted_again(
    late: Connection, connect: Connect
) -> None:
    maker = connect(autocommit=False)
    given.tenant(maker, "late")
    add_to(late, "late", 2)
    maker.commit()

    assert housekept(late) == (["1", "2"], 0)


def test_a_tenant_made_while_a_statement_takes_its_users_has_them_noted(
    late: Connection, connect: Connect
) -> None:
    given.recipient(late, "3")
    application, other = connect(), connect(autocommit=False)
    other.execute("select from postbell.recipient where id = '3' for update")
    taking = Background(
        lambda: application.execute("insert into app.users values (3, 'default'), (4, 'new')")
    )
    await_waiting(late, application)
    given.tenant(late, "new")
    other.commit()
    taking.result()

    assert housekept(late) == (["3", "4"], 1)


def test_users_whom_an_older_snapshot_does_not_see_are_taken_by_housekeeping(
    late: Connection, connect: Connect
) -> None:
    maker = connect(autocommit=False)
    maker.execute("set transaction isolation level repeatable read")
    maker.execute("select 1")
    add_to(late, "late", 2)
    given.tenant(maker, "late")
    maker.commit()

    assert housekept(late) == (["1", "2"], 0)


def test_an_older_snapshot_does_not_rely_on_a_note_that_is_gone(
    late: Connection, connect: Connect
) -> None:
    application = connect(autocommit=False)
    application.execute("set transaction isolation level repeatable read")
    application.execute("select 1")
    given.tenant(late, "late")
    add_to(application, "late", 2)
    application.commit()

    assert housekept(late) == (["1", "2"], 0)


def test_two_who_name_the_same_missing_tenant_wait_for_nobody(connect: Connect) -> None:
    owner = connect()
    owner.execute("create schema app")
    owner.execute("create table app.users (id bigint primary key, site text)")
    mirror(owner, {"id": "id", "tenant_id": "site"})
    one, other = connect(autocommit=False), connect(autocommit=False)
    for session in (one, other):
        session.execute("set transaction isolation level repeatable read")
        session.execute("set local lock_timeout = '2s'")
        session.execute("select 1 from app.users")

    one.execute("insert into app.users values (1, 'acme')")
    other.execute("insert into app.users values (2, 'acme')")
    one.commit()
    other.commit()

    given.tenant(owner, "acme")
    assert given.column(owner, "select id from postbell.recipient order by id") == ["1", "2"]


def test_mirroring_again_forgets_tenants_that_nobody_names_any_more(users: Connection) -> None:
    add_to(users, "acme", 2)
    mirror(users, TENANTS)
    users.execute("update app.users set site = 'default'")
    mirror(users, TENANTS)

    assert checked(users) == []


# --- mistakes


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"email": "mail"}, "id is not mapped"),
        ({"id": "id", "emial": "mail"}, "a recipient has no emial"),
        ({"id": "id", "email": "post"}, "email: app.users has no column post"),
        ({"id": "id", "email": ["mail"]}, "email: name a column of app.users"),
        (
            {"id": "id", "attributes": {"name": "nickname"}},
            "attributes.name: app.users has no column nickname",
        ),
        (
            {"id": "role"},
            "id: nothing says that role is unique in app.users: make a unique index",
        ),
        (
            {"id": "id", "erased_at": "is_here"},
            (
                "erased_at: is_here of app.users is of type boolean: name the time since when a"
                " user is gone; whether one is there is is_active"
            ),
        ),
        (
            {"id": "id", "erased_at": "mail"},
            (
                "erased_at: mail of app.users is of type text: name the time since when a user is"
                " gone; whether one is there is is_active"
            ),
        ),
        (
            {"id": "id", "is_active": "deleted_at"},
            (
                "is_active: deleted_at of app.users is of type timestamp with time zone: name a"
                " boolean that is false of users who are gone"
            ),
        ),
        (
            {"id": "id", "roles": "is_here"},
            "roles: is_here of app.users is of type boolean: name a column of text or text[]",
        ),
        (
            {"id": "id", "roles": "flags"},
            "roles: flags of app.users is of type boolean[]: name a column of text or text[]",
        ),
        (
            {"id": "id", "phone": "id"},
            "phone: id of app.users is of type bigint: name a column of text",
        ),
        (
            {"id": "id", "email": "settings"},
            "email: settings of app.users is of type jsonb: name a column of text",
        ),
        (
            {"id": "id", "locale": "is_here"},
            "locale: is_here of app.users is of type boolean: name a column of text",
        ),
        (
            {"id": "id", "time_zone": "deleted_at"},
            (
                "time_zone: deleted_at of app.users is of type timestamp with time zone: name a"
                " column of text"
            ),
        ),
        (
            {"id": "deleted_at"},
            (
                "id: deleted_at of app.users is of type timestamp with time zone: name a column of"
                " text, uuid or whole numbers"
            ),
        ),
        (
            {"id": "id", "tenant_id": "grants"},
            (
                "tenant_id: grants of app.users is of type text[]: name a column of text, uuid or"
                " whole numbers"
            ),
        ),
        (
            {"id": "id", "attributes": "mail"},
            (
                "attributes: mail of app.users is of type text: name a column of jsonb, or of each"
                ' attribute: {"name": "full_name"}'
            ),
        ),
    ],
)
def test_a_mapping_that_fits_nothing_is_named(
    users: Connection, mapping: dict[str, object], said: str
) -> None:
    users.execute("alter table app.users add flags boolean[]")
    with pytest.raises(psycopg.Error) as refused, users.transaction():
        mirror(users, mapping)

    assert refused.value.sqlstate == InvalidArgumentError.code
    assert refused.value.diag.message_primary == f"invalid argument: {said}"


def test_what_is_no_table_cannot_be_mirrored(users: Connection) -> None:
    users.execute("create view app.people as table app.users")

    with pytest.raises(psycopg.Error, match="people is neither a table nor"):
        given.call(users, "mirror_recipients", source="app.people", mapping={"id": "id"})


def test_a_table_that_is_not_there_is_postgresqls_own_error(connection: Connection) -> None:
    with pytest.raises(errors.UndefinedTable):
        given.call(connection, "mirror_recipients", source="nobody.users", mapping={"id": "id"})
