"""postbell retry"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from dispatcher.cli import options
from dispatcher.cli.connection import Connection, connected
from dispatcher.cli.errors import CommandError
from dispatcher.cli.output import echo, echo_json, echo_stderr
from dispatcher.cli.suggestions import nearest_known


def command(
    delivery_id: Annotated[
        int | None, typer.Argument(help="One dead letter.", metavar="DELIVERY_ID")
    ] = None,
    event: Annotated[str | None, typer.Option(help="Those of an event.")] = None,
    channel: Annotated[str | None, typer.Option(help="Those of a channel.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Those of a website.", metavar="ID")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            help="Those given up since then: 2h, 1d, 2026-01-31T10:00.",
            metavar="TIME",
            parser=options.parse_time,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Send dead letters again: deliveries that were given up. Name which, or --all."""
    from dispatcher.db import deliveries

    named = [delivery_id, event, channel, tenant, since]
    if everything == any(value is not None for value in named):
        raise typer.BadParameter(
            "name a delivery, --event, --channel, --tenant or --since; or else --all."
        )
    with connected(is_embedded=embedded) as connection:
        revived = deliveries.retry(
            connection,
            delivery_id=delivery_id,
            event=event,
            channel=channel,
            tenant=tenant,
            since=since,
        )
        for sentence in [] if revived else _unknown_names(connection, event, channel, tenant):
            echo_stderr(sentence)
    if delivery_id is not None and revived == 0:
        raise CommandError(
            f"Delivery {delivery_id} is no dead letter: there is nothing to send again."
        )
    if json:
        echo_json({"retried": revived})
    elif revived == 0:
        echo("No dead letter fits: nothing is sent again.")
    else:
        echo(f"{revived} {'delivery is' if revived == 1 else 'deliveries are'} sent again.")


def _unknown_names(
    connection: Connection, event: str | None, channel: str | None, tenant: str | None
) -> list[str]:
    """A sentence for each name that is near one that exists, and so is probably mistyped."""
    named = {"unknown_event": event, "invalid_channel": channel, "unknown_tenant": tenant}
    return [
        f"There is no {reason.rpartition('_')[2]} {name}. {near}"
        for reason, name in named.items()
        if name and (near := nearest_known(connection, reason, name, tenant or "default"))
    ]
