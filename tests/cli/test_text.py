"""postbell text"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dispatcher.rendering.catalog import Catalog
from tests.support import given
from tests.support.cli import Cli

SMS = "order/paid/sms.txt"


@pytest.fixture(autouse=True)
def loaded_once(monkeypatch: pytest.MonkeyPatch, catalog: Catalog) -> None:
    """Loading all the templates takes seconds."""
    monkeypatch.setattr(Catalog, "load", lambda _: catalog)


def current(database: given.Connection) -> list[tuple[object, ...]]:
    return given.rows(
        database, "select tenant_id, path, version, content from postbell.texts order by path"
    )


def set_sms(cli: Cli, content: str, *words: str) -> str:
    result = cli("text", "set", SMS, "-", *words, stdin=content)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_a_text_is_set_for_everybody_from_standard_input(
    cli: Cli, database: given.Connection
) -> None:
    assert set_sms(cli, "Paid: {{ amount | money }}") == (
        "order/paid/sms.txt is version 1 now, for everybody.\n"
    )
    assert current(database) == [(None, SMS, 1, "Paid: {{ amount | money }}")]


def test_a_text_is_set_for_a_tenant_from_a_file_with_a_note(
    cli: Cli, database: given.Connection, tmp_path: Path
) -> None:
    (tmp_path / "new.txt").write_text("Paid.")

    result = cli(
        "text", "set", SMS, str(tmp_path / "new.txt"), "--tenant", "default", "--note", "shorter"
    )

    assert result.stdout == "order/paid/sms.txt is version 1 now, for tenant default.\n"
    assert given.rows(database, "select tenant_id, note from postbell.texts") == [
        ("default", "shorter")
    ]


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        (SMS, "{% if %}", "order/paid/sms.txt: line 1: Expected an expression"),
        (SMS, "{{ oops }}", "order/paid/sms.txt: line 1: 'oops' is undefined"),
        ("order/unheard_of/sms.txt", "Paid.", "this belongs to no event"),
        ("order/paid/fax.txt", "Paid.", "no channel has a file fax.txt"),
        ("partials/footer.txt", "{{ oops }}", "partials/footer.txt: line 1: 'oops' is undefined"),
    ],
)
def test_a_text_that_could_not_be_sent_is_not_written(
    cli: Cli, database: given.Connection, path: str, content: str, said: str
) -> None:
    result = cli("text", "set", path, "-", stdin=content)

    assert result.exit_code == 1
    assert said in result.stderr
    assert current(database) == []


def test_a_fault_that_was_there_before_is_in_nobodys_way(
    cli: Cli, database: given.Connection
) -> None:
    given.call(database, "set_text", path="order/paid/push.json", content="{")

    set_sms(cli, "Paid.")

    assert [path for _, path, *_ in current(database)] == ["order/paid/push.json", SMS]


def test_files_that_need_one_another_are_set_together(
    cli: Cli, database: given.Connection, tmp_path: Path
) -> None:
    given.event_type(
        database, "stock.low", channels=["email"], default_channels=["email"],
        fields={"item": {"type": "text", "required": True}},
    )  # fmt: skip
    (tmp_path / "stock/low").mkdir(parents=True)
    (tmp_path / "stock/low/email.subject.txt").write_text("{{ item }}")
    (tmp_path / "stock/low/email.txt").write_text("{{ item }} runs out.")

    alone = cli("text", "set", "stock/low/email.txt", "-", stdin="{{ item }}")
    together = cli("text", "set", "--folder", str(tmp_path))

    assert "email needs email.subject.txt or email.html beside this file" in alone.stderr
    assert together.exit_code == 0, together.stderr
    assert [path for _, path, *_ in current(database)] == [
        "stock/low/email.subject.txt",
        "stock/low/email.txt",
    ]


def test_going_back_is_checked_and_answered_like_a_change(
    cli: Cli, database: given.Connection
) -> None:
    set_sms(cli, "one")
    given.call(database, "set_text", path=SMS, content="{{ oops }}")
    set_sms(cli, "three")

    refused = cli("text", "rollback", SMS)
    done = cli("text", "rollback", SMS, "--to", "1")

    assert refused.exit_code == 1
    assert "'oops' is undefined" in refused.stderr
    assert done.stdout == "order/paid/sms.txt is version 4 now, for everybody.\n"
    assert current(database) == [(None, SMS, 4, "one")]


def test_the_list_names_the_faults(cli: Cli, database: given.Connection) -> None:
    set_sms(cli, "Paid.", "--note", "shorter")
    number = given.value(database, "select id from postbell.text_version")
    fault = {"text_id": number, "fault": "no oops", "instead": "the file"}
    given.call(database, "report_texts", faults=json.dumps([fault]))

    (row,) = cli.json("text", "list")
    shown = cli("text", "list").stdout

    assert (row["path"], row["version"], row["note"], row["fault"]) == (
        SMS, 1, "shorter", "no oops",
    )  # fmt: skip
    assert "everybody" in shown
    assert "no oops (the file is used)" in shown
    assert cli.json("text", "list", "--tenant", "default") == []


def test_what_stands_at_a_path_is_shown(cli: Cli, database: given.Connection) -> None:
    file = cli("text", "show", SMS).stdout
    set_sms(cli, "everybody's")
    set_sms(cli, "own", "--tenant", "default")

    assert "{{ amount | money }}" in file
    assert cli("text", "show", SMS).stdout == "everybody's\n"
    assert cli("text", "show", SMS, "--tenant", "default").stdout == "own\n"
    assert cli("text", "show", SMS, "--version", "0").stdout == file
    assert cli.json("text", "show", SMS, "--version", "1")["content"] == "everybody's"


def test_the_history_of_a_text_is_shown(cli: Cli, database: given.Connection) -> None:
    set_sms(cli, "one")
    cli("text", "rollback", SMS)

    rows = cli.json("text", "show", SMS, "--history")

    assert [(row["version"], row["content"], row["note"]) for row in rows] == [
        (2, None, "back to version 0"),
        (1, "one", None),
    ]
    assert "taken back" in cli("text", "show", SMS, "--history").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["set"], 2, "a PATH and a FILE, or a --folder"),
        (["set", SMS], 2, "a PATH and a FILE, or a --folder"),
        (["set", SMS, "-", "--folder", "."], 2, "a PATH and a FILE, or a --folder"),
        (
            ["set", SMS, "/nowhere/x.txt"],
            1,
            "/nowhere/x.txt cannot be read: No such file or directory.",
        ),
        (["set", "--folder", "/nowhere"], 1, "There is no file in /nowhere"),
        (["set", SMS, "-", "--tenant", "nobody"], 1, "nobody"),
        (["show", "order/paid/none.txt"], 1, "Nothing stands at order/paid/none.txt"),
        (["show", SMS, "--version", "7"], 1, "has no version 7"),
        (["rollback", SMS], 1, "There is no text order/paid/sms.txt of everybody"),
    ],
)
def test_what_makes_no_sense_is_said_so(cli: Cli, words: list[str], code: int, said: str) -> None:
    result = cli("text", *words, stdin="Paid.")

    assert result.exit_code == code
    assert said in result.stderr
