"""What travels from the database to a provider: a delivery, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from dispatcher.inbound.receipts import Blame


@dataclass(frozen=True, slots=True)
class Tenant:
    """A website of the application. Links are built from `base_url`, money from `currency`."""

    id: str
    name: str
    base_url: str
    currency: str
    locale: str
    time_zone: str
    branding: Mapping[str, Any]
    #: By channel, the names of the providers it chose, in order. A channel without a choice is
    #: not in it.
    providers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: Counts the brandings it has had.
    branding_version: int = 1
    #: Another one whenever its texts in the database may be others; None where it has none.
    text_stamp: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """The person a delivery is for. `locale` and `time_zone` are None where the tenant's apply."""

    id: str
    locale: str | None
    time_zone: str | None
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Device:
    """A browser of the recipient's: where its push service is, and what to encrypt to (RFC 8291).

    Its repr shows only its number: who knows the address and the keys can write to the browser.
    """

    id: int
    endpoint: str = field(repr=False)
    #: In base64url, as PushSubscription has them.
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event, to one recipient, on one channel."""

    id: int
    #: Of this delivery and no other, also after a crash that undid its routing, and in a database
    #: that was made anew: 32 hexadecimal digits. What others know repetitions by is made of it.
    identity: str
    outbox_id: int
    event: str
    category: str
    channel: str
    priority: str
    subject: str | None
    payload: Mapping[str, Any]
    tenant: Tenant
    recipient: Recipient
    #: E-mail address, E.164 phone number; None on channels that need none (in_app).
    address: str | None
    #: How often it has been tried, this time included; one try may call several providers.
    attempts: int
    created_at: datetime
    expires_at: datetime | None
    #: The recipient cannot opt out of it: a security notice, say.
    is_forced: bool = False
    #: What is to be known about a mail, of `opens` and `clicks`: as the tenant asks, unless the
    #: recipient refuses.
    tracking: frozenset[str] = frozenset()
    #: Those still to be reached; only on push.
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it."""

    message_id: str | None = None
    code: str | None = None


class FailureScope(StrEnum):
    """Whose fault it is that a message was not taken."""

    #: This one's: greylisted, a full mailbox, a bound per recipient. Others may get through.
    MESSAGE = "message"
    #: The provider is down, overloaded or out of reach.
    PROVIDER = "provider"
    #: Ours: a wrong key, an unpaid account. Nothing gets through until somebody changes it.
    CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class Retry:
    """Not taken, and another try is safe, here or with another provider.

    `after` is what the provider asked for, if it did.
    """

    reason: str
    after: timedelta | None = None
    code: str | None = None
    scope: FailureScope = FailureScope.MESSAGE


@dataclass(frozen=True, slots=True)
class Refused:
    """Never going to be taken. `blame` says that the address itself is the reason."""

    reason: str
    code: str | None = None
    blame: Blame | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have been taken: the connection was lost after the last byte.

    No other provider is asked, whoever is at fault; that only says what to expect of the next.
    """

    reason: str
    code: str | None = None
    scope: FailureScope = FailureScope.PROVIDER


Outcome = Sent | Retry | Refused | Unknown
