"""The outbox, the preview, the renderer and the verbs agree on what a value of a type is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import hypothesis
import psycopg
import pytest
from hypothesis import strategies as st

from dispatcher.errors import InvalidArgumentError
from dispatcher.rendering import payload
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.errors import CatalogError
from dispatcher.rendering.event_type import Field, FieldType, Priority
from dispatcher.rendering.payload import TYPE_IN_WORDS
from postbell.validation import as_amount
from tests.support import given
from tests.support.renderings import delivery, email, event_toml, folder, renderer

#: JSON as somebody writes it, by type: what is one, and what is none.
URLS = [
    "https://shop.example", "http://shop.example/", "https://shop.example/orders/7?a=b&c=d#e",
    "https://shop.example:8443/x", "https://127.0.0.1", "https://[2001:db8::1]:80/x",
    "https://bücher.example/straße", "https://shop.example?q=1", "https://shop.example#top",
    "https://shop.example/a@b", "https://shop.example/x:y", "https://shop.example/😀",
    "https://shop.example/\u00a0", "https://localhost",
]  # fmt: skip
NO_URLS = [
    "", "/orders/7", "orders/7", "//evil.example/x", "javascript:alert(1)", "JAVASCRIPT:alert(1)",
    "data:text/html,x", "ftp://shop.example", "mailto:a@b.example", "https:/shop.example",
    "https:shop.example", "https://", "https:///x", "https://?x", "http://#x",
    "https://user@shop.example/", "https://user:word@shop.example/",
    "https://shop.example@evil.example/", "https://shop.example\\@evil.example",
    "https://shop.example:port/", "https://shop.example:/", "https://shop.example:123456/",
    "https://shop example/", "https://shop.example/a b", " https://shop.example",
    "https://shop.example ", "https://shop.example\n", "https://shop.example/\t", "https://\x7f/",
    "https://[::1", "https://::1/", "https://[evil.example]/", "HTTPS://shop.example", "https",
]  # fmt: skip
AMOUNTS = [
    "19.90", "0", "-1", "-0.5", "007.10", "9" * 18, "1.123456789", "-" + "9" * 18 + "." + "9" * 9,
]  # fmt: skip
NO_AMOUNTS = [
    "", "+5", "1e3", "1E3", "1.", ".5", "-", "--1", "1,5", "1.123456789012", "9" * 19, " 1", "1 ",
    "1\n", "1_000", "0x10", "٣", "１", "NaN", "Infinity", "€1", "1.2.3", "−1",
]  # fmt: skip
DATES = ["2026-03-01", "2024-02-29", "9999-12-31", "0001-01-01"]
NO_DATES = [
    "2026-02-29", "2026-02-31", "2026-04-31", "2026-13-01", "0000-01-01", "2026-3-1", "20260301",
    "2026-W09-1", "26-03-01", "2026-03-01 ", "2026-03-01T09:00", "٢٠٢٦-03-01", "yesterday", "",
]  # fmt: skip
TIMES = [
    "2026-03-01", "2026-03-01T09:00", "2026-03-01 09:00:30", "2026-03-01T09:00:00Z",
    "2026-03-01T09:00:00.123456789+02:00", "2026-03-01T23:59-0930", "2026-03-01T00:00+14",
]  # fmt: skip
NO_TIMES = [
    "2026-02-30T09:00Z", "2026-03-01T24:00Z", "2026-03-01T09", "2026-03-01T09:00:60Z", "09:00",
    "2026-03-01T09:00+24:00", "2026-03-01T09:00+02:60", "20260301T090000Z", "2026-03-01t09:00z",
    "2026-03-01x09:00", "2026-03-01T09:00:00.1234567890", "2026-03-01T09:00 Z", "",
]  # fmt: skip
CASES: dict[FieldType, tuple[list[str], list[str]]] = {
    "url": (list(map(json.dumps, URLS)), [*map(json.dumps, NO_URLS), "7", "[]"]),
    "amount": (list(map(json.dumps, AMOUNTS)), [*map(json.dumps, NO_AMOUNTS), "19.90", "7", "[]"]),
    "date": (list(map(json.dumps, DATES)), [*map(json.dumps, NO_DATES), "20260301"]),
    "timestamp": (list(map(json.dumps, TIMES)), [*map(json.dumps, NO_TIMES), "1774627200"]),
    "text": (['"x"', '""'], ["1", "true", "[]", "{}"]),
    "id": (['"a"', "7", "-7", '""', "1" + "0" * 30, "1e3"], ["1.5", "1.0", "true", "[]", "{}"]),
    "integer": (
        ["7", "-7", "0", "1e3", "1.5e1", "9" * 18],
        ["1.0", "1.5", "9" * 19, "-" + "9" * 19, "1e18", "1e400", '"7"', "true", "1.50e1", "1e-1"],
    ),
    "number": (["7", "1.5", "-1e9", "0.0", "1e-7"], ['"7"', "true", "[]"]),
    "boolean": (["true", "false"], ["0", '"true"']),
    "list": (["[]", "[1]"], ["{}", '"[]"']),
    "object": (["{}"], ["[]", '"{}"']),
}
ALL = [
    (kind, text, is_good)
    for kind, (good, bad) in CASES.items()
    for texts, is_good in ((good, True), (bad, False))
    for text in texts
]


EXAMPLES = [*URLS, *NO_URLS, *AMOUNTS, *NO_AMOUNTS, *DATES, *NO_DATES, *TIMES, *NO_TIMES]
#: Characters on which two spellings of a rule are likely to differ.
TRICKY = "0159-+.:/@?#[]\\TZtz eE_%\x01\x1f\x7f\t\n\r\x0b\x0c\x85\xa0\u0660\u2028\u2212\uff11ßŁ😀"


def changed(example: str, changes: list[tuple[int, int, str]]) -> str:
    """The example with changes: at a place, how many characters go and what comes instead."""
    for place, length, inserted in changes:
        start = place % (len(example) + 1)
        example = example[:start] + inserted + example[start + length :]
    return example


#: Examples with one to three slips of the pen.
SLIPS = st.builds(
    changed,
    st.sampled_from(EXAMPLES),
    st.lists(
        st.tuples(st.integers(0, 80), st.integers(0, 1), st.sampled_from(["", *TRICKY])),
        min_size=1,
        max_size=3,
    ),
)


def named(value: object) -> str:
    return ascii(value)[:40]


@pytest.mark.parametrize(("kind", "text", "is_good"), ALL, ids=named)
def test_the_outbox_and_the_preview_agree(
    connection: psycopg.Connection, kind: FieldType, text: str, is_good: bool
) -> None:
    written = payload.parse_payload(f'{{"field": {text}}}')["field"]

    assert payload.is_of_type(kind, written) is is_good
    assert (
        given.value(connection, "select postbell.is_of_type(%s::jsonb, %s)", text, kind) is is_good
    )


@hypothesis.settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(
    st.lists(SLIPS, min_size=20, max_size=40),
    st.sampled_from(("url", "amount", "date", "timestamp")),
)
def test_they_agree_on_slips_of_the_pen(
    connection: psycopg.Connection, texts: list[str], kind: FieldType
) -> None:
    by_sql = given.value(
        connection,
        "select array_agg(postbell.is_of_type(to_jsonb(text), %s) order by place)"
        " from unnest(%s::text[]) with ordinality as slip (text, place)",
        kind,
        texts,
    )

    assert dict(zip(texts, by_sql, strict=True)) == {
        text: payload.is_of_type(kind, text) for text in texts
    }


#: Types that the predicate of postbell.event_type checks; the others it leaves to is_of_type().
COMPILED = {"text", "id", "amount", "number", "boolean", "list", "object"}


@pytest.mark.parametrize(("kind", "text", "is_good"), ALL, ids=named)
def test_the_compiled_predicate_agrees(
    connection: psycopg.Connection, kind: FieldType, text: str, is_good: bool
) -> None:
    found = given.value(
        connection,
        "select %s::jsonb @@ postbell_private.compile_payload_check(%s)",
        f'{{"field": {text}}}',
        {"field": {"type": kind, "required": True}},
    )

    assert (found is True) is (is_good and kind in COMPILED)


@hypothesis.settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(st.lists(SLIPS, min_size=20, max_size=40))
def test_the_compiled_predicate_agrees_on_slips_of_the_pen(
    connection: psycopg.Connection, texts: list[str]
) -> None:
    differ = given.column(
        connection,
        "select text from unnest(%s::text[]) as slip (text), (select"
        """ postbell_private.compile_payload_check('{"a": {"type": "amount", "required": true}}')"""
        " as predicate offset 0) as compiled"
        " where (jsonb_build_object('a', text) @@ predicate) is true"
        " is distinct from postbell.is_of_type(to_jsonb(text), 'amount')",
        texts,
    )

    assert differ == []


@pytest.mark.parametrize("kind", get_args(FieldType))
def test_they_say_the_same_of_what_is_none(connection: psycopg.Connection, kind: FieldType) -> None:
    value = json.loads(CASES[kind][1][0])
    declared = {"field": {"type": kind, "required": True}}
    said = given.value(
        connection,
        "select fault from postbell_private.find_payload_fault(%s, %s)",
        {"field": value},
        declared,
    )

    assert said == f"field is not of type {kind}: it has to be {TYPE_IN_WORDS[kind]}"
    event = payload.payload_faults(_Event({"field": Field(kind, required=True)}), {"field": value})  # type: ignore[arg-type]
    assert [fault.sentence for fault in event] == [said]


class _Event:
    def __init__(self, fields: dict[str, Field]) -> None:
        self.fields = fields


@pytest.mark.parametrize("name", [*get_args(Priority), "urgent", "High", "", "low "])
def test_event_toml_and_the_outbox_take_the_same_priorities(
    connection: psycopg.Connection, tmp_path: Path, name: str
) -> None:
    declared = event_toml().replace('"normal"', json.dumps(name))
    files = {"thing/happened/event.toml": declared}

    if name in get_args(Priority):
        event = Catalog.load([folder(tmp_path, files)]).events["thing.happened"]
        assert event.priority == name
        assert given.value(connection, "select %s::text::postbell.priority", name) == name
        return
    with pytest.raises(CatalogError, match="there is no priority"):
        Catalog.load([folder(tmp_path, files)])
    with pytest.raises(psycopg.errors.CheckViolation):
        given.value(connection, "select %s::text::postbell.priority", name)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (kind, text)
        for kind, text, is_good in ALL
        if is_good and kind in {"url", "amount", "date", "timestamp"}
    ],
    ids=named,
)
def test_what_is_taken_can_be_rendered(tmp_path: Path, kind: FieldType, text: str) -> None:
    shown = {"url": "{{ field }}", "amount": "{{ field | money }}"}.get(kind, "{{ field | date }}")
    files = {
        "thing/happened/event.toml": event_toml("email", fields={"field": kind}),
        "thing/happened/email.subject.txt": "Subject",
        "thing/happened/email.txt": shown,
    }

    render = renderer(tmp_path, files).render

    assert email(render(delivery({"field": json.loads(text)}))).text


@pytest.mark.parametrize(
    ("amount", "is_good"),
    [*((each, True) for each in AMOUNTS), *((each, False) for each in NO_AMOUNTS)],
    ids=named,
)
def test_the_verbs_take_the_same_amounts(
    connection: psycopg.Connection, amount: str, is_good: bool
) -> None:
    def by_sql() -> object:
        return given.value(connection, "select postbell.exact_amount('amount', %s::text)", amount)

    if is_good:
        assert as_amount(amount, "amount") == by_sql() == amount
        return
    with pytest.raises(InvalidArgumentError):
        as_amount(amount, "amount")
    with pytest.raises(psycopg.Error, match="no amount such as"):
        by_sql()
