"""The file of what an open page shows; see dispatcher/rendering/item_file.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from dispatcher.rendering import item_file
from dispatcher.rendering.content import SseContent
from dispatcher.rendering.page import Leaf, Page
from dispatcher.rendering.scene import Scene


@dataclass(frozen=True, slots=True)
class SseTemplate:
    page: Page

    required: ClassVar[tuple[str, ...]] = ("sse.json",)
    optional: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def leaves(cls, source: str) -> tuple[Leaf, ...]:
        return item_file.leaves(source, is_brief=True)

    @classmethod
    def of(cls, pages: Mapping[str, Page]) -> Self:
        return cls(pages["sse.json"])

    @property
    def pages(self) -> tuple[Page, ...]:
        return (self.page,)

    def render(self, values: dict[str, Any], scene: Scene) -> SseContent:
        item = item_file.item(self.page.write(values, scene))
        return SseContent(item.title, item.body, item.link)
