"""What an application does to the outbox, in every way that a transaction can end."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg.types.json import Jsonb

from tests.support.given import Connection

PAYLOAD = Jsonb({"order_id": 42, "amount": "19.90"})
_EMIT = (
    "insert into postbell.outbox (event, recipient, payload, channels)"
    " values ('order.paid', 'u1', %s, %s) returning id"
)


class Producer(threading.Thread):
    """Emits until told to stop, in transactions of every kind.

    `committed` are the events whose transaction is known to have committed; `undone` those that
    were rolled back, by whatever means; `doubtful` those whose commit was answered by silence.
    """

    def __init__(
        self,
        url: str,
        seed: int,
        *,
        channels: list[str],
        pause: float,
        longest: float,
    ) -> None:
        """`pause` is the time between transactions on the average, `longest` how long one is held
        open at most; both in seconds.
        """
        super().__init__(name=f"producer {seed}", daemon=True)
        self.committed: list[int] = []
        self.undone: list[int] = []
        self.doubtful: list[int] = []
        self.error: BaseException | None = None
        self._url = url
        self._dice = random.Random(seed)
        self._channels = channels
        self._pause = pause
        self._longest = longest
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._while_connected()
        except BaseException as error:  # noqa: BLE001 - the test asks for it
            self.error = error

    def _while_connected(self) -> None:
        kinds: list[Callable[[Connection], tuple[list[int], list[int]]]] = [
            self._one, self._several, self._savepoint_released, self._savepoint_rolled_back,
            self._held_open, self._nested,
        ]  # fmt: skip
        weights = [10, 5, 3, 3, 0.3, 3]
        try:
            with psycopg.connect(self._url) as connection:
                while not self._stopping.is_set():
                    (kind,) = self._dice.choices(kinds, weights)
                    self._transaction(connection, kind)
                    self._stopping.wait(self._dice.expovariate(1 / self._pause))
        except psycopg.OperationalError:
            # The server is restarting: an application tries again, too.
            self._stopping.wait(0.05)

    def _transaction(
        self, connection: Connection, kind: Callable[[Connection], tuple[list[int], list[int]]]
    ) -> None:
        written, undone = kind(connection)
        if self._dice.random() < 0.25:
            connection.rollback()
            self.undone += written + undone
            return
        try:
            connection.commit()
        except psycopg.OperationalError:
            self.doubtful += written
            raise
        self.committed += written
        self.undone += undone

    def _emit(self, connection: Connection) -> int:
        row = connection.execute(_EMIT, [PAYLOAD, self._channels]).fetchone()
        assert row is not None
        return int(row[0])

    def _one(self, connection: Connection) -> tuple[list[int], list[int]]:
        return [self._emit(connection)], []

    def _several(self, connection: Connection) -> tuple[list[int], list[int]]:
        return [self._emit(connection) for _ in range(self._dice.randint(2, 20))], []

    def _savepoint_released(self, connection: Connection) -> tuple[list[int], list[int]]:
        before = self._emit(connection)
        with connection.transaction():
            inside = self._emit(connection)
        return [before, inside, self._emit(connection)], []

    def _savepoint_rolled_back(self, connection: Connection) -> tuple[list[int], list[int]]:
        before = self._emit(connection)
        with connection.transaction(force_rollback=True):
            inside = self._emit(connection)
        return [before, self._emit(connection)], [inside]

    def _nested(self, connection: Connection) -> tuple[list[int], list[int]]:
        before = self._emit(connection)
        with connection.transaction():
            kept = self._emit(connection)
            with connection.transaction(force_rollback=True), connection.transaction():
                lost = self._emit(connection)
        return [before, kept], [lost]

    def _held_open(self, connection: Connection) -> tuple[list[int], list[int]]:
        before = self._emit(connection)
        time.sleep(self._dice.uniform(0, self._longest))
        return [before, self._emit(connection)], []


@contextmanager
def producing(
    url: str,
    many: int,
    *,
    channels: tuple[str, ...] = ("in_app",),
    pause: float,
    longest: float,
) -> Iterator[list[Producer]]:
    """So many producers for as long as the block lasts; afterwards they have ended."""
    producers = [
        Producer(url, seed, channels=list(channels), pause=pause, longest=longest)
        for seed in range(many)
    ]
    for producer in producers:
        producer.start()
    try:
        yield producers
    finally:
        for producer in producers:
            producer.stop()
        for producer in producers:
            producer.join()
