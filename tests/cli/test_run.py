"""postbell run, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.support import given
from tests.support.cli import Cli
from tests.support.peers.server_process import free_port
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.slow

#: What must never be read in a log.
CANARY = "canary-4711"
SECONDS = PATIENCE


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def daemon(
    cli: Cli, database: given.Connection, database_url: str, port: int
) -> Iterator[subprocess.Popen[str]]:
    """A daemon that prints mails and is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from dispatcher.cli import main; main()", "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "POSTBELL_DATABASE_URL": database_url,
            "POSTBELL_SMTP_URL": "console:",
            "POSTBELL_HTTP_PORT": str(port),
        },
    )
    deadline = time.monotonic() + SECONDS
    while not is_ready(port) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    yield process
    process.kill()
    process.communicate()


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
            return True
    except (urllib.error.URLError, ConnectionError):
        return False


def test_run_delivers_and_stops_when_it_is_asked_to(
    cli: Cli, daemon: subprocess.Popen[str], port: int
) -> None:
    payload = json.dumps({"order_id": CANARY, "amount": "19.90"})

    answered = cli.json("send", "order.paid", "u1", "--payload", payload, "--wait")

    states = {row["channel"]: row["state"] for row in answered["deliveries"]}
    assert answered["settled"]
    assert states["in_app"] == "delivered"
    assert states["email"] == "sent"
    assert cli.json("stats")["router"] is not None
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
        assert "postbell_router_leading 1.0" in response.read().decode()

    daemon.send_signal(signal.SIGTERM)
    mails, log = daemon.communicate(timeout=SECONDS)

    assert daemon.returncode == 0, log
    assert CANARY in mails
    assert CANARY not in log
    assert "u1@example.org" not in log
    assert {json.loads(line)["event"] for line in log.splitlines()} >= {"running", "stopped"}


def test_a_taken_port_is_a_sentence(
    cli: Cli, daemon: subprocess.Popen[str], database_url: str, port: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from dispatcher.cli import main; main()", "run"],
        check=False,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "POSTBELL_DATABASE_URL": database_url,
            "POSTBELL_HTTP_PORT": str(port),
        },
        timeout=SECONDS,
    )

    assert done.returncode == 3, done.stderr
    assert "POSTBELL_HTTP_PORT" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
