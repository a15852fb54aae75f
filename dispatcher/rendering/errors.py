"""What can go wrong with templates: when they are loaded, and when one is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class Unrenderable(Exception):  # a verdict on the content, told as RenderingError
    """A template asked for something it may not have. The message never quotes the payload."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a template folder: where it is, and a sentence with the way out."""

    file: str
    line: int | None
    sentence: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.sentence}"


class CatalogError(Exception):
    """The template folders cannot be used; `problems` has everything found, in path order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class RenderingError(Exception):
    """A delivery cannot be rendered. Says where and why, and never what the payload held."""

    def __init__(
        self,
        *,
        event: str,
        channel: str,
        locale: str | None,
        file: str | None,
        line: int | None,
        message: str,
    ) -> None:
        self.event = event
        self.channel = channel
        self.locale = locale
        self.file = file
        self.line = line
        self.message = message
        place = file or f"{event} on {channel}"
        super().__init__(
            f"{place}:{line}: {message}" if line is not None else f"{place}: {message}"
        )


class MissingTemplateError(RenderingError):
    """There is no template for the event on the channel. Another process may have it."""
