"""The environment templates run in, safe against payloads and against template authors.

A payload is data and never compiled. An author may be a tenant: no attribute of any object but
the few listed here, no method of a value, no operator that can grow, limits on everything else.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.environment import TemplateModule
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dispatcher.delivery import Tenant
from dispatcher.rendering import comparison, grammar
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.scene import CHARACTERS, ObservedRecipient, scene_of
from dispatcher.rendering.tree import Loader
from dispatcher.rendering.vocabulary import FILTERS, FUNCTIONS, TESTS, output

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

#: No ** and no bit operators: nothing that a message is made of needs them.
_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_LARGEST: Final = 10**18
#: So few parts are bounded by the bounds on each.
_FEW: Final = 64
_FUNCTIONS: Final = tuple(FUNCTIONS.values())


def concat(pieces: Iterable[str]) -> str:
    """Every joining of output, in compiled templates too."""
    parts = list(pieces)
    if len(parts) > _FEW and sum(map(len, parts)) > CHARACTERS:
        raise Unrenderable(f"the template makes more than {CHARACTERS} characters")
    return "".join(parts)


class _SpendingContext(Context):
    """Each include, import and macro call in a loop makes one, and pays a step for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scene_of(self).step()


class Sandbox(ImmutableSandboxedEnvironment):
    """One language's templates: `loader` finds the files of that language first."""

    context_class = _SpendingContext
    concat = staticmethod(concat)
    intercepted_binops = frozenset({*_ARITHMETIC, "**"})

    def __init__(self, loader: Loader) -> None:
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
        #: What was found out about files that others take in, by path (see page.py).
        self.sources: dict[str, Any] = {}
        self.filters = dict(FILTERS)
        self.tests = dict(TESTS)
        self.globals = dict(FUNCTIONS)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return grammar.guard(super()._parse(source, name, filename), self.filters, self.tests)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`a.b`: a mapping's item, or an attribute listed above."""
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
            # A key that was computed may come from the payload, so it is not named.
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
            scene_of(context).spend(len(left) + len(right))
            return left + right
        if operator not in _ARITHMETIC or not (_is_number(left) and _is_number(right)):
            raise Unrenderable(f"the operator {operator} does not work on these values")
        return _ARITHMETIC[operator](left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        """Blocks and `loop.cycle`: macros and our own functions are called before this is asked."""
        return isinstance(obj, BlockReference) or isinstance(
            getattr(obj, "__self__", None), LoopContext
        )

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805,PYI063 # kwargs may be called anything
        """Every call in a template pays a step: recursion is bounded by that."""
        scene_of(__context).step()
        is_macro = isinstance(__obj, Macro)
        if is_macro or __obj in _FUNCTIONS:
            # Jinja's own way of calling copies the context to hand over what these do not read.
            kwargs.pop("_loop_vars", None)
            kwargs.pop("_block_vars", None)
            return __obj(__context.eval_ctx if is_macro else __context, *args, **kwargs)
        if isinstance(__obj, Undefined):
            str(__obj)
        if not __self.is_safe_callable(__obj):
            raise Unrenderable("this cannot be called")
        # `loop.changed` compares them with those of the round before.
        comparison.pay(scene_of(__context), args)
        return __context.call(__obj, *args, **kwargs)


def _is_markup(name: str | None) -> bool:
    return name is not None and name.endswith(".html")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and -_LARGEST <= value <= _LARGEST
