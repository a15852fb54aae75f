"""A provider's states have the names of a circuit breaker's."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("alter domain postbell.provider_state drop constraint provider_state_is_known")
    op.execute(
        "update postbell.provider_report"
        " set state = case state when 'resting' then 'open' else 'misconfigured' end"
        " where state in ('resting', 'paused')"
    )
    op.execute(
        "alter domain postbell.provider_state add constraint provider_state_is_known"
        " check (value in ('ready', 'open', 'misconfigured'))"
    )
    op.execute(
        "comment on domain postbell.provider_state is"
        " 'ready; open: its circuit breaker is, since it fails or asked to be left alone;"
        " misconfigured: our configuration of it is at fault.'"
    )


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
