"""Recipients u1, u2, …, each with two preferences and quiet hours on every day of the week.

Neither preference keeps a message out of the inbox: they must be read, and then it is written.
"""

from __future__ import annotations

from tests.benchmarks.stage import EVENT, connected


def into_postbell(url: str, count: int) -> None:
    """Into a database with Postbell."""
    with connected(url) as connection:
        connection.execute(
            "insert into postbell.recipient (tenant_id, id, email, locale, time_zone)"
            " select 'default', 'u' || n, 'u' || n || '@example.org', 'en', 'Europe/Paris'"
            " from generate_series(1, %s) as n",
            [count],
        )
        connection.execute(
            "insert into postbell.preference"
            " (tenant_id, recipient_id, channel, category, event, enabled)"
            " select 'default', id, 'sms', 'orders', null, false from postbell.recipient"
            " union all"
            " select 'default', id, 'in_app', null, %s, true from postbell.recipient",
            [EVENT],
        )
        connection.execute(
            "insert into postbell.quiet_hours (tenant_id, recipient_id, day, starts, ends)"
            " select 'default', id, day, '22:00', '07:00'"
            " from postbell.recipient cross join generate_series(1, 7) as day"
        )
        connection.execute("vacuum (analyze) postbell.recipient")
        connection.execute("vacuum (analyze) postbell.preference")
        connection.execute("vacuum (analyze) postbell.quiet_hours")


def into_peer(url: str, count: int) -> None:
    """Into a peer's database, the same."""
    with connected(url) as connection:
        connection.execute(
            "insert into recipient (id, email, locale, time_zone)"
            " select 'u' || n, 'u' || n || '@example.org', 'en', 'Europe/Paris'"
            " from generate_series(1, %s) as n",
            [count],
        )
        connection.execute(
            "insert into preference (recipient_id, channel, category, event, enabled)"
            " select id, 'sms', 'orders', null, false from recipient"
            " union all"
            " select id, 'in_app', null, %s, true from recipient",
            [EVENT],
        )
        connection.execute(
            "insert into quiet_hours (recipient_id, day, starts, ends, channels)"
            " select id, day, '22:00', '07:00', '{sms,push,sse}'"
            " from recipient cross join generate_series(1, 7) as day"
        )
        connection.execute("vacuum (analyze) recipient")
        connection.execute("vacuum (analyze) preference")
        connection.execute("vacuum (analyze) quiet_hours")
