"""The length of an SMS: in GSM 03.38 (3GPP TS 23.038) if possible, else in UCS-2.

A message of 140 octets holds 160 septets or 70 UTF-16 units. One that is sent in several keeps 6
octets of each for the numbering (3GPP TS 23.040, 9.2.3.24.1), which leaves 153 or 67; a character
that takes two of them is never divided between two messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dispatcher.rendering.plain_text import graphemes

#: The basic character set in the order of the codes, without the escape at 0x1b.
BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: The extension table. Each character follows an escape, so it counts as two.
EXTENSION: Final = frozenset("\f^{}\\[~]|€")
_GSM: Final = BASIC | EXTENSION

#: Typographic characters, and characters of GSM that read the same.
_SIMPLER: Final = str.maketrans(
    {
        **dict.fromkeys("\t\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000", " "),
        **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        "…": "...",
    }
)


class Encoding(StrEnum):
    """The encoding of an SMS."""

    GSM = "GSM 03.38"
    UCS2 = "UCS-2"

    @property
    def alone(self) -> int:
        """Units in an SMS of one segment."""
        return 160 if self is Encoding.GSM else 70

    @property
    def of_several(self) -> int:
        """Units in each segment of a longer SMS."""
        return 153 if self is Encoding.GSM else 67


@dataclass(frozen=True, slots=True)
class Measure:
    """The encoding of an SMS, its length in units of the encoding, and the segments it costs."""

    encoding: Encoding
    units: int
    segments: int

    @property
    def octets(self) -> int:
        """The length in octets, which is comparable between encodings."""
        return self.units * 2 if self.encoding is Encoding.UCS2 else -(-self.units * 7 // 8)


def measure(text: str) -> Measure:
    """Measure a text as it is."""
    encoding = Encoding.GSM if _GSM.issuperset(text) else Encoding.UCS2
    if encoding is Encoding.GSM:
        widths = [2 if character in EXTENSION else 1 for character in text]
    else:
        widths = [2 if character > "\uffff" else 1 for character in text]
    units = sum(widths)
    segments = 1 if units <= encoding.alone else _segments(widths, encoding.of_several)
    return Measure(encoding, units, segments)


def simplified(text: str) -> str:
    """Replace typographic quotes, dashes and spaces if that makes the text fit GSM 03.38.

    A text with other characters outside GSM gains nothing, so it is returned unchanged.
    """
    if _GSM.issuperset(text):
        return text
    plain = text.translate(_SIMPLER)
    if not _GSM.issuperset(plain):
        return text
    # An ellipsis becomes three dots, so a text of many could take more segments.
    return plain if measure(plain).segments <= measure(text).segments else text


def not_in_gsm(text: str) -> tuple[str, ...]:
    """The characters of a text that GSM 03.38 lacks, each once."""
    without = (each for each in graphemes(text) if not _GSM.issuperset(each))
    return tuple(dict.fromkeys(without))


def length_of(measured: Measure) -> str:
    """In words: `1 segment (97 of 160 in GSM 03.38)`."""
    encoding = measured.encoding
    if measured.segments == 1:
        return f"1 segment ({measured.units} of {encoding.alone} in {encoding})"
    of_several = f"{measured.units} in {encoding}, {encoding.of_several} each"
    return f"{measured.segments} segments ({of_several})"


def _segments(widths: Iterable[int], room: int) -> int:
    segments, left = 0, 0
    for width in widths:
        if width > left:
            segments, left = segments + 1, room
        left -= width
    return segments
