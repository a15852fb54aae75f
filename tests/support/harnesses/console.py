"""A terminal that can break."""

from __future__ import annotations

import io
from typing import Any, ClassVar

from dispatcher.channels.email import Email
from dispatcher.providers.base import Provider
from dispatcher.providers.console import Console
from tests.support.messages import an_email


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
