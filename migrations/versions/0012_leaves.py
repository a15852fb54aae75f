"""What is open lies in a small table, what is finished in leaves by id."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the existing tables the first leaves."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("A database goes forward only.")
