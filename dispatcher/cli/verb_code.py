"""Writes the functions that the tables `verb` of event.toml declare, in SQL and in Python."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from dispatcher import package_data
from dispatcher.cli.errors import CommandError
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.verb import OPTIONS, TYPES, Argument, Source, Verb
from postbell import types, written

_RESERVED: Final = """
all analyse analyze and any array as asc asymmetric between bigint bit boolean both case cast char
character check coalesce collate column constraint create current_catalog current_date
current_role current_time current_timestamp current_user dec decimal default deferrable desc
distinct do else end except exists extract false fetch float for foreign from grant greatest group
grouping having in initially inout int integer intersect interval into json json_array
json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize
json_table json_value lateral leading least limit localtime localtimestamp merge_action national
nchar none normalize not null nullif numeric offset on only or order out overlay placing position
precision primary real references returning row select session_user setof smallint some substring
symmetric system_user table then time timestamp to trailing treat trim true union unique user
using values varchar variadic when where window with xmlattributes xmlconcat xmlelement xmlexists
xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
"""
#: Words that PostgreSQL 15 to 18 take for no name of an argument, unless they are quoted.
RESERVED: Final = frozenset(_RESERVED.split())
#: Characters of a line of Python.
_WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class _Function:
    """A verb and the event that it emits."""

    verb: Verb
    event: EventType

    def type_of(self, argument: str) -> tuple[str, str, str]:
        """An entry of TYPES. What is no field is the id of somebody or something."""
        kinds = {
            self.verb.argument_of(name): field.type for name, field in self.event.fields.items()
        }
        return TYPES[kinds.get(argument, "id")]

    def source_of(self, argument: str) -> Source:
        return self.verb.sources.get(argument, Source(argument, (), None))

    @property
    def knows_who(self) -> bool:
        """Whether the Python function takes the actor from one of its objects."""
        return "actor" in self.verb.sources


def functions_of(catalog: Catalog, patterns: Sequence[str] = ("*",)) -> list[_Function]:
    """The declared verbs of a catalog, by event; `patterns` are of the events' keys.

    Raises CommandError, a mistake a line, where no functions can be written.
    """
    functions = [
        _Function(event.verb, event)
        for key, event in sorted(catalog.events.items())
        if event.verb is not None and any(fnmatchcase(key, pattern) for pattern in patterns)
    ]
    if faults := list(_faults(functions)):
        raise CommandError("\n".join(faults))
    return functions


def _faults(functions: Sequence[_Function]) -> Iterator[str]:
    known = {name: "postbell" for name in vars(written) if name.startswith("notify_")}
    for function in functions:
        name, event = function.verb.name, function.event.key
        if name in known:
            yield f"{event}: there is a verb {name} already, of {known[name]}"
        known[name] = event
        for kind in function.verb.objects.values():
            if not hasattr(types, kind.removesuffix("?")):
                yield f"{event}: verb.objects has {kind}, which postbell.types has not"


def sql_of(functions: Sequence[_Function]) -> str:
    """The SQL functions; deploying them needs sql/12_verbs/base.sql."""
    head = "-- Written by `postbell verbs` from the tables `verb` of event.toml."
    return "\n\n\n".join([head, *(_sql(function) for function in functions)]) + "\n"


def own_sql_of(catalog: Catalog) -> str:
    """The SQL functions that the package does not declare: verbs of an application's own events."""
    shipped = (package_data.folder("sql") / "12_verbs" / "declared.sql").read_text(encoding="utf-8")
    functions = (_sql(function) for function in functions_of(catalog))
    return "\n\n\n".join(function for function in functions if function not in shipped)


def _sql(function: _Function) -> str:
    verb, event = function.verb, function.event
    kinds = {argument.name: function.type_of(argument.name)[0] for argument in verb.arguments}
    declared = [
        f"{_quoted(name)} {kinds[name]}{'' if argument.is_required else ' default null'}"
        for name, argument in ((argument.name, argument) for argument in verb.arguments)
    ]
    declared += [f"{name} {kind} default {preset}" for name, (kind, preset) in OPTIONS.items()]
    subjects = [
        f"{_literal(prefix)} || {_quoted(argument)}" for prefix, argument in verb.subject_arguments
    ]
    arguments = {argument.name: argument for argument in verb.arguments}
    people = [_needed(arguments[name], _quoted(name)) for name in verb.to]
    payload = []
    for field, declaration in event.fields.items():
        if (argument := arguments.get(verb.argument_of(field))) is not None:
            exact = (
                f"postbell.exact_amount('{argument.name}', {_quoted(argument.name)})"
                if declaration.type == "amount"
                else _quoted(argument.name)
            )
            payload.append(f"'{field}', {_needed(argument, exact)}")
    signature = [*kinds.values(), *(kind for kind, _ in OPTIONS.values())]
    comment = f"Emits {event.key} to {verb.whom}." + (f" {verb.note}" if verb.note else "")
    return f"""\
create or replace function postbell.{verb.name}(
{_lines(declared, 4)}
) returns bigint
language sql
as $$
    select postbell.emit(
        {_literal(event.key)}, {_first(subjects)},
        array[{", ".join(people)}],
        jsonb_build_object(
{_lines(payload, 12)}
        ),
        {", ".join(OPTIONS)}
    )
$$;

comment on function postbell.{verb.name}(
    {", ".join(signature)}
) is {_literal(comment)};

select postbell_private.add_integer_ids('{verb.name}');"""


def _literal(text: str) -> str:
    """A text in SQL, whatever standard_conforming_strings is: no verb has a backslash."""
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    """The name of an argument in SQL; quoted where SQL has the word for itself."""
    return f'"{name}"' if name in RESERVED else name


def _needed(argument: Argument, value: str) -> str:
    return f"postbell.require_value('{argument.name}', {value})" if argument.is_required else value


def _first(values: list[str]) -> str:
    match values:
        case []:
            return "null"
        case [only]:
            return only
        case _:
            return f"coalesce({', '.join(values)})"


def _lines(items: list[str], indent: int) -> str:
    return textwrap.indent(",\n".join(items), " " * indent)


def python_of(functions: Sequence[_Function]) -> str:
    """The Python functions, formatted as ruff leaves them."""
    bodies = [_python(function) for function in functions]
    text = "\n".join(bodies)
    used = {
        "postbell.connection": ["AnyConnection", "AsyncConnection", "SyncConnection"],
        "postbell.emit": ["emit"],
        "postbell.types": sorted(
            {
                kind.removesuffix("?")
                for function in functions
                for kind in function.verb.objects.values()
            }
            | {name for name in ("Amount", "Id", "Options", "WithActor") if name in text}
        ),
        "postbell.validation": [
            name for name in _VALIDATION if f"{name}(" in text or f"({name}," in text
        ],
    }
    head = [
        '"""Verbs, written by `postbell verbs` from the tables `verb` of event.toml."""',
        "",
        "from __future__ import annotations",
        "",
        "from collections.abc import Awaitable",
        *(
            [f"from datetime import {', '.join(moments)}"]
            if (moments := [name for name in ("date", "datetime") if f": {name} | None" in text])
            else []
        ),
        "from typing import Any, Unpack, overload",
        "",
        *(_import(module, names) for module, names in used.items()),
        "",
        "__all__ = [",
        *(f'    "{name}",' for name in sorted(function.verb.name for function in functions)),
        "]",
        "",
        "",
    ]
    return "\n".join(head) + "\n" + "\n\n\n".join(bodies) + "\n"


_VALIDATION: Final = (
    "Given", "as_amount", "as_day", "as_id", "as_moment", "as_number", "as_person", "as_text",
    "either", "first_given", "need",
)  # fmt: skip


def _import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return line
    return f"from {module} import (\n{_lines(names, 4)},\n)"


def _python(function: _Function) -> str:
    verb = function.verb
    keywords = list(_keywords(function))
    options = "Options" if function.knows_who else "WithActor"
    signature = "\n".join(f"    {keyword}," for keyword in keywords)
    # The thing whose website it is: the first that is always given, or may be.
    about = next(iter(verb.objects), "None")
    if verb.objects.get(about, "").endswith("?"):
        about = " or ".join(verb.objects)
    values = {
        argument.name: _value(function, argument.name, is_required=argument.is_required)
        for argument in verb.arguments
    }
    if function.knows_who:
        who = verb.sources["actor"].keyword
        values["actor"] = f'as_person({who}, "{who}")'
    readers = [
        f'    of_{name} = Given({name}, "{name}")'
        for name in verb.objects
        if any(f"of_{name}" in value for value in values.values())
    ]
    passed = "\n".join(_passed(name, value) for name, value in values.items())
    return f"""\
@overload
def {verb.name}(
    *,
{signature}
    on: AsyncConnection,
    **options: Unpack[{options}],
) -> Awaitable[int]: ...
@overload
def {verb.name}(
    *,
{signature}
    on: SyncConnection | None = None,
    **options: Unpack[{options}],
) -> int: ...
def {verb.name}(
    *,
{signature}
    on: AnyConnection | None = None,
    **options: Unpack[{options}],
) -> Any:
{_docstring(function)}
{"".join(line + chr(10) for line in readers)}    return emit(
        "{verb.name}",
        on,
        options,
        {about},
{passed}
    )"""


def _keywords(function: _Function) -> Iterator[str]:
    """The keywords of the Python function, with their types."""
    verb = function.verb
    for name, kind in verb.objects.items():
        yield f"{name}: {kind[:-1]} | None = None" if kind.endswith("?") else f"{name}: {kind}"
    for argument in verb.arguments:
        source = function.source_of(argument.name)
        if source.keyword is None or source.keyword in verb.objects:
            continue
        kind = function.type_of(argument.name)[2]
        if argument.is_required and source.attribute is None:
            yield f"{source.keyword}: {kind}"
        else:
            yield f"{source.keyword}: {kind} | None = None"


def _value(function: _Function, argument: str, *, is_required: bool) -> str:
    """How the Python function reads an argument."""
    source = function.source_of(argument)
    reader = function.type_of(argument)[1]
    if source.attribute is None:
        call = f'{source.keyword}, "{source.keyword}")'
        return f"need({reader}, {call}" if is_required else f"{reader}({call}"
    given = [f"of_{name}" for name in source.objects]
    thing = given[0] if len(given) == 1 else f"first_given({', '.join(given)})"
    if source.keyword is not None:
        value = f'either({source.keyword}, {thing}, "{source.attribute}")'
        call = f'{value}, "{source.keyword}")'
        return f"need({reader}, {call}" if is_required else f"{reader}({call}"
    return f'{thing}.{"needs" if is_required else "has"}({reader}, "{source.attribute}")'


def _passed(name: str, value: str) -> str:
    line = f"        {name}={value},"
    if len(line) <= _WIDTH:
        return line
    called, _, arguments = value.removesuffix(")").partition("(")
    return f"        {name}={called}(\n            {arguments}\n        ),"


def _docstring(function: _Function) -> str:
    verb = function.verb
    first = f"{function.event.key}, to {verb.whom}."
    more = [
        f"`{source.keyword}` is the {source.objects[0]}'s own if it is not given."
        for source in verb.sources.values()
        if source.keyword is not None and source.attribute is not None
    ]
    more += [verb.note] if verb.note else []
    if not more:
        return f'    """{first}"""'
    body = textwrap.fill(" ".join(more), _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f'    """{first}\n\n{body}\n    """'
