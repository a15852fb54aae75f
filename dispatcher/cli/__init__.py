"""The command `postbell`: one module for each of its commands."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dispatcher import CONTRACT, __version__
from dispatcher.cli import (
    bounce,
    check,
    demo,
    deploy,
    import_events,
    login,
    new,
    preview,
    retry,
    run,
    send,
    serve,
    stats,
    text,
    vapid,
    why,
)
from dispatcher.cli.exits import EXPLAINED, ExitCode, failure_of
from dispatcher.cli.terminal import say


class Postbell(TyperGroup):
    """The group of commands, which ends expected failures with a sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                raise
            code, sentences = failure
            for sentence in sentences:
                say(sentence)
            raise typer.Exit(code) from None


app = typer.Typer(
    cls=Postbell,
    help="Notifications as part of your PostgreSQL transaction.",
    epilog=EXPLAINED,
    no_args_is_help=True,
    add_completion=False,
    # A traceback with local variables would show payloads and addresses.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    deploy, run, serve, login, demo, check, preview, send, why, retry, stats, vapid, bounce,
):  # fmt: skip
    app.command(module.__name__.rpartition(".")[2])(module.command)
app.command("import-events")(import_events.command)
app.add_typer(new.group, name="new")
app.add_typer(text.group, name="text")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"postbell {__version__} (contract {CONTRACT})")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None: ...


def main() -> None:
    """The console script."""
    app(prog_name="postbell")
