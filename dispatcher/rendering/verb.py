"""Verbs: what event.toml declares about the functions that emit an event."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dispatcher.rendering.event_type import Field

#: What every SQL function takes besides, see postbell.emit(): by name, its type and default.
OPTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "tenant_id": ("text", "'default'"),
    "actor": ("text", "null"),
    "idempotency_key": ("text", "null"),
    "deliver_at": ("timestamptz", "null"),
    "expires_at": ("timestamptz", "null"),
}

_KINDS: Final[Mapping[str, type]] = {
    "name": str, "args": list, "to": list, "subject": list, "whom": str, "note": str,
    "payload": dict, "objects": dict, "python": dict,
}  # fmt: skip
_NEEDED: Final = ("name", "args", "to", "whom")
#: By type of a field that an argument may have: the type in SQL, how Python reads it, and the type
#: in Python.
TYPES: Final[Mapping[str, tuple[str, str, str]]] = {
    "text": ("text", "as_text", "str"),
    "url": ("text", "as_text", "str"),
    "id": ("text", "as_id", "Id"),
    "amount": ("anycompatible", "as_amount", "Amount"),
    "integer": ("bigint", "as_number", "int"),
    "date": ("date", "as_day", "date"),
    "timestamp": ("timestamptz", "as_moment", "datetime"),
}
#: PostgreSQL cuts longer names.
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
#: What would end the docstring of the Python function, or stand for another character in it.
_UNWRITABLE: Final = re.compile(r'"""|\\|[^\S ]|"$')


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of the SQL function."""

    name: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Source:
    """Where the Python function takes an argument from.

    `keyword` is one of its own; `attribute` is one of the first of `objects` that is given. With
    both, the attribute counts where the keyword is not given.
    """

    keyword: str | None
    objects: tuple[str, ...]
    attribute: str | None


@dataclass(frozen=True, slots=True)
class Verb:
    """The functions `postbell.NAME()` and, in Python, `NAME()`, which emit an event."""

    name: str
    arguments: tuple[Argument, ...]
    #: Arguments that are recipients.
    to: tuple[str, ...]
    #: Such as `order:{order_id}`: the first whose argument is given.
    subjects: tuple[str, ...]
    #: The recipients in words, such as "the client".
    whom: str
    #: A sentence more for the function's comment.
    note: str
    #: By field of the payload, an argument of another name.
    payload: Mapping[str, str]
    #: By keyword of the Python function, a type of postbell.types, with a ? if optional.
    objects: Mapping[str, str]
    #: By argument, and `actor`: where Python takes it from, if not from a keyword of that name.
    sources: Mapping[str, Source]

    @property
    def subject_arguments(self) -> tuple[tuple[str, str], ...]:
        """Of each subject, its prefix and its argument."""
        return tuple(_subject(subject) for subject in self.subjects)

    def argument_of(self, field: str) -> str:
        """The argument that becomes a field of the payload."""
        return self.payload.get(field, field)


def read_verb(given: object, fields: Mapping[str, Field]) -> tuple[Verb | None, list[str]]:
    """Parse the table `verb`; also a sentence per mistake. No verb if there are mistakes."""
    if given is None:
        return None, []
    if not isinstance(given, dict):
        return None, ["verb must be a table"]
    if faults := list(_form_faults(given)):
        return None, faults
    verb = Verb(
        name=given["name"],
        arguments=tuple(Argument(arg.removesuffix("?"), arg[-1:] != "?") for arg in given["args"]),
        to=tuple(given["to"]),
        subjects=tuple(given.get("subject", ())),
        whom=given["whom"],
        note=given.get("note", ""),
        payload=given.get("payload", {}),
        objects=given.get("objects", {}),
        sources={
            name: _source(text, given.get("objects", {}))
            for name, text in given.get("python", {}).items()
        },
    )
    faults = list(_faults(verb, fields))
    return (None if faults else verb), faults


def _form_faults(given: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(given.keys() - _KINDS.keys()):
        yield f"verb has no setting {name!r}; there are {', '.join(_KINDS)}"
    for name, kind in _KINDS.items():
        if name not in given:
            if name in _NEEDED:
                yield f"verb.{name} is missing"
        elif not isinstance(given[name], kind):
            yield f"verb.{name} must be of type {kind.__name__}"
        elif kind is not str:
            held = given[name].values() if kind is dict else given[name]
            if not all(isinstance(each, str) and each for each in held):
                yield f"verb.{name} must hold texts"


def _faults(verb: Verb, fields: Mapping[str, Field]) -> Iterator[str]:
    if not _NAME.fullmatch(verb.name) or not verb.name.startswith("notify_"):
        yield f"verb.name is {verb.name!r}, and must be a function's name that begins with notify_"
    if not verb.to:
        yield "verb.to names nobody"
    yield from _python_faults(verb)
    yield from _argument_faults(verb, fields)
    named = {*verb.to, *(argument for _, argument in verb.subject_arguments)}
    of_payload = {verb.argument_of(field) for field in fields}
    known = {argument.name for argument in verb.arguments}
    for name in sorted((named.union(verb.payload.values(), verb.sources)) - known - {"actor"}):
        yield f"verb names {name!r}, which is not in verb.args"
    for name in sorted(known - named - of_payload):
        yield f"verb.args has {name}, which is no field and is not used"
    for name in sorted(verb.payload.keys() - fields.keys()):
        yield f"verb.payload has {name}, which is no field"
    for name, source in verb.sources.items():
        for thing in source.objects:
            if thing not in verb.objects:
                yield f"verb.python.{name} names {thing!r}, which is not in verb.objects"


def _python_faults(verb: Verb) -> Iterator[str]:
    """What Python could not read."""
    for setting, text in (("whom", verb.whom), ("note", verb.note)):
        if _UNWRITABLE.search(text):
            yield f"verb.{setting} must be one line, without \\ or a final quotation mark"
    for name in {*verb.objects, *(each.keyword for each in verb.sources.values() if each.keyword)}:
        if not _is_keyword_argument(name):
            yield f"{name!r} is no name of an argument in Python"


def _argument_faults(verb: Verb, fields: Mapping[str, Field]) -> Iterator[str]:
    names = [argument.name for argument in verb.arguments]
    for name in names:
        if not _is_keyword_argument(name) or names.count(name) > 1 or name in OPTIONS:
            yield f"verb.args has {name!r}, which is no name of its own"
    for name in verb.to:
        if not name.endswith("_id"):
            # postbell_private.add_integer_ids() knows the overload for integers by it.
            yield f"verb.to has {name}: the name of an id ends with _id"
    required = [argument.is_required for argument in verb.arguments]
    if required != sorted(required, reverse=True):
        yield "verb.args must name what is optional (with a ? behind it) last"
    needed = {argument.name for argument in verb.arguments if argument.is_required}
    for field, declared in fields.items():
        argument = verb.argument_of(field)
        if declared.required and argument not in needed:
            yield f"verb.args must have {argument}: the field {field} is needed"
        if argument in names and declared.type not in TYPES:
            kinds = ", ".join(TYPES)
            yield f"verb.args has {argument}, which is of type {declared.type}; it may be {kinds}"


def _is_keyword_argument(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and not keyword.iskeyword(name)


def _subject(text: str) -> tuple[str, str]:
    prefix, _, argument = text.partition("{")
    return prefix, argument.removesuffix("}")


def _source(text: str, objects: Mapping[str, str]) -> Source:
    """Parse `payment_amount`, `order.id`, `order|refund.currency` or `amount|refund.amount`."""
    path, _, attribute = text.partition(".")
    words = path.split("|")
    if attribute and len(words) > 1 and words[0] not in objects:
        return Source(words[0], tuple(words[1:]), attribute)
    if attribute:
        return Source(None, tuple(words), attribute)
    return Source(words[0], (), None)
