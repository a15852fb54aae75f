"""What the console shows."""

from __future__ import annotations

import io
import sys

import pytest

from dispatcher.channels.email import Email
from dispatcher.delivery import Retry
from dispatcher.providers.console import Console


def a_mail(text: str) -> Email:
    data = (
        "From: Shop <shop@shop.example>\r\nTo: ann@example.org\r\nSubject: =?utf-8?b?SMO8dHRl?=\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
    )
    return Email(1, "b@shop.example", "ann@example.org", "<1@shop.example>", data.encode(), False)


async def test_headers_and_text_are_shown_as_they_read(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    await console.open()

    await console.send(a_mail("Grüße\r\nfrom the shop"))

    shown = capsys.readouterr().out.splitlines()
    assert shown[1:-1] == [
        "From: Shop <shop@shop.example>",
        "To: ann@example.org",
        "Subject: Hütte",
        "",
        "Grüße",
        "from the shop",
    ]


async def test_a_payload_cannot_play_with_the_terminal() -> None:
    stream = io.StringIO()
    console = Console(stream)
    await console.open()

    await console.send(a_mail("\x1b[2J\x1b]0;owned\x07"))

    assert "\x1b" not in stream.getvalue()
    assert "\x07" not in stream.getvalue()


async def test_a_terminal_without_the_letters_shows_question_marks() -> None:
    raw = io.BytesIO()
    console = Console(io.TextIOWrapper(raw, encoding="ascii"))
    await console.open()

    await console.send(a_mail("Grüße"))

    assert b"Gr??e" in raw.getvalue()


async def test_a_closed_stream_is_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    console = Console()
    await console.open()

    assert isinstance(await console.send(a_mail("Hello")), Retry)
