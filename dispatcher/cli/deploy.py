"""postbell deploy"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dispatcher import CONTRACT, __version__
from dispatcher.cli import options
from dispatcher.cli.connection import database_url
from dispatcher.cli.output import echo, echo_json

if TYPE_CHECKING:
    from dispatcher.deploy.schema import DeployReport


_FIRST_REVISION: Final = "0001"


def command(
    events: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Only these events, such as 'order.*', from now on; '*' for all. May be repeated.",
        ),
    ] = None,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Bring the database to this version: tables, functions, access, events and their verbs.

    One transaction; repeating it is harmless. It fails after five seconds if a table is in use.
    The choice of events is kept in the database; events that are deployed already stay, and so do
    their verbs.
    """
    from dispatcher.cli import verb_code
    from dispatcher.deploy import schema
    from dispatcher.rendering.catalog import Catalog
    from dispatcher.settings import Settings

    settings = Settings.load()
    catalog = Catalog.load(settings.template_folders)
    catalog.compile()
    options.require_events(events or (), catalog.events)
    with database_url(settings, is_embedded=embedded) as url:
        report = schema.deploy(
            url, events=catalog.events.values(), choice=events, verbs=verb_code.own_sql_of(catalog)
        )
    if json:
        echo_json({"version": __version__, "contract": CONTRACT, **asdict(report)})
        return
    for line in report_lines(report):
        echo(line)


def report_lines(report: DeployReport) -> list[str]:
    """The report of a deploy as lines of text."""
    changes = [
        ("Applied revisions", report.revisions),
        ("Redefined", report.redefined),
        # The first deploy makes them all.
        ("Replaced triggers", [] if _FIRST_REVISION in report.revisions else report.triggers),
        ("Dropped", report.dropped),
        ("Not deployed, by choice", report.left_out),
    ]
    lines = [
        *(f"{what}: {', '.join(names)}." for what, names in changes if names),
        f"Postbell {__version__} is deployed, contract {CONTRACT}, {report.events} events.",
    ]
    if report.grant_needed:
        lines.append(
            "Its roles were there already. To give them to logins, have whoever made them, or a"
            f" superuser, say: {report.grant_needed};"
        )
    return lines
