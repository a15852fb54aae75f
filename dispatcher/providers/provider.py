"""What every provider is, and which one a URL names."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar, runtime_checkable
from urllib.parse import urlsplit

from dispatcher.delivery import Outcome, Retry
from dispatcher.links import Named

Message_contra = TypeVar("Message_contra", contravariant=True)

#: The providers: each scheme, and where the class is that takes its URLs. A class is imported when
#: it is named, for a process pays only for the libraries that it uses.
SCHEMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "smtp": "dispatcher.providers.smtp:Smtp",
        "smtp+starttls": "dispatcher.providers.smtp:Smtp",
        "smtps": "dispatcher.providers.smtp:Smtp",
        "sendgrid": "dispatcher.providers.sendgrid:SendGrid",
        "twilio": "dispatcher.providers.twilio:Twilio",
        "webhook+http": "dispatcher.providers.webhook:Webhook",
        "webhook+https": "dispatcher.providers.webhook:Webhook",
        "webpush": "dispatcher.providers.webpush:WebPush",
        "console": "dispatcher.providers.console:Console",
    }
)

#: How the reason begins when no message can get through until somebody changes our settings.
MISCONFIGURED = "our configuration is at fault: "


class Provider(Protocol[Message_contra]):
    """Hands messages of one kind to the outside world."""

    @property
    def name(self) -> str:
        """As in `delivery_log.provider`: the name that it was given, else that of its kind."""
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


#: The address for one message's reports, by a provider's kind, its name, and the delivery.
ReportUrl = Callable[[str, str, Named], str]


@runtime_checkable
class Reporting(Protocol):
    """A provider that tells later what became of a message, at an address made for the message."""

    def report_to(self, url: ReportUrl) -> None:
        """From now on, have every message reported there. Without this, nothing is reported."""
        ...


@runtime_checkable
class Greeter(Protocol):
    """A provider that can say, without a message being sent, whether it would take one."""

    async def greet(self) -> Retry | None:
        """What would keep a message from being taken; None if nothing would. It is open."""
        ...


class ProviderNotOpenError(RuntimeError):
    """A message was handed to a provider before open() or after close()."""

    def __init__(self, name: str) -> None:
        super().__init__(f"provider {name} is not open")


class ProviderUrlError(ValueError):
    """The URL names no provider, or not all that it needs. The message never shows a password."""


class ProviderClass(Protocol):
    """What SCHEMES names: something that makes a provider of a URL."""

    def from_url(self, url: str, *, name: str | None = None) -> Provider[Any]:
        """A provider of that name, else of its kind's, not yet open. Raises ProviderUrlError."""
        ...


#: What a provider may be called: it is a key in a file, a label of figures, a word in a log.
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


def provider_for(url: str, *, name: str | None = None) -> Provider[Any]:
    """The provider that a URL names, not yet open; `name` tells it from others of its kind.

    Raises ProviderUrlError.
    """
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        raise ProviderUrlError("the provider URL cannot be parsed") from None
    if name is not None and not _NAME.fullmatch(name):
        raise ProviderUrlError(
            f"{name!r} cannot name a provider: use small letters, digits and _, a letter first"
        )
    if scheme not in SCHEMES:
        raise ProviderUrlError(f"no provider has the scheme {scheme!r}: use {_written_schemes()}")
    module, _, found = SCHEMES[scheme].partition(":")
    provider_class: ProviderClass = getattr(importlib.import_module(module), found)
    return provider_class.from_url(url, name=name)


def _written_schemes() -> str:
    """As they begin a URL; not all name a host."""
    *most, last = (f"{scheme}:" for scheme in SCHEMES)
    return f"{', '.join(most)} or {last}"
