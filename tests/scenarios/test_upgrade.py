"""The next version, deployed while this one delivers and an application emits."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dispatcher import CONTRACT, daemon
from dispatcher.daemon import Daemon
from dispatcher.deploy.contract import SchemaError
from dispatcher.settings import Settings
from tests.support import given
from tests.support.daemon import running
from tests.support.given import Connection
from tests.support.manual import ROOT
from tests.support.outcome import left_over, routed
from tests.support.producer import PAYLOAD, producing
from tests.support.scripted_provider import ScriptedProvider
from tests.support.waiting import seen

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

# Of what everybody writes to, as a revision of ours would be.
REVISION = '''\
"""Say where an event came from."""

from alembic import op

revision = "0002"
down_revision = "0001"


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
    (tmp_path / "migrations/versions/0002_source.py").write_text(REVISION)
    view = tmp_path / "sql/50_delivery/log.sql"
    view.write_text(
        view.read_text().replace("template_version\nfrom", "template_version, source\nfrom")
    )
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
        timeout=100,
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

    assert "0002" in said
    assert [(each.error, each.doubtful) for each in producers] == [(None, [])] * 2
    inbox = "select outbox_id from postbell.inbox_item order by 1"
    assert given.column(db, inbox) == committed()
    assert given.column(db, "select distinct source from postbell.delivery_log") == ["unknown"]

    # Started again before it is upgraded itself.
    async with running(database_url, ScriptedProvider()):
        event = given.emit(db, payload=PAYLOAD, channels=["in_app"])
        await seen(lambda: given.column(db, inbox)[-1:] == [event], "it delivers")


async def test_a_daemon_ends_when_the_schema_becomes_one_of_another_contract(
    database_url: str, db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "PULSE", 0.05)
    older = asyncio.create_task(Daemon(database_url, Settings(http_port=0)).run())
    event = given.emit(db, payload=PAYLOAD, channels=["in_app"])
    await seen(lambda: routed(db) == {event}, "it runs")

    db.execute(
        "create or replace function postbell.contract() returns integer"
        f" language sql immutable return {CONTRACT + 1}".encode()
    )

    with pytest.raises(SchemaError, match=f"contract {CONTRACT + 1} .* contract {CONTRACT}: upgr"):
        await older
