"""What only our own processes use moves to schema postbell_private."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Tables and types keep their OIDs, so that whatever refers to them goes on."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("Restore a backup, or deploy a revision that puts it right.")
