"""What enhanced mail system status codes (RFC 3463) say about an address.

This is the only table of them: SMTP replies, bounces and the webhooks of providers use it, and the
database stores its result. An address with HARD blame is never written to again, so HARD is only
for codes that hardly ever mean anything but a dead mailbox. In doubt it is SOFT, which expires
after days.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dispatcher.inbound.receipts import Blame

_BLAMES: Final[Mapping[str, Blame]] = MappingProxyType(
    {
        "5.1.1": Blame.HARD,  # no such mailbox
        "5.1.2": Blame.HARD,  # no such domain
        "5.1.3": Blame.HARD,  # no address at all
        "5.1.6": Blame.HARD,  # moved, and nobody knows where to
        "5.1.10": Blame.HARD,  # the domain takes no mail (RFC 7505); Exchange: no such mailbox
        "5.1.351": Blame.HARD,  # Exchange Online: the next server knows no such mailbox
        "5.4.4": Blame.HARD,  # no route, which nearly always is a domain that does not exist
        "5.1.0": Blame.SOFT,  # leaves open what it is; seldom a dead mailbox
        "5.1.4": Blame.SOFT,  # ambiguous
        "5.2.0": Blame.SOFT,  # something about the mailbox
        "5.2.1": Blame.SOFT,  # disabled
        "5.2.2": Blame.SOFT,  # full
        # RFC 3463: no answer from the host. Exchange Online: nobody of that name, or no access.
        "5.4.1": Blame.SOFT,
        "5.4.310": Blame.SOFT,  # Exchange Online: the domain's DNS does not work
        # Not 5.1.7 and 5.1.8: those are about the sender's address.
    }
)
#: The mailbox is full. The class says permanent, but SMTP sessions retry it.
FULL_MAILBOX: Final = "5.2.2"

_CODE: Final = r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)"
_STATUS: Final = re.compile(_CODE)
_FAILURE: Final = re.compile(_CODE.replace("245", "45"))
#: Behind a reply code, or marked as a status, so not the version of a program.
_CERTAIN: Final = re.compile(
    rf"(?:(?<!\d)[245]\d\d[ -]|#|\bstatus\b[^\w\n]{{1,5}}){_CODE}", re.IGNORECASE
)


def status_in(text: str) -> str | None:
    """The first code in a text, like `5.1.1`; preferably one where servers write it."""
    found = _CERTAIN.search(text) or _STATUS.search(text)
    return found[1] if found else None


def failure_in(text: str) -> str | None:
    """The first code of a failure: a code of success would be a program's version."""
    code = status_in(text)
    if code is None or not code.startswith("2."):
        return code
    found = _FAILURE.search(text)
    return found[1] if found else None


def blame_of(status: str | None) -> Blame | None:
    """What a failure with this code says about the address; None for nothing.

    Policy codes (x.7.x) are about the sender or the mail.
    """
    status = status_in(status or "")
    if status is None or status.split(".")[1] == "7":
        return None
    return _BLAMES.get(status, Blame.SOFT if status.startswith("4.") else None)
