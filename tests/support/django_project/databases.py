"""The project's databases, in each of which Postbell is deployed, and what was emitted there."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.db import connections
from psycopg.conninfo import conninfo_to_dict


class Emitted(NamedTuple):
    """A row of the outbox."""

    id: int
    website: str
    event: str
    recipient: str | None
    audience: Any
    payload: Any
    subject: str | None
    actor: str | None


class Outbox:
    """What was emitted since it was made, as Django's own connections see it."""

    def __init__(self) -> None:
        self._before = {alias: len(_rows(alias)) for alias in connections}

    def __call__(self, using: str = "default") -> list[Emitted]:
        return _rows(using)[self._before[using] :]


def entry(url: str) -> dict[str, object]:
    """A database in Django's setting DATABASES."""
    where = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": where["dbname"],
        "USER": where["user"],
        "PASSWORD": where.get("password", ""),
        "HOST": where["host"],
        "PORT": where["port"],
    }


def _rows(using: str) -> list[Emitted]:
    with connections[using].cursor() as cursor:
        cursor.execute(
            "select id, tenant_id, event, recipient, audience::text, payload::text, subject, actor"
            " from postbell.outbox order by id"
        )
        return [
            Emitted._make([*row[:4], json.loads(row[4] or "null"), json.loads(row[5]), *row[6:]])
            for row in cursor.fetchall()
        ]
