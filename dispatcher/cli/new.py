"""postbell new"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dispatcher.cli.errors import CommandError, ExitCode
from dispatcher.cli.output import echo, echo_stderr

if TYPE_CHECKING:
    from dispatcher.settings import Settings

#: The files of a new event. `$label` and `$category` in them are replaced.
_STARTER: Final = Path(__file__).parent / "starter"
#: The same as the check constraint of postbell.event_type.
_KEY: Final = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
_LONGEST_KEY: Final = 100

group = typer.Typer(
    help="Make a beginning of something.", no_args_is_help=True, rich_markup_mode=None
)


@group.command("event")
def event(
    key: Annotated[str, typer.Argument(help="subject.past_participle, such as billing.overdue.")],
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", help="A template folder; the first of POSTBELL_TEMPLATES if not given."
        ),
    ] = None,
) -> None:
    """Make an event: a folder with every file, in English and French, to be rewritten.

    It passes `postbell check --templates` as it is. Nothing is written over.
    """
    from dispatcher.rendering.loader import EVENT_FILE
    from dispatcher.settings import Settings

    settings = Settings.load()
    _check_key(key)
    folder = _folder(to, settings)
    for known in dict.fromkeys((*settings.template_folders, folder)):
        if (known / _path(key) / EVENT_FILE).exists():
            raise CommandError(
                f"{key} is there already, in {known / _path(key)}: to have it say something else,"
                " copy the files to change to the same place of a folder of yours."
            )
    made = folder / _path(key)
    try:
        _write(made, key)
    except OSError as error:
        raise CommandError(f"{made} cannot be written: {error.strerror or error}.") from None
    for file in sorted(each for each in made.rglob("*") if each.is_file()):
        echo(str(file))
    if not any(folder.resolve() == each.resolve() for each in settings.template_folders):
        named = ":".join([*(str(each) for each in settings.template_folders[1:]), str(folder)])
        echo_stderr(
            f"POSTBELL_TEMPLATES does not name {folder} yet: export POSTBELL_TEMPLATES={named}"
        )
    echo_stderr(
        f"Rewrite them, look with `postbell preview {key}`, and `postbell deploy` registers it."
    )


def _check_key(key: str) -> None:
    from dispatcher.rendering.loader import SHARED

    if not _KEY.fullmatch(key) or len(key) > _LONGEST_KEY:
        raise CommandError(
            f"{key} cannot be an event: write subject.past_participle, such as billing.overdue, in"
            f" lower-case letters, digits, _ and at least one dot, at most {_LONGEST_KEY} of them.",
            ExitCode.USAGE,
        )
    if key.partition(".")[0] in SHARED:
        raise CommandError(
            f"{key} cannot be an event: the folder {key.partition('.')[0]} is for what events"
            " share. Call its subject something else.",
            ExitCode.USAGE,
        )


def _path(key: str) -> str:
    return key.replace(".", "/")


def _folder(to: Path | None, settings: Settings) -> Path:
    if to is not None:
        return to
    if settings.templates:
        return settings.templates[0]
    raise CommandError(
        "There is no folder of yours to put it in: say --to FOLDER, or set POSTBELL_TEMPLATES.",
        ExitCode.USAGE,
    )


def _write(made: Path, key: str) -> None:
    """Write all files or none. Raises OSError, and CommandError if the folder is not empty."""
    if made.exists() and (not made.is_dir() or any(made.iterdir())):
        raise CommandError(f"{made} is there already, and is not written over: choose another key.")
    label = key.replace(".", " ").replace("_", " ").capitalize()
    values = {"label": label, "category": key.partition(".")[0]}
    made.parent.mkdir(parents=True, exist_ok=True)
    # Names that begin with a dot are not read as templates.
    with tempfile.TemporaryDirectory(dir=made.parent, prefix=".new-") as begun:
        whole = Path(begun) / made.name
        for source in (each for each in _STARTER.rglob("*") if each.is_file()):
            file = whole / source.relative_to(_STARTER)
            file.parent.mkdir(parents=True, exist_ok=True)
            text = Template(source.read_text(encoding="utf-8")).substitute(values)
            file.write_text(text, encoding="utf-8")
        whole.rename(made)
