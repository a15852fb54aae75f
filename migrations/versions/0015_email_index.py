"""Operators find people by an e-mail address."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add an index."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
