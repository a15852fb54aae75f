from __future__ import annotations

from pathlib import Path

from dispatcher.declaration import code_files, table_files

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

    assert [file.name for file in code_files(tmp_path)] == ["zebra", "view"]
    assert [path.parent.name for path in table_files(tmp_path)] == ["10_a", "20_b"]


def test_access_is_told_from_the_rest(tmp_path: Path) -> None:
    write(tmp_path, "80_orphans/drop.sql")
    write(tmp_path, "90_access/grants.sql")

    assert [file.is_access for file in code_files(tmp_path)] == [False, True]


def test_a_trigger_is_cut_out_with_its_comment(tmp_path: Path) -> None:
    write(tmp_path, "10_a/ring.sql", RING)

    [file] = code_files(tmp_path)
    [trigger] = file.triggers

    assert trigger.id == "outbox.ring"
    assert trigger.text.startswith("create or replace trigger ring")
    assert trigger.text.endswith("is 'Rings.';")
    assert "trigger ring" not in file.text
    assert "comment on function postbell.ring" in file.text


def test_lines_keep_their_numbers_when_a_trigger_is_cut_out(tmp_path: Path) -> None:
    write(tmp_path, "10_a/ring.sql", RING)

    [file] = code_files(tmp_path)

    assert file.triggers[0].line == RING[: RING.index("create or replace trigger")].count("\n") + 1
    assert file.text.count("\n") == RING.count("\n")


def test_a_trigger_can_be_put_on_another_table(tmp_path: Path) -> None:
    write(tmp_path, "10_a/ring.sql", RING)

    [file] = code_files(tmp_path)
    elsewhere = file.triggers[0].on("pg_temp.probe")

    assert "after insert on pg_temp.probe" in elsewhere
    assert "comment on trigger ring on pg_temp.probe" in elsewhere
    assert "postbell.outbox" not in elsewhere
