from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher.deploy.declarations import code_files, statements, table_files

RING = """\
create or replace function postbell.ring() returns trigger
language plpgsql as $$ begin return null; end $$;

-- Why.
create or replace trigger ring
after insert on postbell.outbox
for each statement
when (current_setting('postbell.wake', true) <> 'off;')
execute function postbell.ring();

comment on trigger ring on postbell.outbox is 'Rings.';
comment on function postbell.ring is 'Rings.';
"""


def write(folder: Path, name: str, text: str = "") -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)


def test_files_come_in_path_order_and_tables_apart(tmp_path: Path) -> None:
    for name in ("20_b/view.sql", "10_a/zebra.sql", "10_a/tables.sql", "20_b/tables.sql"):
        write(tmp_path, name)

    assert [file.path.stem for file in code_files(tmp_path)] == ["zebra", "view"]
    assert [path.parent.name for path in table_files(tmp_path)] == ["10_a", "20_b"]


def test_access_is_told_from_the_rest(tmp_path: Path) -> None:
    write(tmp_path, "00_core/drop.sql")
    write(tmp_path, "90_access/grants.sql")

    assert [file.is_access for file in code_files(tmp_path)] == [False, True]


def test_a_trigger_is_told_from_the_rest_with_its_comment(tmp_path: Path) -> None:
    write(tmp_path, "10_a/ring.sql", RING)

    [file] = code_files(tmp_path)
    [trigger] = file.triggers

    assert trigger.id == "outbox.ring"
    assert trigger.text.startswith("create or replace trigger ring")
    assert trigger.text.endswith("is 'Rings.';")
    assert trigger.line == RING[: RING.index("create or replace trigger")].count("\n") + 1
    [function] = file.statements
    assert function.name == "postbell.ring"


def test_a_trigger_can_be_put_on_another_table(tmp_path: Path) -> None:
    write(tmp_path, "10_a/ring.sql", RING)

    [file] = code_files(tmp_path)
    elsewhere = file.triggers[0].on("pg_temp.probe")

    assert "after insert on pg_temp.probe" in elsewhere
    assert "comment on trigger ring on pg_temp.probe" in elsewhere
    assert "postbell.outbox" not in elsewhere


@pytest.mark.parametrize(
    "hidden",
    [
        "select 1 -- one; only",
        "select /* one; /* or; */ two; */ 1",
        "select 'one; or ''two;'",
        r"select E'it\'s; one'",
        'select 1 as "one;"',
        "do $$ begin perform 1; end $$",
        "do $a$ begin perform $$;$$; end $a$",
        "create function p.f() returns int begin atomic select case when true then 1 end; end",
        "select a$b, 'is no quotation$b'",
        "select 1\n\n-- Why; because.\n+ 1",
    ],
)
def test_a_semicolon_ends_a_statement_only_where_it_is_one(hidden: str) -> None:
    found = list(statements(f"{hidden}\n;\n\nselect 2;"))

    assert [each.body for each in found] == [f"{hidden}\n;", "select 2;"]


def test_a_statement_knows_its_line_and_the_comments_before_it() -> None:
    first, second = statements("-- A; b.\n\nselect 1;\n\n-- C.\nselect 2\n-- D;\n")

    assert (first.line, first.text, first.body) == (1, "-- A; b.\n\nselect 1;", "select 1;")
    assert (second.line, second.text) == (5, "-- C.\nselect 2\n-- D;")


def test_what_is_created_comes_with_its_comments_on_their_lines(tmp_path: Path) -> None:
    view = (
        "create view postbell.v as select 1 as one;\n\ncomment on view postbell.v is 'V.';\n\n\n"
        "comment on column postbell.v.one is 'One.';"
    )
    write(tmp_path, "10_a/views.sql", f"{view}\ncomment on view postbell.w is 'W.';\n")

    [file] = code_files(tmp_path)

    assert [each.text for each in file.statements] == [view, "comment on view postbell.w is 'W.';"]


def test_comments_alone_are_no_statement() -> None:
    assert list(statements("-- One.\n/* Two; */ ;\n")) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("-- Why.\ncreate or replace function postbell.f(a int) returns int return 1;", "f"),
        ("create or replace view postbell.v as select 1;", "v"),
        ("comment on function postbell.f(int) is 'F.';", "f"),
        ("comment on column postbell.v.one is 'One.';", "v"),
        ("comment on trigger t on postbell.v is 'T.';", None),
        ("grant select on postbell.v to somebody;", None),
    ],
)
def test_a_statement_knows_what_it_is_about(text: str, name: str | None) -> None:
    [statement] = statements(text)

    assert statement.name == (name and f"postbell.{name}")
