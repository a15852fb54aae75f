"""What a server said, fit for a reason and a log."""

from __future__ import annotations

import re

LONGEST = 300
#: No service has longer ones.
LONGEST_ID = 255


def sanitize(text: str, *secrets: str) -> str:
    """One line, printable, not long, and without `secrets` (passwords, addresses) in any case."""
    for secret in secrets:
        if secret:
            text = re.sub(re.escape(secret), "…", text, flags=re.IGNORECASE)
    text = " ".join(text.split())
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def sanitize_id(said: object) -> str | None:
    """An id or a keyword as a server gave it; None if it can be none, or is nothing to keep."""
    if not isinstance(said, str) or not said.isascii() or not said.isprintable():
        return None
    return said.strip()[:LONGEST_ID] or None
