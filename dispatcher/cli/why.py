"""postbell why"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.cli import options
from dispatcher.cli.connection import Connection, connected
from dispatcher.cli.errors import CommandError, ExitCode
from dispatcher.cli.output import echo_json, echo_stderr, echo_table, format_value
from dispatcher.cli.suggestions import nearest_known, require_tenant
from dispatcher.errors import UnknownRecipientError
from dispatcher.explanations import explain_reason, explain_state, next_step, next_step_undecided
from dispatcher.masking import mask

if TYPE_CHECKING:
    from dispatcher.db.deliveries import Decided

#: The largest id of an event.
_LARGEST = 2**63 - 1

#: The step that every delivery has, so it is not shown.
_EMITTED = "emitted"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a delivery: a call of a provider, a receipt, or an action of Postbell."""

    happened_at: datetime
    what: str
    provider: str | None
    code: str | None
    reason: str | None
    #: The reason as a sentence.
    why: str | None


@dataclass(slots=True)
class Answer:
    """The answer for one channel of one person in one event.

    `channel` is None for a rejected event, and for one without recipients. `reason` and `why`
    explain the decision, `state_reason` and `state_why` the state; the latter are None if the
    decision explains the state, too.
    """

    outbox_id: int | None
    event: str | None
    created_at: datetime | None
    recipient_id: str | None
    channel: str | None
    decision: str
    rung: int
    reason: str
    why: str
    state: str | None
    state_reason: str | None
    state_why: str | None
    attempts: int | None
    due_at: datetime | None
    remedy: str
    timeline: list[Step]

    @classmethod
    def of(cls, row: Decided, timeline: list[Step]) -> Answer:
        told = explain_reason(row.reason, row.detail)
        later = explain_state(row.reason, row.state_reason)
        return cls(
            outbox_id=row.outbox_id,
            event=row.event,
            created_at=row.created_at,
            recipient_id=row.recipient_id,
            channel=row.channel,
            decision=row.decision,
            rung=row.rung,
            reason=mask(row.reason),
            why=told.sentence,
            state=row.state,
            state_reason=mask(row.state_reason) if later and row.state_reason else None,
            state_why=later.sentence if later else None,
            attempts=row.attempts,
            due_at=row.due_at,
            remedy=_of_state(row) or (later.remedy if later else "") or told.remedy,
            timeline=timeline,
        )


def command(
    target: Annotated[
        str | None, typer.Argument(help="An event's id, or a person.", metavar="OUTBOX_ID|PERSON")
    ] = None,
    recipient: Annotated[
        str | None,
        typer.Option(help="A person, where the id is a number; or one of an event's many."),
    ] = None,
    event: Annotated[
        str | None, typer.Option(help="Only this event; with --payload, an event not yet sent.")
    ] = None,
    payload: Annotated[
        str | None,
        typer.Option(
            help="What the event would say: an answer without sending it.",
            metavar="JSON",
            parser=options.parse_payload,
        ),
    ] = None,
    channels: options.Channels = None,
    tenant: options.Tenant = "default",
    last: Annotated[
        int, typer.Option(help="How many of the latest events.", metavar="COUNT", min=1)
    ] = 10,
    most: Annotated[
        int, typer.Option(help="How many lines at most.", metavar="COUNT", min=1)
    ] = 200,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Say, channel by channel, what was decided, by which rung of the ladder, and why; what became
    of it; and then every try, and what came back.

    \b
    # an event
    postbell why 42
    # a person's latest events
    postbell why u1 --event order.paid --last 3
    # what would be decided now
    postbell why u1 --event order.paid --payload {}
    """  # noqa: D301 - this \b keeps the lines apart
    from dispatcher.db import deliveries

    person = recipient or target
    if person is None:
        raise typer.BadParameter("name an event's id or a person.")
    if payload is not None and event is None:
        raise typer.BadParameter("--payload needs --event.")

    with connected(is_embedded=embedded, tenant=tenant) as connection:
        if payload is not None and event is not None:
            rows = deliveries.foresee_event(connection, event, person, payload, tenant, channels)
            if all(row.reason == "told_nobody" for row in rows):
                raise CommandError(f"{event} would tell {person} nothing: it wants no channel.")
        elif target is not None and _is_id(target):
            rows = _of_event(connection, int(target), recipient, tenant, event, last, most)
        else:
            rows = _of_person(connection, person, tenant, event, last)

        answers = _answers(connection, rows[:most], tenant, channels)
    if json:
        echo_json([asdict(answer) for answer in answers])
    else:
        _show(answers)
    if len(rows) > most:
        echo_stderr(f"There are more than {most} lines: name a person with --recipient.")
    if any(answer.channel is None for answer in answers) and len(answers) == 1:
        raise typer.Exit(ExitCode.BAD)


def _of_event(
    connection: Connection,
    outbox_id: int,
    recipient: str | None,
    tenant_id: str,
    event: str | None,
    last: int,
    most: int,
) -> list[Decided]:
    from dispatcher.db import deliveries

    rows = deliveries.explain_event(connection, outbox_id, recipient, most + 1)
    if rows:
        return rows
    # The number may be a person's id.
    if recipient is None and deliveries.is_known(connection, str(outbox_id), tenant_id):
        echo_stderr(
            f"There is no event {outbox_id}; this is the person {outbox_id} of {tenant_id}."
        )
        return _of_person(connection, str(outbox_id), tenant_id, event, last)
    told = f"told {recipient} nothing" if recipient else "told nobody"
    near = nearest_known(connection, "unknown_recipient", recipient, tenant_id) if recipient else ""
    raise CommandError(
        f"Event {outbox_id} {told}: it was rolled back, or there is none.", hint=near
    )


def _of_person(
    connection: Connection, recipient: str, tenant_id: str, event: str | None, last: int
) -> list[Decided]:
    from dispatcher.db import deliveries

    rows = deliveries.latest_events_of(connection, recipient, tenant_id, event, last)
    if rows:
        return rows
    if not deliveries.is_known(connection, recipient, tenant_id):
        require_tenant(connection, tenant_id)
        raise UnknownRecipientError(f"{recipient} of tenant {tenant_id}")
    of_event = f" of {event}" if event else ""
    near = nearest_known(connection, "unknown_event", event, tenant_id) if event else ""
    foreseen = f"postbell why {recipient} --event {event or 'EVENT'} --payload '{{}}'"
    raise CommandError(
        f"Nothing{of_event} was ever decided for {recipient} of {tenant_id}.",
        hint=near or f"For what would be: {foreseen}",
    )


def _answers(
    connection: Connection, rows: list[Decided], tenant_id: str, channels: list[str] | None
) -> list[Answer]:
    steps = _steps(connection, rows)
    answers = [Answer.of(row, steps.get(row.delivery_id or 0, [])) for row in rows]
    for row, answer in zip(rows, answers, strict=True):
        near = [
            nearest_known(connection, row.reason, name, tenant_id)
            for name in _unknown_names(row, tenant_id, channels)
        ]
        answer.remedy = " ".join(filter(None, [*near, answer.remedy]))
    return answers


def _steps(connection: Connection, rows: list[Decided]) -> dict[int, list[Step]]:
    """The steps of each delivery, oldest first."""
    from dispatcher.db import deliveries

    delivery_ids = [row.delivery_id for row in rows if row.delivery_id is not None]
    steps: dict[int, list[Step]] = {}
    for row in deliveries.timeline_of(connection, delivery_ids) if delivery_ids else []:
        if row.what != _EMITTED:
            steps.setdefault(row.delivery_id, []).append(
                Step(
                    row.happened_at,
                    row.what,
                    row.provider,
                    row.code,
                    mask(row.reason) if row.reason else None,
                    explain_reason(row.reason).sentence if row.reason else None,
                )
            )
    return steps


def _unknown_names(row: Decided, tenant_id: str, channels: list[str] | None) -> Iterable[str]:
    """The names for one of which an event was rejected, or would be."""
    if row.channel is not None:
        return ()
    named = {
        "unknown_event": row.event,
        "unknown_recipient": row.recipient_id,
        "unknown_tenant": row.detail or tenant_id,
        "invalid_channel": row.detail,
    }.get(row.reason)
    if row.reason == "invalid_channel" and named is None:
        return channels or ()
    return (named,) if named else ()


def _of_state(row: Decided) -> str:
    """The remedy for a delivery's state, or for an event without a decision yet; may be empty."""
    delivery_id, state = row.delivery_id, row.state
    if row.channel is not None and state is None:
        if row.outbox_id is None:
            return ""
        return next_step_undecided(row.scheduled_for, row.is_being_fanned_out)
    if delivery_id is None:
        return ""
    return next_step(state, row.state_reason, delivery_id, row.due_at)


def _show(answers: list[Answer]) -> None:
    events = dict.fromkeys((answer.outbox_id, answer.event) for answer in answers)
    for outbox_id, event in events:
        own = [answer for answer in answers if answer.outbox_id == outbox_id]
        # The column `person` is left out if it would be the same in every line.
        people = {answer.recipient_id for answer in own}
        is_many = len(people) > 1
        heading = f"Event {outbox_id}" if outbox_id is not None else "Not yet sent"
        parts = [
            heading,
            event,
            None if is_many else next(iter(people)),
            format_value(own[0].created_at) or None,
        ]
        columns = ("channel", "decision", "rung", "why", "what became of it", "tries", "what to do")
        echo_table(
            (*(("person",) if is_many else ()), *columns),
            [
                (
                    *((answer.recipient_id,) if is_many else ()),
                    answer.channel or "—",
                    answer.decision,
                    answer.rung or None,
                    answer.why,
                    ": ".join(filter(None, (answer.state, answer.state_why))),
                    answer.attempts,
                    answer.remedy,
                )
                for answer in own
            ],
            title=" · ".join(part for part in parts if part),
        )
        steps = sorted(
            ((answer, step) for answer in own for step in answer.timeline),
            key=lambda pair: pair[1].happened_at,
        )
        if steps:
            echo_table(
                (
                    *(("person",) if is_many else ()),
                    *("when", "channel", "what", "provider", "code", "because"),
                ),
                [
                    (
                        *((answer.recipient_id,) if is_many else ()),
                        step.happened_at,
                        answer.channel,
                        step.what,
                        step.provider,
                        step.code,
                        step.why,
                    )
                    for answer, step in steps
                ],
                title="Timeline",
            )


def _is_id(target: str) -> bool:
    return target.isascii() and target.isdigit() and int(target) <= _LARGEST
