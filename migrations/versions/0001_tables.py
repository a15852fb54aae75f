"""The tables of the first release, and pgqueuer's."""

from pathlib import Path

from alembic import op

from dispatcher.deploy.schema import execute_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Frozen: the statements stand beside this file and no longer follow sql/."""
    execute_script(op.get_bind(), Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError(
        "To be rid of Postbell: drop schema postbell, postbell_private, postbell_queue cascade."
    )
