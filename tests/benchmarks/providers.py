"""What a provider of ours costs per message, beside the service's own library (SDK).

A mail server has none: there it is Python's smtplib.
"""

from __future__ import annotations

import json
import os
import smtplib
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks import machine, stage
from tests.benchmarks.rivals import RIVALS, WARM_UP
from tests.benchmarks.table import Table, decimal, median, number
from tests.benchmarks.web_sink import TLS

#: How a message is sent, and what the table calls it.
WAYS = {
    "ours": "ours, 8 in flight",
    "sdk": "its SDK, one after the other",
    "sdk_threads": "its SDK, in 8 threads",
}
#: Distributions whose versions the figures depend on.
PACKAGES = ("aiohttp", "sendgrid", "twilio", "pywebpush")

_ROOT = Path(__file__).parents[2]


def run(rounds: int, messages: int) -> Table:
    """`messages` is for our side; an SDK gets a tenth, for it would take minutes."""
    processors = machine.Processors.now()
    table = Table(
        "Providers: one process sends to a service on this machine that says yes at once",
        ("service", "over", "through", "messages/s", "CPU ms/message", "CPU, of ours"),
        head=machine.hardware_and(PACKAGES),
    )
    for service, rival in RIVALS.items():
        for scheme in rival.SCHEMES:
            _compare(table, service, scheme, rounds, messages)
    table.head = [*table.head, processors.since()]
    table.notes += [
        (
            "CPU is that of the sending process; the service has one of its own. Ours keeps"
            " connections; an SDK is used as its README shows, with one client for all messages,"
            " and Python's smtplib as its manual does, with a connection for each"
        ),
        "A service far away adds its latency: ours overlaps it by what is in flight, a thread each",
    ]
    return table


def _compare(table: Table, service: str, scheme: str, rounds: int, messages: int) -> None:
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    costs: dict[str, list[float]] = {way: [] for way in WAYS}
    with _sink(service, scheme) as port, _trust() as authorities:
        for _, way in stage.interleaved(rounds, list(WAYS)):
            count = messages if way == "ours" else max(messages // 10, 1)
            before = _answered(port, scheme)
            figures = _measured(authorities, service, way, port, scheme, count)
            # Nothing was lost, and nothing was sent twice.
            assert _answered(port, scheme) - before == count + WARM_UP
            rates[way].append(count / figures["seconds"])
            costs[way].append(figures["cpu"] / count)
    for way, name in WAYS.items():
        table.add(
            service,
            scheme,
            name,
            number(median(rates[way])),
            decimal(1000 * median(costs[way])),
            decimal(median(costs[way]) / median(costs["ours"])),
        )


@contextmanager
def _sink(service: str, scheme: str) -> Iterator[int]:
    """The port of a service that runs as long as the block."""
    with subprocess.Popen(
        [sys.executable, "-m", *_sink_of(service, scheme)],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        # It ends when its input is closed, which leaving the block does.
        yield int(process.stdout.readline())


def _sink_of(service: str, scheme: str) -> tuple[str, ...]:
    if scheme == "smtp":
        return ("tests.benchmarks.mail_sink",)
    return "tests.benchmarks.web_sink", service, scheme


@contextmanager
def _trust() -> Iterator[str]:
    """A file of the system's authorities and of ours: reading them all is part of the cost."""
    paths = ssl.get_default_verify_paths()
    systems = Path(paths.cafile or paths.openssl_cafile)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        if systems.is_file():
            file.write(systems.read_text())
        file.write((TLS / "localhost.crt").read_text())
        file.flush()
        yield file.name


def _measured(
    authorities: str, service: str, way: str, port: int, scheme: str, count: int
) -> dict[str, float]:
    words = (service, way, str(port), scheme, str(count))
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.rivals", *words],
        cwd=_ROOT,
        # By two names: Twilio's library uses requests, which has certificates of its own.
        env={**os.environ, "SSL_CERT_FILE": authorities, "REQUESTS_CA_BUNDLE": authorities},
        stdout=subprocess.PIPE,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _answered(port: int, scheme: str) -> int:
    if scheme == "smtp":
        with smtplib.SMTP("localhost", port, timeout=10) as server:
            return int(server.help())
    context = ssl.create_default_context(cafile=TLS / "localhost.crt")
    url = f"{scheme}://localhost:{port}/"
    with urllib.request.urlopen(  # noqa: S310 - the URL is ours
        url, timeout=10, context=context if scheme == "https" else None
    ) as answer:
        return int(answer.read())
