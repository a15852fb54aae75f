"""Deploys sql/ and migrations/ to a database."""
