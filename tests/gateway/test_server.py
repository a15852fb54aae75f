"""The gateway as a server: over real sockets, and as `postbell serve`."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from dispatcher.deploy.contract import SchemaError
from dispatcher.gateway.server import Gateway
from dispatcher.health import ListenError
from dispatcher.settings import Settings, SettingsError
from tests.support import given
from tests.support.given import Connection
from tests.support.tokens import OURS, SECRET, token

pytestmark = pytest.mark.slow

SECONDS = 30.0


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        found: int = probe.getsockname()[1]
        return found


def settings_for(port: int) -> Settings:
    return Settings(token_secret=(SecretStr(SECRET),), gateway_port=port)


@asynccontextmanager
async def serving(url: str, port: int) -> AsyncIterator[Gateway]:
    gateway = Gateway(url, settings_for(port))
    running = asyncio.create_task(gateway.run())
    while not running.done():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            break
    yield gateway
    gateway.stop()
    await asyncio.wait_for(running, SECONDS)


async def spoken(port: int, said: bytes) -> bytes:
    """What is answered to these bytes, until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    answer = await asyncio.wait_for(reader.read(), SECONDS)
    writer.close()
    return answer


def asked(path: str, *headers: str, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def test_an_inbox_is_served(database_url: str, db: Connection, port: int) -> None:
    given.inbox_item(db, title="Paid")

    async with serving(database_url, port):
        answer = await spoken(port, asked("/v1/inbox", f"Authorization: Bearer {token()}"))

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["items"][0]["title"] == "Paid"
    assert b"\r\nserver:" not in answer.lower()


async def test_headers_cannot_be_injected_by_origin_or_host(
    database_url: str, db: Connection, port: int
) -> None:
    async with serving(database_url, port):
        for evil in (
            f"Origin: {OURS}\r\n X-Evil: 1",
            f"Origin: {OURS}\nX-Evil: 1",
            "Origin: https://evil.example\x00",
            "Origin: https://evil.example%0d%0aX-Evil: 1",
        ):
            answer = await spoken(
                port, asked("/v1/session", f"Authorization: Bearer {token()}", evil)
            )
            assert b"evil" not in answer.lower()
        hosts = asked("/v1/session", f"Authorization: Bearer {token()}").replace(
            b"Host: localhost", b"Host: evil.example"
        )
        assert b"evil" not in (await spoken(port, hosts)).lower()


async def test_two_on_one_host_share_the_port(database_url: str, db: Connection, port: int) -> None:
    async with serving(database_url, port), serving(database_url, port):
        answers = [await spoken(port, asked("/healthz")) for _ in range(8)]

    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)


async def test_when_it_stops_open_connections_end_and_nobody_is_let_in_any_more(
    database_url: str, db: Connection, port: int
) -> None:
    async with serving(database_url, port):
        idle, writer = await asyncio.open_connection("127.0.0.1", port)

    assert await asyncio.wait_for(idle.read(), SECONDS) == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_without_a_secret_it_does_not_start(database_url: str) -> None:
    with pytest.raises(SettingsError, match="POSTBELL_TOKEN_SECRET is not set"):
        Gateway(database_url, Settings())


async def test_an_address_that_is_taken_is_named(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"127.0.0.1:{port} cannot be listened on"):
            await Gateway(database_url, settings_for(port)).run()


async def test_a_database_without_our_schema_is_refused(empty_url: str, port: int) -> None:
    with pytest.raises(SchemaError, match="postbell deploy"):
        await Gateway(empty_url, settings_for(port)).run()


# --- the command


def command(port: int, url: str, **settings: str) -> subprocess.Popen[str]:
    environment = {n: v for n, v in os.environ.items() if not n.startswith("POSTBELL_")}
    return subprocess.Popen(
        [sys.executable, "-c", "from dispatcher.cli import main; main()", "serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **environment,
            "POSTBELL_DATABASE_URL": url,
            "POSTBELL_GATEWAY_PORT": str(port),
            "POSTBELL_LOG_FORMAT": "json",
            **settings,
        },
    )


def get(port: int, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.fixture
def process(database_url: str, db: Connection, port: int) -> Iterator[subprocess.Popen[str]]:
    started = command(port, database_url, POSTBELL_TOKEN_SECRET=SECRET)
    deadline = time.monotonic() + SECONDS
    while started.poll() is None and time.monotonic() < deadline:
        try:
            if get(port, "/readyz")[0] == 200:
                break
        except OSError:
            time.sleep(0.05)
    yield started
    started.kill()
    started.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_answers_and_stops_when_it_is_asked_to(
    process: subprocess.Popen[str], port: int, number: int
) -> None:
    bearer = token()
    refused, _ = get(port, "/v1/session", authorization=f"Bearer {bearer}x")
    status, _ = get(port, "/v1/session", authorization=f"Bearer {bearer}")

    process.send_signal(number)
    out, log = process.communicate(timeout=SECONDS)

    assert (refused, status, process.returncode) == (401, 200, 0)
    said = [json.loads(line)["event"] for line in log.splitlines()]
    assert said[0] == "serving"
    assert "refused a token" in said
    assert said[-1] == "stopped"
    assert bearer not in out + log
    assert SECRET not in out + log


def test_serve_without_a_secret_is_one_sentence_and_wrong_configuration(
    database_url: str, port: int
) -> None:
    process = command(port, database_url)
    _, said = process.communicate(timeout=SECONDS)

    assert process.returncode == 3
    assert said.startswith("POSTBELL_TOKEN_SECRET is not set")
    assert len(said.splitlines()) == 1
