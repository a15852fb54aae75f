"""What the databases of the tests are made with."""

from __future__ import annotations

from collections.abc import Callable

# What is lost in a crash of the machine is only the test.
IN_HASTE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
ROOMY = {"max_connections": "200", "max_prepared_transactions": "20"}
CreateDatabase = Callable[..., str]
