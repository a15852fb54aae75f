"""What the templates of every channel have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self

from dispatcher.rendering.content import Content
from dispatcher.rendering.page import Leaf, Page
from dispatcher.rendering.scene import Scene


class ChannelTemplate(Protocol):
    """One event's files for one channel, chosen for one reader's language."""

    #: The files the channel cannot do without, and those it can.
    required: ClassVar[tuple[str, ...]]
    optional: ClassVar[tuple[str, ...]]

    @classmethod
    def leaves(cls, source: str) -> tuple[Leaf, ...]:
        """The texts in a file of this channel; raises Unrenderable where it is malformed."""
        ...

    @classmethod
    def of(cls, pages: Mapping[str, Page]) -> Self:
        """From the compiled files, by file name."""
        ...

    @property
    def pages(self) -> tuple[Page, ...]: ...

    def render(self, values: dict[str, Any], scene: Scene) -> Content:
        """Raises Unrenderable, and whatever else a template's code raises."""
        ...
