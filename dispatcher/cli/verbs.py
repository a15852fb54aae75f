"""postbell verbs"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli.errors import CommandError
from dispatcher.cli.output import echo


def command(
    sql: Annotated[
        Path | None, typer.Option(help="Write the SQL functions to a file.", metavar="FILE")
    ] = None,
    python: Annotated[
        Path | None, typer.Option(help="Write the Python functions to a file.", metavar="FILE")
    ] = None,
) -> None:
    """Write the functions by which applications emit declared events.

    The table `verb` of an event.toml declares one. Without a file, the SQL functions are printed.
    """
    from dispatcher.cli import verb_code
    from dispatcher.rendering.catalog import Catalog
    from dispatcher.settings import Settings

    try:
        functions = verb_code.functions_of(Catalog.load(Settings.load().template_folders))
    except verb_code.VerbError as error:
        raise CommandError(str(error)) from None
    if sql is not None:
        sql.write_text(verb_code.sql_of(functions), encoding="utf-8")
    if python is not None:
        python.write_text(verb_code.python_of(functions), encoding="utf-8")
    if sql is None and python is None:
        echo(verb_code.sql_of(functions).rstrip())
