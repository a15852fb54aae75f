"""When a provider fails, the next takes over; what none can take waits, and is never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.channels.base import CrashPolicy
from dispatcher.channels.email import EmailChannel
from dispatcher.db.connections import Pool
from dispatcher.delivery import failover
from dispatcher.delivery.model import FailureScope, Outcome, Refused, Retry, Sent, Unknown
from dispatcher.delivery.provider_sender import ProviderSender
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.worker import Sender
from dispatcher.providers.circuit_breaker import BreakerPolicy
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from tests.support import given
from tests.support.clock import Clock
from tests.support.deliveries import a_delivery
from tests.support.given import Connection, Fate
from tests.support.outcome import left_over
from tests.support.scripted_provider import Gate, ScriptedProvider
from tests.support.waiting import seen

DOWN = Retry("connection refused", scope=FailureScope.PROVIDER)
WRONG_KEY = Retry(
    "our configuration is at fault: 535", code="535", scope=FailureScope.CONFIGURATION
)
GREYLISTED = Retry("greylisted", code="450")
LATER = Retry("429", after=timedelta(hours=1), scope=FailureScope.PROVIDER)


class Watched:
    """Counts what the sender says."""

    def __init__(self) -> None:
        self.held_so_far = 0

    def attempted(
        self, channel: str, provider: str, outcome: str, seconds: float, count: int = 1
    ) -> None: ...

    def handed_over(self, channel: str, *seconds: float) -> None: ...

    def held(self, channel: str) -> None:
        assert channel == "email"
        self.held_so_far += 1


class Post:
    """An event by e-mail, and the providers called `main` and `spare` for it."""

    def __init__(self, db: Connection, sessions: Pool, template_sets: TemplateSets) -> None:
        self.db = db
        self.clock = Clock()
        self.watch = Watched()
        self._sessions = sessions
        self._template_sets = template_sets
        self.sender: Sender

    def providers(
        self,
        main: Sequence[Outcome] | None = (),
        spare: Sequence[Outcome] | None = None,
        *,
        crash_policy: CrashPolicy = CrashPolicy.SEND_AGAIN,
        **of_client: Any,
    ) -> tuple[ScriptedProvider, ScriptedProvider]:
        both = ScriptedProvider(*(main or ())), ScriptedProvider(*(spare or ()))
        both[0].name, both[1].name = "main", "spare"
        used = [each for each, said in zip(both, (main, spare), strict=True) if said is not None]
        channel = EmailChannel("shop@shop.example", max_attempts=3)
        self.sender = ProviderSender(
            self._sessions,
            self._template_sets,
            self.watch,
            channel,
            ProviderRegistry(ProviderClient(each, clock=self.clock, **of_client) for each in used),
            in_flight=4,
            crash_policy=crash_policy,
        )
        return both

    def emit(self, many: int = 1, **columns: Any) -> list[int]:
        payload = {"order_id": 42, "amount": "19.90"}
        events = [
            given.emit(self.db, payload=payload, channels=["email"], **columns) for _ in range(many)
        ]
        given.route(self.db)
        return events

    async def deliver(self) -> None:
        for batch in given.column(self.db, "select id from postbell.batch order by id"):
            await self.sender.deliver(batch)

    async def deliver_when_due(self) -> None:
        self.db.execute("update postbell.waiting_delivery set due_at = now() - interval '1 second'")
        given.value(self.db, "select released from postbell_private.release_due(500)")
        await self.deliver()

    @property
    def attempts(self) -> list[tuple[Any, ...]]:
        return given.rows(
            self.db, "select provider, outcome from postbell.attempt order by attempted_at"
        )

    @property
    def tries(self) -> list[int]:
        return given.column(self.db, "select attempts from postbell.delivery order by id")

    def fate(self, event: int) -> Fate:
        return given.deliveries(self.db, event)["u1", "email"]


@pytest.fixture
def post(db: Connection, sessions: Pool, template_sets: TemplateSets) -> Post:
    return Post(db, sessions, template_sets)


@pytest.mark.parametrize("failure", [DOWN, WRONG_KEY, LATER])
async def test_when_one_fails_the_next_takes_over_at_once(post: Post, failure: Retry) -> None:
    main, spare = post.providers([failure], [])
    (event,) = post.emit()

    await post.deliver()

    assert post.fate(event).state == "sent"
    assert post.attempts == [("main", "passed_on"), ("spare", "sent")]
    assert (len(main.messages), len(spare.messages)) == (1, 1)
    assert post.tries == [1]
    assert given.column(post.db, "select provider from postbell.delivery_log") == ["spare"]
    assert left_over(post.db).keys() <= {"jobs"}


async def test_what_is_the_messages_own_fault_waits_and_bothers_no_other(post: Post) -> None:
    _, spare = post.providers([GREYLISTED], [])
    (event,) = post.emit()

    await post.deliver()

    assert post.fate(event) == ("waiting", "greylisted")
    assert spare.messages == []


async def test_what_one_refuses_no_other_is_asked_for(post: Post) -> None:
    _, spare = post.providers([Refused("no such user")], [])
    (event,) = post.emit()

    await post.deliver()

    assert post.fate(event) == ("refused", "no such user")
    assert spare.messages == []


async def test_an_unknown_outcome_goes_to_no_other_then_or_later(post: Post) -> None:
    main, spare = post.providers([Unknown("no answer"), DOWN], [])
    (event,) = post.emit()

    await post.deliver()
    assert post.fate(event).state == "waiting"
    await post.deliver_when_due()
    assert post.fate(event).state == "waiting"
    await post.deliver_when_due()

    assert post.fate(event).state == "sent"
    assert post.attempts == [("main", "unknown"), ("main", "retry"), ("main", "sent")]
    assert len(main.messages) == 3
    assert spare.messages == []


async def test_an_unknown_outcome_stays_so_where_a_second_copy_does_harm(post: Post) -> None:
    _, spare = post.providers([Unknown("no answer")], [], crash_policy=CrashPolicy.AWAIT_RECEIPT)
    (event,) = post.emit()

    await post.deliver()

    assert post.fate(event) == ("unknown", "no answer")
    assert spare.messages == []


async def crash(post: Post, gate: Gate) -> None:
    """A mail is under way, and nobody is left to write down what comes of it."""
    delivering = asyncio.create_task(post.deliver())
    await seen(lambda: gate.waiting == 1, "a send in flight")
    delivering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivering


async def test_after_a_crash_no_other_gets_what_the_first_may_have_taken(post: Post) -> None:
    main, _ = post.providers([], [])
    main.answer = Gate()
    (event,) = post.emit()
    await crash(post, main.answer)

    main, spare = post.providers([DOWN], [])
    await post.deliver()
    assert post.fate(event).state == "waiting"
    await post.deliver_when_due()

    assert post.fate(event).state == "sent"
    assert (len(main.messages), spare.messages) == (2, [])
    assert post.attempts == [("main", "unknown"), ("main", "retry"), ("main", "sent")]


async def test_after_a_crash_the_first_does_not_get_what_was_passed_on(post: Post) -> None:
    _, spare = post.providers([DOWN], [])
    spare.answer = Gate()
    (event,) = post.emit()
    await crash(post, spare.answer)

    main, spare = post.providers([], [])
    await post.deliver()

    assert post.fate(event).state == "sent"
    assert (main.messages, len(spare.messages)) == ([], 1)
    assert post.attempts == [("spare", "unknown"), ("spare", "sent")]


async def test_after_a_crash_one_that_has_come_since_does_not_get_what_the_only_one_may_have(
    post: Post,
) -> None:
    _, spare = post.providers(None, [])
    spare.answer = Gate()
    (event,) = post.emit()
    await crash(post, spare.answer)

    main, spare = post.providers([], [])
    await post.deliver()

    assert post.fate(event).state == "sent"
    assert (main.messages, len(spare.messages)) == ([], 1)


async def test_what_a_crash_left_in_doubt_waits_at_no_cost_for_a_provider_that_is_closed(
    post: Post,
) -> None:
    main, _ = post.providers([], [])
    main.answer = Gate()
    (event,) = post.emit()
    await crash(post, main.answer)
    main, spare = post.providers([WRONG_KEY], [])
    await post.deliver()

    assert post.fate(event) == ("waiting", WRONG_KEY.reason)
    await post.deliver_when_due()

    assert post.fate(event) == ("waiting", "provider_paused")
    assert (len(main.messages), spare.messages) == (1, [])
    assert post.tries == [1]


async def test_what_a_crash_left_in_doubt_goes_to_another_once_the_first_is_not_there(
    post: Post,
) -> None:
    main, _ = post.providers([], [])
    main.answer = Gate()
    (event,) = post.emit()
    await crash(post, main.answer)

    _, spare = post.providers(None, [])
    await post.deliver()

    assert post.fate(event).state == "sent"
    assert len(spare.messages) == 1


async def test_a_text_that_a_crash_left_in_doubt_names_who_may_have_taken_it(post: Post) -> None:
    policy = CrashPolicy.AWAIT_RECEIPT
    given.sent_once(post.db, "email")
    main, _ = post.providers([], [], crash_policy=policy)
    main.answer = Gate()
    (event,) = post.emit()
    await crash(post, main.answer)

    post.providers([], [], crash_policy=policy)
    await post.deliver()

    assert post.fate(event).state == "unknown"
    assert set(post.attempts) == {("main", "unknown")}


async def test_the_first_is_asked_again_when_it_is_back(post: Post) -> None:
    main, spare = post.providers(
        [DOWN] * 3, [], policy=BreakerPolicy(failure_threshold=3, open_seconds=10)
    )
    post.emit(8)

    await post.deliver()
    assert (len(main.messages), len(spare.messages)) == (3, 8)
    post.clock.now = 10
    post.emit(4)
    await post.deliver()

    assert (len(main.messages), len(spare.messages)) == (7, 8)
    assert given.column(post.db, "select distinct state from postbell.delivery") == ["sent"]


async def test_a_wrong_key_costs_no_message_a_try_however_long_it_lasts(post: Post) -> None:
    main, _ = post.providers(
        [WRONG_KEY] * 20,
        policy=BreakerPolicy(misconfigured_seconds=60, max_misconfigured_seconds=60),
    )
    events = post.emit(3)

    for _ in range(12):
        await post.deliver_when_due()
        post.clock.now += 60

    assert {post.fate(event).state for event in events} == {"waiting"}
    assert post.tries == [0, 0, 0]
    assert given.column(post.db, "select outbox_id from postbell.dead_letters") == []
    assert len(main.messages) <= 3 + 11

    main._answers.clear()
    for _ in range(3):
        await post.deliver_when_due()
    assert {post.fate(event).state for event in events} == {"sent"}
    assert post.tries == [1, 1, 1]


async def test_a_misconfigured_provider_is_not_asked_and_the_reason_is_told(post: Post) -> None:
    main, _ = post.providers([WRONG_KEY])
    post.emit()
    await post.deliver()
    (event,) = post.emit()

    await post.deliver()

    assert post.fate(event) == ("waiting", "provider_paused")
    assert len(main.messages) == 1
    assert post.watch.held_so_far == 2


async def test_what_waits_for_a_provider_comes_no_earlier_than_it_opens(post: Post) -> None:
    post.providers([LATER])
    post.emit()
    await post.deliver()
    post.emit()

    await post.deliver()

    waits = given.column(
        post.db, "select due_at - clock_timestamp() from postbell.waiting_delivery"
    )
    assert all(timedelta(minutes=59) < wait < timedelta(minutes=90) for wait in waits)


async def test_a_provider_that_is_down_for_long_makes_no_dead_letter(post: Post) -> None:
    post.providers(
        [DOWN] * 40, policy=BreakerPolicy(failure_threshold=1, open_seconds=10, max_open_seconds=10)
    )
    (event,) = post.emit()

    for _ in range(20):
        await post.deliver_when_due()
        post.clock.now += 10

    assert post.fate(event).state == "waiting"
    # The first failure was a try; all others were only to find out whether it is back.
    assert post.tries == [1]


async def test_a_message_that_breaks_every_provider_has_an_end(post: Post) -> None:
    post.providers([DOWN] * 40, [DOWN] * 40, policy=BreakerPolicy(failure_threshold=1000))
    (event,) = post.emit()

    for _ in range(5):
        await post.deliver_when_due()

    assert post.fate(event) == ("failed", "given up after 3 tries: connection refused")
    assert len(post.attempts) == 6


async def test_a_closed_provider_holds_the_rest_of_a_batch_without_beginning_it(
    post: Post,
) -> None:
    main, _ = post.providers([LATER] * 4)
    post.emit(20)

    await post.deliver()

    assert len(main.messages) <= 4
    assert given.column(post.db, "select distinct state from postbell.delivery") == ["waiting"]
    assert sum(post.tries) == len(main.messages)
    assert given.value(post.db, "select count(*) from postbell.waiting_delivery") == 20
    assert given.column(post.db, "select id from postbell.batch") == []


async def test_nothing_is_rendered_for_a_provider_that_is_closed(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.providers([LATER])
    post.emit()
    await post.deliver()
    post.emit(3)

    def rendered(*_: object, **__: object) -> None:
        raise AssertionError("rendered")

    monkeypatch.setattr("dispatcher.rendering.renderer.Renderer.render", rendered)
    await post.deliver()

    assert given.column(post.db, "select distinct state from postbell.delivery") == ["waiting"]
    assert post.tries == [1, 0, 0, 0]


async def test_a_text_that_a_crash_left_in_doubt_is_not_put_aside_with_the_others(
    post: Post,
) -> None:
    given.sent_once(post.db, "email")
    main, _ = post.providers([LATER], crash_policy=CrashPolicy.AWAIT_RECEIPT)
    post.emit()
    await post.deliver()
    post.emit(2)
    (doubtful, other) = given.column(
        post.db, "select id from postbell.delivery where state = 'queued' order by id"
    )
    post.db.execute(
        "update postbell.delivery set state = 'sending', attempts = 1 where id = %s", [doubtful]
    )

    await post.deliver()

    assert given.rows(
        post.db, "select id, state from postbell.delivery where id >= %s order by id", doubtful
    ) == [(doubtful, "unknown"), (other, "waiting")]
    assert len(main.messages) == 1


async def test_a_tenants_choice_decides_who_is_asked(post: Post) -> None:
    main, spare = post.providers([], [])
    given.call(post.db, "choose_providers", channel="email", providers=["spare", "main"])
    post.emit()

    await post.deliver()

    assert (len(main.messages), len(spare.messages)) == (0, 1)


async def test_a_tenants_choice_is_followed_within_seconds(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, spare = post.providers([], [])
    post.emit()
    await post.deliver()
    given.call(post.db, "choose_providers", channel="email", providers=["spare"])

    monkeypatch.setattr("dispatcher.delivery.tenants.TENANT_FRESHNESS", 0.0)
    post.emit()
    await post.deliver()

    assert (len(main.messages), len(spare.messages)) == (1, 1)


async def test_a_choice_that_nobody_knows_waits_and_takes_no_other(post: Post) -> None:
    main, spare = post.providers([], [])
    given.call(post.db, "choose_providers", channel="email", providers=["their_own"])
    (event,) = post.emit()

    await post.deliver()

    assert post.fate(event) == ("waiting", "provider_unknown")
    assert (main.messages, spare.messages) == ([], [])
    assert post.tries == [0]


async def test_what_is_cancelled_while_it_waits_for_a_provider_is_not_sent(post: Post) -> None:
    main, _ = post.providers([WRONG_KEY], policy=BreakerPolicy(misconfigured_seconds=60))
    (event,) = post.emit(subject="order:42")
    await post.deliver()

    post.db.execute("select postbell.cancel('order:42')")
    post.clock.now = 60
    await post.deliver_when_due()

    assert post.fate(event).state == "cancelled"
    assert len(main.messages) == 1


async def test_an_expired_message_does_not_wait_on(post: Post) -> None:
    post.providers([WRONG_KEY], policy=BreakerPolicy(misconfigured_seconds=60))
    (event,) = post.emit(expires_at="2100-01-01")
    await post.deliver()
    post.db.execute(
        "update postbell_private.notification set expires_at = now() - interval '1 minute'"
    )

    await post.deliver_when_due()

    assert post.fate(event).state == "expired"


def test_what_waits_longer_comes_spread_over_longer_but_for_what_is_critical() -> None:
    delivery = a_delivery()
    critical = replace(delivery, priority="critical")

    assert failover.jitter(delivery, 100, draw=lambda: 1.0) == 25
    assert failover.jitter(delivery, 10**6, draw=lambda: 1.0) == failover.LONGEST_JITTER
    assert failover.jitter(critical, 10**6, draw=lambda: 1.0) == 0


def test_a_call_is_passed_on_only_if_the_message_is_not_at_fault() -> None:
    passed_on = {
        outcome.__class__.__name__ + getattr(outcome, "scope", ""): failover.ProviderCall(
            "main", outcome, 0.1, is_probe=False
        ).may_fail_over
        for outcome in (Sent("1"), Refused("no"), Unknown("?"), GREYLISTED, DOWN, WRONG_KEY)
    }

    assert passed_on == {
        "Sent": False,
        "Refused": False,
        "Unknownprovider": False,
        "Retrymessage": False,
        "Retryprovider": True,
        "Retryconfiguration": True,
    }
