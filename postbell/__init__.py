"""One verb per business moment, in the caller's own transaction.

    from postbell import notify_order_paid

    with session.begin():
        order.paid_at = now
        notify_order_paid(order=order, payment_amount=payment.amount, on=session)

`on` is a connection of psycopg or Django (`django.db.connection`), or a session, connection or
engine of SQLAlchemy; each but Django's may be asynchronous, and an engine makes a transaction of
its own. Without `on` it is what `using()` set. A verb returns the id that its event has in the
outbox; on what is asynchronous, an awaitable of it. `cancel()` takes back what was not delivered.

An argument that makes no sense raises `InvalidArgumentError`, a ValueError and PostbellError,
before anything is sent, so that the transaction goes on. What the database refuses (a grant is
missing, say) leaves nothing to do but to roll back, whoever catches the exception; unless
`savepoint=True` was asked for: then only what the verb did is undone. A person whom nobody knows,
or an event that is switched off, is no error here: `postbell.rejected_events` and
`postbell.explain` show it.

`NotificationHelper` has the verbs for what a Django project holds, on Django's own connection.

What a verb takes is in `postbell.types`; `website` is the tenant. Whom it tells, and what,
only the SQL function of the same name knows. Nothing of the daemon is imported.
"""

from __future__ import annotations

from dispatcher.errors import InvalidArgumentError, PostbellError
from postbell import declared
from postbell.connection import using
from postbell.declared import *  # noqa: F403 - what `postbell verbs` has written
from postbell.django import NotificationHelper
from postbell.events import Cancelled, cancel, notify, send_notification
from postbell.written import (
    notify_class_message_received,
    notify_installment_due,
    notify_ticket_created,
    notify_ticket_reply,
)

__all__ = [
    "Cancelled",
    "InvalidArgumentError",
    "NotificationHelper",
    "PostbellError",
    "cancel",
    "notify",
    "notify_class_message_received",
    "notify_installment_due",
    "notify_ticket_created",
    "notify_ticket_reply",
    "send_notification",
    "using",
]
__all__ += declared.__all__
