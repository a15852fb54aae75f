"""A hot standby: inboxes are read there, and it takes over when the primary dies."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from dispatcher.db import embedded
from dispatcher.deploy import schema
from dispatcher.settings import Settings
from tests.support import given
from tests.support.daemon import running
from tests.support.daemon_process import StartDaemon, await_leader
from tests.support.given import Connection
from tests.support.mail_sink import MailSink
from tests.support.outcome import left_over, message_ids, routed
from tests.support.producer import PAYLOAD
from tests.support.renderings import shipped_catalog
from tests.support.scripted_provider import ScriptedProvider
from tests.support.standby import Pair, follow, standby_of
from tests.support.waiting import seen, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

# The server is killed, not its machine.
IN_HASTE = {"fsync": "off"}

EVENTS = 100

#: What analysts ask.
TOLD = (
    "select event from postbell.analytics_daily"
    " where tenant_id = 'default' and day >= current_date - 1 and sent > 0"
)
#: What is told of this moment's providers is not replicated.
VIEWS = (
    "select viewname::text from pg_views"
    " where schemaname = 'postbell' and viewname <> 'providers' order by 1"
)


@pytest.fixture
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """What is committed on the primary is on the standby, too: replication is synchronous."""
    with embedded.server(keep=False, settings=IN_HASTE) as primary:
        schema.deploy(primary.url, events=shipped_catalog().events.values())
        standby = standby_of(primary, IN_HASTE)
        try:
            follow(primary, standby)
            with psycopg.connect(primary.url, autocommit=True) as session:
                session.execute("alter system set synchronous_standby_names = '*'")
                session.execute("select pg_reload_conf()")
                given.recipient(session)
            yield Pair(primary, standby)
        finally:
            standby.close()


def emit(session: Connection, many: int) -> set[int]:
    return {given.emit(session, payload=PAYLOAD, channels=["in_app", "email"]) for _ in range(many)}


def settled(session: Connection, events: set[int]) -> bool:
    return routed(session) >= events and not left_over(session)


async def test_an_inbox_is_read_on_a_standby_and_everything_else_that_is_told(pair: Pair) -> None:
    with psycopg.connect(pair.primary.url, autocommit=True) as session:
        events = emit(session, 3)
        async with running(pair.url, ScriptedProvider()):
            await seen(lambda: settled(session, events), "what was emitted is delivered")

    with psycopg.connect(pair.standby.url) as replica:
        until(lambda: unread(replica) == [3], "the standby has caught up")
        assert {event for (event,) in given.rows(replica, TOLD)} == {"order.paid"}
        # Reading writes nothing, nowhere.
        for view in given.column(replica, VIEWS):
            given.rows(replica, f"select * from postbell.{view}")
        for event in events:
            assert given.explain(replica, event)


def test_a_daemon_that_is_sent_to_a_standby_says_so_and_waits_until_it_takes_over(
    pair: Pair, start_daemon: StartDaemon, mail_sink: MailSink
) -> None:
    daemon = start_daemon(pair.standby.url, smtp_url=mail_sink.url)
    until(lambda: "this server is a standby" in daemon.log(), "its log says why it waits")

    with psycopg.connect(pair.standby.url, autocommit=True) as session:
        session.execute("select pg_promote()")
        session.execute("alter system set synchronous_standby_names = ''")
        session.execute("select pg_reload_conf()")
        await_leader(pair.standby.url, daemon)
        events = emit(session, 1)
        until(lambda: settled(session, events), "what was emitted is delivered")


def test_pages_of_the_former_primary_look_anew_when_a_standby_takes_over(pair: Pair) -> None:
    with psycopg.connect(pair.primary.url, autocommit=True) as session:
        former = epoch(session)

    with psycopg.connect(pair.standby.url, autocommit=True) as session:
        session.execute("select pg_promote()")
        session.execute("set synchronous_commit = local")
        assert epoch(session) not in (former, None)


def epoch(session: Connection) -> object:
    return given.value(session, "select epoch from postbell_private.stream_position()")


def unread(replica: Connection) -> list[int]:
    """By the bell of u1, read as docs/operating.md says."""
    with replica.transaction():
        replica.execute("set local role postbell_reader")
        replica.execute(
            "select set_config('postbell.tenant', 'default', true),"
            " set_config('postbell.recipient', 'u1', true)"
        )
        return given.column(replica, "select unread from postbell.unread_counts")


def test_a_standby_takes_over_and_what_was_committed_is_delivered(
    pair: Pair, start_daemon: StartDaemon, mail_sink: MailSink
) -> None:
    daemon = start_daemon(pair.url, smtp_url=mail_sink.url, lease_seconds=1)
    await_leader(pair.url, daemon)
    with psycopg.connect(pair.primary.url, autocommit=True) as session:
        events = emit(session, EVENTS)

    pair.primary.stop("immediate")
    with psycopg.connect(pair.standby.url, autocommit=True) as session:
        session.execute("select pg_promote()")
        session.execute("alter system set synchronous_standby_names = ''")
        await_leader(pair.url, daemon)
        events |= emit(session, EVENTS)
        until(lambda: settled(session, events), "everything is settled")

        inbox = given.column(session, "select outbox_id from postbell.inbox_item order by 1")
        assert inbox == sorted(events)
        assert set(message_ids(session)) <= set(mail_sink.copies())
    # A second copy is of a mail that was on its way when the primary went.
    doubled = [mail for mail, copies in mail_sink.copies().items() if copies > 1]
    assert len(doubled) <= Settings().email_concurrency
    assert daemon.is_running()
