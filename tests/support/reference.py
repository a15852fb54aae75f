"""The reference pages of docs/, made from the schema and the code: a function for each page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, Final, LiteralString

import typer
from prometheus_client.metrics import MetricWrapperBase
from psycopg import Connection

from dispatcher import settings
from dispatcher.cli import app
from dispatcher.db.monitoring import Depth
from dispatcher.errors import BY_CODE
from dispatcher.explanations import LADDER, LATER
from dispatcher.metrics import Metrics
from tests.support.contract import ROOT

#: The pages for users; those of docs/reference are made here.
MANUAL: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
FOLDER: Final = ROOT / "docs" / "reference"
#: Heading by folder of `sql/`, in the order of the page; other folders declare nothing that others
#: may call.
PARTS: Final[Mapping[str, str]] = {
    "10_outbox": "Events, and emitting them",
    "12_verbs": "Events, and emitting them",
    "40_router": "Cancelling, and the router",
    "20_recipients": "People and their choices",
    "22_mirror": "Following the users table",
    "30_decision": "Why, and why not",
    "60_inbox": "Inbox",
    "50_delivery": "Deliveries and providers",
    "75_suppression": "Suppressed addresses",
    "78_retention": "Retention and legal hold",
    "45_templates": "Texts and brandings",
    "00_core": "This installation",
}
#: What other functions call with their caller's rights, and few people call themselves.
HELPERS: Final = re.compile(
    "(require|is|switched|current)_|channels_wanted|exact_amount|in_words|raise_error|skipped_ch"
)
#: What each verb takes beside its own arguments.
COMMON: Final = ("tenant_id", "actor", "idempotency_key", "deliver_at", "expires_at")
_PLACEHOLDER: Final = "\x08"


def functions(connection: Connection[Any]) -> str:
    """The functions that somebody besides the owner may call, by part; verbs as one table."""
    by_heading: dict[str, list[str]] = {heading: [] for heading in [*PARTS.values(), "Helpers"]}
    verbs: dict[str, tuple[str, str, str]] = {}
    where = _declared_in()
    for name, arguments, result, said, roles in connection.execute(_FUNCTIONS):
        if name.startswith("notify_"):
            verbs[name] = _verb(name, arguments, said)
            continue
        heading = "Helpers" if HELPERS.match(name) else PARTS[where[name]]
        by_heading[heading].append(
            f"### {name}\n\n```postgresql\n{_signature(name, arguments, result)}\n```"
            f"\n\n{_prose(said)}\n\nRoles: {', '.join(roles)}."
        )
    parts = ["\n\n".join([f"## {heading}", *each]) for heading, each in by_heading.items() if each]
    common = ", ".join(f"`{name}`" for name in COMMON)
    table = _table(("verb", "arguments", "what it does"), verbs.values())
    parts.insert(
        1,
        f"## Verbs\n\nEach takes {common}, too. A `?` is an argument that may be left out; ids are"
        f" text or bigint, all of a call.\n\n{table}",
    )
    return _page(
        "SQL functions",
        "All are in the schema `postbell`. `select * from postbell.help('mute')` lists those that"
        " you may call and that have a word in their name.",
        *parts,
    )


def relations(connection: Connection[Any]) -> str:
    """The views, and the tables that applications write or the manual names, with columns."""
    named = {
        name
        for page in MANUAL
        for name in re.findall(r"\bpostbell\.(\w+)", page.read_text("utf-8"))
    }
    parts = {"v": ["## Views"], "r": ["## Tables"]}
    for name, kind, said, columns in connection.execute(_RELATIONS, {"named": sorted(named)}):
        rows = [(f"`{column}`", type_, _cell(about)) for column, type_, about in columns]
        parts["v" if kind == "v" else "r"].append(
            f"### {name}\n\n{_prose(said)}\n\n{_table(('column', 'type', 'what it is'), rows)}"
        )
    return _page(
        "SQL views and tables", "All are in the schema `postbell`.", *parts["v"], *parts["r"]
    )


def errors() -> str:
    """SQLSTATEs, then the reasons of decisions and of what became of a delivery."""
    raised = [
        (f"`{code}`", f"`{error.name}`", _cell(error.message()), _cell(error.hint))
        for code, error in sorted(BY_CODE.items())
    ]
    reasons = [
        (f"`{name}`", _cell(explained.sentence), _cell(explained.remedy))
        for name, explained in {**LADDER, **LATER}.items()
    ]
    return _page(
        "Errors and reasons",
        "`postbell.error_codes` has the first table, and `postbell why` says the sentences.",
        "## Errors\n\nSQLSTATEs of what the functions raise, and reasons of rejected events.",
        _table(("code", "name", "what is wrong", "remedy"), raised),
        "## Reasons\n\nWhat `reason` of `postbell.explain()` and of `postbell.delivery_log` says."
        " Anything else there is what a provider or PostgreSQL said.",
        _table(("reason", "why", "remedy"), reasons),
    )


def commands() -> str:
    """The commands of `postbell`, with arguments and options."""
    return _page(
        "Commands",
        "Those that a script would call take `--json`; one that fails then answers"
        ' `{"error": {"code": …, "message": …, "hint": …}}` on standard output.',
        *_commands(typer.main.get_command(app), "postbell"),
    )


def settings_page() -> str:
    """The environment variables."""
    return _page(
        "Settings",
        "All are environment variables, read once at the start. A variable `POSTBELL_…` that does"
        " not exist, or makes no sense, is an error with a sentence.",
        settings.table().strip(),
    )


async def metrics() -> str:
    """What /metrics shows, former names last."""

    def is_former(said: str) -> bool:
        return said.startswith("Former name")

    rows = [
        (
            f"`{family.name}{'_total' if family.kind == 'counter' else ''}`",
            family.kind,
            ", ".join(f"`{label}`" for label in family.labels),
            _cell(family.said),
        )
        for family in sorted(await metric_families(), key=lambda each: is_former(each.said))
    ]
    return _page(
        "Metrics",
        "`postbell run` shows them at `http://127.0.0.1:9464/metrics`, as [settings](settings.md)"
        " say; `postbell serve` where `POSTBELL_GATEWAY_METRICS_PORT` is set.",
        _table(("metric", "kind", "labels", "what it is"), rows),
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


def http() -> str:
    """The endpoints of the gateway."""
    document = json.loads((ROOT / "tests/contract/openapi.json").read_text("utf-8"))
    by_tag: dict[str, list[tuple[str, ...]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            row = (f"`{method.upper()}`", f"`{path}`", _cell(operation["summary"]))
            by_tag.setdefault(operation["tags"][0], []).append(row)
    return _page(
        "HTTP endpoints",
        "`postbell serve` describes them itself, with each field, at `/v1/openapi.json`.",
        *(
            f"## {tag.capitalize()}\n\n{_table(('method', 'path', 'what it does'), rows)}"
            for tag, rows in sorted(by_tag.items())
        ),
    )


def _signature(name: str, arguments: list[str], result: str) -> str:
    lines = [re.sub(r" DEFAULT (.*?)(::[\w \[\]]+)?$", r" default \1", one) for one in arguments]
    shown = ",".join(f"\n    {line}" for line in lines).replace("default NULL", "default null")
    return f"{name}({shown}{chr(10) if shown else ''}) returns {result}"


def _verb(name: str, arguments: list[str], said: str | None) -> tuple[str, str, str]:
    own = [one for one in arguments if one.split()[0] not in COMMON]
    shown = ", ".join(
        declared + ("?" if default else "")
        for declared, default, _ in (one.partition(" DEFAULT ") for one in own)
    )
    return f"`{name}`", f"`{shown}`", _cell(said)


def _declared_in() -> dict[str, str]:
    """The folder of `sql/` by function."""
    return {
        name: file.parent.name
        for file in sorted((ROOT / "sql").rglob("*.sql"))
        for name in re.findall(r"create or replace function postbell\.(\w+)", file.read_text())
    }


def _commands(command: Any, path: str) -> Iterator[str]:
    children = sorted(getattr(command, "commands", {}).items())
    if not children or command.params:
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        usage = " ".join([path, *map(_metavar, arguments)])
        rows = [
            (_option(each), _help(each))
            for each in command.params
            if each.param_type_name == "option"
        ]
        yield f"## {path}\n\n```text\n{usage}{' [OPTIONS]' if rows else ''}\n```"
        yield "\n\n".join(_paragraphs(command.help or ""))
        if arguments:
            named = [(f"`{each.name.upper()}`", _help(each)) for each in arguments]
            yield _table(("argument", "what it is"), named)
        if rows:
            yield _table(("option", "what it does"), rows)
    for name, child in children:
        yield from _commands(child, f"{path} {name}")


def _metavar(argument: Any) -> str:
    shown = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return shown if argument.required else f"[{shown}]"


def _option(option: Any) -> str:
    """Its names; three dots stand for the value of one that is no flag."""
    value = "" if option.is_flag else " …"
    names = ", ".join(f"`{name}{value}`" for name in (*option.opts, *option.secondary_opts))
    said = _help(option)
    traits = [
        trait
        for trait, holds in (
            ("needed", option.required),
            ("may be repeated", option.multiple and "repeated" not in said),
        )
        if holds
    ]
    return f"{names} ({', '.join(traits)})" if traits else names


def _help(parameter: Any) -> str:
    return _cell(getattr(parameter, "help", None))


def _paragraphs(said: str) -> Iterator[str]:
    """Those of a command's help. One that is marked keeps its lines: it is an example."""
    for paragraph in cleandoc(said).split("\n\n"):
        if paragraph.startswith(_PLACEHOLDER):
            yield f"```text\n{paragraph.removeprefix(_PLACEHOLDER).strip()}\n```"
        else:
            yield _prose(paragraph)


def _page(title: str, first: str, *parts: str) -> str:
    written = "<!-- Written by `make contract`. -->"
    return "\n\n".join([f"# {title}", written, first, *parts]) + "\n"


def _prose(said: str | None) -> str:
    """A comment as Markdown, in which angle brackets, stars and links are only text."""
    return re.sub(r"(?<!`)([<*]|\[(?=[^\]]*\]\())", r"\\\1", " ".join((said or "").split()))


def _cell(said: str | None) -> str:
    return _prose(said).replace("|", "\\|")


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_FUNCTIONS: LiteralString = """
    select
        proname,
        (
            select coalesce(array_agg(trim(argument)), '{}')
            from regexp_split_to_table(
                pg_get_function_arguments(pg_proc.oid), E',(?![^(\\\\[{]*[)\\\\]}])'
            ) as argument
            where trim(argument) <> ''
        ),
        pg_get_function_result(pg_proc.oid),
        obj_description(pg_proc.oid, 'pg_proc'),
        array(
            select replace(grantee::regrole::text, 'postbell_', '')
            from aclexplode(proacl)
            where grantee <> proowner
              and grantee::regrole::text like 'postbell_%'
            order by 1
        )
    from pg_proc
    where pronamespace = 'postbell'::regnamespace
      and prorettype <> 'trigger'::regtype
      and exists (
          select
          from aclexplode(proacl)
          where grantee <> proowner
      )
    order by proname collate "C", pg_get_function_arguments(pg_proc.oid) collate "C"
"""

_RELATIONS: LiteralString = """
    select
        relname,
        relkind::text,
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
      and not relispartition
      and (relkind in ('v', 'm') or (relkind in ('r', 'p') and relname = any (%(named)s)))
    order by relname collate "C"
"""
