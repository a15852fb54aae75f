"""Tenants choose their providers, and dispatchers say how theirs are doing."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from tests.support import given
from tests.support.given import Connection


def choose(db: Connection, channel: str | None, providers: list[Any] | None, **named: Any) -> None:
    given.call(db, "choose_providers", channel=channel, providers=providers, **named)


def choices(db: Connection) -> list[tuple[Any, ...]]:
    return given.rows(
        db,
        "select tenant_id, channel, provider from postbell.provider_choice"
        " order by tenant_id, channel, position",
    )


def test_a_choice_keeps_its_order(db: Connection) -> None:
    choose(db, "email", ["spare", "main"])
    choose(db, "sms", ["texts"])

    assert choices(db) == [
        ("default", "email", "spare"),
        ("default", "email", "main"),
        ("default", "sms", "texts"),
    ]


def test_a_new_choice_replaces_that_of_its_tenant_and_channel_alone(db: Connection) -> None:
    given.tenant(db, "other")
    choose(db, "email", ["main", "spare"])
    choose(db, "email", ["main"], tenant_id="other")

    choose(db, "email", ["spare", "main"])

    assert choices(db) == [
        ("default", "email", "spare"),
        ("default", "email", "main"),
        ("other", "email", "main"),
    ]


@pytest.mark.parametrize("nothing", [None, []])
def test_nothing_takes_the_choice_back(db: Connection, nothing: list[str] | None) -> None:
    choose(db, "email", ["main"])

    choose(db, "email", nothing)

    assert choices(db) == []


@pytest.mark.parametrize(
    ("channel", "providers", "tenant", "code"),
    [
        ("email", ["main"], "nobody", "PB004"),
        ("in_app", ["main"], "default", "PB006"),
        ("sse", ["main"], "default", "PB006"),
        (None, ["main"], "default", "PB006"),
        ("email", ["main", "main"], "default", "PB022"),
        ("email", ["main", None], "default", "PB022"),
        ("email", ["smtp://user:secret@host"], "default", "PB022"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(
    db: Connection, channel: str | None, providers: list[Any], tenant: str, code: str
) -> None:
    with pytest.raises(psycopg.Error) as refused:
        choose(db, channel, providers, tenant_id=tenant)

    assert refused.value.sqlstate == code


def report(db: Connection, process: str, **states: str) -> None:
    said = [
        {"provider": name, "channel": "email", "state": state, "changed_at": "2030-01-01 12:00Z"}
        for name, state in states.items()
    ]
    given.call(db, "report_providers", process=process, reports=json.dumps(said))


def known(db: Connection) -> list[tuple[Any, ...]]:
    return given.rows(
        db, "select process, provider, state from postbell.providers order by process, provider"
    )


def test_each_process_says_how_its_providers_are_doing(db: Connection) -> None:
    report(db, "a:1", main="ready", spare="ready")
    report(db, "b:1", main="ready")
    report(db, "a:1", main="misconfigured", spare="ready")

    assert known(db) == [
        ("a:1", "main", "misconfigured"),
        ("a:1", "spare", "ready"),
        ("b:1", "main", "ready"),
    ]


def test_the_former_names_of_states_are_understood(db: Connection) -> None:
    report(db, "a:1", main="resting", spare="paused")

    assert known(db) == [("a:1", "main", "open"), ("a:1", "spare", "misconfigured")]


def test_what_a_process_no_longer_names_is_gone(db: Connection) -> None:
    report(db, "a:1", main="ready", spare="ready")
    report(db, "b:1", main="ready")

    report(db, "a:1", spare="ready")
    report(db, "b:1")

    assert known(db) == [("a:1", "spare", "ready")]


def test_a_process_that_says_nothing_any_more_is_forgotten(db: Connection) -> None:
    report(db, "a:1", main="ready")
    db.execute("update postbell.provider_report set reported_at = now() - interval '2 minutes'")

    assert known(db) == []

    db.execute("update postbell.provider_report set reported_at = now() - interval '2 hours'")
    report(db, "b:1", main="ready")
    assert given.column(db, "select process from postbell.provider_report") == ["b:1"]
