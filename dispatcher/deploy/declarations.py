"""What sql/ declares: tables in `tables.sql`; functions, views and triggers in all other files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

#: The schemas that a deploy owns.
SCHEMAS = ("postbell", "postbell_private")

# The tokens that matter for finding the end of a statement: semicolons, and what may contain one.
_TOKEN = re.compile(
    r"""
      (?P<comment> -- [^\n]* )
    | (?P<block> /\* )
    | [eE] ' (?: [^'\\] | \\. | '' )* '
    | ' (?: [^'] | '' )* '
    | " (?: [^"] | "" )* "
    | (?P<dollar> \$ (?: [^\W\d]\w* )? \$ ) .*? (?P=dollar)
    | (?P<word> [^\W\d] [\w$]* )
    | (?P<end> ; )
    | \S
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK = re.compile(r"/\*|\*/")

_CREATED = re.compile(
    r"""
    create \s+ (?: or \s+ replace \s+ )?
    (?P<kind>
        function | procedure | (?: materialized \s+ )? view | (?: constraint \s+ )? trigger
    ) \s+
    (?P<name> [\w.]+ )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COMMENTED = re.compile(
    r"""
    comment \s+ on \s+
    (?P<kind> function | procedure | (?: materialized \s+ )? view | trigger | column ) \s+
    (?P<name> [\w.]+ )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TABLE = re.compile(r"\bon\s+(?P<table>\w+\.\w+)\b", re.IGNORECASE)
_COLUMN = re.compile(r"\.\w+$")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a file, with the comments before it."""

    text: str
    #: The line of its file on which `text` begins.
    line: int
    #: Where in `text` the statement begins, after its comments.
    start: int = 0

    @property
    def body(self) -> str:
        """The statement without the comments before it."""
        return self.text[self.start :]

    @property
    def creates(self) -> str | None:
        """The qualified name of the routine or view that it creates."""
        match = _CREATED.match(self.text, self.start)
        return match["name"] if match and "trigger" not in match["kind"].lower() else None

    @property
    def comments_on(self) -> str | None:
        """The qualified name of the routine or view that it comments on."""
        match = _COMMENTED.match(self.text, self.start)
        if not match or match["kind"].lower() == "trigger":
            return None
        is_column = match["kind"].lower() == "column"
        return _COLUMN.sub("", match["name"]) if is_column else match["name"]

    @property
    def name(self) -> str | None:
        """The qualified name of the routine or view that it creates or comments on."""
        return self.creates or self.comments_on

    def followed_by(self, other: Statement) -> Statement:
        """Both as one, on the lines on which they are."""
        between = other.line - self.line - self.text.count("\n")
        return replace(self, text=self.text + "\n" * between + other.text)

    @property
    def trigger(self) -> tuple[str, str] | None:
        """The trigger that it creates or comments on: its name, and its table with the schema."""
        match = _CREATED.match(self.text, self.start) or _COMMENTED.match(self.text, self.start)
        if not match or "trigger" not in match["kind"].lower():
            return None
        table = _TABLE.search(self.text, match.end())
        return match["name"], table["table"] if table else ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger in a code file. It is defined only if it changed, because that locks its table."""

    name: str
    #: Qualified with its schema.
    table: str
    #: The CREATE, and the COMMENT ON that follows it.
    text: str
    #: The line of its file on which it begins.
    line: int

    @property
    def id(self) -> str:
        return f"{self.table.rpartition('.')[2]}.{self.name}"

    def on(self, table: str) -> str:
        """The statements that create the same trigger on another table."""
        return re.sub(rf"\bon\s+{re.escape(self.table)}\b", f"on {table}", self.text)


@dataclass(frozen=True)
class CodeFile:
    """A file that deploy executes every time."""

    path: Path
    #: Its content, where there is no such file.
    text: str | None = None

    @property
    def is_access(self) -> bool:
        """Whether it has roles, policies and grants, which are executed last."""
        return self.path.parent.name >= "90"

    @cached_property
    def _statements(self) -> tuple[Statement, ...]:
        text = self.path.read_text(encoding="utf-8") if self.text is None else self.text
        return tuple(statements(text))

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The statements in order, without those of triggers.

        A CREATE and its comments are one statement, so that a deploy sends half as many.
        """
        found: list[Statement] = []
        for each in self._statements:
            if each.trigger is not None:
                continue
            if found and found[-1].creates and each.comments_on == found[-1].creates:
                found[-1] = found[-1].followed_by(each)
            else:
                found.append(each)
        return tuple(found)

    @cached_property
    def triggers(self) -> tuple[Trigger, ...]:
        """The triggers, each with the comment on it."""
        parts: dict[tuple[str, str], list[Statement]] = {}
        for each in self._statements:
            if each.trigger is not None:
                parts.setdefault(each.trigger, []).append(each)
        return tuple(
            Trigger(
                name=name,
                table=table,
                text="\n".join(each.body for each in both),
                line=both[0].line + both[0].text.count("\n", 0, both[0].start),
            )
            for (name, table), both in parts.items()
        )


def statements(text: str) -> Iterator[Statement]:
    """Split a text into statements by the rules of psql. Comments alone are no statement."""
    begin, place = 0, 0
    start: int | None = None  # the offset of the statement's first word
    depth = 0  # open BEGIN ATOMIC, and CASE and BEGIN in it
    last = ""
    while match := _TOKEN.search(text, place):
        place = match.end()
        if match["comment"]:
            continue
        if match["block"]:
            place = _after_block(text, place)
            continue
        if match["end"] and depth == 0:
            if start is not None:
                yield _statement(text, begin, start, place)
            begin, start = place, None
            continue
        start = match.start() if start is None else start
        word = (match["word"] or "").lower()
        if (word == "atomic" and last == "begin") or (depth and word in {"case", "begin"}):
            depth += 1
        elif depth and word == "end":
            depth -= 1
        last = word
    if start is not None:
        yield _statement(text, begin, start, len(text))


def table_files(folder: Path) -> list[Path]:
    """Every tables.sql, in path order."""
    return sorted(folder.glob("*/tables.sql"))


def code_files(folder: Path) -> Iterator[CodeFile]:
    """Every other SQL file, in path order."""
    return (CodeFile(path) for path in sorted(folder.glob("*/*.sql")) if path.name != "tables.sql")


def _after_block(text: str, place: int) -> int:
    """The offset after the block comment that is open at `place`. Block comments nest."""
    depth = 1
    while depth and (match := _BLOCK.search(text, place)):
        depth += 1 if match[0] == "/*" else -1
        place = match.end()
    return len(text) if depth else place


def _statement(text: str, begin: int, start: int, end: int) -> Statement:
    first = begin + len(text[begin:start]) - len(text[begin:start].lstrip())
    return Statement(text[first:end].rstrip(), text.count("\n", 0, first) + 1, start - first)
