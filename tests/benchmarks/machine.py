"""What a figure was measured on: a figure without it says nothing."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psycopg

#: What production sets; everything else is PostgreSQL's default.
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
}
_SHOWN = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum", *SETTINGS)
_PACKAGES = ("psycopg", "pgqueuer", "procrastinate")


@dataclass(frozen=True, slots=True)
class Processors:
    """What the processors did since the machine started, in ticks; all zero where nobody says."""

    busy: int
    #: Taken by the host for other machines.
    stolen: int
    total: int

    @classmethod
    def now(cls) -> Processors:
        try:
            line = Path("/proc/stat").read_text().partition("\n")[0]
        except FileNotFoundError:
            return cls(0, 0, 0)
        user, nice, system, idle, waiting, interrupts, soft, stolen = map(int, line.split()[1:9])
        busy = user + nice + system + interrupts + soft
        return cls(busy, stolen, busy + idle + waiting + stolen)

    def since(self) -> str:
        """What they did since then, in a line."""
        now = Processors.now()
        total = max(now.total - self.total, 1)
        busy, stolen = now.busy - self.busy, now.stolen - self.stolen
        return (
            f"Processors while it ran: {busy / total:.0%} busy, by whomever,"
            f" {stolen / total:.0%} taken away by the machine's host"
        )


def described(url: str) -> list[str]:
    """The machine, the server and the packages, a line each."""
    with psycopg.connect(url, autocommit=True) as connection:
        postgres = connection.info.parameter_status("server_version")
        settings = [f"{name}={_setting(connection, name)}" for name in _SHOWN]
    hardware, software = hardware_and(_PACKAGES)
    return [
        hardware,
        f"PostgreSQL {postgres} on the same machine: {', '.join(settings)}; the rest is default",
        software,
    ]


def hardware_and(packages: Sequence[str]) -> tuple[str, str]:
    """The machine, and Python with these distributions, a line each."""
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        (
            f"Machine: {os.cpu_count()} × {_processor()}, {_memory_gib():.0f} GiB of memory,"
            f" {platform.system()} {platform.release()}; load at the start {load}"
        ),
        f"Python {platform.python_version()}, {versions}",
    )


def _setting(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("select current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
