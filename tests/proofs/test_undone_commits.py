"""Commits that a crash undoes, or a standby never had, while a dispatcher lives on.

What it holds then are numbers that are given to others. The server writes nothing to the disk
unless a commit waits for it, so that all that does not wait is lost for certain.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import sql

from dispatcher.channels.base import CrashPolicy
from dispatcher.channels.email import EmailChannel
from dispatcher.channels.in_app import InAppChannel
from dispatcher.channels.sms import Sms, SmsChannel
from dispatcher.db import batches, connections, embedded
from dispatcher.db.connections import Pool
from dispatcher.delivery.claims import Claim
from dispatcher.delivery.database_sender import DatabaseSender
from dispatcher.delivery.model import Outcome, Sent
from dispatcher.delivery.provider_sender import ProviderSender
from dispatcher.delivery.render import Rendered
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.worker import Sender
from dispatcher.deploy import schema
from dispatcher.metrics import Metrics
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from tests.support import given
from tests.support.daemon import running
from tests.support.daemon_process import StartDaemon, await_leader, await_standby
from tests.support.given import Connection, Fate
from tests.support.mail_sink import MailSink
from tests.support.outcome import left_over
from tests.support.renderings import shipped_catalog
from tests.support.scripted_provider import Gate, ScriptedProvider
from tests.support.senders import inbox_sender
from tests.support.standby import Pair, follow, standby_of
from tests.support.waiting import seen, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

#: Nothing reaches the disk by itself.
LAZY = {"wal_writer_delay": "10s", "wal_writer_flush_after": "1GB", "fsync": "off"}
HERS = {"order_id": 1, "amount": "11.00"}
HIS = {"order_id": 2, "amount": "22.00"}


class Database(NamedTuple):
    url: str
    #: Undoes all commits that did not wait for the disk.
    crash: Callable[[], None]


@pytest.fixture(params=["crash", "failover"])
def lossy(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database whose default is not to wait for the disk, and which knows u1 and u2."""
    with embedded.server(keep=False, settings=LAZY) as server:
        schema.deploy(server.url, events=shipped_catalog().events.values())
        with psycopg.connect(server.url, autocommit=True) as session:
            session.execute(
                sql.SQL("alter database {} set synchronous_commit = off").format(
                    sql.Identifier(session.info.dbname)
                )
            )
            for who in ("u1", "u2"):
                given.recipient(session, who)
        if request.param == "crash":
            yield Database(server.url, lambda: server.restart("immediate"))
            return
        standby = standby_of(server, LAZY)
        try:
            follow(server, standby)
            pair = Pair(server, standby)
            part(standby)
            yield Database(pair.url, lambda: promote(pair))
        finally:
            standby.close()


def part(standby: embedded.Server) -> None:
    """Nothing reaches the standby any more."""
    with psycopg.connect(standby.url, autocommit=True) as session:
        session.execute("alter system set primary_conninfo = ''")
        session.execute("select pg_reload_conf()")


def promote(pair: Pair) -> None:
    pair.primary.stop("immediate")
    with psycopg.connect(pair.standby.url, autocommit=True) as session:
        session.execute("select pg_promote()")


@pytest.fixture
async def sessions(lossy: Database) -> AsyncIterator[Pool]:
    async with connections.pool(lossy.url, "sender", 4) as opened:
        yield opened


@pytest.fixture
def template_sets() -> TemplateSets:
    return TemplateSets(shipped_catalog())


class Numbers(NamedTuple):
    batch: int
    delivery: int


def tell(url: str, recipient: str, payload: dict[str, object], channel: str) -> Numbers:
    """Emits and routes."""
    with psycopg.connect(url, autocommit=True) as session:
        given.emit(session, recipient=recipient, payload=payload, channels=[channel])
        given.route(session)
        (found,) = given.rows(
            session,
            "select b.id, d.id from postbell.delivery as d"
            " join postbell.batch as b on d.id = any(b.delivery_ids) where d.recipient_id = %s",
            recipient,
        )
    return Numbers._make(found)


def fates(session: Connection) -> dict[str, Fate]:
    found = given.rows(session, "select recipient_id, state, reason from postbell.delivery_log")
    return {who: Fate(state, reason) for who, state, reason in found}


class HeldSender(DatabaseSender):
    """Has rendered, and writes when the test says so."""

    def __init__(self, *surroundings: Any) -> None:
        super().__init__(*surroundings)
        self.is_waiting = False
        self.go = asyncio.Event()

    async def _record(self, claim: Claim, rendered: Rendered) -> None:
        self.is_waiting = True
        await self.go.wait()
        await super()._record(claim, rendered)


async def test_nobodys_text_is_written_into_anothers_inbox(
    lossy: Database, sessions: Pool, template_sets: TemplateSets
) -> None:
    hers = tell(lossy.url, "u1", HERS, "in_app")
    held = HeldSender(
        sessions, template_sets, Metrics(), InAppChannel(), batches.record_inbox, "inbox"
    )
    delivering = asyncio.create_task(held.deliver(hers.batch))
    await seen(lambda: held.is_waiting, "a rendered text")

    lossy.crash()
    his = tell(lossy.url, "u2", HIS, "in_app")
    assert his == hers
    await sessions.check()
    held.go.set()
    await delivering

    with psycopg.connect(lossy.url) as session:
        assert given.column(session, "select title from postbell.inbox_item") == []
        assert fates(session) == {"u2": Fate("queued", "wanted")}
    await inbox_sender(sessions, template_sets).deliver(his.batch)
    with psycopg.connect(lossy.url) as session:
        ((who, body),) = given.rows(session, "select recipient_id, body from postbell.inbox_item")
        assert who == "u2"
        assert "22.00" in body


def email_sender(sessions: Pool, template_sets: TemplateSets, provider: ScriptedProvider) -> Sender:
    channel = EmailChannel("shop@shop.example")
    registry = ProviderRegistry([ProviderClient(provider)])
    return ProviderSender(
        sessions,
        template_sets,
        Metrics(),
        channel,
        registry,
        in_flight=4,
        crash_policy=CrashPolicy.SEND_AGAIN,
    )


@pytest.mark.parametrize("is_claimed", [False, True], ids=["queued", "claimed"])
async def test_no_mail_is_taken_for_sent_because_anothers_was(
    lossy: Database, sessions: Pool, template_sets: TemplateSets, is_claimed: bool
) -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    hers = tell(lossy.url, "u1", HERS, "email")
    delivering = asyncio.create_task(
        email_sender(sessions, template_sets, provider).deliver(hers.batch)
    )
    await seen(lambda: gate.waiting == 1, "her mail in flight")

    lossy.crash()
    his = tell(lossy.url, "u2", HIS, "email")
    assert his == hers
    if is_claimed:
        with psycopg.connect(lossy.url, autocommit=True) as session:
            given.claim(session, his.batch, start_sending=1)
    await sessions.check()
    gate.opened.set()
    await delivering

    with psycopg.connect(lossy.url) as session:
        assert fates(session) == {"u2": Fate("sending" if is_claimed else "queued", "wanted")}
        assert given.column(session, "select outcome from postbell.attempt") == []
    await email_sender(sessions, template_sets, provider).deliver(his.batch)
    with psycopg.connect(lossy.url) as session:
        assert fates(session)["u2"].state == "sent"
    assert [message.to for message in provider.messages] == ["u1@example.org", "u2@example.org"]


async def test_a_daemon_delivers_what_got_the_numbers_of_what_it_had_in_hand(
    lossy: Database,
) -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    async with running(lossy.url, provider):
        with psycopg.connect(lossy.url, autocommit=True) as session:
            given.emit(session, recipient="u1", payload=HERS, channels=["email"])
        await seen(lambda: gate.waiting == 1, "her mail in flight")
        hers = provider.messages[0].delivery_id

        await asyncio.to_thread(lossy.crash)
        with psycopg.connect(lossy.url, autocommit=True) as session:
            given.emit(session, recipient="u2", payload=HIS, channels=["email"])
            his = "select id from postbell.delivery where recipient_id = 'u2'"
            await seen(lambda: given.column(session, his) == [hers], "his mail with her number")
            # Her mail is answered, and its job ended, when his is queued.
            gate.opened.set()
            await seen(lambda: not left_over(session), "everything is settled")
            assert fates(session)["u2"].state == "sent"
            assert given.column(session, "select provider_message_id from postbell.attempt") == [
                provider.messages[1].message_id
            ]


# A standby that was promoted has another address, which a paused daemon learns too late.
@pytest.mark.parametrize("lossy", ["crash"], indirect=True)
def test_a_daemon_that_was_paused_meanwhile_records_nothing_of_others(
    lossy: Database, tmp_path: Path, start_daemon: StartDaemon
) -> None:
    # Slow enough to be paused at it.
    with MailSink(tmp_path / "mails", seconds=1.0) as sink:
        paused = start_daemon(lossy.url, smtp_url=sink.url)
        await_leader(lossy.url, paused)
        with psycopg.connect(lossy.url, autocommit=True) as session:
            given.emit(session, recipient="u1", payload=HERS, channels=["in_app", "email"])
            sending = "select id from postbell.delivery where state = 'sending'"
            until(lambda: given.column(session, sending), "her mail in flight")
            (hers,) = given.column(session, sending)
        paused.pause()

        lossy.crash()
        other = start_daemon(lossy.url, smtp_url=sink.url)
        await_leader(lossy.url, other)
        with psycopg.connect(lossy.url, autocommit=True) as session:
            given.emit(session, recipient="u2", payload=HIS, channels=["in_app", "email"])
            until(lambda: not left_over(session) and fates(session), "his is delivered")
            (his,) = given.column(
                session, "select id from postbell.delivery where channel = 'email'"
            )
            paused.resume()
            await_standby(lossy.url, paused)
            # It ends when it has recorded what it can.
            paused.stop()

            assert his == hers
            assert given.rows(
                session,
                "select recipient_id, channel::text, state from postbell.delivery_log order by 2",
            ) == [("u2", "email", "sent"), ("u2", "in_app", "delivered")]  # fmt: skip
            assert "22.00" in given.value(session, "select body from postbell.inbox_item")
            mails = given.column(session, "select provider_message_id from postbell.attempt")
        # Hers went out, though nobody knows any more that it was to.
        assert len(mails) == 1
        assert sink.copies()[mails[0]] == 1
        assert sink.copies().total() == 2


class TakenText:
    """A provider of texts that takes them, and whose answer nobody hears."""

    name = "scripted"
    channel = "sms"

    def __init__(self) -> None:
        self.taken: list[Sms] = []
        self.answer = asyncio.Event()

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, message: Sms) -> Outcome:
        self.taken.append(message)
        await self.answer.wait()
        return Sent("m1")


# What never reached a standby it cannot know: there it takes synchronous replication.
@pytest.mark.parametrize("lossy", ["crash"], indirect=True)
async def test_a_text_goes_out_once_though_commits_do_not_wait_for_the_disk(
    lossy: Database, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = TakenText()

    def sender() -> Sender:
        registry = ProviderRegistry([ProviderClient(provider)])
        return ProviderSender(
            sessions,
            template_sets,
            Metrics(),
            SmsChannel(),
            registry,
            in_flight=1,
            crash_policy=CrashPolicy.AWAIT_RECEIPT,
        )

    (batch, _) = tell(lossy.url, "u1", HERS, "sms")
    delivering = asyncio.create_task(sender().deliver(batch))
    await seen(lambda: provider.taken, "the text is taken")
    lossy.crash()
    delivering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivering
    await sessions.check()
    provider.answer.set()

    await sender().deliver(batch)

    assert len(provider.taken) == 1
    with psycopg.connect(lossy.url) as session:
        assert fates(session)["u1"].state == "unknown"
