"""postbell send"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatcher.cli import options
from dispatcher.cli.connection import Connection, connected
from dispatcher.cli.errors import ExitCode
from dispatcher.cli.output import echo, echo_json, echo_stderr, echo_table
from dispatcher.errors import translated
from dispatcher.explanations import explain_reason

if TYPE_CHECKING:
    from dispatcher.db.deliveries import Decided

#: Seconds between polls with --wait.
_INTERVAL = 0.05
#: States of deliveries that a dispatcher is about to change.
_UNSETTLED = ("queued", "sending")
#: States of deliveries that will not arrive.
_BAD = ("failed", "refused", "bounced", "unknown", "expired", "cancelled")


def command(
    event: Annotated[str, typer.Argument(help="An event, such as order.paid.")],
    recipient: Annotated[str, typer.Argument(help="The person, by the application's id.")],
    payload: options.Payload = "{}",
    tenant: options.Tenant = "default",
    channels: options.Channels = None,
    subject: Annotated[
        str | None, typer.Option(help="The entity it is about, such as order:123.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="An idempotency key.")] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow it until it is settled, then show its log.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(help="How long to follow it.", metavar="SECONDS", min=0)
    ] = 30.0,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Emit one event, in strict mode: what is wrong with it is said at once.

    With --wait the exit code is 1 if a channel failed or time ran out.
    """
    from dispatcher.db import deliveries

    with connected(is_embedded=embedded, tenant=tenant) as connection:
        with translated(), connection.transaction():
            deliveries.be_strict(connection)
            outbox_id = deliveries.notify(
                connection, event, recipient, payload, tenant, channels, subject, key
            )
        if not wait:
            if json:
                echo_json({"outbox_id": outbox_id})
            else:
                echo(f"Event {outbox_id} is emitted.")
            return
        is_settled = _follow(connection, outbox_id, timeout)
        told = deliveries.explain_event(connection, outbox_id, None, 1)
        log = [
            {**row._asdict(), "sentence": explain_reason(row.reason).sentence}
            for row in deliveries.log_of(connection, outbox_id)
        ]

    rejected = [
        {"reason": line.reason, "sentence": explain_reason(line.reason).sentence}
        for line in told
        if line.channel is None
    ]
    if json:
        echo_json(
            {
                "outbox_id": outbox_id,
                "settled": is_settled,
                "deliveries": log,
                "rejected": rejected,
            }
        )
    else:
        _show(outbox_id, log)
    for row in rejected:
        echo_stderr(f"Event {outbox_id}: {row['sentence']}")
    if not is_settled:
        echo_stderr(
            f"Event {outbox_id} is not settled after {timeout:g} s: is `postbell run` running? "
            f"`postbell why {outbox_id}` says more."
        )
    if not is_settled or rejected or any(row["state"] in _BAD for row in log):
        raise typer.Exit(ExitCode.BAD)


def _follow(connection: Connection, outbox_id: int, timeout: float) -> bool:
    from dispatcher.db import deliveries

    deadline = time.monotonic() + timeout
    while not _is_settled(deliveries.explain_event(connection, outbox_id, None, 100)):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_INTERVAL)
    return True


def _is_settled(told: list[Decided]) -> bool:
    """Whether every channel is decided, and none is in an unsettled state."""
    return all(
        row.channel is None or (row.state is not None and row.state not in _UNSETTLED)
        for row in told
    )


def _show(outbox_id: int, log: list[dict[str, Any]]) -> None:
    echo_table(
        ("channel", "state", "why", "tries", "provider", "seconds"),
        [
            (
                row["channel"],
                row["state"],
                row["sentence"],
                row["attempts"],
                row["provider"],
                None
                if row["sent_at"] is None
                else f"{(row['sent_at'] - row['created_at']).total_seconds():.3f}",
            )
            for row in log
        ],
        title=f"Event {outbox_id}",
    )
