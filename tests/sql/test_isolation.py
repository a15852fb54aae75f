"""One row that makes PostgreSQL fail is set aside, visibly, wherever many are taken at once."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import given
from tests.support.background import Connect
from tests.support.given import Connection, Fate
from tests.support.poison import poison

BAD = "poison"
NOON = "2030-03-01 12:00Z"
REASON = "22012: poison"


@pytest.fixture
def people(db: Connection) -> list[str]:
    """Thirty of them, the bad one among them."""
    people = [f"p{number:02}" for number in range(29)]
    for person in (*people, BAD):
        given.recipient(db, person, roles=["crowd"])
    return people


def told(db: Connection, event: int) -> set[str]:
    return {who for who, _ in given.deliveries(db, event)}


def rejected(db: Connection) -> list[tuple[int, str | None, str, str]]:
    return given.rows(
        db,
        "select outbox_id, recipient, reason, detail from postbell.rejected_events order by 1, 2",
    )


def warnings(db: Connection) -> list[str]:
    """What the database says from now on."""
    said: list[str] = []
    db.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
    return said


@pytest.mark.parametrize("bad", [[], [0], [6], [0, 6], [2, 3, 4], list(range(7))], ids=str)
def test_the_bad_ones_are_found_and_the_others_done(db: Connection, bad: list[int]) -> None:
    db.execute("create temp table done (n integer check (n < 100))")
    items = [100 + place if place in bad else place for place in range(7)]
    db.execute(
        "create function pg_temp.take(items integer[]) returns void language sql"
        " begin atomic insert into done select unnest(items); end"
    )
    found = given.rows(
        db, "select * from postbell_private.isolate('pg_temp.take($1)', %s::integer[])", items
    )
    assert [(place - 1, code) for place, code, _ in found] == [(place, "23514") for place in bad]
    done = given.column(db, "select n from done order by n")
    assert done == [place for place in range(7) if place not in bad]


def test_what_is_nobodys_fault_is_raised(db: Connection) -> None:
    db.execute(
        "create function pg_temp.take(items integer[]) returns void language plpgsql"
        " as 'begin raise disk_full; end'"
    )
    with pytest.raises(psycopg.errors.DiskFull):
        given.rows(db, "select * from postbell_private.isolate('pg_temp.take($1)', array[1, 2])")


def test_in_a_window_one_person_of_a_few_is_set_aside(db: Connection) -> None:
    given.recipient(db, BAD)
    poison(db, "postbell.delivery", "new.recipient_id = 'poison'")
    before = given.emit(db)
    event = given.emit(db, recipient=None, audience={"recipients": ["u1", BAD]})
    alone = given.emit(db, recipient=BAD)
    after = given.emit(db)

    given.route(db)

    assert [told(db, each) for each in (before, event, alone, after)] == [
        {"u1"}, {"u1"}, set(), {"u1"},
    ]  # fmt: skip
    assert rejected(db) == [
        (event, BAD, "unreadable_event", REASON),
        (alone, BAD, "unreadable_event", REASON),
    ]
    assert [d.reason for d in given.explain(db, alone)] == ["unreadable_event"]


def test_of_a_large_audience_one_person_is_set_aside(db: Connection, people: list[str]) -> None:
    poison(db, "postbell.delivery", "new.recipient_id = 'poison'")
    event = given.emit(db, recipient=None, audience={"role": "crowd"})
    given.route(db)

    while given.value(db, "select reached from postbell_private.fan_out(7)"):
        pass

    assert told(db, event) == set(people)
    assert rejected(db) == [(event, BAD, "unreadable_event", REASON)]


def test_an_audience_that_cannot_be_read_stops_no_other(db: Connection, people: list[str]) -> None:
    bad = given.emit(db, recipient=None, audience={"role": "crowd", "notify_actor": True})
    good = given.emit(db, recipient=None, audience={"role": "crowd"})
    given.route(db)
    # As an earlier version might have taken it.
    db.execute(
        """update postbell.fanout set audience = audience || '{"notify_actor": "yes"}'"""
        " where notification_id = %s",
        [bad],
    )

    while given.value(db, "select reached from postbell_private.fan_out(7)"):
        pass

    assert told(db, bad) == set()
    assert told(db, good) == {*people, BAD}
    assert [(event, reason) for event, _, reason, _ in rejected(db)] == [(bad, "unreadable_event")]


def test_a_scheduled_event_that_cannot_be_told_stops_no_other(db: Connection) -> None:
    given.clock(db, NOON)
    due = {"recipient": None, "audience": {"recipients": ["u1"]}, "deliver_at": "2030-03-01 13:00Z"}
    first, bad, last = (given.emit(db, **due) for _ in range(3))  # type: ignore[arg-type]
    given.route(db)
    db.execute(
        "update postbell_private.notification"
        """ set audience = audience || '{"notify_actor": "yes"}' where id = %s""",
        [bad],
    )
    given.clock(db, "2030-03-01 14:00Z")

    assert given.value(db, "select released from postbell_private.release_due()") == 3

    assert [told(db, event) for event in (first, bad, last)] == [{"u1"}, set(), {"u1"}]
    assert [(event, reason) for event, _, reason, _ in rejected(db)] == [(bad, "unreadable_event")]
    assert [d.reason for d in given.explain(db, bad)] == ["unreadable_event"]
    assert given.value(db, "select released from postbell_private.release_due()") == 0


def test_a_delivery_that_cannot_be_decided_again_is_a_dead_letter(
    db: Connection, people: list[str]
) -> None:
    given.clock(db, NOON)
    for person in (*people, BAD):
        given.call(db, "set_quiet_hours", recipient=person, starts="11:00", ends="13:00")
    event = given.emit(db, recipient=None, audience={"role": "crowd"}, channels=["sms"])
    given.route(db)
    while given.value(db, "select reached from postbell_private.fan_out()"):
        pass
    poison(db, "postbell.delivery", "new.recipient_id = 'poison' and new.state = 'queued'")
    given.clock(db, "2030-03-01 14:00Z")

    given.value(db, "select released from postbell_private.release_due()")

    fates = given.deliveries(db, event)
    assert fates.pop((BAD, "sms")) == Fate("failed", REASON)
    assert {fate.state for fate in fates.values()} == {"queued"}
    assert given.column(db, "select recipient_id from postbell.dead_letters") == [BAD]
    steps = "select reason from postbell.delivery_timeline where what = 'given_up'"
    assert given.column(db, steps) == [REASON]
    assert given.value(db, "select count(*) from postbell.waiting_delivery") == 0


def refuse_to_queue(db: Connection) -> None:
    """No batch is made that carries a delivery of `BAD`."""
    db.execute("""
        create function public.refuse() returns trigger language plpgsql as $$
        begin
            if exists (
                select from postbell.delivery
                where id = any(new.delivery_ids) and recipient_id = 'poison'
            ) then
                raise division_by_zero using message = 'poison';
            end if;
            return new;
        end $$;
        create trigger refuse before insert on postbell.batch
        for each row execute function public.refuse()
    """)


def test_whose_deliveries_cannot_be_queued_is_set_aside(db: Connection, people: list[str]) -> None:
    refuse_to_queue(db)
    event = given.emit(db, recipient=None, audience={"recipients": ["p01", BAD, "p02"]})

    given.route(db)

    assert told(db, event) == {"p01", "p02"}
    assert rejected(db) == [(event, BAD, "unreadable_event", REASON)]
    carried = given.column(db, "select unnest(delivery_ids) from postbell.batch")
    assert len(carried) == 2


def test_a_delivery_that_cannot_be_queued_again_is_a_dead_letter(db: Connection) -> None:
    given.recipient(db, BAD)
    event = given.emit(db, recipient=None, audience={"recipients": ["u1", BAD]})
    given.route(db)
    refuse_to_queue(db)

    db.execute(
        "select postbell_private.enqueue(array(select id from postbell.delivery), is_bulk => false)"
    )

    assert given.deliveries(db, event)[BAD, "in_app"] == Fate("failed", REASON)
    assert given.deliveries(db, event)["u1", "in_app"].state == "queued"


def test_a_batch_that_cannot_be_given_a_job_stops_no_other(db: Connection) -> None:
    for _ in range(3):
        given.emit(db)
        given.route(db)
    db.execute("delete from postbell_queue.pgqueuer")
    bad = given.value(db, "select min(id) from postbell.batch")
    poison(db, "postbell_queue.pgqueuer", f"convert_from(new.payload, 'UTF8') = '{bad}'")
    said = warnings(db)

    assert given.value(db, "select postbell_private.sweep('-1 s')") == 2

    assert said == [f"batch {bad} cannot be given a job: {REASON}"]


def test_an_unknown_delivery_that_cannot_be_given_up_stops_no_other(db: Connection) -> None:
    given.recipient(db, BAD)
    given.clock(db, NOON)
    events = [given.emit(db, recipient=who, channels=["sms"]) for who in ("u1", BAD)]
    given.route(db)
    db.execute("update postbell.delivery set state = 'unknown'")
    db.execute(
        "insert into postbell_private.unknown_delivery select id, %s from postbell.delivery", [NOON]
    )
    poison(db, "postbell.delivery", "new.recipient_id = 'poison'")
    said = warnings(db)

    db.execute("select postbell_private.tidy_up()")

    states = [given.deliveries(db, event) for event in events]
    assert [next(iter(fates.values())).state for fates in states] == ["failed", "unknown"]
    assert len(said) == 1
    assert said[0].endswith(f"cannot be given up: {REASON}")
    left = given.column(
        db, "select due_at - %s::timestamptz from postbell_private.unknown_delivery", NOON
    )
    assert [str(wait) for wait in left] == ["1:00:00"]


@pytest.mark.parametrize(
    "part", ["forget_jobs", "settle_unknown", "forget_sessions", "match_receipts"]
)
def test_a_part_of_the_housekeeping_that_fails_stops_no_other(db: Connection, part: str) -> None:
    given.emit(db)
    given.route(db)
    given.value(db, "select pg_current_xact_id()")
    before = given.value(db, "select max(step) from postbell_private.router_step")
    (signature,) = given.column(
        db, "select oid::regprocedure::text from pg_proc where proname = %s", part
    )
    db.execute(f"alter function {signature} rename to former".encode())
    said = warnings(db)

    db.execute("select postbell_private.tidy_up()")

    assert len(said) == 1
    assert said[0].startswith(f"housekeeping: {part} failed: 42883: ")
    assert given.value(db, "select max(step) from postbell_private.router_step") == before + 1


def test_a_user_who_cannot_be_followed_stops_no_other(db: Connection, connect: Connect) -> None:
    db.execute("create table public.users (id text primary key, mail text)")
    given.call(
        db, "mirror_recipients", source="public.users", mapping={"id": "id", "email": "mail"}
    )
    poison(db, "postbell.recipient", "new.id = 'poison'")
    said = warnings(db)

    db.execute(
        "insert into public.users values ('ann', 'a@x.org'), ('poison', null), ('zoe', null)"
    )

    assert given.column(db, "select id from postbell.recipient order by id") == ["ann", "u1", "zoe"]
    fault = f"user poison of tenant default: {REASON}"
    assert said == [f"recipients do not follow public.users: {fault}"]
    assert given.column(db, "select failure from postbell_private.recipient_mirror") == [fault]

    copied = given.call(
        db, "mirror_recipients", source="public.users", mapping={"id": "id", "email": "mail"}
    )
    assert copied == [(3,)]
    assert given.column(db, "select failure from postbell_private.recipient_mirror") == [fault]


def test_an_early_receipt_that_cannot_be_taken_stops_no_other(db: Connection) -> None:
    event = given.emit(db, channels=["sms"])
    given.route(db)
    delivery = given.value(db, "select id from postbell.delivery where notification_id = %s", event)
    receipts = [
        {"event_id": each, "kind": "delivered", "message_id": f"m{delivery}"}
        for each in ("e1", "bad", "e3")
    ]
    given.call(db, "receive_receipt", provider="test", receipts=psycopg.types.json.Jsonb(receipts))
    poison(db, "postbell.receipt", "new.provider_event_id = 'bad'")
    said = warnings(db)

    given.sent(db, delivery)
    db.execute("select postbell_private.tidy_up()")

    taken = given.column(db, "select provider_event_id from postbell.receipt order by 1")
    assert taken == ["e1", "e3"]
    assert given.value(db, "select count(*) from postbell_private.early_receipt") == 0
    assert said == [f"receipt bad of test is dropped: {REASON}"]
