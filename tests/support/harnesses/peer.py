"""What the other side of every provider can be made to do."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from dispatcher.providers.base import Provider


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
