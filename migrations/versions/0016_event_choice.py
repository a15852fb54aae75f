"""Which events are deployed is a choice."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add an empty table: all events, as before."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
