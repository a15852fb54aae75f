"""postbell stats"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher.cli import options
from dispatcher.cli.connection import connected
from dispatcher.cli.output import echo, echo_json, echo_table, format_value
from dispatcher.explanations import explain_reason
from dispatcher.masking import mask

if TYPE_CHECKING:
    from dispatcher.db.figures import Undecided


def command(
    since: Annotated[
        datetime | None,
        typer.Option(
            help="Count from then on: 2h, 1d, 2026-01-31T10:00; from midnight UTC if not given.",
            metavar="TIME",
            parser=options.parse_time,
        ),
    ] = None,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Show providers, the queue, what waits and why, deliveries, rejections, dead letters."""
    from dispatcher.db import figures, routing

    start = since or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with connected(is_embedded=embedded) as connection:
        leader = routing.leader(connection)
        providers = [row._asdict() for row in figures.providers(connection)]
        depth = [row._asdict() for row in figures.queued(connection)]
        undecided = figures.undecided(connection)
        waiting = [
            {**row._asdict(), "reason": mask(row.reason)} for row in figures.waiting(connection)
        ]
        counts = [row._asdict() for row in figures.deliveries_since(connection, start)]
        rejections = [row._asdict() for row in figures.rejections_since(connection, start)]
        dead = [row._asdict() for row in figures.dead(connection)]
    router = (
        None
        if leader.process_id is None
        else {"pid": leader.process_id, "is_asleep": leader.is_asleep}
    )
    if json:
        echo_json(
            {
                "router": router,
                "providers": providers,
                "queue": depth,
                "waiting": waiting,
                "events": undecided._asdict(),
                "since": start,
                "deliveries": counts,
                "rejections": rejections,
                "dead_letters": dead,
            }
        )
        return

    if router is None:
        echo("No router runs: start one with `postbell run`.")
    else:
        echo(f"The router {'sleeps' if router['is_asleep'] else 'works'} (pid {router['pid']}).")
    echo(_undecided(undecided))
    for title, rows, nothing in (
        ("Providers", providers, "No dispatcher runs: start one with `postbell run`."),
        ("Queue", depth, "Nothing is queued and nothing waits."),
        ("Waiting", [_with_why(row) for row in waiting], ""),
        ("Deliveries", counts, "Nothing was delivered."),
        (
            "Rejections",
            [_with_why(row) for row in rejections],
            "Nothing was rejected.",
        ),
        ("Dead letters", dead, "There are no dead letters."),
    ):
        if rows:
            columns = [name.replace("_", " ") for name in rows[0]]
            echo_table(columns, [list(row.values()) for row in rows], title=title)
        elif nothing:
            echo(nothing)


def _with_why(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "why": explain_reason(row["reason"]).sentence}


def _undecided(events: Undecided) -> str:
    """Sentences on scheduled events, and on those that are being fanned out."""
    scheduled, being_fanned_out = events.scheduled, events.being_fanned_out
    said = ["No event is scheduled."]
    if scheduled:
        are = "event is" if scheduled == 1 else "events are"
        said = [f"{scheduled} {are} scheduled, the next for {format_value(events.next_due_at)}."]
    if being_fanned_out:
        are = "large audience is" if being_fanned_out == 1 else "large audiences are"
        said.append(f"{being_fanned_out} {are} being told.")
    return " ".join(said)
