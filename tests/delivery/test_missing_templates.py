"""A dispatcher that is older than the deploy: what it has no template for waits, at no cost."""

from __future__ import annotations

import json
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from dispatcher import package_data
from dispatcher.channels.base import CrashPolicy
from dispatcher.channels.email import EmailChannel
from dispatcher.db import batches
from dispatcher.db.batches import Claimed
from dispatcher.db.connections import Pool
from dispatcher.db.texts import event_versions
from dispatcher.delivery import missing_templates
from dispatcher.delivery.missing_templates import (
    FORGOTTEN_AFTER,
    LONGEST_PAUSE,
    SHORTEST_PAUSE,
    MissingTemplates,
)
from dispatcher.delivery.provider_sender import ProviderSender
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.worker import Sender
from dispatcher.deploy import schema
from dispatcher.metrics import Metrics
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from dispatcher.rendering.catalog import Catalog
from tests.support import given
from tests.support.clock import Clock
from tests.support.daemon import running
from tests.support.daemon_process import leader
from tests.support.given import Connection, Fate
from tests.support.outcome import left_over
from tests.support.peers.server_process import free_port
from tests.support.scripted_provider import ScriptedProvider
from tests.support.senders import inbox_sender, stream_sender
from tests.support.waiting import seen

EVENT = "parcel.shipped"
PAYLOAD = {"parcel_id": 7}
DECLARED = """\
label = "Parcel shipped"
description = "A parcel is on its way."
category = "parcels"
priority = "normal"
channels = ["email", "in_app", "sse"]
default_channels = ["in_app"]

[fields]
"""

#: Of the session that says which templates a process has.
ANNOUNCED = (
    "select count(*) from pg_locks where locktype = 'advisory' and classid = 1886351214"
    " and objid = 6 and database = (select oid from pg_database where datname = current_database())"
)

MakeSender = Callable[[Pool, TemplateSets], Sender]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The application's templates, with an event that ours have not."""
    made = tmp_path / "templates"
    place = made / "parcel" / "shipped"
    place.mkdir(parents=True)
    (place / "event.toml").write_text(DECLARED + 'parcel_id = "id"')
    (place / "sample.json").write_text(json.dumps(PAYLOAD))
    for channel in ("in_app", "sse"):
        (place / f"{channel}.json").write_text(
            '{"title": "Parcel {{ parcel_id }}", "body": "On its way"}'
        )
    (place / "email.subject.txt").write_text("Parcel {{ parcel_id }}")
    (place / "email.txt").write_text("On its way")
    (place / "email.html").write_text("<p>On its way</p>")
    return made


def loaded(*folders: Path) -> Catalog:
    """Templates of the application alone, which take in none of ours."""
    return Catalog.load(folders)


def with_ours(folder: Path) -> Catalog:
    """As a daemon loads them."""
    return Catalog.load([package_data.folder("templates"), folder])


def register(db: Connection, catalog: Catalog) -> Catalog:
    """What a deploy does with the event."""
    event = catalog.events[EVENT]
    given.event_type(
        db, EVENT, category=event.category, version=event.version, fields=event.fields_json,
        channels=list(event.channels),
    )  # fmt: skip
    return catalog


def reworded(folder: Path, word: str) -> Catalog:
    """The catalog when each text of the event has another word for a parcel."""
    for file in ("in_app.json", "sse.json"):
        (folder / "parcel/shipped" / file).write_text(
            f'{{"title": "{word} {{{{ parcel_id }}}}", "body": "On its way"}}'
        )
    (folder / "parcel/shipped/email.subject.txt").write_text(f"{word} {{{{ parcel_id }}}}")
    return loaded(folder)


@pytest.fixture
def deployed(folder: Path, db: Connection) -> Catalog:
    """The deploy that knows the event; who began before it does not."""
    return register(db, loaded(folder))


def email(sessions: Pool, template_sets: TemplateSets) -> Sender:
    channel = EmailChannel("shop@shop.example")
    registry = ProviderRegistry([ProviderClient(ScriptedProvider())])
    return ProviderSender(
        sessions,
        template_sets,
        Metrics(),
        channel,
        registry,
        in_flight=4,
        crash_policy=CrashPolicy.SEND_AGAIN,
    )


def in_app(sessions: Pool, template_sets: TemplateSets) -> Sender:
    return inbox_sender(sessions, template_sets, Metrics())


def sse(sessions: Pool, template_sets: TemplateSets) -> Sender:
    return stream_sender(sessions, template_sets, Metrics())


ALL = pytest.mark.parametrize("make", [email, in_app, sse])


def emit(db: Connection, make: MakeSender, **columns: Any) -> int:
    event = given.emit(db, EVENT, payload=PAYLOAD, channels=[make.__name__], **columns)
    given.route(db)
    return event


def fate(db: Connection, event: int) -> Fate:
    (found,) = given.deliveries(db, event).values()
    return found


def titles(db: Connection) -> list[str]:
    return given.column(db, "select title from postbell.inbox order by id")


async def deliver(db: Connection, sender: Sender) -> None:
    for batch in given.column(db, "select id from postbell.batch order by id"):
        await sender.deliver(batch)


def make_due(db: Connection) -> None:
    db.execute("update postbell.waiting_delivery set due_at = now() - interval '1 second'")
    given.value(db, "select released from postbell_private.release_due()")


@ALL
async def test_what_an_older_dispatcher_has_no_template_for_waits_for_one_that_has(
    db: Connection, sessions: Pool, template_sets: TemplateSets, deployed: Catalog, make: MakeSender
) -> None:
    event = emit(db, make)

    await deliver(db, make(sessions, template_sets))

    assert fate(db, event) == Fate("waiting", "template_missing")
    assert set(left_over(db)) == {
        "deliveries queued, sending or waiting", "deliveries for later", "jobs",
    }  # fmt: skip
    assert given.column(db, "select attempts from postbell.delivery") == [0]
    assert given.column(db, "select delivery_id from postbell.dead_letters") == []

    make_due(db)
    await deliver(db, make(sessions, TemplateSets(deployed)))

    assert fate(db, event) == Fate("delivered" if make is in_app else "sent", "wanted")
    assert given.column(db, "select attempts from postbell.delivery") == [1]


@ALL
async def test_others_of_the_batch_are_delivered(
    db: Connection, sessions: Pool, template_sets: TemplateSets, deployed: Catalog, make: MakeSender
) -> None:
    with db.transaction():
        unknown = given.emit(db, EVENT, payload=PAYLOAD, channels=[make.__name__])
        known = given.emit(
            db, payload={"order_id": 42, "amount": "19.90"}, channels=[make.__name__]
        )
    given.route(db)
    assert given.value(db, "select count(*) from postbell.batch") == 1

    await deliver(db, make(sessions, template_sets))

    assert fate(db, unknown).state == "waiting"
    assert fate(db, known).reason == "wanted"


async def test_it_waits_no_longer_than_it_is_of_use(
    db: Connection, sessions: Pool, template_sets: TemplateSets, deployed: Catalog
) -> None:
    event = emit(db, email, expires_at="2030-01-01T00:00Z")
    cancelled = emit(db, email)
    await deliver(db, email(sessions, template_sets))

    given.call(db, "cancel", outbox_id=cancelled)
    given.clock(db, "2030-01-01 01:00Z")
    make_due(db)

    assert fate(db, event) == Fate("expired", "expired")
    assert fate(db, cancelled) == Fate("cancelled", "cancelled")


async def test_what_fails_with_templates_older_than_the_deployed_ones_waits(
    db: Connection, sessions: Pool, folder: Path, deployed: Catalog
) -> None:
    older = deployed
    declared = folder / "parcel/shipped/event.toml"
    declared.write_text(DECLARED + 'carrier = "text"')
    (folder / "parcel/shipped/sample.json").write_text('{"carrier": "Colis"}')
    for file in ("in_app.json", "sse.json", "email.subject.txt"):
        path = folder / "parcel/shipped" / file
        path.write_text(path.read_text().replace("parcel_id", "carrier"))
    newer = register(db, loaded(folder))
    event = given.emit(db, EVENT, payload={"carrier": "Colis"}, channels=["in_app"])
    given.route(db)

    await deliver(db, in_app(sessions, TemplateSets(older)))
    assert fate(db, event) == Fate("waiting", "template_outdated")

    make_due(db)
    await deliver(db, in_app(sessions, TemplateSets(newer)))
    assert fate(db, event) == Fate("delivered", "wanted")


@ALL
async def test_what_another_process_has_as_deployed_waits_for_that_one(
    db: Connection, sessions: Pool, folder: Path, deployed: Catalog, make: MakeSender
) -> None:
    older = TemplateSets(deployed)
    newer = TemplateSets(register(db, reworded(folder, "Colis")))
    older.deployed.compare(event_versions(db))
    older.deployed.note_others(True)
    event = emit(db, make)

    await deliver(db, make(sessions, older))
    assert fate(db, event) == Fate("waiting", "template_outdated")
    assert given.column(db, "select attempts from postbell.delivery") == [0]

    make_due(db)
    await deliver(db, make(sessions, newer))
    assert fate(db, event) == Fate("delivered" if make is in_app else "sent", "wanted")


async def test_what_waits_for_another_process_does_not_fail_if_its_files_are_deployed_again(
    db: Connection, sessions: Pool, folder: Path, deployed: Catalog
) -> None:
    older = TemplateSets(deployed)
    register(db, reworded(folder, "Colis"))
    older.deployed.compare(event_versions(db))
    older.deployed.note_others(True)
    register(db, deployed)
    event = emit(db, email)

    await deliver(db, email(sessions, older))

    assert fate(db, event) == Fate("waiting", "template_outdated")


async def test_a_process_whose_files_nobody_else_has_newer_goes_on_with_them(
    db: Connection, sessions: Pool, folder: Path, deployed: Catalog
) -> None:
    older = TemplateSets(deployed)
    register(db, reworded(folder, "Colis"))
    older.deployed.compare(event_versions(db))
    event = emit(db, in_app)

    await deliver(db, in_app(sessions, older))

    assert fate(db, event) == Fate("delivered", "wanted")
    assert titles(db) == ["Parcel 7"]


async def test_a_deployed_template_that_fails_is_a_failure(
    db: Connection, sessions: Pool, deployed: Catalog
) -> None:
    db.execute("update postbell.event_type set fields = '{}' where key = %s", [EVENT])
    event = given.emit(db, EVENT, payload={"other": 1}, channels=["in_app"])
    given.route(db)

    await deliver(db, in_app(sessions, TemplateSets(deployed)))

    assert fate(db, event).state == "failed"
    assert "parcel_id" in str(fate(db, event).reason)


async def test_deliveries_of_a_tenant_that_is_gone_are_decided_again(
    db: Connection, sessions: Pool, template_sets: TemplateSets, monkeypatch: pytest.MonkeyPatch
) -> None:
    given.tenant(db, "other")
    given.recipient(db, tenant_id="other")
    event = given.emit(
        db, payload={"order_id": 42, "amount": "19.90"}, channels=["in_app"], tenant_id="other"
    )
    given.route(db)
    claim_batch = batches.claim_batch

    async def claim_and_lose(*arguments: Any, **named: Any) -> list[Claimed]:
        claimed: list[Claimed] = await claim_batch(*arguments, **named)
        db.execute("delete from postbell.recipient where tenant_id = 'other'")
        db.execute("delete from postbell.tenant where id = 'other'")
        return claimed

    monkeypatch.setattr(batches, "claim_batch", claim_and_lose)
    await deliver(db, in_app(sessions, template_sets))
    assert fate(db, event) == Fate("waiting", "tenant_missing")

    make_due(db)
    assert fate(db, event) == Fate("skipped", "no_longer_wanted")


# --- what the daemon tells


def test_the_longer_a_template_is_missing_the_longer_is_the_pause() -> None:
    clock = Clock(1000.0)
    missing = MissingTemplates(clock)
    pauses = []
    for seconds in (0, 10, 100, 500, 500):
        clock.now += seconds
        pauses.append(missing.record("default", EVENT, "email", "template_missing"))

    assert pauses == [SHORTEST_PAUSE, 5.0, 55.0, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_template_is_missing_until_it_is_found_or_nobody_asks_for_it() -> None:
    clock = Clock(1000.0)
    missing = MissingTemplates(clock)
    for channel in ("email", "sse"):
        missing.record("default", EVENT, channel, "template_missing")

    missing.resolve("another", {EVENT}, "email")
    assert [(each.event, each.channel) for each in missing()] == [(EVENT, "email"), (EVENT, "sse")]

    missing.resolve("default", {EVENT, "order.paid"}, "email")
    assert [each.channel for each in missing()] == ["sse"]

    clock.now += FORGOTTEN_AFTER + 1
    assert missing() == []
    assert missing.record("default", EVENT, "sse", "template_missing") == SHORTEST_PAUSE


def test_an_outdated_template_that_fits_some_payloads_stays_noted_until_nobody_asks() -> None:
    clock = Clock(1000.0)
    missing = MissingTemplates(clock)
    pauses = []
    for seconds in (0, 10, 100):
        clock.now += seconds
        pauses.append(missing.record("default", EVENT, "email", "template_outdated"))
        missing.resolve("default", {EVENT}, "email")

    assert pauses == [SHORTEST_PAUSE, 5.0, 55.0]

    clock.now += FORGOTTEN_AFTER + 1
    assert missing() == []


def test_of_too_many_templates_the_one_asked_for_longest_ago_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(missing_templates, "MOST_ENTRIES", 2)
    missing = MissingTemplates(Clock(1000.0))
    for tenant in ("a", "b", "a", "c"):
        missing.record(tenant, EVENT, "email", "template_missing")

    assert [each.tenant_id for each in missing()] == ["a", "c"]


@pytest.mark.slow
async def test_an_older_daemon_says_what_it_waits_for_and_a_restart_delivers_it(
    db: Connection, database_url: str, folder: Path
) -> None:
    port = free_port()
    async with running(database_url, ScriptedProvider(), http_port=port):
        # The order of the manual: deploy, then restart.
        schema.deploy(database_url, events=with_ours(folder).events.values())
        event = given.emit(db, EVENT, payload=PAYLOAD, channels=["in_app"])
        await seen(
            lambda: (
                given.deliveries(db, event).get(("u1", "in_app"))
                == Fate("waiting", "template_missing")
            ),
            "it waits",
        )
        status, told = await got(port, "/healthz")
        assert (status, json.loads(told)["status"]) == (200, "degraded")
        assert EVENT in json.loads(told)["degraded"][0]
        ((_, waits),) = [
            (each["since"], {**each, "since": None})
            for each in json.loads(told)["missing_templates"]
        ]
        assert waits == {
            "event": EVENT, "channel": "in_app", "tenant": "default", "since": None,
            "reason": "template_missing",
            "sentence": "The dispatcher that took it has no template for it: it waits for one, at"
            " no cost.",
        }  # fmt: skip
        _, figures = await got(port, "/metrics")
        labels = f'channel="in_app",event="{EVENT}",reason="template_missing"'
        assert f"postbell_template_missing{{{labels}}} 1.0" in figures
        assert (await got(port, "/readyz"))[0] == 200

    async with running(database_url, ScriptedProvider(), templates=(folder,), http_port=port):
        await seen(lambda: fate(db, event).state == "delivered", "it is delivered")
        _, told = await got(port, "/healthz")
        assert json.loads(told)["status"] == "ok"
    assert given.column(db, "select title from postbell.inbox") == ["Parcel 7"]


@pytest.mark.slow
async def test_a_daemon_that_a_deploy_outdates_goes_on_if_it_is_alone_and_says_so(
    db: Connection, database_url: str, folder: Path
) -> None:
    schema.deploy(database_url, events=with_ours(folder).events.values())
    port = free_port()
    outdated = (
        f"Templates of this process are not the deployed ones: {EVENT}. Restart it, or deploy its"
        " templates."
    )
    provider = ScriptedProvider()
    with capture_logs() as lines:
        async with running(database_url, provider, templates=(folder,), http_port=port):
            await written(db, "Parcel 7")
            reworded(folder, "Colis")
            schema.deploy(database_url, events=with_ours(folder).events.values())
            await seen(lambda: warned(lines), "it notices")
            for _ in range(2):
                await written(db, "Parcel 7")
            _, told = await got(port, "/healthz")
            assert (json.loads(told)["status"], json.loads(told)["degraded"]) == (
                "degraded", [outdated],
            )  # fmt: skip
    assert warned(lines) == [EVENT]
    assert [message.subject for message in provider.messages] == ["Parcel 7"] * 3

    async with running(database_url, provider, templates=(folder,), http_port=port):
        await written(db, "Colis 7")
        _, told = await got(port, "/healthz")
        assert json.loads(told)["status"] == "ok"


@pytest.mark.slow
async def test_an_outdated_leader_lets_a_standby_with_the_deployed_templates_lead(
    db: Connection, database_url: str, folder: Path
) -> None:
    schema.deploy(database_url, events=with_ours(folder).events.values())
    older = ScriptedProvider()
    async with running(database_url, older, templates=(folder,), safety_poll_seconds=0.2):
        await written(db, "Parcel 7")
        former = leader(db)
        reworded(folder, "Colis")
        schema.deploy(database_url, events=with_ours(folder).events.values())
        async with running(database_url, ScriptedProvider(), templates=(folder,)):
            await seen(lambda: given.value(db, ANNOUNCED) == 1, "one has the deployed templates")
            await seen(lambda: leader(db) not in (None, former), "the other leads")
            for _ in range(5):
                await written(db, "Colis 7")
    assert [message.subject for message in older.messages if "Parcel" not in message.subject] == []


@pytest.mark.slow
async def test_what_an_outdated_leader_routes_has_the_text_of_a_process_that_is_not(
    db: Connection, database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Either process may take what the older one has left to the other.
    monkeypatch.setattr("dispatcher.delivery.claims.SHORTEST_PAUSE", 0.05)
    schema.deploy(database_url, events=with_ours(folder).events.values())
    older = ScriptedProvider()
    with capture_logs() as lines:
        async with running(database_url, older, templates=(folder,)):
            await written(db, "Parcel 7")
            reworded(folder, "Colis")
            schema.deploy(database_url, events=with_ours(folder).events.values())
            async with running(
                database_url, ScriptedProvider(), templates=(folder,), router_enabled=False
            ):
                await seen(
                    lambda: any("another process has" in line["event"] for line in lines),
                    "the leader notices the other",
                )
                for _ in range(3):
                    await written(db, "Colis 7")
    assert {message.subject for message in older.messages} == {"Parcel 7"}


async def written(db: Connection, title: str) -> None:
    """Emit an event, and wait for its item, which has this title, and its mail."""
    event = given.emit(db, EVENT, payload=PAYLOAD, channels=["in_app", "email"])
    await seen(
        lambda: (
            {fate.state for fate in given.deliveries(db, event).values()} == {"delivered", "sent"}
        ),
        "its item and its mail are there",
    )
    assert given.column(
        db, "select title from postbell.inbox_item where outbox_id = %s", event
    ) == [title]  # fmt: skip


def warned(lines: list[MutableMapping[str, Any]]) -> list[str]:
    return [
        line["event_key"]
        for line in lines
        if line["event"] == "templates are not the deployed ones" and line["log_level"] == "warning"
    ]


async def got(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"http://127.0.0.1:{port}{path}")
        return answer.status, await answer.text()
