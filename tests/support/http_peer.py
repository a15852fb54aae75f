"""A web server in this process that does as it is told, at whichever step."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Say:
    """Answers like this instead of the usual way."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Write:
    """Writes these bytes instead of an answer, and hangs up."""

    data: bytes


@dataclass(frozen=True)
class Drop:
    """Closes the connection; by a reset, if wanted, as a killed server."""

    reset: bool = False


@dataclass(frozen=True)
class Hang:
    """Goes on as usual, but only after so many seconds."""

    seconds: float = 3600.0


Act = Say | Write | Drop | Hang


@dataclass(frozen=True)
class Request:
    """A request that the peer has read to its end. Names of headers are in lower case."""

    connection: int
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def _fine(_: Request) -> Say:
    return Say(200)


@dataclass
class HttpPeer:
    """Listens on a loopback port of its own between start() and stop().

    Its steps: ACCEPT (connected, nothing read), HEAD (the body is still unread), REPLY (all is
    read), HEADERS (the status line is out), BODY (half of the answer's body is out).
    """

    #: What it answers if nothing else was said.
    usual: Callable[[Request], Say] = _fine
    tls: ssl.SSLContext | None = None
    port: int = 0
    #: Bytes that the system takes in while the peer reads nothing; its default otherwise.
    receive_buffer: int | None = None
    #: All that were read to their end, and those of them that were answered with a 2xx.
    requests: list[Request] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)
    connections: int = 0
    #: Connections open now.
    present: int = 0
    #: The most requests that were being answered at once.
    peak: int = 0
    _answering: int = 0
    _script: dict[str, list[Act]] = field(default_factory=dict)
    _always: dict[str, Act] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _sessions: set[asyncio.Task[None]] = field(default_factory=set)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _deaf: list[socket.socket] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:PORT`, or https://localhost:PORT."""
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        listener = self._bound()
        if self.receive_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self._server = await asyncio.start_server(self._accept, sock=listener, ssl=self.tls)

    async def stop(self) -> None:
        """From now on connections are refused."""
        for deaf in self._deaf:
            deaf.close()
        self._deaf.clear()
        if self._server is not None:
            self._server.close()
        await self.hang_up()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def stop_answering_connections(self) -> None:
        """From now on a connection is neither made nor refused."""
        assert self._server is not None
        self._server.close()
        listener = self._bound()
        # Linux leaves unanswered whoever comes when the queue of those not yet accepted is full.
        listener.listen(0)
        self._deaf.append(listener)
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", self.port))
            self._deaf.append(waiting)

    def stop_listening(self) -> None:
        """From now on new connections are refused; those that are open stay."""
        assert self._server is not None
        self._server.close()

    async def hang_up(self) -> None:
        """Close every connection, as a server does on restart."""
        sessions = list(self._sessions)
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    def reset(self) -> None:
        """Reset every connection, as a server that is killed."""
        for writer in self._writers:
            _reset(writer)

    def always(self, step: str, act: Act) -> None:
        """From now on, whenever a client comes to this step."""
        self._always[step] = act

    def once(self, step: str, *acts: Act) -> None:
        """The next times that a client comes to this step, one act each."""
        self._script.setdefault(step, []).extend(acts)

    def behave(self) -> None:
        """Be an ordinary server again; connections that were refused stay so."""
        self._always.clear()
        self._script.clear()

    async def left_alone(self) -> None:
        """Wait until the last client has gone; at most five seconds."""
        async with asyncio.timeout(5):
            while self.present:  # noqa: ASYNC110 a test may wait by looking
                await asyncio.sleep(0.02)

    def _bound(self) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        return listener

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        self._writers.add(writer)
        self.connections += 1
        self.present += 1
        try:
            await self._converse(self.connections, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError, _Gone):
            pass  # Either side may leave at any time; that is what this server is for.
        finally:
            self.present -= 1
            self._sessions.discard(task)
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _converse(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await self._act("ACCEPT", writer)
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self._answering += 1
            self.peak = max(self.peak, self._answering)
            try:
                await self._answer(number, head, reader, writer)
            finally:
                self._answering -= 1

    async def _answer(
        self, number: int, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        await self._act("HEAD", writer)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        request = Request(number, method, target, headers, body)
        self.requests.append(request)
        act = await self._act("REPLY", writer)
        said = act if isinstance(act, Say) else self.usual(request)
        if said.status // 100 == 2:
            self.taken.append(request)
        writer.write(f"HTTP/1.1 {said.status} Said\r\n".encode())
        await self._act("HEADERS", writer)
        named = {"Content-Length": str(len(said.body)), **said.headers}
        writer.write("".join(f"{name}: {value}\r\n" for name, value in named.items()).encode())
        writer.write(b"\r\n" + said.body[: len(said.body) // 2])
        await self._act("BODY", writer)
        writer.write(said.body[len(said.body) // 2 :])
        await writer.drain()

    async def _act(self, step: str, writer: asyncio.StreamWriter) -> Act | None:
        act = self._script[step].pop(0) if self._script.get(step) else self._always.get(step)
        match act:
            case Drop(reset=True):
                _reset(writer)
                raise _Gone
            case Drop():
                raise _Gone
            case Write():
                writer.write(act.data)
                raise _Gone
            case Hang():
                await writer.drain()
                await asyncio.sleep(act.seconds)
        return act


class _Gone(Exception):
    pass


def _reset(writer: asyncio.StreamWriter) -> None:
    # Without a time to linger a socket is closed by a reset (socket(7)).
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
