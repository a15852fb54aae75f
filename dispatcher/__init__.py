"""Postbell: notifications as part of your PostgreSQL transaction."""

__version__ = "0.2.0.dev0"

#: The contract between this package and the schema. A daemon refuses a schema of another contract.
CONTRACT = 4
