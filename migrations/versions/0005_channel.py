"""Channels are rows of a table."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table, and drop the checks that named channels; no row is read or rewritten."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
