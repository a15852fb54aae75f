"""postbell vapid"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.cli import options
from dispatcher.cli.errors import CommandError, ExitCode
from dispatcher.cli.output import echo, echo_json, echo_stderr

if TYPE_CHECKING:
    from dispatcher.providers.vapid import VapidKey


def command(
    file: Annotated[Path, typer.Argument(help="Where the private key is kept, in PEM.")],
    show: Annotated[
        bool, typer.Option("--show", help="Make none: show the public half of the one there.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Make the key pair by which push services know you, and show its public half.

    That is the applicationServerKey that pages subscribe with. The file is for its owner alone and
    is never written over: who is subscribed with one key cannot be reached with another.
    """
    key = _load(file) if show else _create(file)
    if json:
        echo_json({"file": str(file), "application_server_key": key.public})
        return
    echo(key.public)
    if not show:
        echo_stderr(
            f"The private half is in {file}: webpush:?key={file.absolute()}&subject=mailto:…"
        )


def _create(file: Path) -> VapidKey:
    from dispatcher.providers.vapid import VapidKey

    try:
        return VapidKey.create(file)
    except FileExistsError:
        raise CommandError(
            f"{file} is there already, and is not written over: --show shows its public half."
        ) from None
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}.") from None


def _load(file: Path) -> VapidKey:
    from dispatcher.providers.vapid import VapidKey

    try:
        return VapidKey.load(file)
    except OSError as error:
        raise CommandError(
            f"{file} cannot be read: {error.strerror}.", ExitCode.CONFIGURATION
        ) from None
    except ValueError as error:
        raise CommandError(f"{error}.", ExitCode.CONFIGURATION) from None
