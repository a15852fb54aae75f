"""Twilio, which says what it is told to."""

from __future__ import annotations

from typing import Any, ClassVar

from dispatcher.channels.sms import Sms
from dispatcher.providers.base import Provider
from dispatcher.providers.twilio import Twilio
from tests.support.harnesses.http import SHORT, HttpHarness
from tests.support.http_peer import Request, Say
from tests.support.messages import an_sms
from tests.support.twilio_peer import SERVICE, TOKEN, TwilioPeer, refusal


class TwilioHarness(HttpHarness):
    #: A number before the text is a code of Twilio's; without one, nobody's error object comes.
    refusals: ClassVar[tuple[str, ...]] = (
        "400 21211 no number",
        "400 21610 stopped",
        "400 21617 too long",
        "400 99999 never heard of",
        "413 too large",
    )
    deferrals: ClassVar[tuple[str, ...]] = (
        "429 20429 too many",
        "429 too many",
        "500 20500 a fault",
        "503 20503 out of service",
        "400 21611 queue is full",
        "400 21408 not this country",
        "400 21606 no sender of yours",
        "401 20003 who are you",
        "401 who are you",
        "403 99999 not you",
        "404 20404 no account",
        "301 elsewhere",
    )
    secret: ClassVar[str | None] = TOKEN

    def __init__(self) -> None:
        super().__init__()
        self.peer: TwilioPeer = TwilioPeer()

    def usual(self, request: Request) -> Say:
        return self.peer.usual(request)

    def error(self, status: int, text: str) -> Say:
        code, _, message = text.partition(" ")
        if code.isdecimal():
            return refusal(int(code), message, status=status)
        return Say(status, {"Content-Type": "text/html"}, f"<p>{text}</p>".encode())

    def provider_at(self, port: int) -> Provider[Any]:
        return Twilio.from_url(
            f"twilio://{self.peer.credentials}@127.0.0.1:{port}"
            f"?scheme=http&messaging_service={SERVICE}{SHORT}"
        )

    def message(self, number: int) -> Sms:
        return an_sms(number)
