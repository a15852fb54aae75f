"""The template files of each channel, and how they become the content of a message.

`TEMPLATES` names the class of each channel. A channel's class says of which files the parts of its
messages are made, compiles them, and builds the content from what is rendered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final, Protocol, Self
from unicodedata import normalize
from urllib.parse import quote

from css_inline import CSSInliner, InlineError

from dispatcher.rendering import gsm
from dispatcher.rendering.compiled import (
    CompiledTemplate,
    Fragment,
    compile_block,
    compile_template,
    compile_text,
)
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
from dispatcher.rendering.markup_to_text import text_of
from dispatcher.rendering.payload import is_url
from dispatcher.rendering.plain_text import one_line, paragraphs
from dispatcher.rendering.sandbox import Sandbox

#: Longest subject of a mail in characters; mail programs show fewer, a payload may hold many more.
_LONGEST_SUBJECT: Final = 200
#: Longest title of an item, and longest label of an action, in characters.
_LONGEST_TITLE: Final = 200
# Remote stylesheets stay off: their address may come from a payload. At-rules hold the dark mode.
_INLINER: Final = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
#: What inbox, push and open page say, unless they have files of their own.
MESSAGE_FILE: Final = "message.json"
#: The keys of such a file; a file for an open page has the first three only.
_BRIEF_KEYS: Final = ("title", "body", "link")
_TEXT_KEYS: Final = (*_BRIEF_KEYS, "image")
_KEYS: Final = (*_TEXT_KEYS, "actions")
_ACTION_KEYS: Final = ("label", "link")


class ChannelTemplate(Protocol):
    """The compiled files of one event for one channel, chosen for one reader's locale."""

    #: The parts of a message, and the files that each is made of: the first there is.
    parts: ClassVar[Mapping[str, tuple[str, ...]]]
    #: The parts that an event must have to be sent on the channel.
    required: ClassVar[tuple[str, ...]]
    #: Characters that it shows of what a user wrote (`message_preview`); None: all of them.
    longest_preview: ClassVar[int | None]
    #: Whether it has links to unsubscribe and to the preferences.
    offers_links: ClassVar[bool]

    @classmethod
    def compile(
        cls, part: str, environment: Sandbox, file: str, folder: str, source: str
    ) -> CompiledTemplate:
        """What a file, in this locale folder, has for a part.

        Raises Unrenderable if the file is malformed, and TemplateSyntaxError.
        """
        ...

    @classmethod
    def of(cls, compiled: Mapping[str, CompiledTemplate]) -> Self:
        """The template of these parts."""
        ...

    def render(self, values: dict[str, Any], context: RenderContext) -> Content:
        """Render with these variables. Raises Unrenderable, and whatever template code raises."""
        ...


@dataclass(frozen=True, slots=True)
class EmailTemplate:
    """A mail: subject, text and, if the event has one, HTML.

    The subject is the block `subject` of the HTML, else its `title`, and the text is its blocks in
    the text layout, unless they have files of their own.
    """

    subject: CompiledTemplate
    text: CompiledTemplate
    html: CompiledTemplate | None

    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "subject": ("email.subject.txt", "email.html"),
        "text": ("email.txt", "email.html"),
        "html": ("email.html",),
    }
    required: ClassVar[tuple[str, ...]] = ("subject", "text")
    longest_preview: ClassVar[int | None] = 150
    offers_links: ClassVar[bool] = True

    @classmethod
    def compile(
        cls, part: str, environment: Sandbox, file: str, folder: str, source: str
    ) -> CompiledTemplate:
        if part == "html" or not file.endswith(".html"):
            return compile_template(environment, file, folder, (Fragment(source, 1),))
        if part == "text":
            return compile_text(environment, file, folder, source)
        return compile_block(environment, file, folder, source, ("subject", "title"))

    @classmethod
    def of(cls, compiled: Mapping[str, CompiledTemplate]) -> Self:
        return cls(compiled["subject"], compiled["text"], compiled.get("html"))

    def render(self, values: dict[str, Any], context: RenderContext) -> EmailContent:
        subject = one_line(self.subject.render(values, context)[0], _LONGEST_SUBJECT)
        text = self.text.render(values, context)[0]
        plain = paragraphs(text_of(text) if self.text.is_markup else text)
        if not (subject and plain):
            raise Unrenderable("the subject and the text must not be empty")
        html = None if self.html is None else self.html.render(values, context)[0].strip()
        if html is not None and "<style" in html:
            # After rendering, because a selector may span the layout and the blocks in it. Where a
            # value breaks the CSS of an element, the mail goes out with its style sheet alone.
            with suppress(InlineError):
                html = _INLINER.inline(html)
        return EmailContent(subject, plain + "\n", html)


@dataclass(frozen=True, slots=True)
class _TextTemplate:
    """One text."""

    text: CompiledTemplate

    required: ClassVar[tuple[str, ...]] = ("text",)
    offers_links: ClassVar[bool] = False

    @classmethod
    def compile(
        cls,
        part: str,  # noqa: ARG003 # it has one
        environment: Sandbox,
        file: str,
        folder: str,
        source: str,
    ) -> CompiledTemplate:
        return compile_template(environment, file, folder, (Fragment(source, 1),))

    @classmethod
    def of(cls, compiled: Mapping[str, CompiledTemplate]) -> Self:
        return cls(compiled["text"])


class SmsTemplate(_TextTemplate):
    """An SMS: one text.

    Line breaks and runs of spaces become single spaces, so an author may lay out the file freely.
    """

    __slots__ = ()
    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {"text": ("sms.txt",)}
    longest_preview: ClassVar[int | None] = 100

    def render(self, values: dict[str, Any], context: RenderContext) -> SmsContent:
        rendered = self.text.render(values, context)[0]
        # Never cut here, because the link is at the end. The channel refuses what is too long.
        sms = gsm.simplified(normalize("NFC", one_line(rendered, len(rendered))))
        if not sms:
            raise Unrenderable("the text must not be empty")
        return SmsContent(sms)


class ChatTemplate(_TextTemplate):
    """A message in a chat: one text, which may have several paragraphs."""

    __slots__ = ()
    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {"text": ("chat.txt",)}
    longest_preview: ClassVar[int | None] = 150

    def render(self, values: dict[str, Any], context: RenderContext) -> ChatContent:
        text = paragraphs(self.text.render(values, context)[0])
        if not text:
            raise Unrenderable("the text must not be empty")
        return ChatContent(text)


@dataclass(frozen=True, slots=True)
class _ItemTemplate:
    """The strings of a JSON file, each of which is a template.

        {"title": "…", "body": "…", "link": "…", "image": "…",
         "actions": [{"label": "…", "link": "…"}]}

    Only `title` is required. A link, image or action that renders to nothing is left out. In a
    message.json, an object `short` says what is different where there is less room than in the
    inbox; actions are those of the inbox, and those of `short` a push's.
    """

    item: CompiledTemplate

    required: ClassVar[tuple[str, ...]] = ("item",)
    longest_preview: ClassVar[int | None] = None
    offers_links: ClassVar[bool] = False
    #: Whether it says what is `short`.
    is_short: ClassVar[bool] = True
    #: The keys that a file of the channel's own may have.
    keys: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def compile(
        cls,
        part: str,  # noqa: ARG003 # it has one
        environment: Sandbox,
        file: str,
        folder: str,
        source: str,
    ) -> CompiledTemplate:
        return compile_template(environment, file, folder, cls._fragments(file, source))

    @classmethod
    def _fragments(cls, file: str, source: str) -> tuple[Fragment, ...]:
        try:
            parsed = json.loads(source, object_pairs_hook=_without_repeats)
        except json.JSONDecodeError as error:
            raise Unrenderable(f"line {error.lineno} is not JSON: {error.msg}") from None
        if file.rpartition("/")[2] == MESSAGE_FILE:
            item = _object(parsed, (*_KEYS, "short"))
            short = _object(item.pop("short", {}), _KEYS)
            if cls.is_short:
                item = {**item, "actions": [], **short}
        else:
            item = _object(parsed, cls.keys)
        return tuple(Fragment(string, _line(source, string)) for string in _strings(item))

    @classmethod
    def of(cls, compiled: Mapping[str, CompiledTemplate]) -> Self:
        return cls(compiled["item"])


class InAppTemplate(_ItemTemplate):
    """An inbox item."""

    __slots__ = ()
    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {"item": ("in_app.json", MESSAGE_FILE)}
    is_short: ClassVar[bool] = False
    keys: ClassVar[tuple[str, ...]] = _KEYS

    def render(self, values: dict[str, Any], context: RenderContext) -> InAppContent:
        return InAppContent(*_item(self.item.render(values, context)))


class PushTemplate(_ItemTemplate):
    """A browser's notification."""

    __slots__ = ()
    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {"item": ("push.json", MESSAGE_FILE)}
    longest_preview: ClassVar[int | None] = 150
    keys: ClassVar[tuple[str, ...]] = _KEYS

    def render(self, values: dict[str, Any], context: RenderContext) -> PushContent:
        return PushContent(*_item(self.item.render(values, context)))


class SseTemplate(_ItemTemplate):
    """What an open page shows for a moment: title, body and link only."""

    __slots__ = ()
    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {"item": ("sse.json", MESSAGE_FILE)}
    longest_preview: ClassVar[int | None] = 100
    keys: ClassVar[tuple[str, ...]] = _BRIEF_KEYS

    @classmethod
    def _fragments(cls, file: str, source: str) -> tuple[Fragment, ...]:
        # What is not shown is not rendered.
        title, body, link, *_ = super()._fragments(file, source)
        return title, body, link

    def render(self, values: dict[str, Any], context: RenderContext) -> SseContent:
        title, body, link, *_ = _item((*self.item.render(values, context), ""))
        return SseContent(title, body, link)


#: A rendered item file: title, body, link, image and actions; plain text and absolute links.
_Item = tuple[str, str, str | None, str | None, tuple[Action, ...]]


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
    if _USUAL_ADDRESS.fullmatch(rendered):
        return rendered
    if not rendered.isprintable() or " " in rendered:
        rendered = "".join(
            each if each.isprintable() and each != " " else quote(each, errors="replace")
            for each in rendered
        )
    if not is_url(rendered):
        raise Unrenderable("a link or image must be an absolute https:// or http:// address")
    return rendered


def _strings(item: Mapping[str, Any]) -> Iterator[str]:
    """Title, body, link and image, then label and link of each action."""
    if not item.get("title"):
        raise Unrenderable("title is missing")
    yield from (item.get(key, "") for key in _TEXT_KEYS)
    for action in item.get("actions", ()):
        if set(action) != set(_ACTION_KEYS):
            raise Unrenderable("an action has a label and a link")
        yield from (action[key] for key in _ACTION_KEYS)


def _object(parsed: object, keys: tuple[str, ...]) -> dict[str, Any]:
    """The object, in which only `short` and `actions` are no texts. Raises Unrenderable."""
    if not isinstance(parsed, dict):
        raise Unrenderable(f"an object with {', '.join(keys)} is wanted here")
    for key, value in parsed.items():
        if key not in keys:
            raise Unrenderable(f"there is no {key!r}; there are {', '.join(keys)}")
        if key == "actions":
            if not isinstance(value, list):
                raise Unrenderable("actions must be a list")
            for action in value:
                _object(action, _ACTION_KEYS)
        elif key != "short" and not isinstance(value, str):
            raise Unrenderable(f"{key} must be a text")
    return dict(parsed)


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


#: An address of which nothing has to be looked at any closer.
_USUAL_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[!-~]*)?")
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
