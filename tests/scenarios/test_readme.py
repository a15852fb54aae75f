"""README.md, done as it says: every command and every statement in it is run, and shows that."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from dispatcher import embedded, settings
from tests import given
from tests.given import Connection
from tests.peers.server_process import free_port
from tests.scenarios.conftest import StartDaemon
from tests.scenarios.daemon_process import await_leader
from tests.scenarios.mail_sink import MailSink
from tests.scenarios.patience import until

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

# What an own PostgreSQL and mail server are called in there.
DATABASE = "postgresql://postgres@localhost/app"
MAIL_SERVER = "smtp://127.0.0.1:1025"


@dataclass(frozen=True)
class Block:
    """A fenced block that is run, and the ```text block right after it, if there is one."""

    line: int
    language: str
    text: str
    shown: str | None


def blocks() -> list[Block]:
    fences = list(re.finditer(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))
    found = []
    for fence, following in zip(fences, [*fences[1:], None], strict=True):
        if fence[1] not in ("sql", "console"):
            continue
        shown = following[2] if following and following[1] == "text" else None
        found.append(Block(README.count("\n", 0, fence.start()) + 1, fence[1], fence[2], shown))
    return found


class Reader:
    """Somebody who does what README says, on a database with a daemon."""

    def __init__(self, url: str, mail_url: str, programs: Path) -> None:
        self._url = url
        self._environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("POSTBELL_")},
            "PATH": f"{programs}:{embedded.binary('psql').parent}:{os.environ['PATH']}",
            "POSTBELL_DATABASE_URL": url,
            "POSTBELL_SMTP_URL": mail_url,
            "POSTBELL_HTTP_PORT": "0",
            "LC_ALL": "C.UTF-8",
        }
        self._programs = programs
        self._places = {DATABASE: url, MAIL_SERVER: mail_url}

    def do(self, block: Block) -> str:
        """Runs a block; its standard output. Raises AssertionError if something fails in it."""
        if block.language == "sql":
            return self._run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", self._url], block.text)
        lines = block.text.splitlines()
        assert all(line.startswith("$ ") for line in lines), block
        return "".join(self._command(line.removeprefix("$ ")) for line in lines)

    def _command(self, line: str) -> str:
        words = shlex.split(line)
        for theirs, ours in self._places.items():
            line = line.replace(theirs, ours)
        match words:
            case ["make", *_]:
                return self._make(line)
            case ["export", assignment]:
                name, _, value = assignment.partition("=")
                if name in self._environment:
                    # It would name what is set already.
                    assert self._environment[name] == self._places[value]
                else:
                    self._environment[name] = self._run(["sh", "-c", f'printf %s "{value}"'])
                return ""
            case ["pip", "install", "."]:
                # What this does is another test's: it builds the wheel and installs it.
                return ""
            case ["postbell", "run"]:
                return self._until_it_says("running", "run")
            case ["postbell", "serve"]:
                return self._until_it_says("serving", "serve")
            case ["postbell", *_]:
                return self._run(["sh", "-c", line])
            case _:
                raise AssertionError(f"nobody runs {line!r}: say here how")

    def _make(self, line: str) -> str:
        """The targets exist. Of what they would run, the demo's story is run."""
        planned = self._run(["sh", "-c", f"{line} --dry-run --no-print-directory"])
        if line == "make demo ONCE=1":
            assert planned.splitlines()[-1].endswith("/postbell demo --once")
            environment = {**self._environment}
            for name in ("POSTBELL_SMTP_URL", "POSTBELL_DATABASE_URL"):
                del environment[name]
            return self._run(["postbell", "demo", "--once"], environment=environment)
        return ""

    def _until_it_says(self, word: str, command: str) -> str:
        """Runs until it is told to stop; by then it has said that it works."""
        with subprocess.Popen(
            ["postbell", command],
            env=self._environment
            | {"POSTBELL_LOG_FORMAT": "json", "POSTBELL_GATEWAY_PORT": str(free_port())},
            executable=self._programs / "postbell",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            said = next((line for line in process.stdout if word in line), "")
            process.terminate()
            rest, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said + rest
        return ""

    def _run(
        self, command: list[str], given: str = "", environment: dict[str, str] | None = None
    ) -> str:
        environment = environment or self._environment
        # A plain table, without the number of its rows.
        options = {"PGOPTIONS": "-c client_min_messages=warning", "PAGER": ""}
        done = subprocess.run(
            [*command[:1], *(["-Pfooter=off"] if command[0] == "psql" else []), *command[1:]],
            check=False,
            cwd=ROOT,
            env=environment | options,
            input=given,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, f"{command}\n{given}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with the command `postbell`, installed or not."""
    command = tmp_path / "bin" / "postbell"
    command.parent.mkdir()
    command.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from dispatcher.cli import main\nmain()\n"
    )
    command.chmod(0o755)
    return command.parent


@pytest.fixture
def db(database_url: str) -> Iterator[Connection]:
    """What README takes for granted: an application with a login, a table and a user."""
    with psycopg.connect(database_url, autocommit=True) as session:
        session.execute("create table orders (id bigint, paid_at timestamptz)")
        session.execute("insert into orders values (42), (43)")
        session.execute("create role shop login")
        given.recipient(session, email="ada@example.org", phone=None)
        yield session
        session.execute("drop owned by shop")
        session.execute("drop role shop")


def in_order(expected: str, said: str) -> list[str]:
    """The lines that are shown and were not said, in this order; `…` stands for anything."""
    rest = iter(said.splitlines())
    missing = []
    for line in filter(str.strip, expected.splitlines()):
        pattern = ".*".join(map(re.escape, line.rstrip().split("…")))
        if not any(re.fullmatch(pattern, told.rstrip()) for told in rest):
            missing.append(line)
            break
    return missing


def settled(db: Connection) -> bool:
    """Everything that was emitted is routed, and everything routed delivered or waiting."""
    (is_settled,) = given.column(
        db,
        "select not exists (select from postbell.delivery_log where state in ('queued', 'sending'))"
        " and not exists (select from postbell.outbox as e where not exists"
        " (select from postbell.notification as n where n.id = e.id)"
        " and not exists (select from postbell.rejected_event as r where r.outbox_id = e.id)"
        " and not exists (select from postbell.duplicate_event as d where d.outbox_id = e.id))",
    )
    return bool(is_settled)


@pytest.mark.slow
def test_what_readme_says_is_so(
    database_url: str,
    db: Connection,
    start_daemon: StartDaemon,
    mail_sink: MailSink,
    programs: Path,
) -> None:
    daemon = start_daemon(database_url, smtp_url=mail_sink.url)
    await_leader(database_url, daemon)
    reader = Reader(database_url, mail_sink.url, programs)

    for block in blocks():
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
