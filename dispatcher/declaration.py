"""What sql/ declares: tables in `tables.sql`, code in a file of its own, named after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# A statement begins at the start of a line and ends with a line's last semicolon.
_TRIGGER = re.compile(
    r"""
    ^create \s+ (?: or \s+ replace \s+ )? (?: constraint \s+ )? trigger \s+
        (?P<name> \w+ ) \b .*? \b on \s+ postbell \. (?P<table> \w+ ) \b .*? ; [ \t]* $
    (?: \s* ^comment \s+ on \s+ trigger \s+ (?P=name) \s+ on \s .*? ; [ \t]* $ )?
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_TABLE = re.compile(r"\bon\s+postbell\.\w+\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger in a code file. Defining it locks its table, so it is told from the rest."""

    name: str
    table: str
    #: The CREATE, and a COMMENT ON if one follows it.
    text: str
    #: The line of its file on which it begins.
    line: int

    @property
    def id(self) -> str:
        return f"{self.table}.{self.name}"

    def on(self, table: str) -> str:
        """The same for another table."""
        return _TABLE.sub(f"on {table}", self.text)


@dataclass(frozen=True)
class CodeFile:
    """A file that deploy executes every time."""

    path: Path

    @property
    def name(self) -> str:
        """The function, view or trigger in it."""
        return self.path.stem

    @property
    def is_access(self) -> bool:
        """Roles, policies and grants, which come last."""
        return self.path.parent.name >= "90"

    @cached_property
    def _text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def triggers(self) -> tuple[Trigger, ...]:
        return tuple(
            Trigger(
                name=match["name"],
                table=match["table"],
                text=match[0],
                line=self._text.count("\n", 0, match.start()) + 1,
            )
            for match in _TRIGGER.finditer(self._text)
        )

    @cached_property
    def text(self) -> str:
        """The file without its triggers; every line keeps its number."""
        return _TRIGGER.sub(lambda match: "\n" * match[0].count("\n"), self._text)


def table_files(folder: Path) -> list[Path]:
    """Every tables.sql, in path order."""
    return sorted(folder.glob("*/tables.sql"))


def code_files(folder: Path) -> Iterator[CodeFile]:
    """Every other SQL file, in path order."""
    return (CodeFile(path) for path in sorted(folder.glob("*/*.sql")) if path.name != "tables.sql")
