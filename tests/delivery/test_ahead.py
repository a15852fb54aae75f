from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from dispatcher.db.connections import Pool
from dispatcher.delivery import ahead
from dispatcher.delivery.ahead import AheadRenderer
from dispatcher.delivery.model import Delivery
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.tenants import TenantCache
from dispatcher.rendering.cache import ContentCache
from dispatcher.rendering.catalog import Catalog
from tests.support import given
from tests.support.given import Connection

PAYLOAD = {"order_id": 42, "amount": "19.90"}
BOTH = ["in_app", "sse"]


class Watcher:
    """What was counted."""

    def __init__(self) -> None:
        self.counted: list[tuple[Any, ...]] = []

    def attempted(
        self, channel: str, provider: str, outcome: str, seconds: float, count: int = 1
    ) -> None:
        self.counted.append((channel, provider, outcome, seconds, count))

    def handed_over(self, channel: str, *seconds: float) -> None:
        self.counted.append((channel, *seconds))

    def held(self, channel: str) -> None: ...


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def renderer(sessions: Pool, template_sets: TemplateSets, watcher: Watcher) -> AheadRenderer:
    return made(sessions, template_sets, watcher)


def made(
    sessions: Pool, template_sets: TemplateSets, watcher: Watcher | None = None, **options: Any
) -> AheadRenderer:
    providers = {"in_app": "inbox", "sse": "stream"}
    return AheadRenderer(
        sessions, template_sets, TenantCache(), watcher or Watcher(), providers, **options
    )


def message(*people: list[Any], event: str = "order.paid", **columns: Any) -> list[Any]:
    """As postbell_private.read_chunk() returns it."""
    found = {"id": 1, "tenant_id": "default", "payload": PAYLOAD, **columns}
    return [
        found["id"], event, "orders", found["tenant_id"], None, found["payload"],
        list(people) or [person()],
    ]  # fmt: skip


def person(
    id: str = "u1",  # noqa: A002
    locale: str | None = None,
    channels: list[str] = BOTH,
    **attributes: Any,
) -> list[Any]:
    return [id, locale, None, attributes or None, channels, None]


async def rendered(renderer: AheadRenderer, *messages: list[Any]) -> list[dict[str, Any]]:
    contents = await renderer.render(messages)
    return json.loads(contents) if contents is not None else []


async def test_a_message_becomes_the_columns_of_an_item_and_of_a_frame(
    renderer: AheadRenderer, catalog: Catalog
) -> None:
    item, frame = await rendered(renderer, message())

    assert item == {
        "notification_id": 1,
        "channel": "in_app",
        "recipient_ids": ["u1"],
        "version": f"{catalog.events['order.paid'].version}.1",
        "title": item["title"],
        "body": item["body"],
        "link": item["link"],
        "image": None,
        "actions": item["actions"],
    }
    assert "19.90" in item["title"] + item["body"]
    assert {"label", "link"} == set(item["actions"][0])
    assert frame["channel"] == "sse"
    assert set(item) - set(frame) == {"image", "actions"}


async def test_what_is_the_same_for_several_people_is_one_content(renderer: AheadRenderer) -> None:
    people = [person("u1"), person("u2"), person("u3", locale="de"), person("u4")]

    contents = await rendered(renderer, message(*people))

    assert [(text["channel"], text["recipient_ids"]) for text in contents] == [
        ("in_app", ["u1", "u2", "u4"]),
        ("sse", ["u1", "u2", "u4"]),
        ("in_app", ["u3"]),
        ("sse", ["u3"]),
    ]


async def test_a_template_that_was_missing_is_found(
    renderer: AheadRenderer, template_sets: TemplateSets
) -> None:
    for channel in BOTH:
        template_sets.missing.record("default", "order.paid", channel, "template_missing")
    template_sets.missing.record("default", "order.created", "in_app", "template_missing")

    await rendered(renderer, message())

    assert [(each.event, each.channel) for each in template_sets.missing()] == [
        ("order.created", "in_app")
    ]


async def test_an_event_whose_deployed_files_others_have_is_left_to_the_queue(
    renderer: AheadRenderer, template_sets: TemplateSets, catalog: Catalog
) -> None:
    deployed = {key: event.version for key, event in catalog.events.items()}
    template_sets.deployed.compare({**deployed, "order.paid": "another"})

    assert await rendered(renderer, message()) == []

    template_sets.deployed.compare(deployed)
    assert len(await rendered(renderer, message())) == 2


async def test_events_share_nothing(renderer: AheadRenderer) -> None:
    other = message(person("u2"), id=2, payload={**PAYLOAD, "amount": "7.00"})

    contents = await rendered(renderer, message(), other)

    assert [(text["notification_id"], text["recipient_ids"]) for text in contents] == [
        (1, ["u1"]), (1, ["u1"]), (2, ["u2"]), (2, ["u2"]),
    ]  # fmt: skip
    assert contents[0]["body"] != contents[2]["body"]


@pytest.mark.parametrize(
    "odd",
    [
        message(payload={}),
        message(event="order.unknown"),
        message(tenant_id="unknown"),
    ],
    ids=["a template fails", "no template", "no tenant"],
)
async def test_what_cannot_be_rendered_is_left_out(renderer: AheadRenderer, odd: list[Any]) -> None:
    contents = await rendered(renderer, odd, message(id=2))
    assert [text["notification_id"] for text in contents] == [2, 2]


async def test_whatever_goes_wrong_is_left_to_the_queue(
    renderer: AheadRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "to_json", lambda _: 1 / 0)
    with capture_logs() as logs:
        assert await renderer.render([message()]) is None
    assert [line["event"] for line in logs] == ["messages not rendered: they go by the queue"]


async def test_a_tenant_that_cannot_be_read_is_left_to_the_queue(
    db: Connection, sessions: Pool, renderer: AheadRenderer
) -> None:
    borrowed = [sessions.connection() for _ in range(4)]
    for each in borrowed:
        await each.__aenter__()
    assert await renderer.render([message()]) is None
    for each in borrowed:
        await each.__aexit__(None, None, None)
    assert await renderer.render([message()]) is not None


async def test_a_mail_is_rendered_into_the_cache_of_its_sender(
    renderer: AheadRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = message(person(channels=["in_app", "email"]))
    assert [text["channel"] for text in await rendered(renderer, both)] == ["in_app"]
    kept: list[str] = []
    former = ContentCache.keep

    def keep(cache: ContentCache, delivery: Delivery, *rest: Any) -> None:
        kept.append(delivery.channel)
        former(cache, delivery, *rest)

    monkeypatch.setattr(ContentCache, "keep", keep)
    await renderer.warm([both, both])
    assert kept == ["email"]


async def test_nothing_to_render_is_none(renderer: AheadRenderer) -> None:
    assert await renderer.render([]) is None
    assert await renderer.render([message(payload={})]) is None


def ticking(*seconds: float) -> Callable[[], float]:
    """A clock by which the renderings take so many seconds, and the later ones none."""
    now = 0.0
    reads = 0

    def read() -> float:
        nonlocal now, reads
        number, is_end = divmod(reads, 2)
        reads += 1
        if is_end and number < len(seconds):
            now += seconds[number]
        return now

    return read


async def test_beyond_the_budget_the_rest_is_left_to_the_queue(
    sessions: Pool, template_sets: TemplateSets
) -> None:
    renderer = made(sessions, template_sets, clock=ticking(0.001, ahead.BUDGET))
    people = [person(f"u{number}", channels=["in_app"], name=number) for number in range(4)]

    contents = await rendered(renderer, message(*people), message(id=2))

    assert [text["notification_id"] for text in contents] == [1]
    # The budget is for one call.
    assert len(await rendered(renderer, message(), message(id=2))) == 4


async def test_a_slow_template_is_left_to_the_queue_for_a_while(
    sessions: Pool, template_sets: TemplateSets, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = ahead.SLOW * 2
    renderer = made(sessions, template_sets, clock=ticking(slow, slow, slow))
    with capture_logs() as logs:
        messages = [message(person(channels=["in_app"]), id=number) for number in range(5)]
        contents = await rendered(renderer, *messages)

    assert [text["notification_id"] for text in contents] == [0, 1, 2]
    assert [(line["event_key"], line["channel"]) for line in logs] == [("order.paid", "in_app")]
    # Others are not.
    assert len(await rendered(renderer, message(person(channels=["sse"])))) == 1

    monkeypatch.setattr("dispatcher.delivery.ahead.time.monotonic", lambda: 1e12)
    assert len(await rendered(renderer, *messages)) == 5


async def test_a_template_that_was_slow_once_is_not_left(
    sessions: Pool, template_sets: TemplateSets
) -> None:
    slow = ahead.SLOW * 2
    renderer = made(sessions, template_sets, clock=ticking(slow, slow))
    messages = [message(id=number) for number in range(5)]
    assert len(await rendered(renderer, *messages)) == 10


async def test_a_tenants_own_templates_are_compiled_beside_the_router(
    db: Connection, renderer: AheadRenderer
) -> None:
    given.call(
        db,
        "set_text",
        path="order/paid/in_app.json",
        content='{"title": "Own", "body": "Paid"}',
        tenant_id="default",
    )

    assert await rendered(renderer, message()) == []

    contents: list[dict[str, Any]] = []
    while not contents:
        await asyncio.sleep(0.01)
        contents = await rendered(renderer, message())
    assert contents[0]["title"] == "Own"


async def test_what_was_written_is_counted(renderer: AheadRenderer, watcher: Watcher) -> None:
    renderer.written({"in_app": [0.1, 0.2], "sse": [0.3]}, 0.05)
    assert watcher.counted == [
        ("in_app", "inbox", "sent", 0.05, 2),
        ("in_app", 0.1, 0.2),
        ("sse", "stream", "sent", 0.05, 1),
        ("sse", 0.3),
    ]
