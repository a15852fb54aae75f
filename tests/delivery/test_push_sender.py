"""A push to every device of a person: what each service says, and what it makes of the delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.channels.push import Push
from dispatcher.db.connections import Pool
from dispatcher.delivery.model import FailureScope, Outcome, Refused, Retry, Sent, Unknown
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.inbound.receipts import Blame
from dispatcher.providers.circuit_breaker import BreakerPolicy
from dispatcher.providers.client import ProviderClient
from tests.support import given
from tests.support.given import Connection
from tests.support.outcome import left_over
from tests.support.senders import Deliver, emit, fate, make_due, push_sender

PHONE = "https://push.example/phone"
LAPTOP = "https://push.example/laptop"
TABLET = "https://push.example/tablet"

GONE = Refused("410 unsubscribed", code="410", blame=Blame.HARD)
BUSY = Retry("503 busy", code="503")


class Services:
    """The push services of all devices: each answers as it is told, and otherwise takes it."""

    channel = "push"

    def __init__(self, name: str = "webpush") -> None:
        self.name = name
        #: Called at each push.
        self.on_push: Callable[[], None] = lambda: None
        #: In turn, by endpoint.
        self.answers: dict[str, list[Outcome]] = {}
        self.pushes: list[Push] = []
        self.in_flight = self.peak = 0

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, message: Push) -> Outcome:
        self.on_push()
        self.pushes.append(message)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        await asyncio.sleep(0.01)
        self.in_flight -= 1
        answers = self.answers.get(message.device.endpoint)
        return answers.pop(0) if answers else Sent(f"m{message.device.id}", code="201")

    @property
    def asked(self) -> list[str]:
        """Whose services were asked, in order."""
        return [push.device.endpoint.rpartition("/")[2] for push in self.pushes]


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
def deliver(
    db: Connection, sessions: Pool, template_sets: TemplateSets, services: Services
) -> Deliver:
    return deliverer(db, sessions, template_sets, services)


def deliverer(
    db: Connection, sessions: Pool, template_sets: TemplateSets, services: Services, **options: Any
) -> Deliver:
    return Deliver(db, push_sender(sessions, template_sets, ProviderClient(services), **options))


@pytest.fixture
def three(db: Connection) -> Connection:
    """u1 with three devices."""
    for endpoint in (PHONE, LAPTOP, TABLET):
        given.device(db, endpoint=endpoint)
    return db


def endpoints(db: Connection) -> set[str]:
    return set(given.column(db, "select endpoint from postbell.push_subscription"))


def tries(db: Connection) -> list[tuple[Any, ...]]:
    """Outcome and code of each call, by device, in order."""
    return given.rows(
        db,
        "select split_part(endpoint, '/', 4), outcome, code from postbell.attempt"
        " left join postbell.push_subscription as device on device.id::text = attempt.device"
        " order by attempted_at, 1",
    )


async def test_every_device_is_reached_side_by_side(
    three: Connection, deliver: Deliver, services: Services
) -> None:
    (event,) = emit(three, channel="push")

    await deliver()

    assert fate(three, event, "push").state == "sent"
    assert sorted(services.asked) == ["laptop", "phone", "tablet"]
    assert services.peak == 3
    assert sorted(tries(three)) == [
        ("laptop", "sent", "201"), ("phone", "sent", "201"), ("tablet", "sent", "201"),
    ]  # fmt: skip
    assert given.rows(three, "select provider, attempts from postbell.delivery_log") == [
        ("webpush", 1)
    ]
    assert left_over(three).keys() <= {"jobs"}


async def test_410_for_one_of_three_devices_forgets_that_one_and_reaches_the_others(
    three: Connection, deliver: Deliver, services: Services
) -> None:
    services.answers[LAPTOP] = [GONE]
    first, second = emit(three, 1, "push") + emit(three, 1, "push")

    await deliver()

    state, reason = fate(three, first, "push")
    assert (state, reason) == ("sent", "2 of 3 devices were reached: 410 unsubscribed")
    assert fate(three, second, "push").state == "sent"
    assert endpoints(three) == {PHONE, TABLET}
    assert given.column(three, "select address from postbell.suppression") == []


async def test_the_last_device_that_is_gone_ends_the_push_and_the_next_one_before_it_begins(
    db: Connection, deliver: Deliver, services: Services
) -> None:
    given.device(db, endpoint=PHONE)
    services.answers[PHONE] = [GONE]
    (event,) = emit(db, channel="push")

    await deliver()
    (later,) = emit(db, channel="push")

    assert fate(db, event, "push") == ("refused", "410 unsubscribed")
    assert fate(db, later, "push") == ("skipped", "no_address")
    assert given.column(db, "select outbox_id from postbell.dead_letters") == [event]


async def test_a_retry_reaches_only_the_devices_that_were_not_reached(
    three: Connection, deliver: Deliver, services: Services
) -> None:
    services.answers[LAPTOP] = [BUSY]
    services.answers[TABLET] = [Unknown("no answer")]
    (event,) = emit(three, channel="push")

    await deliver()
    waiting = fate(three, event, "push")
    sent_at = given.value(three, "select sent_at from postbell.delivery_log")
    services.pushes.clear()
    make_due(three)
    await deliver()

    assert waiting == ("waiting", "1 of 3 devices were reached: 503 busy; in doubt: no answer")
    assert sent_at is not None
    assert sorted(services.asked) == ["laptop", "tablet"]
    assert fate(three, event, "push").state == "sent"
    assert given.value(three, "select sent_at from postbell.delivery_log") == sent_at


async def test_a_second_copy_has_the_topic_of_the_first(
    db: Connection, deliver: Deliver, services: Services
) -> None:
    given.device(db, endpoint=PHONE)
    services.answers[PHONE] = [Unknown("no answer")]
    emit(db, channel="push")

    await deliver()
    make_due(db)
    await deliver()

    assert len(services.pushes) == 2
    assert len({push.topic for push in services.pushes}) == 1


async def test_a_retry_comes_no_earlier_than_the_most_patient_service_asked(
    three: Connection, deliver: Deliver, services: Services
) -> None:
    services.answers[LAPTOP] = [Retry("429", after=timedelta(minutes=5))]
    services.answers[TABLET] = [Retry("429", after=timedelta(hours=2))]
    emit(three, channel="push")

    await deliver()

    waits = given.value(three, "select due_at - clock_timestamp() from postbell.waiting_delivery")
    assert timedelta(minutes=119) < waits < timedelta(hours=3)


async def test_a_push_that_reaches_nobody_is_given_up_and_kept_as_a_dead_letter(
    db: Connection, sessions: Pool, template_sets: TemplateSets, services: Services
) -> None:
    given.device(db, endpoint=PHONE)
    services.answers[PHONE] = [BUSY] * 2
    deliver = deliverer(db, sessions, template_sets, services, max_attempts=2)
    (event,) = emit(db, channel="push")

    await deliver()
    make_due(db)
    await deliver()

    assert fate(db, event, "push") == ("failed", "given up after 2 tries: 503 busy")
    assert given.column(db, "select outbox_id from postbell.dead_letters") == [event]
    assert endpoints(db) == {PHONE}


async def test_a_push_that_reached_somebody_is_sent_when_the_rest_is_given_up(
    three: Connection, sessions: Pool, template_sets: TemplateSets, services: Services
) -> None:
    services.answers[LAPTOP] = [BUSY] * 2
    deliver = deliverer(three, sessions, template_sets, services, max_attempts=2)
    (event,) = emit(three, channel="push")

    await deliver()
    make_due(three)
    await deliver()

    assert fate(three, event, "push") == (
        "sent",
        "given up after 2 tries: 503 busy",
    )
    assert services.asked.count("laptop") == 2
    assert services.asked.count("phone") == 1
    assert sorted(tries(three)) == [
        ("laptop", "failed", "503"), ("laptop", "retry", "503"), ("phone", "sent", "201"),
        ("tablet", "sent", "201"),
    ]  # fmt: skip
    assert given.column(three, "select outbox_id from postbell.dead_letters") == []


async def test_a_refused_key_makes_the_provider_misconfigured_and_forgets_no_device(
    three: Connection, deliver: Deliver, services: Services
) -> None:
    refused = Retry("403 another key", code="403", scope=FailureScope.CONFIGURATION)
    services.answers = {endpoint: [refused] for endpoint in (PHONE, LAPTOP, TABLET)}
    (event,) = emit(three, channel="push")

    await deliver()

    state, reason = fate(three, event, "push")
    assert (state, reason) == ("waiting", "403 another key")
    assert endpoints(three) == {PHONE, LAPTOP, TABLET}
    # A try that was about us is not counted against the message.
    assert given.column(three, "select attempts from postbell.delivery") == [0]
    assert len(tries(three)) == len(services.pushes)


async def test_a_push_without_a_device_left_is_refused(
    db: Connection, deliver: Deliver, services: Services
) -> None:
    given.device(db, endpoint=PHONE)
    services.answers[PHONE] = [Refused("no thanks")]
    (event,) = emit(db, channel="push")
    await deliver()
    # As after a crash that undid how the delivery was settled, and not what the device said.
    db.execute("update postbell.delivery set state = 'queued'")
    db.execute("delete from postbell.dead_letter")
    db.execute("select postbell_private.enqueue(array_agg(id), false) from postbell.delivery")

    await deliver()

    assert fate(db, event, "push") == (
        "refused",
        "no device of the recipient's is left to be reached",
    )
    assert services.asked == ["phone"]


async def test_a_push_in_flight_when_its_dispatcher_died_goes_again_to_every_device_not_reached(
    three: Connection, deliver: Deliver, services: Services
) -> None:
    emit(three, channel="push")
    batch = given.value(three, "select id from postbell.batch")
    given.claim(three, batch, start_sending=1)

    await deliver()

    assert sorted(services.asked) == ["laptop", "phone", "tablet"]
    assert given.column(three, "select state::text from postbell.delivery") == ["sent"]
    assert given.column(three, "select attempts from postbell.delivery") == [2]


async def test_the_next_provider_of_a_sole_device_is_recorded_before_it_is_called(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    given.device(db, endpoint=PHONE)
    main, spare = Services("main"), Services("spare")
    main.answers[PHONE] = [Retry("503 busy", scope=FailureScope.PROVIDER)]
    called = []
    main.on_push = spare.on_push = lambda: called.append(
        given.value(db, "select provider from postbell.delivery")
    )
    clients = [ProviderClient(each) for each in (main, spare)]
    (event,) = emit(db, channel="push")

    await Deliver(db, push_sender(sessions, template_sets, *clients))()

    assert called == ["main", "spare"]
    assert fate(db, event, "push").state == "sent"


class NamedServices(Services):
    """Each endpoint's host is a service of its own."""

    def service_of(self, message: Push) -> str:
        return message.device.endpoint.rpartition("/")[0]


async def test_a_service_that_is_down_leaves_the_messages_of_the_others_flowing(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    services = NamedServices()
    client = ProviderClient(services, policy=BreakerPolicy(failure_threshold=1, open_seconds=60))
    deliver = Deliver(db, push_sender(sessions, template_sets, client))
    given.recipient(db, "u2")
    given.device(db, "u1", "https://down.example/u1")
    given.device(db, "u2", "https://well.example/u2")
    services.answers["https://down.example/u1"] = [
        Retry("503 busy", code="503", scope=FailureScope.PROVIDER)
    ]

    for recipient in ("u1", "u1", "u2"):
        emit(db, 1, "push", recipient=recipient)
        await deliver()

    # The second was not even tried, and waits for that service alone, at no cost.
    assert services.asked == ["u1", "u2"]
    assert given.rows(
        db,
        "select recipient_id, state, attempts, due_at > now() + interval '50 seconds'"
        " from postbell.delivery_log where channel = 'push' order by delivery_id",
    ) == [("u1", "waiting", 1, True), ("u1", "waiting", 0, True), ("u2", "sent", 1, False)]
