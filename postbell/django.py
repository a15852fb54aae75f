"""`NotificationHelper`, for Django projects whose code calls the system that Postbell replaces."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache, wraps
from inspect import signature
from typing import Any, Final
from uuid import UUID

from postbell import declared, events, written
from postbell.connection import AnyConnection, current
from postbell.validation import attribute, is_lazy

_VERBS: Final[Mapping[str, Callable[..., Any]]] = {
    name: verb
    for name, verb in (vars(declared) | vars(written)).items()
    if name.startswith("notify_")
}
#: By what verbs call somebody, where models have them.
_RELATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "client": ("client", "user_id", "user", "special_order.client", "class_bundle.client"),
    "writer": ("assigned_writer", "writer"),
    "creator": ("created_by", "creator"),
    "assignee": ("assigned_to", "assignee"),
}
#: By what verbs read, where models have it instead.
_ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("pk",),
    "website_id": ("special_order.website_id", "class_bundle.website_id"),
    "item_name": ("item.name",),
    "text": ("content", "message"),
}
#: What models have no name for is named by its id.
_NAMED_BY_ID: Final[Mapping[str, str]] = {"ticket_number": "#{}", "name": "Class Bundle #{}"}


class _Verbs(type):
    """Has each verb as a static method."""

    def __getattr__(cls, name: str) -> Callable[..., Any]:
        if name not in _VERBS:
            raise AttributeError(f"{cls.__name__} has no {name}", name=name, obj=cls)
        return _for_models(_VERBS[name])

    def __dir__(cls) -> list[str]:
        return [*super().__dir__(), *_VERBS]


class NotificationHelper(metaclass=_Verbs):
    """Each verb as a static method, under the names and keywords of the class that it replaces.

        from postbell import NotificationHelper

        NotificationHelper.notify_order_paid(order=order, payment_amount=payment.amount)

    It reads the models that its callers have. A `client`, `assigned_writer`, `created_by` or
    `assigned_to` is a user, or a profile with a `user_id` or `user`; somebody's name is
    `get_full_name()`, `name` or `username`; a ticket without a `ticket_number` is "#7", a class
    bundle without a `name` "Class Bundle #7".

    Without `on` and outside using() it emits on Django's connection to the database that the
    models given are written to, or else the default one. It has a savepoint: whoever catches its
    exception goes on with the transaction.
    """

    @staticmethod
    def send_notification(
        user: Any,
        event: str,
        payload: Mapping[str, Any] | None = None,
        website: Any = None,
        actor: Any = None,
        **options: Any,
    ) -> Any:
        """Any event, to one person; see postbell.send_notification()."""
        return _for_models(events.send_notification)(
            user=user, event=event, payload=payload, website=website, actor=actor, **options
        )

    @staticmethod
    def notify_ticket_created(*, ticket: Any, creator: Any, **options: Any) -> Any:
        """As the verb. Whom a ticket was `created_by` is its creator, also if staff opened it."""
        owner = attribute(ticket, "created_by") or creator
        return _for_models(written.notify_ticket_created)(ticket=ticket, creator=owner, **options)

    @staticmethod
    def notify_installment_due(
        *, installment: Any, order_id: Any = None, special_order_id: Any = None, **options: Any
    ) -> Any:
        """As the verb. Of what class or special order it is, the installment knows itself."""
        if (bundle := attribute(installment, "class_bundle")) is not None:
            of = {"class_bundle": bundle}
        elif order_id is None and special_order_id is None:
            of = {"special_order_id": attribute(installment, "special_order_id")}
        else:
            of = {"order_id": order_id, "special_order_id": special_order_id}
        return _for_models(written.notify_installment_due)(installment=installment, **of | options)


@cache
def _for_models(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The verb, with what the class says of models, connections and savepoints."""
    parameters = signature(verb).parameters
    people = {name for name, each in parameters.items() if "Person" in str(each.annotation)}

    @wraps(verb)
    def call(*, on: AnyConnection | None = None, **given: Any) -> Any:
        if on is None:
            on = current()
        if on is None:
            # A verb names what its event is about before who did it.
            on = _connection(given[name] for name in parameters if name in given)
        held = {
            name: _person(value) if name in people or name == "actor" else _model(name, value)
            for name, value in given.items()
        }
        return verb(on=on, **{"savepoint": True} | held)

    return call


def _connection(models: Iterable[object]) -> Any:
    """Django's, to the database of the first model; None where Django is not in use."""
    conf = sys.modules.get("django.conf")
    if conf is None or not conf.settings.configured:
        return None
    from django.db import DEFAULT_DB_ALIAS, connections, router  # noqa: PLC0415 - only where it is
    from django.db.models import Model  # noqa: PLC0415

    for model in models:
        if isinstance(model, Model):
            # Not type(): request.user is a proxy.
            return connections[router.db_for_write(model.__class__, instance=model)]
    return connections[DEFAULT_DB_ALIAS]


def _person(value: Any) -> Any:
    """A user, or a profile of one, as verbs take a person."""
    if _is_plain(value):
        return value
    return {
        "id": _user_id(value),
        "name": _full_name(value),
        "website_id": attribute(value, "website_id"),
    }


def _model(name: str, value: Any) -> Any:
    return value if name in {"website", "payload"} or _is_plain(value) else _Model(value)


def _is_plain(value: object) -> bool:
    plain = str | int | float | Decimal | date | UUID | None
    return isinstance(value, plain) or is_lazy(value)


class _Model:
    """A model or mapping, with the attributes that verbs read. What it has not is None."""

    __slots__ = ("_given",)

    def __init__(self, given: object) -> None:
        self._given = given

    def __getattr__(self, name: str) -> Any:
        role, _, part = name.rpartition("_")
        if role in _RELATIONS and part in {"id", "name"}:
            person = _first(self._given, _RELATIONS[role])
            found = _user_id(person) if part == "id" else _full_name(person)
            return attribute(self._given, name) if found is None else found
        found = _first(self._given, (name, *_ELSEWHERE.get(name, ())))
        if found is None and name in _NAMED_BY_ID:
            return _NAMED_BY_ID[name].format(self.id)
        return found


def _first(thing: object, paths: Iterable[str]) -> Any:
    """The first that is there, such as `item.name`."""
    for path in paths:
        found = thing
        for name in path.split("."):
            found = attribute(found, name)
        if found is not None:
            return found
    return None


def _user_id(person: object) -> Any:
    """The id of a user, who is given by it, or as a user, or as a profile of one."""
    if _is_plain(person):
        return person
    return _user_id(_first(person, ("user_id", "user", "id", "pk")))


def _full_name(person: object) -> Any:
    if _is_plain(person):
        return None
    full = attribute(person, "get_full_name")
    return (
        (full() if callable(full) else None)
        or attribute(person, "name")
        or attribute(person, "username")
        or _full_name(attribute(person, "user"))
    )
