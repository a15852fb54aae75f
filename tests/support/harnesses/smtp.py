"""A mail server that says what it is told to."""

from __future__ import annotations

from typing import Any, ClassVar

from dispatcher.channels.email import Email
from dispatcher.providers.base import Provider
from dispatcher.providers.smtp import Smtp
from dispatcher.providers.smtp_connection import SmtpEndpoint
from tests.support.messages import an_email
from tests.support.smtp_peer import Drop, Hang, Say, SmtpPeer


class SmtpHarness:
    refusals: ClassVar[tuple[str, ...]] = (
        "RCPT 550 5.1.1 no such user",
        "RCPT 550 no",
        "DATA 554 5.7.1 spam",
        "ACCEPT 550 5.6.0 no",
    )
    deferrals: ClassVar[tuple[str, ...]] = (
        "MAIL 451 4.3.0 later",
        "MAIL 421 4.3.2 going down",
        "RCPT 450 4.2.0 greylisted",
        "RCPT 552 full",
        "DATA 451 later",
        "ACCEPT 452 4.3.1 disk full",
        "GREETING 554 no service",
        "EHLO 550 you again",
        "AUTH 535 5.7.8 wrong",
        "AUTH 454 4.7.0 later",
    )
    before_acceptance: ClassVar[tuple[str, ...]] = (
        "GREETING",
        "EHLO",
        "AUTH",
        "MAIL",
        "RCPT",
        "DATA",
    )
    after_acceptance: ClassVar[tuple[str, ...]] = ("ACCEPT",)
    bound: ClassVar[int | None] = 3
    secret: ClassVar[str | None] = "s3cret!"

    def __init__(self) -> None:
        self._peer = SmtpPeer(extensions=("AUTH PLAIN LOGIN", "ENHANCEDSTATUSCODES"))

    async def start(self) -> None:
        await self._peer.start()
        self.provider: Provider[Any] = Smtp(
            SmtpEndpoint.from_url(
                f"smtp://shop:s3cret%21@127.0.0.1:{self._peer.port}"
                "?timeout=1&accept_timeout=1&pool=3"
            )
        )

    async def stop(self) -> None:
        await self._peer.stop()

    def message(self, number: int) -> Email:
        return an_email(number)

    def reply(self, reply: str) -> None:
        step, _, line = reply.partition(" ")
        self._peer.always(step, Say(line))

    def behave(self) -> None:
        self._peer.behave()

    def lose_connection(self, step: str) -> None:
        self._peer.always(step, Drop())

    def fall_silent(self, step: str) -> None:
        self._peer.always(step, Hang())

    @property
    def taken(self) -> int:
        return len(self._peer.mails)

    @property
    def peak(self) -> int:
        return self._peer.peak
