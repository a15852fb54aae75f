"""A file of JSON whose texts are templates of their own: what an inbox item, a push or a page says.

    {"title": "…", "body": "…", "link": "…", "image": "…", "actions": [{"label": "…", "link": "…"}]}

`title` is needed. A link, image or action whose text comes out empty is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from dispatcher.rendering.content import Action
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.links import is_web
from dispatcher.rendering.page import Leaf
from dispatcher.rendering.plain_text import one_line, paragraphs

#: A page that is open shows no more than this.
_BRIEF: Final = ("title", "body", "link")
_TEXTS: Final = (*_BRIEF, "image")
_ACTION: Final = ("label", "link")
_LONGEST_TITLE: Final = 200


class Item(NamedTuple):
    """What the texts came out as: plain text and absolute links."""

    title: str
    body: str
    link: str | None
    image: str | None
    actions: tuple[Action, ...]


def leaves(source: str, *, is_brief: bool = False) -> tuple[Leaf, ...]:
    """The texts, in the order in which `item` takes them. Raises Unrenderable.

    A brief file has no image and no actions.
    """
    try:
        said = json.loads(source, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise Unrenderable(f"line {error.lineno} is not JSON: {error.msg}") from None
    return tuple(Leaf(text, _line(source, text)) for text in _texts(said, is_brief=is_brief))


def item(written: Sequence[str]) -> Item:
    """Of the texts that the leaves turned into. Raises Unrenderable."""
    title, body, link, image, *actions = written
    title = one_line(title, _LONGEST_TITLE)
    if not title:
        raise Unrenderable("the title must not be empty")
    return Item(
        title,
        paragraphs(body),
        _address(link),
        _address(image),
        _actions(actions) if actions else (),
    )


def _actions(texts: list[str]) -> tuple[Action, ...]:
    return tuple(
        [
            Action(one_line(label, _LONGEST_TITLE), address)
            for label, link in zip(texts[::2], texts[1::2], strict=True)
            if (address := _address(link))
        ]
    )


def _address(text: str) -> str | None:
    text = text.strip()
    if not text:
        return None
    if not is_web(text):
        raise Unrenderable("a link or image must be an absolute https:// or http:// address")
    return text


def _texts(said: object, *, is_brief: bool) -> Iterator[str]:
    """Title, body, link and image, then label and link of each action."""
    item = _object(said, _BRIEF) if is_brief else _object(said, _TEXTS, extra="actions")
    if not item.get("title"):
        raise Unrenderable("title is missing")
    yield from (item.get(name, "") for name in _TEXTS)
    actions = said.get("actions", []) if isinstance(said, dict) else []
    if not isinstance(actions, list):
        raise Unrenderable("actions must be a list")
    for each in actions:
        action = _object(each, _ACTION)
        if set(action) != set(_ACTION):
            raise Unrenderable("an action has a label and a link")
        yield from (action[name] for name in _ACTION)


def _object(said: object, names: tuple[str, ...], extra: str | None = None) -> dict[str, str]:
    if not isinstance(said, dict):
        raise Unrenderable(f"an object with {', '.join(names)} is wanted here")
    for name, text in said.items():
        if name not in names and name != extra:
            raise Unrenderable(f"there is no {name!r}; there are {', '.join(names)}")
        if name != extra and not isinstance(text, str):
            raise Unrenderable(f"{name} must be a text")
    return {name: text for name, text in said.items() if name != extra}


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    item = dict(pairs)
    if len(item) != len(pairs):
        raise Unrenderable("a name stands twice in one object")
    return item


def _line(source: str, text: str) -> int:
    """Where a text stands; JSON can spell it in several ways, of which two are looked for."""
    for spelling in (json.dumps(text, ensure_ascii=False), json.dumps(text)):
        if text and (place := source.find(spelling)) >= 0:
            return source.count("\n", 0, place) + 1
    return 1
