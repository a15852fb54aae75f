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
    assert "Everything that should arrive did, 89 of 89; nothing else." in said
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
    assert "Ada Lindqvist pays order 1001: email to u1 should be sent (wanted), and is wait" in said
    assert "in_app to u1 should" not in said


@pytest.mark.parametrize(
    ("arguments", "number", "expected"),
    [([], signal.SIGINT, 0), (["--once"], signal.SIGINT, 130), ([], signal.SIGTERM, 0)],
    ids=["ctrl-c", "ctrl-c in the story", "sigterm"],
)
def test_whoever_interrupts_it_finds_nothing_left(
    scratch: Path, arguments: list[str], number: signal.Signals, expected: int
) -> None:
    with demo(scratch, *arguments) as process:
        assert process.stdout is not None
        # The first transaction has been told of, so everything runs.
        said = next(line for line in process.stdout if "places order 1001" in line)
        started = descendants(process.pid)
        process.send_signal(number)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == expected, said + rest
    assert len(started) > 3
    until(lambda: not any(map(is_there, started)), "everything that it started is gone")
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "is_drawn"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True),
        ({"TERM": "dumb"}, False),
    ],
    ids=["colours", "no colours", "dumb"],
)
def test_a_terminal_shows_the_address_and_what_happens_while_it_runs(
    scratch: Path, settings: dict[str, str], is_drawn: bool
) -> None:
    command = [sys.executable, "-c", COMMAND, "demo"]
    with on_terminal(command, {**environment(scratch), **settings}, ROOT) as terminal:
        terminal.read_until("The page will be at http://127.0.0.1:", 30)
        terminal.read_until("Ctrl-C ends it", 60)
        terminal.read_until("Ada Lindqvist    in_app delivered", 60)
        # It is drawn again and again, with the address on it.
        shown = len(terminal.text)
        terminal.read_until("order 1002", 30)
        assert ("page http://127.0.0.1:" in terminal.text[shown:]) is is_drawn
        terminal.type("\x03")
        assert terminal.read_to_the_end(60) == 0, terminal.text
    assert terminal.text.rstrip().endswith("Stopped; the demo leaves nothing behind.")
    assert ("\x1b[?1049h" in terminal.raw) is is_drawn
    assert terminal.raw.count("\x1b[?1049h") == terminal.raw.count("\x1b[?1049l")
    assert ("\x1b[32m" in terminal.raw) is (is_drawn and "NO_COLOR" not in settings)
    assert list(scratch.iterdir()) == []


def test_a_demo_that_is_killed_takes_everything_with_it(scratch: Path) -> None:
    with demo(scratch) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if "places order 1001" in line)
        started = descendants(process.pid)
        process.kill()
    until(lambda: not any(map(is_there, started)), "everything that it started is gone")
    until(lambda: not list(scratch.iterdir()), "its folder is gone")
