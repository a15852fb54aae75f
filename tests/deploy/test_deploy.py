"""One definition, everything else derived."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from dispatcher import CONTRACT, package_data
from dispatcher.db import embedded
from dispatcher.deploy import schema
from dispatcher.deploy.contract import SchemaError
from dispatcher.deploy.declarations import code_files
from tests.support import catalogue
from tests.support.renderings import shipped_catalog

pytestmark = pytest.mark.slow


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """A copy of sql/ for the test to change."""
    return shutil.copytree(package_data.folder("sql"), tmp_path / "sql")


def write(sql: Path, file: str, text: str) -> None:
    (sql / file).parent.mkdir(exist_ok=True)
    (sql / file).write_text(text)


def query(url: str, text: str, *arguments: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(text.encode(), arguments).fetchall()


def dump(url: str, *options: str) -> str:
    """The schema as SQL, without the token that differs between two dumps."""
    command = [str(embedded.binary("pg_dump")), "--schema-only", *options, url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return re.sub(r"(?m)^\\(un)?restrict .*$", "", text)


def test_migrated_is_declared(template_url: str, empty_url: str) -> None:
    with psycopg.connect(empty_url) as connection:
        catalogue.declare_tables(connection)
        catalogue.declare_code(connection)
        rows = catalogue.first_rows(connection)
        declared = catalogue.everything(connection)
    with psycopg.connect(template_url) as connection:
        connection.execute("delete from postbell.event_type")
        assert catalogue.difference(catalogue.everything(connection), declared) == []
        assert catalogue.first_rows(connection) == rows
        connection.rollback()


def test_deploying_twice_is_deploying_once(database_url: str) -> None:
    triggers = "select oid, xmin, tgname from pg_trigger where not tgisinternal order by oid"
    before = dump(database_url), query(database_url, triggers)

    report = schema.deploy(database_url)

    assert (dump(database_url), query(database_url, triggers)) == before
    assert report.revisions == report.triggers == report.redefined == report.dropped == []
    assert report.queue_statements == 0


def test_a_first_deploy_says_what_it_did(empty_url: str) -> None:
    report = schema.deploy(empty_url)

    assert report.revisions[0] == "0001"
    assert report.defined == sum(
        statement.creates is not None
        for file in code_files(package_data.folder("sql"))
        for statement in file.statements
    )
    assert "outbox.wake_router" in report.triggers


def test_a_deploy_does_not_wait_for_a_producer(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_LOCK_TIMEOUT", "200ms")
    with psycopg.connect(database_url) as producer:
        producer.execute("insert into postbell.outbox (event, recipient) values ('e.e', 'u1')")

        assert schema.deploy(database_url).defined > 0


def test_a_deploy_that_must_wait_too_long_gives_way_and_says_so(
    database_url: str, sql: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_LOCK_TIMEOUT", "200ms")
    wake = sql / "10_outbox/outbox.sql"
    wake.write_text(wake.read_text().replace("after insert on", "after insert or update on"))
    before = dump(database_url)
    with psycopg.connect(database_url) as producer:
        producer.execute("insert into postbell.outbox (event, recipient) values ('e.e', 'u1')")

        with pytest.raises(SchemaError, match="200ms, and the deploy gave way"):
            schema.deploy(database_url, sql_folder=sql)

    assert dump(database_url) == before


def test_a_changed_trigger_is_replaced_and_the_others_are_not(database_url: str, sql: Path) -> None:
    wake = sql / "10_outbox/outbox.sql"
    wake.write_text(wake.read_text().replace("after insert on", "after insert or update on"))

    report = schema.deploy(database_url, sql_folder=sql)

    assert report.triggers == ["outbox.wake_router"]
    [(definition,)] = query(
        database_url,
        "select pg_get_triggerdef(oid) from pg_trigger"
        " where tgname = 'wake_router' and tgrelid = 'postbell.outbox'::regclass",
    )
    assert "INSERT OR UPDATE" in definition


def test_what_no_file_declares_is_dropped(database_url: str, sql: Path) -> None:
    write(sql, "60_inbox/of_old.sql", "create or replace view postbell.of_old as select 1 as one;")
    write(
        sql,
        "60_inbox/read_of_old.sql",
        """
        create or replace function postbell.read_of_old() returns setof postbell.of_old
        language sql begin atomic select one from postbell.of_old; end;
        """,
    )
    write(
        sql,
        "60_inbox/ring_of_old.sql",
        """
create or replace function postbell.ring_of_old() returns trigger
language plpgsql as $$ begin return null; end $$;

create or replace trigger ring_of_old
after insert on postbell.event_type
for each row
execute function postbell.ring_of_old();
        """,
    )
    assert schema.deploy(database_url, sql_folder=sql).triggers == ["event_type.ring_of_old"]

    report = schema.deploy(database_url)

    names = "select proname from pg_proc where proname ~ 'of_old' union all"
    names += " select relname from pg_class where relname ~ 'of_old' union all"
    names += " select tgname from pg_trigger where tgname ~ 'of_old'"
    assert query(database_url, names) == []
    assert report.dropped == [
        "routine postbell.read_of_old()",
        "routine postbell.ring_of_old()",
        "trigger ring_of_old on postbell.event_type",
        "view postbell.of_old",
    ]


def test_a_trigger_that_no_file_declares_is_dropped_and_its_function_stays(
    database_url: str, sql: Path
) -> None:
    wake = sql / "10_outbox/outbox.sql"
    function, _, _ = wake.read_text().partition("create or replace trigger")
    wake.write_text(function)

    report = schema.deploy(database_url, sql_folder=sql)

    assert report.dropped == ["trigger wake_router on postbell.outbox"]
    assert query(database_url, "select to_regproc('postbell_private.wake_router') is not null") == [
        (True,)
    ]


def test_what_others_still_need_is_not_dropped(database_url: str, sql: Path) -> None:
    write(sql, "60_inbox/of_old.sql", "create or replace view postbell.of_old as select 1 as one;")
    schema.deploy(database_url, sql_folder=sql)
    with psycopg.connect(database_url) as connection:
        connection.execute("create view public.of_the_application as table postbell.of_old")

    with pytest.raises(SchemaError, match=r"needed by view public\.of_the_application"):
        schema.deploy(database_url)


def test_a_view_takes_a_new_shape_with_all_that_depends_on_it(database_url: str, sql: Path) -> None:
    write(sql, "60_inbox/a_view.sql", "create or replace view postbell.a_view as select 1 as one;")
    write(
        sql,
        "60_inbox/b_view.sql",
        "create or replace view postbell.b_view as select * from postbell.a_view;",
    )
    schema.deploy(database_url, sql_folder=sql)
    write(
        sql,
        "60_inbox/a_view.sql",
        "create or replace view postbell.a_view as select 'x'::text as zero, 1::bigint as one;",
    )

    report = schema.deploy(database_url, sql_folder=sql)

    assert query(database_url, "select zero, one from postbell.b_view") == [("x", 1)]
    assert report.redefined == ["view postbell.a_view"]
    assert report.dropped == []


def test_a_view_that_others_need_keeps_its_shape_and_they_are_named(
    database_url: str, sql: Path
) -> None:
    write(sql, "60_inbox/a_view.sql", "create or replace view postbell.a_view as select 1 as one;")
    schema.deploy(database_url, sql_folder=sql)
    with psycopg.connect(database_url) as connection:
        connection.execute("create view public.of_the_application as table postbell.a_view")
    write(sql, "60_inbox/a_view.sql", "create or replace view postbell.a_view as select 1 as two;")

    with pytest.raises(
        SchemaError, match=r"a_view cannot take a new shape while needed by .*of_the_appl"
    ):
        schema.deploy(database_url, sql_folder=sql)


def test_a_function_gains_an_argument_and_leaves_no_overload(database_url: str, sql: Path) -> None:
    file = "60_inbox/double.sql"
    body = "returns integer language sql immutable return 2 * n"
    view = "create or replace view postbell.doubled as select postbell.double(2) as four;"
    write(sql, file, f"create or replace function postbell.double(n integer) {body};{view}")
    schema.deploy(database_url, sql_folder=sql)
    write(
        sql,
        file,
        f"create or replace function postbell.double(n integer, more integer default 1) {body}"
        f"; comment on function postbell.double is 'Twice.';{view}",
    )

    report = schema.deploy(database_url, sql_folder=sql)

    functions = query(
        database_url, "select oid::regprocedure::text from pg_proc where proname = 'double'"
    )
    assert functions == [("postbell.double(integer,integer)",)]
    assert query(database_url, "table postbell.doubled") == [(4,)]
    assert report.redefined == ["routine postbell.double(integer)"]


def test_all_that_takes_a_new_shape_is_found_at_the_second_try(
    database_url: str, sql: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []
    run_once = schema.Deploy._run_once

    def count(deploy: schema.Deploy, irreplaceable: frozenset[str]) -> None:
        tries.append(irreplaceable)
        run_once(deploy, irreplaceable)

    def declare(type_: str, more: str = "") -> None:
        write(
            sql,
            "60_inbox/shapes.sql",
            f"""
            create or replace view postbell.a_view as select '1'::{type_} as one;
            create or replace function postbell.b_result() returns {type_} return '2'::{type_};
            create or replace function postbell.c_argument(n integer{more}) returns integer
            return n;
            create or replace function postbell.d_names(n integer{more}, out o {type_})
            return '4'::{type_};
            create or replace view postbell.e_view as
            select one, postbell.b_result() as two, postbell.c_argument(3) as three
            from postbell.a_view;
            create or replace function postbell.f_same() returns integer return 6;
            """,
        )

    declare("integer")
    schema.deploy(database_url, sql_folder=sql)
    declare("text", ", m integer default 0")
    monkeypatch.setattr(schema.Deploy, "_run_once", count)

    report = schema.deploy(database_url, sql_folder=sql)

    assert tries == [frozenset(), frozenset({"postbell.a_view"})]
    assert report.redefined == [
        "routine postbell.b_result()",
        "routine postbell.c_argument(integer)",
        "routine postbell.d_names(integer)",
        "view postbell.a_view",
    ]
    assert query(database_url, "table postbell.e_view") == [("1", "2", 3)]
    assert schema.deploy(database_url, sql_folder=sql).redefined == []


def test_two_functions_of_one_name_stay_two(database_url: str, sql: Path) -> None:
    write(
        sql,
        "60_inbox/twin.sql",
        "create or replace function postbell.twin(n integer) returns integer return n;"
        "create or replace function postbell.twin(n text) returns text return n;",
    )
    schema.deploy(database_url, sql_folder=sql)

    report = schema.deploy(database_url, sql_folder=sql)

    assert report.redefined == report.dropped == []
    assert query(database_url, "select postbell.twin(1), postbell.twin('a')") == [(1, "a")]


def test_what_a_file_of_many_declares_no_longer_is_dropped(database_url: str, sql: Path) -> None:
    first, second = (
        f"create or replace function postbell.{name}() returns integer return 1;"
        for name in ("first", "second")
    )
    write(sql, "60_inbox/many.sql", f"{first}\n\n{second}\n")
    schema.deploy(database_url, sql_folder=sql)
    write(sql, "60_inbox/many.sql", f"{first}\n")

    report = schema.deploy(database_url, sql_folder=sql)

    assert report.dropped == ["routine postbell.second()"]


def test_a_function_takes_a_new_result_type(database_url: str, sql: Path) -> None:
    file = "60_inbox/one.sql"
    write(sql, file, "create or replace function postbell.one() returns integer return 1;")
    schema.deploy(database_url, sql_folder=sql)
    write(sql, file, "create or replace function postbell.one() returns text return 'one';")

    schema.deploy(database_url, sql_folder=sql)

    assert query(database_url, "select postbell.one()") == [("one",)]


def test_a_deploy_that_fails_in_the_middle_leaves_nothing_behind(
    database_url: str, sql: Path
) -> None:
    write(sql, "10_outbox/first.sql", "create function postbell.first() returns int return 1;")
    write(
        sql,
        "60_inbox/broken.sql",
        "create view postbell.whole as select 1 as one;\n\n"
        "-- A comment.\ncreate view postbell.broken as\nselect so;\n",
    )
    before = dump(database_url)

    with pytest.raises(SchemaError, match=r"sql/60_inbox/broken.sql, line 5: .*so"):
        schema.deploy(database_url, sql_folder=sql)

    assert dump(database_url) == before


def test_a_first_deploy_that_fails_leaves_an_empty_database(empty_url: str, sql: Path) -> None:
    write(sql, "60_inbox/broken.sql", "create view postbell.broken as select so;")

    with pytest.raises(SchemaError, match="broken"):
        schema.deploy(empty_url, sql_folder=sql)

    assert query(empty_url, "select nspname from pg_namespace where nspname ~ 'postbell'") == []


def test_a_role_without_privileges_is_told_what_it_needs(empty_url: str) -> None:
    with psycopg.connect(empty_url) as connection:
        connection.execute("create role postbell_test_nobody")
        try:
            connection.commit()
            weak = make_conninfo(empty_url, options="-crole=postbell_test_nobody")

            with pytest.raises(SchemaError, match=r"permission denied.*Deploy as the owner"):
                schema.deploy(weak)
        finally:
            connection.execute("drop role postbell_test_nobody")


def test_a_server_that_is_too_old_is_named(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_OLDEST_SERVER", 99)

    with pytest.raises(SchemaError, match="needs PostgreSQL 99 or newer; this server is"):
        schema.deploy(empty_url)


def test_a_database_that_is_not_there_is_an_error_with_a_sentence() -> None:
    with pytest.raises(SchemaError, match="The database cannot be reached"):
        schema.deploy("postgresql://nobody@127.0.0.1:1/nowhere?connect_timeout=2")


def test_alembic_alone_deploys_too(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", empty_url)
    alembic = [sys.executable, "-m", "alembic"]

    subprocess.run([*alembic, "upgrade", "head"], check=True, cwd=package_data.folder("sql").parent)
    shown = subprocess.run(
        [*alembic, "current"],
        check=True,
        cwd=package_data.folder("sql").parent,
        capture_output=True,
        text=True,
    )

    assert query(empty_url, "select postbell.contract()") == [(CONTRACT,)]
    assert "(head)" in shown.stdout


def test_events_are_registered_once(database_url: str) -> None:
    events = shipped_catalog().events.values()
    registered = "select key, version, registered_at from postbell.event_type order by key"
    before = query(database_url, registered)

    report = schema.deploy(database_url, events=events)

    assert report.events == len(before) > 0
    assert query(database_url, registered) == before


def test_every_routine_compiles_with_its_body_checked(connection: psycopg.Connection) -> None:
    routines = connection.execute(
        """
        select pg_get_functiondef(pg_proc.oid)
        from pg_proc
        join pg_language on pg_language.oid = prolang
        where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
          and lanname in ('plpgsql', 'sql')
          and prokind in ('f', 'p')
        """
    ).fetchall()
    connection.execute("set local check_function_bodies = on")
    connection.execute("set local search_path = pg_catalog")

    for (definition,) in routines:
        connection.execute(definition.encode())

    assert len(routines) > 10
