"""Logs: structured, and without anything private."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import structlog

from dispatcher import log
from dispatcher.masking import HIDDEN

#: What must never be read in a log.
CANARY = "canary-4711"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers, root.level
    stream = io.StringIO()
    log.configure("info", console=False, stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = before
    logging.captureWarnings(capture=False)


def logged(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_object_a_line(lines: io.StringIO) -> None:
    structlog.get_logger("dispatcher.router").info("routed", count=3, tenant_id="acme")

    (line,) = logged(lines)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "routed",
        "level": "info",
        "logger": "dispatcher.router",
        "count": 3,
        "tenant_id": "acme",
    }


def test_a_console_gets_readable_lines(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    log.configure("info", console=True, stream=stream)

    structlog.get_logger().info("routed", count=3, payload=CANARY)

    assert "routed" in stream.getvalue()
    assert "count=3" in stream.getvalue()
    assert CANARY not in stream.getvalue()


def test_what_is_below_the_level_is_not_logged(lines: io.StringIO) -> None:
    structlog.get_logger("dispatcher.router").debug("looked")

    assert logged(lines) == []


@pytest.mark.parametrize("name", sorted(log.PRIVATE))
def test_private_fields_are_hidden(lines: io.StringIO, name: str) -> None:
    structlog.get_logger().warning("odd", **{name: CANARY, "nested": [{name: {"a": CANARY}}]})

    assert CANARY not in lines.getvalue()
    assert logged(lines)[0][name] == HIDDEN


def test_a_payload_anywhere_in_the_fields_is_hidden(lines: io.StringIO) -> None:
    delivery = {"id": 7, "payload": {"order_id": CANARY}, "address": "bob@example.org"}

    structlog.get_logger().error("failed", delivery=delivery, raw=CANARY.encode())

    assert CANARY not in lines.getvalue()
    assert logged(lines)[0]["delivery"]["id"] == 7


def test_addresses_and_passwords_in_sentences_are_masked(lines: io.StringIO) -> None:
    structlog.get_logger().error(
        "refused bob@example.org",
        reason="550 <ann@example.org> via smtp://u:hunter2@h:25",
        error=ValueError("password=hunter2"),
    )

    text = lines.getvalue()
    assert "bob@" not in text
    assert "ann@" not in text
    assert "hunter2" not in text
    assert "550" in text


def test_an_exception_shows_neither_local_variables_nor_addresses(lines: io.StringIO) -> None:
    def deliver(payload: str) -> None:
        raise ValueError("no mailbox bob@example.org")

    try:
        deliver(CANARY)
    except ValueError:
        structlog.get_logger("x").exception("failed")

    (line,) = logged(lines)
    assert CANARY not in lines.getvalue()
    assert "ValueError: no mailbox <address>" in line["exception"]
    assert "test_log.py" in line["exception"]


def test_a_database_error_does_not_quote_the_row(
    lines: io.StringIO, connection: psycopg.Connection
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as raised:
        connection.execute(
            "insert into postbell.tenant (id, name, base_url) values ('x', %s, 'nowhere')", [CANARY]
        )
    assert CANARY in str(raised.value)

    structlog.get_logger().error("failed", exc_info=raised.value, error=raised.value)

    assert CANARY not in lines.getvalue()
    assert "base_url_is_absolute" in logged(lines)[0]["exception"]


def test_causes_and_groups_are_told_without_the_row(
    lines: io.StringIO, connection: psycopg.Connection
) -> None:
    def fail() -> None:
        try:
            connection.execute("select %s::integer", [CANARY])
        except psycopg.Error as error:
            raise RuntimeError("gave up") from error

    with pytest.raises(RuntimeError) as raised:
        fail()
    group = ExceptionGroup("both", [raised.value, OSError("bob@example.org")])

    structlog.get_logger().error("failed", exc_info=group)

    text = logged(lines)[0]["exception"]
    assert "which led to" in text
    assert "gave up" in text
    assert "bob@" not in text
    assert CANARY not in lines.getvalue()


def test_libraries_complain_in_the_same_way(lines: io.StringIO) -> None:
    logging.getLogger("psycopg").warning("lost %s", "bob@example.org")
    logging.getLogger("alembic.runtime.migration").error("smtp://u:hunter2@h")

    first, second = logged(lines)
    assert first["event"] == "lost <address>"
    assert first["logger"] == "psycopg"
    assert second["event"] == "smtp://u:***@h"


@pytest.mark.parametrize("name", ["pgqueuer", "alembic.runtime.migration", "uvicorn.error"])
def test_libraries_do_not_chat(lines: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("all is well")

    assert logged(lines) == []


def test_the_queues_library_does_not_flood_the_log_of_an_outage(lines: io.StringIO) -> None:
    logging.getLogger("pgqueuer").error("Flush failed, requeuing 3 items")

    assert logged(lines) == []


def test_warnings_are_logged_and_not_printed(lines: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("soon gone: bob@example.org", stacklevel=1)

    assert "soon gone" in logged(lines)[0]["event"]
    assert "bob@" not in lines.getvalue()


def test_a_value_without_end_does_not_stop_the_log(lines: io.StringIO) -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless

    structlog.get_logger().info("odd", value=endless)

    assert HIDDEN in lines.getvalue()
