"""Connections to PostgreSQL, and every statement that is sent over them."""
