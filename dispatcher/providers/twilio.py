"""Twilio: text messages by the Programmable Messaging API (2010-04-01).

Twilio's own library does not send the requests: it hides the response headers, and with them
Retry-After, ignores the time-out of an asynchronous call, and may text a person twice when it
retries. The tests check that the library would send the same request. It verifies the callbacks
(`twilio.request_validator`).

Twilio has no idempotency key, so a request that may have been accepted is never repeated: one
without a response, or with a 5xx that has no Twilio error object, which may come from a proxy. A
Twilio error object means that there is no message. A 429, or a 503 with Retry-After, is sent before
anything is done.

Such a text cannot be looked up either: its SID is unknown, and Twilio's list of messages does not
tell two equal texts apart. Only the status callback tells, whose URL names the delivery. Without
one the delivery is given up in time (`postbell_private.settle_unknown()`).
"""

from __future__ import annotations

import re
import tomllib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from math import ceil
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from dispatcher.channels.sms import Sms
from dispatcher.delivery.model import FailureScope, Outcome, Refused, Retry, Sent, Unknown
from dispatcher.inbound.links import DeliveryRef
from dispatcher.inbound.receipts import Blame
from dispatcher.masking import mask
from dispatcher.providers.base import (
    MISCONFIGURED,
    CallbackUrl,
    ProviderNotOpenError,
    ProviderUrl,
    ProviderUrlError,
    is_loopback,
)
from dispatcher.providers.http import HttpClient, Response, outcome_of, retry_after
from dispatcher.providers.sanitize import sanitize, sanitize_id


class Cause(StrEnum):
    """What caused an error: the sections of the table of codes."""

    RECIPIENT = "recipient"
    STOPPED = "stopped"
    CONTENT = "content"
    SENDER = "sender"
    DESTINATION = "destination"
    ACCOUNT = "account"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


class Meaning(NamedTuple):
    """The cause of a code, and a description that shows neither number nor text."""

    cause: Cause
    words: str


Codes = Mapping[int, Meaning]


@cache
def known_codes() -> Codes:
    """Twilio's error codes, as twilio_codes.toml lists them."""
    return MappingProxyType(
        _parsed(Path(__file__).with_name("twilio_codes.toml").read_text("utf-8"))
    )


def codes_with(path: str | None) -> Codes:
    """The known codes, overridden by an operator's file at `path`. Raises ProviderUrlError."""
    if path is None:
        return known_codes()
    try:
        own = _parsed(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValueError) as fault:
        raise ProviderUrlError(f"codes in the Twilio URL: {path}: {fault}") from None
    return MappingProxyType({**known_codes(), **own})


def _parsed(source: str) -> dict[int, Meaning]:
    codes: dict[int, Meaning] = {}
    for section, entries in tomllib.loads(source).items():
        if section not in tuple(Cause):
            raise ValueError(f"there is no section [{section}]; there are {', '.join(Cause)}")
        if not isinstance(entries, dict):
            raise ValueError(f"[{section}] must be a section")  # noqa: TRY004 said to its author
        for code, words in entries.items():
            if not (code.isascii() and code.isdecimal() and isinstance(words, str) and words):
                raise ValueError(f'[{section}] has lines such as 21211 = "why"; {code} is none')
            if int(code) in codes:
                raise ValueError(f"{code} is in two sections")
            codes[int(code)] = Meaning(Cause(section), words)
    return codes


_SHAPE: Final = "twilio://SID:TOKEN@api.twilio.com?messaging_service=MG… or ?from=%2B12025550123"
_ACCOUNT_SID: Final = re.compile(r"AC[0-9a-fA-F]{32}")
_KEY_SID: Final = re.compile(r"SK[0-9a-fA-F]{32}")
_SERVICE_SID: Final = re.compile(r"MG[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """`twilio://SID:TOKEN@api.twilio.com?from=…`; parameters are below `token`.

    With an API key, `twilio://SK…:SECRET@api.twilio.com?account=AC…&from=…`.
    """

    #: `https://api.twilio.com`
    origin: str
    is_loopback: bool
    sid: str
    token: str = field(repr=False)
    key: str | None = None
    #: The default sender: a number, short code or name.
    sender: str | None = None
    #: The SID of a messaging service, which chooses the sender.
    messaging_service: str | None = None
    #: Seconds for connecting, and for the response. Long, since the outcome is unknown after a
    #: time-out.
    connect_timeout: float = 10.0
    timeout: float = 30.0
    #: Requests in flight.
    concurrency: int = 8
    codes: Codes = field(default_factory=lambda: codes_with(None), repr=False)

    @classmethod
    def from_url(cls, url: str) -> TwilioAccount:
        """Raises ProviderUrlError, whose message shows no token."""
        said = ProviderUrl(url, "Twilio", shape=_SHAPE)
        said.no_path()
        if not said.username or not said.password:
            raise said.error(f"has no SID or no token: write {_SHAPE}")
        sid, key = said.text("account"), None
        if _KEY_SID.fullmatch(said.username):
            key = said.username
            if sid is None:
                raise said.error("has an API key, so it needs account=AC… too")
        elif sid is not None and sid != said.username:
            raise said.error("names two accounts")
        else:
            sid = said.username
        if not _ACCOUNT_SID.fullmatch(sid):
            raise said.error("has no account SID: AC and 32 hexadecimal digits")
        account = cls(
            origin=said.origin(),
            is_loopback=said.is_loopback,
            sid=sid,
            token=said.password,
            key=key,
            sender=_sender(said.text("from")),
            messaging_service=said.text("messaging_service"),
            connect_timeout=said.seconds("connect_timeout", 10.0),
            timeout=said.seconds("timeout", 30.0),
            concurrency=said.count("concurrency", 8),
            codes=codes_with(said.text("codes")),
        )
        said.finish()
        service = account.messaging_service
        if service is not None and not _SERVICE_SID.fullmatch(service):
            raise said.error("has a messaging_service that is not MG and 32 hexadecimal digits")
        if service is None and account.sender is None:
            raise said.error("names no sender: add messaging_service=MG… or from=%2B12025550123")
        return account

    @property
    def messages_url(self) -> str:
        """The URL where messages are created (API version 2010-04-01)."""
        return f"{self.origin}/2010-04-01/Accounts/{self.sid}/Messages.json"

    @property
    def authorization(self) -> str:
        """RFC 7617."""
        credentials = f"{self.key or self.sid}:{self.token}"
        return f"Basic {b64encode(credentials.encode()).decode()}"


def _sender(said: str | None) -> str | None:
    # A plus in a query means a space, but people write +12025550123.
    return f"+{said[1:]}" if said is not None and said.startswith(" ") else said


#: The longest ValidityPeriod that Twilio accepts.
LONGEST_VALIDITY: Final = timedelta(hours=10)


class Twilio:
    """Sends text messages through one Twilio account."""

    kind = "twilio"
    channel = "sms"

    def __init__(self, account: TwilioAccount, *, name: str = kind) -> None:
        self.name = name
        self._account = account
        self._client = HttpClient(
            concurrency=account.concurrency,
            timeout=account.timeout,
            connect_timeout=account.connect_timeout,
        )
        self._callback_url: CallbackUrl | None = None
        self._open = False

    @classmethod
    def from_url(cls, url: str, *, name: str | None = None) -> Twilio:
        """`twilio://SID:TOKEN@api.twilio.com?from=…` (TwilioAccount). Raises ProviderUrlError."""
        return cls(TwilioAccount.from_url(url), name=name or cls.kind)

    def __repr__(self) -> str:
        return f"Twilio({self._account.sid})"

    def set_callback_url(self, url: CallbackUrl) -> None:
        """Ask for status callbacks, at a URL for each text."""
        self._callback_url = url

    async def open(self) -> None:
        await self._client.open()
        self._open = True

    async def send(self, message: Sms) -> Outcome:
        if not self._open:
            raise ProviderNotOpenError(self.name)
        answer = await self._client.post(
            self._account.messages_url,
            data=urlencode(self.form(message)).encode("ascii"),
            headers={
                "Authorization": self._account.authorization,
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
        )
        if not isinstance(answer, Response):
            return answer
        return self._outcome(answer, message)

    async def check(self) -> Retry | None:
        """Check the credentials by listing one message."""
        answer = await self._client.get(
            f"{self._account.messages_url}?PageSize=1",
            headers={"Authorization": self._account.authorization, "Accept": "application/json"},
        )
        if not isinstance(answer, Response):
            return answer
        if answer.status == HTTPStatus.OK:
            return None
        outcome = outcome_of(answer, f"Twilio: HTTP {answer.status}")
        return outcome if isinstance(outcome, Retry) else Retry(outcome.reason)

    async def close(self) -> None:
        self._open = False
        await self._client.close()

    def form(self, message: Sms) -> dict[str, str]:
        """The parameters of the request to create a message."""
        form = {"To": message.to, "Body": message.body}
        if self._account.messaging_service is not None:
            form["MessagingServiceSid"] = self._account.messaging_service
        sender = message.sender or self._account.sender
        if sender is not None:
            form["From"] = sender
        if message.valid_for is not None:
            seconds = ceil(min(message.valid_for, LONGEST_VALIDITY).total_seconds())
            form["ValidityPeriod"] = str(max(seconds, 1))
        if (address := self._status_callback(message)) is not None:
            form["StatusCallback"] = address
        return form

    def _status_callback(self, message: Sms) -> str | None:
        if self._callback_url is None:
            return None
        address = self._callback_url(
            self.kind, self.name, DeliveryRef(message.delivery_id, message.identity)
        )
        # Twilio rejects a text with a callback URL that it cannot reach, such as localhost.
        if is_loopback(urlsplit(address).hostname or "") and not self._account.is_loopback:
            return None
        return address

    def _outcome(self, answer: Response, message: Sms) -> Outcome:
        said = answer.json()
        if not isinstance(said, dict):
            said = {}
        if answer.status == HTTPStatus.CREATED:
            return self._created(said, message)
        code = said.get("code")
        if type(code) is not int:
            return self._without_code(answer)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return replace(outcome_of(answer, f"Twilio: {code} too many requests"), code=str(code))
        meaning = self._account.codes.get(code)
        if meaning is not None:
            return self._meant(code, meaning, message, retry_after(answer.headers))
        return self._unlisted(answer, code, str(said.get("message", "")), message.to)

    def _created(self, said: dict[str, Any], message: Sms) -> Outcome:
        code, sid = said.get("error_code"), said.get("sid")
        if said.get("status") in ("failed", "undelivered") and type(code) is int:
            meaning = self._account.codes.get(code)
            if meaning is not None:
                return self._meant(code, meaning, message, None)
        return Sent(sanitize_id(sid), code=sanitize_id(said.get("status")))

    def _meant(
        self, code: int, meaning: Meaning, message: Sms, after: timedelta | None
    ) -> Refused | Retry:
        reason, written = f"Twilio: {code} {meaning.words}", str(code)
        match meaning.cause:
            case Cause.RECIPIENT | Cause.STOPPED:
                is_stopped = meaning.cause is Cause.STOPPED
                return Refused(reason, code=written, blame=Blame.STOP if is_stopped else Blame.HARD)
            case Cause.CONTENT:
                return Refused(reason, code=written)
            case Cause.SENDER if message.sender is not None:
                # One tenant's own sender must not stop the texts of the others.
                return Refused(f"{reason}: {message.sender}", code=written)
            case Cause.SENDER | Cause.ACCOUNT:
                return _misconfigured(reason, written)
            case Cause.BUSY:
                return Retry(reason, after=after, code=written, scope=FailureScope.PROVIDER)
            case Cause.DESTINATION | Cause.UNREACHABLE:
                return Retry(reason, after=after, code=written)

    def _unlisted(self, answer: Response, code: int, text: str, to: str) -> Outcome:
        """The outcome for a code that is not in the table, by its HTTP status."""
        text = mask(sanitize(text, self._account.token, to))
        return replace(outcome_of(answer, f"Twilio: {code} {text}".rstrip()), code=str(code))

    def _without_code(self, answer: Response) -> Outcome:
        """The outcome without an error object, which may come from a proxy."""
        reason = f"Twilio: HTTP {answer.status}"
        is_turned_away = (
            answer.status == HTTPStatus.SERVICE_UNAVAILABLE
            and retry_after(answer.headers) is not None
        )
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not is_turned_away:
            reason = f"{reason}, without a word of what became of the text"
            return Unknown(reason, code=str(answer.status))
        return outcome_of(answer, reason)


def _misconfigured(reason: str, code: str) -> Retry:
    return Retry(f"{MISCONFIGURED}{reason}", code=code, scope=FailureScope.CONFIGURATION)
