"""The wire format."""

from __future__ import annotations

from dispatcher.gateway import frame
from tests.support.event_source import Page


def test_an_event_has_a_name_data_and_a_position() -> None:
    page = Page()
    page.take(frame.event("notification", '{"id": 7}', "a-1"))
    (event,) = page.events
    assert (event.name, event.data, event.last_id) == ("notification", {"id": 7}, "a-1")


def test_an_event_without_a_position_leaves_the_last_one() -> None:
    page = Page()
    page.take(frame.reached("a-1") + frame.event("state", "{}"))
    assert [event.last_id for event in page.events] == ["a-1"]


def test_a_position_alone_and_a_comment_are_no_events() -> None:
    page = Page()
    page.take(frame.reached("a-1") + frame.COMMENT + frame.retry(1500))
    assert (page.events, page.last_id, page.retry) == ([], "a-1", 1500)
