"""How things stand, the figures, and who may ask."""

from __future__ import annotations

import pytest

from dispatcher.db.connections import Pool
from dispatcher.gateway import db_roles
from tests.support import given
from tests.support.client import Client
from tests.support.failed_deliveries import CANARY, refused
from tests.support.given import Connection

PATHS = (
    "/v1/operator/overview",
    "/v1/operator/names",
    "/v1/operator/figures",
    "/v1/operator/channels",
    "/v1/operator/deliveries",
    "/v1/operator/deliveries/1",
    "/v1/operator/events/1",
    "/v1/operator/rejections",
    "/v1/operator/dead-letters",
)


async def test_a_person_and_a_stranger_are_told_nothing(client: Client) -> None:
    for path in PATHS:
        assert (await client.get(path)).status == 401, path
        assert (await client.as_().get(path)).status == 401, path


async def test_it_shows_what_is_queued_and_what_is_left_undone(
    olga: Client, db: Connection, order: str, moved: int
) -> None:
    refused(db, order)
    given.emit(db, "order.lost")
    given.route(db)

    told = (await olga.get("/v1/operator/overview")).json

    assert told["router"]["is_running"] is False
    queued = [line for line in told["queue"] if line["channel"] == "in_app"]
    assert [line["queued"] for line in queued] == [1]
    assert queued[0]["queued_since"] <= told["at"]
    (dead,) = told["dead_letters"]
    assert (dead["event"], dead["channel"], dead["deliveries"]) == (order, "email", 1)
    (rejected,) = told["rejections"]
    assert (rejected["reason"], rejected["events"]) == ("unknown_event", 1)


async def test_it_shows_how_providers_do_worst_first(olga: Client, db: Connection) -> None:
    given.rows(
        db,
        "select postbell_private.report_providers('host 1', %s::jsonb)",
        '[{"provider": "main", "channel": "email", "state": "ready", "changed_at": "2030-01-01Z"},'
        ' {"provider": "texts", "channel": "sms", "state": "misconfigured",'
        ' "changed_at": "2030-01-01Z",'
        f' "reason": "401 for {CANARY}@example.org"}}]',
    )

    answer = await olga.get("/v1/operator/overview")

    assert [each["provider"] for each in answer.json["providers"]] == ["texts", "main"]
    assert answer.json["providers"][0]["reason"] == "401 for <address>"


async def test_it_shows_texts_that_are_not_used(olga: Client, db: Connection) -> None:
    given.call(db, "set_text", path="order/paid/sms.txt", content="{{", tenant_id="default")
    db.execute(
        "insert into postbell.text_fault (text_id, fault, instead)"
        " select id, 'line 1: unexpected end', 'the shipped file' from postbell.text_version"
    )

    (told,) = (await olga.get("/v1/operator/overview")).json["text_faults"]

    assert (told["path"], told["fault"]) == ("order/paid/sms.txt", "line 1: unexpected end")


async def test_it_knows_a_router_that_leads(olga: Client, db: Connection) -> None:
    db.execute("select postbell_private.acquire_leadership()")

    told = (await olga.get("/v1/operator/overview")).json

    assert told["router"] == {"is_running": True, "is_asleep": False}


async def test_there_are_tenants_and_events_to_choose_from(
    olga: Client, db: Connection, order: str
) -> None:
    told = (await olga.get("/v1/operator/names")).json

    assert {tenant["id"] for tenant in told["tenants"]} == {"default", "other"}
    assert {"key": "order.moved", "label": "Order moved"} in told["events"]


async def test_figures_are_those_of_the_analysts(olga: Client, db: Connection, moved: int) -> None:
    told = (await olga.get("/v1/operator/figures?days=3&tenant=default")).json["figures"]
    elsewhere = (await olga.get("/v1/operator/figures?tenant=other")).json["figures"]

    assert {(each["channel"], each["wanted"], each["skipped"]) for each in told} == {
        ("email", 1, 1),
        ("in_app", 1, 0),
    }
    assert elsewhere == []


async def test_figures_are_of_any_days_and_by_event(
    olga: Client, db: Connection, moved: int
) -> None:
    db.execute("update postbell.delivery set created_at = now() - interval '100 days'")
    then = given.value(db, "select (now() - interval '99 days')::date")

    told = (await olga.get(f"/v1/operator/figures?days=3&until={then}")).json
    later = (await olga.get("/v1/operator/figures?days=3")).json

    assert {(each["event"], each["channel"], each["wanted"]) for each in told["by_event"]} == {
        ("order.moved", "email", 1),
        ("order.moved", "in_app", 1),
    }
    assert len(told["figures"]) == 2
    assert later == {"figures": [], "by_event": []}


async def test_the_health_of_channels_is_that_of_the_analysts(
    olga: Client, db: Connection, order: str
) -> None:
    refused(db, order, 2)

    told = (await olga.get("/v1/operator/channels")).json["channels"]

    by_provider = {(each["channel"], each["provider"], each["period"]): each for each in told}
    assert by_provider["email", "test", "hour"]["share_of_failures"] == 1.0
    assert by_provider["email", "test", "day"]["median_ms"] == 1.5
    assert by_provider["sms", None, "day"]["attempts"] == 0


async def test_a_question_that_would_keep_others_waiting_is_given_up(
    olga: Client, db: Connection, sessions: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db_roles, "_OPERATOR_TIMEOUT", 0.01)
    db.execute("begin")
    db.execute("lock table postbell.delivery")

    answer = await olga.get("/v1/operator/deliveries")
    db.execute("rollback")

    assert answer.status == 503
    assert answer.json["code"] == "too_much"
    assert "fewer days" in answer.json["remedy"]
