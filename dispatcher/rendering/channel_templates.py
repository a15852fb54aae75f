"""The template files of each channel, and how they become the content of a message.

`TEMPLATES` names the class of each channel. A channel's class says which files it needs, which
fragments of a file are templates, and how to build the content from the rendered fragments.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final, Protocol, Self
from unicodedata import normalize

from css_inline import CSSInliner

from dispatcher.rendering import gsm
from dispatcher.rendering.compiled import CompiledTemplate, Fragment
from dispatcher.rendering.content import (
    Action,
    ChatContent,
    Content,
    EmailContent,
    InAppContent,
    PushContent,
    SmsContent,
    SseContent,
)
from dispatcher.rendering.context import RenderContext
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.filters import is_web
from dispatcher.rendering.plain_text import one_line, paragraphs

#: Longest subject of a mail in characters; mail programs show fewer, a payload may hold many more.
_LONGEST_SUBJECT: Final = 200
#: Longest title of an item, and longest label of an action, in characters.
_LONGEST_TITLE: Final = 200
# Remote stylesheets stay off: their address may come from a payload. At-rules hold the dark mode.
_INLINER: Final = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
#: The keys of an item file; a file for an open page has the first three only.
_BRIEF_KEYS: Final = ("title", "body", "link")
_KEYS: Final = (*_BRIEF_KEYS, "image")
_ACTION_KEYS: Final = ("label", "link")


class ChannelTemplate(Protocol):
    """The compiled files of one event for one channel, chosen for one reader's locale."""

    #: Names of the files that an event must have to be sent on the channel.
    required: ClassVar[tuple[str, ...]]
    #: Names of the files that it may have.
    optional: ClassVar[tuple[str, ...]]
    #: Characters that it shows of what a user wrote (`message_preview`); None: all of them.
    longest_preview: ClassVar[int | None]
    #: Whether it has links to unsubscribe and to the preferences.
    offers_links: ClassVar[bool]

    @classmethod
    def fragments(cls, source: str) -> tuple[Fragment, ...]:
        """The templates in the text of a file. Raises Unrenderable if the file is malformed."""
        ...

    @classmethod
    def of(cls, compiled: Mapping[str, CompiledTemplate]) -> Self:
        """The template of these compiled files, by file name."""
        ...

    def render(self, values: dict[str, Any], context: RenderContext) -> Content:
        """Render with these variables. Raises Unrenderable, and whatever template code raises."""
        ...


@dataclass(frozen=True, slots=True)
class EmailTemplate:
    """A mail: subject, plain part and, if the event has one, HTML part."""

    subject: CompiledTemplate
    plain: CompiledTemplate
    html: CompiledTemplate | None

    required: ClassVar[tuple[str, ...]] = ("email.subject.txt", "email.txt")
    optional: ClassVar[tuple[str, ...]] = ("email.html",)
    longest_preview: ClassVar[int | None] = 150
    offers_links: ClassVar[bool] = True

    @classmethod
    def fragments(cls, source: str) -> tuple[Fragment, ...]:
        return (Fragment(source, 1),)

    @classmethod
    def of(cls, compiled: Mapping[str, CompiledTemplate]) -> Self:
        return cls(compiled["email.subject.txt"], compiled["email.txt"], compiled.get("email.html"))

    def render(self, values: dict[str, Any], context: RenderContext) -> EmailContent:
        subject = one_line(self.subject.render(values, context)[0], _LONGEST_SUBJECT)
        plain = paragraphs(self.plain.render(values, context)[0])
        if not (subject and plain):
            raise Unrenderable("the subject and the text must not be empty")
        html = None if self.html is None else self.html.render(values, context)[0].strip()
        if html is not None and "<style" in html:
            # After rendering, because a selector may span the layout and the blocks in it.
            html = _INLINER.inline(html)
        return EmailContent(subject, plain + "\n", html)


@dataclass(frozen=True, slots=True)
class SmsTemplate:
    """An SMS: one text.

    Line breaks and runs of spaces become single spaces, so an author may lay out the file freely.
    """

    sms: CompiledTemplate

    required: ClassVar[tuple[str, ...]] = ("sms.txt",)
    optional: ClassVar[tuple[str, ...]] = ()
    longest_preview: ClassVar[int | None] = 100
    offers_links: ClassVar[bool] = False

    @classmethod
    def fragments(cls, source: str) -> tuple[Fragment, ...]:
        return (Fragment(source, 1),)

    @classmethod
    def of(cls, compiled: Mapping[str, CompiledTemplate]) -> Self:
        return cls(compiled["sms.txt"])

    def render(self, values: dict[str, Any], context: RenderContext) -> SmsContent:
        rendered = self.sms.render(values, context)[0]
        # Never cut here, because the link is at the end. The channel refuses what is too long.
        sms = gsm.simplified(normalize("NFC", one_line(rendered, len(rendered))))
        if not sms:
            raise Unrenderable("the text must not be empty")
        return SmsContent(sms)


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A message in a chat: one text, which may have several paragraphs."""

    chat: CompiledTemplate

    required: ClassVar[tuple[str, ...]] = ("chat.txt",)
    optional: ClassVar[tuple[str, ...]] = ()
    longest_preview: ClassVar[int | None] = 150
    offers_links: ClassVar[bool] = False

    @classmethod
    def fragments(cls, source: str) -> tuple[Fragment, ...]:
        return (Fragment(source, 1),)

    @classmethod
    def of(cls, compiled: Mapping[str, CompiledTemplate]) -> Self:
        return cls(compiled["chat.txt"])

    def render(self, values: dict[str, Any], context: RenderContext) -> ChatContent:
        text = paragraphs(self.chat.render(values, context)[0])
        if not text:
            raise Unrenderable("the text must not be empty")
        return ChatContent(text)


@dataclass(frozen=True, slots=True)
class _ItemTemplate:
    """One JSON file whose strings are templates.

        {"title": "…", "body": "…", "link": "…", "image": "…",
         "actions": [{"label": "…", "link": "…"}]}

    Only `title` is required. A link, image or action that renders to nothing is left out.
    """

    item: CompiledTemplate

    optional: ClassVar[tuple[str, ...]] = ()
    longest_preview: ClassVar[int | None] = None
    offers_links: ClassVar[bool] = False

    @classmethod
    def fragments(cls, source: str) -> tuple[Fragment, ...]:
        return _item_fragments(source)

    @classmethod
    def of(cls, compiled: Mapping[str, CompiledTemplate]) -> Self:
        (item,) = compiled.values()
        return cls(item)


class InAppTemplate(_ItemTemplate):
    """An inbox item."""

    __slots__ = ()
    required: ClassVar[tuple[str, ...]] = ("in_app.json",)

    def render(self, values: dict[str, Any], context: RenderContext) -> InAppContent:
        return InAppContent(*_item(self.item.render(values, context)))


class PushTemplate(_ItemTemplate):
    """A browser's notification."""

    __slots__ = ()
    required: ClassVar[tuple[str, ...]] = ("push.json",)
    longest_preview: ClassVar[int | None] = 150

    def render(self, values: dict[str, Any], context: RenderContext) -> PushContent:
        return PushContent(*_item(self.item.render(values, context)))


class SseTemplate(_ItemTemplate):
    """What an open page shows for a moment: title, body and link only."""

    __slots__ = ()
    required: ClassVar[tuple[str, ...]] = ("sse.json",)

    @classmethod
    def fragments(cls, source: str) -> tuple[Fragment, ...]:
        return _item_fragments(source, is_brief=True)

    def render(self, values: dict[str, Any], context: RenderContext) -> SseContent:
        title, body, link, *_ = _item(self.item.render(values, context))
        return SseContent(title, body, link)


#: A rendered item file: title, body, link, image and actions; plain text and absolute links.
_Item = tuple[str, str, str | None, str | None, tuple[Action, ...]]


def _item_fragments(source: str, *, is_brief: bool = False) -> tuple[Fragment, ...]:
    """The strings of an item file, in the order in which `_item` takes them.

    A brief file has no image and no actions. Raises Unrenderable if the file is malformed.
    """
    try:
        parsed = json.loads(source, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise Unrenderable(f"line {error.lineno} is not JSON: {error.msg}") from None
    strings = _strings(parsed, is_brief=is_brief)
    return tuple(Fragment(string, _line(source, string)) for string in strings)


def _item(rendered: Sequence[str]) -> _Item:
    """The item of the rendered fragments. Raises Unrenderable."""
    title, body, link, image, *actions = rendered
    title = one_line(title, _LONGEST_TITLE)
    if not title:
        raise Unrenderable("the title must not be empty")
    return (
        title,
        paragraphs(body),
        _address(link),
        _address(image),
        _actions(actions) if actions else (),
    )


def _actions(rendered: list[str]) -> tuple[Action, ...]:
    return tuple(
        [
            Action(one_line(label, _LONGEST_TITLE), address)
            for label, link in zip(rendered[::2], rendered[1::2], strict=True)
            if (address := _address(link))
        ]
    )


def _address(rendered: str) -> str | None:
    rendered = rendered.strip()
    if not rendered:
        return None
    if not is_web(rendered):
        raise Unrenderable("a link or image must be an absolute https:// or http:// address")
    return rendered


def _strings(parsed: object, *, is_brief: bool) -> Iterator[str]:
    """Title, body, link and image, then label and link of each action."""
    item = _object(parsed, _BRIEF_KEYS) if is_brief else _object(parsed, _KEYS, extra="actions")
    if not item.get("title"):
        raise Unrenderable("title is missing")
    yield from (item.get(key, "") for key in _KEYS)
    actions = parsed.get("actions", []) if isinstance(parsed, dict) else []
    if not isinstance(actions, list):
        raise Unrenderable("actions must be a list")
    for each in actions:
        action = _object(each, _ACTION_KEYS)
        if set(action) != set(_ACTION_KEYS):
            raise Unrenderable("an action has a label and a link")
        yield from (action[key] for key in _ACTION_KEYS)


def _object(parsed: object, keys: tuple[str, ...], extra: str | None = None) -> dict[str, str]:
    if not isinstance(parsed, dict):
        raise Unrenderable(f"an object with {', '.join(keys)} is wanted here")
    for key, value in parsed.items():
        if key not in keys and key != extra:
            raise Unrenderable(f"there is no {key!r}; there are {', '.join(keys)}")
        if key != extra and not isinstance(value, str):
            raise Unrenderable(f"{key} must be a text")
    return {key: value for key, value in parsed.items() if key != extra}


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    parsed = dict(pairs)
    if len(parsed) != len(pairs):
        raise Unrenderable("a name stands twice in one object")
    return parsed


def _line(source: str, string: str) -> int:
    """The line of a string. JSON has several spellings of one; the two usual ones are searched."""
    for spelling in (json.dumps(string, ensure_ascii=False), json.dumps(string)):
        if string and (place := source.find(spelling)) >= 0:
            return source.count("\n", 0, place) + 1
    return 1


#: The template class of each channel.
TEMPLATES: Final[Mapping[str, type[ChannelTemplate]]] = MappingProxyType(
    {
        "chat": ChatTemplate,
        "email": EmailTemplate,
        "in_app": InAppTemplate,
        "push": PushTemplate,
        "sms": SmsTemplate,
        "sse": SseTemplate,
    }
)
