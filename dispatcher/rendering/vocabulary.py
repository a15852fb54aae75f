"""The filters, functions and tests that a template has: these, and none of Jinja's others.

Each one that reads text or a list pays for its length, so none can be used to waste memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast
from urllib.parse import quote

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context
from jinja2.tests import TESTS as JINJA_TESTS
from markupsafe import Markup

from dispatcher.rendering import amounts, comparison, dates, links
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.grammar import COMPARE, EACH, JOIN, SLICED
from dispatcher.rendering.graphemes import cut
from dispatcher.rendering.ink import ink_on
from dispatcher.rendering.scene import SCENE, Scene, scene_of

_MAX_RANGE: Final = 1_000
_WRITABLE: Final = frozenset({str, Markup, int, float, Decimal})


@pass_context
def output(context: Context, value: object) -> object:
    """What `{{ … }}` may put out: text and numbers.

    `None`, `True` or a list would reach a person as Python spells them.
    """
    kind = type(value)
    if kind is str or kind is Markup:
        scene: Scene = context.parent[SCENE]
        scene.characters -= len(value)  # type: ignore[arg-type] # narrowed by kind
        if scene.characters < 0:
            scene.spend(0)
        return value
    if kind in _WRITABLE:
        return value
    if isinstance(value, Undefined):
        return str(value)  # raises, naming what is undefined
    if value is None:
        raise Unrenderable("an optional field is absent here; guard it with {% if … %}")
    raise Unrenderable("only text and numbers can be written out")


def _text(scene: Scene, value: object) -> str:
    """A filter's input as text, paid for."""
    if not isinstance(value, str):
        if type(value) not in _WRITABLE:
            if isinstance(value, Undefined):
                str(value)
            raise Unrenderable("a text filter was given something that is not text")
        value = str(value)
    scene.spend(len(value))
    return value


def _items(scene: Scene, value: object) -> Sequence[Any]:
    """A filter's input as a list, paid for."""
    if isinstance(value, Undefined):
        str(value)
    if isinstance(value, Mapping):
        value = list(value)
    if not isinstance(value, list | tuple | range):
        raise Unrenderable("only a list can be gone through")
    scene.step(len(value))
    return value


@pass_context
def _each(context: Context, value: object) -> Sequence[Any]:
    return _items(scene_of(context), value)


@pass_context
def _join_parts(context: Context, parts: list[object]) -> str:
    """The `~` operator."""
    texts: list[str] = []
    for part in parts:
        kind = type(part)
        if kind is str or kind is int:
            texts.append(str(part))
        else:
            texts.append(cast("str", output(context, part)))
    if context.eval_ctx.autoescape and any(isinstance(text, Markup) for text in texts):
        joined: str = Markup("").join(texts)
    else:
        joined = "".join(map(str, texts))
    scene_of(context).spend(len(joined))
    return joined


@pass_context
def _join(context: Context, value: object, separator: str = "") -> str:
    scene = scene_of(context)
    texts = [_text(scene, item) for item in _items(scene, value)]
    scene.spend(len(texts) * len(separator))
    return separator.join(texts)


@pass_context
def _length(context: Context, value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return len(_items(scene_of(context), value))


@pass_context
def _first(context: Context, value: object) -> object:
    items = _items(scene_of(context), value)
    return items[0] if items else None


@pass_context
def _last(context: Context, value: object) -> object:
    items = _items(scene_of(context), value)
    return items[-1] if items else None


@pass_context
def _truncate(context: Context, value: object, length: int = 150, end: str = "…") -> str:
    """At most `length` characters, `end` included, cut between words where there is a gap."""
    text = _text(scene_of(context), value)
    if len(text) <= length:
        return text
    kept = cut(text, max(length - len(end), 0))
    words = kept.rpartition(" ")[0]
    return (words if len(words) > len(kept) // 2 else kept).rstrip() + end


def _default(value: object, fallback: object = "") -> object:
    return fallback if value is None or isinstance(value, Undefined) else value


def _spelled(method: Callable[[str], str]) -> Callable[[Context, object], str]:
    @pass_context
    def spelled(context: Context, value: object) -> str:
        return method(_text(scene_of(context), value))

    return spelled


@pass_context
def _money(context: Context, value: object, currency: object = None) -> str:
    """In the currency given, else the payload's, else the tenant's."""
    scene = scene_of(context)
    code = currency or scene.currency or scene.tenant.currency
    if isinstance(code, str):
        scene.spend(len(code))
    return amounts.money(value, code, scene.notation)


@pass_context
def _number(context: Context, value: object) -> str:
    return amounts.number(value, scene_of(context).notation)


@pass_context
def _plural(context: Context, value: object, **forms: str) -> str:
    scene = scene_of(context)
    counted = amounts.counted(value, forms, scene.notation)
    scene.spend(len(counted))
    return counted


def _moment(style: dates.Style) -> Callable[[Context, object], str]:
    @pass_context
    def written(context: Context, value: object) -> str:
        scene, moment = scene_of(context), dates.parse(value)
        if not isinstance(moment, datetime):
            return dates.day(moment, scene.notation)
        zones = (scene.recipient.time_zone, scene.tenant.time_zone)
        return dates.moment(moment, style, zones, scene.notation)

    return written


@pass_context
def _url(context: Context, path: str) -> str:
    return links.absolute(scene_of(context).tenant.base_url, _text(scene_of(context), path))


@pass_context
def _range(context: Context, *bounds: int) -> range:  # noqa: ARG001 # all functions are called alike
    """As Python's, no longer than a message could use."""
    numbers = range(*bounds)
    if len(numbers) > _MAX_RANGE:
        raise Unrenderable(f"a range may have at most {_MAX_RANGE} numbers")
    return numbers


def _is_odd(value: object) -> bool:
    return isinstance(value, int) and value % 2 == 1


def _is_even(value: object) -> bool:
    return isinstance(value, int) and value % 2 == 0


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    EACH: _each,
    JOIN: _join_parts,
    COMPARE: comparison.compare,
    SLICED: comparison.sliced,
    "capitalize": _spelled(str.capitalize),
    "date": _moment("date"),
    "datetime": _moment("datetime"),
    "default": _default,
    "first": _first,
    "ink": _spelled(ink_on),
    "join": _join,
    "last": _last,
    "length": _length,
    "lower": _spelled(str.lower),
    "money": _money,
    "number": _number,
    "plural": _plural,
    "time": _moment("time"),
    "title": _spelled(str.title),
    "trim": _spelled(str.strip),
    "truncate": _truncate,
    "upper": _spelled(str.upper),
    "urlencode": _spelled(lambda text: quote(text, safe="", errors="replace")),
}

FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {"range": _range, "url": _url}

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
        name: comparison.test_of(called)
        for name, called in (
            ("eq", "eq"), ("ne", "ne"), ("lt", "lt"), ("le", "lteq"), ("gt", "gt"), ("ge", "gteq"),
            ("in", "in"),
        )
    },
    "even": _is_even,
    "odd": _is_odd,
}  # fmt: skip
