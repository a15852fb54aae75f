"""The Jinja environment: safe against payloads and against template authors.

A payload is data and is never compiled. An author may be a tenant, so a template can reach only the
attributes listed here, call no method of a value and use no operator that can grow; everything else
has limits. What has no bound or leads out of the sandbox is refused when a template is loaded, so
its author hears of it before a recipient does. Loops, `~`, comparisons, slices and imports are
rewritten to count against the limits of the render (see context.py).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final, cast

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, nodes
from jinja2.environment import TemplateModule
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dispatcher.delivery.model import Tenant
from dispatcher.rendering.context import CHARACTERS, ObservedRecipient, current_render
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.filters import (
    COMPARE,
    EACH,
    FILTERS,
    FUNCTIONS,
    JOIN,
    SLICED,
    TESTS,
    output,
    pay,
)
from dispatcher.rendering.loader import LocaleLoader

_ATTRIBUTES: Final[Mapping[type, frozenset[str]]] = {
    ObservedRecipient: ObservedRecipient.READABLE,
    Tenant: frozenset({"id", "name", "base_url", "currency", "locale", "time_zone", "branding"}),
    EventType: frozenset({"key", "label", "description", "category"}),
    LoopContext: frozenset(
        {
            "changed", "cycle", "first", "index", "index0", "last", "length", "nextitem",
            "previtem", "revindex", "revindex0",
        }
    ),
    BlockReference: frozenset({"super"}),
}  # fmt: skip

#: The operators on numbers. ** and bit operators are left out: no message needs them.
_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_LARGEST: Final = 10**18
#: Up to this many pieces need no check of their total: each piece has a limit of its own.
_FEW: Final = 64
_FUNCTIONS: Final = tuple(FUNCTIONS.values())


def concat(pieces: Iterable[str]) -> str:
    """Join output, also for compiled templates. Raises Unrenderable over the limit."""
    parts = list(pieces)
    if len(parts) > _FEW and sum(map(len, parts)) > CHARACTERS:
        raise Unrenderable(f"the template makes more than {CHARACTERS} characters")
    return "".join(parts)


class _SpendingContext(Context):
    """Counts a step when it is made: by each include, import and macro call in a loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current_render(self).step()


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of one language's templates. `loader` prefers files of that language."""

    context_class = _SpendingContext
    concat = staticmethod(concat)
    intercepted_binops = frozenset({*_ARITHMETIC, "**"})

    def __init__(self, loader: LocaleLoader) -> None:
        super().__init__(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=_is_markup,
            finalize=output,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self.files = loader
        #: Analyses of included files, by path (see compiled.py).
        self.sources: dict[str, Any] = {}
        self.filters = dict(FILTERS)
        self.tests = dict(TESTS)
        self.globals = dict(FUNCTIONS)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = validate(super()._parse(source, name, filename), self.filters, self.tests)
        for route, line in routes(tree):
            if route not in self.files.routes.common:
                known = ", ".join(self.files.routes.common) or "none"
                raise TemplateSyntaxError(
                    f"there is no route {route!r}; there are {known}", line, name, filename
                )
        return tree

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`a.b`: an item of a mapping, or an attribute listed above."""
        if attribute in _ATTRIBUTES.get(type(obj), ()):
            return getattr(obj, attribute)
        if isinstance(obj, Mapping):
            return self._item(obj, attribute, attribute)
        if isinstance(obj, TemplateReference):
            return self._item(obj, attribute, attribute)
        if isinstance(obj, TemplateModule):
            return self._item(vars(obj), attribute, attribute)
        if isinstance(obj, Undefined):
            str(obj)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`a[b]`: an item, never an attribute."""
        if isinstance(obj, Mapping | list | tuple | str):
            return self._item(obj, argument, None)
        if isinstance(obj, Undefined):
            str(obj)
        return self.undefined("only lists, texts and objects have items")

    def _item(self, obj: Any, key: Any, name: str | None) -> Any:
        try:
            return obj[key]
        except (LookupError, TypeError):
            # A computed key may come from the payload, so the message does not name it.
            return (
                self.undefined("there is no such item")
                if name is None
                else self.undefined(obj=obj, name=name)
            )

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers, and + on texts."""
        for side in (left, right):
            if isinstance(side, Undefined):
                str(side)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            current_render(context).spend(len(left) + len(right))
            return left + right
        if operator not in _ARITHMETIC or not (_is_number(left) and _is_number(right)):
            raise Unrenderable(f"the operator {operator} does not work on these values")
        return _ARITHMETIC[operator](left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        """Blocks and methods of `loop`. Macros and functions are called without asking this."""
        return isinstance(obj, BlockReference) or isinstance(
            getattr(obj, "__self__", None), LoopContext
        )

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805,PYI063 # kwargs may be called anything
        """Call a macro, a function or a block. Counts a step, which bounds recursion."""
        current_render(__context).step()
        is_macro = isinstance(__obj, Macro)
        if is_macro or __obj in _FUNCTIONS:
            # Jinja would copy the context to pass variables that these do not read.
            kwargs.pop("_loop_vars", None)
            kwargs.pop("_block_vars", None)
            return __obj(__context.eval_ctx if is_macro else __context, *args, **kwargs)
        if isinstance(__obj, Undefined):
            str(__obj)
        if not __self.is_safe_callable(__obj):
            raise Unrenderable("this cannot be called")
        # `loop.changed` compares the arguments with those of the round before.
        pay(current_render(__context), args)
        return __context.call(__obj, *args, **kwargs)


def _is_markup(name: str | None) -> bool:
    return name is not None and name.endswith(".html")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and -_LARGEST <= value <= _LARGEST


#: The tags that name another file.
Reference = nodes.Include | nodes.Extends | nodes.Import | nodes.FromImport
_REFERENCES: Final = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)
_LITERALS: Final = (nodes.List, nodes.Tuple, nodes.Dict)
_ESCAPING: Final = (nodes.EvalContextModifier, nodes.ScopedEvalContextModifier)


def validate(
    tree: nodes.Template, filters: Collection[str], tests: Collection[str]
) -> nodes.Template:
    """Check a parsed template and rewrite it. Raises TemplateSyntaxError with the line."""
    for node, sentence in (*_unknown(tree, filters, tests), *_faults(tree)):
        raise TemplateSyntaxError(sentence, node.lineno)
    for loop in tree.find_all(nodes.For):
        loop.iter = _filtered(cast("nodes.Expr", loop.iter), EACH)
    for tag in _references(tree):
        if not isinstance(tag, nodes.Extends):
            # A macro needs the render context for its limits, locale and tenant.
            tag.with_context = True
    _rewrite(tree)
    return tree


def references(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """The files that a validated template includes, each with the line of the tag."""
    for node, name in referring(tree):
        yield name, node.lineno


def referring(tree: nodes.Template) -> Iterator[tuple[Reference, str]]:
    """The tags of a validated template that name a file, and the file."""
    for node in _references(tree):
        yield node, cast("nodes.Const", node.template).value


def links(tree: nodes.Template) -> Iterator[str]:
    """The constants in the addresses that a validated template makes, such as `/orders/`."""
    for call in _calls(tree, "url"):
        yield from (
            str(constant.value)
            for each in call.args
            for constant in (
                [each] if isinstance(each, nodes.Const) else each.find_all(nodes.Const)
            )
        )


def routes(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """The routes that a template uses, each with its line. Raises TemplateSyntaxError."""
    for call in _calls(tree, "route"):
        match call.args:
            case [nodes.Const(value=str(name))]:
                yield name, call.lineno
            case _:
                raise TemplateSyntaxError(
                    "name one route, in quotes, so that it can be checked when loaded", call.lineno
                )


def _calls(tree: nodes.Template, function: str) -> Iterator[nodes.Call]:
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == function:
            yield call


def _unknown(
    tree: nodes.Template, filters: Collection[str], tests: Collection[str]
) -> Iterator[tuple[nodes.Node, str]]:
    """Unknown filters and tests. Jinja finds some of them only while rendering."""
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
