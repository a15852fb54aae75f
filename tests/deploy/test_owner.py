"""An owner who is no superuser, as the manual makes one: what it may, and what nobody else needs.

In these databases nobody but the owner may make temporary objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Json

from dispatcher.cli.deploy import report_lines
from dispatcher.db import embedded, monitoring
from dispatcher.deploy import schema
from dispatcher.deploy.contract import SchemaError
from tests.support import given
from tests.support.databases import IN_HASTE
from tests.support.given import Connection
from tests.support.renderings import shipped_catalog

OLD = Path("/usr/lib/postgresql/15/bin")

pytestmark = pytest.mark.slow

ROLES = (
    "postbell_admin, postbell_dispatcher, postbell_gateway, postbell_producer, postbell_reader,"
    " postbell_support"
)


class House:
    """A server, on which somebody makes databases for others."""

    def __init__(self, url: str) -> None:
        self.url = url

    def make(self, database: str, owner: str) -> str:
        """What the manual says, for a database and its owner; the owner's URL."""
        with self.superuser() as connection:
            for statement in (
                f"create role {owner} login createrole",
                f"create database {database}",
                f"grant create, temporary on database {database} to {owner}",
                f"revoke temporary on database {database} from public",
            ):
                connection.execute(statement.encode())
        return make_conninfo(self.url, dbname=database, user=owner)

    def superuser(self, database: str = "postgres") -> Connection:
        return psycopg.connect(make_conninfo(self.url, dbname=database), autocommit=True)

    def login(self, name: str, database: str = "app") -> Connection:
        return psycopg.connect(make_conninfo(self.url, dbname=database, user=name), autocommit=True)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(None, id="the newest server"),
        pytest.param(
            OLD,
            id="the oldest server",
            marks=pytest.mark.skipif(
                not (OLD / "initdb").exists(), reason=f"no PostgreSQL 15 in {OLD}"
            ),
        ),
    ],
)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """With the database app, deployed twice by postbell_owner, and a login for each process."""
    with embedded.server(keep=False, settings=IN_HASTE, binaries=request.param) as server:
        house = House(server.url)
        owner = house.make("app", "postbell_owner")
        events = shipped_catalog().events.values()
        assert schema.deploy(owner, events=events).grant_needed == ""
        again = schema.deploy(owner, events=events)
        assert again.triggers == again.redefined == again.dropped == []
        with house.login("postbell_owner") as session:
            session.execute(
                "create role mailer login in role postbell_dispatcher;"
                " create role webmail login in role postbell_gateway;"
                " create role helpdesk login in role postbell_support;"
                " create role clerk login in role postbell_admin;"
                " create role shop login; grant postbell_producer to shop"
            )
        with house.superuser("app") as session:
            session.execute("create schema shop authorization shop")
        yield house


@pytest.fixture
def owner(house: House) -> Iterator[Connection]:
    with house.login("postbell_owner") as session:
        given.event_type(session)
        given.recipient(session)
        yield session


def test_the_owner_is_no_superuser_and_no_role_may_make_temporary_objects(
    owner: Connection,
) -> None:
    assert not given.value(owner, "select rolsuper from pg_roles where rolname = current_user")
    assert given.column(
        owner,
        "select rolname::text from pg_roles where not rolsuper"
        " and has_database_privilege(oid, current_database(), 'temporary')",
    ) == ["postbell_owner"]


def test_once_the_roles_are_there_it_deploys_without_createrole(house: House) -> None:
    with house.superuser() as session:
        session.execute("alter role postbell_owner nocreaterole")
        try:
            report = schema.deploy(make_conninfo(house.url, dbname="app", user="postbell_owner"))
        finally:
            session.execute("alter role postbell_owner createrole")

    assert report.defined > 0


def test_an_event_gets_from_the_shop_to_the_inbox(house: House, owner: Connection) -> None:
    with house.login("shop") as shop:
        given.call(shop, "notify_order_paid", order_id="1", client_id="u1", amount="19.90")
    with house.login("mailer") as mailer:
        given.route(mailer)
        for batch, channel in given.rows(owner, "select id, channel::text from postbell.batch"):
            claimed = given.call(mailer, "claim_batch", batch_id=batch, batch_channel=channel)
            if channel == "in_app":
                items = [
                    {"delivery_id": delivery, "title": "Paid", "body": "Thank you"}
                    for (delivery,) in given.rows(
                        owner,
                        "select id from postbell.delivery"
                        " where channel = 'in_app' and state = 'queued'",
                    )
                ]
                given.call(
                    mailer,
                    "record_inbox",
                    batch_id=batch,
                    claim_token=claimed[0][0],
                    items=Json(items),
                )
        given.call(mailer, "tidy_up")
        given.call(mailer, "truncate_outbox")
        given.call(mailer, "analyze_grown_tables")

    with house.login("webmail") as webmail:
        given.call(webmail, "begin_session", digest=b"1", recipient="u1", expires_at="2999-01-01Z")
        webmail.execute(
            "set role postbell_reader;"
            " set postbell.tenant = 'default'; set postbell.recipient = 'u1'"
        )
        assert given.column(webmail, "select title from postbell.inbox") == ["Paid"]
        assert given.call(webmail, "mark_all_read", recipient="u1") == [(1,)]
        assert given.call(webmail, "preference_overview") != []
    with house.login("helpdesk") as helpdesk:
        assert ("u1", "in_app", "now") in [
            decided[:3] for decided in given.call(helpdesk, "explain", outbox_id=1)
        ]
    with house.login("clerk") as clerk:
        given.recipient(clerk, "u2")


def test_a_check_finds_nothing_to_say_about_row_level_security(house: House) -> None:
    with house.login("mailer") as mailer:
        found = monitoring.ownership(mailer)

    assert (found.unbound, found.owns_too) == (None, None)


def test_the_owner_sees_past_row_level_security_and_a_check_says_so(owner: Connection) -> None:
    assert monitoring.ownership(owner).unbound == "owns the schema"


# --- a table of the application's


@pytest.fixture
def users(house: House) -> Iterator[Connection]:
    """The application's session, and its table, which the owner may mirror."""
    with house.login("shop") as shop:
        shop.execute(
            "create table shop.users (id bigint primary key, mail text);"
            " grant usage on schema shop to postbell_owner;"
            " grant select, trigger on shop.users to postbell_owner"
        )
        yield shop
        shop.execute("drop table shop.users; drop function if exists shop.spy")


MAPPING = {"id": "id", "email": "mail"}


def mirrored(owner: Connection) -> list[str]:
    return given.column(
        owner,
        "select id from postbell.recipient where erased_at is null and id ~ '^[0-9]' order by id",
    )


def test_users_of_another_owner_are_followed(owner: Connection, users: Connection) -> None:
    users.execute("insert into shop.users values (1, 'one@example.org')")
    given.call(owner, "mirror_recipients", source="shop.users", mapping=MAPPING)
    users.execute("insert into shop.users values (2, 'two@example.org')")
    assert mirrored(owner) == ["1", "2"]

    users.execute("delete from shop.users where id = 1")
    assert mirrored(owner) == ["2"]

    users.execute("truncate shop.users")
    assert mirrored(owner) == []


def test_who_may_not_read_them_is_told_what_to_grant(owner: Connection, users: Connection) -> None:
    users.execute("revoke select on shop.users from postbell_owner")

    with pytest.raises(psycopg.Error, match=r"grant select on shop\.users to postbell_owner"):
        given.call(owner, "mirror_recipients", source="shop.users", mapping=MAPPING)


def test_a_table_with_policies_is_not_mirrored(owner: Connection, users: Connection) -> None:
    users.execute("alter table shop.users enable row level security")

    with pytest.raises(psycopg.Error, match=r"row-level security hides rows of shop\.users"):
        given.call(owner, "mirror_recipients", source="shop.users", mapping=MAPPING)


def test_a_policy_of_the_application_is_not_run_with_the_owners_rights(
    owner: Connection, users: Connection
) -> None:
    given.call(owner, "mirror_recipients", source="shop.users", mapping=MAPPING)
    users.execute("""
        insert into shop.users values (1, 'one@example.org');
        create function shop.spy() returns boolean language plpgsql as $$
        begin
            raise warning 'run as %', current_user;
            return true;
        end $$;
        grant execute on function shop.spy to public;
        alter table shop.users enable row level security;
        create policy spying on shop.users using (shop.spy())
    """)
    said: list[str] = []
    users.add_notice_handler(lambda diagnostic: said.append(str(diagnostic.message_primary)))

    users.execute("truncate shop.users")

    ((warning),) = said
    assert "recipients do not follow shop.users: row-level security hides rows" in warning


# --- another database of the same cluster


def test_another_owner_deploys_and_is_told_who_grants_the_roles(house: House) -> None:
    second = house.make("second", "second_owner")
    report = schema.deploy(second)

    with psycopg.connect(second, autocommit=True) as session:
        if session.info.server_version >= 160_000:
            needed = f"grant {ROLES} to second_owner with admin option"
            assert report.grant_needed == needed
            assert f"{needed};" in report_lines(report)[-1]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute("create role second_mailer login in role postbell_dispatcher")
            with house.login("postbell_owner") as first:
                first.execute(report.grant_needed.encode())
        assert schema.deploy(second).grant_needed == ""
        session.execute("create role second_mailer login in role postbell_dispatcher")
    with house.login("second_mailer", "second") as mailer:
        assert given.route(mailer) == 0


def test_who_does_not_own_the_schema_is_told_so(house: House) -> None:
    with house.superuser() as session:
        session.execute("create role stranger login createrole")
        session.execute("grant create, temporary on database app to stranger")

    with pytest.raises(SchemaError, match="Deploy as the owner of the schema"):
        schema.deploy(make_conninfo(house.url, dbname="app", user="stranger"))
