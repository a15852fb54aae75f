"""What a template may say: Jinja, less what has no bound or leads out of the sandbox.

Refused when a template is loaded, so that its author hears of it and no recipient does. Loops, `~`,
comparisons, slices and imports are rewritten so that they spend from the render's limits (see
scene.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, cast

from jinja2 import TemplateSyntaxError, nodes

#: Filters that only the rewriting can name: no template can write an @ in a name.
EACH: Final = "@each"
JOIN: Final = "@join"
COMPARE: Final = "@compare"
SLICED: Final = "@sliced"

#: The tags that take the name of another file.
Reference = nodes.Include | nodes.Extends | nodes.Import | nodes.FromImport
_REFERENCES: Final = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)
_LITERALS: Final = (nodes.List, nodes.Tuple, nodes.Dict)
_ESCAPING: Final = (nodes.EvalContextModifier, nodes.ScopedEvalContextModifier)


def guard(tree: nodes.Template, filters: Collection[str], tests: Collection[str]) -> nodes.Template:
    """Check a parsed template and rewrite it; raises TemplateSyntaxError with the line."""
    for node, sentence in (*_unknown(tree, filters, tests), *_faults(tree)):
        raise TemplateSyntaxError(sentence, node.lineno)
    for loop in tree.find_all(nodes.For):
        loop.iter = _filtered(cast("nodes.Expr", loop.iter), EACH)
    for tag in _references(tree):
        if not isinstance(tag, nodes.Extends):
            # A macro needs the scene for its limits, its locale and its tenant.
            tag.with_context = True
    _rewrite(tree)
    return tree


def references(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """The files that a guarded template takes in, each with the line that says so."""
    for node in _references(tree):
        yield cast("nodes.Const", node.template).value, node.lineno


def _unknown(
    tree: nodes.Template, filters: Collection[str], tests: Collection[str]
) -> Iterator[tuple[nodes.Node, str]]:
    """Jinja itself finds some of these only when a render gets there."""
    for kind, known in ((nodes.Filter, filters), (nodes.Test, tests)):
        for use in tree.find_all(kind):
            if use.name not in known:
                word, names = kind.__name__.lower(), sorted(n for n in known if n.isidentifier())
                yield use, f"there is no {word} {use.name!r}; there are {', '.join(names)}"


def _faults(tree: nodes.Template) -> Iterator[tuple[nodes.Node, str]]:
    for name in tree.find_all(nodes.Name):
        if name.name.startswith("_"):
            yield name, f"names that begin with an underscore are private: {name.name}"
    for attribute in tree.find_all(nodes.Getattr):
        if attribute.attr.startswith("_"):
            yield (
                attribute,
                f"attributes that begin with an underscore are private: {attribute.attr}",
            )
    for block in tree.find_all(_ESCAPING):
        yield block, "escaping follows from the kind of file and cannot be switched"
    for loop in tree.find_all(nodes.For):
        if loop.recursive:
            yield loop, "recursive loops have no bound; use a macro"
    for literal in tree.find_all(_LITERALS):
        # Lists of variables can be nested into something exponentially large.
        if getattr(literal, "ctx", "load") == "load" and not _is_constant(literal):
            yield literal, "a list written in a template may hold constants only"
    yield from _vague_references(tree)


def _vague_references(tree: nodes.Template) -> Iterator[tuple[nodes.Node, str]]:
    for node in _references(tree):
        named = isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)
        if not named:
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
        case nodes.Compare():
            operands = [child.expr, *(operand.expr for operand in child.ops)]
            operators = nodes.Const(tuple(operand.op for operand in child.ops))
            return _filtered(nodes.List(operands, lineno=child.lineno), COMPARE, operators)
        case nodes.Getitem() if isinstance(child.arg, nodes.Slice):
            return _filtered(child, SLICED)
    return child


def _filtered(value: nodes.Expr, name: str, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, list(arguments), [], None, None, lineno=value.lineno)


def _references(tree: nodes.Template) -> Iterator[Reference]:
    return cast("Iterator[Reference]", tree.find_all(_REFERENCES))
