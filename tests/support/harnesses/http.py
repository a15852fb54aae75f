"""The other side of every provider that speaks HTTP.

A service's harness derives from HttpHarness and says five things: how its service answers a request
(`usual`), what its errors look like (`error`), which provider to ask (`provider_at`), what to send
(`message`), and the class variables `refusals`, `deferrals` and `secret`. Cases are written
`STATUS text`; `error` gets both, and finds in the text whatever code its service needs:

    class PigeonHarness(HttpHarness):
        refusals = ("400 bad ring",)
        deferrals = ("429 too many", "500 down", "401 who are you")
        secret = "s3cret!"

        def usual(self, request: Request) -> Say:
            return Say(201, {}, b'{"id": "p1"}')

        def error(self, status: int, text: str) -> Say:
            return Say(status, {}, json.dumps({"message": text}).encode())

        def provider_at(self, port: int) -> Provider[Any]:
            return Pigeon.from_url(f"pigeon://:s3cret!@127.0.0.1:{port}?scheme=http{SHORT}")

        def message(self, number: int) -> Any: ...

Then it is added to PEERS. What the service was asked is in `peer.requests`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from dispatcher.providers.base import Provider
from tests.support.http_peer import Drop, Hang, HttpPeer, Request, Say

#: The end of a provider's URL: short time-outs, and the bound that the contract is held to.
SHORT = "&timeout=1&connect_timeout=1&concurrency=3"


class HttpHarness(ABC):
    """A web server on this machine, and a provider pointed at it."""

    refusals: ClassVar[tuple[str, ...]]
    deferrals: ClassVar[tuple[str, ...]]
    #: What is sent at once is read at once, as far as we can know: only without a connection is it
    #: certain that nothing was taken.
    before_acceptance: ClassVar[tuple[str, ...]] = ("CONNECT",)
    after_acceptance: ClassVar[tuple[str, ...]] = ("REPLY", "HEADERS")
    bound: ClassVar[int | None] = 3
    secret: ClassVar[str | None]

    provider: Provider[Any]

    def __init__(self) -> None:
        self.peer = HttpPeer(usual=self.usual)

    @abstractmethod
    def usual(self, request: Request) -> Say:
        """How the service says yes."""

    @abstractmethod
    def error(self, status: int, text: str) -> Say:
        """How it says no."""

    @abstractmethod
    def provider_at(self, port: int) -> Provider[Any]:
        """The provider, with a service on that port of this machine."""

    @abstractmethod
    def message(self, number: int) -> Any:
        """Something to send, another for each number."""

    async def start(self) -> None:
        await self.peer.start()
        self.provider = self.provider_at(self.peer.port)

    async def stop(self) -> None:
        await self.peer.stop()

    def reply(self, reply: str) -> None:
        status, _, text = reply.partition(" ")
        self.peer.always("REPLY", self.error(int(status), text))

    def behave(self) -> None:
        self.peer.behave()

    def lose_connection(self, step: str) -> None:
        if step == "CONNECT":
            self.peer.stop_listening()
        else:
            self.peer.always(step, Drop())

    def fall_silent(self, step: str) -> None:
        if step == "CONNECT":
            self.peer.stop_answering_connections()
        else:
            self.peer.always(step, Hang())

    @property
    def taken(self) -> int:
        return len(self.peer.taken)

    @property
    def peak(self) -> int:
        return self.peer.peak
