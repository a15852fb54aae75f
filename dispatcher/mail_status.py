"""Enhanced mail system status codes (RFC 3463), and what they say about an address."""

from __future__ import annotations

import re
from typing import Final

from dispatcher.receipt import Blame

#: No such mailbox, no such domain, bad syntax, moved away, takes no mail (RFC 7505); 5.1.0 leaves
#: open which. Not 5.1.7 and 5.1.8, which are about the sender's address.
BAD_ADDRESS: Final = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
#: Disabled, full: people tidy up.
NOT_NOW: Final = frozenset({"5.2.1", "5.2.2"})

_STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")


def status_in(text: str) -> str | None:
    """The first code in a text, like `5.1.1`."""
    found = _STATUS.search(text)
    return found[1] if found else None


def blame_of(status: str | None) -> Blame | None:
    """What a mail that was given back with this code says about its address; None: nothing.

    Policy (x.7.x) is about us or the mail, whatever its class.
    """
    status = status_in(status or "")
    if status is None or status.split(".")[1] == "7":
        return None
    if status in BAD_ADDRESS:
        return Blame.HARD
    return Blame.SOFT if status in NOT_NOW or status.startswith("4.") else None
