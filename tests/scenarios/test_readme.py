"""README.md, done as it says: every command and every statement in it is run, and shows that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dispatcher import settings
from tests.support import given
from tests.support.daemon_process import StartDaemon, await_leader
from tests.support.given import Connection
from tests.support.mail_sink import MailSink
from tests.support.manual import ROOT, Reader, blocks, in_order, settled
from tests.support.waiting import until

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def db(owned_url: str) -> Iterator[Connection]:
    """What README takes for granted: an application with a login, a table and a user."""
    with psycopg.connect(owned_url, autocommit=True) as session:
        session.execute("create table orders (id bigint, paid_at timestamptz)")
        session.execute("insert into orders values (42), (43)")
        session.execute("create role shop login")
        given.recipient(session, email="ada@example.org", phone=None)
        yield session
        session.execute("drop owned by shop")
        session.execute("drop role shop")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_readme_says_is_so(
    owned_url: str,
    db: Connection,
    start_daemon: StartDaemon,
    mail_sink: MailSink,
    programs: Path,
) -> None:
    daemon = start_daemon(owned_url, smtp_url=mail_sink.url)
    await_leader(owned_url, daemon)
    reader = Reader(owned_url, mail_sink.url, programs)

    for block in blocks(README):
        said = reader.do(block)
        until(lambda: settled(db), f"what line {block.line} emits is settled")
        if block.shown is not None:
            missing = in_order(block.shown, said)
            assert not missing, f"line {block.line} does not show {missing}, but:\n{said}"

    assert sum(mail_sink.copies().values()) > 0
    assert (
        given.column(db, "select id from postbell.outbox where payload ->> 'order_id' = '43'") == []
    )


def test_the_table_of_settings_is_that_of_the_settings() -> None:
    begin, end = README.index("<!-- settings"), README.index("<!-- /settings -->")
    written = README[begin:end].split("-->\n", 1)[1]
    assert written.strip() == settings.table().strip()


def test_every_file_that_is_linked_is_there() -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert linked
    assert [path for path in linked if not (ROOT / path).exists()] == []
