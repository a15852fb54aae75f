"""Makes what a server said safe to store and to log."""

from __future__ import annotations

import re

#: Characters.
LONGEST = 300
#: Characters; no service has longer ids.
LONGEST_ID = 255


def sanitize(text: str, *secrets: str) -> str:
    """One printable line of at most LONGEST characters, without `secrets` in any letter case."""
    for secret in secrets:
        if secret:
            text = re.sub(re.escape(secret), "…", text, flags=re.IGNORECASE)
    text = " ".join(text.split())
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def sanitize_id(said: object) -> str | None:
    """An id or keyword from a server, cut to LONGEST_ID; None if it is not printable ASCII."""
    if not isinstance(said, str) or not said.isascii() or not said.isprintable():
        return None
    return said.strip()[:LONGEST_ID] or None
