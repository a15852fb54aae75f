"""For each provider, the other side of it, so that one suite can ask the same of them all.

A new provider adds its class to PEERS and passes `test_contract.py`; what it alone does is tested
in a module of its own.
"""

from __future__ import annotations

import io
from typing import Any, ClassVar, Protocol

from dispatcher.channels.email import Email
from dispatcher.providers.console import Console
from dispatcher.providers.provider import Provider
from dispatcher.providers.smtp import Endpoint, Smtp
from tests.providers.given import an_email
from tests.providers.smtp_peer import Drop, Hang, Say, SmtpPeer


class Peer(Protocol):
    """The outside world as one provider meets it. Steps have the names of its protocol."""

    #: What can be refused, per reply of the outside world; empty where it refuses nobody.
    refusals: ClassVar[tuple[str, ...]]
    #: Replies that ask to come back later.
    deferrals: ClassVar[tuple[str, ...]]
    #: Steps at which the connection can be lost or fall silent, with nothing taken.
    before_acceptance: ClassVar[tuple[str, ...]]
    #: Those where the message may have been taken.
    after_acceptance: ClassVar[tuple[str, ...]]
    #: Sends in flight, at most; None where a send does not wait.
    bound: ClassVar[int | None]
    #: What must never be shown; None where there is none.
    secret: ClassVar[str | None]

    #: The provider, pointed at this peer, with short time-outs.
    provider: Provider[Any]

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def message(self, number: int) -> Any: ...
    def reply(self, reply: str) -> None: ...
    def behave(self) -> None: ...
    def lose_connection(self, step: str) -> None: ...
    def fall_silent(self, step: str) -> None: ...

    @property
    def taken(self) -> int:
        """Messages taken so far."""
        ...

    @property
    def peak(self) -> int:
        """The most sends that were in flight at once."""
        ...


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
            Endpoint.from_url(
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


class _Terminal(io.StringIO):
    broken = False

    def flush(self) -> None:
        if self.broken:
            raise BrokenPipeError(32, "Broken pipe")


class ConsoleHarness:
    refusals: ClassVar[tuple[str, ...]] = ()
    deferrals: ClassVar[tuple[str, ...]] = ("broken pipe",)
    before_acceptance: ClassVar[tuple[str, ...]] = ()
    after_acceptance: ClassVar[tuple[str, ...]] = ()
    bound: ClassVar[int | None] = None
    secret: ClassVar[str | None] = None

    def __init__(self) -> None:
        self._terminal = _Terminal()
        self.provider: Provider[Any] = Console(self._terminal)

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def message(self, number: int) -> Email:
        return an_email(number)

    def reply(self, reply: str) -> None:
        self._terminal.broken = reply == "broken pipe"

    def behave(self) -> None:
        self._terminal.broken = False

    def lose_connection(self, step: str) -> None:
        raise AssertionError(f"a console has no step {step}")

    def fall_silent(self, step: str) -> None:
        raise AssertionError(f"a console has no step {step}")

    @property
    def taken(self) -> int:
        return self._terminal.getvalue().count("Subject: Order ")

    @property
    def peak(self) -> int:
        return 1


PEERS: tuple[type[Peer], ...] = (SmtpHarness, ConsoleHarness)
