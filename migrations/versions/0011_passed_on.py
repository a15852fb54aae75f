"""A call after which the next provider was called at once is passed_on."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Let attempts say so. The check is read over all of them; earlier ones keep `retry`."""
    op.execute(
        "alter table postbell.attempt drop constraint outcome_is_known,"
        " add constraint outcome_is_known check"
        " (outcome in ('sent', 'retry', 'passed_on', 'refused', 'unknown', 'failed'))"
    )
    op.execute(
        "comment on column postbell.attempt.outcome is 'What the provider answered: sent, refused,"
        " unknown; retry, to be tried again later; passed_on, and the next provider was called at"
        " once; failed, and it was the last attempt.'"
    )


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
