"""The leader's calls of the database: each is paused for longer and longer while it fails."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol, TypeVar

import psycopg
import structlog

from dispatcher.db import connections

log = structlog.get_logger()

#: Seconds before a failed step is tried again; doubles from shortest to longest.
SHORTEST_BACKOFF = 0.1
LONGEST_BACKOFF = 5.0

#: The class of Postbell's SQLSTATEs: a foreign cluster, or another router that leads.
_OURS = "PB"

_Result = TypeVar("_Result")


class StepObserver(Protocol):
    """Counts failures (metrics)."""

    def step_failed(self, step: str) -> None: ...


class _Backoff(NamedTuple):
    """A step is paused: it failed, or all that it could take was locked."""

    seconds: float
    ends_at: float
    error: str | None


class Steps:
    """Remembers, by the name of a step, until when it is paused and why."""

    def __init__(self, observer: StepObserver) -> None:
        self._observer = observer
        self._backoffs: dict[str, _Backoff] = {}

    @property
    def failing(self) -> dict[str, str]:
        """By step: the error of its last attempt, if that failed."""
        return {
            step: backoff.error
            for step, backoff in self._backoffs.items()
            if backoff.error is not None
        }

    async def call(
        self, step: str, call: Callable[..., Awaitable[_Result]], *arguments: Any
    ) -> _Result | None:
        """The result of the call; None if it fails, or the step is paused after a failure.

        Raises errors that need a new session, or say that another router leads.
        """
        if self.paused_for(step):
            return None
        try:
            result = await call(*arguments)
        except psycopg.Error as error:
            if _ends_session(error):
                raise
            self._observer.step_failed(step)
            seconds = self.pause(step, SHORTEST_BACKOFF, LONGEST_BACKOFF, error)
            log.warning(
                "router step failed",
                step=step,
                code=error.sqlstate,
                error=str(error).strip(),
                retry_in_seconds=seconds,
            )
            return None
        if (former := self._backoffs.get(step)) is not None and former.error is not None:
            del self._backoffs[step]
            log.info("router step recovered", step=step)
        return result

    async def call_with(
        self,
        contents: str | None,
        step: str,
        call: Callable[..., Awaitable[_Result]],
        *arguments: Any,
    ) -> _Result | None:
        """As call(), with rendered messages last. If that fails, they are left to the queue."""
        former = self._backoffs.get(step)
        may_write = former is None or (former.error is None and not self.paused_for(step))
        if contents is not None and may_write:
            try:
                return await call(*arguments, contents)
            except psycopg.Error as error:
                if _ends_session(error):
                    raise
                log.warning(
                    "messages not written: they go by the queue",
                    step=step,
                    code=error.sqlstate,
                    error=str(error).strip(),
                )
        return await self.call(step, call, *arguments)

    def pause(
        self, step: str, shortest: float, longest: float, error: psycopg.Error | None = None
    ) -> float:
        """Pause a step, longer each time until resume(); returns the seconds."""
        former = self._backoffs.get(step)
        seconds = shortest if former is None else min(max(former.seconds * 2, shortest), longest)
        self._backoffs[step] = _Backoff(
            seconds, time.monotonic() + seconds, None if error is None else _describe(error)
        )
        return seconds

    def resume(self, step: str) -> None:
        """The step may be taken at once, and its next pause is the shortest."""
        self._backoffs.pop(step, None)

    def resume_all(self) -> None:
        self._backoffs.clear()

    def paused_for(self, step: str) -> float:
        """Seconds for which the step is paused; 0 if it may be taken."""
        backoff = self._backoffs.get(step)
        return 0.0 if backoff is None else max(0.0, backoff.ends_at - time.monotonic())

    def is_troubled(self, step: str) -> bool:
        """Whether the step has been paused and did not succeed since."""
        return step in self._backoffs

    @property
    def pauses(self) -> list[float]:
        """Seconds of each step that is troubled; 0 if its pause is over."""
        return [self.paused_for(step) for step in self._backoffs]


def _ends_session(error: psycopg.Error) -> bool:
    return connections.is_session_lost(error) or (error.sqlstate or "").startswith(_OURS)


def _describe(error: psycopg.Error) -> str:
    """SQLSTATE and primary message; an error of psycopg itself has no SQLSTATE."""
    said = error.diag.message_primary or str(error).strip()
    return said if error.sqlstate is None else f"{error.sqlstate}: {said}"
