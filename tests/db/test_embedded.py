"""A PostgreSQL of our own: it starts, keeps or forgets, and goes when we go."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dispatcher.db import embedded
from tests.support.databases import IN_HASTE

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that root's server can reach: pytest's own is closed to other accounts."""
    place = Path(tempfile.mkdtemp(prefix="postbell-test-"))
    place.chmod(0o755)
    yield place / "data of ours"
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder for temporary files in which everybody makes and removes their own."""
    place = Path(tempfile.mkdtemp(prefix="postbell-test-"))
    place.chmod(0o1777)
    yield place
    shutil.rmtree(place, ignore_errors=True)


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie has ended too; whoever should have waited for it is gone.
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def pid_of(folder: Path) -> int:
    return int((folder / "data/postmaster.pid").read_text().splitlines()[0])


def test_a_server_runs_for_as_long_as_the_block() -> None:
    with embedded.server(keep=False, settings=IN_HASTE) as server:
        folder, pid = server.folder, pid_of(server.folder)

        assert ask(server.url, "show server_encoding") == "UTF8"
        assert ask(server.url, "select lower('É')") == "é"

    assert not folder.exists()
    assert not is_alive(pid)


def test_its_settings_are_those_given() -> None:
    with embedded.server(keep=False, settings=IN_HASTE | {"work_mem": "5MB"}) as server:
        assert ask(server.url, "show work_mem") == "5MB"
        assert ask(server.url, "show fsync") == "off"


def test_without_tcp_it_listens_on_its_socket_only() -> None:
    with embedded.server(keep=False, settings=IN_HASTE) as server:
        assert ask(server.url, "show listen_addresses") == ""
        with pytest.raises(embedded.EmbeddedError, match="tcp=True"):
            _ = server.tcp_url


def test_over_tcp_it_wants_its_password() -> None:
    with embedded.server(keep=False, settings=IN_HASTE, tcp=True) as server:
        assert ask(server.tcp_url, "select 1") == 1
        password = server.tcp_url.split(":")[2].split("@")[0]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.tcp_url.replace(password, "guess"))


def test_only_its_account_reaches_its_folder() -> None:
    with embedded.server(keep=False, settings=IN_HASTE) as server:
        assert server.folder.stat().st_mode & 0o077 == 0


def test_what_is_kept_is_there_next_time(folder: Path) -> None:
    with (
        embedded.server(folder, keep=True, settings=IN_HASTE) as server,
        psycopg.connect(server.url) as connection,
    ):
        connection.execute("create table kept as select 7 as n")

    with embedded.server(folder, keep=True, settings=IN_HASTE) as server:
        assert ask(server.url, "select n from kept") == 7


def test_a_server_that_runs_already_is_shared_and_left_running(folder: Path) -> None:
    with embedded.server(folder, keep=True, settings=IN_HASTE) as first:
        with embedded.server(folder, keep=True) as second:
            assert second.shared
            assert second.url == first.url
            with pytest.raises(embedded.EmbeddedError, match="not ours to restart"):
                second.restart()

        assert not first.shared
        assert ask(first.url, "select 1") == 1


def test_a_restart_without_warning_loses_no_commit_and_keeps_the_address() -> None:
    with embedded.server(keep=False) as server:
        url = server.url
        with psycopg.connect(url) as connection:
            connection.execute("create table kept as select 7 as n")

        server.restart("immediate")

        assert server.url == url
        assert ask(url, "select n from kept") == 7


def test_a_process_id_from_before_a_crash_does_not_keep_it_from_starting(folder: Path) -> None:
    somebody = subprocess.Popen(["sleep", "0"])
    somebody.wait()
    with embedded.server(folder, keep=True, settings=IN_HASTE) as server:
        stale = (server.data / "postmaster.pid").read_text().splitlines()
    stale[0] = str(somebody.pid)
    (folder / "data/postmaster.pid").write_text("\n".join(stale) + "\n")

    with embedded.server(folder, keep=True, settings=IN_HASTE) as server:
        assert ask(server.url, "select 1") == 1


def test_data_of_another_version_is_refused_naming_both(folder: Path) -> None:
    with embedded.server(folder, keep=True, settings=IN_HASTE):
        pass
    (folder / "data/PG_VERSION").write_text("12\n")

    with (
        pytest.raises(embedded.EmbeddedError, match=r"made by PostgreSQL 12, and this is \d+"),
        embedded.server(folder, keep=True),
    ):
        pass


def test_a_setting_that_does_not_exist_is_told_in_postgresqls_words() -> None:
    with (
        pytest.raises(
            embedded.EmbeddedError, match='unrecognized configuration parameter "no_such"'
        ),
        embedded.server(keep=False, settings={"no_such": "1"}),
    ):
        pass


def test_an_interrupted_initialization_is_repeated(folder: Path) -> None:
    (folder / "data.unfinished").mkdir(parents=True)
    (folder / "data.unfinished/PG_VERSION").write_text("18\n")

    with embedded.server(folder, keep=True, settings=IN_HASTE) as server:
        assert ask(server.url, "select 1") == 1


def test_a_deep_folder_gets_a_short_socket(folder: Path) -> None:
    deep = folder / ("x" * 90)

    with embedded.server(deep, keep=False, settings=IN_HASTE) as server:
        assert ask(server.url, "select 1") == 1
        assert not deep.joinpath("socket").exists()


def test_it_goes_when_we_are_killed(shared_folder: Path) -> None:
    script = """
import sys, time
from dispatcher.db import embedded
with embedded.server(keep=False, settings={"fsync": "off"}) as server:
    print(server.folder, flush=True)
    time.sleep(60)
"""
    root = Path(embedded.__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "TMPDIR": str(shared_folder)},
    ) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        pid = pid_of(folder)
        holder.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 30
    while (is_alive(pid) or folder.exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(pid)
    assert not folder.exists()


def test_it_runs_for_an_ordinary_user() -> None:
    script = """
import os, psycopg
from dispatcher.db import embedded
with embedded.server(keep=False, settings={"fsync": "off"}) as server:
    with psycopg.connect(server.url) as connection:
        print(os.geteuid(), server.folder.stat().st_uid, connection.info.backend_pid > 0)
"""
    command = [sys.executable, "-c", script]
    who = os.geteuid()
    if who == 0:
        who = pwd.getpwnam("nobody").pw_uid
        drop = ["setpriv", f"--reuid={who}", f"--regid={who}", "--clear-groups"]
        command = [*drop, *command]
        if (
            shutil.which("setpriv") is None
            or subprocess.run(
                [*drop, sys.executable, "-c", "import psycopg"], check=False, capture_output=True
            ).returncode
        ):
            pytest.skip("no setpriv, or this environment is closed to other accounts")

    told = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(embedded.__file__).parents[2],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )

    assert told.stdout.split() == [str(who), str(who), "True"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
def test_roots_server_is_another_accounts() -> None:
    with embedded.server(keep=False, settings=IN_HASTE) as server:
        owner = server.data.stat().st_uid

    assert owner == pwd.getpwnam("postbell").pw_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes an account")
def test_servers_that_start_together_agree_on_the_account() -> None:
    name = f"postbell-{os.getpid()}"
    ask_for_it = (
        f"from dispatcher.db import embedded as e; e._ACCOUNT = {name!r}; print(e._account())"
    )
    try:
        starting = [
            subprocess.Popen([sys.executable, "-c", ask_for_it], stdout=subprocess.PIPE, text=True)
            for _ in range(6)
        ]
        found = {process.communicate()[0] for process in starting}

        assert found == {f"{pwd.getpwnam(name)}\n"}
    finally:
        subprocess.run(["userdel", name], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
def test_a_folder_that_roots_account_cannot_enter_is_named(folder: Path) -> None:
    folder.mkdir(mode=0o700)

    with (
        pytest.raises(
            embedded.EmbeddedError, match=r"runs as postbell, who cannot enter .*/deeper"
        ),
        embedded.server(folder / "deeper", keep=True),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's programs may be out of reach")
def test_programs_in_roots_own_home_are_copied_to_where_its_account_can_run_them(
    folder: Path,
) -> None:
    closed = folder.parent / "closed"
    closed.mkdir(mode=0o700)
    package = embedded.binary("postgres").parents[2]
    for found in package.parent.glob(f"{package.name}*"):
        shutil.copytree(found, closed / found.name)
    binaries = closed / package.name / "pginstall/bin"

    with embedded.server(folder, keep=False, settings=IN_HASTE, binaries=binaries) as server:
        assert ask(server.url, "select 1") == 1


def test_a_program_is_found_by_name() -> None:
    version = subprocess.run(
        [embedded.binary("pgbench"), "--version"], check=True, capture_output=True, text=True
    )

    assert "pgbench (PostgreSQL)" in version.stdout
    with pytest.raises(embedded.EmbeddedError, match="no program pg_nothing"):
        embedded.binary("pg_nothing")
