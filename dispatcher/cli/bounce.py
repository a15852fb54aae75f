"""postbell bounce"""

from __future__ import annotations

import os
import sys
import syslog
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.cli.connection import Connection, connected
from dispatcher.cli.errors import CommandError
from dispatcher.cli.output import echo, echo_stderr

if TYPE_CHECKING:
    from dispatcher.inbound.links import ReturnPath

#: Bytes that are read of a mail. The report is at its beginning, before the returned mail.
LARGEST: int = 10 * 1024 * 1024


def command(
    recipient: Annotated[
        str | None,
        typer.Option(
            help="To whom the mail was sent, as the mail server knows it.",
            metavar="ADDRESS",
            envvar=["ORIGINAL_RECIPIENT", "RECIPIENT"],
            show_envvar=False,
        ),
    ] = None,
    maildir: Annotated[
        Path | None,
        typer.Option(
            help="Read what is new in this folder, and mark it as seen; not standard input.",
            metavar="FOLDER",
            exists=True,
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Take a mail that came back: a bounce, a delay, a complaint.

    \b
    # in /etc/aliases, with recipient_delimiter = +
    bounces: "|postbell bounce"
    # now and then
    postbell bounce --maildir ~bounces/Maildir

    Exit codes for a mail server (sysexits.h): 0 it is done with, 75 keep it and try again. With
    --maildir it is 75 if a mail was left as it is; the next run tries it again. What is
    no report, or is forged, is dropped with 0: sent back, it would go to whoever was named as its
    sender. What became of a mail is said in a sentence, and in the system's log for mail.

    What comes to an address that is signed, and cannot be read, counts as a bounce without a
    reason; postbell.receipt has it, with {"format": "unknown"}. Automatic replies, and answers that
    somebody wrote, are dropped.
    """  # noqa: D301 - this \b keeps the lines apart
    with _kept_if_it_fails():
        from dispatcher.inbound.links import ReturnPath
        from dispatcher.settings import Settings

        settings = Settings.load()
        return_path = ReturnPath(settings.return_path, settings.signer)
        with connected(settings, is_embedded=None) as connection:
            if maildir is None:
                raw = sys.stdin.buffer.read(LARGEST)
                sentence = _taken(connection, return_path, raw, recipient)
                echo(sentence)
                _log(sentence)
                return
            if not _read(maildir, lambda raw: _taken(connection, return_path, raw, None)):
                raise typer.Exit(os.EX_TEMPFAIL)


def _taken(
    connection: Connection, return_path: ReturnPath, raw: bytes, recipient: str | None
) -> str:
    """Read one mail and store its receipts. Returns the result as a sentence.

    Raises psycopg.Error.
    """
    from dispatcher.db import deliveries
    from dispatcher.inbound import bounces
    from dispatcher.inbound.receipts import OURSELVES, written

    try:
        receipts = bounces.receipts_in(raw, return_path, recipient)
    except bounces.NotABounce as error:
        return f"Dropped: {error}."
    except bounces.Unproven as error:
        return f"Refused: {error}."
    rows = deliveries.receive_receipts(connection, OURSELVES, written(receipts))
    named = ", ".join(sorted({row.result for row in rows}))
    if any(receipt.detail.get("format") == "unknown" for receipt in receipts):
        return f"Reported without a reason, for it is in no known form: {named}."
    return f"Reported: {named}."


def _log(sentence: str) -> None:
    """Write to the system's mail log: mail servers discard the output of successful commands."""
    is_clear = sentence.startswith("Reported:")
    syslog.openlog("postbell", syslog.LOG_PID, syslog.LOG_MAIL)
    syslog.syslog(syslog.LOG_INFO if is_clear else syslog.LOG_WARNING, f"bounce: {sentence}")


def _read(folder: Path, take: Callable[[bytes], str]) -> bool:
    """Call `take` with each mail of a Maildir that is not marked as seen, and mark it.

    A mail that fails is left, and the next one is read. Returns whether none was left. Raises
    psycopg.Error while the database is unavailable.
    """
    from dispatcher.db.connections import is_unavailable

    counted: Counter[str] = Counter()
    is_whole = True
    for file in _unseen(folder):
        try:
            with file.open("rb") as opened:
                raw = opened.read(LARGEST)
            sentence = take(raw)
            _mark_as_seen(file)
            counted[sentence] += 1
        except Exception as error:  # a bug must not stop the other mails
            if is_unavailable(error):
                raise
            is_whole = False
            left = f"Left in the Maildir, {file.name}: {_why(error)}"
            echo_stderr(left)
            _log(left)
    for sentence, count in sorted(counted.items()):
        echo(f"{count} × {sentence}")
    return is_whole


def _unseen(folder: Path) -> list[Path]:
    """The mails that no program has marked as seen, oldest first."""
    try:
        files = [file for name in ("new", "cur") for file in (folder / name).iterdir()]
    except OSError as error:
        raise CommandError(f"{folder} is no Maildir: {error}") from None
    unseen = [
        file
        for file in files
        if not file.name.startswith(".") and not file.is_dir() and "S" not in _flags(file)
    ]
    return sorted(unseen, key=lambda file: file.name)


def _flags(file: Path) -> str:
    """The flags of a mail in a Maildir: the letters after `:2,` in the file's name."""
    return file.name.partition(":2,")[2]


def _mark_as_seen(file: Path) -> None:
    flags = "".join(sorted({*_flags(file), "S"}))
    file.rename(file.parent.parent / "cur" / f"{file.name.partition(':')[0]}:2,{flags}")


def _why(error: Exception) -> str:
    from dispatcher.cli.reports import report_of

    failure = report_of(error)
    if failure is not None:
        return failure.as_text()
    if not isinstance(error, OSError):
        traceback.print_exception(error)
    return f"{type(error).__name__}: {error}"


@contextmanager
def _kept_if_it_fails() -> Iterator[None]:
    """End with EX_TEMPFAIL after any error, so that the mail server keeps the mail."""
    try:
        yield
    except typer.Exit:
        raise
    except Exception as error:  # noqa: BLE001 - a bug must not lose the mail, either
        from dispatcher.cli.reports import report_of

        failure = report_of(error)
        if failure is None:
            traceback.print_exc()
        else:
            echo_stderr(failure.as_text())
        raise typer.Exit(os.EX_TEMPFAIL) from None
