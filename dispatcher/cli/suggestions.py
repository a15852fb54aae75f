"""Did you mean …? The nearest name that exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

from dispatcher.errors import PostbellError, UnknownTenantError, translated

if TYPE_CHECKING:
    from dispatcher.cli.connection import Connection


def nearest(name: str, known: Iterable[str]) -> str:
    """`Did you mean order.paid?`; empty where nothing is near, or the name is known."""
    # Names that differ in case alone are the nearest of all.
    spelt = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), spelt, n=1)
    return f"Did you mean {spelt[near[0]]}?" if near and spelt[near[0]] != name else ""


def nearest_known(connection: Connection, reason: str, name: str, tenant_id: str) -> str:
    """The same among the names in the database.

    `reason` is the name of an error, such as unknown_event; of others the answer is empty, and
    also if this login may not read the names.
    """
    import psycopg

    try:
        return nearest(name, _known(connection, reason, name, tenant_id))
    except psycopg.Error:
        return ""


def _known(connection: Connection, reason: str, name: str, tenant_id: str) -> Iterable[str]:
    from dispatcher.db import deliveries, preferences, texts

    match reason:
        case "unknown_event":
            return texts.event_versions(connection)
        case "unknown_tenant":
            return [row.id for row in texts.tenants_to_preview(connection)]
        case "unknown_recipient":
            return deliveries.recipients_beside(connection, name, tenant_id)
        case "invalid_channel":
            return [row.channel for row in preferences.channel_addresses(connection)]
        case _:
            return []


@contextmanager
def suggesting(connection: Connection, tenant_id: str) -> Iterator[None]:
    """Begin the hint of an error about an unknown name with the nearest known one."""
    try:
        with translated():
            yield
    except PostbellError as error:
        name = error.detail.removesuffix(f" of tenant {tenant_id}")
        near = nearest_known(connection, error.name, name, tenant_id)
        error.hint = " ".join(filter(None, [near, error.hint]))
        raise


def require_tenant(connection: Connection, tenant_id: str) -> None:
    """Raise UnknownTenantError unless the tenant exists."""
    from dispatcher.db import texts

    # Every role that may read tenants may do this, unlike postbell_private.require_tenant().
    if texts.tenant_to_preview(connection, tenant_id) is None:
        raise UnknownTenantError(tenant_id)
