"""What became of events and deliveries, and why: for `postbell` and for the operator's pages.

Emitting, retrying and taking receipts stand here, too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, LiteralString, NamedTuple, TypeAlias

from dispatcher.db.preferences import Decision
from dispatcher.db.statement import Statement, statement


class Decided(NamedTuple):
    """What was decided about a channel of a person in an event, and what became of it.

    Without a channel it is a rejection, or an event that told nobody.
    """

    #: None for an event that is not sent yet.
    outbox_id: int | None
    event: str | None
    recipient_id: str | None
    channel: str | None
    decision: Decision
    #: Of the ladder, that decided; 0 for none.
    rung: int
    reason: str
    #: None if nothing is written down yet.
    delivery_id: int | None
    state: str | None
    state_reason: str | None
    attempts: int | None
    due_at: datetime | None
    created_at: datetime | None
    #: Of a rejection.
    detail: str | None
    scheduled_for: datetime | None = None
    is_being_fanned_out: bool = False


class DeliveryLine(NamedTuple):
    """A line of postbell.delivery_log, with the decision that led to it."""

    delivery_id: int
    outbox_id: int
    tenant_id: str
    recipient_id: str
    event: str
    channel: str
    state: str
    #: Of the state, else of the decision.
    reason: str
    attempts: int
    provider: str | None
    provider_message_id: str | None
    due_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    decision: Decision
    rung: int
    decision_reason: str


class LogLine(NamedTuple):
    """A line of postbell.delivery_log, of a known event."""

    delivery_id: int
    recipient_id: str
    channel: str
    state: str
    reason: str
    attempts: int
    provider: str | None
    provider_message_id: str | None
    due_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None


class Step(NamedTuple):
    """A line of postbell.delivery_timeline: a call, what came back from it, or what we did."""

    delivery_id: int
    happened_at: datetime
    what: str
    provider: str | None
    code: str | None
    reason: str | None


class Addressee(NamedTuple):
    """Somebody, without their address."""

    tenant_id: str
    recipient_id: str


class WindowEnd(NamedTuple):
    """The oldest delivery that was looked at."""

    delivery_id: int
    created_at: datetime


class DeadLetter(NamedTuple):
    """A line of postbell.dead_letters."""

    delivery_id: int
    outbox_id: int
    tenant_id: str
    recipient_id: str
    event: str
    channel: str
    state: str
    reason: str | None
    attempts: int
    provider: str | None
    created_at: datetime
    died_at: datetime


class DeadReason(NamedTuple):
    """Deliveries of an event and channel that were given up for one reason."""

    #: The state, where that says enough.
    reason: str
    channel: str
    event: str
    deliveries: int
    first_at: datetime
    last_at: datetime


class Received(NamedTuple):
    """What postbell_private.receive_receipt() makes of a receipt."""

    event_id: str
    result: str


class Rejection(NamedTuple):
    """A line of postbell.rejected_events."""

    outbox_id: int
    tenant_id: str | None
    event: str | None
    recipient: str | None
    reason: str
    detail: str | None
    created_at: datetime


# --- events


@statement("set local postbell.strict = on")
def be_strict() -> None:
    """Until the transaction ends, an event that cannot be routed raises when it is emitted."""


@statement(
    """
    select postbell.notify(
        event => %(event)s, recipient => %(recipient)s, payload => %(payload)s::jsonb,
        tenant_id => %(tenant_id)s, channels => %(channels)s::text[], subject => %(subject)s,
        idempotency_key => %(idempotency_key)s
    )
    """
)
def notify(
    event: str,
    recipient: str,
    payload: str,
    tenant_id: str,
    channels: list[str] | None,
    subject: str | None,
    idempotency_key: str | None,
) -> int:
    """Emit an event; its id. `payload` is JSON."""


# Two tables, because postbell.queue_depth counts the events that wait and does not name them.
@statement(
    """
    select
        %(outbox_id)s::bigint as outbox_id,
        coalesce(log.event, rejected.event) as event,
        said.recipient_id, said.channel, said.decision, said.rung, said.reason,
        case when log.has_row then log.delivery_id end as delivery_id,
        log.state, log.reason as state_reason, log.attempts,
        coalesce(log.due_at, said.due_at) as due_at,
        coalesce(log.created_at, rejected.created_at) as created_at,
        rejected.detail,
        scheduled.due_at as scheduled_for,
        being_fanned_out.notification_id is not null as is_being_fanned_out
    from postbell.explain(%(outbox_id)s::bigint) as said
    left join postbell.delivery_log as log
        on log.outbox_id = %(outbox_id)s
        and log.recipient_id = said.recipient_id
        and log.channel = said.channel
    left join postbell.rejected_events as rejected
        on rejected.outbox_id = %(outbox_id)s
        and said.channel is null
    left join postbell.scheduled_notification as scheduled
        on scheduled.notification_id = %(outbox_id)s
    left join postbell.fanout as being_fanned_out
        on being_fanned_out.notification_id = %(outbox_id)s
    where %(recipient)s::text is null
       or said.recipient_id = %(recipient)s
       or said.channel is null
    order by said.recipient_id, said.channel
    limit %(most)s
    """
)
def explain_event(outbox_id: int, recipient: str | None, most: int) -> list[Decided]:
    """What was decided about an event, or would be if it were routed now, and what became of it.

    Without a recipient, of everybody.
    """


@statement(
    """
    select
        null::bigint as outbox_id, %(event)s::text as event,
        recipient_id, channel, decision, rung, reason,
        null::bigint as delivery_id, null as state, null as state_reason,
        null::smallint as attempts,
        due_at, null::timestamptz as created_at, null as detail
    from postbell.explain(
        event => %(event)s, recipient => %(recipient)s, payload => %(payload)s::jsonb,
        tenant_id => %(tenant_id)s, channels => %(channels)s::text[]
    )
    """
)
def foresee_event(
    event: str, recipient: str, payload: str, tenant_id: str, channels: list[str] | None
) -> list[Decided]:
    """What would be decided if the event were emitted now. `payload` is JSON."""


@statement(
    """
    with told as (
        select distinct outbox_id
        from postbell.delivery_log
        where recipient_id = %(recipient)s
          and tenant_id = %(tenant_id)s
          and (%(event)s::text is null or event = %(event)s)
        order by outbox_id desc
        limit %(most)s
    )

    select
        log.outbox_id, log.event, log.recipient_id, log.channel,
        log.decision, log.rung, log.decision_reason as reason,
        case when log.has_row then log.delivery_id end as delivery_id,
        log.state, log.reason as state_reason, log.attempts,
        log.due_at, log.created_at, null as detail
    from told
    join postbell.delivery_log as log
        on log.outbox_id = told.outbox_id
        and log.recipient_id = %(recipient)s

    union all
    (
        select
            outbox_id, event, recipient, null, 'no', 0::smallint, reason,
            null, null, null, null,
            null, created_at, detail
        from postbell.rejected_events
        where recipient = %(recipient)s
          and tenant_id = %(tenant_id)s
          and (%(event)s::text is null or event = %(event)s)
        order by outbox_id desc
        limit %(most)s
    )
    order by outbox_id desc, channel
    """
)
def latest_events_of(recipient: str, tenant_id: str, event: str | None, most: int) -> list[Decided]:
    """The latest events of a person, newest first: every channel, and what was rejected."""


@statement(
    "select exists (select from postbell.recipient"
    " where tenant_id = %(tenant_id)s and id = %(recipient)s)"
)
def is_known(recipient: str, tenant_id: str) -> bool:
    """Whether the tenant has this person."""


@statement(
    """
    select id
    from (
        (
            select id, erased_at
            from postbell.recipient
            where tenant_id = %(tenant_id)s and id >= %(recipient)s
            order by id
            limit 100
        )
        union all
        (
            select id, erased_at
            from postbell.recipient
            where tenant_id = %(tenant_id)s and id < %(recipient)s
            order by id desc
            limit 100
        )
    ) as beside
    where erased_at is null
    """
)
def recipients_beside(recipient: str, tenant_id: str) -> list[str]:
    """The ids of at most 100 people before an id, and of 100 after it, in their order."""


@statement(
    "select outbox_id, tenant_id, event, recipient, reason, detail, created_at"
    " from postbell.rejected_events"
    " where (%(before)s::bigint is null or outbox_id < %(before)s)"
    " and (%(tenant)s::text is null or tenant_id = %(tenant)s)"
    " and (%(event)s::text is null or event = %(event)s)"
    " and (%(reason)s::text is null or reason = %(reason)s)"
    " order by outbox_id desc limit %(most)s"
)
def rejected_events(
    *, tenant: str | None, event: str | None, reason: str | None, before: int | None, most: int
) -> list[Rejection]:
    """Rejected events, newest first."""


# --- deliveries

_LINE: Final[LiteralString] = (
    "select log.delivery_id, log.outbox_id, log.tenant_id, log.recipient_id, log.event,"
    " log.channel, log.state, log.reason, log.attempts, log.provider, log.provider_message_id,"
    " log.due_at, log.created_at, log.sent_at, log.delivered_at, log.opened_at, log.clicked_at,"
    " log.decision, log.rung, log.decision_reason"
)
_OF_LOG: Final[LiteralString] = " from postbell.delivery_log as log"
_OF_WINDOW: Final[LiteralString] = (
    " from (select * from postbell.delivery_log"
    " where %(before)s::bigint is null or delivery_id < %(before)s"
    " order by delivery_id desc fetch first (%(window)s) rows with ties) as log"
)
#: What is not asked for is no condition: support's statements are planned with their values.
_ASKED: Final[LiteralString] = (
    " where (%(before)s::bigint is null or log.delivery_id < %(before)s)"
    " and (%(recipient)s::text is null or log.recipient_id = %(recipient)s)"
    " and (%(tenant)s::text is null or log.tenant_id = %(tenant)s)"
    " and (%(event)s::text is null or log.event = %(event)s)"
    " and (%(channel)s::text is null or log.channel = %(channel)s)"
    " and (%(state)s::text is null or log.state = %(state)s)"
    " and (%(outbox_id)s::bigint is null or log.outbox_id = %(outbox_id)s)"
    " and (%(since)s::timestamptz is null or log.created_at >= %(since)s)"
    " and (%(until)s::timestamptz is null or log.created_at < %(until)s)"
    " and (%(message_id)s::text is null or log.provider_message_id = %(message_id)s"
    " or log.has_row and log.delivery_id in ("
    "select delivery_id from postbell.attempt where provider_message_id = %(message_id)s"
    # Those of mails are ours, and in no index.
    " and provider_message_id not like '<%%'))"
)
#: What was decided against has the id of another channel of the person: a page ends with both.
_NEWEST: Final[LiteralString] = (
    " order by log.delivery_id desc fetch first (%(most)s) rows with ties"
)


@statement(_LINE + _OF_WINDOW + _ASKED + _NEWEST)
def find_in_window(
    *,
    recipient: str | None,
    tenant: str | None,
    event: str | None,
    channel: str | None,
    state: str | None,
    outbox_id: int | None,
    message_id: str | None,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    window: int,
    most: int,
) -> list[DeliveryLine]:
    """Those of the latest `window` deliveries before one that are as asked, newest first."""


def _find(
    *,
    recipient: str | None,
    tenant: str | None,
    event: str | None,
    channel: str | None,
    state: str | None,
    outbox_id: int | None,
    message_id: str | None,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    most: int,
) -> list[DeliveryLine]:
    """All deliveries that are as asked, newest first, where an index finds them."""


#: postbell.delivery_timeline has the calls, and not what a provider called the message.
_BY_MESSAGE: Final[LiteralString] = (
    " and log.has_row and log.delivery_id in (select delivery_id from postbell.attempt"
    " where provider_message_id = %(message_id)s and provider_message_id not like '<%%')"
)
#: Tables of ids: postbell.dead_letters would read every delivery that is dead, and no view has the
#: ids of what waits or is queued.
_DEAD: Final[LiteralString] = (
    " and log.has_row and log.delivery_id in (select delivery_id from postbell.dead_letter)"
)
_WAITING: Final[LiteralString] = (
    " and log.has_row and log.delivery_id in (select delivery_id from postbell.waiting_delivery)"
)
_IN_BATCH: Final[LiteralString] = (
    " and log.has_row and log.delivery_id in (select unnest(delivery_ids) from postbell.batch)"
)
#: The signature of _find().
Find: TypeAlias = Statement[..., list[DeliveryLine]]

find = Statement(_LINE + _OF_LOG + _ASKED + _NEWEST, _find)
find_by_message = Statement(_LINE + _OF_LOG + _ASKED + _BY_MESSAGE + _NEWEST, _find)
# By the index of times: in the order of ids, all that is later would be read before.
find_in_range = Statement(
    _LINE
    + _OF_LOG
    + _ASKED
    + " order by log.delivery_id + 0 desc fetch first (%(most)s) rows with ties",
    _find,
)
_find_dead = Statement(_LINE + _OF_LOG + _ASKED + _DEAD + _NEWEST, _find)
_find_waiting = Statement(_LINE + _OF_LOG + _ASKED + _WAITING + _NEWEST, _find)
_find_in_batch = Statement(_LINE + _OF_LOG + _ASKED + _IN_BATCH + _NEWEST, _find)
#: Those of a state, where it is known where they are, without looking through the others.
find_in_state: Final = {
    **dict.fromkeys(("failed", "refused", "bounced"), _find_dead),
    "waiting": _find_waiting,
    **dict.fromkeys(("queued", "sending"), _find_in_batch),
}


@statement(
    "select delivery_id, created_at from postbell.delivery_log"
    " where %(before)s::bigint is null or delivery_id < %(before)s"
    " order by delivery_id desc offset %(window)s - 1 limit 1"
)
def end_of_window(before: int | None, window: int) -> WindowEnd | None:
    """The oldest delivery that was looked at, if there may be older ones."""


@statement(_LINE + _OF_LOG + " where log.delivery_id = %(delivery_id)s and log.has_row")
def delivery(delivery_id: int) -> DeliveryLine | None:
    """One delivery."""


@statement("select postbell.delivery_address(%(delivery_id)s)")
def delivery_address(delivery_id: int) -> str | None:
    """The address that a delivery is sent to, masked; None where a channel needs none."""


@statement("select tenant_id, recipient_id from postbell.find_recipients(%(address)s)")
def find_recipients(address: str) -> list[Addressee]:
    """The people who have an e-mail address; at most 100."""


@statement(
    """
    select
        delivery_id, recipient_id, channel, state, reason, attempts, provider,
        provider_message_id, due_at, created_at, sent_at, delivered_at
    from postbell.delivery_log
    where outbox_id = %(outbox_id)s
    order by recipient_id, channel
    """
)
def log_of(outbox_id: int) -> list[LogLine]:
    """The delivery log of an event."""


@statement(
    """
    select delivery_id, happened_at, what, provider, code, reason
    from postbell.delivery_timeline
    where delivery_id = any(%(delivery_ids)s)
    order by delivery_id, happened_at, what
    """
)
def timeline_of(delivery_ids: list[int]) -> list[Step]:
    """What befell deliveries, oldest first."""


# --- dead letters


@statement(
    "select delivery_id, outbox_id, tenant_id, recipient_id, event, channel, state, reason,"
    " attempts, provider, created_at, died_at"
    " from postbell.dead_letters"
    " where (%(before)s::bigint is null or delivery_id < %(before)s)"
    " and (%(tenant)s::text is null or tenant_id = %(tenant)s)"
    " and (%(event)s::text is null or event = %(event)s)"
    " and (%(channel)s::text is null or channel = %(channel)s)"
    " and (%(reasons)s::text[] is null or coalesce(reason, state) = any(%(reasons)s))"
    " order by delivery_id desc limit %(most)s"
)
def dead_letters(
    *,
    tenant: str | None,
    event: str | None,
    channel: str | None,
    reasons: list[str] | None,
    before: int | None,
    most: int,
) -> list[DeadLetter]:
    """Deliveries given up on, those of the latest events first."""


@statement(
    "select coalesce(reason, state) as reason, channel, event, count(*) as deliveries,"
    " min(died_at) as first_at, max(died_at) as last_at"
    " from postbell.dead_letters"
    " where (%(tenant)s::text is null or tenant_id = %(tenant)s)"
    " and (%(event)s::text is null or event = %(event)s)"
    " and (%(channel)s::text is null or channel = %(channel)s)"
    " group by 1, 2, 3 order by deliveries desc, last_at desc limit %(most)s"
)
def dead_reasons(
    *, tenant: str | None, event: str | None, channel: str | None, most: int
) -> list[DeadReason]:
    """Why deliveries were given up on, as it was said, the most frequent first."""


@statement(
    """
    select postbell.retry(
        delivery_id => %(delivery_id)s, event => %(event)s, channel => %(channel)s,
        tenant_id => %(tenant)s, since => coalesce(%(since)s, '-infinity'::timestamptz),
        reasons => %(reasons)s::text[]
    )
    """
)
def retry(
    *,
    delivery_id: int | None,
    event: str | None,
    channel: str | None,
    tenant: str | None,
    since: datetime | None = None,
    reasons: list[str] | None = None,
) -> int:
    """Send dead letters again; how many there were."""


# --- what comes back


@statement(
    "select event_id, result from postbell_private.receive_receipt(%(provider)s,"
    " %(receipts)s::jsonb)"
)
def receive_receipts(provider: str, receipts: str) -> list[Received]:
    """Take receipts (JSON); of each, whether it was believed."""


@statement(
    "select postbell_private.receive_reply(%(provider)s, %(event_id)s, %(address)s, %(words)s,"
    " %(meaning)s)"
)
def receive_reply(
    provider: str, event_id: str, address: str, words: str, meaning: str | None
) -> str | None:
    """Take a person's answer to one of our numbers; what it was understood as."""
