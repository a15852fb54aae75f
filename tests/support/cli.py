"""The command line, run in this process, and every command that it lists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer.main
from typer.testing import CliRunner, Result

from dispatcher.cli import app


class Cli:
    """`postbell`, as somebody types it."""

    def __init__(self) -> None:
        self._runner = CliRunner()

    def __call__(self, *words: str, stdin: str | None = None, columns: int | None = None) -> Result:
        width = None if columns is None else str(columns)
        result = self._runner.invoke(app, list(words), input=stdin, env={"COLUMNS": width})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def json(self, *words: str) -> Any:
        """The answer of a command with --json."""
        return json.loads(self(*words, "--json").stdout)


@dataclass(frozen=True)
class Command:
    """A command and what may be said to it."""

    path: tuple[str, ...]
    parameters: tuple[Any, ...]

    @property
    def options(self) -> frozenset[str]:
        return frozenset(name for each in self.parameters for name in each.opts)

    def words(self, folder: Path) -> list[str]:
        """A word for each argument, all of which can be read."""
        named = {"event": "order.paid", "key": "x.happened", "path": "order/paid/en/email.txt"}
        words = []
        for each in self.parameters:
            if each.param_type_name != "argument":
                continue
            if each.name == "file":
                file = folder / "given"
                file.write_text('[{"key": "x.happened"}]')
                words.append(str(file))
            else:
                words.append(named.get(each.name, "1"))
        return words

    def __str__(self) -> str:
        return " ".join(self.path)


def _found(command: Any, path: tuple[str, ...]) -> Iterator[Command]:
    if hasattr(command, "commands"):
        for name, each in command.commands.items():
            yield from _found(each, (*path, name))
    else:
        yield Command(path, tuple(command.params))


COMMANDS: Final = tuple(_found(typer.main.get_command(app), ()))
