"""Signed links and addresses in messages, by which people and providers come back to Postbell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from dispatcher.delivery.model import Delivery
from dispatcher.inbound.signing import BadToken, Signer

#: A delivery id fits into a bigint.
_LONGEST_NUMBER: Final = 19


class DeliveryRef(NamedTuple):
    """A delivery as signed links name it.

    The identity tells it from another delivery that has its number after a crash undid the routing;
    see Delivery.identity.
    """

    delivery_id: int
    identity: str

    @property
    def parts(self) -> tuple[str, str]:
        return str(self.delivery_id), self.identity


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links below `public_url` (POSTBELL_PUBLIC_URL)."""

    public_url: str
    signer: Signer

    def opened(self, delivery: DeliveryRef) -> str:
        """The URL of the tracking picture, which is loaded when a mail is opened."""
        return f"{self.public_url}/o/{self.signer.sign('open', *delivery.parts)}"

    def clicked(self, delivery: DeliveryRef, target: str) -> str:
        """A link that redirects to `target`, which is part of what is signed."""
        return f"{self.public_url}/c/{self.signer.sign('click', *delivery.parts, target)}"

    def callback(self, kind: str, provider: str, delivery: DeliveryRef) -> str:
        """The URL to which a provider, of a kind such as twilio, reports a message's status."""
        token = self.signer.sign("report", *delivery.parts)
        return f"{self.public_url}/v1/webhooks/{kind}/{provider}/status/{token}"


def opened(signer: Signer, token: str) -> DeliveryRef:
    """The delivery that a token of `Links.opened` names. Raises BadToken."""
    delivery_id, identity = _parts(signer, "open", token, 2)
    return DeliveryRef(_number(delivery_id), identity)


def clicked(signer: Signer, token: str) -> tuple[DeliveryRef, str]:
    """The delivery and the target of a token of `Links.clicked`. Raises BadToken."""
    delivery_id, identity, target = _parts(signer, "click", token, 3)
    return DeliveryRef(_number(delivery_id), identity), target


def reported(signer: Signer, token: str) -> DeliveryRef:
    """The delivery that a token of `Links.callback` names. Raises BadToken."""
    delivery_id, identity = _parts(signer, "report", token, 2)
    return DeliveryRef(_number(delivery_id), identity)


def _parts(signer: Signer, purpose: str, token: str, count: int) -> tuple[str, ...]:
    parts = signer.verify(purpose, token)
    if len(parts) != count:
        raise BadToken("this is a token of another version")
    return parts


def _number(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= _LONGEST_NUMBER):
        raise BadToken("this names no delivery")
    return int(written)


#: Envelope sender (VERP): with the delivery filled in, and the domain of the From address.
RETURN_PATH: Final = "bounces+{delivery}@{domain}"

_BOUNCE_PURPOSE: Final = "bounce"
_DELIVERY: Final = re.escape("{delivery}")
#: Delivery id (a bigint), as much of the identity as there is room for, and Signer.mark().
_SIGNED: Final = r"(?P<delivery>[0-9]{1,18})(?:-(?P<identity>[0-9a-f]{10})-(?P<mark>[a-z2-7]{16}))?"
_IDENTITY_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class ReturnPathMatch:
    """The delivery that a return path names, and whether its signature proves it."""

    delivery_id: int
    is_signed: bool
    #: The beginning of the delivery's identity; None if it is not signed.
    identity: str | None = None


class ReturnPath:
    """Addresses to which undeliverable mail returns, each naming its delivery.

    Without `signer` they have the delivery's number alone, and anybody can forge one.
    """

    def __init__(self, pattern: str = RETURN_PATH, signer: Signer | None = None) -> None:
        self._pattern: Final = pattern
        self._signer: Final = signer
        # Servers may change the case of the local part, and the domain.
        local = re.escape(pattern.partition("@")[0]).replace(_DELIVERY, _SIGNED)
        self._local: Final = re.compile(local, re.IGNORECASE | re.ASCII)

    def of(self, delivery_id: int, identity: str, domain: str) -> str:
        """The envelope sender of a delivery's mail, at `domain`."""
        named = str(delivery_id)
        if self._signer is not None:
            identity = identity[:_IDENTITY_DIGITS]
            named = f"{named}-{identity}-{self._signer.mark(_BOUNCE_PURPOSE, named, identity)}"
        return self._pattern.replace("{delivery}", named).replace("{domain}", domain)

    def read(self, address: str) -> ReturnPathMatch | None:
        """What a return path names; None for another address. Raises BadToken if it is forged."""
        found = self._local.fullmatch(address.strip().strip("<>").rpartition("@")[0])
        if found is None or "delivery" not in found.groupdict():
            return None
        named, identity, mark = found.group("delivery", "identity", "mark")
        if mark is None or self._signer is None:
            return ReturnPathMatch(int(named), is_signed=False)
        # Servers may change the case of the local part.
        identity = identity.lower()
        self._signer.verify_mark(_BOUNCE_PURPOSE, mark, named, identity)
        return ReturnPathMatch(int(named), is_signed=True, identity=identity)


#: The clock of the host that signed may already be past midnight.
_LEEWAY: Final = timedelta(days=1)


def sign_dated(signer: Signer, purpose: str, now: datetime, *parts: str) -> str:
    """A token of `parts` and the day. Those of one day are equal, so a retried mail is the same."""
    return signer.sign(purpose, *parts, now.astimezone(UTC).date().isoformat())


def read_dated(
    signer: Signer, purpose: str, token: str, now: datetime, life: timedelta
) -> tuple[tuple[str, ...], datetime]:
    """The parts, and the start of the day of signing. Raises BadToken, also after `life`."""
    *parts, day = signer.verify(purpose, token)
    try:
        signed_on = date.fromisoformat(day)
    except ValueError:
        raise BadToken("the link names no day") from None
    midnight = datetime(signed_on.year, signed_on.month, signed_on.day, tzinfo=UTC)
    if midnight + life <= now:
        raise BadToken(f"the link is of {day}: it has expired")
    if midnight > now + _LEEWAY:
        raise BadToken(f"the link is of {day}, which is in the future: compare the clocks")
    return tuple(parts), midnight


#: Purpose of the signature.
PREFERENCES_PURPOSE: Final = "preferences"
#: Below POSTBELL_PUBLIC_URL, followed by the token.
PREFERENCES_PATH: Final = "/preferences/"
#: Counted from the day of the mail: mails are forwarded and kept.
PREFERENCES_LIFE: Final = timedelta(days=60)


class PreferencesLinks:
    """Links from a mail to the preferences of its recipient, without a login.

    Signed for one tenant, one recipient and a day. They open preferences and nothing else.
    """

    def __init__(self, signer: Signer, public_url: str) -> None:
        self._signer: Final = signer
        self._base: Final = public_url + PREFERENCES_PATH

    def of(self, delivery: Delivery, now: datetime) -> str:
        """The link of the delivery's recipient."""
        return self._base + sign_preferences(
            self._signer, delivery.tenant.id, delivery.recipient.id, now
        )


def sign_preferences(signer: Signer, tenant_id: str, recipient_id: str, now: datetime) -> str:
    """A token for the preferences of one recipient."""
    return sign_dated(signer, PREFERENCES_PURPOSE, now, tenant_id, recipient_id)


def read_preferences(signer: Signer, token: str, now: datetime) -> tuple[str, str, datetime]:
    """Tenant id, recipient id, and when the token expires. Raises BadToken."""
    (tenant_id, recipient_id), signed_at = read_dated(
        signer, PREFERENCES_PURPOSE, token, now, PREFERENCES_LIFE
    )
    return tenant_id, recipient_id, signed_at + PREFERENCES_LIFE


#: Purposes of the signatures of links and of page permits.
UNSUBSCRIBE_PURPOSE: Final = "unsubscribe"
_PERMIT_PURPOSE: Final = "unsubscribe-page"
#: Below POSTBELL_PUBLIC_URL, followed by the token.
UNSUBSCRIBE_PATH: Final = "/v1/unsubscribe/"
#: Counted from the day of the mail: so long its page offers more than the link alone may do, as the
#: same mail's preferences link does.
WIDE_UNSUBSCRIBE_LIFE: Final = PREFERENCES_LIFE
#: How long an open page may be used.
PERMIT_LIFE: Final = timedelta(hours=1)

#: Characters, by RFC 5322, 2.1.1, less the header's name. URLs are not folded: a longer one is left
#: out of the headers, and stands in the text alone.
_LONGEST_LINE: Final = 950


class UnsubscribeLinks:
    """Links that unsubscribe from a category with one click, without a login (RFC 8058).

    Signed for one tenant, recipient, category and day. Mails are kept for years and forwarded, so
    the link does one thing. What else its page offers needs a permit, which only the page has.
    """

    def __init__(self, signer: Signer, public_url: str) -> None:
        self._signer: Final = signer
        self._base: Final = public_url + UNSUBSCRIBE_PATH

    def of(self, delivery: Delivery, now: datetime) -> str | None:
        """The link of a delivery; None if its recipient cannot opt out (forced)."""
        if delivery.is_forced:
            return None
        return self._base + sign_dated(
            self._signer,
            UNSUBSCRIBE_PURPOSE,
            now,
            delivery.tenant.id,
            delivery.recipient.id,
            delivery.category,
        )


def sign_permit(signer: Signer, token: str, now: datetime) -> str:
    """A permit for the page of a link, which may then do more than the link alone."""
    return signer.sign(_PERMIT_PURPOSE, token, str(int(now.timestamp())))


def is_permitted(signer: Signer, token: str, shown: str, now: datetime) -> bool:
    """Whether `shown` is a permit for the page of this link, signed within PERMIT_LIFE."""
    try:
        of_token, seconds = signer.verify(_PERMIT_PURPOSE, shown)
    except BadToken:
        return False
    signed_at = datetime.fromtimestamp(int(seconds), UTC)
    return of_token == token and now - PERMIT_LIFE < signed_at


def unsubscribe_headers(link: str) -> tuple[tuple[str, str], ...]:
    """Headers for a mail client's unsubscribe button, which sends a POST (RFC 8058, 3.1)."""
    if len(link) > _LONGEST_LINE:
        return ()
    return (
        ("List-Unsubscribe", f"<{link}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
