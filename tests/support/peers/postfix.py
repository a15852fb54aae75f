"""A private Postfix: a real mail server with mailboxes, refusals and bounces of its own.

It shares nothing with the machine's: configuration, queue, data and log are in a temporary folder,
and it listens on one port of 127.0.0.1.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import ExitStack
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Self

import pytest

from tests.support.peers import program
from tests.support.peers.server_process import ServerProcess, free_port, listens

_SOURCE = "apt-get install postfix"

#: Domains whose mailboxes are here.
DOMAINS = ("example.org", "shop.example", "bücher.example", "xn--bcher-kva.example")

#: Mailboxes by address; `bounces+…@shop.example` comes to the third.
MAILBOXES = {
    "ann@example.org": "ann",
    "jürgen@example.org": "juergen",
    "bounces@shop.example": "bounces",
    "ann@bücher.example": "ann_idn",
    "ann@xn--bcher-kva.example": "ann_idn",
    '"ann lee"@example.org': "ann_lee",
    "a" * 64 + "@example.org": "longest",
}

#: Refused at RCPT, besides whoever has no mailbox.
REFUSALS = {
    "banned@example.org": "550 5.7.1 not from you",
    "full@example.org": "552 5.2.2 mailbox full",
    "busy@example.org": "450 4.2.0 come back later",
}

#: A mail with this in its subject is refused at the final dot.
SPAM = "miracle cure"

#: Mails to anybody here are forwarded to the relay that the test names.
RELAYED = "relayed.example"

#: Of a mail, in bytes; EHLO says so.
LARGEST_MAIL = 100_000

_SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 1 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A mail server at `url`, inside a `with`. `certificate` and `key` turn STARTTLS on.

    `relay` is the port of another one on 127.0.0.1 that gets the mails for RELAYED.
    """

    def __init__(
        self,
        *,
        relay: int | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        """Skips the test if Postfix is absent, or we are not root: its master insists on that."""
        self._postfix = program.path_of("postfix", source=_SOURCE)
        if os.geteuid() != 0:
            pytest.skip("Postfix starts only as root")
        self._relay = relay
        self._tls = (certificate, key)
        self.port = free_port()
        self._closing = ExitStack()
        self._folder = Path()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def maildir(self, name: str) -> Path:
        """The folder of a mailbox; it is made for its first mail."""
        return self._folder / "mail" / name

    def mailbox(self, name: str) -> list[EmailMessage]:
        """The mails in a mailbox, as the standard library reads them."""
        arrived = self.maildir(name).glob("new/*")
        return [
            message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(arrived)
        ]

    def log(self) -> str:
        return (self._folder / "postfix.log").read_text(errors="replace")

    def __enter__(self) -> Self:
        folder = self._closing.enter_context(
            tempfile.TemporaryDirectory(prefix="postbell_postfix_")
        )
        self._folder = Path(folder)
        # Postfix gives root up for users of its own, who pass through here.
        self._folder.chmod(0o755)
        self._configure()
        process = ServerProcess(
            [*self._command, "start-fg"],
            self._folder / "start.log",
        )
        self._closing.callback(process.end)
        # Its master leaves the group that it was started in.
        self._closing.callback(self._stop)
        process.start(lambda: listens(self.port))
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def _command(self) -> list[str]:
        return [self._postfix, "-c", str(self._folder / "etc")]

    def _stop(self) -> None:
        subprocess.run([*self._command, "stop"], check=False, capture_output=True, timeout=60)

    def _configure(self) -> None:
        for name in ("etc", "queue", "data", "mail"):
            (self._folder / name).mkdir()
        # Mailboxes are nobody's.
        (self._folder / "mail").chmod(0o777)
        os.chown(self._folder / "data", *_owner("postfix"))
        etc = self._folder / "etc"
        (etc / "master.cf").write_text(_SERVICES.format(port=self.port))
        _write_map(etc / "mailboxes", {who: f"{box}/" for who, box in MAILBOXES.items()})
        _write_map(etc / "refusals", REFUSALS)
        (etc / "headers").write_text(f"/^Subject:.*{SPAM}/ REJECT 5.7.1 we are well\n")
        settings = self._settings()
        (etc / "main.cf").write_text(
            "".join(f"{name} = {value}\n" for name, value in settings.items())
        )

    def _settings(self) -> dict[str, object]:
        folder, etc = self._folder, self._folder / "etc"
        certificate, key = self._tls
        settings: dict[str, object] = {
            "compatibility_level": "3.6",
            "queue_directory": folder / "queue",
            "data_directory": folder / "data",
            "maillog_file": folder / "postfix.log",
            "maillog_file_prefixes": folder,
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "myhostname": "mail.example.org",
            "mydestination": "",
            "local_transport": "error:no local mailboxes",
            "alias_maps": "",
            "mynetworks": "127.0.0.0/8",
            "recipient_delimiter": "+",
            "smtputf8_enable": "yes",
            # Nobody is looked up, or written to, outside this machine.
            "default_transport": "error:5.4.4 there is nothing outside",
            "disable_dns_lookups": "yes",
            "smtp_host_lookup": "native",
            "virtual_mailbox_domains": " ".join(DOMAINS),
            "virtual_mailbox_base": folder / "mail",
            "virtual_mailbox_maps": f"texthash:{etc / 'mailboxes'}",
            "virtual_uid_maps": "static:65534",
            "virtual_gid_maps": "static:65534",
            "virtual_mailbox_limit": 0,
            "message_size_limit": LARGEST_MAIL,
            "header_checks": f"regexp:{etc / 'headers'}",
            "smtpd_relay_restrictions": "reject_unauth_destination",
            "smtpd_recipient_restrictions": f"check_recipient_access texthash:{etc / 'refusals'}",
            # A test tries again at once; nobody is guessing passwords.
            "smtpd_error_sleep_time": "0",
            "smtpd_client_connection_count_limit": "0",
        }
        if self._relay is not None:
            (etc / "transport").write_text(f"{RELAYED} smtp:[127.0.0.1]:{self._relay}\n")
            settings |= {
                "relay_domains": RELAYED,
                "transport_maps": f"texthash:{etc / 'transport'}",
            }
        if certificate and key:
            settings |= {
                "smtpd_tls_security_level": "may",
                "smtpd_tls_cert_file": certificate,
                "smtpd_tls_key_file": key,
            }
        return settings


def _write_map(path: Path, entries: dict[str, str]) -> None:
    path.write_text("".join(f"{key} {value}\n" for key, value in entries.items()))


def _owner(user: str) -> tuple[int, int]:
    import pwd  # noqa: PLC0415 - Unix's alone, as Postfix

    found = pwd.getpwnam(user)
    return found.pw_uid, found.pw_gid
