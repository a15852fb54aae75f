"""A provider's URL, taken apart: `scheme://user:password@host:port/path?parameter=value`."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from dispatcher.addresses import read_address
from dispatcher.providers.provider import ProviderUrlError

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
