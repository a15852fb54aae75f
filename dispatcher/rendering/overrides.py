"""Template overrides: versions of template files that are kept in the database.

The command line and the documents call an override a *text*.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
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
    """The overrides that apply to one tenant: its own before everybody's, newest first."""

    def __init__(self, overrides: Iterable[TemplateOverride]) -> None:
        self._stacks: dict[str, list[TemplateOverride]] = {}
        for override in overrides:
            self._stacks.setdefault(override.path, []).append(override)

    def chosen(self, without: Collection[int] = ()) -> list[TemplateOverride]:
        """The override to use at each path; `without` excludes versions by id."""
        found = (self._best(stack, without) for stack in self._stacks.values())
        return [override for override in found if override is not None]

    def best(self, path: str, without: Collection[int] = ()) -> TemplateOverride | None:
        """The override to use at a path, or None when the file applies."""
        return self._best(self._stacks.get(path, []), without)

    @staticmethod
    def _best(stack: list[TemplateOverride], without: Collection[int]) -> TemplateOverride | None:
        withdrawn: set[str | None] = set()
        for override in stack:
            if override.tenant_id in withdrawn:
                continue
            if override.content is None:
                # Withdrawn: earlier versions of the same owner are not used either.
                withdrawn.add(override.tenant_id)
            elif override.id not in without:
                return override
        return None
