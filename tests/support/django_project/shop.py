"""One of everything that the callers of the replaced system's helper hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.django_project import models


@dataclass(frozen=True, slots=True)
class Shop:
    """Ada orders from Will and takes classes; Sam is staff. All of it is in one database."""

    site: Any
    ada: Any
    will: Any
    sam: Any
    profile: Any
    order: Any
    payment: Any
    refund: Any
    redemption: Any
    bundle: Any
    class_installment: Any
    installment: Any
    ticket: Any
    message: Any


def open_shop(using: str = "default") -> Shop:
    def add(model: Any, **columns: object) -> Any:
        return model.objects.using(using).create(**columns)

    site = add(models.Website, slug="acme")
    ada = add(models.User, username="ada", first_name="Ada", last_name="Byron")
    will = add(models.User, username="will", first_name="Will", last_name="Writer")
    sam = add(models.User, username="sam")
    # An id that is no user's.
    profile = add(
        models.ClientProfile, id=ada.id + 1000, user=ada, website=site, loyalty_points=350
    )
    order = add(models.Order, website=site, client=ada, assigned_writer=will, topic="Bees")
    mug = add(models.RewardItem, name="Mug")
    bundle = add(
        models.ClassBundle, website=site, client=ada, total_price=Decimal("240.00"),
        deposit_required=Decimal("40.00"), number_of_classes=8,
    )  # fmt: skip
    due = {"amount": Decimal("30.00"), "due_date": date(2030, 2, 1), "installment_number": 2}
    special = add(models.SpecialOrder, website=site, client=profile)
    ticket = add(models.Ticket, website=site, created_by=ada, assigned_to=will, subject="No bees")
    return Shop(
        site=site,
        ada=ada,
        will=will,
        sam=sam,
        profile=profile,
        order=order,
        payment=add(
            models.Payment, order=order, amount=Decimal("19.90"),
            payment_method=models.Payment.Method.CARD,
        ),
        refund=add(models.Refund, order=order, amount=Decimal("5.00"), reason="Late"),
        redemption=add(
            models.RedemptionRequest, website=site, client=profile, item=mug, points_used=500,
            fulfillment_code="XY",
        ),
        bundle=bundle,
        class_installment=add(models.ClassInstallment, class_bundle=bundle, **due),
        installment=add(models.InstallmentPayment, special_order=special, **due),
        ticket=ticket,
        message=add(models.TicketMessage, ticket=ticket, sender=sam, message="Here they are"),
    )  # fmt: skip
