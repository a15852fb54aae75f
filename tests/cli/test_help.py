"""Help: there at once, and readable on a narrow terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.support.cli import COMMANDS

#: What takes long to import, and is for commands that do something. Typer itself needs pydantic.
HEAVY = (
    "aiohttp", "aiosmtplib", "alembic", "asyncio", "babel", "css_inline", "cryptography",
    "email_validator", "jinja2", "pgqueuer", "phonenumbers", "platformdirs", "prometheus_client",
    "psycopg", "pywebpush", "rich", "sendgrid", "sqlalchemy", "starlette", "structlog",
    "twilio", "uvicorn",
)  # fmt: skip
HELP = [(), ("new",), ("text",), *(command.path for command in COMMANDS)]

# A process of its own: in this one, everything is loaded, and click's test runner is 80 wide.
_SHOW = """
import contextlib, io, json, sys
from dispatcher.cli import app
shown = []
for path in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as help:
        app([*path, "--help"], prog_name="postbell", standalone_mode=False)
    shown.append(help.getvalue().splitlines())
print(json.dumps({"shown": shown, "loaded": list(sys.modules)}))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """The lines of each help at 60 columns, and the modules that were loaded to show them."""
    done = subprocess.run(
        [sys.executable, "-c", _SHOW, json.dumps(HELP)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "60"},
        timeout=60,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_help_loads_nothing_heavy(told: dict[str, Any]) -> None:
    assert set(HEAVY) & set(told["loaded"]) == set()


def test_help_is_whole_at_60_columns(told: dict[str, Any]) -> None:
    for usage, *lines in told["shown"]:
        assert usage.startswith("Usage: postbell ")
        assert [line for line in lines if len(line) > 60] == []
        # So click ends what it has cut off.
        assert [line for line in lines if line.endswith("...")] == []


def test_the_list_of_commands_says_what_each_does(told: dict[str, Any]) -> None:
    listed = {line.split()[0]: line.split()[1:] for line in told["shown"][0] if line[:3].strip()}

    assert all(len(listed[command.path[0]]) > 2 for command in COMMANDS)
