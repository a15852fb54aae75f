"""Comparisons, `in` and slices of a template, each paid for by the size of what it goes through."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context

from dispatcher.rendering.scene import Scene, scene_of

#: Characters that a member of a list costs: as long as it takes to compare that many.
MEMBER: Final = 10

_ORDERS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


@pass_context
def compare(context: Context, operands: Sequence[Any], operators: Sequence[str]) -> Any:
    """`a == b`, or a chain such as `a < b <= c`; `operators` as Jinja calls them."""
    scene = scene_of(context)
    left, result = operands[0], True
    for name, right in zip(operators, operands[1:], strict=True):
        result = _compared(scene, name, left, right)
        if not result:
            break
        left = right
    return result


@pass_context
def sliced(context: Context, part: Any) -> Any:
    """A part of a text or of a list."""
    scene_of(context).spend(len(part) if isinstance(part, str) else MEMBER * len(part))
    return part


def test_of(name: str) -> Callable[[Context, Any, Any], Any]:
    """The same as a test: `a is eq(b)`."""

    @pass_context
    def test(context: Context, left: Any, right: Any) -> Any:
        return _compared(scene_of(context), name, left, right)

    return test


def pay(scene: Scene, value: object) -> None:
    """For going through all of it: each character, and each member of a list, however deep."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                scene.spend(len(text))
            case list() | tuple() as members:
                scene.spend(MEMBER * len(members))
                waiting.extend(members)
            case range() as numbers:
                scene.spend(MEMBER * len(numbers))
            case dict() as named:
                scene.spend(MEMBER * len(named))
                waiting.extend(named.values())
            case _:
                pass


def _compared(scene: Scene, name: str, left: Any, right: Any) -> Any:
    order = _ORDERS.get(name)
    if order is None:
        pay(scene, left)
        # An object is asked for a name, and not gone through.
        if not isinstance(right, Mapping):
            pay(scene, right)
        return (left in right) is (name == "in")
    if isinstance(left, str) and isinstance(right, str):
        scene.spend(min(len(left), len(right)))
    elif isinstance(left, list | tuple | dict) and isinstance(right, list | tuple | dict):
        pay(scene, left)
        pay(scene, right)
    return order(left, right)
