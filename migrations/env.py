"""Alembic's way into a deploy: `alembic upgrade head` is `postbell deploy`."""

from alembic import context

from dispatcher.deploy.contract import SchemaError
from dispatcher.deploy.schema import Deploy

if context.is_offline_mode():
    raise SchemaError("A deploy looks at the database: it cannot be written out as a script.")

Deploy.of(context.config).run()
