"""A primary and its hot standby."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dispatcher.db import embedded
from dispatcher.db.embedded import Server


@dataclass(frozen=True, slots=True)
class Pair:
    primary: Server
    standby: Server

    @property
    def url(self) -> str:
        """Both of them, for libpq to find the one that takes writes."""
        hosts = [
            str(conninfo_to_dict(server.url)["host"]) for server in (self.primary, self.standby)
        ]
        return make_conninfo(
            self.primary.url,
            host=",".join(hosts),
            port="5432,5432",
            target_session_attrs="read-write",
        )


def standby_of(primary: Server, settings: Mapping[str, str]) -> Server:
    """A server that can follow the primary, in a folder beside its own; not yet started."""
    folder = primary.folder.with_name(primary.folder.name + "-standby")
    return Server(folder, keep=False, settings=settings)


def follow(primary: Server, standby: Server) -> None:
    """Makes a standby as the manual of PostgreSQL says."""
    standby.folder.mkdir(mode=0o700)
    command = [
        str(embedded.binary("pg_basebackup")),
        *("--pgdata", str(standby.data), "--dbname", make_conninfo(primary.url)),
        *("--write-recovery-conf", "--checkpoint", "fast", "--no-sync"),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    path: Path
    for path in (standby.data, *standby.data.rglob("*")):
        standby._give(path)
    standby.prepare(embedded.binary("postgres").parent)
    standby.start()
