"""The next version, deployed while this one delivers and an application emits."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from dispatcher import CONTRACT, daemon
from dispatcher.daemon import Daemon
from dispatcher.deploy.contract import SchemaError
from dispatcher.settings import Settings
from tests.support import given
from tests.support.daemon import running
from tests.support.daemon_process import StartDaemon, await_leader
from tests.support.dumps import Dump, dumps
from tests.support.given import Connection
from tests.support.manual import ROOT
from tests.support.outcome import left_over, routed
from tests.support.producer import PAYLOAD, producing
from tests.support.scripted_provider import ScriptedProvider
from tests.support.waiting import seen, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

# Of what everybody writes to, as a revision of ours would be.
REVISION = '''\
"""Say where an event came from."""

from alembic import op

revision = "next"
down_revision = "{head}"


def upgrade():
    op.execute("alter table postbell.outbox add column source text")
    op.execute("alter table postbell.delivery add column source text default 'unknown'")
'''


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    """A checkout of it: two tables and a view have one more column."""
    for folder in ("dispatcher", "sql", "templates", "migrations"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    revisions = sorted(path.name for path in (tmp_path / "migrations/versions").glob("*.py"))
    head, _, _ = revisions[-1].partition("_")
    (tmp_path / "migrations/versions/next.py").write_text(REVISION.format(head=head))
    view = tmp_path / "sql/50_delivery/log.sql"
    written = view.read_text()
    changed = written.replace("line.has_row\nfrom", "line.has_row, d.source\nfrom")
    assert changed != written
    view.write_text(changed)
    return tmp_path


def deploy(version: Path, url: str) -> str:
    """What `postbell deploy` of that checkout says."""
    done = subprocess.run(
        [sys.executable, "-c", "from dispatcher.cli import main; main()", "deploy"],
        cwd=version,
        env={**os.environ, "PYTHONPATH": str(version), "POSTBELL_DATABASE_URL": url},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_an_upgrade_beside_producers_loses_nothing_and_an_older_daemon_goes_on(
    database_url: str, db: Connection, next_version: Path
) -> None:
    async with running(database_url, ScriptedProvider()):
        with producing(database_url, 2, pause=0.02, longest=0.2) as producers:

            def committed() -> list[int]:
                return sorted(event for each in producers for event in each.committed)

            await seen(lambda: len(committed()) > 20, "there are rows in it")
            said = await asyncio.to_thread(deploy, next_version, database_url)
            goal = len(committed()) + 20
            await seen(lambda: len(committed()) > goal, "the application goes on")
        await seen(lambda: routed(db) >= {*committed()} and not left_over(db), "all is delivered")

    assert "next" in said
    assert [(each.error, each.doubtful) for each in producers] == [(None, [])] * 2
    inbox = "select outbox_id from postbell.inbox_item order by 1"
    assert given.column(db, inbox) == committed()
    assert given.column(db, "select distinct source from postbell.delivery_log") == ["unknown"]

    # Started again before it is upgraded itself.
    async with running(database_url, ScriptedProvider()):
        event = given.emit(db, payload=PAYLOAD, channels=["in_app"])
        await seen(lambda: given.column(db, inbox)[-1:] == [event], "it delivers")


@pytest.fixture(params=dumps(), ids=lambda dump: dump.version)
def earlier(request: pytest.FixtureRequest) -> Dump:
    found = request.param
    assert isinstance(found, Dump)
    return found


@pytest.fixture
def checkout(earlier: Dump, tmp_path: Path) -> Path:
    """Of the version that the dump is of, as far as it runs."""
    folders = ["dispatcher", "sql", "templates", "migrations"]
    packed = subprocess.run(
        ["git", "archive", earlier.commit, *folders], cwd=ROOT, check=False, capture_output=True
    )
    if packed.returncode != 0:
        pytest.skip(f"this clone has no commit {earlier.commit}")
    folder = tmp_path / "earlier"
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


class SignUps(threading.Thread):
    """People who sign up with the application, one after another, until told to stop."""

    def __init__(self, url: str) -> None:
        super().__init__(name="sign-ups", daemon=True)
        self.people: list[str] = []
        self.error: BaseException | None = None
        self.stopping = threading.Event()
        self._url = url

    def run(self) -> None:
        try:
            with psycopg.connect(self._url, autocommit=True) as session:
                while not self.stopping.wait(0.02):
                    number = 1000 + len(self.people)
                    session.execute("insert into shop.users (id, mail) values (%s, null)", [number])
                    self.people.append(str(number))
        except psycopg.Error as error:
            self.error = error


@contextmanager
def signing_up(url: str) -> Iterator[SignUps]:
    thread = SignUps(url)
    thread.start()
    try:
        yield thread
    finally:
        thread.stopping.set()
        thread.join()


@pytest.mark.timeout(600)
def test_an_earlier_version_upgraded_beside_its_daemon_an_application_and_its_users_loses_nothing(
    earlier: Dump, checkout: Path, template_url: str, empty_url: str, start_daemon: StartDaemon
) -> None:
    assert template_url  # The cluster has the roles.
    earlier.restore(empty_url)
    with psycopg.connect(empty_url, autocommit=True) as db:
        db.execute("select postbell.reset_router()")
        older = start_daemon(empty_url, checkout=checkout)
        await_leader(empty_url, older)
        with (
            producing(empty_url, 2, pause=0.2, longest=0.2) as producers,
            signing_up(empty_url) as users,
        ):

            def committed() -> list[int]:
                return sorted(event for each in producers for event in each.committed)

            def both_go_on(events: int, people: int) -> None:
                until(lambda: len(committed()) > events, "the application goes on")
                until(lambda: users.error or len(users.people) > people, "its users sign up")
                assert users.error is None

            both_go_on(20, 20)
            deploy(ROOT, empty_url)
            both_go_on(len(committed()) + 20, len(users.people) + 20)

        if earlier.contract != CONTRACT:
            until(lambda: not older.is_running(), "the older daemon ends")
            sentence = f"The schema has contract {CONTRACT}"
            # Before 0.1.0 a sleeping router ended with the error of what the deploy had dropped.
            former = "UndefinedFunction" if earlier.version == "before-0.1.0" else sentence
            assert sentence in older.log() or former in older.log()
            start_daemon(empty_url)
        inbox = "select outbox_id from postbell.inbox_item where outbox_id = any(%s) order by 1"
        events = committed()
        until(lambda: given.column(db, inbox, events) == events, "all is delivered once", 180)

        known = given.column(
            db, "select id from postbell.recipient where id = any(%s)", users.people
        )
        assert {*known} == {*users.people}
        assert users.error is None
        assert [(each.error, each.doubtful) for each in producers] == [(None, [])] * 2


async def test_a_daemon_that_calls_what_a_deploy_has_dropped_ends_with_the_contract(
    database_url: str, db: Connection
) -> None:
    older = asyncio.create_task(Daemon(database_url, Settings(http_port=0)).run())
    event = given.emit(db, payload=PAYLOAD, channels=["in_app"])
    await seen(lambda: routed(db) == {event}, "it runs")

    db.execute(
        "begin; create or replace function postbell.contract() returns integer"
        f" language sql immutable return {CONTRACT + 1};"
        " drop function postbell_private.release_sleep_lock cascade; commit".encode()
    )
    given.emit(db, payload=PAYLOAD, channels=["in_app"])

    with pytest.raises(SchemaError, match=f"contract {CONTRACT + 1} .* contract {CONTRACT}: upgr"):
        await older


async def test_a_daemon_ends_when_the_schema_becomes_one_of_another_contract(
    database_url: str, db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "HEALTH_CHECK_INTERVAL", 0.05)
    older = asyncio.create_task(Daemon(database_url, Settings(http_port=0)).run())
    event = given.emit(db, payload=PAYLOAD, channels=["in_app"])
    await seen(lambda: routed(db) == {event}, "it runs")

    db.execute(
        "create or replace function postbell.contract() returns integer"
        f" language sql immutable return {CONTRACT + 1}".encode()
    )

    with pytest.raises(SchemaError, match=f"contract {CONTRACT + 1} .* contract {CONTRACT}: upgr"):
        await older
