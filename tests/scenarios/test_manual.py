"""README.md and the pages of docs/, done as they say: each command and each statement is run.

A page has a database and a daemon of its own. Pages that other tests do are in ELSEWHERE.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import jwt
import psycopg
import pytest

from tests.support import given
from tests.support.daemon_process import StartDaemon, await_leader
from tests.support.given import Connection
from tests.support.mail_sink import MailSink
from tests.support.manual import ROOT, Reader, blocks, in_order, settled
from tests.support.waiting import until

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: Run by test_operating.py, and by tests/sql.
ELSEWHERE = {"operating", "chat", "erasing", "retention"}
TO_DO = [
    page
    for page in PAGES
    if page.stem not in ELSEWHERE and list(blocks(page.read_text(encoding="utf-8")))
]


def python_of(page: Path) -> list[str]:
    """The examples in Python, but for those of a web framework."""
    scripts = re.findall(
        r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return [one for one in scripts if "@app.get" not in one and "django" not in one]


WITH_PYTHON = [page for page in PAGES if python_of(page)]


def name(page: Path) -> str:
    return page.stem


@pytest.fixture
def db(owned_url: str) -> Iterator[Connection]:
    """What the pages take for granted: an application with a login, a table and a user."""
    with psycopg.connect(owned_url, autocommit=True) as session:
        session.execute("create table orders (id bigint, client_id text, paid_at timestamptz)")
        session.execute("insert into orders values (42, 'u1'), (43, 'u1')")
        session.execute("create role shop login")
        given.recipient(session, email="ada@example.org", phone=None)
        yield session
        session.execute("drop owned by shop")
        session.execute("drop role shop")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", TO_DO, ids=name)
def test_what_a_page_says_is_so(
    page: Path,
    owned_url: str,
    db: Connection,
    start_daemon: StartDaemon,
    mail_sink: MailSink,
    programs: Path,
    tmp_path: Path,
) -> None:
    written = page.read_text(encoding="utf-8")
    if "postbell.outbox" in written or "postbell.notify" in written:
        await_leader(owned_url, start_daemon(owned_url, smtp_url=mail_sink.url))
    reader = Reader(owned_url, mail_sink.url, programs, folder=tmp_path)

    for block in blocks(written):
        said = reader.do(block)
        until(lambda: settled(db), f"what line {block.line} emits is settled")
        if block.shown is not None:
            missing = in_order(block.shown, said)
            assert not missing, f"line {block.line} does not show {missing}, but:\n{said}"


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name)
def test_the_python_of_a_page_runs(page: Path, connection: Connection) -> None:
    given.recipient(connection)
    known = names_of_an_application(connection)
    scripts = python_of(page)

    for script in scripts:
        exec(compile(script, page.name, "exec"), known)  # noqa: S102 - the manual's own words

    verbs = sum(len(re.findall(r"^ *notify\w*\(", script, re.MULTILINE)) for script in scripts)
    assert given.value(connection, "select count(*) from postbell.outbox") == verbs


def names_of_an_application(session: Connection) -> dict[str, object]:
    """What the examples take from the application around them."""
    return {
        "session": session,
        "order": {"id": 42, "client_id": "u1"},
        "payment": SimpleNamespace(amount=Decimal("19.90")),
        "ticket": {"id": 7, "ticket_number": "T-7", "creator_id": "u1"},
        "message": "It works again.",
        "user": "w1",
        "jwt": jwt,
        "secret": "s" * 32,
        "now": 1_800_000_000,
    }
