"""Links that work for some days after that on which they were signed.

Those of a day are alike: a mail that is tried again says the same.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from dispatcher.inbound.signing import BadToken, Signer

#: The clock of the host that signed may be ahead, past midnight.
_LEEWAY: Final = timedelta(days=1)


def sign(signer: Signer, purpose: str, now: datetime, *parts: str) -> str:
    """A token of these parts and the day."""
    return signer.sign(purpose, *parts, now.astimezone(UTC).date().isoformat())


def read(
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
