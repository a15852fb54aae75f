"""`postbell demo`: the story comes true, its failure is noticed, and nothing is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.terminal import on_terminal
from tests.support.waiting import until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# A shell that started us in the background has SIGINT ignored, and children inherit that.
COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " from dispatcher.cli import main; main()"
)

#: What it says when buttons may be pressed.
RUNNING = "and press a button"


@pytest.fixture
def scratch() -> Iterator[Path]:
    """An empty folder with a short name, for sockets; as open to all accounts as /tmp is."""
    folder = Path(tempfile.mkdtemp(prefix="pb-"))
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


def environment(scratch: Path) -> dict[str, str]:
    """Nearly empty: no HOME, temporary files in the folder."""
    return {"PATH": os.environ["PATH"], "TMPDIR": str(scratch), "LC_ALL": "C.UTF-8"}


def demo(scratch: Path, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    """Starts it with its output in a pipe."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "demo", *arguments],
        cwd=ROOT,
        env={**environment(scratch), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def descendants(pid: int) -> set[int]:
    """Every process that it started, and those started in turn."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid="], check=True, capture_output=True, text=True
    ).stdout
    children: dict[int, set[int]] = {}
    for line in listed.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, set()).add(child)
    found: set[int] = set()
    unseen = {pid}
    while unseen:
        unseen = set().union(*(children.get(each, set()) for each in unseen))
        found |= unseen
    return found


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.timeout(240)
def test_the_story_comes_true_and_says_what_arrived(scratch: Path) -> None:
    with demo(scratch, "--once") as process:
        said, _ = process.communicate(timeout=200)
    assert process.returncode == 0, said
    assert "Ada Lindqvist    in_app delivered" in said
    assert "Payment of £149.00 for order #1001" in said
    assert "Commande n°\xa01008 enregistrée" in said
    assert "rolled back by wallet_is_not_overdrawn: nobody hears of it" in said
    assert "Hélène Marchand  sms    sent" in said
    assert "Ada Lindqvist    push   sent" in said
    assert "rolled back by points_are_not_overdrawn: nobody hears of it" in said
    assert "The person's quiet hours" in said
    assert "The person switched this off." in said
    assert "amount is not of type amount: it has to be a decimal string such as '19.90'." in said
    assert "All 28 events occurred." in said
    assert "Everything that should arrive did, 130 of 130; nothing else." in said
    assert list(scratch.iterdir()) == []


@pytest.mark.timeout(240)
def test_mail_that_goes_nowhere_is_missed(scratch: Path) -> None:
    with socket.socket() as nobody:
        # Bound and not listening: whoever connects is refused.
        nobody.bind(("127.0.0.1", 0))
        url = f"smtp://127.0.0.1:{nobody.getsockname()[1]}"
        with demo(scratch, "--once", POSTBELL_SMTP_URL=url) as process:
            said, _ = process.communicate(timeout=200)
    assert process.returncode == 1, said
    assert "This is not as it should be:" in said
    missed = "Ada Lindqvist pays order 1001: email to Ada Lindqvist should be sent (wanted), and is"
    assert missed in said
    assert "in_app to Ada Lindqvist should" not in said


@pytest.mark.timeout(240)
def test_whoever_ends_the_story_early_finds_nothing_left(scratch: Path) -> None:
    with demo(scratch, "--once") as process:
        said = read_until(process, "Everything runs.")
        started = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said + rest
    assert len(started) > 3
    until(lambda: not any(map(is_there, started)), "everything that it started is gone")
    assert list(scratch.iterdir()) == []


@pytest.mark.timeout(240)
def test_a_terminal_shows_the_address_first_a_few_plain_lines_and_ctrl_c_leaves_nothing(
    scratch: Path,
) -> None:
    command = [sys.executable, "-c", COMMAND, "demo"]
    with on_terminal(command, {**environment(scratch), "TERM": "xterm-256color"}, ROOT) as terminal:
        terminal.read_until("The page will be at http://127.0.0.1:", 30)
        assert RUNNING not in terminal.text
        terminal.read_until("Ctrl-C ends it.", 120)
        terminal.read_until("export POSTBELL_DATABASE_URL=", 5)
        started = descendants(terminal.process.pid)
        terminal.type("\x03")
        assert terminal.read_to_the_end(60) == 0, terminal.text
    assert terminal.text.rstrip().endswith("Stopped; the demo leaves nothing behind.")
    assert "\x1b" not in terminal.raw
    assert len(terminal.text.splitlines()) < 10
    assert len(started) > 3
    until(lambda: not any(map(is_there, started)), "everything that it started is gone")
    assert list(scratch.iterdir()) == []


@pytest.mark.timeout(240)
def test_a_demo_that_is_killed_takes_everything_with_it(scratch: Path) -> None:
    with demo(scratch) as process:
        read_until(process, RUNNING)
        started = descendants(process.pid)
        process.kill()
    until(lambda: not any(map(is_there, started)), "everything that it started is gone")
    until(lambda: not list(scratch.iterdir()), "its folder is gone")


def read_until(process: subprocess.Popen[str], expected: str) -> str:
    """What it says until then. Raises AssertionError if it ends before."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if expected in line:
            return said
    raise AssertionError(f"it ended before {expected!r}:\n{said}")
