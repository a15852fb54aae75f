"""Who orders, pays, redeems points, takes classes and writes tickets."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models


class Website(models.Model):
    slug = models.SlugField()


class User(AbstractUser):
    pass


class ClientProfile(models.Model):
    user = models.OneToOneField(User, models.CASCADE, related_name="profile")
    website = models.ForeignKey(Website, models.CASCADE)
    loyalty_points = models.IntegerField(default=0)


class Order(models.Model):
    website = models.ForeignKey(Website, models.CASCADE)
    client = models.ForeignKey(User, models.CASCADE, related_name="orders")
    assigned_writer = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    topic = models.CharField(max_length=200)
    is_paid = models.BooleanField(default=False)


class Payment(models.Model):
    class Method(models.TextChoices):
        CARD = "card"
        WALLET = "wallet"

    order = models.ForeignKey(Order, models.CASCADE)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    payment_method = models.CharField(max_length=20, choices=Method.choices)


class Refund(models.Model):
    order = models.ForeignKey(Order, models.CASCADE)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.TextField(blank=True)


class RewardItem(models.Model):
    name = models.CharField(max_length=100)


class RedemptionRequest(models.Model):
    website = models.ForeignKey(Website, models.CASCADE)
    client = models.ForeignKey(ClientProfile, models.CASCADE)
    item = models.ForeignKey(RewardItem, models.CASCADE)
    points_used = models.PositiveIntegerField()
    fulfillment_code = models.CharField(max_length=20, blank=True)


class ClassBundle(models.Model):
    website = models.ForeignKey(Website, models.CASCADE)
    client = models.ForeignKey(User, models.CASCADE)
    total_price = models.DecimalField(max_digits=12, decimal_places=2)
    deposit_required = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    number_of_classes = models.PositiveIntegerField()


class ClassInstallment(models.Model):
    class_bundle = models.ForeignKey(ClassBundle, models.CASCADE, related_name="installments")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    due_date = models.DateField(null=True)
    installment_number = models.PositiveIntegerField(default=1)


class SpecialOrder(models.Model):
    website = models.ForeignKey(Website, models.CASCADE)
    client = models.ForeignKey(ClientProfile, models.CASCADE)


class InstallmentPayment(models.Model):
    special_order = models.ForeignKey(SpecialOrder, models.CASCADE, related_name="installments")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    due_date = models.DateField(null=True)
    installment_number = models.PositiveIntegerField(default=1)


class Ticket(models.Model):
    website = models.ForeignKey(Website, models.CASCADE)
    created_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    assigned_to = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    subject = models.CharField(max_length=200)


class TicketMessage(models.Model):
    ticket = models.ForeignKey(Ticket, models.CASCADE)
    sender = models.ForeignKey(User, models.CASCADE)
    message = models.TextField()
    is_internal = models.BooleanField(default=False)
