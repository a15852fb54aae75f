"""The command `postbell`, where the daemon is installed."""

from __future__ import annotations

import sys
from importlib import import_module

from dispatcher import __version__

_INSTALL = "pip install 'postbell[dispatcher]'"


def main() -> None:
    """Run the command line.

    Without the daemon's packages, exits with 2 and says how to get them.
    """
    try:
        cli = import_module("dispatcher.cli")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"dispatcher", "postbell"}:
            raise
        sys.stderr.write(
            f"postbell {__version__}: this is the package that applications import; the daemon and"
            f" its commands need more ({error.name} is not installed): {_INSTALL}\n"
        )
        sys.exit(2)
    cli.main()
