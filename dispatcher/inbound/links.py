"""Addresses of ours that the outside world calls or writes to, each signed for what it may do."""

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
    """A delivery as the outside world names it: by its number, and so that no other is meant.

    After a crash that undid its routing the number may be another's; see Delivery.identity.
    """

    delivery_id: int
    identity: str

    @property
    def parts(self) -> tuple[str, str]:
        return str(self.delivery_id), self.identity


@dataclass(frozen=True, slots=True)
class Links:
    """Made by `public_url`, under which POSTBELL_PUBLIC_URL says that we are reached."""

    public_url: str
    signer: Signer

    def opened(self, delivery: DeliveryRef) -> str:
        """The picture that a mail asks for when it is looked at."""
        return f"{self.public_url}/o/{self.signer.sign('open', *delivery.parts)}"

    def clicked(self, delivery: DeliveryRef, target: str) -> str:
        """A link that leads to `target`, and nowhere else: it is part of what is signed."""
        return f"{self.public_url}/c/{self.signer.sign('click', *delivery.parts, target)}"

    def callback(self, kind: str, provider: str, delivery: DeliveryRef) -> str:
        """Where a provider, of a kind such as twilio, tells what became of one message."""
        token = self.signer.sign("report", *delivery.parts)
        return f"{self.public_url}/v1/webhooks/{kind}/{provider}/status/{token}"


def opened(signer: Signer, token: str) -> DeliveryRef:
    """The delivery of a token of `Links.opened`. Raises BadToken."""
    delivery_id, identity = _parts(signer, "open", token, 2)
    return DeliveryRef(_number(delivery_id), identity)


def clicked(signer: Signer, token: str) -> tuple[DeliveryRef, str]:
    """The delivery and the target of a token of `Links.clicked`. Raises BadToken."""
    delivery_id, identity, target = _parts(signer, "click", token, 3)
    return DeliveryRef(_number(delivery_id), identity), target


def reported(signer: Signer, token: str) -> DeliveryRef:
    """The delivery of a token of `Links.report`. Raises BadToken."""
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


#: `{delivery}` and `{domain}` (the sender's) are filled in, so that a bounce names its delivery.
RETURN_PATH: Final = "bounces+{delivery}@{domain}"

_BOUNCE_PURPOSE: Final = "bounce"
_DELIVERY: Final = re.escape("{delivery}")
#: A delivery id fits into a bigint. Of the identity there is room for its beginning. The mark is
#: Signer.mark()'s.
_SIGNED: Final = r"(?P<delivery>[0-9]{1,18})(?:-(?P<identity>[0-9a-f]{10})-(?P<mark>[a-z2-7]{16}))?"
_IDENTITY_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class ReturnPathMatch:
    """The delivery that an address names, and whether that is proven by our own signature."""

    delivery_id: int
    is_signed: bool
    #: How the delivery's identity begins; None where it is not signed.
    identity: str | None = None


class ReturnPath:
    """Without a signer the number stands alone, and anybody can write to any of them."""

    def __init__(self, pattern: str = RETURN_PATH, signer: Signer | None = None) -> None:
        self._pattern: Final = pattern
        self._signer: Final = signer
        # Servers may fold the case of what is before the @, and rename the domain.
        local = re.escape(pattern.partition("@")[0]).replace(_DELIVERY, _SIGNED)
        self._local: Final = re.compile(local, re.IGNORECASE | re.ASCII)

    def of(self, delivery_id: int, identity: str, domain: str) -> str:
        """The envelope sender of a delivery's mail."""
        named = str(delivery_id)
        if self._signer is not None:
            identity = identity[:_IDENTITY_DIGITS]
            named = f"{named}-{identity}-{self._signer.mark(_BOUNCE_PURPOSE, named, identity)}"
        return self._pattern.replace("{delivery}", named).replace("{domain}", domain)

    def read(self, address: str) -> ReturnPathMatch | None:
        """The delivery of such an address; None for any other. Raises BadToken for a forged one."""
        found = self._local.fullmatch(address.strip().strip("<>").rpartition("@")[0])
        if found is None or "delivery" not in found.groupdict():
            return None
        named, identity, mark = found.group("delivery", "identity", "mark")
        if mark is None or self._signer is None:
            return ReturnPathMatch(int(named), is_signed=False)
        # Servers may fold the case of what is before the @.
        identity = identity.lower()
        self._signer.verify_mark(_BOUNCE_PURPOSE, mark, named, identity)
        return ReturnPathMatch(int(named), is_signed=True, identity=identity)


#: The clock of the host that signed may be ahead, past midnight.
_LEEWAY: Final = timedelta(days=1)


def sign_dated(signer: Signer, purpose: str, now: datetime, *parts: str) -> str:
    """A token of these parts and the day."""
    return signer.sign(purpose, *parts, now.astimezone(UTC).date().isoformat())


def read_dated(
    signer: Signer, purpose: str, token: str, now: datetime, life: timedelta
) -> tuple[tuple[str, ...], datetime]:
    """The parts, and the beginning of the day. Raises BadToken, also once `life` is over."""
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


#: What the links are signed for.
PREFERENCES_PURPOSE: Final = "preferences"
#: Below POSTBELL_PUBLIC_URL; the token follows.
PREFERENCES_PATH: Final = "/preferences/"
#: After the day of the mail.
PREFERENCES_LIFE: Final = timedelta(days=60)


class PreferencesLinks:
    """Signed for one tenant, one recipient and a day, so that those of a day are alike."""

    def __init__(self, signer: Signer, public_url: str) -> None:
        self._signer: Final = signer
        self._base: Final = public_url + PREFERENCES_PATH

    def of(self, delivery: Delivery, now: datetime) -> str:
        """The delivery's recipient's own link."""
        return self._base + sign_preferences(
            self._signer, delivery.tenant.id, delivery.recipient.id, now
        )


def sign_preferences(signer: Signer, tenant_id: str, recipient_id: str, now: datetime) -> str:
    """A token that lets in to this person's choices."""
    return sign_dated(signer, PREFERENCES_PURPOSE, now, tenant_id, recipient_id)


def read_preferences(signer: Signer, token: str, now: datetime) -> tuple[str, str, datetime]:
    """The tenant, the recipient, and until when it lets in. Raises BadToken."""
    (tenant_id, recipient_id), signed_at = read_dated(
        signer, PREFERENCES_PURPOSE, token, now, PREFERENCES_LIFE
    )
    return tenant_id, recipient_id, signed_at + PREFERENCES_LIFE


#: What the links are signed for.
UNSUBSCRIBE_PURPOSE: Final = "unsubscribe"
#: What permits are signed for.
_PERMIT_PURPOSE: Final = "unsubscribe-page"
#: Below POSTBELL_PUBLIC_URL; the token follows.
UNSUBSCRIBE_PATH: Final = "/v1/unsubscribe/"
#: After the day of the mail, its page offers more than the link does: for as long as the other link
#: of that mail lets in to all choices.
WIDE_UNSUBSCRIBE_LIFE: Final = PREFERENCES_LIFE
#: How long a page may be open before it is used.
PERMIT_LIFE: Final = timedelta(hours=1)

#: RFC 5322, 2.1.1, with room for the header's name. A URL is not folded, and ids of so many
#: characters that it would have to be are left with the link in the text.
_LONGEST_LINE: Final = 950


class UnsubscribeLinks:
    """Signed for one tenant, recipient and category, and a day: by itself it does no more."""

    def __init__(self, signer: Signer, public_url: str) -> None:
        self._signer: Final = signer
        self._base: Final = public_url + UNSUBSCRIBE_PATH

    def of(self, delivery: Delivery, now: datetime) -> str | None:
        """None where nobody may opt out: what is forced."""
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
    """For the page of a link: it may ask for more than the link can."""
    return signer.sign(_PERMIT_PURPOSE, token, str(int(now.timestamp())))


def is_permitted(signer: Signer, token: str, shown: str, now: datetime) -> bool:
    """Whether this was signed for the page of this link, in the last hour."""
    try:
        of_token, seconds = signer.verify(_PERMIT_PURPOSE, shown)
    except BadToken:
        return False
    signed_at = datetime.fromtimestamp(int(seconds), UTC)
    return of_token == token and now - PERMIT_LIFE < signed_at


def unsubscribe_headers(link: str) -> tuple[tuple[str, str], ...]:
    """What mail programs make a button of; it asks by POST (RFC 8058, 3.1)."""
    if len(link) > _LONGEST_LINE:
        return ()
    return (
        ("List-Unsubscribe", f"<{link}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
