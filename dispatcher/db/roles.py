"""Sets the database role of a transaction, and the recipient for row-level security."""

from __future__ import annotations

from dispatcher.db.statement import statement


@statement(
    "select set_config('role', 'postbell_reader', true),"
    " set_config('postbell.tenant', %(tenant)s, true),"
    " set_config('postbell.recipient', %(recipient)s, true),"
    " set_config('statement_timeout', %(timeout)s, true)"
)
def become_recipient(tenant: str, recipient: str, timeout: str) -> None:
    """Limit the transaction to the rows of one recipient. `timeout` is PostgreSQL's, as `5s`."""


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
    """Let the transaction read the states of all messages, and the contents of none.

    `name` is shown in pg_stat_activity; `timeout` is PostgreSQL's, as `5s`.
    """
