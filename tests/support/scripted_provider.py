"""A provider that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dispatcher.channels.email import Email
from dispatcher.delivery.model import Outcome, Sent

Answer = Callable[[Email], Awaitable[Outcome]]


class ScriptedProvider:
    """Takes mails, or does with them what `answer` says; remembers each that it was handed."""

    name = "scripted"
    channel = "email"

    def __init__(self, *answers: Outcome) -> None:
        """The answers are given in turn; after the last, everything is sent."""
        self.messages: list[Email] = []
        self.answer: Answer = self._take
        self._answers = list(answers)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, message: Email) -> Outcome:
        self.messages.append(message)
        if self._answers:
            return self._answers.pop(0)
        return await self.answer(message)

    def copies(self, delivery_id: int) -> int:
        """How often a delivery was handed over."""
        return sum(message.delivery_id == delivery_id for message in self.messages)

    async def _take(self, message: Email) -> Outcome:
        return Sent(message.message_id, code="250")


class Gate:
    """A provider's answer that comes only when the test opens it."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.waiting = 0

    async def __call__(self, message: Email) -> Outcome:
        self.waiting += 1
        await self.opened.wait()
        return Sent(message.message_id, code="250")
