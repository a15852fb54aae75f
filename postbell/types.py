"""What verbs take: any object or mapping that has these attributes.

They are read, never queried: an instance of an ORM's class will do, a dict or a row of psycopg's
`dict_row` too. Those of a class are needed; what its docstring lists besides is used where it is
there and not None. Any of them may have a `website_id`, the tenant where `website` names none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, TypeAlias, TypedDict
from uuid import UUID

Id: TypeAlias = int | str | UUID
#: Never a float, which cannot hold 0.10.
Amount: TypeAlias = Decimal | int | str


class HasId(Protocol):
    """Somebody or something of the application. A person may have a `name`."""

    @property
    def id(self) -> Any: ...


class HasClient(Protocol):
    """Something of a client's, whose recipient is `client_id`."""

    @property
    def client_id(self) -> Any: ...


class HasOrder(HasId, HasClient, Protocol):
    """`topic`, `writer_id`, `writer_name`, `deadline` (aware), `amount`, `currency`."""


class HasPayment(HasClient, Protocol):
    """`id`, `payment_method`, `order_id`, `order_topic`, `currency`."""

    @property
    def amount(self) -> Any: ...


class HasInvoice(HasPayment, Protocol):
    """`id`, `due_date`, `currency`."""

    @property
    def invoice_number(self) -> Any: ...


class HasInstallment(Protocol):
    """`id`, `client_id` unless its class bundle has one, `due_date`, `installment_number`,
    `total_installments`, `currency`.
    """

    @property
    def amount(self) -> Any: ...


class HasRedemption(HasClient, Protocol):
    """`id`."""

    @property
    def item_name(self) -> Any: ...
    @property
    def points_used(self) -> Any: ...


class HasBundle(Protocol):
    """`id`, `client_id`, `total_price`, `number_of_classes`, `deposit_required`, `currency`."""

    @property
    def name(self) -> Any: ...


class HasText(Protocol):
    """`id`, and `is_internal`: a note among staff."""

    @property
    def text(self) -> Any: ...


class HasTicket(Protocol):
    """`id`, `creator_id`, `assignee_id`, `assignee_name`, `subject`."""

    @property
    def ticket_number(self) -> Any: ...


class HasClassTicket(HasClient, Protocol):
    """`id`, `bundle_name`."""

    @property
    def subject(self) -> Any: ...


_Row: TypeAlias = Mapping[str, Any]
Order: TypeAlias = HasOrder | _Row
#: A payment may fail before there is an order: then it has no `id`.
Purchase: TypeAlias = HasClient | _Row
Payment: TypeAlias = HasPayment | _Row
#: `id`, and without an order `client_id`; `amount`, `currency`.
Refund: TypeAlias = HasId | HasClient | _Row
#: `id`, `balance`, `currency`.
Wallet: TypeAlias = HasClient | _Row
Invoice: TypeAlias = HasInvoice | _Row
Installment: TypeAlias = HasInstallment | _Row
ClientProfile: TypeAlias = HasClient | _Row
Redemption: TypeAlias = HasRedemption | _Row
ClassBundle: TypeAlias = HasBundle | _Row
#: `bundle_id`, `bundle_name`, and `member_ids`; without those it is the topic thread:ID.
Thread: TypeAlias = HasId | _Row
ClassTicket: TypeAlias = HasClassTicket | _Row
Ticket: TypeAlias = HasTicket | _Row
Message: TypeAlias = HasText | _Row | str
#: By id, or with one.
Person: TypeAlias = HasId | _Row | Id
Website: TypeAlias = HasId | _Row | Id


class Options(TypedDict, total=False):
    """What every verb takes."""

    #: The tenant.
    website: Website | None
    #: The same key with the same content is one event, however often it is emitted.
    idempotency_key: str | None
    #: Not before this time, which is aware of its zone.
    deliver_at: datetime | None
    #: Of no use after this time.
    expires_at: datetime | None
    #: If the database refuses it, undo this alone, so that the transaction can go on. Without it,
    #: nothing works in the transaction any more but rolling it back.
    savepoint: bool


class WithActor(Options, total=False):
    """What a verb takes that does not know who did it."""

    #: Who caused it, and is not told.
    actor: Person | None
