"""Whether the story came true: every promise kept, and nothing else in any inbox or mailbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import unescape
from typing import Any

from psycopg import AsyncConnection

from dispatcher.demo.chronicle import Account, Fate
from dispatcher.demo.mail_catcher import CaughtMail, MailCatcher
from dispatcher.demo.story import Promise, Scene


def broken_promises(scenes: Sequence[Scene], accounts: Sequence[Account]) -> list[str]:
    """A sentence for each promise that is not kept, and each delivery that nobody promised."""
    return [
        sentence
        for scene, account in zip(scenes, accounts, strict=True)
        for sentence in _broken(scene, account)
    ]


async def missing_words(
    scenes: Sequence[Scene], connection: AsyncConnection[Any], mails: MailCatcher | None
) -> list[str]:
    """A sentence for each thing that arrived and does not say what it should, or came too often.

    Reads the inbox itself and the mails themselves, not what the delivery log says of them.
    """
    inbox = await _inbox(connection)
    caught = await _by_delivery(connection, mails.mails) if mails else {}
    sentences: list[str] = []
    expected = 0
    for scene in scenes:
        for promise in scene.promises:
            if promise.state not in ("sent", "delivered"):
                continue
            if promise.channel == "email":
                expected += 1
                if mails is None:
                    continue
            found = inbox if promise.channel == "in_app" else caught
            texts = [
                text
                for number in scene.moment.outbox_ids
                for text in found.get((number, promise.recipient_id), [])
            ]
            sentences += _wrong(scene, promise, texts)
    if mails is not None and len(mails.mails) != expected:
        sentences.append(f"{len(mails.mails)} mails were caught instead of {expected}")
    return sentences


async def leftovers(scenes: Sequence[Scene], connection: AsyncConnection[Any]) -> list[str]:
    """A sentence if anything of a transaction that was rolled back is anywhere."""
    rolled_back = [scene.moment.xid for scene in scenes if scene.moment.rolled_back_by is not None]
    cursor = await connection.execute(
        "select id from postbell.outbox where xid::text::bigint = any(%(xids)s)"
        " union select id from postbell.notification where xid::text::bigint = any(%(xids)s)",
        {"xids": rolled_back},
    )
    left = [f"event {number} was rolled back and is there" for (number,) in await cursor.fetchall()]
    return left if rolled_back else ["nothing was rolled back, so that was not shown"]


#: Event and person.
_Key = tuple[int, str | None]


async def _inbox(connection: AsyncConnection[Any]) -> dict[_Key, list[list[str]]]:
    cursor = await connection.execute(
        "select log.outbox_id, log.recipient_id, item.title, item.body"
        " from postbell.inbox as item"
        " join postbell.delivery_log as log on log.delivery_id = item.id"
    )
    items: dict[_Key, list[list[str]]] = {}
    for outbox_id, recipient_id, title, body in await cursor.fetchall():
        items.setdefault((outbox_id, recipient_id), []).append([f"{title} {body}"])
    return items


async def _by_delivery(
    connection: AsyncConnection[Any], mails: Iterable[CaughtMail]
) -> dict[_Key, list[list[str]]]:
    cursor = await connection.execute(
        "select delivery_id, outbox_id, recipient_id from postbell.delivery_log"
        " where channel = 'email'"
    )
    of_delivery: dict[int, _Key] = {row[0]: (row[1], row[2]) for row in await cursor.fetchall()}
    found: dict[_Key, list[list[str]]] = {}
    for mail in mails:
        key = of_delivery.get(mail.delivery_id or 0, (0, None))
        parts = [f"{mail.subject} {part}" for part in (mail.text, unescape(mail.html or ""))]
        found.setdefault(key, []).append(parts)
    return found


def _broken(scene: Scene, account: Account) -> Iterable[str]:
    title = scene.moment.title
    fates = {(fate.recipient_id, fate.channel): fate for fate in account.fates}
    for promise in scene.promises:
        fate = fates.pop((promise.recipient_id, promise.channel), None)
        if fate is None:
            yield f"{title}: {_named(promise)} should be {_as(promise)}, and nothing is known of it"
        elif not promise.is_kept_by(fate):
            yield f"{title}: {_named(promise)} should be {_as(promise)}, and is {_as(fate)}"
    for fate in fates.values():
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
