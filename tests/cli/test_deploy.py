"""postbell deploy"""

from __future__ import annotations

import psycopg
import pytest

from dispatcher import CONTRACT
from tests.support.cli import Cli


def test_deploy_makes_an_empty_database_ready(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, empty_url: str
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", empty_url)

    first = bare("deploy")
    second = bare.json("deploy")

    assert first.exit_code == 0, first.stderr
    assert "is deployed" in first.stdout
    assert second["contract"] == CONTRACT
    assert second["revisions"] == []
    with psycopg.connect(empty_url) as connection:
        row = connection.execute("select count(*) from postbell.event_type").fetchone()
        assert row == (second["events"],)
    assert second["events"] > 0
