"""What a person chooses over HTTP is what the schema's functions would do, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import given
from tests.support.client import Client
from tests.support.given import Connection


@pytest.fixture(autouse=True)
def events(db: Connection) -> None:
    db.execute("delete from postbell.event_type")
    given.event_type(db, label="Paid", default_channels=["in_app", "email"])
    given.event_type(
        db,
        "order.lost",
        default_channels=["in_app"],
        forced_channels=["email"],
        channels=["in_app", "email"],
    )
    given.event_type(db, "payment.completed", channels=["in_app"])


def decisions(db: Connection, event: str = "order.paid") -> dict[str | None, str]:
    return {
        found.channel: found.decision
        for found in given.explain(db, event=event, recipient="u1", payload={})
    }


async def test_a_choice_counts_for_what_is_decided(client: Client, db: Connection) -> None:
    reader = client.as_()

    answer = await reader.put("/v1/preferences", {"channel": "email", "enabled": False})

    assert answer.status == 204
    assert decisions(db) == {"in_app": "now", "email": "no"}
    (choice,) = (await reader.get("/v1/preferences")).json["choices"]
    assert choice.pop("updated_at")
    assert choice == {"channel": "email", "category": None, "event": None, "enabled": False}


async def test_a_choice_that_is_taken_back_leaves_the_defaults(
    client: Client, db: Connection
) -> None:
    reader = client.as_()
    await reader.put("/v1/preferences", {"category": "orders", "enabled": False})

    assert (await reader.delete("/v1/preferences?category=orders")).status == 204
    assert (await reader.get("/v1/preferences")).json["choices"] == []
    assert decisions(db) == {"in_app": "now", "email": "now"}


async def test_nothing_chosen_is_nothing_stored(client: Client) -> None:
    assert (await client.as_().get("/v1/preferences")).json == {
        "choices": [],
        "refuses_tracking": False,
    }


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"enabled": True, "event": "order.gone"}, "unknown_event", "event"),
        ({"enabled": True, "category": "gone"}, "invalid_argument", None),
        ({"enabled": True, "category": "orders", "event": "order.paid"}, "invalid_request", "body"),
        ({"enabled": True, "channel": "fax"}, "invalid_request", "body.channel"),
        ({"enabled": "perhaps"}, "invalid_request", "body.enabled"),
        ({"channel": "email"}, "invalid_request", "body.enabled"),
        ({"enabled": True, "recipient": "u2"}, "invalid_request", "body.recipient"),
        ({"enabled": True, "event": "a\0b"}, "invalid_request", "body.event"),
    ],
)
async def test_a_choice_that_makes_no_sense_is_told_why(
    client: Client, db: Connection, body: dict[str, Any], code: str, field: str | None
) -> None:
    answer = await client.as_().put("/v1/preferences", body)

    assert (answer.status, answer.json["code"]) == (422, code)
    assert [fault["field"] for fault in answer.json["errors"]] == ([field] if field else [])
    assert answer.json["remedy"]
    assert given.value(db, "select count(*) from postbell.preference") == 0


# --- the catalogue


async def catalogue(client: Client) -> dict[str, dict[str, tuple[bool, bool]]]:
    shown = (await client.as_().get("/v1/catalogue")).json
    return {
        kind["event"]: {
            way["channel"]: (way["is_on"], way["is_forced"]) for way in kind["channels"]
        }
        for category in shown["categories"]
        for kind in category["events"]
    }


async def test_the_catalogue_shows_what_holds_for_this_person(client: Client) -> None:
    await client.as_().put("/v1/preferences", {"channel": "email", "enabled": False})
    await client.as_().put(
        "/v1/preferences", {"event": "order.paid", "channel": "sms", "enabled": True}
    )

    shown = await catalogue(client)

    assert shown["order.paid"] == {
        "in_app": (True, False),
        "email": (False, False),
        "sms": (True, False),
        "push": (False, False),
        "sse": (False, False),
    }
    assert shown["order.lost"] == {"in_app": (True, False), "email": (True, True)}


async def test_the_catalogue_is_by_category(client: Client) -> None:
    shown = (await client.as_().get("/v1/catalogue")).json

    assert [category["category"] for category in shown["categories"]] == ["orders", "payments"]
    assert shown["categories"][0]["events"][1]["label"] == "Paid"
    assert set(shown["channels"]) == {"in_app", "email", "sms", "push", "sse"}


async def test_the_catalogue_has_what_the_tenant_uses(client: Client, db: Connection) -> None:
    given.tenant(db, "default", disabled_channels=["sms"])
    given.insert(
        db, "tenant_event", tenant_id="default", event="payment.completed", disabled_at="now"
    )
    given.insert(
        db, "tenant_event", tenant_id="default", event="order.paid", default_channels=["push"]
    )
    given.insert(db, "tenant_event", tenant_id="other", event="order.lost", disabled_at="now")

    shown = await catalogue(client)

    assert set(shown) == {"order.paid", "order.lost"}
    assert shown["order.paid"]["push"] == (True, False)
    assert shown["order.paid"]["email"] == (False, False)
    assert "sms" not in shown["order.paid"]


@pytest.mark.parametrize("event", ["order.paid", "order.lost", "payment.completed"])
@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"channel": "email"},
        {"category": "orders"},
        {"event": "order.paid", "channel": "in_app"},
    ],
)
async def test_the_catalogue_never_disagrees_with_the_ladder(
    client: Client, db: Connection, event: str, choice: dict[str, str]
) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, **choice)

    shown = await catalogue(client)

    assert {way for way, (is_on, _) in shown[event].items() if is_on} == {
        way for way, decision in decisions(db, event).items() if decision == "now"
    }


# --- quiet hours


async def test_quiet_hours_are_set_by_day(client: Client) -> None:
    reader = client.as_()

    answer = await reader.put(
        "/v1/quiet-hours",
        {"starts": "22:00", "ends": "07:30", "days": [1, 2], "channels": ["email"],
         "time_zone": "Europe/Paris"},
    )  # fmt: skip

    assert answer.status == 204
    assert (await reader.get("/v1/quiet-hours")).json == {
        "days": [
            {
                "day": day, "starts": "22:00:00", "ends": "07:30:00",
                "time_zone": "Europe/Paris", "channels": ["email"],
            }
            for day in (1, 2)
        ]
    }  # fmt: skip


async def test_quiet_hours_of_some_days_or_all_are_removed(client: Client) -> None:
    reader = client.as_()
    await reader.put("/v1/quiet-hours", {"starts": "22:00", "ends": "07:00"})

    await reader.delete("/v1/quiet-hours?days=6&days=7")
    left = (await reader.get("/v1/quiet-hours")).json["days"]
    await reader.delete("/v1/quiet-hours")

    assert [window["day"] for window in left] == [1, 2, 3, 4, 5]
    assert (await reader.get("/v1/quiet-hours")).json == {"days": []}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"time_zone": "Mars/Base"}, "invalid_time_zone", "time_zone"),
        ({"starts": "00:00", "ends": "00:00"}, "invalid_quiet_hours", "days"),
        ({"starts": "25:00"}, "invalid_request", "body.starts"),
        ({"starts": "22:00Z"}, "invalid_request", "body.starts"),
        ({"days": [0]}, "invalid_request", "body.days.0"),
        ({"days": []}, "invalid_request", "body.days"),
        ({"channels": ["in_app"]}, "invalid_request", "body.channels.0"),
        ({"ends": None}, "invalid_request", "body.ends"),
    ],
)
async def test_quiet_hours_that_make_no_sense_are_told_why(
    client: Client, db: Connection, change: dict[str, Any], code: str, field: str
) -> None:
    answer = await client.as_().put(
        "/v1/quiet-hours", {"starts": "22:00", "ends": "07:00", **change}
    )

    assert (answer.status, answer.json["code"]) == (422, code)
    assert answer.json["errors"][0]["field"] == field
    assert given.value(db, "select count(*) from postbell.quiet_hours") == 0


# --- mutes


@pytest.mark.parametrize(
    "what", [{}, {"category": "orders"}, {"event": "order.paid"}, {"subject": "order:7"}]
)
async def test_a_mute_silences_and_ends(client: Client, what: dict[str, str]) -> None:
    reader = client.as_()
    await reader.put("/v1/mutes", what)
    (mute,) = (await reader.get("/v1/mutes")).json["mutes"]

    query = "&".join(f"{name}={value}" for name, value in what.items())
    answer = await reader.delete(f"/v1/mutes?{query}")

    assert {name: mute[name] for name in what} == what
    assert mute["until"] is None
    assert answer.status == 204
    assert (await reader.get("/v1/mutes")).json == {"mutes": []}


async def test_a_pause_silences_everything_until_a_time(client: Client, db: Connection) -> None:
    reader = client.as_()

    await reader.put("/v1/pause", {"until": "2999-01-01T00:00:00Z"})
    paused = decisions(db)
    (mute,) = (await reader.get("/v1/mutes")).json["mutes"]
    await reader.delete("/v1/pause")

    assert paused["email"] == "no"
    assert mute["until"] == "2999-01-01T00:00:00Z"
    assert decisions(db)["email"] == "now"


async def test_a_mute_that_is_over_is_not_shown(client: Client) -> None:
    reader = client.as_()
    await reader.put("/v1/mutes", {"until": "2001-01-01T00:00:00Z"})

    assert (await reader.get("/v1/mutes")).json == {"mutes": []}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/mutes", {"category": "orders", "event": "order.paid"}),
        ("/v1/mutes", {"until": "2030-01-01T00:00:00"}),
        ("/v1/mutes", {"until": "soon"}),
        ("/v1/mutes", {"subject": "x" * 256}),
        ("/v1/pause", {}),
        ("/v1/pause", {"until": None}),
    ],
)
async def test_a_mute_that_makes_no_sense_is_refused(
    client: Client, db: Connection, path: str, body: dict[str, Any]
) -> None:
    answer = await client.as_().put(path, body)

    assert answer.status == 422
    assert given.value(db, "select count(*) from postbell.mute") == 0


async def test_being_watched_can_be_refused(client: Client) -> None:
    reader = client.as_()
    await reader.put("/v1/tracking", {"refuses": True})
    refused = (await reader.get("/v1/preferences")).json["refuses_tracking"]
    await reader.put("/v1/tracking", {"refuses": False})

    assert refused is True
    assert (await reader.get("/v1/preferences")).json["refuses_tracking"] is False


# --- other people's


async def test_what_one_person_chooses_is_nobody_elses(client: Client, db: Connection) -> None:
    reader = client.as_()
    await reader.put("/v1/preferences", {"channel": "email", "enabled": False})
    await reader.put("/v1/mutes", {"subject": "order:7"})
    await reader.put("/v1/quiet-hours", {"starts": "22:00", "ends": "07:00"})

    for other in (client.as_("u2"), client.as_("u1", tenant="other")):
        assert (await other.get("/v1/preferences")).json["choices"] == []
        assert (await other.get("/v1/mutes")).json["mutes"] == []
        assert (await other.get("/v1/quiet-hours")).json["days"] == []
        await other.delete("/v1/preferences?channel=email")
        await other.delete("/v1/mutes?subject=order:7")
        await other.delete("/v1/quiet-hours")
    assert (
        given.value(
            db,
            "select (select count(*) from postbell.preference)"
            " + (select count(*) from postbell.mute) + (select count(*) from postbell.quiet_hours)",
        )
        == 9
    )


@pytest.mark.parametrize(
    "path", ["/v1/preferences", "/v1/catalogue", "/v1/mutes", "/v1/quiet-hours"]
)
async def test_a_stranger_sees_no_choices(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 401
