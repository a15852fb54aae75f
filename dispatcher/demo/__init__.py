"""A sample application: a marketplace with two websites, and everything that Postbell does for it.

It has a PostgreSQL of its own in a temporary folder and leaves nothing behind; a database that
POSTBELL_DATABASE_URL names is not touched.

`schema.sql`, `triggers.sql` and `actions.py` are what an application has; `shop.py` is its
connection. The rest shows what came of it.
"""

from __future__ import annotations


def run(once: bool) -> int:
    """Runs the demo until interrupted, or its story once. Returns the exit code.

    With `once` it is 0 only if everything arrived that should, and nothing else. Raises
    SettingsError and EmbeddedError, both of which say what to do.
    """
    # Only this command needs servers that catch what is sent.
    from dispatcher.demo import app  # noqa: PLC0415

    return app.run(once)
