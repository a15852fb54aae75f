"""Plain text: cuts between characters, and removes control characters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final
from unicodedata import category

_JOINER: Final = "\u200d"
#: Zero-width non-joiner, Korean vowels and finals, skin tones, and the tags of a flag.
_EXTENDING: Final = (
    ("\u200c", "\u200d"),
    ("\u1160", "\u11ff"),
    ("\ud7b0", "\ud7fb"),
    ("\U0001f3fb", "\U0001f3ff"),
    ("\U000e0020", "\U000e007f"),
)
_FLAG: Final = ("\U0001f1e6", "\U0001f1ff")


def graphemes(text: str) -> Iterator[str]:
    """Split into what readers see as one character: a letter with its accents, an emoji."""
    places = [place for place in range(len(text) + 1) if is_gap(text, place)]
    return (text[start:end] for start, end in pairwise(places))


def is_gap(text: str, place: int) -> bool:
    """Whether the text may be cut before the code point at `place`."""
    if not 0 < place < len(text):
        return True
    before, after = text[place - 1], text[place]
    if after < "\u0300":
        return before + after != "\r\n"
    if category(after) in {"Mn", "Me", "Mc"} or _is_in(after, *_EXTENDING):
        return False
    if _is_in(after, _FLAG):
        # Two letters make a flag, counted from the first letter of the run.
        flags = len(text[:place]) - len(text[:place].rstrip(_LETTERS_OF_FLAGS))
        return flags % 2 == 0
    return before != _JOINER


def cut(text: str, length: int) -> str:
    """The first `length` code points at most, without dividing a character.

    A single character longer than `length` is divided: it may have any number of accents.
    """
    if len(text) <= length:
        return text
    place = length
    while place > 0 and not is_gap(text, place):
        place -= 1
    return text[: place or length]


def _is_in(character: str, *ranges: tuple[str, str]) -> bool:
    return any(first <= character <= last for first, last in ranges)


_LETTERS_OF_FLAGS: Final = "".join(map(chr, range(ord(_FLAG[0]), ord(_FLAG[1]) + 1)))


#: C0 and C1 controls without tab and line feed; bidirectional embeddings, overrides and isolates,
#: with which a name could reorder the sentence around it (UAX 9); and lone surrogates, which no
#: encoding has.
_HARMFUL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACES: Final = re.compile("[ \t\n\r\x0b\x0c\x85\u2028\u2029]+")
_GAPS: Final = re.compile(r"\n{3,}")
# Matches only from the start of a run, or a million spaces would take minutes.
_TRAILING: Final = re.compile(r"(?<![ \t])[ \t]++\n")


def without_controls(text: str) -> str:
    """Remove what would reorder or hide the text around it; tabs and line feeds stay."""
    return text if text.isprintable() else _HARMFUL.sub("", text)


def one_line(text: str, length: int) -> str:
    """Remove line breaks and control characters (RFC 5322, 2.2); cut to `length` characters."""
    text = text.strip()
    if "  " in text or not text.isprintable():
        text = _HARMFUL.sub("", _SPACES.sub(" ", text))
    return text if len(text) <= length else cut(text, length - 1).rstrip() + "…"


def paragraphs(text: str) -> str:
    """Use line feeds, at most one empty line between lines, and no control characters."""
    text = text.strip()
    if text.isprintable():
        return text
    if _HARMFUL.search(text):
        text = _HARMFUL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    # Looking for a text is much faster than for a pattern, and most templates leave neither.
    if " \n" in text or "\t\n" in text:
        text = _TRAILING.sub("\n", text)
    return _GAPS.sub("\n\n", text) if "\n\n\n" in text else text
