"""A delivery as it goes from the database to a provider, and what came of sending it.

Nobody changes any of these. A delivery and its recipient are not frozen, because they are made for
each message, and a frozen dataclass takes longer to make.
"""

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
    #: By channel, the names of the chosen providers in order; no entry for channels without choice.
    providers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: Increases with every change of the branding.
    branding_version: int = 1
    #: Changes when the tenant's template overrides may have changed; None without overrides.
    text_stamp: str | None = None

    def __post_init__(self) -> None:
        """Leave out what the branding has as null or empty, as a form may store what it lacks."""
        if any(value is None or value == "" for value in self.branding.values()):
            kept = {name: value for name, value in self.branding.items() if value not in (None, "")}
            object.__setattr__(self, "branding", kept)


@dataclass(slots=True)
class Recipient:
    """The person a delivery is for. `locale` and `time_zone` are None where the tenant's apply."""

    id: str
    locale: str | None
    time_zone: str | None
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Device:
    """A browser of the recipient: the address of its push service and its keys (RFC 8291).

    Its repr shows the id only, because address and keys allow anybody to send to the browser.
    """

    id: int
    endpoint: str = field(repr=False)
    #: Keys in base64url, as PushSubscription has them.
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)


@dataclass(slots=True)
class Delivery:
    """One event, to one recipient, on one channel."""

    id: int
    #: 32 hexadecimal digits, unique even after a crash that undid the routing, and in a database
    #: that was created anew. Idempotency keys for providers are derived from it.
    identity: str
    notification_id: int
    event: str
    category: str
    channel: str
    priority: str
    subject: str | None
    payload: Mapping[str, Any]
    tenant: Tenant
    recipient: Recipient
    #: E-mail address, E.164 phone number or the secret URL of a chat; None on channels without
    #: addresses, such as in_app.
    address: str | None = field(repr=False)
    #: Number of attempts including this one. One attempt may call several providers.
    attempts: int
    created_at: datetime
    expires_at: datetime | None
    #: The recipient cannot opt out of it, for example of a security message.
    is_forced: bool = False
    #: What to track of a mail, of `opens` and `clicks`: the tenant's choice, unless the recipient
    #: refuses.
    tracking: frozenset[str] = frozenset()
    #: The devices still to be reached; on push only.
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider accepted the message."""

    message_id: str | None = None
    code: str | None = None


class FailureScope(StrEnum):
    """What a failure concerns, and so how much is affected."""

    #: This message: greylisted, mailbox full, limit per recipient. Others may get through.
    MESSAGE = "message"
    #: The provider: down, overloaded or unreachable.
    PROVIDER = "provider"
    #: Our configuration: wrong key, unpaid account. Nothing gets through until it is mended.
    CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class Retry:
    """Not accepted; another attempt is safe, with this or another provider.

    `after` is the delay that the provider asked for, if any.
    """

    reason: str
    after: timedelta | None = None
    code: str | None = None
    scope: FailureScope = FailureScope.MESSAGE


@dataclass(frozen=True, slots=True)
class Refused:
    """Never going to be accepted. `blame` is set if the address itself is the reason."""

    reason: str
    code: str | None = None
    blame: Blame | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """May or may not have been accepted: the connection was lost after the last byte.

    No other provider is called. `scope` tells the circuit breaker only.
    """

    reason: str
    code: str | None = None
    scope: FailureScope = FailureScope.PROVIDER


Outcome = Sent | Retry | Refused | Unknown


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a provider, as postbell.attempt logs it."""

    #: sent, refused, unknown, retry (later), passed_on (to the next provider) or failed (given up).
    outcome: str
    provider: str
    message_id: str | None
    code: str | None
    reason: str | None
    latency_ms: float
    #: On push, the id of the device; on other channels None.
    device: int | None
    #: The push service reports that the subscription has ended, so the device is deleted.
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of an attempt to send a delivery, as postbell_private.record_attempts() takes it.

    It sums up the calls, of which there are several after a failover, or to several devices.
    """

    delivery_id: int
    identity: str
    #: sent, retry, refused, unknown or failed; or held: the delivery has a `Held` as well.
    outcome: str
    #: Seconds until the next attempt; None if there is none. After `sent` the next one is for the
    #: devices that were not reached.
    retry_after: float | None
    provider: str
    message_id: str | None
    reason: str | None
    #: What the failure says about the address; None if the address is not the cause.
    blame: Blame | None
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery to hold, as postbell_private.hold_deliveries() takes it: no attempt is counted.

    It waits for a provider, or for a template.
    """

    delivery_id: int
    #: Until it is tried again.
    seconds: float
    #: An attempt was counted when sending started; holding the delivery uncounts it.
    is_begun: bool
    reason: str
