"""How long a text message is: GSM 03.38 (3GPP TS 23.038) where it can be, else UCS-2.

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

#: In the order of their codes, the escape at 0x1b left out.
BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Each behind an escape, so it counts as two.
EXTENSION: Final = frozenset("\f^{}\\[~]|€")
_GSM: Final = BASIC | EXTENSION

#: Typography that reads the same in GSM's characters.
_PLAINER: Final = str.maketrans(
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
    """How a message's characters are written."""

    GSM = "GSM 03.38"
    UCS2 = "UCS-2"

    @property
    def alone(self) -> int:
        """Units that a message of one segment holds."""
        return 160 if self is Encoding.GSM else 70

    @property
    def of_several(self) -> int:
        """Units that each segment of a longer message holds."""
        return 153 if self is Encoding.GSM else 67


@dataclass(frozen=True, slots=True)
class Measure:
    """A text's encoding, its length in the encoding's units, and the messages it is paid as."""

    encoding: Encoding
    units: int
    segments: int

    @property
    def octets(self) -> int:
        """What it takes of the messages' room, whatever the encoding."""
        return self.units * 2 if self.encoding is Encoding.UCS2 else -(-self.units * 7 // 8)


def measure(text: str) -> Measure:
    """Of the text as it stands."""
    encoding = Encoding.GSM if _GSM.issuperset(text) else Encoding.UCS2
    if encoding is Encoding.GSM:
        widths = [2 if character in EXTENSION else 1 for character in text]
    else:
        widths = [2 if character > "\uffff" else 1 for character in text]
    units = sum(widths)
    segments = 1 if units <= encoding.alone else _segments(widths, encoding.of_several)
    return Measure(encoding, units, segments)


def simplified(text: str) -> str:
    """With typewriter's quotes, dashes and spaces where these alone make it a GSM text.

    A text that has something else beside them gains nothing, and stays as its author wrote it.
    """
    if _GSM.issuperset(text):
        return text
    plain = text.translate(_PLAINER)
    if not _GSM.issuperset(plain):
        return text
    # Three points for one: a text of nothing but ellipses would become longer.
    return plain if measure(plain).segments <= measure(text).segments else text


def not_in_gsm(text: str) -> tuple[str, ...]:
    """The characters, each once, because of which a text cannot be GSM."""
    without = (each for each in graphemes(text) if not _GSM.issuperset(each))
    return tuple(dict.fromkeys(without))


def length_of(measured: Measure) -> str:
    """`1 segment (97 of 160 in GSM 03.38)`"""
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
