"""Statements about the preferences of a recipient.

Each runs in a transaction of `dispatcher.gateway.db_roles.as_recipient`.
"""

from __future__ import annotations

from typing import NamedTuple

from dispatcher.db.statement import statement


class CoveringOff(NamedTuple):
    """An explicit off that covers all of a category on a channel, or, without one, the channel."""

    channel: str
    category: str | None
    off_channel: str | None
    off_category: str | None


@statement(
    """
    select switch.channel, switch.category, covering.off_channel, covering.off_category
    from unnest(%(channels)s::text[], %(categories)s::text[]) as switch (channel, category)
    cross join lateral postbell.switched_off_by(
        %(tenant_id)s, %(recipient)s, switch.channel, switch.category, null
    ) as covering
    order by
        num_nonnulls(covering.off_channel, covering.off_category),
        covering.off_channel nulls first
    """
)
def offs_covering(
    tenant_id: str, recipient: str, channels: list[str], categories: list[str | None]
) -> list[CoveringOff]:
    """The offs that cover each pair of channel and category, the broadest first."""
