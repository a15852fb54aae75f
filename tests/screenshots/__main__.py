"""`python -m tests.screenshots [SUBJECT …] --to FOLDER`: pictures to look at, not to compare.

A subject is a module beside this one whose `photograph(camera)` opens what it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from tests.screenshots import inbox, mails, operator, preferences, preview
from tests.screenshots.camera import Camera

SUBJECTS: Final[Mapping[str, Callable[[Camera], None]]] = {
    "inbox": inbox.photograph,
    "mails": mails.photograph,
    "operator": operator.photograph,
    "preferences": preferences.photograph,
    "preview": preview.photograph,
}

app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.command(help=f"Pictures of {', '.join(SUBJECTS)}, on desktop and phone, light and dark.")
def take(
    to: Annotated[Path, typer.Option(help="The folder for the PNGs; made if need be.")],
    subjects: Annotated[
        list[str] | None, typer.Argument(help=f"Of {', '.join(SUBJECTS)}; all, if none is named.")
    ] = None,
) -> None:
    wanted = subjects or list(SUBJECTS)
    if unknown := sorted(set(wanted) - set(SUBJECTS)):
        message = f"there is no subject {', '.join(unknown)}; there are {', '.join(SUBJECTS)}"
        raise typer.BadParameter(message)
    with Camera(to) as camera:
        for subject in wanted:
            SUBJECTS[subject](camera)
    typer.echo(f"{len(list(to.glob('*.png')))} pictures are in {to}.")


if __name__ == "__main__":
    app()
