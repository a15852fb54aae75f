"""Services that we send through, each by our provider and by the service's own library (SDK).

A new one adds a module here with the members of Rival, and its name to RIVALS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dispatcher.providers.base import Provider
from tests.benchmarks.rivals import sendgrid, smtp, twilio, webpush


class Rival(Protocol):
    """A module of this folder."""

    #: What it is reached over.
    SCHEMES: tuple[str, ...]

    def message(self, number: int, port: int) -> Any:
        """What both send."""
        ...

    def provider(self, port: int, scheme: str) -> Provider[Any]:
        """Ours, with the service on that port of localhost; eight requests in flight."""
        ...

    def sdk(self, port: int, scheme: str) -> Callable[[Any], None]:
        """The library as its README shows it: what is returned sends one message, or raises."""
        ...


class WebRival(Rival, Protocol):
    """A service that speaks HTTP."""

    #: How the service says yes: a whole response.
    ANSWER: bytes


#: Messages before the clock starts: connections, caches.
WARM_UP = 20

WEB: Mapping[str, WebRival] = {"sendgrid": sendgrid, "twilio": twilio, "webpush": webpush}
RIVALS: Mapping[str, Rival] = {"smtp": smtp, **WEB}
