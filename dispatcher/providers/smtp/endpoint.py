"""The mail server that a URL names, and how to treat it."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from dispatcher.providers.provider import ProviderUrlError


class Tls(StrEnum):
    """When the connection is encrypted."""

    #: From the first byte (RFC 8314): `smtps://`.
    IMPLICIT = "implicit"
    #: By STARTTLS (RFC 3207), with a certificate that verifies, or not at all: `smtp+starttls://`.
    REQUIRED = "required"
    #: By STARTTLS where the server offers it, without looking at the certificate (RFC 7435).
    OPPORTUNISTIC = "opportunistic"
    OFF = "off"


_DEFAULT_PORT = {Tls.IMPLICIT: 465, Tls.REQUIRED: 587, Tls.OPPORTUNISTIC: 25, Tls.OFF: 25}
_LONGEST = 3600
_MOST = 10_000
_ENCRYPTED = (Tls.IMPLICIT, Tls.REQUIRED)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`smtp://user:password@host:port?timeout=20&pool=8`; below the password are the parameters."""

    host: str
    port: int
    tls: Tls
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    #: Seconds for each step: connecting, and every reply.
    timeout: float = 20.0
    #: Seconds for the reply to a whole mail. Longer, for giving up here leaves the mail in doubt
    #: (RFC 5321, 4.5.3.2.6 allows the server ten minutes).
    accept_timeout: float = 60.0
    #: Connections at once, so also mails in flight.
    pool: int = 8
    #: Seconds after which a connection that nobody uses is closed.
    idle: float = 30.0
    #: Mails after which a connection is replaced: many servers stop at a hundred.
    mails: int = 100
    #: What we call ourselves in EHLO; by default this machine's full name.
    hello: str | None = None
    #: File of certificates to trust instead of the system's, for a private authority.
    ca: str | None = None

    @classmethod
    def from_url(cls, url: str) -> Endpoint:
        """Raises ProviderUrlError: a sentence that says what is wrong and shows no password."""
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname
            parameters = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        except ValueError:
            raise ProviderUrlError(
                "the SMTP URL cannot be parsed: write smtp://user:password@host:port, and"
                " % and two hexadecimal digits for special characters in the password"
            ) from None
        if not host or not _is_host(host):
            raise ProviderUrlError("the SMTP URL names no valid host")
        if parts.path not in ("", "/") or parts.fragment:
            raise ProviderUrlError("the SMTP URL has a path or fragment behind the host")
        username, password = _credentials(parts)
        tls = _tls(parts.scheme, parameters.pop("tls", None), host, username is not None)
        endpoint = cls(
            host=host,
            port=port or _DEFAULT_PORT[tls],
            tls=tls,
            username=username,
            password=password,
            timeout=_seconds(parameters, "timeout", 20.0),
            accept_timeout=_seconds(parameters, "accept_timeout", 60.0),
            pool=_count(parameters, "pool", 8),
            idle=_seconds(parameters, "idle", 30.0),
            mails=_count(parameters, "mails", 100),
            hello=_name(parameters, "hello"),
            ca=parameters.pop("ca", None),
        )
        if parameters:
            raise ProviderUrlError(f"the SMTP URL has an unknown parameter {min(parameters)!r}")
        return endpoint

    @property
    def is_loopback(self) -> bool:
        """Whether the server is this machine itself, where nobody listens in."""
        return _is_loopback(self.host)

    def tls_context(self) -> ssl.SSLContext | None:
        """Built once per provider: it takes 10 to 30 ms. Raises OSError if `ca` cannot be read."""
        if self.tls is Tls.OFF:
            return None
        context = ssl.create_default_context(cafile=self.ca)
        if self.tls is Tls.OPPORTUNISTIC:
            # Encrypted without proof beats plain, and plain is what refusing would leave.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _credentials(parts: SplitResult) -> tuple[str | None, str | None]:
    if parts.username is None:
        return None, None
    if not parts.username or not parts.password:
        raise ProviderUrlError("the SMTP URL has a user or a password, but not both")
    return unquote(parts.username), unquote(parts.password)


def _tls(scheme: str, asked: str | None, host: str, has_credentials: bool) -> Tls:
    if asked is not None and asked not in tuple(Tls):
        raise ProviderUrlError(f"tls is one of {', '.join(Tls)} in the SMTP URL")
    match scheme:
        case "smtps":
            given = Tls.IMPLICIT
        case "smtp+starttls":
            given = Tls.REQUIRED
        case _:
            plain = not has_credentials or _is_loopback(host)
            given = Tls(asked or (Tls.OPPORTUNISTIC if plain else Tls.REQUIRED))
    if asked is not None and asked != given:
        raise ProviderUrlError(f"the SMTP URL contradicts itself: {scheme}:// and tls={asked}")
    if has_credentials and given not in _ENCRYPTED and not _is_loopback(host):
        raise ProviderUrlError(f"tls={given} would show the password to the network")
    return given


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return not any(c.isspace() or not c.isprintable() for c in host)


def _seconds(parameters: dict[str, str], name: str, default: float) -> float:
    try:
        value = float(parameters.pop(name, default))
    except ValueError:
        value = 0.0
    # Written so that NaN fails too.
    if not 0 < value <= _LONGEST:
        raise ProviderUrlError(f"{name} is a number of seconds up to {_LONGEST} in the SMTP URL")
    return value


def _count(parameters: dict[str, str], name: str, default: int) -> int:
    try:
        value = int(parameters.pop(name, default))
    except ValueError:
        value = 0
    if not 0 < value <= _MOST:
        raise ProviderUrlError(f"{name} is a whole number from 1 to {_MOST} in the SMTP URL")
    return value


def _name(parameters: dict[str, str], name: str) -> str | None:
    value = parameters.pop(name, None)
    if value is not None and (not value.isascii() or not value or any(c <= " " for c in value)):
        raise ProviderUrlError(f"{name} is a host name in the SMTP URL")
    return value
