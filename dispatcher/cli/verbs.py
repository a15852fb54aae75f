"""postbell verbs"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli.options import require_events
from dispatcher.cli.output import echo


def command(
    events: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN", help="Only of these events, such as 'order.*'. May be repeated."
        ),
    ] = None,
    sql: Annotated[
        Path | None, typer.Option(help="Write the SQL functions to a file.", metavar="FILE")
    ] = None,
    python: Annotated[
        Path | None, typer.Option(help="Write the Python functions to a file.", metavar="FILE")
    ] = None,
) -> None:
    """Write the functions by which applications emit declared events.

    The table `verb` of an event.toml declares one. `postbell deploy` defines the SQL functions; the
    Python functions are for a file of the application. Without a file, the SQL functions are
    printed.
    """
    from dispatcher.cli import verb_code
    from dispatcher.rendering.catalog import Catalog
    from dispatcher.settings import Settings

    catalog = Catalog.load(Settings.load().template_folders)
    require_events(events or (), catalog.events)
    functions = verb_code.functions_of(catalog, events or ("*",))
    if sql is not None:
        sql.write_text(verb_code.sql_of(functions), encoding="utf-8")
    if python is not None:
        python.write_text(verb_code.python_of(functions), encoding="utf-8")
    if sql is None and python is None:
        echo(verb_code.sql_of(functions).rstrip())
