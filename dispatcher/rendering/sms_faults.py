"""What makes a text message cost more than it looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal
from unicodedata import name

from dispatcher.rendering import gsm

#: A text in another alphabet would name all of its letters.
_NAMED: Final = 5


def sms_faults(text: str) -> Iterator[tuple[Literal["warning", "information"], str]]:
    """A sentence where a text takes more than one segment, or could easily come to."""
    measured = gsm.measure(text)
    if measured.segments > 1:
        # Who writes Arabic cannot do with fewer than two: they hold what one of GSM 03.38 does.
        is_mistaken = measured.segments > 2 or not _is_in_another_alphabet(text)  # noqa: PLR2004
        severity: Literal["warning", "information"] = "warning" if is_mistaken else "information"
        yield severity, f"the text takes {length_of(measured)}{_because(text)}"
    elif measured.encoding is gsm.Encoding.UCS2:
        yield "information", f"only {gsm.Encoding.UCS2.alone} characters fit{_because(text)}"


def length_of(measured: gsm.Measure) -> str:
    """`1 segment (97 of 160 in GSM 03.38)`"""
    encoding = measured.encoding
    if measured.segments == 1:
        return f"1 segment ({measured.units} of {encoding.alone} in {encoding})"
    of_several = f"{measured.units} in {encoding}, {encoding.of_several} each"
    return f"{measured.segments} segments ({of_several})"


def _because(text: str) -> str:
    foreign = gsm.foreign(text)
    if not foreign:
        return ""
    named = ", ".join(foreign[:_NAMED]) + (" and others" if len(foreign) > _NAMED else "")
    return f", because of {named}: characters that GSM 03.38 does not have"


def _is_in_another_alphabet(text: str) -> bool:
    """More than a stray letter: that would be a mistake worth a warning."""
    letters = (each for each in gsm.foreign(text) if each[0].isalpha())
    return sum(not name(each[0], "").startswith("LATIN ") for each in letters) > _NAMED
