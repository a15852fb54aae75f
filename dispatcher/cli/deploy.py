"""postbell deploy"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from dispatcher import CONTRACT, __version__
from dispatcher.cli import options
from dispatcher.cli.connection import database_url
from dispatcher.cli.output import echo, echo_json

if TYPE_CHECKING:
    from dispatcher.deploy.schema import DeployReport


def command(embedded: options.Embedded = False, json: options.Json = False) -> None:
    """Bring the database to this version: tables, functions, access, events.

    One transaction; repeating it is harmless. It fails after five seconds if a table is in use.
    """
    from dispatcher.deploy import schema
    from dispatcher.rendering.catalog import Catalog
    from dispatcher.settings import Settings

    settings = Settings.load()
    catalog = Catalog.load(settings.template_folders)
    with database_url(settings, is_embedded=embedded) as url:
        report = schema.deploy(url, events=catalog.events.values())
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
        ("Replaced triggers", report.triggers),
        ("Dropped", report.dropped),
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
