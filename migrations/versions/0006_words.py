"""Words with one meaning: the ladder answers, receipts come in, templates make a set."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Rename; no row is read or rewritten."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
