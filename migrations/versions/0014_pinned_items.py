"""A person keeps inbox items on top."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add a column without rewriting the table, and kinds of stream events."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
