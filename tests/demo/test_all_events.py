"""Every event of the catalogue, caused by its transaction and received on all five channels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import psycopg
import pytest

from dispatcher.channels.email import Email
from dispatcher.channels.push import Push
from dispatcher.channels.sms import Sms
from dispatcher.db import connections
from dispatcher.delivery.model import Sent
from dispatcher.demo.buttons import Buttons
from dispatcher.demo.catchers import Catcher
from dispatcher.demo.history import History, Transaction
from dispatcher.demo.shop import LOGIN, People, install
from dispatcher.demo.story import BUTTONS
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from tests.support import given
from tests.support.daemon import running
from tests.support.databases import CreateDatabase
from tests.support.demo_events import ALL_CHANNELS, CATALOGUE, Entry
from tests.support.renderings import shipped_catalog
from tests.support.waiting import seen

HOME = "https://fernhill.example"
PEOPLE = {"client": "ada", "writer": "greta", "support": "sol"}


def test_the_registry_says_what_the_catalogue_says() -> None:
    events = shipped_catalog().events.values()
    registered = {
        (event.key, event.category, event.priority, *sorted(event.default_channels))
        for event in events
    }
    assert registered == {
        (entry.event, entry.category, entry.priority, *sorted(entry.channels.split()))
        for entry in CATALOGUE
    }
    # Few events are for a chat.
    assert {frozenset({*event.channels} - {"chat"}) for event in events} == {
        frozenset(ALL_CHANNELS)
    }


@dataclass
class Catching:
    """A provider that keeps what it takes."""

    channel: str
    messages: list[Any] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"catching_{self.channel}"

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, message: Any) -> Sent:
        self.messages.append(message)
        return Sent(f"{self.channel}-{message.delivery_id}", code="250")


@pytest.fixture
def everything_everywhere(create_database: CreateDatabase, template_url: str) -> tuple[str, People]:
    """A database with the shop, whose first tenant wants everything on every channel."""
    url = create_database(template_url)
    with psycopg.connect(url, autocommit=True) as connection:
        people = install(connection, HOME)
        connection.execute(
            "insert into postbell.tenant_event (tenant_id, event, default_channels)"
            " select 'default', key, channels from postbell.event_type"
        )
        connection.execute("delete from postbell.push_subscription")
        for person in PEOPLE.values():
            given.device(connection, person, f"https://push.example/{person}")
    return url, people


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_all_events_reach_whom_they_concern_on_all_channels_in_the_words_they_should(
    everything_everywhere: tuple[str, People],
) -> None:
    url, people = everything_everywhere
    providers = {channel: Catching(channel) for channel in ("email", "sms", "push")}
    registry = ProviderRegistry([ProviderClient(provider) for provider in providers.values()])
    transactions: dict[str, Transaction] = {}
    with psycopg.connect(url, autocommit=True) as db:
        async with (
            running(url, registry=registry),
            await connections.connect(url, "marketplace") as shop,
            await connections.connect(url, "demo") as owner,
        ):
            await shop.execute(f"set role {LOGIN}".encode())
            history = History(owner, Catcher())
            buttons = Buttons(shop, people, history)
            for entry in CATALOGUE:
                button = BUTTONS[entry.button]
                transactions[entry.event] = await buttons.press(button, people["ada"])
            everything = [
                number for transaction in transactions.values() for number in transaction.outbox_ids
            ]
            await seen(lambda: await_end(db, everything), "all is delivered")
            await history.end()
        assert given.rejections(db) == {}
        complaints = []
        for entry in CATALOGUE:
            outbox_id = emission(db, entry, transactions[entry.event])
            told = arrived(db, outbox_id, providers)
            expected = {PEOPLE[who] for who in entry.told.split()}
            assert set(told) == {(who, channel) for who in expected for channel in ALL_CHANNELS}
            complaints += [
                f"{entry.event} to {who} by {channel}: {part}"
                for (who, channel), parts in told.items()
                for part in parts
                if not (says(entry.word, part) and leads_to(entry.link, part))
            ]
    assert complaints == []


def await_end(db: given.Connection, outbox_ids: list[int]) -> bool:
    """Whether each of these events has deliveries, and none is still under way."""
    decided, under_way = given.rows(
        db,
        "select count(distinct outbox_id), count(*) filter (where state in ('queued', 'sending'))"
        " from postbell.delivery_log where outbox_id = any(%s)",
        outbox_ids,
    )[0]
    return bool(decided == len(outbox_ids) and under_way == 0)


def emission(db: given.Connection, entry: Entry, transaction: Transaction) -> int:
    """The one event of this kind in the transaction."""
    return int(
        given.value(
            db,
            "select id from postbell.outbox where event = %s and id = any(%s)",
            entry.event,
            transaction.outbox_ids,
        )
    )


def arrived(
    db: given.Connection, outbox_id: int, providers: dict[str, Catching]
) -> dict[tuple[str, str], list[str]]:
    """By person and channel what they can read, in each of its parts, with its link."""
    found: dict[tuple[str, str], list[str]] = {}
    for delivery_id, who, channel, state in given.rows(
        db,
        "select delivery_id, recipient_id, channel, state from postbell.delivery_log"
        " where outbox_id = %s and state <> 'skipped'",
        outbox_id,
    ):
        assert state == ("delivered" if channel == "in_app" else "sent"), (who, channel, state)
        found[who, channel] = list(parts(db, delivery_id, channel, providers))
    return found


def parts(
    db: given.Connection, delivery_id: int, channel: str, providers: dict[str, Catching]
) -> Iterator[str]:
    if channel == "in_app":
        yield given.value(
            db,
            "select concat_ws(' ', title, body, link) from postbell.inbox where id = %s",
            delivery_id,
        )
        return
    if channel == "sse":
        frame = given.value(
            db,
            "select frame from postbell_private.stream_event"
            " where kind = 'notification' and (frame ->> 'id')::bigint = %s",
            delivery_id,
        )
        yield f"{frame['title']} {frame['body']} {frame['link']}"
        return
    (message,) = [each for each in providers[channel].messages if each.delivery_id == delivery_id]
    match message:
        case Email():
            yield f"{message.subject} {message.text}"
            yield f"{message.subject} {unescape(message.html or '')}"
        case Sms():
            yield message.body
        case Push():
            shown = json.loads(message.payload)["notification"]
            yield f"{shown['title']} {shown.get('body', '')} {shown['navigate']}"


def says(word: str, part: str) -> bool:
    return re.search(pattern(word), " ".join(part.split())) is not None


def leads_to(link: str, part: str) -> bool:
    return link == "-" or bool(
        re.search(pattern(f"{HOME}/shops/default{link}") + r"(?![/\w])", part)
    )


def pattern(written: str) -> str:
    return re.escape(written).replace(r"\{id\}", r"\d+")
