"""The file of a browser's notification; see dispatcher/rendering/item_file.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from dispatcher.rendering import item_file
from dispatcher.rendering.content import PushContent
from dispatcher.rendering.page import Leaf, Page
from dispatcher.rendering.scene import Scene


@dataclass(frozen=True, slots=True)
class PushTemplate:
    page: Page

    required: ClassVar[tuple[str, ...]] = ("push.json",)
    optional: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def leaves(cls, source: str) -> tuple[Leaf, ...]:
        return item_file.leaves(source)

    @classmethod
    def of(cls, pages: Mapping[str, Page]) -> Self:
        return cls(pages["push.json"])

    @property
    def pages(self) -> tuple[Page, ...]:
        return (self.page,)

    def render(self, values: dict[str, Any], scene: Scene) -> PushContent:
        return PushContent(*item_file.item(self.page.write(values, scene)))
