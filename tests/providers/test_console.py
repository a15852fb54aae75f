"""What the console shows."""

from __future__ import annotations

import io
import sys

import pytest

from dispatcher.delivery.model import Retry, Sent
from dispatcher.providers.base import ProviderUrlError
from dispatcher.providers.console import Console
from tests.support.messages import an_email, an_sms


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


async def test_a_text_message_is_shown_with_its_length(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console.from_url("console:?channel=sms", name="texts")
    await console.open()

    outcome = await console.send(an_sms(7, sender="Shop", body="Grüße: 20 €"))

    assert (console.name, console.channel) == ("texts", "sms")
    assert outcome == Sent("console-7")
    assert capsys.readouterr().out.splitlines()[1:-1] == [
        "From: Shop",
        "To: +12025550123",
        "Length: 1 segment (12 of 160 in GSM 03.38)",
        "",
        "Grüße: 20 €",
    ]


@pytest.mark.parametrize("asked", ["channel=push", "channel=", "chanel=sms", "sms"])
def test_another_channel_is_a_sentence(asked: str) -> None:
    with pytest.raises(ProviderUrlError, match=r"write console: or console:\?channel=sms"):
        Console.from_url(f"console:?{asked}")


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
