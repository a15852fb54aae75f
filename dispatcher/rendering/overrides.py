"""Template overrides: versions of template files that are kept in the database.

The command line and the documents call an override a *text*.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TemplateOverride:
    """One version of an override. It can be read like the file at `path`, which it hides."""

    id: int
    #: The tenant whose messages use it; None for all tenants.
    tenant_id: str | None
    path: str
    version: int
    #: None if this version withdraws the override.
    content: str | None

    @property
    def owner(self) -> str:
        return "everybody" if self.tenant_id is None else f"tenant {self.tenant_id}"

    def read_text(self, encoding: str = "utf-8") -> str:  # noqa: ARG002 (as a file is read)
        return self.content or ""

    def read_bytes(self) -> bytes:
        return self.read_text().encode()

    def __str__(self) -> str:
        return f"{self.path}, version {self.version} of {self.owner}"


class TemplateOverrides:
    """The overrides that apply to one tenant: its own, and everybody's where it has none.

    Of each path and owner it takes the newest version.
    """

    def __init__(self, overrides: Iterable[TemplateOverride]) -> None:
        self._chosen: dict[str, TemplateOverride] = {}
        # Everybody's first, so that the tenant's own take their places.
        for override in sorted(overrides, key=lambda each: each.tenant_id is not None):
            if override.content is not None:
                self._chosen[override.path] = override

    def chosen(self) -> list[TemplateOverride]:
        """The override to use at each path."""
        return list(self._chosen.values())

    def best(self, path: str) -> TemplateOverride | None:
        """The override to use at a path, or None when the file applies."""
        return self._chosen.get(path)
