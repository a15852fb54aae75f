"""PgBouncer in front of a server of ours, which lets everybody in."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Literal, Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.peers import program
from tests.support.peers.server_process import ServerProcess, free_port, listens

_SOURCE = "apt-get install pgbouncer"

# What an installation has out of the box but for these.
_CONFIGURATION = """\
[databases]
* = host={host} port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = {pool_size}
"""


class PgBouncer:
    """A pooler at `url` in front of the database at `server` (a URL), inside a `with`.

    `logins` may come. `pool_size` is how many sessions each of them has at the server.
    """

    def __init__(
        self,
        server: str,
        mode: Literal["session", "transaction"],
        *,
        logins: tuple[str, ...] = ("postgres",),
        pool_size: int = 20,
    ) -> None:
        """Skips the test if PgBouncer is absent."""
        self._pgbouncer = program.path_of("pgbouncer", source=_SOURCE)
        self._server = server
        self._mode = mode
        self._logins = logins
        self._pool_size = pool_size
        self._port = free_port()
        self._closing = ExitStack()
        self._log = Path()

    @property
    def url(self) -> str:
        return make_conninfo(self._server, host="127.0.0.1", port=self._port)

    def __enter__(self) -> Self:
        folder = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        where = conninfo_to_dict(self._server)
        host = str(where.get("host", "127.0.0.1"))
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(
            _CONFIGURATION.format(
                folder=folder,
                host=host,
                server_port=where.get("port", 5432),
                port=self._port,
                mode=self._mode,
                pool_size=self._pool_size,
            )
        )
        (folder / "users").write_text("".join(f'"{login}" ""\n' for login in self._logins))
        self._log = folder / "pgbouncer.log"
        # Not as root, which it refuses, but as whoever may enter the folder of the server's socket.
        as_owner = ["setpriv", "--clear-groups", f"--reuid={_owner(host)}"]
        process = ServerProcess(
            [*(as_owner if os.geteuid() == 0 else []), self._pgbouncer, str(configuration)],
            self._log,
        )
        self._closing.callback(process.end)
        process.start(lambda: listens(self._port))
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()


def _owner(host: str) -> int:
    """The account of the server, if `host` is the folder of its socket; else nobody's."""
    nobody = 65534
    return Path(host).stat().st_uid if host.startswith("/") else nobody
