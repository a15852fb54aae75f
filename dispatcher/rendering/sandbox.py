"""The Jinja environment: safe against payloads and against template authors.

A payload is data and is never compiled. An author may be a tenant, so a template can reach only the
attributes listed here, call no method of a value and use no operator that can grow; everything else
has limits. What has no bound or leads out of the sandbox is refused when a template is loaded, so
its author hears of it before a recipient does. Loops, `~`, comparisons, slices and imports are
rewritten to count against the limits of the render (see context.py).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, nodes
from jinja2.environment import TemplateModule
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dispatcher.delivery.model import Tenant
from dispatcher.rendering.context import CHARACTERS, ObservedRecipient, current_render
from dispatcher.rendering.errors import Uncompilable, Unrenderable
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.filters import FILTERS, FUNCTIONS, TESTS, output, pay
from dispatcher.rendering.loader import LocaleLoader
from dispatcher.rendering.validation import validate

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

    def __init__(self, loader: LocaleLoader, sources: dict[Any, Any] | None = None) -> None:
        """`sources` has what is known of parsed files, for all languages (see compiled.py)."""
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
        self.sources: dict[Any, Any] = {} if sources is None else sources
        self._parsed: tuple[Any, nodes.Template | None] = (None, None)
        self.filters = dict(FILTERS)
        self.tests = dict(TESTS)
        self.globals = dict(FUNCTIONS)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for route, line in validate(tree, self.filters, self.tests).routes():
            if route not in self.files.routes.common:
                known = ", ".join(self.files.routes.common) or "none"
                raise TemplateSyntaxError(
                    f"there is no route {route!r}; there are {known}", line, name, filename
                )
        return tree

    def parsed(self, file: str, source: str, line: int = 1) -> nodes.Template:
        """Parse a source that begins on this line of a file. Nobody may change the tree.

        Raises TemplateSyntaxError.
        """
        # The parts of a mail are made of one file, one after the other.
        key, tree = self._parsed
        if tree is None or key != (file, source, line):
            # After a comment, errors have the line numbers of the file.
            moved = "{#" + "\n" * (line - 1) + "#}" + source if line > 1 else source
            tree = self.parse(moved, file, file)
            self._parsed = ((file, source, line), tree)
        return tree

    def compile(
        self,
        source: nodes.Template | str,
        name: str | None = None,
        filename: str | None = None,
        raw: bool = False,  # as Jinja has it
        defer_init: bool = False,
    ) -> Any:
        """Make code of a template. Raises Uncompilable."""
        try:
            return super().compile(source, name, filename, raw, defer_init)  # type: ignore[call-overload]
        except TemplateSyntaxError as error:
            place, sentence, line = error.filename, error.message, error.lineno
        except Exception as error:  # noqa: BLE001 # an author must not stop anything
            # Limits of Python on the compiled code, such as nesting and digits of a number.
            kind = type(error).__name__
            place, sentence, line = None, f"this cannot be compiled ({kind}); simplify it", None
        raise Uncompilable(place or filename or str(name), line, sentence or "a syntax error")

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
