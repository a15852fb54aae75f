"""postbell demo"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer


def command(
    once: Annotated[
        bool, typer.Option("--once", help="Tell the story once, then exit: 0 if all arrived.")
    ] = False,
) -> None:
    """Try a sample marketplace that notifies people: everything local, nothing to install."""
    # Imported by name, so that no other command loads what only the demo needs.
    raise typer.Exit(import_module("dispatcher.demo.app").run(once))
