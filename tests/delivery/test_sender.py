from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from dispatcher.channels.base import CrashPolicy
from dispatcher.channels.email import Email, EmailChannel
from dispatcher.db.connections import Pool
from dispatcher.delivery.model import Outcome, Refused, Retry, Sent, Tenant, Unknown
from dispatcher.delivery.provider_sender import ProviderSender
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.worker import Sender
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from dispatcher.rendering.template_set import TemplateSet
from tests.support import given
from tests.support.given import Connection, Fate
from tests.support.outcome import left_over
from tests.support.scripted_provider import Gate, ScriptedProvider
from tests.support.senders import (
    Deliver,
    NobodyWatches,
    batches,
    email_sender,
    emit,
    fate,
    inbox_sender,
    make_due,
    stream_sender,
)
from tests.support.waiting import seen


def attempts(db: Connection) -> list[tuple[Any, ...]]:
    return given.rows(
        db,
        "select outcome, provider_message_id, code, reason from postbell.attempt"
        " order by attempted_at, delivery_id",
    )


async def test_what_is_sent_is_recorded_with_the_providers_id_and_code(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider(Sent("<m1@shop.example>", code="250 2.0.0"))
    (event,) = emit(db)

    await Deliver(db, email_sender(sessions, template_sets, provider))()

    assert fate(db, event).state == "sent"
    assert attempts(db) == [("sent", "<m1@shop.example>", "250 2.0.0", None)]
    assert given.rows(
        db,
        "select attempts, provider, provider_message_id, sent_at is not null"
        " from postbell.delivery_log",
    ) == [(1, "scripted", "<m1@shop.example>", True)]
    assert batches(db) == []


async def test_the_provider_learns_what_may_be_known_about_a_mail(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider(Sent("m1"), Sent("m2"))
    deliver = Deliver(db, email_sender(sessions, template_sets, provider))
    emit(db)
    await deliver()
    given.tenant(db, tracking=["clicks"])
    emit(db)

    await deliver()

    assert [message.tracking for message in provider.messages] == [set(), {"clicks"}]


async def test_a_retry_waits_and_is_sent_when_it_is_due(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider(Retry("greylisted", code="450"))
    deliver = Deliver(db, email_sender(sessions, template_sets, provider))
    (event,) = emit(db)

    await deliver()
    assert fate(db, event) == ("waiting", "greylisted")
    make_due(db)
    await deliver()

    assert fate(db, event).state == "sent"
    assert [outcome for outcome, *_ in attempts(db)] == ["retry", "sent"]
    assert given.column(db, "select attempts from postbell.delivery") == [2]


async def test_a_retry_comes_no_earlier_than_the_provider_asked(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider(Retry("slow down", after=timedelta(hours=2)))
    emit(db)

    await Deliver(db, email_sender(sessions, template_sets, provider))()

    waits = given.value(
        db, "select due_at - clock_timestamp() from postbell.waiting_delivery where is_retry"
    )
    assert timedelta(minutes=119) < waits < timedelta(hours=3)


async def test_every_try_has_the_same_message_id(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider(Retry("later"), Unknown("no answer"))
    deliver = Deliver(db, email_sender(sessions, template_sets, provider))
    emit(db)

    for _ in range(3):
        await deliver()
        make_due(db)

    assert len(provider.messages) == 3
    assert len({message.message_id for message in provider.messages}) == 1


@pytest.mark.parametrize("most", [1, 3])
async def test_a_mail_is_tried_so_often_and_then_a_dead_letter(
    db: Connection, sessions: Pool, template_sets: TemplateSets, most: int
) -> None:
    provider = ScriptedProvider(*[Retry("mailbox is busy")] * 10)
    deliver = Deliver(db, email_sender(sessions, template_sets, provider, max_attempts=most))
    (event,) = emit(db)

    for _ in range(5):
        await deliver()
        make_due(db)

    assert len(provider.messages) == most
    state, reason = fate(db, event)
    assert (state, reason) == ("failed", f"given up after {most} tries: mailbox is busy")
    assert given.column(db, "select outbox_id from postbell.dead_letters") == [event]
    assert left_over(db).keys() <= {"jobs"}


async def test_a_dead_letter_that_is_retried_has_all_its_tries_again(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider(*[Retry("mailbox is busy")] * 3)
    deliver = Deliver(db, email_sender(sessions, template_sets, provider, max_attempts=2))
    (event,) = emit(db)
    for _ in range(2):
        await deliver()
        make_due(db)
    assert fate(db, event).state == "failed"

    assert given.value(db, "select postbell.retry(event => 'order.paid')") == 1
    for _ in range(2):
        await deliver()
        make_due(db)

    assert len(provider.messages) == 4
    assert fate(db, event).state == "sent"
    assert given.column(db, "select outbox_id from postbell.dead_letters") == []


async def test_a_refusal_is_final_and_says_why(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider(Refused("554 spam", code="554 5.7.1"))
    deliver = Deliver(db, email_sender(sessions, template_sets, provider))
    refused, sent = emit(db, 2)

    await deliver()

    assert fate(db, refused) == ("refused", "554 spam")
    assert fate(db, sent).state == "sent"
    assert attempts(db)[0] == ("refused", None, "554 5.7.1", "554 spam")
    assert given.column(db, "select outbox_id from postbell.dead_letters") == [refused]
    # The mail was at fault, not the address.
    assert given.column(db, "select address from postbell.suppression") == []


async def test_an_address_at_fault_is_suppressed_and_not_written_to_again(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider(Refused("no such user", code="550 5.1.1", blame=Blame.HARD))
    deliver = Deliver(db, email_sender(sessions, template_sets, provider, in_flight=1))
    first, queued = emit(db, 2)

    await deliver()
    (later,) = emit(db)
    await deliver()

    assert fate(db, first) == ("refused", "no such user")
    assert given.rows(db, "select channel, address, reason, detail from postbell.suppression") == [
        ("email", "u1@example.org", "bounce", "no such user")
    ]
    assert fate(db, queued) == ("skipped", "address_suppressed")
    assert fate(db, later) == ("skipped", "address_suppressed")
    assert len(provider.messages) == 1


async def test_an_unknown_outcome_is_sent_again_where_a_second_copy_is_recognised(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider(Unknown("the connection was lost after the last byte"))
    (event,) = emit(db)

    await Deliver(db, email_sender(sessions, template_sets, provider))()

    state, reason = fate(db, event)
    assert state == "waiting"
    assert reason == "in doubt: the connection was lost after the last byte"


async def test_an_unknown_outcome_stays_unknown_where_a_second_copy_does_harm(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider(Unknown("no answer"))
    sender = email_sender(sessions, template_sets, provider, crash_policy=CrashPolicy.AWAIT_RECEIPT)
    (event,) = emit(db)

    await Deliver(db, sender)()

    assert fate(db, event) == ("unknown", "no answer")
    assert left_over(db).keys() <= {"jobs"}


async def abandon(sender: Sender, batch: int, gate: Gate, in_flight: int) -> None:
    """What a crash does: the sends are under way, and nobody is left to record them."""
    delivering = asyncio.create_task(sender.deliver(batch))
    await seen(lambda: gate.waiting == in_flight, "sends in flight")
    delivering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivering


async def test_after_a_crash_only_what_was_in_flight_is_sent_twice(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    emit(db, 10)
    (batch,) = batches(db)
    await abandon(email_sender(sessions, template_sets, provider, in_flight=3), batch, gate, 3)
    assert given.column(db, "select state from postbell.delivery order by id") == (
        ["sending"] * 3 + ["queued"] * 7
    )

    gate.opened.set()
    await email_sender(sessions, template_sets, provider, in_flight=3).deliver(batch)

    copies = [provider.copies(number) for number in range(1, 11)]
    assert copies == [2, 2, 2, 1, 1, 1, 1, 1, 1, 1]
    assert len({message.message_id for message in provider.messages}) == 10
    assert set(given.column(db, "select state from postbell.delivery")) == {"sent"}


async def test_what_was_answered_before_we_are_cut_off_is_not_sent_again(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider(Sent("a"), Sent("b"))
    gate = provider.answer = Gate()
    emit(db, 3)
    (batch,) = batches(db)
    await abandon(email_sender(sessions, template_sets, provider, in_flight=3), batch, gate, 1)

    assert given.column(db, "select state from postbell.delivery order by id") == (
        ["sent", "sent", "sending"]
    )
    assert given.value(db, "select count(*) from postbell.batch") == 1


async def test_after_a_crash_what_was_in_flight_is_unknown_where_a_second_copy_does_harm(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    policy = CrashPolicy.AWAIT_RECEIPT
    given.sent_once(db, "email")
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    emit(db, 5)
    (batch,) = batches(db)
    first = email_sender(sessions, template_sets, provider, in_flight=2, crash_policy=policy)
    await abandon(first, batch, gate, 2)

    gate.opened.set()
    second = email_sender(sessions, template_sets, provider, in_flight=2, crash_policy=policy)
    await second.deliver(batch)

    assert given.column(db, "select state from postbell.delivery order by id") == (
        ["unknown"] * 2 + ["sent"] * 3
    )
    assert [provider.copies(number) for number in range(1, 6)] == [1] * 5
    assert "the dispatcher ended" in attempts(db)[0][3]


async def test_a_template_that_fails_fails_its_delivery_and_no_other(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider()
    events = emit(db, 2)
    # The event's declaration lets it pass; the template wants more.
    db.execute("update postbell.event_type set fields = '{}' where key = 'order.paid'")
    (bad,) = emit(db, payload={"order_id": 1})
    (good,) = emit(db)

    await Deliver(db, email_sender(sessions, template_sets, provider))()

    state, reason = fate(db, bad)
    assert state == "failed"
    assert reason is not None
    assert "amount" in reason
    assert given.column(db, "select outbox_id from postbell.dead_letters") == [bad]
    assert [fate(db, event).state for event in [*events, good]] == ["sent"] * 3
    assert left_over(db).keys() <= {"jobs"}


@pytest.mark.parametrize("channel", ["email", "in_app"])
async def test_an_event_registered_without_a_template_of_ours_waits_with_its_reason(
    db: Connection, sessions: Pool, template_sets: TemplateSets, channel: str
) -> None:
    given.event_type(db, "meteor.fallen")
    event = given.emit(db, "meteor.fallen", channels=[channel])
    (other,) = emit(db, channel=channel)
    sender = (
        email_sender(sessions, template_sets, ScriptedProvider())
        if channel == "email"
        else inbox_sender(sessions, template_sets)
    )

    await Deliver(db, sender)()

    assert fate(db, event, channel) == Fate("waiting", "template_missing")
    assert fate(db, other, channel).state in ("sent", "delivered")
    assert batches(db) == []


async def test_a_message_that_the_channel_refuses_never_reaches_the_provider(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    given.recipient(db, email="not an address")
    provider = ScriptedProvider()
    (event,) = emit(db)

    await Deliver(db, email_sender(sessions, template_sets, provider))()

    assert fate(db, event).state == "refused"
    assert provider.messages == []
    assert given.column(db, "select address from postbell.suppression") == ["not an address"]


async def test_an_inbox_item_is_written_once_however_often_its_batch_is_delivered(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    events = emit(db, 20, channel="in_app")
    (batch,) = batches(db)
    sender = inbox_sender(sessions, template_sets)

    await asyncio.gather(*(sender.deliver(batch) for _ in range(4)))
    # Who found the rows in another's hands has put them into a batch again.
    await Deliver(db, sender)()

    assert sorted(given.column(db, "select outbox_id from postbell.inbox_item")) == events
    assert {fate(db, event, "in_app").state for event in events} == {"delivered"}
    assert given.column(db, "select attempts from postbell.delivery_log") == [1] * 20
    assert left_over(db).keys() <= {"jobs"}


async def test_a_batch_that_another_has_claimed_is_left_to_them(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    emit(db, 4)
    (batch,) = batches(db)
    slow = asyncio.create_task(
        email_sender(sessions, template_sets, provider, in_flight=1).deliver(batch)
    )
    await seen(lambda: gate.waiting == 1, "a send in flight")

    # Its lease ended: another takes over, and sends what was in flight again and the rest.
    async def take(message: Email) -> Outcome:
        return Sent(message.message_id)

    provider.answer = take
    await email_sender(sessions, template_sets, provider, in_flight=1).deliver(batch)
    gate.opened.set()
    await slow

    assert [provider.copies(number) for number in range(1, 5)] == [2, 1, 1, 1]
    assert set(given.column(db, "select state from postbell.delivery")) == {"sent"}
    assert left_over(db).keys() <= {"jobs"}


class Counted(NobodyWatches):
    """Remembers what was handed over."""

    def __init__(self) -> None:
        self.channels: list[str] = []

    def handed_over(self, channel: str, *seconds: float) -> None:
        self.channels += [channel] * len(seconds)


@pytest.mark.parametrize("channel", ["in_app", "sse", "email"])
async def test_who_has_lost_the_claim_does_nothing_more_and_says_so_once(
    db: Connection,
    sessions: Pool,
    template_sets: TemplateSets,
    channel: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (event,) = emit(db, channel=channel)
    (batch,) = batches(db)
    watch = Counted()
    providers = [ScriptedProvider(), ScriptedProvider()]
    providers[1].name = "spare"
    sender: Sender
    if channel == "email":
        registry = ProviderRegistry(ProviderClient(provider) for provider in providers)
        mails = EmailChannel("shop@shop.example")
        sender = ProviderSender(
            sessions,
            template_sets,
            watch,
            mails,
            registry,
            in_flight=4,
            crash_policy=CrashPolicy.SEND_AGAIN,
        )
    elif channel == "sse":
        sender = stream_sender(sessions, template_sets, watch)
    else:
        sender = inbox_sender(sessions, template_sets, watch)
    get = template_sets.get

    def overtaken(tenant: Tenant) -> TemplateSet | None:
        """Claimed by another while it is rendered."""
        given.claim(db, batch)
        return get(tenant)

    monkeypatch.setattr(template_sets, "get", overtaken)
    with capture_logs() as logged:
        await sender.deliver(batch)

    assert [entry["log_level"] for entry in logged] == ["warning"]
    assert logged[0]["event"].startswith("batch claim lost")
    assert fate(db, event, channel).state == "queued"
    assert (watch.channels, attempts(db)) == ([], [])
    assert [len(provider.messages) for provider in providers] == [0, 0]
    assert batches(db) == [batch]


async def test_stopping_finishes_what_is_in_flight_and_gives_back_the_rest(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    emit(db, 10)
    (batch,) = batches(db)
    sender = email_sender(sessions, template_sets, provider, in_flight=3)
    delivering = asyncio.create_task(sender.deliver(batch))
    await seen(lambda: gate.waiting == 3, "sends in flight")

    sender.stop()
    gate.opened.set()
    await delivering

    assert given.column(db, "select state from postbell.delivery order by id") == (
        ["sent"] * 3 + ["queued"] * 7
    )
    assert given.column(db, "select attempts from postbell.delivery order by id") == (
        [1] * 3 + [0] * 7
    )
    # In a batch of their own, with a job.
    assert given.column(db, "select cardinality(delivery_ids) from postbell.batch") == [7]
    (rest,) = batches(db)
    assert str(rest).encode() in given.column(db, "select payload from postbell_queue.pgqueuer")

    await email_sender(sessions, template_sets, provider).deliver(rest)
    assert [provider.copies(number) for number in range(1, 11)] == [1] * 10


async def test_what_is_cancelled_while_queued_is_not_sent(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider()
    cancelled, kept = emit(db, 1, subject="order:1") + emit(db, 1, subject="order:2")

    db.execute("select postbell.cancel('order:1')")
    await Deliver(db, email_sender(sessions, template_sets, provider))()

    assert fate(db, cancelled) == ("cancelled", "cancelled")
    assert fate(db, kept).state == "sent"
    assert len(provider.messages) == 1


async def test_what_expires_in_the_queue_is_not_sent(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider()
    (event,) = emit(db, expires_at="2100-01-01")
    db.execute("update postbell_private.notification set expires_at = now() - interval '1 minute'")

    await Deliver(db, email_sender(sessions, template_sets, provider))()

    assert fate(db, event) == ("expired", "expired")
    assert provider.messages == []


async def test_a_provider_with_a_bug_harms_one_mail_and_repeats_no_other(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider()
    poisonous: Sequence[int] = (3,)

    async def answer(message: Email) -> Outcome:
        await asyncio.sleep(0)
        if message.delivery_id in poisonous:
            raise ZeroDivisionError("a bug")
        return Sent(message.message_id)

    provider.answer = answer
    sender = email_sender(sessions, template_sets, provider)
    emit(db, 10)

    for _ in range(30):
        for batch in batches(db):
            # The queue comes again with what ends in an exception.
            with contextlib.suppress(ZeroDivisionError):
                await sender.deliver(batch)

    assert given.rows(db, "select id, state from postbell.delivery where state <> 'sent'") == [
        (3, "failed")
    ]
    assert [provider.copies(number) for number in range(1, 11) if number != 3] == [1] * 9
    assert left_over(db).keys() <= {"jobs"}


async def test_a_session_lost_after_the_providers_yes_repeats_nothing(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    emit(db, 5)
    (batch,) = batches(db)
    delivering = asyncio.create_task(
        email_sender(sessions, template_sets, provider, in_flight=5).deliver(batch)
    )
    await seen(lambda: gate.waiting == 5, "sends in flight")

    db.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and application_name = 'postbell sender'"
    )
    gate.opened.set()
    await delivering

    assert [provider.copies(number) for number in range(1, 6)] == [1] * 5
    assert set(given.column(db, "select state from postbell.delivery")) == {"sent"}
    assert given.value(db, "select count(*) from postbell.attempt") == 5


async def test_a_batch_whose_record_was_committed_unheard_is_said_to_be_recorded_perhaps(
    db: Connection, sessions: Pool, template_sets: TemplateSets, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = ScriptedProvider(Sent("<m1@shop.example>", code="250 2.0.0"))
    (event,) = emit(db)
    connection = Pool.connection
    is_heard = True

    @contextlib.asynccontextmanager
    async def unheard(pool: Pool, timeout: float | None = None) -> AsyncIterator[Any]:  # noqa: ASYNC109
        nonlocal is_heard
        async with connection(pool, timeout) as borrowed:
            yield borrowed
        if is_heard and not batches(db):
            is_heard = False
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(Pool, "connection", unheard)
    with capture_logs() as logged:
        await Deliver(db, email_sender(sessions, template_sets, provider))()

    assert "was recorded already" in logged[-1]["event"]
    assert fate(db, event).state == "sent"
    assert (len(provider.messages), len(attempts(db))) == (1, 1)


async def test_an_answer_is_recorded_when_the_database_can_be_written_to_again(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    emit(db, 2)
    (batch,) = batches(db)
    delivering = asyncio.create_task(email_sender(sessions, template_sets, provider).deliver(batch))
    await seen(lambda: gate.waiting == 2, "sends in flight")
    name = given.value(db, "select current_database()")

    db.execute(f"alter database {name} set default_transaction_read_only = on")
    db.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and application_name = 'postbell sender'"
    )
    gate.opened.set()
    await asyncio.sleep(1)
    assert not delivering.done()
    db.execute(f"alter database {name} reset default_transaction_read_only")
    await delivering

    assert [provider.copies(number) for number in (1, 2)] == [1, 1]
    assert set(given.column(db, "select state from postbell.delivery")) == {"sent"}


# --- open pages


async def test_open_pages_are_told_and_the_deliveries_settled_in_one_transaction(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    events = emit(db, many=3, channel="sse")
    sender = stream_sender(sessions, template_sets)
    for batch in batches(db):
        await sender.deliver(batch)
        await sender.deliver(batch)
    assert [fate(db, event, "sse") for event in events] == [Fate("sent", "wanted")] * 3
    told = given.column(db, "select frame from postbell_private.stream_event order by id")
    assert [(frame["title"], frame["link"]) for frame in told] == [
        ("Order #42 paid", "http://localhost:8000/orders/42")
    ] * 3
    assert given.column(db, "select attempts from postbell.delivery_log") == [1] * 3
    assert batches(db) == []
