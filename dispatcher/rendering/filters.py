"""The filters, functions and tests of templates. Jinja's others are not available.

Each one counts the characters and list members that it reads against the limits of the render, so
none can be used to fill the memory.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast
from urllib.parse import quote

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context
from jinja2.tests import TESTS as JINJA_TESTS
from markupsafe import Markup

from dispatcher.rendering import formats
from dispatcher.rendering.context import RENDER_CONTEXT, RenderContext, current_render
from dispatcher.rendering.contrast import readable_on
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.plain_text import cut, without_controls

#: Filters that only sandbox.py inserts: no template can write an @ in a name.
EACH: Final = "@each"
JOIN: Final = "@join"
COMPARE: Final = "@compare"
SLICED: Final = "@sliced"
#: What a member of a list counts in characters: comparing it takes as long as so many.
MEMBER: Final = 10

_ORDERS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}
_MAX_RANGE: Final = 1_000
_WRITABLE: Final = frozenset({str, Markup, int, float, Decimal})
_PLAIN: Final = re.compile(r"[A-Za-z0-9/_.~?#&=%:+,;@-]*")
_SCHEMES: Final = ("https://", "http://")


@pass_context
def compare(context: Context, operands: Sequence[Any], operators: Sequence[str]) -> Any:
    """`a == b`, or a chain such as `a < b <= c`. `operators` are Jinja's names."""
    render = current_render(context)
    left, result = operands[0], True
    for name, right in zip(operators, operands[1:], strict=True):
        result = _compared(render, name, left, right)
        if not result:
            break
        left = right
    return result


@pass_context
def sliced(context: Context, part: Any) -> Any:
    """`a[1:3]` of a text or a list, counted."""
    current_render(context).spend(len(part) if isinstance(part, str) else MEMBER * len(part))
    return part


def test_of(name: str) -> Callable[[Context, Any, Any], Any]:
    """A comparison as a test: `a is eq(b)`. `name` is Jinja's name of the operator."""

    @pass_context
    def test(context: Context, left: Any, right: Any) -> Any:
        return _compared(current_render(context), name, left, right)

    return test


def pay(render: RenderContext, value: object) -> None:
    """Count every character and every list member of a value, at any depth."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                render.spend(len(text))
            case list() | tuple() as members:
                render.spend(MEMBER * len(members))
                waiting.extend(members)
            case range() as numbers:
                render.spend(MEMBER * len(numbers))
            case dict() as named:
                render.spend(MEMBER * len(named))
                waiting.extend(named.values())
            case _:
                pass


def _compared(render: RenderContext, name: str, left: Any, right: Any) -> Any:
    order = _ORDERS.get(name)
    if order is None:
        pay(render, left)
        # `in` looks a name up in an object, without going through it.
        if not isinstance(right, Mapping):
            pay(render, right)
        return (left in right) is (name == "in")
    if isinstance(left, str) and isinstance(right, str):
        render.spend(min(len(left), len(right)))
    elif isinstance(left, list | tuple | dict) and isinstance(right, list | tuple | dict):
        pay(render, left)
        pay(render, right)
    return order(left, right)


@pass_context
def output(context: Context, value: object) -> object:
    """Check what `{{ … }}` puts out: text or numbers. Raises Unrenderable for anything else.

    `None`, `True` or a list would reach the reader in Python's spelling.
    """
    kind = type(value)
    if kind is str or kind is Markup:
        render: RenderContext = context.parent[RENDER_CONTEXT]
        render.characters -= len(value)  # type: ignore[arg-type] # narrowed by kind
        if render.characters < 0:
            render.spend(0)
        # Markup was made of what has been here before.
        if kind is str and not value.isprintable():  # type: ignore[attr-defined]
            return without_controls(value)  # type: ignore[arg-type]
        return value
    if kind in _WRITABLE:
        return value
    if isinstance(value, Undefined):
        return str(value)  # raises UndefinedError with the name
    if value is None:
        raise Unrenderable("an optional field is absent here; guard it with {% if … %}")
    raise Unrenderable("only text and numbers can be written out")


def _text(render: RenderContext, value: object) -> str:
    """The input of a filter as text, counted."""
    if not isinstance(value, str):
        if type(value) not in _WRITABLE:
            if isinstance(value, Undefined):
                str(value)
            raise Unrenderable("a text filter was given something that is not text")
        value = str(value)
    render.spend(len(value))
    return value


def _items(render: RenderContext, value: object) -> Sequence[Any]:
    """The input of a filter as a list, counted."""
    if isinstance(value, Undefined):
        str(value)
    if isinstance(value, Mapping):
        value = list(value)
    if not isinstance(value, list | tuple | range):
        raise Unrenderable("only a list can be gone through")
    render.step(len(value))
    return value


@pass_context
def _each(context: Context, value: object) -> Sequence[Any]:
    return _items(current_render(context), value)


@pass_context
def _join_parts(context: Context, parts: list[object]) -> str:
    """The `~` operator."""
    texts: list[str] = []
    for part in parts:
        kind = type(part)
        if kind is int:
            texts.append(str(part))
        else:
            texts.append(cast("str", output(context, part)))
    if context.eval_ctx.autoescape and any(isinstance(text, Markup) for text in texts):
        joined: str = Markup("").join(texts)
    else:
        joined = "".join(map(str, texts))
    current_render(context).spend(len(joined))
    return joined


@pass_context
def _join(context: Context, value: object, separator: str = "") -> str:
    render = current_render(context)
    texts = [_text(render, item) for item in _items(render, value)]
    render.spend(len(texts) * len(separator))
    return separator.join(texts)


@pass_context
def _length(context: Context, value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return len(_items(current_render(context), value))


@pass_context
def _first(context: Context, value: object) -> object:
    items = _items(current_render(context), value)
    return items[0] if items else None


@pass_context
def _last(context: Context, value: object) -> object:
    items = _items(current_render(context), value)
    return items[-1] if items else None


@pass_context
def _truncate(context: Context, value: object, length: int = 150, end: str = "…") -> str:
    """At most `length` characters including `end`, cut between words if that keeps half of it."""
    text = _text(current_render(context), value)
    if len(text) <= length:
        return text
    kept = cut(text, max(length - len(end), 0))
    words = kept.rpartition(" ")[0]
    return (words if len(words) > len(kept) // 2 else kept).rstrip() + end


def _default(value: object, fallback: object = "") -> object:
    return fallback if value is None or isinstance(value, Undefined) else value


def _text_filter(method: Callable[[str], str]) -> Callable[[Context, object], str]:
    @pass_context
    def filtered(context: Context, value: object) -> str:
        return method(_text(current_render(context), value))

    return filtered


@pass_context
def _money(context: Context, value: object, currency: object = None) -> str:
    """In the given currency, else the payload's, else the tenant's."""
    render = current_render(context)
    code = currency or render.currency or render.tenant.currency
    if isinstance(code, str):
        render.spend(len(code))
    return formats.money(value, code, render.notation)


@pass_context
def _number(context: Context, value: object) -> str:
    return formats.number(value, current_render(context).notation)


@pass_context
def _plural(context: Context, value: object, **forms: str) -> str:
    render = current_render(context)
    counted = formats.plural(value, forms, render.notation)
    render.spend(len(counted))
    return counted


def _date_filter(style: formats.Style) -> Callable[[Context, object], str]:
    @pass_context
    def filtered(context: Context, value: object) -> str:
        render, moment = current_render(context), formats.parse_date(value)
        if not isinstance(moment, datetime):
            return formats.day(moment, render.notation)
        zones = (render.recipient.time_zone, render.tenant.time_zone)
        return formats.timestamp(moment, style, zones, render.notation)

    return filtered


@pass_context
def _category_label(context: Context, category: str) -> str:
    render, environment = current_render(context), context.environment
    label: str = environment.files.category_label(_text(render, category))  # type: ignore[attr-defined]
    return label


@pass_context
def _url(context: Context, path: str) -> str:
    render = current_render(context)
    return absolute(render.tenant.base_url, _text(render, path))


@pass_context
def _route(context: Context, name: str) -> str:
    """The address of a known route; empty if the payload lacks a field that it needs."""
    render = current_render(context)
    path = render.routes.path(name, render.tenant.id, context.parent)
    return "" if path is None else absolute(render.tenant.base_url, _text(render, path))


@pass_context
def _range(context: Context, *bounds: int) -> range:  # noqa: ARG001 # all functions are called alike
    """Python's range, of at most 1,000 numbers."""
    numbers = range(*bounds)
    if len(numbers) > _MAX_RANGE:
        raise Unrenderable(f"a range may have at most {_MAX_RANGE} numbers")
    return numbers


def _is_odd(value: object) -> bool:
    return isinstance(value, int) and value % 2 == 1


def _is_even(value: object) -> bool:
    return isinstance(value, int) and value % 2 == 0


def is_web(address: object) -> bool:
    """Whether this is an absolute http(s) address: not `javascript:`, not relative."""
    return isinstance(address, str) and address.startswith(_SCHEMES)


def absolute(base_url: str, path: str) -> str:
    """`/orders/42` → `https://shop.example/orders/42`. No path can change the host."""
    if not is_web(base_url):
        raise Unrenderable("the tenant's base_url must begin with https:// or http://")
    if not _PLAIN.fullmatch(path):
        path = quote(path, safe="/_.~?#&=%:+,;@-", errors="replace")
    return f"{base_url.rstrip('/')}{'' if path.startswith('/') else '/'}{path}"


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    EACH: _each,
    JOIN: _join_parts,
    COMPARE: compare,
    SLICED: sliced,
    "capitalize": _text_filter(str.capitalize),
    "category_label": _category_label,
    "date": _date_filter("date"),
    "datetime": _date_filter("datetime"),
    "default": _default,
    "first": _first,
    "ink": _text_filter(readable_on),
    "join": _join,
    "last": _last,
    "length": _length,
    "lower": _text_filter(str.lower),
    "money": _money,
    "number": _number,
    "plural": _plural,
    "time": _date_filter("time"),
    "title": _text_filter(str.title),
    "trim": _text_filter(str.strip),
    "truncate": _truncate,
    "upper": _text_filter(str.upper),
    "urlencode": _text_filter(lambda text: quote(text, safe="", errors="replace")),
}

FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "range": _range,
    "route": _route,
    "url": _url,
}

#: Jinja's `divisibleby`, `odd` and `even` use %, which formats when the left side is text.
TESTS: Final[Mapping[str, Callable[..., Any]]] = {
    **{
        name: cast("Callable[..., Any]", JINJA_TESTS[name])
        for name in (
            "boolean", "defined", "false", "integer", "mapping", "none", "number", "sequence",
            "string", "true", "undefined",
        )
    },
    **{
        name: test_of(called)
        for name, called in (
            ("eq", "eq"), ("ne", "ne"), ("lt", "lt"), ("le", "lteq"), ("gt", "gt"), ("ge", "gteq"),
            ("in", "in"),
        )
    },
    "even": _is_even,
    "odd": _is_odd,
}  # fmt: skip
