"""A recipient's inbox, profile and browsers, asked as the recipient."""

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
    #: It came while muted, and does not count as unread.
    is_silent: bool


class Browser(NamedTuple):
    """A browser that may be pushed to."""

    endpoint: str
    user_agent: str | None
    created_at: datetime
    last_reached_at: datetime | None


class Profile(NamedTuple):
    """For whom a page is: the tenant's name, and the recipient's language and time zone."""

    name: str
    #: A BCP 47 tag.
    locale: str
    time_zone: str


class Reader(NamedTuple):
    """Who reads a page of ours, and whose pages it looks like."""

    recipient_id: str
    email: str | None
    tenant_name: str
    branding: dict[str, Any]
    locale: str


_ITEMS: Final[LiteralString] = (
    "select id, event, category, subject, title, body, link, image, actions,"
    " created_at, seen_at, read_at, archived_at, is_silent"
    " from postbell.inbox_item"
    " where recipient_id = %(recipient)s and tenant_id = %(tenant)s"
)
_PAGE: Final[LiteralString] = (
    " and (%(before)s::bigint is null or id < %(before)s)"
    " and (%(category)s::text is null or category = %(category)s)"
    " and (%(event)s::text is null or event = %(event)s)"
    " and (%(subject)s::text is null or subject = %(subject)s)"
    " order by id desc limit %(most)s"
)
_NOT_ARCHIVED: Final[LiteralString] = " and archived_at is null"
#: What came while muted is in the inbox, and does not count as unread.
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
    """A page of items, newest first, from before an id on."""


#: By tab.
list_items: Final = {
    "all": Statement(_ITEMS + _NOT_ARCHIVED + _PAGE, _list_items),
    "unread": Statement(_ITEMS + _UNREAD + _PAGE, _list_items),
    "archived": Statement(_ITEMS + _ARCHIVED + _PAGE, _list_items),
}


@statement(_ITEMS + _ONE)
def item(tenant: str, recipient: str, item_id: int) -> Item | None:
    """One item; None where the recipient has no such item."""


@statement(
    "select id from postbell.inbox_item"
    " where recipient_id = %(recipient)s and tenant_id = %(tenant)s and id = any(%(items)s)"
)
def items_among(tenant: str, recipient: str, items: list[int]) -> list[int]:
    """Those of the ids that the recipient has."""


@statement(
    "select unread from postbell.unread_counts"
    " where recipient_id = %(recipient)s and tenant_id = %(tenant)s"
)
def count_unread(tenant: str, recipient: str) -> int | None:
    """How many items are unread, counted to 100; None of a recipient who is gone."""


def _mark(tenant: str, recipient: str, items: list[int]) -> int:
    """Mark items; how many were not so before."""


def _mark_all(tenant: str, recipient: str) -> int:
    """Mark all that are in the inbox; how many were not so before."""


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
mark_all_seen = Statement(
    "select postbell.mark_all_seen(recipient => %(recipient)s, tenant_id => %(tenant)s)",
    _mark_all,
)
mark_all_read = Statement(
    "select postbell.mark_all_read(recipient => %(recipient)s, tenant_id => %(tenant)s)",
    _mark_all,
)
archive_all = Statement(
    "select postbell.archive_all(recipient => %(recipient)s, tenant_id => %(tenant)s)",
    _mark_all,
)


# --- browsers


@statement(
    "select endpoint, user_agent, created_at, last_reached_at"
    " from postbell.push_subscription"
    " where tenant_id = %(tenant)s and recipient_id = %(recipient)s order by id desc"
)
def list_browsers(tenant: str, recipient: str) -> list[Browser]:
    """The browsers that the recipient allowed, newest first."""


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
    """Let a browser be pushed to. Adding it again changes nothing."""


@statement(
    "select postbell.remove_push_subscription(recipient => %(recipient)s,"
    " endpoint => %(endpoint)s, tenant_id => %(tenant)s)"
)
def remove_browser(tenant: str, recipient: str, *, endpoint: str) -> bool:
    """Push to a browser no more; whether it was the recipient's."""


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
    """For whom a page is; None of a recipient who is gone."""


@statement(
    "select person.id as recipient_id, person.email, site.name as tenant_name, site.branding,"
    " coalesce(person.locale, site.locale) as locale"
    " from postbell.recipient as person join postbell.tenant as site"
    " on site.id = person.tenant_id"
    " where person.tenant_id = %(tenant)s and person.id = %(recipient)s"
)
def reader(tenant: str, recipient: str) -> Reader | None:
    """Who reads a page of ours; None of a recipient who is gone."""
