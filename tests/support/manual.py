"""A page of the manual, done as it says: every command and every statement in it is run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dispatcher.db import embedded
from tests.support import given
from tests.support.given import Connection
from tests.support.peers.server_process import free_port

ROOT = Path(__file__).parents[2]

# What an own PostgreSQL and mail server are called in there.
DATABASE = "postgresql://postgres@localhost/app"
OWNER = "postgresql://postbell_owner@localhost/app"
MAIL_SERVER = "console:"


@dataclass(frozen=True)
class Block:
    """A fenced block that is run, and the ```text block right after it, if there is one."""

    line: int
    language: str
    text: str
    shown: str | None
    #: The login that runs it, if the page says so in a comment: <!-- as helpdesk -->.
    login: str | None


def blocks(page: str) -> list[Block]:
    """Those of a page that are run: statements and commands."""
    fences = list(re.finditer(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    found = []
    for fence, following in zip_longest(fences, fences[1:]):
        if fence[1] not in ("sql", "console"):
            continue
        shown = following[2] if following and following[1] == "text" else None
        logins = re.findall(r"<!-- as (\w+) -->", page[: fence.start()])
        line = page.count("\n", 0, fence.start()) + 1
        found.append(Block(line, fence[1], fence[2], shown, logins[-1] if logins else None))
    return found


class Reader:
    """An administrator who does what a page says, on a database with a daemon.

    It is deployed by its owner already, so that what stands before the deploy can be done too.
    `places` are further names in it, and what they stand for; `folder` is where it is done.
    """

    def __init__(
        self,
        url: str,
        mail_url: str,
        programs: Path,
        places: Mapping[str, str] | None = None,
        *,
        folder: Path,
    ) -> None:
        self._url = url
        self._folder = folder
        self._environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("POSTBELL_")},
            "PATH": f"{programs}:{embedded.binary('psql').parent}:{os.environ['PATH']}",
            "POSTBELL_DATABASE_URL": make_conninfo(url, user="postbell_owner"),
            "POSTBELL_SMTP_URL": mail_url,
            "POSTBELL_HTTP_PORT": "0",
            "LC_ALL": "C.UTF-8",
        }
        self._programs = programs
        self._places = {
            DATABASE: url,
            OWNER: self._environment["POSTBELL_DATABASE_URL"],
            MAIL_SERVER: mail_url,
            **(places or {}),
        }

    def do(self, block: Block) -> str:
        """Runs a block; its standard output. Raises AssertionError if something fails in it."""
        if block.language == "sql":
            url = make_conninfo(self._url, user=block.login) if block.login else self._url
            return self._run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", url], self._ours(block.text))
        lines = block.text.splitlines()
        assert all(line.startswith("$ ") for line in lines), block
        return "".join(self._command(line.removeprefix("$ ")) for line in lines)

    def _ours(self, statements: str) -> str:
        database = conninfo_to_dict(self._url)["dbname"]
        return statements.replace("database app", f"database {database}").replace(
            "create role postbell_owner", "alter role postbell_owner"
        )

    def _command(self, line: str) -> str:
        words = shlex.split(line)
        for theirs, ours in self._places.items():
            line = line.replace(theirs, shlex.quote(ours))
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
            case ["pip", "install", ".[dispatcher]"]:
                # What this does is another test's: it builds the wheel and installs it.
                return ""
            case ["postbell", "run"]:
                return self._until_it_says("running", "run")
            case ["postbell", "serve"]:
                return self._until_it_says("serving", "serve")
            case ["postbell", *_] | ["psql" | "pg_dump" | "pg_dumpall" | "pg_restore", *_]:
                return self._run(["sh", "-c", line])
            case _:
                raise AssertionError(f"nobody runs {line!r}: say here how")

    def _make(self, line: str) -> str:
        """The targets exist. Of what they would run, the demo's story is run."""
        planned = self._run(["sh", "-c", f"{line} --dry-run --no-print-directory -C {ROOT}"])
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
            cwd=self._folder,
            env=environment | options,
            input=given,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == 0, f"{command}\n{given}\n{done.stdout}{done.stderr}"
        return done.stdout


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
        " (select from postbell_private.notification as n where n.id = e.id)"
        " and not exists (select from postbell.rejected_event as r where r.outbox_id = e.id)"
        " and not exists (select from postbell_private.duplicate_event as d where d.outbox_id ="
        " e.id))",
    )
    return bool(is_settled)
