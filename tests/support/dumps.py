"""Dumps of released versions: the schema and some rows in each of its tables, as plain SQL.

`python -m tests.support.dumps VERSION` makes one of its checkout; see tests/README.md.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg

from dispatcher import CONTRACT
from dispatcher.db import embedded
from dispatcher.deploy import schema
from tests.support import given
from tests.support.daemon import running
from tests.support.given import Connection
from tests.support.renderings import shipped_catalog
from tests.support.scripted_provider import ScriptedProvider

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests/deploy/dumps"

#: Ours, pgqueuer's, and the sample application's.
SCHEMAS = ("postbell*", "shop")
PAYLOAD = {"order_id": 42, "amount": "19.90"}
#: Far enough for any test.
LATER = "2999-01-01 12:00Z"


@dataclass(frozen=True)
class Dump:
    """A file, and what its first lines say."""

    path: Path

    @property
    def version(self) -> str:
        return self.path.stem

    @property
    def commit(self) -> str:
        """The commit that it was made of."""
        return self._said("commit")

    @property
    def contract(self) -> int:
        return int(self._said("contract"))

    def restore(self, url: str) -> None:
        """Into an empty database of a cluster that has the roles."""
        psql = [str(embedded.binary("psql")), "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1"]
        done = subprocess.run(
            [*psql, "--file", str(self.path), "--dbname", url],
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def _said(self, what: str) -> str:
        with self.path.open(encoding="utf-8") as text:
            found = re.search(rf"\b{what} (\w+)", text.readline())
        assert found, f"{self.path} does not say its {what}"
        return found[1]


def dumps() -> list[Dump]:
    """Every one that is kept."""
    return [Dump(path) for path in sorted(FOLDER.glob("*.sql"))]


def make(version: str) -> Path:
    """Deploy, fill and dump a database of the server that comes with Postbell."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short=10", "HEAD"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    with embedded.server(keep=False) as server:
        schema.deploy(server.url, events=shipped_catalog().events.values())
        fill(server.url)
        command = [str(embedded.binary("pg_dump")), "--no-owner"]
        command += [f"--schema={name}" for name in SCHEMAS]
        text = subprocess.run(
            [*command, server.url], check=True, capture_output=True, text=True
        ).stdout
    # What an older server or psql does not know, or what differs between two dumps of the same.
    text = re.sub(r"(?m)^(\\(un)?restrict .*|SET transaction_timeout = 0;)\n", "", text)
    path = FOLDER / f"{version}.sql"
    path.write_text(f"-- Postbell {version}, commit {commit}, contract {CONTRACT}\n{text}")
    return path


# --- rows


def fill(url: str) -> None:
    """Rows in each table, of everything that may be there when the next version is deployed."""
    with psycopg.connect(url, autocommit=True) as db:
        _people(db)
        _application(db)
        _configuration(db)
        asyncio.run(_delivered(url, db))
        _on_its_way(db)
        _came_back(db)
        _gateway(db)
        _reports(db)
        _erased(db)
        _not_routed(db)


def _people(db: Connection) -> None:
    given.tenant(db, "boutique", tracking=["opens"])
    db.execute('update postbell.tenant set branding = \'{"from_name": "Boutique"}\'')
    for number in range(1, 6):
        given.recipient(
            db, f"u{number}", phone=f"+3361234567{number}", locale="fr", roles=["client"]
        )
    given.recipient(db, "u1", tenant_id="boutique", attributes={"name": "Ann"})
    given.device(db)
    given.call(db, "join_topic", recipient="u2", topic="thread:7")
    given.call(db, "set_preference", recipient="u2", enabled=False, channel="sms")
    given.call(db, "mute", recipient="u3", subject="order:3")
    given.call(
        db,
        "set_quiet_hours",
        recipient="u4",
        starts="04:00",
        ends="03:00",
        days=[1, 2, 3, 4, 5, 6, 7],
        channels=["sms", "push", "email"],
    )
    given.call(db, "suppress", channel="email", address="u5@example.org")
    given.call(db, "hold", subject="order:3", reason="a dispute")


def _application(db: Connection) -> None:
    """The application's own users, whom recipients follow."""
    db.execute("""
        create schema shop;
        create table shop.users (
            id bigint primary key, mail text, site text not null default 'default'
        );
        insert into shop.users
        values (101, 'ada@example.org', 'default'), (102, 'bob@example.org', 'not there')
    """)
    mapping = {"id": "id", "email": "mail", "tenant_id": "site"}
    given.call(db, "mirror_recipients", source="shop.users", mapping=mapping)


def _configuration(db: Connection) -> None:
    given.insert(db, "tenant_event", tenant_id="boutique", event="order.paid", disabled_at=LATER)
    given.call(db, "choose_providers", channel="email", providers=["scripted"])
    given.insert(db, "event_choice", pattern="order.*")
    path = "order/paid/en/sms.txt"
    given.call(db, "set_text", path=path, content="Paid.", note="shorter")
    given.call(db, "set_text", path=path, content="{{ broken", tenant_id="boutique")


async def _delivered(url: str, db: Connection) -> None:
    """What a daemon has sent, refused and given up."""
    for number, channels in enumerate((["in_app"], ["email"], ["in_app", "email"]), 1):
        given.emit(
            db, payload=PAYLOAD, channels=channels, subject=f"order:{number}", actor="u5",
            idempotency_key=f"once-{number}",
        )  # fmt: skip
    given.emit(db, payload=PAYLOAD, channels=["in_app"], idempotency_key="once-1")
    given.emit(db, payload=PAYLOAD, channels=["in_app"], idempotency_key="once-1")
    given.emit(db, recipient="u3", payload=PAYLOAD, channels=["in_app"], subject="order:3")
    given.emit(db, recipient="u5", payload=PAYLOAD, channels=["email"])
    given.emit(db, "no.such_event", payload=PAYLOAD)
    given.emit(db, tenant_id="boutique", payload=PAYLOAD, channels=["in_app"])
    async with running(url, ScriptedProvider()):
        for _ in range(200):
            await asyncio.sleep(0.05)
            if given.value(
                db,
                "select count(*) > 4 from postbell.delivery where sent_at is not null"
                " and not exists (select from postbell.batch)",
            ):
                break
    db.execute("select postbell.mark_read('u1', array(select id from postbell.inbox limit 1))")


def _on_its_way(db: Connection) -> None:
    """What waits, what is queued, what nobody knows of, and what is dead."""

    def routed(channel: str, **columns: object) -> int:
        event = given.emit(db, **{"payload": PAYLOAD, "channels": [channel], **columns})  # type: ignore[arg-type]
        given.route(db)
        return int(
            given.value(
                db,
                "select coalesce(max(id), 0) from postbell.delivery where notification_id = %s",
                event,
            )
        )

    def answered(delivery: int, outcome: str, reason: str | None = None) -> None:
        batch = given.value(
            db, "select id from postbell.batch where %s = any(delivery_ids)", delivery
        )
        ((token,),) = given.claim(db, batch, "claim_token", start_sending=1)
        given.attempts(db, outcome, delivery, reason=reason)
        given.call(db, "finish_batch", batch_id=batch, claim_token=token)

    answered(routed("sms"), "unknown", "no answer")
    answered(routed("email"), "retry", "greylisted")
    answered(routed("email"), "refused", "mailbox unavailable")
    answered(routed("sms"), "sent")
    given.fail(db, "template: amount is missing", routed("email"))
    routed("email", recipient="u4")
    routed("push")
    routed("in_app", recipient="u2")
    batch = given.value(db, "select max(id) from postbell.batch")
    given.claim(db, batch, start_sending=1)
    routed("in_app", deliver_at=LATER)
    given.call(db, "cancel", subject="order:7")
    db.execute(
        "insert into postbell.recipient (tenant_id, id)"
        " select 'default', 'p' || n from generate_series(1, 40) as n"
    )
    everybody = [f"p{number}" for number in range(1, 41)]
    routed("in_app", recipient=None, audience={"recipients": everybody})
    db.execute("select reached from postbell_private.fan_out(10)")


def _came_back(db: Connection) -> None:
    """Receipts of messages that are known, and of one that is not yet; an answer to a text."""
    sent = given.value(db, "select max(id) from postbell.delivery where channel = 'sms'")
    receipts = [
        {"event_id": "1", "delivery_id": sent, "kind": "delivered"},
        {"event_id": "2", "message_id": "nobody's yet", "kind": "delivered"},
    ]
    given.call(db, "receive_receipt", provider="test", receipts=json.dumps(receipts))
    given.call(
        db, "receive_reply", provider="test", event_id="3", address="+33612345675", words="STOP"
    )


def _gateway(db: Connection) -> None:
    """Who is logged in, and what open pages were told."""
    who = {"tenant_id": "default", "recipient_id": "u1"}
    given.insert(db, "session", digest=b"session", expires_at=LATER, **who)
    given.insert(
        db, "ticket", digest=b"ticket", session_digest=b"session", expires_at=LATER,
        valid_until=LATER, **who,
    )  # fmt: skip
    given.insert(db, "operator_session", digest=b"operator", operator="olga", expires_at=LATER)
    given.call(db, "stream_position")
    given.insert(db, "stream_event", kind="notification", frame={"title": "Paid"}, **who)
    given.insert(db, "stream_truncation", slot=1, last_xid="700")
    text = given.value(db, "select max(id) from postbell.text_version")
    given.call(
        db,
        "report_texts",
        faults=json.dumps([{"text_id": text, "fault": "unclosed", "instead": "the file"}]),
        template_sets=json.dumps([{"version": "abc", "event": "order.paid", "text_ids": [text]}]),
    )


def _reports(db: Connection) -> None:
    """What dispatchers report, and what pgqueuer keeps beside its jobs."""
    report = {
        "provider": "scripted", "channel": "email", "state": "ready", "reason": None,
        "changed_at": "2026-01-01Z", "opens_at": None,
    }  # fmt: skip
    given.call(db, "report_providers", process="host:1", reports=json.dumps([report]))
    db.execute("""
        insert into postbell_queue.pgqueuer_schedules (expression, entrypoint)
        values ('* * * * *', 'nobody''s');
        insert into postbell_queue.pgqueuer_statistics (count, priority, status, entrypoint)
        values (1, 0, 'successful', 'nobody''s');
        insert into postbell_queue.pgqueuer_log (job_id, priority, status, entrypoint)
        values (1, 0, 'successful', 'nobody''s')
    """)


def _erased(db: Connection) -> None:
    """Somebody who is erased for good, and somebody of whom housekeeping looks for the rest."""
    for who, address in (("u8", "+33612345678"), ("u9", "+33612345679")):
        given.recipient(db, who, phone=address)
        given.call(db, "suppress", channel="email", address=f"{who}@example.org")
        given.call(
            db, "receive_reply", provider="test", event_id=who, address=address, words="STOP"
        )
        given.emit(db, recipient=who, payload=PAYLOAD, channels=["in_app"])
        given.route(db)
        given.call(db, "erase_recipient", recipient=who)
        if who == "u8":
            db.execute("select postbell_private.tidy_up()")


def _not_routed(db: Connection) -> None:
    """Emitted while no router ran."""
    given.emit(db, payload=PAYLOAD, channels=["in_app"])
    given.emit(db, payload=PAYLOAD, channels=["in_app", "email"], idempotency_key="last")


if __name__ == "__main__":
    print(make(sys.argv[1]))
