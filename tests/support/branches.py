"""Which branches of templates have been taken. Jinja has no coverage of its own.

A branch point is the condition of an `if`, on a line of its own or within an expression, each side
of `and` and `or`, the list of a `for`, and the filters `default`, `plural` and `truncate`, which
choose as well.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast
from unittest.mock import patch

from jinja2 import Undefined, nodes, pass_context
from jinja2.runtime import Context

from dispatcher.rendering import catalog as catalogs
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.filters import FILTERS
from dispatcher.rendering.loader import LocaleLoader
from dispatcher.rendering.sandbox import Sandbox

_SEEN: Final = "@seen"
_AT: Final = "at"
_CHOOSING: Final = frozenset({"default", "plural", "truncate"})


@dataclass(frozen=True, slots=True, order=True)
class Branch:
    """A branch point. A file is parsed in pieces, if it is JSON, and more than once."""

    file: str
    line: int
    #: The checksum of the piece.
    piece: int
    #: Its place among the branch points of the piece.
    number: int
    says: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.says}"


@dataclass(slots=True)
class Branches:
    """The branch points of a catalog's templates, and what has come of each."""

    possible: dict[Branch, frozenset[str]] = field(default_factory=dict)
    taken: dict[Branch, set[str]] = field(default_factory=dict)

    def untaken(self) -> list[str]:
        """A line for each outcome that no rendering has had."""
        return [
            f"{branch} is never {outcome}"
            for branch, outcomes in sorted(self.possible.items(), key=lambda item: item[0])
            for outcome in sorted(outcomes - self.taken.get(branch, set()))
        ]

    def note(self, branch: Branch, outcome: str) -> None:
        self.taken.setdefault(branch, set()).add(outcome)


@contextmanager
def counted(folders: Sequence[Path]) -> Iterator[tuple[Catalog, Branches]]:
    """A catalog of these folders whose templates note the branches that they take."""
    branches = Branches()

    class Counting(Sandbox):
        def __init__(self, loader: LocaleLoader, sources: dict[Any, Any]) -> None:
            super().__init__(loader, sources)
            self.filters |= _filters(branches)

        def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
            tree = super()._parse(source, name, filename)
            _Marking(branches, filename or "", zlib.crc32(source.encode())).mark(tree)
            return tree

    # Catalogs that have been loaded are kept: neither take one of those, nor leave one of these.
    with patch.object(catalogs, "Sandbox", Counting), patch.object(catalogs, "_LOADED", {}):
        yield Catalog.load(folders), branches


@dataclass(slots=True)
class _Marking:
    """Marks the branch points of one parsed piece."""

    branches: Branches
    file: str
    piece: int
    number: int = 0

    def mark(self, node: nodes.Node) -> None:
        for child in list(node.iter_child_nodes()):
            self.mark(child)
        match node:
            case nodes.If() | nodes.CondExpr():
                node.test = self._watched(cast("nodes.Expr", node.test), "the condition of an if")
            case nodes.And() | nodes.Or():
                word = type(node).__name__.lower()
                node.left = self._watched(node.left, f"the left side of an {word}")
                node.right = self._watched(node.right, f"the right side of an {word}")
            case nodes.For():
                node.iter = self._watched(cast("nodes.Expr", node.iter), "the list of a for")
            case nodes.Filter(name=name) if name in _CHOOSING:
                # Jinja declares them as pairs, and makes keywords.
                arguments = cast("list[nodes.Keyword]", node.kwargs)
                outcomes = frozenset({"kept", "replaced"})
                if name == "plural":
                    outcomes = frozenset(form.key for form in arguments)
                arguments.append(
                    nodes.Keyword(_AT, self._branch(node, f"the filter {name}", outcomes))
                )

    def _watched(self, value: nodes.Expr, says: str) -> nodes.Expr:
        if isinstance(value, nodes.Const):
            return value
        place = self._branch(value, says, frozenset({"true", "false"}))
        return nodes.Filter(value, _SEEN, [place], [], None, None, lineno=value.lineno)

    def _branch(self, node: nodes.Node, says: str, outcomes: frozenset[str]) -> nodes.Const:
        named = ", ".join(dict.fromkeys(name.name for name in node.find_all(nodes.Name)))
        says = f"{says} ({named})" if named else says
        if isinstance(node, nodes.Name):
            says = f"{says} ({node.name})"
        branch = Branch(self.file, node.lineno, self.piece, self.number, says)
        self.number += 1
        self.branches.possible[branch] = outcomes
        # Compiled templates hold constants of a few types only.
        return nodes.Const((branch.file, branch.line, branch.piece, branch.number, branch.says))


def _filters(branches: Branches) -> dict[str, Callable[..., Any]]:
    def seen(value: Any, at: tuple[Any, ...]) -> Any:
        branches.note(Branch(*at), "true" if value else "false")
        return value

    @pass_context
    def truncate(
        context: Context, value: Any, *args: Any, at: tuple[Any, ...], **kwargs: Any
    ) -> Any:
        text = FILTERS["truncate"](context, value, *args, **kwargs)
        branches.note(Branch(*at), "kept" if text == str(value) else "replaced")
        return text

    @pass_context
    def plural(context: Context, value: Any, at: tuple[Any, ...], **forms: str) -> Any:
        chosen = FILTERS["plural"](context, value, **{name: name for name in forms})
        branches.note(Branch(*at), chosen)
        return FILTERS["plural"](context, value, **forms)

    def default(value: Any, *args: Any, at: tuple[Any, ...]) -> Any:
        is_absent = value is None or isinstance(value, Undefined)
        branches.note(Branch(*at), "replaced" if is_absent else "kept")
        return FILTERS["default"](value, *args)

    return {_SEEN: seen, "truncate": truncate, "plural": plural, "default": default}
