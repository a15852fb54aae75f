"""A text message's file: one text.

Line breaks and runs of space become single spaces, so a file may be laid out as it reads best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from unicodedata import normalize

from dispatcher.rendering import gsm
from dispatcher.rendering.content import SmsContent
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.page import Leaf, Page
from dispatcher.rendering.plain_text import one_line
from dispatcher.rendering.scene import Scene


@dataclass(frozen=True, slots=True)
class SmsTemplate:
    text: Page

    required: ClassVar[tuple[str, ...]] = ("sms.txt",)
    optional: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def leaves(cls, source: str) -> tuple[Leaf, ...]:
        return (Leaf(source, 1),)

    @classmethod
    def of(cls, pages: Mapping[str, Page]) -> Self:
        return cls(pages["sms.txt"])

    @property
    def pages(self) -> tuple[Page, ...]:
        return (self.text,)

    def render(self, values: dict[str, Any], scene: Scene) -> SmsContent:
        written = self.text.write(values, scene)[0]
        # Never cut here: the link stands at the end. The channel refuses what is too long.
        text = gsm.plainer(normalize("NFC", one_line(written, len(written))))
        if not text:
            raise Unrenderable("the text must not be empty")
        return SmsContent(text)
