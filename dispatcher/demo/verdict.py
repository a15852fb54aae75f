"""Whether the story came true: every promise kept, and nothing else in any inbox or mailbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from dispatcher.demo.catchers import Catchers
from dispatcher.demo.chronicle import Account, Fate
from dispatcher.demo.story.promise import Promise, Scene


def broken_promises(scenes: Sequence[Scene], accounts: Sequence[Account]) -> list[str]:
    """A sentence for each promise that is not kept, and each delivery that nobody promised."""
    return [
        sentence
        for scene, account in zip(scenes, accounts, strict=True)
        for sentence in _broken(scene, account)
    ]


async def missing_words(
    scenes: Sequence[Scene], connection: AsyncConnection[Any], catchers: Catchers
) -> list[str]:
    """A sentence for each thing that arrived and does not say what it should, or came too often.

    Reads the inbox itself and what was caught, not what the delivery log says of them.
    """
    arrived = [*await _inbox(connection), *await _caught(connection, catchers)]
    sentences: list[str] = []
    expected: Counter[str] = Counter()
    for scene in scenes:
        for promise in scene.promises:
            if promise.state not in ("sent", "delivered"):
                continue
            channel = str(promise.channel)
            expected[channel] += 1
            if channel != "email" or catchers.mails is not None:
                texts = [each.parts for each in arrived if each.is_as_promised(scene, promise)]
                sentences += _wrong(scene, promise, texts)
    counted = Counter(caught.channel for caught in catchers.caught())
    for channel in ("email", "sms", "push"):
        if channel == "email" and catchers.mails is None:
            continue
        if counted[channel] != expected[channel]:
            sentences.append(
                f"{channel}: {counted[channel]} were caught instead of {expected[channel]}"
            )
    return sentences


async def leftovers(scenes: Sequence[Scene], connection: AsyncConnection[Any]) -> list[str]:
    """A sentence if anything of a transaction that was rolled back is anywhere."""
    rolled_back = [scene.moment.xid for scene in scenes if scene.moment.rolled_back_by is not None]
    cursor = await connection.execute(
        "select id from postbell.outbox where xid::text::bigint = any(%(xids)s)"
        " union select id from postbell_private.notification where xid::text::bigint ="
        " any(%(xids)s)",
        {"xids": rolled_back},
    )
    left = [f"event {number} was rolled back and is there" for (number,) in await cursor.fetchall()]
    return left if rolled_back else ["nothing was rolled back, so that was not shown"]


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What somebody can read now."""

    outbox_id: int
    recipient_id: str
    channel: str
    event: str
    parts: Sequence[str]

    def is_as_promised(self, scene: Scene, promise: Promise) -> bool:
        return (
            self.outbox_id in scene.moment.outbox_ids
            and (self.recipient_id, self.channel) == (promise.recipient_id, promise.channel)
            and promise.event in (None, self.event)
        )


async def _inbox(connection: AsyncConnection[Any]) -> list[_Arrived]:
    cursor = await connection.execute(
        "select log.outbox_id, log.recipient_id, log.event, item.title, item.body"
        " from postbell.inbox as item"
        " join postbell.delivery_log as log on log.delivery_id = item.id and log.has_row"
    )
    return [
        _Arrived(outbox_id, recipient_id, "in_app", event, [f"{title} {body}"])
        for outbox_id, recipient_id, event, title, body in await cursor.fetchall()
    ]


async def _caught(connection: AsyncConnection[Any], catchers: Catchers) -> list[_Arrived]:
    cursor = await connection.execute(
        "select delivery_id, outbox_id, recipient_id, event from postbell.delivery_log"
        " where channel in ('email', 'sms', 'push')"
    )
    known = {row[0]: row[1:] for row in await cursor.fetchall()}
    found = []
    for caught in catchers.caught():
        outbox_id, recipient_id, event = known.get(caught.delivery_id, (0, "", ""))
        found.append(_Arrived(outbox_id, recipient_id, caught.channel, event, caught.parts))
    return found


def _broken(scene: Scene, account: Account) -> Iterable[str]:
    title = scene.moment.title
    left = list(account.fates)
    for promise in scene.promises:
        fate = next((fate for fate in left if promise.is_about(fate)), None)
        if fate is None:
            yield f"{title}: {_named(promise)} should be {_as(promise)}, and nothing is known of it"
            continue
        left.remove(fate)
        if not promise.is_kept_by(fate):
            yield f"{title}: {_named(promise)} should be {_as(promise)}, and is {_as(fate)}"
    for fate in left:
        yield f"{title}: {_named(fate)} was not to be told, and is {_as(fate)}"


def _wrong(scene: Scene, promise: Promise, texts: Sequence[Sequence[str]]) -> Iterable[str]:
    what = f"{scene.moment.title}: {_named(promise)}"
    if len(texts) != 1:
        yield f"{what} should have arrived once, and arrived {len(texts)} times"
    for parts in texts:
        for word in promise.words:
            if not all(_plain(word) in _plain(part) for part in parts):
                yield f"{what} does not say {word!r}"


def _plain(text: str) -> str:
    return " ".join(text.split())


def _named(what: Promise | Fate) -> str:
    return f"{what.channel or 'the event'} to {what.recipient_id or 'anybody'}"


def _as(what: Promise | Fate) -> str:
    return f"{what.state} ({what.reason})" if what.reason else what.state
