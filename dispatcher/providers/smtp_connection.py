"""The mail server that a URL names, and one connection to it by aiosmtplib (RFC 5321)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import ssl
from dataclasses import dataclass, field
from enum import StrEnum

import aiosmtplib
from aiosmtplib import SMTPServerDisconnected, SMTPTimeoutError

from dispatcher.channels.email import Email
from dispatcher.delivery.model import FailureScope, Outcome, Refused, Retry, Sent, Unknown
from dispatcher.providers.base import MISCONFIGURED, ProviderUrl, ProviderUrlError, is_loopback
from dispatcher.providers.sanitize import sanitize
from dispatcher.providers.smtp_reply import SmtpCode, SmtpPhase, SmtpReply


class Tls(StrEnum):
    """Whether and how the connection is encrypted."""

    #: From the first byte (RFC 8314): `smtps://`.
    IMPLICIT = "implicit"
    #: By STARTTLS (RFC 3207) with a valid certificate, else no connection: `smtp+starttls://`.
    REQUIRED = "required"
    #: By STARTTLS if the server offers it, with any certificate (RFC 7435).
    OPPORTUNISTIC = "opportunistic"
    OFF = "off"


_DEFAULT_PORT = {Tls.IMPLICIT: 465, Tls.REQUIRED: 587, Tls.OPPORTUNISTIC: 25, Tls.OFF: 25}
_ENCRYPTED = (Tls.IMPLICIT, Tls.REQUIRED)


@dataclass(frozen=True, slots=True)
class SmtpEndpoint:
    """`smtp://user:password@host:port?timeout=20&pool=8`: parameters are below `password`."""

    host: str
    port: int
    tls: Tls
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    #: Seconds for connecting and for every reply.
    timeout: float = 20.0
    #: Seconds for the reply to a whole mail. Longer, since the outcome is unknown after a time-out
    #: (RFC 5321, 4.5.3.2.6 allows the server ten minutes).
    accept_timeout: float = 60.0
    #: Connections, and so mails in flight.
    pool: int = 8
    #: Seconds after which an unused connection is closed.
    idle: float = 30.0
    #: Mails after which a connection is replaced: many servers allow a hundred.
    mails: int = 100
    #: The client's name in EHLO; by default this machine's full name.
    hello: str | None = None
    #: File of certificates to trust instead of the system's, for a private authority.
    ca: str | None = None

    @classmethod
    def from_url(cls, url: str) -> SmtpEndpoint:
        """Raises ProviderUrlError, whose message shows no password."""
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
        """Whether the server is this machine."""
        return is_loopback(self.host)

    def tls_context(self) -> ssl.SSLContext | None:
        """A new context, which takes 10 to 30 ms. Raises OSError if `ca` cannot be read."""
        if self.tls is Tls.OFF:
            return None
        if self.tls is not Tls.OPPORTUNISTIC:
            return ssl.create_default_context(cafile=self.ca)
        # Encryption with any certificate is better than a mail in plain text. The system's
        # certificates are not needed, and reading them would take most of the time.
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


#: What network and server can cause; any other exception is a bug.
FAILURES = (aiosmtplib.SMTPException, OSError, TimeoutError)

#: Seconds that a connection may be idle before it is checked with RSET.
TRUSTED_IDLE = 1.0
#: Seconds for the reply to QUIT.
QUIT_TIMEOUT = 2.0
#: Seconds between two checks whether the write buffer is empty.
DRAIN_INTERVAL = 0.005

# Both reveal the password, so the connection is encrypted or local.
_LOGIN_METHODS = ("plain", "login")
_UNSAFE_IN_PATH = re.compile(r"[\x00-\x20\x7f<>]")


class MisconfiguredError(Exception):
    """The server does not offer what the settings require. The text is the reason."""


class SmtpConnection:
    """An SMTP session that knows its phase, which decides what a failure means.

    aiosmtplib raises the same exception for a connection lost before DATA, when a retry is safe,
    and after the final dot, when the mail may have been accepted.
    """

    def __init__(self, endpoint: SmtpEndpoint, context: ssl.SSLContext | None, hello: str) -> None:
        self._endpoint = endpoint
        self._context = context
        self._client = aiosmtplib.SMTP(
            hostname=endpoint.host,
            port=endpoint.port,
            use_tls=endpoint.tls is Tls.IMPLICIT,
            start_tls=False,
            tls_context=context,
            local_hostname=hello,
            timeout=endpoint.timeout,
        )
        self._phase = SmtpPhase.CONNECT
        self._dirty = False
        self._recipient = ""
        #: Mails attempted on it.
        self.mails = 0
        #: Loop time of its last use.
        self.used_at = 0.0

    @property
    def is_alive(self) -> bool:
        """Whether it is connected, as far as this side knows."""
        return self._client.is_connected

    @property
    def was_stale(self) -> bool:
        """Whether it was lost before the server knew of the mail, so that another may send it."""
        return self._phase in (SmtpPhase.RESET, SmtpPhase.MAIL) and not self.is_alive

    async def open(self) -> None:
        """Connect, encrypt and log in. Raises one of FAILURES, or MisconfiguredError."""
        self._phase = SmtpPhase.CONNECT
        await self._client.connect()
        await self._greet()
        if self._endpoint.tls in (Tls.REQUIRED, Tls.OPPORTUNISTIC):
            await self._encrypt()
        if self._endpoint.username is not None and self._endpoint.password is not None:
            await self._log_in(self._endpoint.username, self._endpoint.password)

    async def is_fit(self, now: float) -> bool:
        """Whether it can send another mail. Sends RSET unless it was used at loop time `now`.

        An accepted mail leaves nothing to reset (RFC 5321, 4.1.1.4), a refused one does.
        """
        if not self.is_alive:
            return False
        if not self._dirty and now - self.used_at < TRUSTED_IDLE:
            return True
        self._phase = SmtpPhase.RESET
        try:
            reply = await self._command(b"RSET")
        except FAILURES:
            return False
        self._dirty = False
        return reply.basic == SmtpCode.OK

    async def deliver(self, email: Email) -> Outcome:
        """One mail transaction. Raises one of FAILURES, which `failed` turns into an outcome."""
        self.mails += 1
        self._dirty = True
        self._recipient = email.to
        self._phase = SmtpPhase.MAIL
        options = self._mail_options(email)
        if isinstance(options, Refused):
            self._dirty = False
            return options
        reply = await self._command(b"MAIL", b"FROM:" + _path(email.envelope_from), *options)
        if reply.basic != SmtpCode.OK:
            return self._declined(reply)
        self._phase = SmtpPhase.RECIPIENT
        reply = await self._command(b"RCPT", b"TO:" + _path(email.to))
        if reply.basic not in (SmtpCode.OK, SmtpCode.FORWARDING):
            return self._declined(reply)
        self._phase = SmtpPhase.DATA
        reply = await self._command(b"DATA")
        if reply.basic != SmtpCode.START_MAIL:
            return self._declined(reply)
        reply = await self._transfer(_dot_stuffed(email.data))
        if reply.basic != SmtpCode.OK:
            return self._declined(reply)
        self._dirty = False
        return Sent(email.message_id, code=reply.code)

    def failed(self, failure: Exception) -> Retry | Unknown:
        """What an exception means for the mail being sent."""
        if isinstance(failure, MisconfiguredError):
            return Retry(f"{MISCONFIGURED}{failure}", scope=FailureScope.CONFIGURATION)
        if isinstance(failure, aiosmtplib.SMTPResponseException):
            declined = SmtpReply(failure.code, failure.message).declined(
                self._phase, *self._secrets()
            )
            if not isinstance(declined, Refused):
                return declined
            return Retry(declined.reason, code=declined.code, scope=FailureScope.PROVIDER)
        if self._phase is SmtpPhase.ACCEPT:
            return Unknown(f"{self._phase}: {_described(failure)}")
        reason = f"{self._phase}: {_described(failure)}"
        if isinstance(failure, ssl.SSLCertVerificationError) or isinstance(
            failure.__cause__, ssl.SSLCertVerificationError
        ):
            return Retry(f"{MISCONFIGURED}{reason}", scope=FailureScope.CONFIGURATION)
        return Retry(reason, scope=FailureScope.PROVIDER)

    async def quit(self) -> None:
        """Send QUIT and close, whatever the reply."""
        with contextlib.suppress(*FAILURES):
            await self._client.quit(timeout=QUIT_TIMEOUT)
        self.abort()

    def abort(self) -> None:
        """Close at once and drop the write buffer, which `close()` would still send."""
        transport = self._client.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
        self._client.close()

    async def _greet(self) -> None:
        self._phase = SmtpPhase.HELLO
        try:
            await self._client.ehlo()
        except aiosmtplib.SMTPHeloError as refusal:
            # A server without ESMTP does not know EHLO.
            if refusal.code not in (500, 502, 504) or not self.is_alive:
                raise
            await self._client.helo()

    async def _encrypt(self) -> None:
        if not self._client.supports_extension("starttls"):
            if self._endpoint.tls is Tls.REQUIRED:
                raise MisconfiguredError("TLS is required, but the server does not offer STARTTLS")
            return
        self._phase = SmtpPhase.STARTTLS
        await self._client.starttls()
        await self._greet()

    async def _log_in(self, username: str, password: str) -> None:
        self._phase = SmtpPhase.LOGIN
        offered = self._client.server_auth_methods
        # Only the best method: trying them all with a wrong password locks accounts.
        method = next((known for known in _LOGIN_METHODS if known in offered), None)
        match method:
            case "plain":
                await self._client.auth_plain(username, password)
            case "login":
                await self._client.auth_login(username, password)
            case _:
                raise MisconfiguredError(
                    "a password is given, but the server offers no way to log in"
                )

    def _mail_options(self, email: Email) -> list[bytes] | Refused:
        options = []
        limit = self._client.esmtp_extensions.get("size", "")
        if limit.isdecimal() and 0 < int(limit) < len(email.data):
            return Refused(
                f"the mail has {len(email.data)} bytes, the mail server takes {int(limit)}"
            )
        if email.smtputf8:
            if not self._client.supports_extension("smtputf8"):
                return Refused(
                    "an address is not ASCII, and the mail server does not offer SMTPUTF8"
                )
            options += [b"SMTPUTF8", b"BODY=8BITMIME"]
        if self._client.supports_extension("dsn"):
            # RFC 3461: a bounce names the delivery, and does not return the body.
            options += [b"RET=HDRS", b"ENVID=%b" % envelope_id(email.delivery_id).encode()]
        return options

    async def _command(self, *words: bytes, timeout: float | None = None) -> SmtpReply:  # noqa: ASYNC109
        """The reply to a command, waited for `timeout` seconds, else those of the endpoint."""
        response = await self._client.execute_command(
            *words, timeout=self._endpoint.timeout if timeout is None else timeout
        )
        return SmtpReply(response.code, response.message)

    async def _transfer(self, body: bytes) -> SmtpReply:
        """Send the mail, and the final dot once all of the mail has left this process.

        A connection lost before the dot leaves no doubt: the server cannot have taken the mail.
        `SMTP.data()` writes both at once, so the mail is written to the transport here.
        """
        self._phase = SmtpPhase.BODY
        transport = self._client.transport
        if not self.is_alive or not isinstance(transport, asyncio.WriteTransport):
            raise SMTPServerDisconnected("Connection lost")
        transport.write(body)
        # A transport tells only its own protocol, which is aiosmtplib's, when its buffer is empty.
        async with asyncio.timeout(self._endpoint.timeout):
            while transport.get_write_buffer_size() > 0:  # noqa: ASYNC110
                await asyncio.sleep(DRAIN_INTERVAL)
        if not self.is_alive:
            raise SMTPServerDisconnected("Connection lost")
        # Nothing is awaited between here and the writing of the dot.
        self._phase = SmtpPhase.ACCEPT
        return await self._command(b".", timeout=self._endpoint.accept_timeout)

    def _declined(self, reply: SmtpReply) -> Retry | Refused | Unknown:
        if reply.basic == SmtpCode.CLOSING:
            self.abort()
        return reply.declined(self._phase, *self._secrets())

    def _secrets(self) -> tuple[str, ...]:
        username, password = self._endpoint.username, self._endpoint.password
        if username is None or password is None:
            return (self._recipient,)
        plain = base64.b64encode(password.encode()).decode()
        both = base64.b64encode(f"\0{username}\0{password}".encode()).decode()
        return (both, plain, password, self._recipient)


def envelope_id(delivery_id: int) -> str:
    """The Original-Envelope-Id of a bounce (RFC 3464, 2.2.1), if the server offers DSN."""
    return f"postbell-{delivery_id}"


def unsendable(email: Email) -> str | None:
    """Why a mail cannot be sent by SMTP at all; None if it can."""
    for address in (email.envelope_from, email.to):
        if not address or _UNSAFE_IN_PATH.search(address):
            return "an address of the envelope contains a character that would end it"
        if not email.smtputf8 and not address.isascii():
            return "an address of the envelope is not ASCII, and the mail is not marked so"
    ends = email.data.count(b"\r\n")
    # Servers read bare CR and LF differently, which allows "SMTP smuggling".
    if email.data.count(b"\n") != ends or email.data.count(b"\r") != ends:
        return "the mail contains a bare CR or LF"
    return None


def _path(address: str) -> bytes:
    return f"<{address}>".encode()


def _dot_stuffed(data: bytes) -> bytes:
    # RFC 5321, 4.5.2.
    if data.startswith(b"."):
        data = b"." + data
    data = data.replace(b"\r\n.", b"\r\n..")
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def _described(failure: Exception) -> str:
    if isinstance(failure, SMTPTimeoutError | TimeoutError):
        return "timed out"
    if isinstance(failure, SMTPServerDisconnected):
        return "connection lost"
    return sanitize(str(failure)) or type(failure).__name__
