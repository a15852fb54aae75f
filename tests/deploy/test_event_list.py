"""A list of events in JSON: what is taken, and everything that is wrong with one that is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dispatcher.deploy import event_list
from dispatcher.deploy.event_list import EventListError, ListedEvent
from dispatcher.rendering.event_type import Field

FULL: dict[str, Any] = {
    "key": "stock.low",
    "label": "Low stock",
    "description": "Something runs out.",
    "enabled": False,
    "roles": ["support", "buyer"],
    "channels": ["in_app", "email"],
    "priority": "high",
    "forced_channels": ["sms"],
}


def read(said: object) -> list[ListedEvent]:
    return event_list.read(json.dumps(said))


def faults(said: object) -> tuple[str, ...]:
    with pytest.raises(EventListError) as error:
        read(said)
    return error.value.faults


def test_every_setting_is_taken() -> None:
    assert read([FULL]) == [
        ListedEvent(
            key="stock.low",
            label="Low stock",
            description="Something runs out.",
            category=None,
            priority="high",
            channels=("in_app", "email"),
            forced_channels=("sms",),
            roles=("support", "buyer"),
            is_enabled=False,
            fields=None,
        )
    ]


def test_an_object_by_key_says_the_same_as_a_list() -> None:
    by_key = {"stock.low": {name: value for name, value in FULL.items() if name != "key"}}

    assert read(by_key) == read([FULL])


def test_only_the_key_is_needed() -> None:
    (event,) = read([{"key": "stock.low"}])

    assert (event.priority, event.channels, event.is_enabled) == ("normal", ("in_app",), True)


def test_fields_are_written_as_in_an_event_toml() -> None:
    (event,) = read([{"key": "stock.low", "fields": {"item": "text", "left": "integer?"}}])

    assert event.fields == {
        "item": Field("text", required=True),
        "left": Field("integer", required=False),
    }


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"key": "stock"}, "key must be subject.past_participle"),
        ({"key": "Stock.Low"}, "key must be subject.past_participle"),
        ({"key": "stock." + "x" * 100}, "key must be subject.past_participle"),
        ({"label": ""}, "label must be a text"),
        ({"description": 1}, "description must be a text"),
        ({"enabled": "yes"}, "enabled must be true or false"),
        ({"roles": "support"}, "roles must be a list of names"),
        ({"roles": [1]}, "roles must be a list of names"),
        ({"channels": ["fax"]}, "channels must be a list of chat, email, in_app, push, sms, sse"),
        ({"forced_channels": None}, "forced_channels must be a list of"),
        ({"priority": "urgent"}, "priority must be one of low, normal, high, critical"),
        ({"fields": {"item": "string"}}, "field item must be one of"),
        ({"colour": "red"}, "there is no setting colour; there are key, label"),
    ],
    ids=str,
)
def test_each_mistake_is_named(changed: dict[str, object], fault: str) -> None:
    (found,) = faults([{**FULL, **changed}])

    assert found.startswith("event 1")
    assert fault in found


def test_all_mistakes_are_named_at_once_with_their_place() -> None:
    found = faults([{"label": "x"}, {**FULL, "priority": 1, "enabled": 2}, FULL, FULL, 7])

    assert [each.split(": ")[0] for each in found] == [
        "event 1",
        "event 2 (stock.low)",
        "event 2 (stock.low)",
        "event 4 (stock.low)",
        "event 5",
    ]
    assert "the key stands twice" in found[3]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[", "line 1: this is not JSON"),
        ('"stock.low"', "a list of events is wanted"),
        ('{"stock.low": 7}', "stock.low: an event is an object"),
        ("[" * 100_000, "this is nested too deeply"),
    ],
)
def test_what_is_no_list_is_said_so(text: str, fault: str) -> None:
    with pytest.raises(EventListError, match=fault):
        event_list.read(text)
