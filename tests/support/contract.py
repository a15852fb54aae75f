"""The public contract of a deployed Postbell as text: a function for a file of tests/contract."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any, Final, LiteralString

import typer
from prometheus_client.metrics import MetricWrapperBase
from psycopg import Connection

from dispatcher.cli import app
from dispatcher.db.monitoring import Depth
from dispatcher.errors import BY_CODE
from dispatcher.metrics import Metrics
from dispatcher.settings import PREFIX, Settings

ROOT: Final = Path(__file__).parents[2]
#: Those of an application, a person and a help desk. An admin may do all of it; the others are our
#: own processes'.
ROLES: Final = ("producer", "reader", "support")
_CLASS: Final = re.compile(r"<class '(.*?)'>")
#: The pages for users; those of docs/reference are made of the contract.
MANUAL: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def functions(connection: Connection[Any]) -> str:
    """Signatures and comments of the functions that a public role may call or a manual names."""
    named = sorted(
        {
            name
            for page in MANUAL
            for name in re.findall(r"postbell\.(\w+)\(", page.read_text("utf-8"))
        }
    )
    return _blocks(connection.execute(_FUNCTIONS, {"roles": _role_names(), "named": named}))


def relations(connection: Connection[Any]) -> str:
    """Views and the tables of the contract: columns, types and comments."""
    parts = []
    for name, comment, columns in connection.execute(_RELATIONS):
        lines = [f"{column} {kind}{_dash(said)}" for column, kind, said in columns]
        parts.append(f"{name}{_dash(comment)}\n{indent(chr(10).join(lines), '    ')}")
    return _paragraphs(parts)


def grants(connection: Connection[Any]) -> str:
    """What each public role may do with relations, columns, sequences and functions."""
    rows = connection.execute(_GRANTS, {"roles": _role_names()})
    return _lines(f"{role}: {right} on {name}" for role, right, name in rows)


def errors() -> str:
    """SQLSTATE, name, message and hint."""
    return _paragraphs(
        f"{code} {error.name}\n    {error.message()}\n    {error.hint}"
        for code, error in sorted(BY_CODE.items())
    )


def commands() -> str:
    """Commands of `postbell` with their arguments, options and help."""
    return _paragraphs(_command(typer.main.get_command(app), "postbell"))


def settings() -> str:
    """Environment variables with type, unit, default and purpose."""
    parts = []
    for name, field in sorted(Settings.model_fields.items()):
        extra = field.json_schema_extra
        assert isinstance(extra, dict)
        kind = _CLASS.sub(r"\1", str(field.annotation)).replace("typing.", "")
        default = field.get_default(call_default_factory=True)
        parts.append(
            f"{PREFIX}{name.upper()}: {kind}"
            f"\n    default {default!r}; unit {extra['unit']!r}; unset {extra['unset']!r}"
            f"\n    {field.description}"
        )
    return _paragraphs(parts)


async def metrics() -> str:
    """Names, kinds, labels and help of what /metrics shows."""
    return _lines(
        f"{family.name} ({family.kind}) {{{', '.join(family.labels)}}}: {family.said}"
        for family in await metric_families()
    )


@dataclass(frozen=True)
class Family:
    """A metric of /metrics."""

    name: str
    kind: str
    labels: tuple[str, ...]
    said: str


async def metric_families() -> list[Family]:
    """Those that are ours, by name."""

    async def depth() -> list[Depth]:
        return [Depth("email", "normal", 1, 1, None)]

    kept = Metrics(depth)
    kept.watch_streams(lambda: 0, lambda: False)
    kept.watch_templates(list)
    await kept.text()
    labels = {
        collector._name: collector._labelnames
        for collector in kept.registry._collector_to_names
        if isinstance(collector, MetricWrapperBase)
    }
    found = {family.name: family for family in kept.registry.collect()}
    return [
        Family(
            name,
            family.type,
            tuple(
                labels.get(name) or sorted({key for one in family.samples for key in one.labels})
            ),
            family.documentation,
        )
        for name, family in sorted(found.items())
        if not name.startswith(("process_", "python_"))
    ]


def openapi(document: Any) -> str:
    """The gateway's description of itself."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _role_names() -> list[str]:
    return [f"postbell_{role}" for role in ROLES]


def _command(command: Any, path: str) -> Iterator[str]:
    lines = [path + _dash(" ".join((command.help or "").split()))]
    for each in command.params:
        names = ", ".join((*each.opts, *each.secondary_opts))
        traits = [
            trait
            for trait, holds in (
                ("required", each.required),
                ("repeatable", getattr(each, "multiple", False) or each.nargs == -1),
                ("flag", getattr(each, "is_flag", False)),
            )
            if holds
        ]
        # The folder depends on who asks.
        said = str(getattr(each, "help", None) or "")
        lines.append(f"    {names}{_in_brackets(traits)}{_dash(said)}")
    yield "\n".join(lines)
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from _command(child, f"{path} {name}")


def _blocks(rows: Iterable[tuple[Any, ...]]) -> str:
    return _paragraphs(f"{head}\n    {said or 'no comment'}" for head, said in rows)


def _dash(said: str | None) -> str:
    return f" – {said}" if said else ""


def _in_brackets(words: list[str]) -> str:
    return f" ({', '.join(words)})" if words else ""


def _paragraphs(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(parts) + "\n"


_FUNCTIONS: LiteralString = """
    select
        format(
            '%%I(%%s) returns %%s', proname,
            pg_get_function_arguments(oid), pg_get_function_result(oid)
        ),
        obj_description(oid, 'pg_proc')
    from pg_proc
    where pronamespace = 'postbell'::regnamespace
      and (
          proname = any (%(named)s)
          or exists (
              select from aclexplode(proacl)
              where grantee::regrole::text = any (%(roles)s)
          )
      )
    order by proname collate "C", pg_get_function_arguments(oid) collate "C"
"""

_RELATIONS: LiteralString = """
    select
        relname,
        obj_description(pg_class.oid, 'pg_class'),
        array(
            select json_build_array(
                attname,
                format_type(atttypid, atttypmod)
                || case when attnotnull then ' not null' else '' end,
                col_description(pg_class.oid, attnum)
            )
            from pg_attribute
            where attrelid = pg_class.oid
              and attnum > 0
              and not attisdropped
            order by attnum
        )
    from pg_class
    where relnamespace = 'postbell'::regnamespace
      and (relkind in ('v', 'm') or relname in ('outbox', 'tenant', 'event_type', 'tenant_event'))
    order by relname collate "C"
"""

_GRANTS: LiteralString = """
    with granted (role, privilege, name) as (
        select grantee::regrole::text, privilege_type, relname::text
        from pg_class, aclexplode(relacl)
        where relnamespace = 'postbell'::regnamespace
          and relkind in ('r', 'p', 'v', 'm', 'S')
          and not relispartition
        union all
        select grantee::regrole::text, privilege_type, format('%%I.%%I', relname, attname)
        from pg_attribute
        join pg_class on attrelid = pg_class.oid, aclexplode(attacl)
        where relnamespace = 'postbell'::regnamespace
          and not relispartition
        union all
        select
            grantee::regrole::text, privilege_type,
            format('%%I(%%s)', proname, pg_get_function_identity_arguments(pg_proc.oid))
        from pg_proc, aclexplode(proacl)
        where pronamespace = 'postbell'::regnamespace
        union all
        select grantee::regrole::text, privilege_type, 'schema ' || nspname
        from pg_namespace, aclexplode(nspacl)
        where nspname like 'postbell%%'
    )
    select role, privilege, name
    from granted
    where role = any (%(roles)s)
    order by role collate "C", name collate "C", privilege collate "C"
"""
