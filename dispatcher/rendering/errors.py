"""Errors in templates: when they are loaded, and when one is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class Unrenderable(Exception):  # becomes a RenderingError, which says where
    """A template or a payload breaks a rule. The message never quotes the payload."""


class Uncompilable(Unrenderable):
    """No code can be made of a template file: Jinja or Python has a limit that it exceeds."""

    def __init__(self, file: str, line: int | None, sentence: str) -> None:
        super().__init__(sentence)
        self.file = file
        self.line = line


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """One mistake in a template folder: the place, and a sentence that says how to mend it."""

    file: str
    line: int | None
    sentence: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.sentence}"


class CatalogError(Exception):
    """The template folders cannot be used. `problems` has every mistake, in path order."""

    def __init__(self, problems: Sequence[TemplateProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class RenderingError(Exception):
    """A delivery cannot be rendered. Says where and why, without values of the payload."""

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


class OutdatedTemplateError(RenderingError):
    """The event's templates are not the deployed ones, and another process has those."""


class MissingTemplateError(RenderingError):
    """The event has no template for the channel. Another process may have it."""
