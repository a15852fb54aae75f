"""A text of the database that stands in the place of a template file, or where there is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TemplateOverride:
    """One version of one. It reads as a file does; `path` is that of the file it stands for."""

    id: int
    #: Whose messages say it; None: everybody's.
    tenant_id: str | None
    path: str
    version: int
    #: None: with this version the override was taken back.
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
    """What may stand at each path: the tenant's own versions and then everybody's, newest first."""

    def __init__(self, overrides: Iterable[TemplateOverride]) -> None:
        self._stacks: dict[str, list[TemplateOverride]] = {}
        for override in overrides:
            self._stacks.setdefault(override.path, []).append(override)

    def chosen(self, without: Collection[int] = ()) -> list[TemplateOverride]:
        """The best at each path that has any; `without` these, by id."""
        found = (self._best(stack, without) for stack in self._stacks.values())
        return [override for override in found if override is not None]

    def best(self, path: str, without: Collection[int] = ()) -> TemplateOverride | None:
        """None where the file stands, if there is one."""
        return self._best(self._stacks.get(path, []), without)

    @staticmethod
    def _best(stack: list[TemplateOverride], without: Collection[int]) -> TemplateOverride | None:
        gone: set[str | None] = set()
        for override in stack:
            if override.tenant_id in gone:
                continue
            if override.content is None:
                # What came before it was taken back too.
                gone.add(override.tenant_id)
            elif override.id not in without:
                return override
        return None
