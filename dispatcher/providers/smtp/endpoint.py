"""The mail server that a URL names, and how to treat it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum

from dispatcher.providers.provider import ProviderUrlError
from dispatcher.providers.url import ProviderUrl, is_loopback


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
        parts = ProviderUrl(url, "SMTP", shape="smtp://user:password@host:port")
        parts.no_path()
        if parts.has_credentials and not (parts.username and parts.password):
            raise parts.error("has a user or a password, but not both")
        tls = _tls(parts)
        endpoint = cls(
            host=parts.host,
            port=parts.port or _DEFAULT_PORT[tls],
            tls=tls,
            username=parts.username,
            password=parts.password,
            timeout=parts.seconds("timeout", 20.0),
            accept_timeout=parts.seconds("accept_timeout", 60.0),
            pool=parts.count("pool", 8),
            idle=parts.seconds("idle", 30.0),
            mails=parts.count("mails", 100),
            hello=_name(parts, "hello"),
            ca=parts.text("ca"),
        )
        parts.finish()
        return endpoint

    @property
    def is_loopback(self) -> bool:
        """Whether the server is this machine itself, where nobody listens in."""
        return is_loopback(self.host)

    def tls_context(self) -> ssl.SSLContext | None:
        """Built once per provider: it takes 10 to 30 ms. Raises OSError if `ca` cannot be read."""
        if self.tls is Tls.OFF:
            return None
        if self.tls is not Tls.OPPORTUNISTIC:
            return ssl.create_default_context(cafile=self.ca)
        # Encrypted without proof beats plain, and plain is what refusing would leave. So the
        # system's certificates are not read, which would take most of the time.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if self.ca is not None:
            context.load_verify_locations(self.ca)
        return context


def _tls(parts: ProviderUrl) -> Tls:
    asked = parts.text("tls")
    if asked is not None and asked not in tuple(Tls):
        raise ProviderUrlError(f"tls is one of {', '.join(Tls)} in the SMTP URL")
    match parts.scheme:
        case "smtps":
            given = Tls.IMPLICIT
        case "smtp+starttls":
            given = Tls.REQUIRED
        case _:
            plain = not parts.has_credentials or parts.is_loopback
            given = Tls(asked or (Tls.OPPORTUNISTIC if plain else Tls.REQUIRED))
    if asked is not None and asked != given:
        raise parts.error(f"contradicts itself: {parts.scheme}:// and tls={asked}")
    if parts.has_credentials and given not in _ENCRYPTED and not parts.is_loopback:
        raise ProviderUrlError(f"tls={given} would show the password to the network")
    return given


def _name(parts: ProviderUrl, name: str) -> str | None:
    value = parts.text(name)
    if value is not None and (not value.isascii() or any(c <= " " for c in value)):
        raise ProviderUrlError(f"{name} is a host name in the SMTP URL")
    return value
