"""The link by which somebody opens their preferences from a mail, without a login.

It lets in to the choices of one person, and to nothing else of theirs; for a while only, since
mails are forwarded and kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from dispatcher.channels import dated_link
from dispatcher.delivery.model import Delivery
from dispatcher.inbound.signing import Signer

#: What the links are signed for.
PURPOSE: Final = "preferences"
#: Below POSTBELL_PUBLIC_URL; the token follows.
PATH: Final = "/preferences/"
#: After the day of the mail.
LIFE: Final = timedelta(days=60)


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
    return dated_link.sign(signer, PURPOSE, now, tenant_id, recipient_id)


def read(signer: Signer, token: str, now: datetime) -> tuple[str, str, datetime]:
    """The tenant, the recipient, and until when it lets in. Raises BadToken."""
    (tenant_id, recipient_id), signed_at = dated_link.read(signer, PURPOSE, token, now, LIFE)
    return tenant_id, recipient_id, signed_at + LIFE
