"""The command line `postbell`; each command is a module."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from dispatcher import CONTRACT, __version__
from dispatcher.cli import (
    bounce,
    check,
    demo,
    deploy,
    erase,
    export,
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
    verbs,
    why,
)
from dispatcher.cli.errors import EXIT_CODES_HELP, ExitCode, error_json
from dispatcher.cli.output import echo_json, echo_stderr

if TYPE_CHECKING:
    from dispatcher.cli.reports import ErrorReport

_JSON: Final = "postbell.json"


class Postbell(TyperGroup):
    """The group of commands: reports expected errors as a sentence and an exit code.

    With --json on the command line every error is JSON on standard output, too.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        # The arguments are not parsed yet, and may be wrong.
        ctx.meta[_JSON] = "--json" in args
        with _in_json(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            with _in_json(ctx):
                return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            failure = _report_of(error)
            if failure is None:
                raise
            echo_stderr(failure.as_text())
            raise typer.Exit(failure.exit_code) from None


@contextmanager
def _in_json(ctx: Any) -> Iterator[None]:
    """Write an exception of the block as JSON if --json is given, and raise it again."""
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except BaseException as error:
        if ctx.meta[_JSON]:
            echo_json(_error_json(error))
        raise


def _error_json(error: BaseException) -> dict[str, Any]:
    if failure := _report_of(error):
        return failure.as_json()
    if isinstance(error, KeyboardInterrupt):
        return error_json("interrupted", "It was interrupted.")
    if _is_usage_error(error):
        return error_json("usage", error.format_message())  # type: ignore[attr-defined]
    # A bug: its message may have private data in it.
    return error_json("internal", f"It failed with {type(error).__name__}.")


def _report_of(error: BaseException) -> ErrorReport | None:
    if _is_usage_error(error):
        return None
    # Imported here: it knows the errors of every part of Postbell, and so imports all of them.
    from dispatcher.cli.reports import report_of

    return report_of(error)


def _is_usage_error(error: BaseException) -> bool:
    # Typer reports these itself. Their class depends on its version.
    return hasattr(error, "format_message")


app = typer.Typer(
    cls=Postbell,
    help="Notifications as part of your PostgreSQL transaction.",
    epilog=EXIT_CODES_HELP,
    no_args_is_help=True,
    # Plain help is narrower, and is there before rich would be imported.
    rich_markup_mode=None,
    add_completion=False,
    # Local variables in a traceback would show payloads and addresses.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    deploy, run, serve, login, demo, check, preview, send, why, retry, stats, erase, export,
    vapid, bounce, verbs,
):  # fmt: skip
    app.command(module.__name__.rpartition(".")[2])(module.command)
app.command("import-events")(import_events.command)
for name, group in (("new", new.group), ("text", text.group)):
    app.add_typer(group, name=name, short_help=str(group.info.help).removesuffix("."))
for each in (app, new.group, text.group):
    for info in each.registered_commands:
        # The first clause. Click would cut the first sentence off where the line ends.
        info.short_help = re.split("[.:;]", inspect.getdoc(info.callback) or "", maxsplit=1)[0]


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
