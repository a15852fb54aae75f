"""Texts in the database, in the place of template files: their versions, going back, and faults."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from tests.support import given
from tests.support.given import Connection

SMS = "order/paid/sms.txt"


def set_text(
    connection: Connection, content: str | None, path: str = SMS, tenant_id: str | None = None
) -> int:
    ((version,),) = given.call(
        connection, "set_text", path=path, content=content, tenant_id=tenant_id
    )
    return int(version)


def roll_back(connection: Connection, **named: Any) -> int:
    ((version,),) = given.call(connection, "roll_back_text", **{"path": SMS, **named})
    return int(version)


def current(connection: Connection) -> list[tuple[Any, ...]]:
    return given.rows(
        connection,
        "select tenant_id, path, version, content from postbell.texts"
        " order by tenant_id nulls first, path",
    )


def text_id(connection: Connection, version: int) -> int:
    return int(
        given.value(connection, "select id from postbell.text_version where version = %s", version)
    )


def test_each_change_of_a_text_is_a_version_and_the_last_one_counts(connection: Connection) -> None:
    assert set_text(connection, "Paid.") == 1
    assert set_text(connection, "Paid, thank you.") == 2

    assert current(connection) == [(None, SMS, 2, "Paid, thank you.")]


def test_the_same_text_again_is_no_new_version(connection: Connection) -> None:
    set_text(connection, "Paid.")

    assert set_text(connection, "Paid.") == 1


def test_a_tenants_text_stands_beside_everybodys(connection: Connection) -> None:
    given.tenant(connection, "shop")
    set_text(connection, "Paid.")
    set_text(connection, "Payé.", tenant_id="shop")

    assert current(connection) == [(None, SMS, 1, "Paid."), ("shop", SMS, 1, "Payé.")]


def test_a_version_says_who_made_it_when_and_why(connection: Connection) -> None:
    given.call(connection, "set_text", path=SMS, content="Paid.", note="shorter")

    assert given.rows(
        connection,
        "select note, created_by = session_user, created_at = now() from postbell.texts",
    ) == [("shorter", True, True)]


def test_what_is_taken_back_is_the_file_again_and_its_history_stays(connection: Connection) -> None:
    set_text(connection, "Paid.")

    assert set_text(connection, None) == 2
    assert current(connection) == []
    assert given.column(
        connection, "select content from postbell.text_version order by version"
    ) == ["Paid.", None]


def test_going_back_makes_an_earlier_version_the_newest(connection: Connection) -> None:
    for content in ("one", "two", "three"):
        set_text(connection, content)

    assert roll_back(connection) == 4
    assert current(connection) == [(None, SMS, 4, "two")]
    assert roll_back(connection, to_version=1) == 5
    assert current(connection) == [(None, SMS, 5, "one")]
    assert roll_back(connection, to_version=0) == 6
    assert current(connection) == []


def test_going_back_from_the_first_version_is_going_back_to_the_file(
    connection: Connection,
) -> None:
    set_text(connection, "Paid.")

    roll_back(connection)

    assert current(connection) == []


def test_going_back_leaves_the_others_texts_alone(connection: Connection) -> None:
    given.tenant(connection, "shop")
    set_text(connection, "Paid.")
    set_text(connection, "Payé.", tenant_id="shop")

    roll_back(connection, tenant_id="shop")

    assert current(connection) == [(None, SMS, 1, "Paid.")]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"path": "order/paid/event.toml"}, "postbell.register_event"),
        ({"path": "order/paid/fax.txt"}, "no channel has a file fax.txt"),
        ({"path": "sms.txt"}, "is no template"),
        ({"path": None}, "is no template"),
        ({"path": "layouts/email.json"}, "cannot be taken in"),
        ({"content": None}, "no text order/paid/sms.txt to take back"),
        ({"tenant_id": "nobody"}, "unknown tenant: nobody"),
    ],
    ids=str,
)
def test_a_text_that_could_be_nowhere_is_refused(
    connection: Connection, named: dict[str, Any], said: str
) -> None:
    with pytest.raises(psycopg.Error, match=said):
        given.call(connection, "set_text", **{"path": SMS, "content": "Paid.", **named})


@pytest.mark.parametrize(
    "path",
    ["../order/paid/sms.txt", "order/Paid/sms.txt", "/order/paid/sms.txt", "order/a b/sms.txt"],
)
def test_a_path_leads_nowhere_else(connection: Connection, path: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="path_is_that_of_a_template"):
        set_text(connection, "Paid.", path)


@pytest.mark.parametrize(
    "path",
    ["order/paid/fr-ca/email.subject.txt", "layouts/fr/email.html", "partials/footer.txt",
     "loyalty/redemption/approved/in_app.json", "order/paid/sample.json"],
)  # fmt: skip
def test_a_text_may_be_wherever_a_template_may_be(connection: Connection, path: str) -> None:
    assert set_text(connection, "…", path) == 1


@pytest.mark.parametrize(("to_version", "said"), [(7, "no version 7; it has 0, the file, to 1")])
def test_going_back_to_what_never_was_says_what_there_is(
    connection: Connection, to_version: int, said: str
) -> None:
    set_text(connection, "Paid.")

    with pytest.raises(psycopg.Error, match=said):
        roll_back(connection, to_version=to_version)


def test_going_back_from_nothing_is_refused(connection: Connection) -> None:
    with pytest.raises(psycopg.Error, match=r"no text order/paid/sms\.txt of everybody"):
        roll_back(connection)


def stamp(connection: Connection, tenant_id: str = "default") -> str | None:
    found: str | None = given.value(connection, "select postbell_private.text_stamp(%s)", tenant_id)
    return found


def test_without_texts_there_is_no_stamp(connection: Connection) -> None:
    assert stamp(connection) is None


def test_the_stamp_changes_with_what_concerns_the_tenant(connection: Connection) -> None:
    given.tenant(connection, "shop")
    set_text(connection, "Paid.")
    before, shops = stamp(connection), stamp(connection, "shop")

    set_text(connection, "Payé.", tenant_id="shop")
    assert stamp(connection) == before
    assert stamp(connection, "shop") != shops

    given.event_type(connection, "stock.low")
    assert stamp(connection) != before


def test_a_text_that_gets_the_id_of_one_that_a_failover_lost_has_another_stamp(
    connection: Connection,
) -> None:
    set_text(connection, "Paid.")
    number, before = text_id(connection, 1), stamp(connection)
    connection.execute("delete from postbell.text_version")

    connection.execute(
        "insert into postbell.text_version (id, path, version, content, created_at)"
        " overriding system value values (%s, %s, 1, 'Lost.', now() + interval '1 millisecond')",
        [number, SMS],
    )

    assert stamp(connection) != before


def test_the_stamp_is_found_without_reading_every_text(connection: Connection) -> None:
    connection.execute(
        "insert into postbell.text_version (path, version, content)"
        " select %s, n, n::text from generate_series(1, 5000) as n",
        [SMS],
    )
    connection.execute("analyze postbell.text_version")
    read = (
        "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables"
        " where relname = 'text_version'"
    )
    before = given.value(connection, read)

    assert stamp(connection) is not None

    assert given.value(connection, read) - before <= 2


def test_a_tenants_own_texts_come_before_everybodys_and_new_ones_before_old(
    connection: Connection,
) -> None:
    given.tenant(connection, "shop")
    for content in ("1", "2", "3", "4", "5", "6"):
        set_text(connection, content)
    set_text(connection, "own", tenant_id="shop")

    found = given.rows(
        connection, "select tenant_id, version, content from postbell.texts_of('shop')"
    )

    assert found == [("shop", 1, "own"), (None, 6, "6")]


def report(connection: Connection, **named: Any) -> None:
    given.call(
        connection,
        "report_texts",
        **{name: json.dumps(said) if name != "good" else said for name, said in named.items()},
    )


def test_a_fault_is_shown_with_the_text_until_a_dispatcher_can_use_it(
    connection: Connection,
) -> None:
    set_text(connection, "{{ oops }}")
    number = text_id(connection, 1)
    faults = "select fault, instead from postbell.texts"

    report(connection, faults=[{"text_id": number, "fault": "no oops", "instead": "the file"}])
    assert given.rows(connection, faults) == [("no oops", "the file")]

    report(connection, good=[number])
    assert given.rows(connection, faults) == [(None, None)]


def test_a_fault_is_of_one_version_and_not_of_its_successor(connection: Connection) -> None:
    set_text(connection, "{{ oops }}")
    report(
        connection,
        faults=[{"text_id": text_id(connection, 1), "fault": "no oops", "instead": "the file"}],
    )

    set_text(connection, "Paid.")

    assert given.column(connection, "select fault from postbell.texts") == [None]


def test_a_report_of_a_text_whose_tenant_is_gone_does_no_harm(connection: Connection) -> None:
    report(connection, faults=[{"text_id": 99, "fault": "x", "instead": "y"}])

    assert given.column(connection, "select text_id from postbell.text_fault") == []


def test_a_delivery_leads_to_the_texts_it_was_made_of(connection: Connection) -> None:
    set_text(connection, "Paid.")
    set_text(connection, "Paid, thank you.")
    template_sets = [
        {"version": "abc", "event": "order.paid", "text_ids": [text_id(connection, 1)]}
    ]
    report(connection, template_sets=template_sets)
    report(connection, template_sets=template_sets)
    delivery = given.value(
        connection,
        "insert into postbell.delivery (notification_id, tenant_id, recipient_id, event, channel,"
        " priority, decision, rung, decision_reason, is_silent, state, created_at,"
        " template_version, is_open)"
        " values (1, 'default', 'u1', 'order.paid', 'sms', 'normal', 'now', 11, 'wanted', false,"
        " 'sent', now(), 'abc.1', false) returning id",
    )

    assert given.rows(
        connection, "select path, version, content from postbell.texts_used(%s)", delivery
    ) == [(SMS, 1, "Paid.")]


def rebrand(connection: Connection, **branding: str) -> int:
    return int(
        given.value(
            connection,
            "update postbell.tenant set branding = %s where id = 'default'"
            " returning branding_version",
            branding,
        )
    )


def branding(connection: Connection) -> Any:
    return given.value(connection, "select branding from postbell.tenant where id = 'default'")


def test_each_change_of_the_branding_keeps_the_former_one(connection: Connection) -> None:
    rebrand(connection, color="#ff0000")
    rebrand(connection, color="#00ff00")

    assert given.rows(
        connection,
        "select version, branding, replaced_by = session_user from postbell.branding_version"
        " order by version",
    ) == [(1, {}, True), (2, {"color": "#ff0000"}, True)]


def test_another_name_is_no_other_branding(connection: Connection) -> None:
    given.tenant(connection, name="Corner Shop")

    assert given.column(connection, "select version from postbell.branding_version") == []


def test_a_tenant_gets_a_former_branding_again(connection: Connection) -> None:
    rebrand(connection, color="#ff0000")
    rebrand(connection, color="#00ff00")

    assert given.call(connection, "roll_back_branding") == [(4,)]
    assert branding(connection) == {"color": "#ff0000"}
    assert given.call(connection, "roll_back_branding", to_version=1) == [(5,)]
    assert branding(connection) == {}


def test_a_branding_that_never_was_is_refused(connection: Connection) -> None:
    with pytest.raises(psycopg.Error, match="no former branding at all; the present one is 1"):
        given.call(connection, "roll_back_branding")


@pytest.mark.parametrize("role", ["dispatcher", "support", "reader", "producer"])
def test_only_an_administrator_changes_texts(connection: Connection, role: str) -> None:
    connection.execute(f"set local role postbell_{role}".encode())

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        set_text(connection, "Paid.")


def test_an_administrator_sets_texts_and_brandings(connection: Connection) -> None:
    connection.execute("set local role postbell_admin")

    assert set_text(connection, "Paid.") == 1
    assert rebrand(connection, color="#ff0000") == 2
    assert given.call(connection, "roll_back_branding") == [(3,)]


def test_a_dispatcher_reads_texts_and_says_what_is_wrong(connection: Connection) -> None:
    set_text(connection, "Paid.")
    connection.execute("set local role postbell_dispatcher")

    ((number, *_),) = given.rows(connection, "select * from postbell.texts_of('default')")
    assert stamp(connection) is not None
    report(connection, faults=[{"text_id": number, "fault": "x", "instead": "y"}])
    connection.execute("reset role")

    assert given.column(connection, "select fault from postbell.texts") == ["x"]
