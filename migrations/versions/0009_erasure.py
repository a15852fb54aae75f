"""Certificates of erasures, and what erasing persons needs to know of them afterwards."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add tables; none of those that events are written to is touched."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
