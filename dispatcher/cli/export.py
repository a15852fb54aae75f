"""postbell export"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli import options
from dispatcher.cli.connection import connected
from dispatcher.cli.errors import CommandError
from dispatcher.cli.output import echo_json, echo_stderr
from dispatcher.cli.suggestions import nearest_known


def command(
    recipient: Annotated[str, typer.Argument(help="The person's id.", metavar="PERSON")],
    to: Annotated[
        Path | None, typer.Option(help="Write to a file.", metavar="FILE", dir_okay=False)
    ] = None,
    tenant: options.Tenant = "default",
    embedded: options.Embedded = False,
) -> None:
    """Give out everything that is held about a person, as one JSON object: rows by table."""
    from dispatcher.db import erasures

    with connected(is_embedded=embedded, tenant=tenant) as connection:
        held = erasures.export_recipient(connection, recipient, tenant)
        if not any(isinstance(rows, list) and rows for rows in held.values()):
            near = nearest_known(connection, "unknown_recipient", recipient, tenant)
            raise CommandError(f"Nothing is held about {recipient} of {tenant}.", hint=near)
    if to is None:
        echo_json(held)
        return
    try:
        to.write_text(json.dumps(held, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{to} cannot be written: {error.strerror or error}.") from None
    echo_stderr(f"{to} is written.")
