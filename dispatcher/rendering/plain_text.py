"""Text that may go where control characters do harm."""

from __future__ import annotations

import re
from typing import Final

from dispatcher.rendering.graphemes import cut

#: C0 and C1 controls without tab and line feed; embeddings, overrides and isolates, which let a
#: name rewrite the sentence around it (UAX 9).
_HARMFUL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SPACES: Final = re.compile("[ \t\n\r\x0b\x0c\x85\u2028\u2029]+")
_GAPS: Final = re.compile(r"\n{3,}")
# Begins only where a run begins, or a million spaces would take minutes.
_TRAILING: Final = re.compile(r"(?<![ \t])[ \t]++\n")


def one_line(text: str, length: int) -> str:
    """Without line breaks and control characters (RFC 5322, 2.2), cut to `length` characters."""
    text = text.strip()
    if "  " in text or not text.isprintable():
        text = _HARMFUL.sub("", _SPACES.sub(" ", text))
    return text if len(text) <= length else cut(text, length - 1).rstrip() + "…"


def paragraphs(text: str) -> str:
    """Lines ending in a line feed, one empty line at most between them, no control characters."""
    text = text.strip()
    if text.isprintable():
        return text
    if _HARMFUL.search(text):
        text = _HARMFUL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if "\n" in text:
        text = _GAPS.sub("\n\n", _TRAILING.sub("\n", text))
    return text
