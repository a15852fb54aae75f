"""An event type keeps its declared fields as one predicate, too; a batch may have no job."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add a column without rewriting the table; the deploy fills it."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
