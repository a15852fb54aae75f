"""NotificationHelper on Django's transactions and databases, and what it makes of models."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from django.db import (
    DatabaseError,
    close_old_connections,
    connection,
    connections,
    router,
    transaction,
)
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy, override

import postbell
from postbell import InvalidArgumentError, NotificationHelper
from tests.support.django_project import models
from tests.support.django_project.databases import Outbox
from tests.support.django_project.shop import Shop, open_shop
from tests.support.moments import MOMENTS, Moment


@pytest.fixture
def shop(project: None) -> Iterator[Shop]:
    """Committed, and deleted at the end."""
    opened = open_shop()
    yield opened
    delete(opened, "default")


def delete(opened: Shop, using: str) -> None:
    models.User.objects.using(using).filter(
        id__in=[opened.ada.id, opened.will.id, opened.sam.id]
    ).delete()


@pytest.fixture
def archived(project: None) -> Iterator[Shop]:
    """The same in the other database."""
    opened = open_shop("archive")
    yield opened
    delete(opened, "archive")


def pay(order: Any) -> None:
    """What the guide does: business first, and then a call whose failure it swallows."""
    order.is_paid = True
    order.save()
    with suppress(Exception):
        NotificationHelper.notify_order_paid(order=order, payment_amount=Decimal("19.90"))


def is_paid(order: Any) -> bool:
    order.refresh_from_db()
    return bool(order.is_paid)


# --- transactions


def test_what_is_rolled_back_tells_nobody(shop: Shop, outbox: Outbox) -> None:
    with transaction.atomic():
        pay(shop.order)
        assert len(outbox()) == 1
        transaction.set_rollback(True)

    assert outbox() == []
    assert not is_paid(shop.order)


def test_what_commits_tells_everybody(shop: Shop, outbox: Outbox) -> None:
    with transaction.atomic():
        pay(shop.order)

    assert [row.event for row in outbox()] == ["order.paid"]
    assert is_paid(shop.order)


def test_outside_a_transaction_a_call_is_one_of_its_own(shop: Shop, outbox: Outbox) -> None:
    pay(shop.order)

    assert connection.get_autocommit()
    assert len(outbox()) == 1


def test_the_business_outlives_a_call_that_the_database_refuses(shop: Shop, outbox: Outbox) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("grant select, update on django_project_order to postbell_reader")
            cursor.execute("set local role postbell_reader")
        pay(shop.order)
        with pytest.raises(DatabaseError, match="permission denied"):
            NotificationHelper.notify_order_completed(order=shop.order)

    assert is_paid(shop.order)
    assert outbox() == []


def test_a_call_after_django_has_reconnected_is_on_the_new_connection(
    shop: Shop, outbox: Outbox
) -> None:
    NotificationHelper.notify_order_completed(order=shop.order)
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (lost,) = cursor.fetchone()
    with connections["archive"].cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s, 5000)", [lost])
    with pytest.raises(DatabaseError):
        NotificationHelper.notify_order_completed(order=shop.order)

    # As at the end of a request.
    close_old_connections()

    NotificationHelper.notify_order_completed(order=shop.order)
    assert len(outbox()) == 2


# --- databases


def test_a_call_is_in_the_database_of_its_models(
    shop: Shop, archived: Shop, outbox: Outbox
) -> None:
    with transaction.atomic(using="archive"):
        pay(archived.order)
        assert len(outbox("archive")) == 1
        transaction.set_rollback(True, using="archive")
    pay(archived.order)
    pay(shop.order)

    assert len(outbox("archive")) == 1
    assert len(outbox("default")) == 1


def test_what_the_ticket_is_in_counts_and_not_who_wrote_it(
    shop: Shop, archived: Shop, outbox: Outbox
) -> None:
    NotificationHelper.notify_ticket_created(creator=shop.ada, ticket=archived.ticket)

    assert len(outbox("archive")) == 2
    assert outbox("default") == []


def test_a_model_that_was_read_elsewhere_counts_where_it_is_written(
    archived: Shop, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Writes:
        """A replica is read, and the primary written."""

        def db_for_write(self, _: Any, **hints: Any) -> str:  # noqa: ARG002 - Django's names
            return "default"

    with monkeypatch.context() as patched:
        patched.setattr(router, "routers", [Writes()])
        NotificationHelper.notify_order_completed(order=archived.order)

    assert len(outbox("default")) == 1
    assert outbox("archive") == []


def test_on_and_using_name_another_connection(shop: Shop, outbox: Outbox) -> None:
    NotificationHelper.notify_order_completed(order=shop.order, on=connections["archive"])
    with postbell.using(connections["archive"]):
        NotificationHelper.notify_order_completed(order=shop.order)

    assert len(outbox("archive")) == 2
    assert outbox("default") == []


def test_without_models_it_is_the_default_database(project: None, outbox: Outbox) -> None:
    NotificationHelper.send_notification(7, "order.paid", {"amount": "5.00"}, "acme")

    assert [(row.recipient, row.website) for row in outbox()] == [("7", "acme")]


def test_a_call_asks_for_nothing_that_is_there(shop: Shop) -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        NotificationHelper.notify_order_paid(order=shop.order, payment_amount=Decimal("19.90"))

    kinds = [query["sql"].split()[0].lower() for query in asked.captured_queries]
    assert kinds == ["savepoint", "select", "release"]


# --- people


def test_who_is_logged_in_may_be_a_proxy(shop: Shop, outbox: Outbox) -> None:
    NotificationHelper.notify_ticket_reply(
        ticket=shop.ticket,
        message=shop.message,
        replier=SimpleLazyObject(lambda: shop.will),
    )

    [row] = outbox()
    assert (row.actor, row.payload["replier_name"]) == (str(shop.will.id), "Will Writer")


def test_a_profile_stands_for_its_user(shop: Shop, outbox: Outbox) -> None:
    NotificationHelper.notify_ticket_resolved(ticket=shop.ticket, resolver=shop.profile)
    NotificationHelper.send_notification(shop.profile, "order.paid")
    NotificationHelper.notify_badge_awarded(
        client_profile={"id": 1, "user": {"id": 9}}, badge_name="Early bird"
    )

    resolved, sent, awarded = outbox()
    assert resolved.actor == str(shop.ada.id)
    assert resolved.payload["resolver_name"] == "Ada Byron"
    assert (sent.recipient, sent.website) == (str(shop.ada.id), str(shop.site.id))
    assert awarded.recipient == "9"


def test_a_note_among_staff_is_not_for_the_client(shop: Shop, outbox: Outbox) -> None:
    shop.message.is_internal = True
    NotificationHelper.notify_ticket_reply(
        ticket=shop.ticket, message=shop.message, replier=shop.sam
    )

    assert [row.recipient for row in outbox()] == [str(shop.will.id)]


def test_a_ticket_that_staff_opened_for_a_client_is_the_clients(shop: Shop, outbox: Outbox) -> None:
    NotificationHelper.notify_ticket_created(ticket=shop.ticket, creator=shop.sam)

    created = outbox()[0]
    assert created.audience == {"role": "support", "recipients": [str(shop.ada.id)]}


def test_who_is_assigned_is_named(shop: Shop, outbox: Outbox) -> None:
    NotificationHelper.notify_order_assigned(order=shop.order, actor=shop.will)

    [row] = outbox()
    assert row.audience == {"recipients": [str(shop.will.id), str(shop.ada.id)]}
    assert (row.payload["writer_name"], row.actor) == ("Will Writer", str(shop.will.id))


# --- websites and words


def test_the_website_is_an_object_a_slug_or_an_id(shop: Shop, outbox: Outbox) -> None:
    for website in (shop.site, "acme", 5, None):
        NotificationHelper.notify_order_completed(order=shop.order, website=website)

    own = str(shop.site.id)
    assert [row.website for row in outbox()] == [own, "acme", "5", own]


def test_the_website_of_a_payload_comes_before_the_users(shop: Shop, outbox: Outbox) -> None:
    user = {"id": 7, "website_id": 1}
    NotificationHelper.send_notification(user, "order.paid", {"website_id": 2})
    NotificationHelper.send_notification(user, "order.paid", {"website_id": 2}, website=3)
    NotificationHelper.send_notification(user, "order.paid", {})

    assert [row.website for row in outbox()] == ["2", "3", "1"]


def test_a_lazy_string_is_in_the_language_of_the_call(shop: Shop, outbox: Outbox) -> None:
    with override("de"):
        NotificationHelper.notify_tier_upgraded(
            client_profile=shop.profile, tier_name=gettext_lazy("Yes")
        )
        NotificationHelper.notify_ticket_reply(
            ticket=shop.ticket, message=gettext_lazy("Yes"), replier=shop.sam
        )
        NotificationHelper.send_notification(shop.ada, "x.y", {"said": gettext_lazy("Yes")})

    tier, reply, sent = (row.payload for row in outbox())
    assert (tier["tier_name"], reply["message_preview"], sent["said"]) == ("Ja", "Ja", "Ja")


def test_a_whole_amount_is_a_decimal_string_like_others(shop: Shop, outbox: Outbox) -> None:
    NotificationHelper.notify_payment_failed(order=shop.order, amount=100)
    with pytest.raises(InvalidArgumentError, match="amount is a float"):
        NotificationHelper.notify_payment_failed(order=shop.order, amount=19.9)

    assert [row.payload["amount"] for row in outbox()] == ["100"]


# --- the class


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.id)
def test_what_a_verb_takes_it_takes(project: None, outbox: Outbox, moment: Moment) -> None:
    getattr(NotificationHelper, moment.verb)(**moment.python)

    assert [
        (row.event, row.recipient, row.audience, row.payload, row.subject, row.actor)
        for row in outbox()
    ] == [said.row for said in moment.said]


def test_it_has_every_verb(project: None) -> None:
    verbs = {name for name in postbell.__all__ if name.startswith("notify_")}
    assert verbs < set(dir(NotificationHelper))
    assert all(callable(getattr(NotificationHelper, name)) for name in verbs)


def test_a_verb_that_does_not_exist_is_named() -> None:
    with pytest.raises(AttributeError, match="NotificationHelper has no notify_order_payed"):
        _ = NotificationHelper.notify_order_payed


def test_without_django_it_needs_a_connection() -> None:
    script = (
        "from postbell import NotificationHelper\n"
        "try: NotificationHelper.notify_order_completed(order={'id': 1, 'client_id': 7})\n"
        "except ValueError as error: print(error)\n"
        "import sys; print('django' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )

    assert "no connection: give one with on=" in done.stdout
    assert done.stdout.endswith("False\n")
