"""What every provider is, which one a URL names, and how such a URL is read."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar, runtime_checkable
from urllib.parse import parse_qsl, unquote, urlsplit

from dispatcher.addresses import read_address
from dispatcher.delivery.model import Outcome, Retry
from dispatcher.inbound.links import DeliveryRef

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
CallbackUrl = Callable[[str, str, DeliveryRef], str]


@runtime_checkable
class CallbackProvider(Protocol):
    """A provider that tells later what became of a message, at an address made for the message."""

    def set_callback_url(self, url: CallbackUrl) -> None:
        """From now on, have every message reported there. Without this, nothing is reported."""
        ...


@runtime_checkable
class Checkable(Protocol):
    """A provider that can say, without a message being sent, whether it would take one."""

    async def check(self) -> Retry | None:
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


_LONGEST = 3600
_MOST = 10_000


class ProviderUrl:
    """What the URL says. Parameters are taken out one by one; `finish` complains of those left.

    Each method raises ProviderUrlError: a sentence that says what is wrong and shows no password.
    """

    def __init__(self, url: str, kind: str, *, shape: str, has_host: bool = True) -> None:
        """`kind` is what the sentences call it ("SMTP"), `shape` how it should have looked.

        Without `has_host` it is parameters alone: `scheme:?parameter=value`.
        """
        self._kind = kind
        try:
            parts = urlsplit(url)
            host, self.port = parts.hostname, parts.port
            #: In the order in which they stand; of two with one name, the last counts.
            self.parameters = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        except ValueError:
            raise self.error(
                f"cannot be parsed: write {shape}, and % and two hexadecimal digits for special"
                " characters in the password"
            ) from None
        if not has_host and (parts.netloc or parts.path):
            raise self.error(f"has something before its parameters: write {shape}")
        if has_host and (not host or not _is_host(host)):
            raise self.error("names no valid host")
        if parts.fragment:
            raise self.error("has a path or fragment behind the host")
        self.scheme, self.host, self.path = parts.scheme, host or "", parts.path
        #: Without their percent signs; None where there is none.
        self.username = unquote(parts.username) if parts.username else None
        self.password = unquote(parts.password) if parts.password else None
        #: Whether there is an @, even with nothing before it.
        self.has_credentials = parts.username is not None

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine itself, where nobody listens in."""
        return is_loopback(self.host)

    def error(self, fault: str) -> ProviderUrlError:
        """To raise: `fault` continues the sentence "the … URL"."""
        return ProviderUrlError(f"the {self._kind} URL {fault}")

    def origin(self) -> str:
        """`https://host:port`, of a service spoken to by HTTP.

        `scheme=http` is for a server on this machine: elsewhere the network would read the key.
        """
        scheme = self.parameters.pop("scheme", "https")
        if scheme not in ("http", "https"):
            raise ProviderUrlError(f"scheme is http or https in the {self._kind} URL")
        if scheme == "http" and not self.is_loopback:
            raise ProviderUrlError(
                f"scheme=http in the {self._kind} URL would show the credentials to the network:"
                " it is for a server on this machine"
            )
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}" + (f":{self.port}" if self.port else "")

    def no_path(self) -> None:
        """The service's own addresses follow the host, so there is no place for one here."""
        if self.path not in ("", "/"):
            raise self.error("has a path or fragment behind the host")

    def text(self, name: str) -> str | None:
        """A parameter as it is; None if it is not there, or empty."""
        return self.parameters.pop(name, None) or None

    def seconds(self, name: str, default: float) -> float:
        """A parameter that is a time."""
        try:
            value = float(self.parameters.pop(name, default))
        except ValueError:
            value = 0.0
        # Written so that NaN fails too.
        if not 0 < value <= _LONGEST:
            raise ProviderUrlError(
                f"{name} is a number of seconds up to {_LONGEST} in the {self._kind} URL"
            )
        return value

    def count(self, name: str, default: int) -> int:
        """A parameter that is a number of things."""
        try:
            value = int(self.parameters.pop(name, default))
        except ValueError:
            value = 0
        if not 0 < value <= _MOST:
            raise ProviderUrlError(
                f"{name} is a whole number from 1 to {_MOST} in the {self._kind} URL"
            )
        return value

    def finish(self) -> None:
        """What nobody has asked for is a mistake in writing."""
        if self.parameters:
            raise self.error(f"has an unknown parameter {min(self.parameters)!r}")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return read_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return not any(c.isspace() or not c.isprintable() for c in host)
