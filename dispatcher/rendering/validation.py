"""Validates parsed templates, and rewrites what has no bound in Jinja (see sandbox.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final, TypeVar, cast

from jinja2 import TemplateSyntaxError, nodes

from dispatcher.rendering.filters import COMPARE, EACH, JOIN, SLICED

#: The tags that name another file.
Reference = nodes.Include | nodes.Extends | nodes.Import | nodes.FromImport
_REFERENCES: Final = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)
_LITERALS: Final = (nodes.List, nodes.Tuple, nodes.Dict)
_ESCAPING: Final = (nodes.EvalContextModifier, nodes.ScopedEvalContextModifier)
#: Characters of a constant that a comparison need not count.
_SHORT: Final = 100
_Node = TypeVar("_Node", bound=nodes.Node)


class Nodes:
    """All nodes of a parsed template, by class: one walk, where Jinja's find_all() walks for each.

    Within a class they are in the order in which they are written.
    """

    def __init__(self, body: Iterable[nodes.Node]) -> None:
        self._by_class: defaultdict[type[nodes.Node], list[nodes.Node]] = defaultdict(list)
        by_class, waiting = self._by_class, list(body)[::-1]
        while waiting:
            node = waiting.pop()
            by_class[type(node)].append(node)
            below: list[nodes.Node] = []
            for name in node.fields:
                value = getattr(node, name, None)
                if isinstance(value, nodes.Node):
                    below.append(value)
                elif isinstance(value, list):
                    below += [each for each in value if isinstance(each, nodes.Node)]
            waiting += below[::-1]

    def of(self, *classes: type[_Node]) -> Iterator[_Node]:
        """Those of these classes, one class after the other."""
        for each in classes:
            yield from cast("list[_Node]", self._by_class.get(each, ()))

    def references(self) -> Iterator[tuple[Reference, str]]:
        """The tags that name a file, and the file; of a validated template."""
        for node in self.of(*_REFERENCES):
            yield cast("Reference", node), cast("Any", node).template.value

    def calls(self, function: str) -> Iterator[nodes.Call]:
        for call in self.of(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == function:
                yield call

    def links(self) -> Iterator[str]:
        """The constants in the addresses that a template makes, such as `/orders/`."""
        for call in self.calls("url"):
            yield from (str(constant.value) for constant in Nodes(call.args).of(nodes.Const))

    def routes(self) -> Iterator[tuple[str, int]]:
        """The routes that a template uses, each with its line. Raises TemplateSyntaxError."""
        for call in self.calls("route"):
            match call.args:
                case [nodes.Const(value=str(name))]:
                    yield name, call.lineno
                case _:
                    raise TemplateSyntaxError(
                        "name one route, in quotes, so that it can be checked when loaded",
                        call.lineno,
                    )


def validate(tree: nodes.Template, filters: Collection[str], tests: Collection[str]) -> Nodes:
    """Check a parsed template and rewrite it. Raises TemplateSyntaxError with the line.

    Returns the nodes as they were written.
    """
    found = Nodes(tree.body)
    for node, sentence in (*_unknown(found, filters, tests), *_faults(found)):
        raise TemplateSyntaxError(sentence, node.lineno)
    for loop in found.of(nodes.For):
        loop.iter = _filtered(cast("nodes.Expr", loop.iter), EACH)
    for tag, _ in found.references():
        if not isinstance(tag, nodes.Extends):
            # A macro needs the render context for its limits, locale and tenant.
            tag.with_context = True
    _rewrite(tree)
    return found


def _unknown(
    found: Nodes, filters: Collection[str], tests: Collection[str]
) -> Iterator[tuple[nodes.Node, str]]:
    """Unknown filters and tests. Jinja finds some of them only while rendering."""
    for kind, known in ((nodes.Filter, filters), (nodes.Test, tests)):
        for use in found.of(kind):
            if use.name not in known:
                word, names = kind.__name__.lower(), sorted(n for n in known if n.isidentifier())
                yield use, f"there is no {word} {use.name!r}; there are {', '.join(names)}"


def _faults(found: Nodes) -> Iterator[tuple[nodes.Node, str]]:
    for name in found.of(nodes.Name):
        if name.name.startswith("_"):
            yield name, f"names that begin with an underscore are private: {name.name}"
    for attribute in found.of(nodes.Getattr):
        if attribute.attr.startswith("_"):
            yield (
                attribute,
                f"attributes that begin with an underscore are private: {attribute.attr}",
            )
    for block in found.of(*_ESCAPING):
        yield block, "escaping follows from the kind of file and cannot be switched"
    for loop in found.of(nodes.For):
        if loop.recursive:
            yield loop, "recursive loops have no bound; use a macro"
    for literal in found.of(*_LITERALS):
        # Lists of variables can be nested into something exponentially large.
        if getattr(literal, "ctx", "load") == "load" and not _is_constant(literal):
            yield literal, "a list written in a template may hold constants only"
    yield from _vague_references(found)
    yield from _repeated_blocks(found)


def _repeated_blocks(found: Nodes) -> Iterator[tuple[nodes.Node, str]]:
    names: set[str] = set()
    for block in found.of(nodes.Block):
        if block.name in names:
            yield block, f"there is a block {block.name} already"
        names.add(block.name)


def _vague_references(found: Nodes) -> Iterator[tuple[nodes.Node, str]]:
    for node in found.of(*_REFERENCES):
        template = cast("Any", node).template
        if not (isinstance(template, nodes.Const) and isinstance(template.value, str)):
            yield node, "name one file, in quotes, so that it can be checked when loaded"
        elif getattr(node, "ignore_missing", False):
            yield node, "'ignore missing' would hide a mistyped name; leave it out"


def _is_constant(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) or (
        isinstance(node, (*_LITERALS, nodes.Pair))
        and all(map(_is_constant, node.iter_child_nodes()))
    )


def _rewrite(node: nodes.Node) -> None:
    for name, value in list(node.iter_fields()):
        if isinstance(value, list):
            setattr(node, name, [_rewritten(child) for child in value])
        elif isinstance(value, nodes.Node):
            setattr(node, name, _rewritten(value))


def _rewritten(child: object) -> object:
    if not isinstance(child, nodes.Node):
        return child
    _rewrite(child)
    match child:
        case nodes.Concat():
            return _filtered(nodes.List(child.nodes, lineno=child.lineno), JOIN)
        case nodes.Compare(ops=[nodes.Operand(op="eq" | "ne")]) if _has_short_constant(child):
            return child  # There is nothing to count.
        case nodes.Compare():
            operands = [child.expr, *(operand.expr for operand in child.ops)]
            operators = nodes.Const(tuple(operand.op for operand in child.ops))
            return _filtered(nodes.List(operands, lineno=child.lineno), COMPARE, operators)
        case nodes.Getitem() if isinstance(child.arg, nodes.Slice):
            return _filtered(child, SLICED)
    return child


def _has_short_constant(comparison: nodes.Compare) -> bool:
    """Whether one side is a constant that no comparison takes long with."""
    return any(
        isinstance(side, nodes.Const) and len(str(side.value)) <= _SHORT
        for side in (comparison.expr, comparison.ops[0].expr)
    )


def _filtered(value: nodes.Expr, name: str, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, list(arguments), [], None, None, lineno=value.lineno)
