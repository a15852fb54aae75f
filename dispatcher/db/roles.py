"""Which role, and whose rows, the rest of a transaction is bound to."""

from __future__ import annotations

from dispatcher.db.statement import statement


@statement(
    "select set_config('role', 'postbell_reader', true),"
    " set_config('postbell.tenant', %(tenant)s, true),"
    " set_config('postbell.recipient', %(recipient)s, true),"
    " set_config('statement_timeout', %(timeout)s, true)"
)
def become_recipient(tenant: str, recipient: str, timeout: str) -> None:
    """See and change the rows of this recipient alone. `timeout` is PostgreSQL's, such as `5s`."""


@statement(
    "select set_config('role', 'postbell_support', true),"
    # Shown in pg_stat_activity.
    " set_config('application_name', %(name)s, true),"
    " set_config('statement_timeout', %(timeout)s, true),"
    # The connection's own settings are for looking up a few rows by key.
    " set_config('enable_hashjoin', 'on', true),"
    " set_config('enable_seqscan', 'on', true),"
    " set_config('plan_cache_mode', 'force_custom_plan', true)"
)
def become_support(name: str, timeout: str) -> None:
    """See what became of everybody's messages, and not what they say."""
