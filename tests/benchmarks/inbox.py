"""First page and unread count of one person, through the views and row-level security."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import quote

from tests.benchmarks import pgbench, stage
from tests.benchmarks.stage import connected, value
from tests.benchmarks.table import Table, decimal, median, number

_ITEMS_EACH = 100

_FILL = """
    insert into {table} (
        id, outbox_id, tenant_id, recipient_id, event, category, subject, title, body, link,
        actions, is_silent, created_at, seen_at, read_at, archived_at
    )
    select
        n, n, 'default', 'u' || 1 + n % {people}, 'order.paid', 'orders', 'order:' || n,
        'Order #' || n || ' paid', '€19.90 has been received for “Market study: bicycles”.',
        'https://shop.example/orders/' || n,
        '[{{"label": "View the order", "link": "https://shop.example/orders/1"}}]',
        n / {people} % 50 = 0, timestamptz '2026-01-01 00:00Z' + make_interval(secs => n),
        case when n / {people} % 2 = 0 then timestamptz '2026-06-01 00:00Z' end,
        case when n / {people} % 3 = 0 then timestamptz '2026-06-01 00:00Z' end,
        case when n / {people} % 20 = 0 then timestamptz '2026-06-01 00:00Z' end
    from generate_series(1, {items}) as n
"""

_COLUMNS = (
    "id, tenant_id, recipient_id, event, category, subject, title, body, link, image, actions,"
    " created_at, seen_at, read_at, archived_at"
)
_PAGE = (
    f"select {_COLUMNS} from {{table}} where tenant_id = 'default' and recipient_id = :person"
    " order by id desc limit 20;"
)
QUERIES = {
    "first page of 20": {
        "bare": _PAGE.format(table="bare.item"),
        "ours": _PAGE.format(table="postbell.inbox"),
    },
    "unread count": {
        "bare": (
            "select count(*) from (select from bare.item where tenant_id = 'default'"
            " and recipient_id = :person and read_at is null and archived_at is null"
            " and not is_silent limit 100) as unread;"
        ),
        "ours": (
            "select unread from postbell.unread_counts"
            " where tenant_id = 'default' and recipient_id = :person;"
        ),
    },
}


def run(items: int = 5_000_000, rounds: int = 5, seconds: float = 4) -> Table:
    """One client, prepared statements, another person in each round."""
    with stage.opened() as ground:
        people = max(items // _ITEMS_EACH, 1)
        table = Table(
            f"Inbox: one person of {number(people)}, {number(items)} items, {rounds} rounds of"
            f" {seconds:g} s, one client",
            ("query", "bare, ms", "postbell_reader, ms", "ratio", "rows"),
        )
        url = ground.ours("inbox")
        _fill(url, items, people)
        found: dict[tuple[str, str], list[float]] = defaultdict(list)
        for turn, label in stage.interleaved(rounds, list(QUERIES)):
            person = f"u{1 + (turn + 1) * people // (rounds + 2)}"
            for side, script in QUERIES[label].items():
                load = pgbench.Load(
                    script, clients=1, seconds=seconds, variables={"person": person}
                )
                where = _as_reader(url, person) if side == "ours" else url
                found[label, side].append(1000 / load.run(where).per_second)
        for label in QUERIES:
            ratios = [
                ours / bare
                for ours, bare in zip(found[label, "ours"], found[label, "bare"], strict=True)
            ]
            table.add(
                label,
                f"{median(found[label, 'bare']):.3f}",
                f"{median(found[label, 'ours']):.3f}",
                decimal(median(ratios)),
                _agreed(url, label, "u1"),
            )
    table.head = ground.head
    table.notes += [
        (
            "bare: an equal table with the same indexes, no view, no row-level security, its owner;"
            " ours: the view, as postbell_reader with postbell.tenant and postbell.recipient set."
            " Round trip included on both sides. Aim: 1.2"
        ),
    ]
    return table


def _as_reader(url: str, person: str) -> str:
    """The URL of a session that may see one person's rows and no others."""
    options = f"-c role=postbell_reader -c postbell.tenant=default -c postbell.recipient={person}"
    return f"{url}&options={quote(options)}"


def _agreed(url: str, label: str, person: str) -> str:
    """Both sides see the same."""
    answers = []
    for side, where in (("bare", url), ("ours", _as_reader(url, person))):
        query = QUERIES[label][side].rstrip(";").replace(":person", "%s")
        with connected(where) as session:
            rows = session.execute(query.encode(), [person]).fetchall()
        answers.append(rows)
    bare, ours = answers
    assert bare == ours
    assert bare
    return f"{len(bare)}, the same"


def _fill(url: str, items: int, people: int) -> None:
    """Both tables alike; keys and indexes are made afterwards, which is faster."""
    with connected(url) as session:
        session.execute(
            "insert into postbell.recipient (tenant_id, id)"
            " select 'default', 'u' || n from generate_series(1, %s) as n",
            [people],
        )
        session.execute("create schema bare")
        session.execute("create table bare.item (like postbell.inbox_item including defaults)")
        session.execute("set maintenance_work_mem = '512MB'")
        keys = session.execute(
            "select conname, pg_get_constraintdef(oid) from pg_constraint"
            " where conrelid = 'postbell.inbox_item'::regclass and contype = 'p'"
        ).fetchall()
        for name, _ in keys:
            session.execute(f"alter table postbell.inbox_item drop constraint {name}".encode())
        indexes = session.execute(
            "select indexname, indexdef from pg_indexes"
            " where schemaname = 'postbell' and tablename = 'inbox_item'"
        ).fetchall()
        for name, _ in indexes:
            session.execute(f"drop index postbell.{name}".encode())

        for table in ("postbell.inbox_item", "bare.item"):
            session.execute(_FILL.format(table=table, items=items, people=people).encode())
            for name, definition in keys:
                adding = f"alter table {table} add constraint {name} {definition}"
                session.execute(adding.encode())
            for _, definition in indexes:
                session.execute(definition.replace("postbell.inbox_item", table).encode())
            session.execute(f"vacuum (analyze) {table}".encode())
        session.execute("vacuum (analyze) postbell.recipient")
        session.execute("checkpoint")
        assert value(session, "select count(*) from postbell.inbox_item") == items
