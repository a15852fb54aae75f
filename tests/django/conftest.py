"""A Django project, where there is Django."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.support.databases import CreateDatabase

if TYPE_CHECKING:
    from tests.support.django_project.databases import Outbox

collect_ignore_glob = [] if find_spec("django") else ["test_*.py"]


@pytest.fixture(scope="session")
def project(create_database: CreateDatabase, template_url: str) -> Iterator[None]:
    """Its tables are in two databases, `default` and `archive`."""
    from django.core.management import call_command  # noqa: PLC0415 - not everybody has it
    from django.db import DEFAULT_DB_ALIAS, connections  # noqa: PLC0415

    from tests.support.django_project.databases import entry  # noqa: PLC0415

    # What it has made of no settings.
    with suppress(AttributeError):
        del connections[DEFAULT_DB_ALIAS]
    connections.settings = connections.configure_settings(
        {alias: entry(create_database(template_url)) for alias in ("default", "archive")}
    )
    for alias in connections:
        call_command("migrate", run_syncdb=True, database=alias, verbosity=0)
    yield
    connections.close_all()


@pytest.fixture
def outbox(project: None) -> Outbox:
    from tests.support.django_project.databases import Outbox  # noqa: PLC0415 - as above

    return Outbox()
