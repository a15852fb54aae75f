"""Two sessions and what passes between them: who waits for whom, and who is rung for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from tests.support import given
from tests.support.given import Connection

PATIENCE = 20.0


class Background:
    """A call on a session of its own, while the test goes on. The result, or the error, is kept."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=[act], daemon=True)
        self._thread.start()

    def _run(self, act: Callable[[], Any]) -> None:
        try:
            self._result = act()
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            self._error = error

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def result(self) -> Any:
        self._thread.join(PATIENCE)
        assert self.is_done, "it still waits"
        if self._error is not None:
            raise self._error
        return self._result


def await_waiting(observer: Connection, session: Connection) -> None:
    """Returns when the session waits for a lock that another holds."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = given.rows(
            observer,
            "select wait_event_type from pg_stat_activity where pid = %s",
            session.info.backend_pid,
        )
        if found == [("Lock",)]:
            return
        time.sleep(0.01)
    raise AssertionError("the session waits for no lock")


def rings(listener: Connection) -> int:
    """How many notifications have come. What was committed before the call is counted."""
    # A round trip: the server delivers what is due before it answers.
    listener.execute("select")
    return sum(1 for _ in listener.notifies(timeout=0.05))


class Connect(Protocol):
    def __call__(self, *, autocommit: bool = True) -> Connection: ...
