"""Comments of tables and columns say plainly what each is."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Comment; readers and writers are not blocked."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
