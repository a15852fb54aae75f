"""The router writes inbox items, and takes back what was cancelled meanwhile."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add columns without rewriting tables, and an index of a small one."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
