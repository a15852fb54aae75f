"""The marketplace's transactions: each is one moment, with what it did and how it ended."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from inspect import cleandoc
from itertools import count
from typing import Any, Final, LiteralString

from psycopg import AsyncClientCursor, AsyncConnection, errors
from psycopg.abc import Params
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Composed
from psycopg.types.json import Jsonb

#: What psycopg executes.
Statement = LiteralString | bytes | SQL | Composed

#: Moments that are not forgotten.
REMEMBERED: Final = 500


@dataclass(slots=True)
class Moment:
    """One transaction: what it was for, how it ended, and the events that it emitted."""

    number: int
    house: str
    title: str
    at: datetime
    #: None if it committed.
    rolled_back_by: str | None = None
    #: Ids in postbell.outbox, whether the code or a trigger inserted them; none if rolled back.
    outbox_ids: list[int] = field(default_factory=list)
    #: What the application said to the database, parameters filled in.
    statements: list[str] = field(default_factory=list)
    #: Of the transaction, as PostgreSQL numbers it.
    xid: int | None = None


class Diary:
    """What happened lately, oldest first, whichever connection it happened on."""

    def __init__(self) -> None:
        self.moments: deque[Moment] = deque(maxlen=REMEMBERED)
        #: How many transactions were committed and rolled back.
        self.counts: Counter[str] = Counter()
        self._numbers = count(1)

    def begin(self, house: str, title: str) -> Moment:
        return Moment(next(self._numbers), house, title, datetime.now().astimezone())

    def end(self, moment: Moment) -> None:
        self.moments.append(moment)
        self.counts["committed" if moment.rolled_back_by is None else "rolled back"] += 1

    def latest(self, most: int) -> list[Moment]:
        """The last so many moments, oldest first."""
        return list(self.moments)[-most:]


class Ledger:
    """The connection on which the services work, and the diary that they keep.

    `witness` is another session, which may read postbell.outbox: the marketplace itself may only
    insert. None where nothing is committed.
    """

    def __init__(
        self,
        connection: AsyncConnection[TupleRow],
        witness: AsyncConnection[TupleRow] | None,
        diary: Diary,
    ) -> None:
        self.diary = diary
        self.connection = connection
        #: The moments of this connection, the diary being of all.
        self.written: deque[Moment] = deque(maxlen=REMEMBERED)
        self._witness = witness
        self._statements: list[str] = []
        connection.cursor_factory = _cursor_that_notes(self._statements)

    @asynccontextmanager
    async def transaction(self, house: str, title: str = "") -> AsyncIterator[Moment]:
        """One business transaction. If a constraint objects, nothing of it ever happened.

        Raises what the constraint raised, an IntegrityError.
        """
        moment = self.diary.begin(house, title)
        try:
            async with self.connection.transaction():
                ((moment.xid,),) = await self.rows("select pg_current_xact_id()::text::bigint")
                self._statements.clear()
                try:
                    yield moment
                finally:
                    moment.statements = [*self._statements]
        except errors.IntegrityError as objection:
            moment.rolled_back_by = objection.diag.constraint_name or str(objection)
            raise
        else:
            moment.outbox_ids = await self._emitted_by(moment)
        finally:
            self.diary.end(moment)
            self.written.append(moment)

    async def rows(self, statement: Statement, *values: object) -> list[Any]:
        """What a statement returns; none for one that returns nothing."""
        cursor = await self.connection.execute(statement, values)
        return await cursor.fetchall() if cursor.description else []

    async def tell(self, verb: Callable[..., Awaitable[Any]], house: str, **given: object) -> Any:
        """Call a helper verb in the transaction, as an application does. Returns the event's id."""
        named = ", ".join(f"{name}={_shown(value)}" for name, value in given.items())
        self._statements.append(f"-- postbell.{verb.__name__}({named})")
        return await verb(**given, website=house, on=self.connection)

    async def notify(
        self,
        event: str,
        recipient: str | None = None,
        payload: Mapping[str, object] | None = None,
        **more: object,
    ) -> int:
        """`postbell.notify()`, naming only what is given. Returns the event's id."""
        said = {name: value for name, value in (payload or {}).items() if value is not None}
        audience = more.pop("audience", None)
        given = {
            "event": event,
            "recipient": recipient,
            "payload": Jsonb(said),
            "audience": None if audience is None else Jsonb(audience),
            **more,
        }
        named = {name: value for name, value in given.items() if value is not None}
        arguments = ", ".join(f"{name} => %({name})s" for name in named)
        cursor = await self.connection.execute(
            f"select postbell.notify({arguments})".encode(), named
        )
        ((outbox_id,),) = await cursor.fetchall()
        return int(outbox_id)

    async def _emitted_by(self, moment: Moment) -> list[int]:
        if self._witness is None:
            return []
        cursor = await self._witness.execute(
            "select id from postbell.outbox where xid = %s::text::xid8 order by id", [moment.xid]
        )
        return [int(number) for (number,) in await cursor.fetchall()]


def _shown(value: object) -> str:
    """A thing of the marketplace by its subject, anything else as Python writes it."""
    return str(getattr(value, "subject", None) or repr(value))


def _cursor_that_notes(statements: list[str]) -> type[AsyncClientCursor[Any]]:
    """Cursors that write down what they execute."""

    class Noting(AsyncClientCursor[Any]):
        # psycopg has another for template strings, which Python 3.11 does not know.
        async def execute(  # type: ignore[override]
            self,
            query: Statement,
            params: Params | None = None,
            *,
            prepare: bool | None = None,
            binary: bool | None = None,
        ) -> Noting:
            statements.append(cleandoc(self.mogrify(query, params)))
            await super().execute(query, params, prepare=prepare, binary=binary)
            return self

    return Noting
