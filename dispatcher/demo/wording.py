"""How states and reasons are said and shown, in the terminal and on the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from dispatcher.explanations import explain_reason

_TONES: Final[Mapping[str, str]] = {
    "sent": "good",
    "delivered": "good",
    "now": "good",
    "queued": "busy",
    "sending": "busy",
    "waiting": "later",
    "scheduled": "later",
    "later": "later",
    "skipped": "no",
    "cancelled": "no",
    "expired": "no",
    "repeated": "no",
    "no": "no",
}


def tone(state: str) -> str:
    """good, busy, later, no or bad: what a state or a decision looks like."""
    return _TONES.get(state, "bad")


def spoken(reason: str | None, state: str, due_at: datetime | None = None) -> str:
    """A reason as a sentence, with the time that it names; empty if there is nothing to say."""
    words = []
    if reason and reason != "wanted":
        words.append(explain_reason(reason).sentence)
    if due_at is not None and tone(state) == "later":
        words.append(f"Due at {due_at.astimezone():%H:%M:%S}.")
    return " ".join(words)
