"""The link by which somebody opens their preferences from a mail, without a login.

It lets in to the choices of one person, and to nothing else of theirs; for a while only, since
mails are forwarded and kept.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from dispatcher.delivery import Delivery
from dispatcher.signing import BadToken, Signer

#: What the links are signed for.
PURPOSE: Final = "preferences"
#: Below POSTBELL_PUBLIC_URL; the token follows.
PATH: Final = "/preferences/"
#: After the day of the mail.
LIFE: Final = timedelta(days=60)

#: The clock of the host that signed may be ahead, past midnight.
_LEEWAY: Final = timedelta(days=1)


class PreferencesLinks:
    """Signed for one tenant, one recipient and a day, so that those of a day are alike."""

    def __init__(self, signer: Signer, public_url: str) -> None:
        self._signer: Final = signer
        self._base: Final = public_url + PATH

    def of(self, delivery: Delivery, now: datetime) -> str:
        """The delivery's recipient's own link."""
        return self._base + sign(self._signer, delivery.tenant.id, delivery.recipient.id, now)


def sign(signer: Signer, tenant_id: str, recipient_id: str, now: datetime) -> str:
    """A token that lets in to this person's choices."""
    day = now.astimezone(UTC).date()
    return signer.sign(PURPOSE, tenant_id, recipient_id, day.isoformat())


def read(signer: Signer, token: str, now: datetime) -> tuple[str, str, datetime]:
    """The tenant, the recipient, and until when it lets in. Raises BadToken."""
    tenant_id, recipient_id, day = signer.verify(PURPOSE, token)
    signed_on = date.fromisoformat(day)
    midnight = datetime(signed_on.year, signed_on.month, signed_on.day, tzinfo=UTC)
    expires_at = midnight + LIFE
    if expires_at <= now:
        raise BadToken(f"the link is of {day}: it has expired")
    if midnight > now + _LEEWAY:
        raise BadToken(f"the link is of {day}, which is in the future: compare the clocks")
    return tenant_id, recipient_id, expires_at
