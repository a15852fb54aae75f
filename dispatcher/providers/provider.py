"""What every provider is, and which one a URL names."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from dispatcher.delivery import Outcome

Message_contra = TypeVar("Message_contra", contravariant=True)

#: How the reason begins when no message can get through until somebody changes our settings.
MISCONFIGURED = "our configuration is at fault: "


class Provider(Protocol[Message_contra]):
    """Hands messages of one kind to the outside world."""

    @property
    def name(self) -> str:
        """As in `delivery_log.provider`."""
        ...

    @property
    def channel(self) -> str:
        """The channel whose messages it takes."""
        ...

    async def open(self) -> None:
        """Get ready. Does not connect: a daemon starts whether or not its provider is up."""
        ...

    async def send(self, message: Message_contra) -> Outcome:
        """Hand over one message, and say what became of it.

        Whatever the outside world does ends as a value; so an exception is a bug, except for
        cancellation and ProviderNotOpenError. May be called concurrently: the provider bounds what
        is in flight and lets the rest wait.
        """
        ...

    async def close(self) -> None:
        """Let the sends in flight end, then let go of every connection. Closing twice is fine."""
        ...


class ProviderNotOpenError(RuntimeError):
    """A message was handed to a provider before open() or after close()."""

    def __init__(self, name: str) -> None:
        super().__init__(f"provider {name} is not open")


class ProviderUrlError(ValueError):
    """The URL names no provider, or not all that it needs. The message never shows a password."""


def provider_for(url: str) -> Provider[Any]:
    """The provider that a URL names, not yet open.

    `smtp://`, `smtp+starttls://`, `smtps://` (see `dispatcher.providers.smtp`), `console:`.
    Raises ProviderUrlError.
    """
    # Imported where they are named: a process pays only for the libraries that it uses.
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        raise ProviderUrlError("the provider URL cannot be parsed") from None
    match scheme:
        case "smtp" | "smtps" | "smtp+starttls":
            from dispatcher.providers.smtp import Endpoint, Smtp  # noqa: PLC0415

            return Smtp(Endpoint.from_url(url))
        case "console":
            from dispatcher.providers.console import Console  # noqa: PLC0415

            return Console()
        case _:
            raise ProviderUrlError(
                f"no provider has the scheme {scheme!r}:"
                " use smtp://, smtp+starttls://, smtps:// or console:"
            )
