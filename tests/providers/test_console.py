"""What the console shows."""

from __future__ import annotations

import io
import sys

import pytest

from dispatcher.delivery import Retry
from dispatcher.providers.console import Console
from tests.providers.given import an_email


async def test_headers_and_text_are_shown_as_they_read(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    await console.open()

    await console.send(an_email(subject="Hütte", text="Grüße\r\nfrom the shop"))

    shown = capsys.readouterr().out.splitlines()
    assert shown[1:-1] == [
        "From: Shop <shop@shop.example>",
        "To: ann@example.org",
        "Subject: Hütte",
        "Date: Fri, 17 May 2030 12:00:00 +0000",
        "",
        "Grüße",
        "from the shop",
    ]


async def test_a_payload_cannot_play_with_the_terminal() -> None:
    stream = io.StringIO()
    console = Console(stream)
    await console.open()

    await console.send(an_email(text="\x1b[2J\x1b]0;owned\x07"))

    assert "\x1b" not in stream.getvalue()
    assert "\x07" not in stream.getvalue()


async def test_a_terminal_without_the_letters_shows_question_marks() -> None:
    raw = io.BytesIO()
    console = Console(io.TextIOWrapper(raw, encoding="ascii"))
    await console.open()

    await console.send(an_email(text="Grüße"))

    assert b"Gr??e" in raw.getvalue()


async def test_a_closed_stream_is_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    console = Console()
    await console.open()

    assert isinstance(await console.send(an_email()), Retry)
