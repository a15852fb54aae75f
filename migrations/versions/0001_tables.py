"""The tables as sql/ declares them, and pgqueuer's."""

from pathlib import Path

from alembic import op

from dispatcher.schema import create_tables, driver_connection

revision = "0001"
down_revision = None


def upgrade(sql_folder: Path) -> None:
    """Until the first release this executes the declarations; with it, they are frozen here."""
    create_tables(driver_connection(op.get_bind()), sql_folder)


def downgrade(sql_folder: Path) -> None:
    """Forward only: a deploy that went wrong has changed nothing."""
    raise RuntimeError("To be rid of Postbell: drop schema postbell, postbell_queue cascade.")
