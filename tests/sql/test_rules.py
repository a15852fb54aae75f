"""Each file in rules/ is a question to the catalog whose answer is empty."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

RULES = {path.stem: path.read_text() for path in (Path(__file__).parent / "rules").glob("*.sql")}

# For each rule something that breaks it, so that a rule which finds nothing is one that looked.
BREACHES = {
    "a_check_reads_as_a_sentence": (
        "alter table postbell.tenant add constraint tenant_name_chk check (name <> '')"
    ),
    "a_time_is_named_at": "alter table postbell.tenant add column born timestamptz",
    "a_view_of_persons_asks_as_its_reader": (
        "create view postbell.v as select recipient_id from postbell.inbox_item"
    ),
    "an_event_cannot_be_refused": (
        "alter table postbell.outbox add constraint event_is_short check (length(event) < 9)"
    ),
    "every_foreign_key_has_an_index": (
        "alter table postbell.tenant add column kin text references postbell.tenant"
    ),
    "every_row_but_a_logs_has_a_key": "create table postbell.t (n integer)",
    "every_time_is_timestamptz": "alter table postbell.tenant add column born_at timestamp",
    "everything_has_a_comment": "create function postbell.f() returns integer return 1",
    "no_index_mentions_a_deliverys_state": (
        "create index on postbell.delivery (id) where state = 'waiting'"
    ),
    "nobody_else_makes_triggers_or_keys": "grant trigger on postbell.tenant to postbell_reader",
    "nobody_else_uses_a_trigger_function": (
        "grant execute on function postbell_private.record_marks to postbell_admin"
    ),
    "nothing_depends_on_a_row_of_the_ring": (
        "create unique index u on postbell.outbox (id, slot);"
        " create table postbell.t (id bigint, slot smallint,"
        " foreign key (id, slot) references postbell.outbox (id, slot))"
    ),
    "plpgsql_that_others_call_pins_search_path": (
        "create function postbell.f() returns integer language plpgsql as 'begin return 1; end'"
    ),
    "public_executes_nothing": "create function postbell.f() returns integer return 1",
    "public_reads_nothing": "grant select on postbell.inbox to public",
    "row_level_security_wherever_a_person_is": "create table postbell.t (recipient_id text)",
    "security_definer_pins_search_path": (
        "create function postbell.f() returns integer"
        " security definer set search_path = '' return 1"
    ),
    "states_are_domains_not_enums": "create type postbell.state as enum ('one')",
    "tables_are_singular": "create table postbell.deliveries (id bigint)",
    "what_a_producer_may_set_has_a_comment": "comment on column postbell.outbox.event is null",
}


def broken_by(connection: psycopg.Connection, rule: str) -> list[tuple[object, ...]]:
    return connection.execute(RULES[rule].encode()).fetchall()


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_rule_holds(connection: psycopg.Connection, rule: str) -> None:
    assert broken_by(connection, rule) == []


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_rule_would_find_a_breach(connection: psycopg.Connection, rule: str) -> None:
    connection.execute(BREACHES[rule].encode())

    assert broken_by(connection, rule) != []
