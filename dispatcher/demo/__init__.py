"""A sample application: a marketplace with two websites, and everything that Postbell does for it.

It has a PostgreSQL of its own in a temporary folder and leaves nothing behind; a database that
POSTBELL_DATABASE_URL names is not touched.

`schema.sql`, `triggers.sql` and `services.py` are what an application has; `shop.py` is its
connection. The rest presses buttons, and shows what came of it.
"""
