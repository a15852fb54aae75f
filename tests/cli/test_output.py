"""What is written where, and how wide."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from dispatcher.cli.output import echo, echo_stderr, echo_table

PERSON = "0b9d6f0e-6d1b-4c53-9f4e-3f2a0d8f7c11"
SENTENCE = "The person's quiet hours: it waits for their end, unless it expires before."
ROWS: list[list[str | None]] = [[PERSON, "email", SENTENCE], ["u1", "in_app", None]]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.mark.usefixtures("piped")
def test_a_pipe_gets_a_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    echo(SENTENCE * 4)
    echo_table(("person", "channel", "why"), ROWS, title="Event 1")

    folded, title, *table = capsys.readouterr().out.splitlines()
    assert folded == SENTENCE * 4
    assert title == "Event 1"
    assert [each for each in table if PERSON in each and SENTENCE in each]


@pytest.mark.usefixtures("narrow")
def test_a_table_that_does_not_fit_becomes_lines(capsys: pytest.CaptureFixture[str]) -> None:
    echo_table(("person", "channel", "why"), ROWS)

    assert capsys.readouterr().out == (
        f"person: {PERSON}\n"
        "  channel: email\n"
        "  why: The person's quiet hours: it waits for their end,\n"
        "    unless it expires before.\n"
        "person: u1\n"
        "  channel: in_app\n"
        "\n"
    )


@pytest.mark.usefixtures("narrow")
def test_a_table_folds_sentences_between_words(capsys: pytest.CaptureFixture[str]) -> None:
    echo_table(("channel", "why"), [row[1:] for row in ROWS])

    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["channel", "why"]
    assert all(len(line) <= 60 for line in lines)
    assert set(SENTENCE.split()) <= set(" ".join(lines).split())


@pytest.mark.usefixtures("narrow")
def test_no_word_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    link = "https://shop.example/unsubscribe/" + "a-very-long-token" * 5

    echo(f"{SENTENCE} {link}", indent=4)
    echo_stderr(link)

    shown = capsys.readouterr()
    assert shown.out.splitlines()[-1] == f"    {link}"
    assert shown.err == f"{link}\n"


def test_a_terminal_of_60_columns_is_enough() -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    code = (
        "from dispatcher.cli.output import echo, echo_table;"
        f"echo({SENTENCE!r}); echo_table(('person', 'channel', 'why'), {ROWS!r}, title='Event 1')"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=theirs, env=environment, timeout=60
    )
    os.close(theirs)

    shown = _read(ours)
    assert shown.startswith("The person's quiet hours: it waits for their end, unless it\r\n")
    assert f"person: {PERSON}\r\n" in shown
    assert "\x1b[1m" in shown


def _read(terminal: int) -> str:
    """Everything that was written to a terminal which nobody writes to any more."""
    shown = b""
    # Linux ends it with EIO.
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 10_000):
            shown += piece
    os.close(terminal)
    return shown.decode()
