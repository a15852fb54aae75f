"""A text of the database that stands in the place of a template file, or where there is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One version of one. It reads as a file does; `path` is that of the file it stands for."""

    id: int
    #: Whose messages say it; None: everybody's.
    tenant_id: str | None
    path: str
    version: int
    #: None: with this version the text was taken back.
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


class Shelf:
    """What may stand at each path: the tenant's own versions and then everybody's, newest first."""

    def __init__(self, texts: Iterable[Text]) -> None:
        self._stacks: dict[str, list[Text]] = {}
        for text in texts:
            self._stacks.setdefault(text.path, []).append(text)

    def chosen(self, without: Collection[int] = ()) -> list[Text]:
        """The best at each path that has any; `without` these, by id."""
        found = (self._best(stack, without) for stack in self._stacks.values())
        return [text for text in found if text is not None]

    def best(self, path: str, without: Collection[int] = ()) -> Text | None:
        """None where the file stands, if there is one."""
        return self._best(self._stacks.get(path, []), without)

    @staticmethod
    def _best(stack: list[Text], without: Collection[int]) -> Text | None:
        gone: set[str | None] = set()
        for text in stack:
            if text.tenant_id in gone:
                continue
            if text.content is None:
                # What came before it was taken back too.
                gone.add(text.tenant_id)
            elif text.id not in without:
                return text
        return None
