"""Statements of a recipient: inbox, profile, browsers. Row-level security applies to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, LiteralString, NamedTuple, TypeAlias

from dispatcher.db.statement import Statement, statement


class Item(NamedTuple):
    """An item of the inbox."""

    id: int
    event: str
    category: str
    subject: str | None
    title: str
    body: str
    link: str | None
    image: str | None
    #: Each has a label and a link.
    actions: list[dict[str, str]]
    created_at: datetime
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None
    #: It arrived while muted, so it does not count as unread.
    is_silent: bool
    #: It comes before those that are not.
    is_pinned: bool


class MarkedAll(NamedTuple):
    """What mark_all_read() did."""

    changed: int
    #: When; by this undo_mark_all_read() finds the items again.
    read_at: datetime


class Browser(NamedTuple):
    """A browser with a push subscription."""

    endpoint: str
    user_agent: str | None
    created_at: datetime
    last_reached_at: datetime | None


class Profile(NamedTuple):
    """The tenant's name, and the recipient's language and time zone."""

    name: str
    #: A BCP 47 tag.
    locale: str
    time_zone: str


class Reader(NamedTuple):
    """The recipient whose page is shown, and the branding that it is shown with."""

    recipient_id: str
    email: str | None
    tenant_name: str
    branding: dict[str, Any]
    locale: str


_PINNED: Final[LiteralString] = (
    "coalesce((select pinned_items from postbell.recipient"
    " where tenant_id = %(tenant)s and id = %(recipient)s), '{}')"
)
_COLUMNS: Final[LiteralString] = (
    "id, event, category, subject, title, body, link, image, actions,"
    " created_at, seen_at, read_at, archived_at, is_silent"
)
_OWN: Final[LiteralString] = (
    " from postbell.inbox_item where recipient_id = %(recipient)s and tenant_id = %(tenant)s"
)
_ITEMS: Final = "select " + _COLUMNS + ", id = any(" + _PINNED + ") as is_pinned" + _OWN
_MATCHING: Final[LiteralString] = (
    " and (%(category)s::text is null or category = %(category)s)"
    " and (%(event)s::text is null or event = %(event)s)"
    " and (%(subject)s::text is null or subject = %(subject)s)"
)
_NOT_ARCHIVED: Final[LiteralString] = " and archived_at is null"
#: Items that arrived while muted do not count as unread.
_UNREAD: Final[LiteralString] = " and read_at is null and archived_at is null and not is_silent"
_ARCHIVED: Final[LiteralString] = " and archived_at is not null"
_ONE: Final[LiteralString] = " and id = %(item_id)s"


def _list_items(
    tenant: str,
    recipient: str,
    *,
    before: int | None,
    category: str | None,
    event: str | None,
    subject: str | None,
    most: int,
) -> list[Item]:
    """A page: up to `most` items with ids below `before` that are not pinned, newest first.

    Without `before`, all that are pinned come first.
    """


def _page(tab: LiteralString) -> LiteralString:
    # Two scans of the primary key: of the ids that are pinned, and from `before` downwards.
    items = _ITEMS + tab + _MATCHING
    pinned = items + " and %(before)s::bigint is null and id = any(" + _PINNED + ")"
    others = items + " and (%(before)s::bigint is null or id < %(before)s) and id <> all("
    others += _PINNED + ") order by id desc limit %(most)s"
    return "(" + pinned + ") union all (" + others + ") order by is_pinned desc, id desc"


#: By tab.
list_items: Final = {
    "all": Statement(_page(_NOT_ARCHIVED), _list_items),
    "unread": Statement(_page(_UNREAD), _list_items),
    "archived": Statement(_page(_ARCHIVED), _list_items),
}


@statement(_ITEMS + _ONE)
def item(tenant: str, recipient: str, item_id: int) -> Item | None:
    """One item; None if the recipient has no such item."""


@statement(
    "select id from postbell.inbox_item"
    " where recipient_id = %(recipient)s and tenant_id = %(tenant)s and id = any(%(items)s)"
)
def items_among(tenant: str, recipient: str, items: list[int]) -> list[int]:
    """Those of the ids that are items of the recipient."""


@statement(
    "select unread from postbell.unread_counts"
    " where recipient_id = %(recipient)s and tenant_id = %(tenant)s"
)
def count_unread(tenant: str, recipient: str) -> int | None:
    """The number of unread items, counted to 100; None if the recipient was deleted."""


def _mark(tenant: str, recipient: str, items: list[int]) -> int:
    """Mark items. Returns the number of those that were not marked before."""


def _mark_all(tenant: str, recipient: str) -> int:
    """Mark all items in the inbox. Returns the number of those that were not marked before."""


#: The signature of _mark_all().
MarkAll: TypeAlias = Statement[[str, str], int]

mark_seen = Statement(
    "select postbell.mark_seen(recipient => %(recipient)s, item_ids => %(items)s,"
    " tenant_id => %(tenant)s)",
    _mark,
)
mark_read = Statement(
    "select postbell.mark_read(recipient => %(recipient)s, item_ids => %(items)s,"
    " tenant_id => %(tenant)s)",
    _mark,
)
mark_unread = Statement(
    "select postbell.mark_unread(recipient => %(recipient)s, item_ids => %(items)s,"
    " tenant_id => %(tenant)s)",
    _mark,
)
archive = Statement(
    "select postbell.archive(recipient => %(recipient)s, item_ids => %(items)s,"
    " tenant_id => %(tenant)s)",
    _mark,
)
unarchive = Statement(
    "select postbell.unarchive(recipient => %(recipient)s, item_ids => %(items)s,"
    " tenant_id => %(tenant)s)",
    _mark,
)
pin = Statement(
    "select postbell.pin(recipient => %(recipient)s, item_ids => %(items)s,"
    " tenant_id => %(tenant)s)",
    _mark,
)
unpin = Statement(
    "select postbell.unpin(recipient => %(recipient)s, item_ids => %(items)s,"
    " tenant_id => %(tenant)s)",
    _mark,
)
mark_all_seen = Statement(
    "select postbell.mark_all_seen(recipient => %(recipient)s, tenant_id => %(tenant)s)",
    _mark_all,
)
archive_all = Statement(
    "select postbell.archive_all(recipient => %(recipient)s, tenant_id => %(tenant)s)",
    _mark_all,
)


@statement(
    "select postbell.mark_all_read(recipient => %(recipient)s, tenant_id => %(tenant)s)"
    " as changed, postbell.clock() as read_at"
)
def mark_all_read(tenant: str, recipient: str) -> MarkedAll:
    """Mark all items in the inbox as read."""


@statement(
    "select postbell.undo_mark_all_read(recipient => %(recipient)s, read_at => %(read_at)s,"
    " tenant_id => %(tenant)s)"
)
def undo_mark_all_read(tenant: str, recipient: str, read_at: datetime) -> int:
    """Mark those items as unread that were marked as read at this time. Returns their number."""


# --- browsers


@statement(
    "select endpoint, user_agent, created_at, last_reached_at"
    " from postbell.push_subscription"
    " where tenant_id = %(tenant)s and recipient_id = %(recipient)s order by id desc"
)
def list_browsers(tenant: str, recipient: str) -> list[Browser]:
    """The recipient's push subscriptions, newest first."""


@statement(
    "select postbell.add_push_subscription(recipient => %(recipient)s,"
    " endpoint => %(endpoint)s, p256dh => %(p256dh)s, auth => %(auth)s,"
    " user_agent => %(user_agent)s, tenant_id => %(tenant)s)"
)
def add_browser(
    tenant: str,
    recipient: str,
    *,
    endpoint: str,
    p256dh: str,
    auth: str,
    user_agent: str | None,
) -> None:
    """Add a push subscription. Adding it again changes nothing."""


@statement(
    "select postbell.remove_push_subscription(recipient => %(recipient)s,"
    " endpoint => %(endpoint)s, tenant_id => %(tenant)s)"
)
def remove_browser(tenant: str, recipient: str, *, endpoint: str) -> bool:
    """Remove a push subscription. Returns whether it was the recipient's."""


# --- the recipient


@statement(
    "select site.name,"
    " replace(coalesce(person.locale, site.locale), '_', '-') as locale,"
    " coalesce(person.time_zone, site.time_zone) as time_zone"
    " from postbell.recipient as person"
    " join postbell.tenant as site on site.id = person.tenant_id"
    " where person.tenant_id = %(tenant)s and person.id = %(recipient)s"
)
def profile(tenant: str, recipient: str) -> Profile | None:
    """The recipient's profile; None if the recipient was deleted."""


@statement(
    "select person.id as recipient_id, person.email, site.name as tenant_name, site.branding,"
    " coalesce(person.locale, site.locale) as locale"
    " from postbell.recipient as person join postbell.tenant as site"
    " on site.id = person.tenant_id"
    " where person.tenant_id = %(tenant)s and person.id = %(recipient)s"
)
def reader(tenant: str, recipient: str) -> Reader | None:
    """The reader of the recipient's pages; None if the recipient was deleted."""
