"""The calls that the replaced system's guide makes of its helper, word for word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from postbell import NotificationHelper
from tests.support.django_project.databases import Outbox
from tests.support.django_project.shop import Shop, open_shop

#: By what the guide calls: the call, and the rows of the outbox that it makes, as
#: (event, recipients, payload, subject, actor). Ids of users may be written as the user.
Rows = list[tuple[Any, ...]]
CALLS: dict[str, tuple[Callable[[Shop], Any], Callable[[Shop], Rows]]] = {
    "payment completed": (
        lambda shop: NotificationHelper.notify_order_paid(
            order=shop.payment.order,
            payment_amount=shop.payment.amount,
            payment_method=shop.payment.payment_method,
        ),
        lambda shop: [
            (
                "order.paid",
                [shop.ada, shop.will],
                {
                    "order_id": str(shop.order.id),
                    "order_topic": "Bees",
                    "amount": "19.90",
                    "payment_method": "card",
                },
                f"order:{shop.order.id}",
                None,
            )
        ],
    ),
    "payment failed": (
        lambda shop: NotificationHelper.notify_payment_failed(
            order=shop.payment.order, amount=shop.payment.amount, reason="Payment declined"
        ),
        lambda shop: [
            (
                "payment.failed",
                [shop.ada],
                {
                    "order_id": str(shop.order.id),
                    "order_topic": "Bees",
                    "amount": "19.90",
                    "reason": "Payment declined",
                },
                f"order:{shop.order.id}",
                None,
            )
        ],
    ),
    "refund processed": (
        lambda shop: NotificationHelper.notify_refund_processed(
            refund=shop.refund,
            order=shop.order,
            amount=shop.refund.amount,
            reason=shop.refund.reason,
        ),
        lambda shop: [
            (
                "payment.refunded",
                [shop.ada],
                {
                    "order_id": str(shop.order.id),
                    "refund_id": str(shop.refund.id),
                    "amount": "5.00",
                    "reason": "Late",
                },
                f"order:{shop.order.id}",
                None,
            )
        ],
    ),
    "points awarded": (
        lambda shop: NotificationHelper.notify_loyalty_points_awarded(
            client_profile=shop.profile,
            points=50,
            reason="Order completed",
            total_points=shop.profile.loyalty_points,
        ),
        lambda shop: [
            (
                "loyalty.points_awarded",
                [shop.ada],
                {"points": 50, "reason": "Order completed", "total_points": 350},
                None,
                None,
            )
        ],
    ),
    "tier upgraded": (
        lambda shop: NotificationHelper.notify_tier_upgraded(
            client_profile=shop.profile, tier_name="Gold", perks="10% discount, priority support"
        ),
        lambda shop: [
            (
                "loyalty.tier_upgraded",
                [shop.ada],
                {"tier_name": "Gold", "perks": "10% discount, priority support"},
                None,
                None,
            )
        ],
    ),
    "redemption approved": (
        lambda shop: NotificationHelper.notify_redemption_approved(
            redemption_request=shop.redemption, fulfillment_code=None
        ),
        lambda shop: [
            (
                "loyalty.redemption.approved",
                [shop.ada],
                {
                    "redemption_id": str(shop.redemption.id),
                    "item_name": "Mug",
                    "points_used": 500,
                    "fulfillment_code": "XY",
                },
                f"redemption:{shop.redemption.id}",
                None,
            )
        ],
    ),
    "redemption rejected": (
        lambda shop: NotificationHelper.notify_redemption_rejected(
            redemption_request=shop.redemption, reason="Sold out"
        ),
        lambda shop: [
            (
                "loyalty.redemption.rejected",
                [shop.ada],
                {
                    "redemption_id": str(shop.redemption.id),
                    "item_name": "Mug",
                    "points_used": 500,
                    "rejection_reason": "Sold out",
                },
                f"redemption:{shop.redemption.id}",
                None,
            )
        ],
    ),
    "class bundle created": (
        lambda shop: NotificationHelper.notify_class_bundle_created(
            class_bundle=shop.bundle, client_profile=shop.profile
        ),
        lambda shop: [
            (
                "class.bundle.created",
                [shop.ada],
                {
                    "bundle_id": str(shop.bundle.id),
                    "bundle_name": f"Class Bundle #{shop.bundle.id}",
                    "total_price": "240.00",
                    "number_of_classes": 8,
                    "deposit_required": "40.00",
                },
                f"bundle:{shop.bundle.id}",
                None,
            )
        ],
    ),
    "deposit paid": (
        lambda shop: NotificationHelper.notify_class_deposit_paid(
            class_bundle=shop.bundle, amount=Decimal("40.00"), balance_remaining=200
        ),
        lambda shop: [
            (
                "class.bundle.deposit_paid",
                [shop.ada],
                {
                    "bundle_id": str(shop.bundle.id),
                    "bundle_name": f"Class Bundle #{shop.bundle.id}",
                    "amount": "40.00",
                    "balance_remaining": "200",
                },
                f"bundle:{shop.bundle.id}",
                None,
            )
        ],
    ),
    "installment of a class due": (
        lambda shop: NotificationHelper.notify_installment_due(
            installment=shop.class_installment, order_id=shop.order.id
        ),
        lambda shop: [
            (
                "class.installment.due",
                [shop.ada],
                {
                    "bundle_id": str(shop.bundle.id),
                    "bundle_name": f"Class Bundle #{shop.bundle.id}",
                    "amount": "30.00",
                    "due_date": "2030-02-01",
                    "installment_number": 2,
                    "installment_id": str(shop.class_installment.id),
                },
                f"installment:{shop.class_installment.id}",
                None,
            )
        ],
    ),
    "installment of a special order due": (
        lambda shop: NotificationHelper.notify_installment_due(
            installment=shop.installment, special_order_id=shop.installment.special_order.id
        ),
        lambda shop: [special_order_due(shop)],
    ),
    "installment of a special order due, unnamed": (
        lambda shop: NotificationHelper.notify_installment_due(installment=shop.installment),
        lambda shop: [special_order_due(shop)],
    ),
    "ticket created": (
        lambda shop: NotificationHelper.notify_ticket_created(ticket=shop.ticket, creator=shop.ada),
        lambda shop: [
            (
                "ticket.created",
                {"role": "support", "recipients": [str(shop.ada.id)]},
                numbered(shop) | {"subject": "No bees"},
                f"ticket:{shop.ticket.id}",
                None,
            ),
            (
                "ticket.assigned",
                [shop.will],
                numbered(shop) | {"assignee_name": "Will Writer"},
                f"ticket:{shop.ticket.id}",
                shop.ada,
            ),
        ],
    ),
    "ticket reply": (
        lambda shop: NotificationHelper.notify_ticket_reply(
            ticket=shop.ticket, message=shop.message, replier=shop.sam
        ),
        lambda shop: [
            (
                "ticket.replied",
                [shop.ada, shop.will],
                numbered(shop)
                | {
                    "message_id": str(shop.message.id),
                    "message_preview": "Here they are",
                    "replier_name": "sam",
                },
                f"ticket:{shop.ticket.id}",
                shop.sam,
            )
        ],
    ),
    "basic notification": (
        lambda shop: NotificationHelper.send_notification(
            user=shop.ada,
            event="custom.event",
            payload={"key": "value", "order_id": 123},
            website=shop.site,
        ),
        lambda shop: [
            ("custom.event", [shop.ada], {"key": "value", "order_id": 123}, None, None),
        ],
    ),
}


def numbered(shop: Shop) -> dict[str, str]:
    return {"ticket_id": str(shop.ticket.id), "ticket_number": f"#{shop.ticket.id}"}


def special_order_due(shop: Shop) -> tuple[Any, ...]:
    return (
        "payment.installment_due",
        [shop.ada],
        {
            "special_order_id": str(shop.installment.special_order_id),
            "amount": "30.00",
            "due_date": "2030-02-01",
            "installment_number": 2,
            "installment_id": str(shop.installment.id),
        },
        f"installment:{shop.installment.id}",
        None,
    )


@pytest.fixture
def shop(project: None) -> Iterator[Shop]:
    """Rolled back at the end."""
    with transaction.atomic():
        yield open_shop()
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_of_the_guide_emits_what_its_event_declares(
    shop: Shop, outbox: Outbox, name: str
) -> None:
    call, expected = CALLS[name]

    returned = call(shop)

    emitted = outbox()
    assert [
        (row.event, row.recipient or row.audience, row.payload, row.subject, row.actor)
        for row in emitted
    ] == [
        (event, addressed(to), payload, subject, actor and str(actor.id))
        for event, to, payload, subject, actor in expected(shop)
    ]
    assert {row.website for row in emitted} == {str(shop.site.id)}
    ids = [row.id for row in emitted]
    assert returned == (ids if isinstance(returned, list) else ids[0])


def addressed(to: Any) -> Any:
    """Users as the outbox has them: one as a recipient, several as an audience."""
    if isinstance(to, dict):
        return to
    ids = [str(user.id) for user in to]
    return ids[0] if len(ids) == 1 else {"recipients": ids}
