"""SendGrid: mails by its Web API (v3).

SendGrid's own library builds what is equal in the mails of one sender, and this is cached: a whole
mail would take it 0.08 ms, a quarter of the cost of sending one. It does not send the mails: it
connects for each one, and follows redirects with the key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Self

from sendgrid.helpers.mail import (
    ClickTracking,
    From,
    Mail,
    OpenTracking,
    ReplyTo,
    SubscriptionTracking,
    TrackingSettings,
)

from dispatcher.channels.email import Email
from dispatcher.delivery.model import FailureScope, Outcome, Refused, Retry, Sent, Unknown
from dispatcher.inbound.receipts import Blame
from dispatcher.masking import mask
from dispatcher.providers.base import MISCONFIGURED, ProviderNotOpenError, ProviderUrl
from dispatcher.providers.http import HttpClient, Response, outcome_of
from dispatcher.providers.sanitize import sanitize, sanitize_id

#: Custom arguments of a mail, which come back in each of its events and name the delivery.
DELIVERY_ID = "postbell_delivery_id"
IDENTITY = "postbell_identity"

#: The only permission that the key needs.
_MAY_SEND = "mail.send"

_SHAPE = "sendgrid://:API_KEY@api.sendgrid.com"
#: The end of the name of the recipient field, `personalizations.0.to.0.email`.
_TO = ".to.0.email"
#: Values that mean "no field"; the specification's examples have the string "null".
_NO_FIELD = (None, "", "null")


@dataclass(frozen=True, slots=True)
class SendGridAccount:
    """`sendgrid://:API_KEY@api.sendgrid.com?timeout=30`; parameters are below `api_key`.

    The host is `api.eu.sendgrid.com` for an account whose data stays in the European Union.
    """

    #: `https://api.sendgrid.com`
    origin: str
    api_key: str = field(repr=False)
    #: Seconds for connecting, and for the response. Long, since the outcome is unknown after a
    #: time-out.
    connect_timeout: float = 10.0
    timeout: float = 30.0
    #: Requests in flight.
    concurrency: int = 8

    @classmethod
    def from_url(cls, url: str) -> SendGridAccount:
        """Raises ProviderUrlError, whose message shows no key."""
        parts = ProviderUrl(url, "SendGrid", shape=_SHAPE)
        parts.no_path()
        if parts.username or not parts.password:
            raise parts.error(f"has no API key, or something in front of it: write {_SHAPE}")
        if not parts.password.isascii() or any(c <= " " for c in parts.password):
            raise parts.error("has an API key with a character in it that no key has")
        account = cls(
            origin=parts.origin(),
            api_key=parts.password,
            connect_timeout=parts.seconds("connect_timeout", 10.0),
            timeout=parts.seconds("timeout", 30.0),
            concurrency=parts.count("concurrency", 8),
        )
        parts.finish()
        return account

    @property
    def send_url(self) -> str:
        """The URL to which mails are posted."""
        return f"{self.origin}/v3/mail/send"

    @property
    def scopes_url(self) -> str:
        """The URL that lists the key's permissions."""
        return f"{self.origin}/v3/scopes"

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request. They contain the key."""
        return {"Authorization": f"Bearer {self.api_key}", "Accept": "application/json"}


class SendGrid:
    """Sends mails through one SendGrid account."""

    kind = "sendgrid"
    channel = "email"

    def __init__(self, account: SendGridAccount, *, name: str = kind) -> None:
        self.name = name
        self._account = account
        self._client = HttpClient(
            concurrency=account.concurrency,
            timeout=account.timeout,
            connect_timeout=account.connect_timeout,
        )
        self._open = False

    @classmethod
    def from_url(cls, url: str, *, name: str | None = None) -> Self:
        """`sendgrid://:API_KEY@api.sendgrid.com`: see SendGridAccount. Raises ProviderUrlError."""
        return cls(SendGridAccount.from_url(url), name=name or cls.kind)

    def __repr__(self) -> str:
        return f"SendGrid({self._account.origin})"

    async def open(self) -> None:
        await self._client.open()
        self._open = True

    async def send(self, message: Email) -> Outcome:
        if not self._open:
            raise ProviderNotOpenError(self.name)
        if message.smtputf8:
            return Refused("an address is not ASCII, and SendGrid takes none that is not")
        answer = await self._client.post(
            self._account.send_url,
            data=json.dumps(body(message), ensure_ascii=False).encode("utf-8", "replace"),
            headers={**self._account.headers, "Content-Type": "application/json"},
        )
        if not isinstance(answer, Response):
            return answer
        if answer.status == HTTPStatus.ACCEPTED:
            return Sent(sanitize_id(answer.headers.get("X-Message-Id")), code=str(answer.status))
        return self._declined(answer, message.to)

    async def check(self) -> Retry | None:
        """Check that the key may send mails."""
        answer = await self._client.get(self._account.scopes_url, headers=self._account.headers)
        if isinstance(answer, Retry):
            return answer
        if answer.status != HTTPStatus.OK:
            outcome = self._declined(answer)
            return outcome if isinstance(outcome, Retry) else Retry(outcome.reason)
        said = answer.json()
        scopes = said.get("scopes") if isinstance(said, dict) else None
        if isinstance(scopes, list) and _MAY_SEND in scopes:
            return None
        reason = f"{MISCONFIGURED}SendGrid: the API key may not send mails ({_MAY_SEND})"
        return Retry(reason, scope=FailureScope.CONFIGURATION)

    async def close(self) -> None:
        self._open = False
        await self._client.close()

    def _declined(self, answer: Response, *secrets: str) -> Retry | Refused | Unknown:
        """Any status but 202. A 200 means validated and not sent, or comes from a proxy."""
        complaints = _complaints(answer)
        said = "; ".join(f"{about}: {text}" if about else text for about, text in complaints)
        said = said or answer.body.decode("utf-8", "replace")
        said = mask(sanitize(said, self._account.api_key, *secrets))
        outcome = outcome_of(answer, f"SendGrid: {answer.status} {said}".rstrip())
        if isinstance(outcome, Refused) and any(about.endswith(_TO) for about, _ in complaints):
            return replace(outcome, blame=Blame.HARD)
        if answer.status == HTTPStatus.FORBIDDEN and "from" in dict(complaints):
            # One tenant's sender is not verified, which does not affect the others.
            return Retry(f"SendGrid: {answer.status} {said}", code=outcome.code)
        return outcome


def body(message: Email) -> dict[str, Any]:
    """The body of a request. It has one recipient: several would see each other."""
    content = [{"type": "text/plain", "value": message.text}]
    if message.html is not None:
        content.append({"type": "text/html", "value": message.html})
    frame = _frame(
        message.sender.name, message.sender.mailbox.address, message.reply_to, message.tracking
    )
    return {
        **frame,
        "personalizations": [{"to": [{"email": message.to}]}],
        "subject": message.subject,
        "content": content,
        "headers": {"Message-ID": message.message_id, **dict(message.headers)},
        "custom_args": {DELIVERY_ID: str(message.delivery_id), IDENTITY: message.identity},
    }


# Most of a tenant's mails have the same sender.
@lru_cache(maxsize=1024)
def _frame(
    name: str, address: str, reply_to: str | None, tracking: frozenset[str]
) -> Mapping[str, Any]:
    mail = Mail(from_email=From(address, name))
    if reply_to is not None:
        mail.reply_to = ReplyTo(reply_to)
    settings = TrackingSettings()
    # Otherwise SendGrid would keep its own list of unsubscribed people.
    settings.subscription_tracking = SubscriptionTracking(enable=False)
    settings.open_tracking = OpenTracking(enable="opens" in tracking)
    clicks = "clicks" in tracking
    settings.click_tracking = ClickTracking(enable=clicks, enable_text=clicks)
    mail.tracking_settings = settings
    frame: dict[str, Any] = mail.get()
    return frame


def _complaints(answer: Response) -> list[tuple[str, str]]:
    """The errors in a response: the field or "", and the text."""
    said = answer.json()
    errors = said.get("errors") if isinstance(said, dict) else None
    return [
        (
            str(error.get("field")) if error.get("field") not in _NO_FIELD else "",
            str(error.get("message") or ""),
        )
        for error in (errors if isinstance(errors, list) else ())
        if isinstance(error, dict)
    ]
