"""The catalogue of events, as demo_events.md has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ALL_CHANNELS = ("in_app", "email", "sms", "push", "sse")


@dataclass(frozen=True)
class Entry:
    """A row of it."""

    event: str
    category: str
    priority: str
    channels: str
    told: str
    link: str
    button: str
    word: str


_, *_ROWS = (
    line.strip("|").split(" | ")
    for line in Path(__file__).with_name("demo_events.md").read_text("utf-8").splitlines()
    if line.startswith("|") and not line.startswith("| ---")
)
CATALOGUE = [Entry(*(cell.strip() for cell in row)) for row in _ROWS]
