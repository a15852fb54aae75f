"""A payload as somebody writes it, and what is wrong with it, by line."""

from __future__ import annotations

from typing import Any

import pytest

from dispatcher.rendering import payload
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.payload import PayloadError
from tests.support.renderings import event_toml, folder

FIELDS = {
    "order_id": "id", "amount": "amount?", "paid_on": "date?", "count": "integer?",
    "is_new": "boolean?", "share": "number?", "page": "url?",
    "rows": "list?", "more": "object?", "at": "timestamp?",
}  # fmt: skip


@pytest.fixture(scope="module")
def event(tmp_path_factory: pytest.TempPathFactory) -> EventType:
    path = tmp_path_factory.mktemp("templates")
    declared = {"thing/happened/event.toml": event_toml(fields=FIELDS)}
    return Catalog.load([folder(path, declared)]).events["thing.happened"]


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ('{\n  "order_id": 1,\n}', 3, "this is not JSON: "),
        ("", 1, "this is not JSON: "),
        ("[1]", 1, "a payload is one object"),
        ('{"share": NaN}', None, "there is no NaN in JSON"),
        ('{"count": 1' + "0" * 5000 + "}", None, "this is not JSON: "),
        ('{"share": 1e99999999999999999999}', None, "1e99999999999999999999 is out of the range"),
        ('{"share": 1e-99999999999999999999}', None, "is out of the range of numbers"),
        ("[" * 100_000, None, "this is nested too deeply"),
    ],
)
def test_what_is_not_one_object_is_told_with_its_line(
    text: str, line: int | None, sentence: str
) -> None:
    with pytest.raises(PayloadError) as caught:
        payload.parse_payload(text)

    assert caught.value.fault.line == line
    assert sentence in str(caught.value)


def test_what_the_router_would_reject_is_told_with_its_line(event: EventType) -> None:
    text = '{\n  "amount": 19.9,\n  "paid_on":\n    "yesterday",\n  "extra": true\n}'

    found = [
        (each.line, each.sentence)
        for each in payload.payload_faults(event, payload.parse_payload(text), text)
    ]

    assert found == [
        (None, "order_id is missing: it is a required field"),
        (2, "amount is not of type amount: it has to be a decimal string such as '19.90'"),
        (3, "paid_on is not of type date: it has to be a string such as '2026-03-01'"),
    ]


def test_an_optional_field_may_be_null_and_a_required_one_may_not(event: EventType) -> None:
    text = '{"order_id": null, "amount": null}'

    (fault,) = payload.payload_faults(event, payload.parse_payload(text), text)

    assert (fault.line, fault.sentence) == (1, "order_id is missing: it is a required field")


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", "a", 1),
        ("id", 7, True),
        ("amount", "19.90", 19.9),
        ("integer", 7, 7.5),
        ("number", 7.5, "7.5"),
        ("boolean", False, 0),
        ("date", "2026-03-27", "27 March"),
        ("timestamp", "2026-03-27T16:00:00Z", 1774627200),
        ("url", "https://shop.example", "javascript:alert(1)"),
        ("list", [1], {}),
        ("object", {}, [1]),
    ],
)
def test_a_type_takes_what_it_says(kind: Any, good: object, bad: object) -> None:
    assert payload.is_of_type(kind, good)
    assert not payload.is_of_type(kind, bad)
