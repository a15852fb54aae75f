"""The command line, run in this process."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner, Result

from dispatcher.cli import app


class Cli:
    """`postbell`, as somebody types it."""

    def __init__(self) -> None:
        self._runner = CliRunner()

    def __call__(self, *words: str, stdin: str | None = None) -> Result:
        result = self._runner.invoke(app, list(words), input=stdin, env={"COLUMNS": "200"})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def json(self, *words: str) -> Any:
        """The answer of a command with --json."""
        return json.loads(self(*words, "--json").stdout)
