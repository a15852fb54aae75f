"""${message}."""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """The ALTER that brings an older table to its declaration in sql/."""
    op.execute("")


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("Restore a backup, or deploy a revision that puts it right.")
