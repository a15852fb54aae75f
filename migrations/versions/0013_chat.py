"""A person has an address in a chat."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add a column without rewriting the table."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
