"""The registry of events: registering, the types of fields, and the errors' one list."""

from __future__ import annotations

import json
from typing import Any, get_args

import psycopg
import pytest
from hypothesis import HealthCheck, example, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from dispatcher.rendering.event_type import FieldType
from tests.support import given
from tests.support.given import Connection


def test_an_event_may_be_registered_and_changed(connection: Connection) -> None:
    given.event_type(connection, "stock.low", label="Low stock", default_channels=["email"])
    given.event_type(connection, "stock.low", label="Stock is low", priority="high")
    found = given.rows(
        connection,
        "select label, priority, default_channels from postbell.event_type where key = 'stock.low'",
    )
    assert found == [("Stock is low", "high", ["in_app"])]


def test_registering_leaves_a_disabled_event_disabled(connection: Connection) -> None:
    given.event_type(connection, "stock.low")
    connection.execute("update postbell.event_type set disabled_at = now()")
    given.event_type(connection, "stock.low", priority="high")
    assert given.value(
        connection,
        "select disabled_at is not null from postbell.event_type where key = 'stock.low'",
    )


def test_registering_the_same_again_writes_nothing(connection: Connection) -> None:
    given.event_type(connection, "stock.low")
    where = "select ctid::text from postbell.event_type where key = 'stock.low'"
    before = given.value(connection, where)
    given.event_type(connection, "stock.low")
    assert given.value(connection, where) == before


@pytest.mark.parametrize(
    "named",
    [
        {"key": "stock"},
        {"key": "Stock.Low"},
        {"key": "stock low.x"},
        {"key": "x." + "y" * 100},
        {"priority": "urgent"},
    ],
    ids=str,
)
def test_nonsense_is_not_registered(connection: Connection, named: dict[str, object]) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        given.event_type(connection, **{"key": "stock.low", **named})  # type: ignore[arg-type]


@pytest.mark.parametrize("column", ["default_channels", "forced_channels", "channels"])
def test_an_unknown_channel_is_not_registered(connection: Connection, column: str) -> None:
    with pytest.raises(psycopg.Error, match="invalid channel: fax") as refused:
        given.event_type(connection, "stock.low", **{column: ["fax"]})

    assert refused.value.sqlstate == "PB006"


@pytest.mark.parametrize(
    ("declared", "good", "bad"),
    [
        ("text", ['"x"', '""'], ["1", "null", "{}"]),
        ("id", ["7", '"7"', '"a-b"'], ["true", "[7]", "{}"]),
        ("amount", ['"19.90"', '"-1"', '"0"'], ["19.90", '"1,5"', '"1."', '"1e3"', '"€1"', '""']),
        ("integer", ["7", "-7", "0"], ["7.5", '"7"', "1e100", "true"]),
        ("number", ["7", "7.5", "-1e9"], ['"7"', "true"]),
        ("boolean", ["true", "false"], ["0", '"true"']),
        ("date", ['"2030-03-01"'], ['"2030-13-01"', '"2030-03-32"', '"1.3.2030"', "20300301"]),
        (
            "timestamp",
            ['"2030-03-01T12:30:00Z"', '"2030-03-01 12:30"', '"2030-03-01"',
             '"2030-03-01T12:30:00.123+02:00"'],
            ['"12:30"', '"2030-03-01T25:00:00Z"', '"2030-03-01T12:61Z"', "7"],
        ),
        (
            "url",
            ['"https://x.example/a"', '"http://x.example"'],
            ['"/orders/7"', '"javascript:alert(1)"', '"x.example"', '"https://x y"', "7"],
        ),
        ("list", ["[]", '[1, "a"]'], ["{}", '"[]"']),
        ("object", ["{}", '{"a": 1}'], ["[]", '"{}"']),
        ("unheard_of", [], ["1", '"x"', "{}"]),
    ],
    ids=lambda given_value: given_value if isinstance(given_value, str) else "",
)  # fmt: skip
def test_a_type_takes_what_it_says(
    connection: Connection, declared: str, good: list[str], bad: list[str]
) -> None:
    def is_taken(value: str) -> bool:
        return bool(
            given.value(connection, "select postbell.is_of_type(%s::jsonb, %s)", value, declared)
        )

    assert [value for value in good if not is_taken(value)] == []
    assert [value for value in bad if is_taken(value)] == []


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        ({"id": 7}, None),
        ({"id": 7, "note": None}, None),
        ({"id": 7, "note": "x", "more": []}, None),
        ({}, "id is missing"),
        ({"id": None}, "id is missing"),
        ({"id": 7, "note": 5}, "note is not of type text: it has to be a string"),
    ],
    ids=str,
)
def test_a_payload_is_measured_against_its_fields(
    connection: Connection, payload: dict[str, object], fault: str | None
) -> None:
    fields = {
        "id": {"type": "id", "required": True},
        "note": {"type": "text", "required": False},
    }
    found = given.value(
        connection, "select fault from postbell_private.find_payload_fault(%s, %s)", payload, fields
    )
    assert found == fault


def is_known_to_be_valid(
    connection: Connection, payload: dict[str, Any], fields: dict[str, Any]
) -> bool:
    """Whether the predicate that is compiled from the fields is true."""
    found = given.value(
        connection,
        "select %s::jsonb @@ postbell_private.compile_payload_check(%s)",
        json.dumps(payload),
        json.dumps(fields),
    )
    return found is True


def test_the_predicate_knows_an_ordinary_payload(connection: Connection) -> None:
    fields = {
        "order_id": {"type": "id", "required": True},
        "amount": {"type": "amount", "required": True},
        "topic": {"type": "text", "required": False},
        'say "hi"': {"type": "list", "required": False},
    }
    version = given.value(connection, "select current_setting('server_version_num')::integer")
    ids = ["42", 42] if version >= 170000 else ["42"]
    for one in ids:
        assert is_known_to_be_valid(connection, {"order_id": one, "amount": "19.90"}, fields)
        assert is_known_to_be_valid(
            connection, {"order_id": one, "amount": "-1", "topic": None, 'say "hi"': []}, fields
        )
    assert is_known_to_be_valid(connection, {}, {})
    assert not is_known_to_be_valid(connection, {"order_id": "42"}, fields)
    # A date is left to the exact check.
    assert not is_known_to_be_valid(
        connection, {"day": "2026-03-01"}, {"day": {"type": "date", "required": True}}
    )


any_value = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(-1000, 1000, places=1).map(float)
    | st.sampled_from(["", "7", "19.90", "1.0", "x", "2026-03-01", "https://shop.example/a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)
any_name = st.sampled_from(["a", "b", 'q"', "$.a", "naïve key", "\\"])


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@for_all(
    payload=st.dictionaries(any_name, any_value, max_size=4) | any_value,
    fields=st.dictionaries(
        any_name,
        st.fixed_dictionaries(
            {
                "type": st.sampled_from([*get_args(FieldType), "unheard_of"]),
                "required": st.booleans(),
            }
        ),
        max_size=4,
    ),
)
@example(payload={"a": [None]}, fields={"a": {"type": "text", "required": False}})
@example(payload={"a": ["x"]}, fields={"a": {"type": "text", "required": True}})
@example(payload={"a": ["19.90"]}, fields={"a": {"type": "amount", "required": True}})
def test_what_the_predicate_lets_through_has_no_fault(
    connection: Connection, payload: Any, fields: dict[str, Any]
) -> None:
    if is_known_to_be_valid(connection, payload, fields):
        found = given.value(
            connection,
            "select fault from postbell_private.find_payload_fault(%s, %s)",
            json.dumps(payload),
            json.dumps(fields),
        )
        assert found is None


def test_fields_are_compiled_when_they_are_declared(connection: Connection) -> None:
    def compiled(name: str) -> str:
        fields = {name: {"type": "text", "required": True}}
        given.event_type(connection, "stock.low", fields=fields)
        return str(
            given.value(
                connection,
                "select payload_check from postbell.event_type where key = 'stock.low'",
            )
        )

    assert '"a"' in compiled("a")
    assert '"a"' not in compiled("b")


def test_every_error_has_its_own_code_and_a_way_out(connection: Connection) -> None:
    errors = given.rows(connection, "select code, name, way_out from postbell.error_codes")
    assert len({code for code, _, _ in errors}) == len({name for _, name, _ in errors})
    assert len(errors) == len({code for code, _, _ in errors})
    assert all(code.startswith("PB") and len(code) == 5 for code, _, _ in errors)
    assert all(way_out for _, _, way_out in errors)


def test_an_error_says_its_name_what_happened_and_the_way_out(connection: Connection) -> None:
    with pytest.raises(psycopg.Error) as error:
        given.call(connection, "raise_error", name="unknown_tenant", detail="shop")
    diagnosis = error.value.diag
    assert diagnosis.sqlstate == "PB004"
    assert diagnosis.message_primary == "unknown tenant: shop"
    assert diagnosis.message_hint == "Insert the tenant into postbell.tenant first."


def test_every_name_that_is_raised_is_listed(connection: Connection) -> None:
    raised = given.column(
        connection,
        "select distinct found[1] from pg_proc,"
        " regexp_matches(prosrc, 'raise_error\\(\\s*''(\\w+)''', 'g') as found"
        " where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)",
    )
    listed = given.column(connection, "select name from postbell.error_codes")
    assert set(raised) <= set(listed)
    assert "unknown_recipient" in raised
