"""sql/ and migrations/ → database."""
