"""The link by which somebody leaves a category of mails, with one click and no login (RFC 8058).

Mails are kept for years, and forwarded. So the link works for long, and does one thing: what else
its page offers needs a permit, which that page alone has, for an hour, and of a younger link only.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from dispatcher.channels import dated_link, preferences
from dispatcher.delivery.model import Delivery
from dispatcher.inbound.signing import BadToken, Signer

#: What the links are signed for.
PURPOSE: Final = "unsubscribe"
#: What permits are signed for.
PERMIT: Final = "unsubscribe-page"
#: Below POSTBELL_PUBLIC_URL; the token follows.
PATH: Final = "/v1/unsubscribe/"
#: After the day of the mail, its page offers more than the link does: for as long as the other link
#: of that mail lets in to all choices.
WIDE: Final = preferences.LIFE
#: How long a page may be open before it is used.
PERMIT_LIFE: Final = timedelta(hours=1)

#: RFC 5322, 2.1.1, with room for the header's name. A URL is not folded, and ids of so many
#: characters that it would have to be are left with the link in the text.
_LONGEST_LINE: Final = 950


class UnsubscribeLinks:
    """Signed for one tenant, recipient and category, and a day: by itself it does no more."""

    def __init__(self, signer: Signer, public_url: str) -> None:
        self._signer: Final = signer
        self._base: Final = public_url + PATH

    def of(self, delivery: Delivery, now: datetime) -> str | None:
        """None where nobody may opt out: what is forced."""
        if delivery.is_forced:
            return None
        return self._base + dated_link.sign(
            self._signer,
            PURPOSE,
            now,
            delivery.tenant.id,
            delivery.recipient.id,
            delivery.category,
        )


def permit(signer: Signer, token: str, now: datetime) -> str:
    """For the page of a link: it may ask for more than the link can."""
    return signer.sign(PERMIT, token, str(int(now.timestamp())))


def is_permitted(signer: Signer, token: str, shown: str, now: datetime) -> bool:
    """Whether this was signed for the page of this link, in the last hour."""
    try:
        of_token, seconds = signer.verify(PERMIT, shown)
    except BadToken:
        return False
    signed_at = datetime.fromtimestamp(int(seconds), UTC)
    return of_token == token and now - PERMIT_LIFE < signed_at


def headers(link: str) -> tuple[tuple[str, str], ...]:
    """What mail programs make a button of; it asks by POST (RFC 8058, 3.1)."""
    if len(link) > _LONGEST_LINE:
        return ()
    return (
        ("List-Unsubscribe", f"<{link}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
