"""A mail server in this process that does as it is told, at whichever step."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Protocol

from dispatcher.providers.smtp import Smtp


@dataclass(frozen=True)
class Say:
    """Answers with this line instead of the usual one."""

    line: str
    then_drop: bool = False


@dataclass(frozen=True)
class Drop:
    """Closes the connection instead of answering; by a reset, if wanted, as a killed server."""

    reset: bool = False


@dataclass(frozen=True)
class Hang:
    """Answers as usual, but only after so many seconds."""

    seconds: float = 3600.0


Act = Say | Drop | Hang


@dataclass
class Mail:
    """A mail that the peer took."""

    sender: str
    recipient: str
    data: bytes


@dataclass
class SmtpPeer:
    """Listens on a loopback port of its own between start() and stop().

    Its steps are SMTP's words, and GREETING, BODY (most of the mail is still unread) and ACCEPT
    (the reply to the final dot).
    """

    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")
    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    #: Every command line, with the number of its connection (from 1).
    commands: list[tuple[int, str]] = field(default_factory=list)
    connections: int = 0
    #: Connections open now, and the most there have been.
    present: int = 0
    peak: int = 0
    _script: dict[str, list[Act]] = field(default_factory=dict)
    _always: dict[str, Act] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _sessions: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        await self.hang_up()
        if self._server is not None:
            await self._server.wait_closed()

    async def hang_up(self) -> None:
        """Close every connection, as a server does on restart."""
        sessions = list(self._sessions)
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    def always(self, step: str, act: Act) -> None:
        """From now on, whenever a client comes to this step."""
        self._always[step] = act

    def once(self, step: str, *acts: Act) -> None:
        """The next times that a client comes to this step, one act each."""
        self._script.setdefault(step, []).extend(acts)

    async def left_alone(self) -> None:
        """Wait until the last client has gone; at most five seconds."""
        async with asyncio.timeout(5):
            while self.present:  # noqa: ASYNC110 a test may wait by looking
                await asyncio.sleep(0.02)

    def behave(self) -> None:
        """Be an ordinary server again."""
        self._always.clear()
        self._script.clear()

    def verbs(self, connection: int) -> list[str]:
        """What one connection has asked, first words only."""
        return [line.split()[0].upper() for number, line in self.commands if number == connection]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        self.connections += 1
        self.present += 1
        self.peak = max(self.peak, self.present)
        try:
            await _Session(self, self.connections, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, _Gone):
            pass  # Either side may leave at any time; that is what this server is for.
        finally:
            self.present -= 1
            self._sessions.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    def act_for(self, step: str) -> Act | None:
        if self._script.get(step):
            return self._script[step].pop(0)
        return self._always.get(step)


class _Gone(Exception):
    pass


class _Session:
    def __init__(
        self,
        peer: SmtpPeer,
        number: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._peer, self._number = peer, number
        self._reader, self._writer = reader, writer
        self._sender = self._recipient = ""

    async def run(self) -> None:
        await self._answer("GREETING", "220 peer.example ESMTP")
        while line := await self._reader.readline():
            words = line.decode().strip()
            verb = words.split()[0].upper() if words else ""
            self._peer.commands.append((self._number, words))
            await self._command(verb, words)

    async def _command(self, verb: str, words: str) -> None:
        match verb:
            case "EHLO":
                lines = [f"250-{line}" for line in ("peer.example", *self._peer.extensions)]
                await self._answer("EHLO", "\r\n".join([*lines, "250 HELP"]))
            case "MAIL":
                self._sender = words.partition("<")[2].partition(">")[0]
                await self._answer("MAIL", "250 2.1.0 fine")
            case "RCPT":
                self._recipient = words.partition("<")[2].partition(">")[0]
                await self._answer("RCPT", "250 2.1.5 fine")
            case "DATA":
                if await self._answer("DATA", "354 go on"):
                    await self._body()
            case "QUIT":
                await self._answer("QUIT", "221 2.0.0 bye")
                raise _Gone
            case "HELO" | "RSET" | "NOOP":
                await self._answer(verb, "250 2.0.0 fine")
            case "AUTH":
                await self._answer("AUTH", "235 2.7.0 welcome")
            case _:
                await self._answer(verb, "502 5.5.2 what?")

    async def _body(self) -> None:
        # Something has come, so the client is in the middle of it.
        first = await self._reader.readexactly(1)
        await self._act("BODY")
        data = first + await self._reader.readuntil(b"\r\n.\r\n")
        if await self._answer("ACCEPT", "250 2.0.0 queued as 1"):
            text = data.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
            self._peer.mails.append(Mail(self._sender, self._recipient, text))

    async def _answer(self, step: str, usual: str) -> bool:
        """Whether the usual answer was given."""
        act = await self._act(step)
        line = act.line if isinstance(act, Say) else usual
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()
        if isinstance(act, Say) and act.then_drop:
            raise _Gone
        return line is usual

    async def _act(self, step: str) -> Act | None:
        act = self._peer.act_for(step)
        if isinstance(act, Drop):
            if act.reset:
                self._writer.transport.abort()
            raise _Gone
        if isinstance(act, Hang):
            await asyncio.sleep(act.seconds)
        return act


class Open(Protocol):
    async def __call__(self, parameters: str = "", credentials: str = "") -> Smtp: ...
