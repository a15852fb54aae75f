"""Where undeliverable mail returns: an address that names its delivery (VERP), and is signed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from dispatcher.inbound.signing import Signer

#: `{delivery}` and `{domain}` (the sender's) are filled in, so that a bounce names its delivery.
RETURN_PATH: Final = "bounces+{delivery}@{domain}"

_PURPOSE: Final = "bounce"
_DELIVERY: Final = re.escape("{delivery}")
#: A delivery id fits into a bigint. Of the identity there is room for its beginning. The mark is
#: Signer.mark()'s.
_SIGNED: Final = r"(?P<delivery>[0-9]{1,18})(?:-(?P<identity>[0-9a-f]{10})-(?P<mark>[a-z2-7]{16}))?"
_IDENTITY_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class Returned:
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
            named = f"{named}-{identity}-{self._signer.mark(_PURPOSE, named, identity)}"
        return self._pattern.replace("{delivery}", named).replace("{domain}", domain)

    def read(self, address: str) -> Returned | None:
        """The delivery of such an address; None for any other. Raises BadToken for a forged one."""
        found = self._local.fullmatch(address.strip().strip("<>").rpartition("@")[0])
        if found is None or "delivery" not in found.groupdict():
            return None
        named, identity, mark = found.group("delivery", "identity", "mark")
        if mark is None or self._signer is None:
            return Returned(int(named), is_signed=False)
        # Servers may fold the case of what is before the @.
        identity = identity.lower()
        self._signer.verify_mark(_PURPOSE, mark, named, identity)
        return Returned(int(named), is_signed=True, identity=identity)
