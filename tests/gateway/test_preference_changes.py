"""What the preference centre is told: what holds and why, what a change would do, and undoing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support import given
from tests.support.client import Answer, Client
from tests.support.given import Connection

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def events(db: Connection) -> None:
    db.execute("delete from postbell.event_type")
    db.execute("delete from postbell.suppression")
    given.tenant(db, "default", time_zone="Europe/Paris")
    given.event_type(db, label="Order paid", default_channels=["in_app", "email"])
    given.event_type(
        db,
        "order.lost",
        default_channels=["in_app"],
        forced_channels=["email"],
        channels=["in_app", "email", "sms"],
    )
    given.event_type(db, "payment.completed", channels=["in_app", "sms"])


async def cells(client: Client) -> dict[tuple[str, str], tuple[bool, str]]:
    shown = (await client.as_().get("/v1/preferences/outlook")).json
    return {
        (event["event"], way["channel"]): (way["is_on"], way["reason"])
        for category in shown["categories"]
        for event in category["events"]
        for way in event["channels"]
    }


async def change(client: Client, *changes: Json) -> Answer:
    return await client.as_().post("/v1/preferences/changes", {"changes": list(changes)})


def short(answer: Answer) -> list[str]:
    """Each difference in a line."""

    def fate(found: Json) -> str:
        return f"{found['decision']}{' silently' if found['is_silent'] else ''}"

    return [
        f"{each['event']} {each['channel']}: {fate(each['before'])} → {fate(each['after'])}"
        for each in answer.json["differences"]
    ]


def stored(db: Connection) -> list[tuple[Any, ...]]:
    return [
        *given.rows(db, "select channel::text, category, event, enabled from postbell.preference"),
        *given.rows(db, "select day, starts, ends, time_zone, channels from postbell.quiet_hours"),
        *given.rows(db, "select category, event, subject, until from postbell.mute"),
    ]


# --- what holds


async def test_each_channel_of_each_event_says_whether_it_comes_and_why(
    client: Client, db: Connection
) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="sse")
    db.execute("update postbell.recipient set phone = null")

    shown = await cells(client)

    assert shown["order.paid", "in_app"] == (True, "wanted")
    assert shown["order.paid", "email"] == (True, "wanted")
    assert shown["order.lost", "email"] == (True, "forced")
    assert shown["order.paid", "sms"] == (False, "no_address")
    assert shown["order.paid", "push"] == (False, "no_address")
    assert shown["order.paid", "sse"] == (False, "not_usual")


async def test_what_would_come_if_it_were_wanted_is_off_because_it_is_not_usual(
    client: Client,
) -> None:
    assert (await cells(client))["order.paid", "sms"] == (False, "not_usual")


async def test_a_muted_event_still_comes_silently(client: Client, db: Connection) -> None:
    given.call(db, "mute", recipient="u1", category="orders")

    shown = await cells(client)

    assert shown["order.paid", "in_app"] == (True, "muted")
    assert shown["order.paid", "email"] == (True, "muted")


async def test_a_channel_says_how_it_reaches_the_person_without_telling_the_address(
    client: Client, db: Connection
) -> None:
    given.tenant(db, "default", disabled_channels=["sse"])
    given.device(db)

    answer = await client.as_().get("/v1/preferences/outlook")

    reached = {each.pop("channel"): each for each in answer.json["channels"]}
    assert reached["email"] == {"address": "u…@example.org", "browsers": None, "obstacle": None}
    assert reached["sms"] == {"address": "…78", "browsers": None, "obstacle": None}
    assert reached["push"] == {"address": None, "browsers": 1, "obstacle": None}
    assert reached["sse"]["obstacle"] == "channel_disabled"
    assert "u1@example.org" not in answer.text
    assert "33612345678" not in answer.text


async def test_an_address_that_bounced_is_told(client: Client, db: Connection) -> None:
    given.call(db, "suppress", channel="email", address="u1@example.org", reason="bounce")

    shown = (await client.as_().get("/v1/preferences/outlook")).json["channels"]

    assert [each["obstacle"] for each in shown if each["channel"] == "email"] == [
        "address_suppressed"
    ]


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"channel": "email"},
        {"category": "orders"},
        {"event": "order.paid", "channel": "sms", "enabled": True},
    ],
)
async def test_the_outlook_never_disagrees_with_explain(
    client: Client, db: Connection, choice: Mapping[str, Any]
) -> None:
    given.call(db, "set_preference", **{"recipient": "u1", "enabled": False, **choice})

    shown = await cells(client)

    for event in ("order.paid", "order.lost", "payment.completed"):
        explained = {
            found.channel: found
            for found in given.explain(db, event=event, recipient="u1", payload={})
        }
        for (of, channel), (is_on, reason) in shown.items():
            if of == event and channel in explained:
                assert is_on == (explained[channel].decision == "now"), (event, channel)
                assert reason == explained[channel].reason
            elif of == event:
                assert not is_on


async def test_an_event_for_other_roles_than_theirs_is_not_offered(
    client: Client, db: Connection
) -> None:
    given.event_type(db, "order.escalated", roles=["support"])
    given.recipient(db, roles=["client"])
    given.recipient(db, "u2", roles=["support"])

    def events(answer: Answer) -> set[str]:
        return {event["event"] for group in answer.json["categories"] for event in group["events"]}

    path = "/v1/preferences/outlook"
    assert "order.escalated" not in events(await client.as_().get(path))
    assert "order.escalated" in events(await client.as_("u2").get(path))


# --- switching


async def test_a_category_that_is_switched_off_says_what_does_not_come_any_more(
    client: Client, db: Connection
) -> None:
    answer = await change(
        client, {"kind": "switch", "channel": "email", "category": "orders", "enabled": False}
    )

    # What is forced goes on.
    assert short(answer) == ["order.paid email: now → no"]
    assert answer.json["differences"][0]["label"] == "Order paid"
    assert answer.json["at"] is None
    assert stored(db) == [("email", "orders", None, False)]


async def test_a_category_that_is_switched_on_stores_what_is_not_usual_and_nothing_else(
    client: Client, db: Connection
) -> None:
    await change(
        client,
        {"kind": "preference", "event": "order.paid", "channel": "sms", "enabled": False},
        {"kind": "switch", "channel": "email", "category": "orders", "enabled": False},
    )

    sms = await change(
        client, {"kind": "switch", "channel": "sms", "category": "orders", "enabled": True}
    )
    email = await change(
        client, {"kind": "switch", "channel": "email", "category": "orders", "enabled": True}
    )

    assert short(sms) == ["order.lost sms: no → now", "order.paid sms: no → now"]
    assert short(email) == ["order.paid email: no → now"]
    assert sorted(stored(db)) == [
        ("sms", None, "order.lost", True),
        ("sms", None, "order.paid", True),
    ]


async def test_what_is_usual_again_is_as_if_nothing_had_been_chosen(
    client: Client, db: Connection
) -> None:
    switch = {"kind": "switch", "channel": "sms", "category": "orders"}
    await change(client, {**switch, "enabled": True}, {**switch, "enabled": False})

    await change(client, {**switch, "enabled": None})

    assert stored(db) == []


def offs(db: Connection) -> set[tuple[Any, ...]]:
    return set(
        given.rows(
            db,
            "select channel::text, category, event from postbell.preference where not enabled",
        )
    )


EMAIL, SMS = {"channel": "email"}, {"channel": "sms"}
OTHERS = {(channel, None, None) for channel in ("in_app", "email", "push", "sse", "chat")}


@pytest.mark.parametrize(
    ("off", "only", "stays_off"),
    [
        ([SMS], {"category": "orders"}, {("sms", "payments", None)}),
        (
            [SMS],
            {"event": "order.paid"},
            {("sms", "payments", None), ("sms", None, "order.lost")},
        ),
        ([{}], {}, OTHERS),
        ([{}], {"category": "orders"}, OTHERS | {("sms", "payments", None)}),
        (
            [{"category": "orders"}],
            {"event": "order.paid"},
            {(channel, "orders", None) for channel, *_ in OTHERS} | {("sms", None, "order.lost")},
        ),
        (
            [{"event": "order.paid"}],
            {"event": "order.paid"},
            {(channel, None, "order.paid") for channel, *_ in OTHERS},
        ),
        (
            [{**SMS, "category": "orders"}, {**SMS, "event": "order.paid"}],
            {"event": "order.paid"},
            {("sms", None, "order.lost")},
        ),
        ([SMS, EMAIL], {"category": "orders"}, {("email", None, None), ("sms", "payments", None)}),
    ],
)
async def test_only_what_is_named_comes_again_and_all_else_stays_off(
    client: Client, db: Connection, off: list[Json], only: Json, stays_off: set[Any]
) -> None:
    for scope in off:
        given.call(db, "set_preference", recipient="u1", enabled=False, **scope)
    before = await cells(client)

    answer = await change(client, {"kind": "only", "channel": "sms", **only})

    assert answer.status == 200
    assert offs(db) == stays_off
    named: Json = {"event": {only.get("event")}, "category": {"order.paid", "order.lost"}}
    meant: set[Any] = named[next(iter(only))] if only else set()
    for (event, channel), (is_on, _) in (await cells(client)).items():
        assert is_on == before[event, channel][0] or (channel == "sms" and event in meant)
        assert is_on or channel != "sms" or event not in meant
    await change(client, *answer.json["undo"])
    assert await cells(client) == before


async def test_a_cell_says_which_choices_switch_it_off(client: Client, db: Connection) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="sms")
    given.call(db, "set_preference", recipient="u1", enabled=False, event="order.paid")

    shown = (await client.as_().get("/v1/preferences/outlook")).json["categories"]

    off_by = {
        (event["event"], way["channel"]): [
            {name: value for name, value in off.items() if value} for off in way["off_by"]
        ]
        for category in shown
        for event in category["events"]
        for way in event["channels"]
    }
    assert off_by["order.paid", "sms"] == [{"event": "order.paid"}, {"channel": "sms"}]
    assert off_by["order.paid", "email"] == [{"event": "order.paid"}]
    assert off_by["order.lost", "sms"] == [{"channel": "sms"}]
    assert off_by["order.lost", "email"] == []


async def test_what_was_switched_off_as_a_whole_comes_back_as_it_was(
    client: Client, db: Connection
) -> None:
    switch = {"kind": "switch", "channel": "sms"}
    await change(client, {**switch, "event": "order.paid", "enabled": True})
    await change(client, {**switch, "category": "orders", "enabled": False})

    await change(client, {"kind": "preference", "channel": "sms", "category": "orders",
                          "enabled": None})  # fmt: skip

    assert stored(db) == [("sms", None, "order.paid", True)]


@pytest.mark.parametrize(
    "body",
    [
        [{"kind": "switch", "channel": "email", "enabled": True}],
        [{"kind": "only", "channel": "sms", "event": "order.gone"}],
        [{"kind": "only", "channel": "sms", "category": "orders", "event": "order.paid"}],
        [{"kind": "switch", "channel": "fax", "category": "orders", "enabled": True}],
        [{"kind": "switch", "channel": "email", "category": "gone", "enabled": True}],
        [{"kind": "switch", "channel": "email", "event": "order.gone", "enabled": True}],
        [{"kind": "quiet_hours", "days": [1], "starts": "22:00", "ends": None}],
        [{"kind": "dance"}],
        [],
        [{"kind": "mute"}] * 151,
        # All or none.
        [{"kind": "mute"}, {"kind": "switch", "channel": "email", "category": "gone",
                            "enabled": False}],
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["changes", "foresee"])
async def test_changes_that_make_no_sense_are_refused_and_nothing_is_kept(
    client: Client, db: Connection, body: list[Json], path: str
) -> None:
    answer = await client.as_().post(f"/v1/preferences/{path}", {"changes": body})

    assert answer.status == 422
    assert answer.json["remedy"]
    assert stored(db) == []


# --- foreseeing and undoing

CHANGES: list[list[Json]] = [
    [{"kind": "switch", "channel": "email", "category": "orders", "enabled": False}],
    [{"kind": "switch", "channel": "sms", "event": "order.paid", "enabled": True}],
    [{"kind": "preference", "enabled": False}],
    [{"kind": "quiet_hours", "days": [1, 2, 3], "starts": "22:00", "ends": "07:00",
      "channels": ["email"], "time_zone": "Asia/Tokyo"}],
    [{"kind": "mute", "category": "orders", "until": "2999-01-01T00:00:00Z"}],
    [{"kind": "mute"}, {"kind": "unmute", "event": "order.paid"}],
]  # fmt: skip


@pytest.mark.parametrize("changes", CHANGES)
async def test_what_was_foreseen_is_what_happens(
    client: Client, db: Connection, changes: list[Json]
) -> None:
    foreseen = await client.as_().post("/v1/preferences/foresee", {"changes": changes})
    assert stored(db) == []

    made = await change(client, *changes)

    assert foreseen.json["differences"]
    assert short(foreseen) == short(made)


@pytest.mark.parametrize("changes", CHANGES)
async def test_what_is_undone_is_as_it_was(
    client: Client, db: Connection, changes: list[Json]
) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email",
               category="orders")  # fmt: skip
    given.call(db, "mute", recipient="u1", event="order.paid", until="2999-01-02 00:00Z")
    given.call(db, "set_quiet_hours", recipient="u1", starts="20:00", ends="21:00", days=[2])
    before = stored(db)

    made = await change(client, *changes)
    await change(client, *(made.json["undo"] or [{"kind": "unmute", "subject": "nothing"}]))

    assert sorted(map(repr, stored(db))) == sorted(map(repr, before))


async def test_quiet_hours_are_judged_by_an_event_within_them(
    client: Client, db: Connection
) -> None:
    answer = await change(
        client,
        {"kind": "quiet_hours", "days": [1, 2, 3, 4, 5, 6, 7], "starts": "22:00", "ends": "07:00",
         "channels": ["email"]},
    )  # fmt: skip

    # The forced mail does not wait.
    (difference,) = answer.json["differences"]
    zone = "select (%s::timestamptz at time zone 'Europe/Paris')::time::text"
    assert short(answer) == ["order.paid email: now → later"]
    assert given.value(db, zone, answer.json["at"]) in ("22:00:00", "06:59:00")
    assert given.value(db, zone, difference["after"]["due_at"]) == "07:00:00"


async def test_quiet_hours_that_end_earlier_are_judged_at_their_former_end(
    client: Client, db: Connection
) -> None:
    window = {"kind": "quiet_hours", "days": [1, 2, 3, 4, 5, 6, 7], "channels": ["email"]}
    await change(client, {**window, "starts": "10:00", "ends": "12:00"})

    answer = await change(client, {**window, "starts": "10:00", "ends": "11:00"})

    assert short(answer)[0].startswith("order.paid email: later → ")


async def test_a_mute_keeps_the_inbox_and_says_so(client: Client) -> None:
    answer = await change(client, {"kind": "mute", "event": "order.paid"})

    assert short(answer) == [
        "order.paid in_app: now → now silently",
        "order.paid email: now → no",
    ]


async def test_the_answer_to_a_change_has_what_holds_now(client: Client) -> None:
    made = await change(client, {"kind": "preference", "channel": "email", "enabled": False})

    assert made.json["outlook"] == {
        **(await client.as_().get("/v1/preferences/outlook")).json,
        "at": made.json["outlook"]["at"],
    }


async def test_what_one_person_changes_is_nobody_elses(client: Client, db: Connection) -> None:
    await change(client, {"kind": "preference", "channel": "email", "enabled": False})

    other = (await client.as_("u2").get("/v1/preferences/outlook")).json

    assert other["choices"] == []
    assert all(
        way["is_on"]
        for category in other["categories"]
        for event in category["events"]
        for way in event["channels"]
        if way["channel"] == "in_app"
    )
