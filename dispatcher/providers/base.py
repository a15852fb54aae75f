"""The contract of providers, and their URLs: `scheme://user:password@host:port/path?name=value`."""

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

#: URL schemes, and the class that takes URLs of each. A class is imported when a URL names it, so
#: that a process loads only the libraries that it uses.
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
        "chat+webhook": "dispatcher.providers.chat_webhook:ChatWebhook",
        "console": "dispatcher.providers.console:Console",
    }
)

#: Begins the reason of a failure that lasts until somebody changes our settings.
MISCONFIGURED = "our configuration is at fault: "


class Provider(Protocol[Message_contra]):
    """Sends the messages of one channel through one account."""

    @property
    def name(self) -> str:
        """As in `delivery_log.provider`: the configured name, else that of its kind."""
        ...

    @property
    def channel(self) -> str:
        """The channel whose messages it sends."""
        ...

    async def open(self) -> None:
        """Get ready, without connecting: a daemon starts whether or not its provider is up."""
        ...

    async def send(self, message: Message_contra) -> Outcome:
        """Send one message, and return what is known of it.

        Failures of network and provider are outcomes, so an exception is a bug, except cancellation
        and ProviderNotOpenError. May be called concurrently: the provider bounds the calls in
        flight and lets the rest wait.
        """
        ...

    async def close(self) -> None:
        """Wait for the calls in flight, then close every connection. May be called twice."""
        ...


#: Makes the callback URL of one message, from the provider's kind, its name and the delivery.
CallbackUrl = Callable[[str, str, DeliveryRef], str]


@runtime_checkable
class CallbackProvider(Protocol):
    """A provider that reports the status of each message to a URL given with the message."""

    def set_callback_url(self, url: CallbackUrl) -> None:
        """Ask for status callbacks from now on. Without this none are asked for."""
        ...


@runtime_checkable
class Checkable(Protocol):
    """A provider that can check, without sending a message, whether it would accept one."""

    async def check(self) -> Retry | None:
        """Why a message would not be taken; None if it would. The provider is open."""
        ...


class ProviderNotOpenError(RuntimeError):
    """`send` was called before `open` or after `close`."""

    def __init__(self, name: str) -> None:
        super().__init__(f"provider {name} is not open")


class ProviderUrlError(ValueError):
    """The URL names no provider, or lacks something. The message shows no password."""


class ProviderClass(Protocol):
    """A class in SCHEMES."""

    def from_url(self, url: str, *, name: str | None = None) -> Provider[Any]:
        """A provider called `name`, else as its kind, not yet open. Raises ProviderUrlError."""
        ...


#: Names of providers are keys in a file, labels of metrics and words in a log.
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


#: By package that is not everybody's, the extra of this distribution that brings it.
_EXTRAS: Final = MappingProxyType(
    {
        "cryptography": "webpush",
        "py_vapid": "webpush",
        "pywebpush": "webpush",
        "sendgrid": "sendgrid",
        "twilio": "twilio",
    }
)


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """A sentence on how to get a package that is not installed. None if no extra brings it."""
    package = (error.name or "").partition(".")[0]
    if package not in _EXTRAS:
        return None
    return f"{package} is not installed: pip install 'postbell[{_EXTRAS[package]}]'"


def provider_for(url: str, *, name: str | None = None) -> Provider[Any]:
    """The provider that a URL names, not yet open. Raises ProviderUrlError.

    `name` tells it from others of its kind.
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
    try:
        provider_class: ProviderClass = getattr(importlib.import_module(module), found)
    except ModuleNotFoundError as error:
        if (sentence := missing_extra(error)) is None:
            raise
        raise ProviderUrlError(f"the scheme {scheme}: needs more: {sentence}") from None
    return provider_class.from_url(url, name=name)


def _written_schemes() -> str:
    """The schemes as they begin a URL, for a sentence."""
    *most, last = (f"{scheme}:" for scheme in SCHEMES)
    return f"{', '.join(most)} or {last}"


_MAX_SECONDS = 3600
_MAX_COUNT = 10_000


class ProviderUrl:
    """A provider's URL in parts. Parameters are read one by one, and `finish` rejects the others.

    Each method raises ProviderUrlError, whose message shows no password.
    """

    def __init__(self, url: str, kind: str, *, shape: str, has_host: bool = True) -> None:
        """`kind` names the provider in messages ("SMTP"), `shape` shows how to write the URL.

        Without `has_host` the URL has parameters alone: `scheme:?name=value`.
        """
        self._kind = kind
        try:
            parts = urlsplit(url)
            host, self.port = parts.hostname, parts.port
            #: In the order of the URL; the last of a repeated name counts.
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
        #: Percent-decoded; None if absent.
        self.username = unquote(parts.username) if parts.username else None
        self.password = unquote(parts.password) if parts.password else None
        #: Whether the URL has an @, even with nothing before it.
        self.has_credentials = parts.username is not None

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine, so that credentials do not cross a network."""
        return is_loopback(self.host)

    def error(self, fault: str) -> ProviderUrlError:
        """An error whose message is `fault` after "the … URL"."""
        return ProviderUrlError(f"the {self._kind} URL {fault}")

    def origin(self) -> str:
        """`https://host:port` of an HTTP service.

        `scheme=http` is allowed for this machine alone: a network would see the key.
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
        """Reject a path: the provider appends its own."""
        if self.path not in ("", "/"):
            raise self.error("has a path or fragment behind the host")

    def text(self, name: str) -> str | None:
        """A parameter as written; None if absent or empty."""
        return self.parameters.pop(name, None) or None

    def seconds(self, name: str, default: float) -> float:
        """A parameter in seconds, more than 0 and at most an hour."""
        try:
            value = float(self.parameters.pop(name, default))
        except ValueError:
            value = 0.0
        # Written so that NaN fails too.
        if not 0 < value <= _MAX_SECONDS:
            raise ProviderUrlError(
                f"{name} is a number of seconds up to {_MAX_SECONDS} in the {self._kind} URL"
            )
        return value

    def count(self, name: str, default: int) -> int:
        """A parameter that is a whole number from 1 to 10,000."""
        try:
            value = int(self.parameters.pop(name, default))
        except ValueError:
            value = 0
        if not 0 < value <= _MAX_COUNT:
            raise ProviderUrlError(
                f"{name} is a whole number from 1 to {_MAX_COUNT} in the {self._kind} URL"
            )
        return value

    def finish(self) -> None:
        """Raises ProviderUrlError for parameters that were not read."""
        if self.parameters:
            raise self.error(f"has an unknown parameter {min(self.parameters)!r}")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
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
