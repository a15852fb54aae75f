"""Connections to PostgreSQL, and every statement that Postbell sends."""
