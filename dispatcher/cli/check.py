"""postbell check"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dispatcher.cli import options
from dispatcher.cli.connection import named_database
from dispatcher.cli.errors import ExitCode
from dispatcher.cli.output import echo, echo_json, pluralize

if TYPE_CHECKING:
    from dispatcher.cli.checks import Result, Severity

#: What matters comes first.
_ORDER: Final[tuple[Severity, ...]] = ("error", "warning", "information", "ok")


def command(
    only_templates: Annotated[
        bool, typer.Option("--templates", help="Only the templates: needs no database.")
    ] = False,
    notes: Annotated[
        bool, typer.Option("--notes", help="Show the notes on templates, too: what texts cost.")
    ] = False,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Check templates, settings and connections; errors are shown first.

    Renders every template with its sample, on every channel and in every locale.

    Exit code 0 if there is no error, whatever the warnings and notes; 1 if templates, settings or
    the schema must be mended, because something would not be delivered; 4 if all that is wrong is
    that the database or a provider that you named does not answer, and what is for it waits. That
    nobody answers where mails go by default is a note. A build, which has neither a database nor
    a mail server, asks with --templates.
    """
    from dispatcher.cli.checks import find_faults
    from dispatcher.settings import Settings

    settings = Settings.load()
    if not (only_templates or embedded):
        named_database(settings)
    results = list(find_faults(settings, only_templates=only_templates, is_embedded=embedded))
    results.sort(key=lambda result: _ORDER.index(result.severity))
    if json:
        echo_json([asdict(result) for result in results])
    else:
        _show(results, notes=notes)
    errors = [result for result in results if result.severity == "error"]
    if errors:
        is_out_of_reach = all(error.is_unreachable for error in errors)
        raise typer.Exit(ExitCode.DATABASE if is_out_of_reach else ExitCode.BAD)


def _show(results: Sequence[Result], *, notes: bool) -> None:
    for result in results:
        if notes or not result.is_note:
            echo(f"{result.severity:<11} {result.subject:<9} {result.sentence}", indent=4)
    errors, warnings = (
        sum(result.severity == severity for result in results) for severity in _ORDER[:2]
    )
    hidden = 0 if notes else sum(result.is_note for result in results)
    more = f" {pluralize(hidden, 'note')} on templates: --notes shows them." if hidden else ""
    echo(f"{pluralize(errors, 'error')}, {pluralize(warnings, 'warning')}.{more}")
