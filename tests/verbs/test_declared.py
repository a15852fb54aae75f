"""Verbs are written from event.toml, and what is committed is what would be written."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import postbell
from dispatcher.cli.errors import CommandError
from dispatcher.cli.verb_code import RESERVED, _Function, functions_of, sql_of
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.event_type import Field, read_fields
from dispatcher.rendering.verb import Source, Verb, read_verb
from postbell.connection import using
from postbell.emit import emit
from tests.support.cli import Cli
from tests.support.given import Connection
from tests.support.renderings import event_toml, folder

ROOT = Path(__file__).parents[2]
VERB: dict[str, Any] = {
    "name": "notify_order_paid",
    "args": ["order_id", "client_id", "amount", "writer_id?"],
    "to": ["client_id", "writer_id"],
    "subject": ["order:{order_id}"],
    "whom": "the client",
    "objects": {"order": "Order", "refund": "Refund?"},
    "python": {"order_id": "order.id", "client_id": "refund|order.client_id", "amount": "paid"},
}


def fields() -> dict[str, Field]:
    return read_fields({"order_id": "id", "amount": "amount", "note": "text?", "parts": "list?"})[0]


def read(**changed: Any) -> tuple[Verb | None, list[str]]:
    given = {**VERB, **changed}
    return read_verb({key: value for key, value in given.items() if value is not None}, fields())


def test_what_is_committed_is_what_is_declared(tmp_path: Path) -> None:
    sql, python = tmp_path / "declared.sql", tmp_path / "declared.py"
    assert Cli()("verbs", "--sql", str(sql), "--python", str(python)).exit_code == 0

    for written, committed in (
        (sql, "sql/12_verbs/declared.sql"),
        (python, "postbell/declared.py"),
    ):
        assert written.read_text("utf-8") == (ROOT / committed).read_text("utf-8"), (
            f"write it with: postbell verbs --sql sql/12_verbs/declared.sql"
            f" --python postbell/declared.py, and look at {committed}"
        )


def test_without_a_file_the_sql_is_printed() -> None:
    printed = Cli()("verbs").stdout
    assert printed == (ROOT / "sql/12_verbs/declared.sql").read_text("utf-8")


def test_the_verbs_of_some_events_are_a_module_of_their_own(tmp_path: Path) -> None:
    python = tmp_path / "verbs.py"
    assert Cli()("verbs", "--events", "order.p*", "--python", str(python)).exit_code == 0

    code = python.read_text("utf-8")
    exec(compile(code, "verbs.py", "exec"), names := {"__name__": "verbs"})  # noqa: S102
    assert {name for name in names if name.startswith("notify_")} == {"notify_order_paid"}
    assert "Did you mean order.paid?" in Cli()("verbs", "--events", "order.payed").stderr


def test_a_verb_is_read() -> None:
    verb, faults = read()
    assert faults == []
    assert verb is not None
    assert [(each.name, each.is_required) for each in verb.arguments] == [
        ("order_id", True), ("client_id", True), ("amount", True), ("writer_id", False),
    ]  # fmt: skip
    assert verb.subject_arguments == (("order:", "order_id"),)
    assert verb.sources == {
        "order_id": Source(None, ("order",), "id"),
        "client_id": Source(None, ("refund", "order"), "client_id"),
        "amount": Source("paid", (), None),
    }


def test_an_event_may_have_no_verb() -> None:
    assert read_verb(None, fields()) == (None, [])


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"nmae": "x"}, "verb has no setting 'nmae'"),
        ({"name": None}, "verb.name is missing"),
        ({"args": "order_id"}, "verb.args must be of type list"),
        ({"to": ["client_id", 7]}, "verb.to must hold texts"),
        ({"name": "order_paid"}, "begins with notify_"),
        ({"name": "notify_paid; drop"}, "begins with notify_"),
        ({"args": [*VERB["args"], "note"]}, "must name what is optional (with a ? behind it) last"),
        ({"args": [*VERB["args"], "actor?"]}, "'actor', which is no name of its own"),
        ({"args": [*VERB["args"], "writer_id?"]}, "'writer_id', which is no name of its own"),
        ({"args": ["order_id", "client_id", "writer_id?"]}, "must have amount"),
        (
            {"args": ["order_id", "client_id", "amount?", "writer_id?"]},
            "must have amount: the field amount is needed",
        ),
        ({"args": [*VERB["args"], "colour?"]}, "has colour, which is no field and is not used"),
        ({"args": [*VERB["args"], "parts?"]}, "has parts, which is of type list"),
        ({"to": []}, "names nobody"),
        ({"to": ["client_id", "boss_id"]}, "names 'boss_id', which is not in verb.args"),
        ({"subject": ["ticket:{ticket_id}"]}, "names 'ticket_id', which is not in verb.args"),
        ({"payload": {"colour": "amount"}}, "verb.payload has colour, which is no field"),
        ({"python": {"order_id": "ordre.id"}}, "names 'ordre', which is not in verb.objects"),
        ({"to": ["client_id", "boss"], "args": [*VERB["args"], "boss?"]}, "verb.to has boss"),
        ({"name": "notify_" + "x" * 57}, "begins with notify_"),
        ({"args": [*VERB["args"], "class?"]}, "'class', which is no name of its own"),
        ({"objects": {"class": "Order"}}, "'class' is no name of an argument in Python"),
        ({"python": {"amount": "paid-sum"}}, "'paid-sum' is no name of an argument in Python"),
        ({"whom": 'the """client'}, "verb.whom must be one line"),
        ({"note": "a\\"}, "verb.note must be one line"),
        ({"note": "a\nb"}, "verb.note must be one line"),
        ({"python": {"ordre_id": "order.id"}}, "names 'ordre_id', which is not in verb.args"),
    ],
)
def test_a_mistake_in_a_verb_is_named(changed: dict[str, Any], fault: str) -> None:
    verb, faults = read(**changed)
    assert verb is None
    assert any(fault in each for each in faults), faults


def test_a_table_that_is_none_is_named() -> None:
    assert read_verb("notify_order_paid", fields()) == (None, ["verb must be a table"])


def written(path: Path, **verbs: str) -> list[_Function]:
    """The functions of events with these tables `verb`, by the first word of their keys."""
    files = {}
    for name, verb in verbs.items():
        declared = event_toml(
            "email", fields={"order_id": "id", "user": "text", "position": "amount?"}
        )
        files[f"{name}/happened/event.toml"] = f"{declared}\n{verb}"
        files[f"{name}/happened/email.subject.txt"] = files[f"{name}/happened/email.txt"] = "x"
    return functions_of(Catalog.load([folder(path, files)]))


ODD = """[verb]
name = "notify_odd"
args = ["order_id", "client_id", "user", "position?"]
to = ["client_id"]
subject = ["it's:{order_id}"]
whom = "the client's friend"
"""


def test_an_argument_may_have_a_name_of_sql_and_a_subject_an_apostrophe(
    connection: Connection, tmp_path: Path
) -> None:
    connection.execute(sql_of(written(tmp_path, thing=ODD)).encode())

    with using(connection):
        event = emit(
            "notify_odd", None, {}, None, order_id=7, client_id=8, user="x", position="1.50"
        )

    row = connection.execute(
        "select subject, recipient, payload from postbell.outbox where id = %s", [event]
    ).fetchone()
    assert row == ("it's:7", "8", {"order_id": "7", "user": "x", "position": "1.50"})


def test_the_words_that_are_quoted_are_those_of_postgresql(connection: Connection) -> None:
    rows = connection.execute(
        "select word from pg_get_keywords() where catcode in ('R', 'C')"
    ).fetchall()
    assert {word for (word,) in rows} <= RESERVED


@pytest.mark.parametrize(
    ("verbs", "sentence"),
    [
        ({"a": ODD, "b": ODD}, "b.happened: there is a verb notify_odd already, of a.happened"),
        (
            {"a": ODD.replace("notify_odd", "notify_ticket_reply")},
            "there is a verb notify_ticket_reply already, of postbell",
        ),
        ({"a": ODD + 'objects = { order = "Ordr" }'}, "verb.objects has Ordr, which"),
    ],
)
def test_a_verb_that_cannot_be_written_is_told(
    tmp_path: Path, verbs: dict[str, str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=re.escape(sentence)):
        written(tmp_path, **verbs)


def test_what_is_written_needs_no_daemon() -> None:
    loaded = loaded_by("import postbell")
    assert not {"django", "jinja2", "pgqueuer", "sqlalchemy", "typer", "pydantic_core"} & loaded


def test_the_old_name_warns() -> None:
    with pytest.warns(DeprecationWarning, match="from postbell import"):
        old = importlib.import_module("dispatcher.verbs")
    assert old.notify_order_paid is postbell.notify_order_paid
    assert set(old.__all__) == set(postbell.__all__)


def loaded_by(statement: str) -> set[str]:
    """The modules that a new process has after a statement."""
    return set(
        subprocess.run(
            [sys.executable, "-c", f"{statement}; import sys; print(*sys.modules, sep='\\n')"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    )
