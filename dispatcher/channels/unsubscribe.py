"""The link by which somebody leaves a category of mails, with one click and no login (RFC 8058)."""

from __future__ import annotations

from typing import Final

from dispatcher.delivery import Delivery
from dispatcher.signing import Signer

#: What the links are signed for.
PURPOSE: Final = "unsubscribe"
#: Below POSTBELL_PUBLIC_URL; the token follows.
PATH: Final = "/v1/unsubscribe/"

#: RFC 5322, 2.1.1, with room for the header's name. A URL is not folded, and ids of so many
#: characters that it would have to be are left with the link in the text.
_LONGEST_LINE: Final = 950


class UnsubscribeLinks:
    """Signed for one tenant, recipient and category: a leaked one can do no more than that."""

    def __init__(self, signer: Signer, public_url: str) -> None:
        self._signer: Final = signer
        self._base: Final = public_url + PATH

    def of(self, delivery: Delivery) -> str | None:
        """None where nobody may opt out: what is forced."""
        if delivery.is_forced:
            return None
        return self._base + self._signer.sign(
            PURPOSE, delivery.tenant.id, delivery.recipient.id, delivery.category
        )


def headers(link: str) -> tuple[tuple[str, str], ...]:
    """What mail programs make a button of; it asks by POST (RFC 8058, 3.1)."""
    if len(link) > _LONGEST_LINE:
        return ()
    return (
        ("List-Unsubscribe", f"<{link}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
