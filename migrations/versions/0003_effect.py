"""The ladder answers with an effect."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the effect to what the ladder and the decision return. No table has these types."""
    op.execute("alter type postbell.verdict add attribute effect text")
    op.execute("alter type postbell.decided add attribute effect text")
    op.execute(
        "comment on type postbell.verdict is 'The rung of the ladder that decided, its reason"
        " and its effect: deliver, silence, later, digest or drop.'"
    )


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("To be rid of Postbell: drop schema postbell, postbell_queue cascade.")
