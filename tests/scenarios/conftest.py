"""Daemons and mail servers that end with the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from dispatcher.channels.backoff import Backoff
from tests import given
from tests.given import Connection
from tests.scenarios.daemon_process import DaemonProcess
from tests.scenarios.mail_sink import MailSink


class StartDaemon(Protocol):
    def __call__(self, url: str, **settings: object) -> DaemonProcess: ...


@pytest.fixture
def start_daemon(tmp_path: Path) -> Iterator[StartDaemon]:
    """Starts `postbell run`; what is still running at the end of the test is killed."""
    numbers = count()
    with ExitStack() as closing:

        def start(url: str, **settings: object) -> DaemonProcess:
            daemon = DaemonProcess(url, tmp_path / f"daemon_{next(numbers)}.log", **settings)
            # Shown where the test failed.
            closing.callback(lambda: print(daemon.log()[-4000:]))
            closing.callback(daemon.close)
            daemon.start()
            return daemon

        yield start


@pytest.fixture
def mail_sink(tmp_path: Path) -> Iterator[MailSink]:
    """A mail server that takes 20 ms for each mail: slow enough to be caught at it."""
    with MailSink(tmp_path / "mails", seconds=0.02) as sink:
        yield sink


@pytest.fixture
def db(database_url: str) -> Iterator[Connection]:
    """A session that commits each statement, on a database of the test's own that knows u1."""
    with psycopg.connect(database_url, autocommit=True) as session:
        given.recipient(session)
        yield session


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every channel of a daemon in this process tries again at once, or when it was told to."""

    def wait(
        _: Backoff, attempt: int, retry_after: timedelta | None = None, **__: object
    ) -> timedelta:
        return max(retry_after or timedelta(0), timedelta(seconds=0.2))

    monkeypatch.setattr(Backoff, "wait", wait)
