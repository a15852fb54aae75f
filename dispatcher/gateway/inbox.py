"""The inbox over HTTP: its items, counts, and marking items as seen, read, archived or pinned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Literal

import structlog
from psycopg import AsyncConnection
from pydantic import Field

from dispatcher.db import inbox
from dispatcher.db.connections import Pool
from dispatcher.db.statement import Statement
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.db_roles import (
    as_recipient,
    call_as_recipient,
    recipient_params,
    unknown_recipient,
)
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.problem import FieldFault, Problem, not_found
from dispatcher.gateway.schemas import (
    Alternatives,
    Cursor,
    ItemId,
    Model,
    Moment,
    Name,
    Yes,
    cursor_after,
)

log = structlog.get_logger()

Tab = Literal["all", "unread", "archived"]

#: Items of a page, and items marked by one request, at most.
MOST: Final = 100


class ItemsQuery(Model):
    """Which items, and from where on."""

    tab: Tab = Field(default="all", description="`all` is what is not archived.")
    category: Name | None = None
    event: Name | None = None
    subject: Name | None = Field(default=None, description="The thread, such as `order:123`.")
    cursor: Cursor | None = Field(default=None, description="`next_cursor` of the page before.")
    limit: int = Field(default=30, ge=1, le=MOST)


class ActionLink(Model):
    """A button of an item."""

    label: str
    link: str


class Item(Model):
    """Something to read. All of it is plain text: escape it before it becomes part of a page."""

    id: ItemId
    event: str
    category: str
    subject: str | None
    title: str
    body: str
    link: str | None
    image: str | None
    actions: list[ActionLink]
    created_at: datetime
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None
    is_silent: bool = Field(description="It came while muted, and does not count as unread.")
    is_pinned: bool


class ItemsPage(Model):
    """Pinned items first, on the first page; then newest first."""

    items: list[Item]
    next_cursor: str | None = Field(description="For the next page; null if this is the last.")


class Counts(Model):
    """How much there is."""

    unread: int = Field(ge=0, le=100, description="100 stands for more than 99: show “99+”.")


class SomeItems(Model):
    """Which items to mark."""

    items: list[ItemId] = Field(min_length=1, max_length=MOST)


class SomeOrAll(Model):
    """Which items to mark: some, or everything that is in the inbox."""

    alternatives = Alternatives.of("items", "all", is_needed=True)

    items: list[ItemId] | None = Field(default=None, min_length=1, max_length=MOST)
    all: Yes | None = None


class SomeOrReadAt(Model):
    """Which items to make unread: some, or what `/v1/inbox/read` marked when it marked all."""

    alternatives = Alternatives.of("items", "read_at", is_needed=True)

    items: list[ItemId] | None = Field(default=None, min_length=1, max_length=MOST)
    read_at: Moment | None = None


class Changed(Model):
    """How many items were not so before."""

    changed: int


class Read(Changed):
    """How many items were unread."""

    read_at: datetime | None = Field(
        description="When all were marked, for `/v1/inbox/unread`; null if some were."
    )


class InboxApi:
    """Every statement runs as the recipient whose inbox it is."""

    def __init__(self, pool: Pool) -> None:
        self._pool: Final = pool

    @property
    def operations(self) -> list[Operation]:
        return [
            Operation.of("GET", "/v1/inbox", "inbox", self.list_items),
            Operation.of("GET", "/v1/counts", "inbox", self.count),
            Operation.of("POST", "/v1/inbox/seen", "inbox", self.mark_seen, 404),
            Operation.of("POST", "/v1/inbox/read", "inbox", self.mark_read, 404),
            Operation.of("POST", "/v1/inbox/unread", "inbox", self.mark_unread, 404),
            Operation.of("POST", "/v1/inbox/archive", "inbox", self.archive, 404),
            Operation.of("POST", "/v1/inbox/unarchive", "inbox", self.unarchive, 404),
            Operation.of("POST", "/v1/inbox/pin", "inbox", self.pin, 404),
            Operation.of("POST", "/v1/inbox/unpin", "inbox", self.unpin, 404),
            Operation.of("GET", "/v1/inbox/{item_id}", "inbox", self.get_item),
        ]

    async def list_items(self, identity: Identity, query: ItemsQuery) -> ItemsPage:
        """A page of the inbox, newest first.

        Pages follow each other by `next_cursor`: new items do not shift them. The first one begins
        with the pinned items, at most 20, which `limit` does not count.
        """
        rows = await call_as_recipient(
            self._pool,
            identity,
            inbox.list_items[query.tab],
            before=query.cursor,
            category=query.category,
            event=query.event,
            subject=query.subject,
            # One more than shown tells whether there is a next page.
            most=query.limit + 1,
        )
        shown = sum(row.is_pinned for row in rows) + query.limit
        items = [_item(row) for row in rows[:shown]]
        has_more = len(rows) > shown
        return ItemsPage(items=items, next_cursor=cursor_after(items[-1].id) if has_more else None)

    async def get_item(self, identity: Identity, item_id: ItemId) -> Item:
        """One item."""
        row = await call_as_recipient(self._pool, identity, inbox.item, item_id)
        if row is None:
            _log_refusal(identity, [item_id])
            raise not_found(f"Item {item_id}")
        return _item(row)

    async def count(self, identity: Identity) -> Counts:
        """How many items are unread, counted to 100."""
        unread = await call_as_recipient(self._pool, identity, inbox.count_unread)
        if unread is None:
            raise unknown_recipient(identity)
        return Counts(unread=unread)

    async def mark_seen(self, identity: Identity, body: SomeOrAll) -> Changed:
        """Note that items were shown."""
        if body.items is None:
            return await self._mark_all(identity, inbox.mark_all_seen)
        return await self._mark(identity, inbox.mark_seen, body.items)

    async def mark_read(self, identity: Identity, body: SomeOrAll) -> Read:
        """Note that items were read, and so seen."""
        if body.items is None:
            marked = await call_as_recipient(self._pool, identity, inbox.mark_all_read)
            return Read(**marked._asdict())
        marks = await self._mark(identity, inbox.mark_read, body.items)
        return Read(changed=marks.changed, read_at=None)

    async def mark_unread(self, identity: Identity, body: SomeOrReadAt) -> Changed:
        """Make items unread again.

        By `read_at`, exactly those that were marked when all were marked: the way to undo it.
        """
        if body.read_at is None:
            return await self._mark(identity, inbox.mark_unread, body.items or [])
        changed = await call_as_recipient(
            self._pool, identity, inbox.undo_mark_all_read, body.read_at
        )
        return Changed(changed=changed)

    async def archive(self, identity: Identity, body: SomeOrAll) -> Changed:
        """Archive items: they no longer count as unread."""
        if body.items is None:
            return await self._mark_all(identity, inbox.archive_all)
        return await self._mark(identity, inbox.archive, body.items)

    async def unarchive(self, identity: Identity, body: SomeItems) -> Changed:
        """Take items out of the archive."""
        return await self._mark(identity, inbox.unarchive, body.items)

    async def pin(self, identity: Identity, body: SomeItems) -> Changed:
        """Keep items on top of the inbox; of more than 20, the last pinned."""
        return await self._mark(identity, inbox.pin, body.items)

    async def unpin(self, identity: Identity, body: SomeItems) -> Changed:
        """Put items back among the others."""
        return await self._mark(identity, inbox.unpin, body.items)

    async def _mark(
        self, identity: Identity, mark: Statement[..., int], items: list[int]
    ) -> Changed:
        async with as_recipient(self._pool, identity) as connection:
            await _require_all(connection, identity, items)
            changed = await mark(connection, **recipient_params(identity), items=items)
        return Changed(changed=changed)

    async def _mark_all(self, identity: Identity, mark_all: inbox.MarkAll) -> Changed:
        return Changed(changed=await call_as_recipient(self._pool, identity, mark_all))


def _item(row: inbox.Item) -> Item:
    return Item.model_validate(row._asdict())


async def _require_all(
    connection: AsyncConnection[Any], identity: Identity, items: Sequence[int]
) -> None:
    """Raises Problem (404) unless all items are in this inbox."""
    found = set(
        await inbox.items_among(connection, **recipient_params(identity), items=list(items))
    )
    missing = [item for item in items if item not in found]
    if not missing:
        return
    _log_refusal(identity, missing)
    raise Problem(
        HTTPStatus.NOT_FOUND,
        "not_found",
        f"{len(missing)} of the items are not in this inbox, and nothing was changed.",
        "Ask for the inbox again, and name what it has.",
        errors=[
            FieldFault(field=f"body.items.{place}", detail="It is not in this inbox.")
            for place, item in enumerate(items)
            if item not in found
        ],
    )


def _log_refusal(identity: Identity, items: Sequence[int]) -> None:
    # Somebody else's or nobody's: row-level security hides which.
    log.warning(
        "refused items of another inbox",
        tenant_id=identity.tenant_id,
        recipient_id=identity.recipient_id,
        items=list(items),
    )
