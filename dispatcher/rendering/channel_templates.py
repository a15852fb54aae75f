"""What each channel's templates are made of: an event's files for it, and what they turn into."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final, NamedTuple, Protocol, Self
from unicodedata import normalize

from css_inline import CSSInliner

from dispatcher.rendering import gsm
from dispatcher.rendering.compiled import CompiledTemplate, Fragment
from dispatcher.rendering.content import (
    Action,
    Content,
    EmailContent,
    InAppContent,
    PushContent,
    SmsContent,
    SseContent,
)
from dispatcher.rendering.context import RenderContext
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.plain_text import one_line, paragraphs

#: Mail programs show fewer; a payload may hold many more.
_LONGEST_SUBJECT: Final = 200
# Never the network: a stylesheet's address may come from a payload. At-rules are for dark mode.
_INLINER: Final = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
#: A page that is open shows no more than this.
_BRIEF: Final = ("title", "body", "link")
_TEXTS: Final = (*_BRIEF, "image")
_ACTION: Final = ("label", "link")
_SCHEMES: Final = ("https://", "http://")
_LONGEST_TITLE: Final = 200


class ChannelTemplate(Protocol):
    """One event's files for one channel, chosen for one reader's language."""

    #: The files the channel cannot do without, and those it can.
    required: ClassVar[tuple[str, ...]]
    optional: ClassVar[tuple[str, ...]]

    @classmethod
    def fragments(cls, source: str) -> tuple[Fragment, ...]:
        """The texts in a file of this channel; raises Unrenderable where it is malformed."""
        ...

    @classmethod
    def of(cls, pages: Mapping[str, CompiledTemplate]) -> Self:
        """From the compiled files, by file name."""
        ...

    @property
    def pages(self) -> tuple[CompiledTemplate, ...]: ...

    def render(self, values: dict[str, Any], context: RenderContext) -> Content:
        """Raises Unrenderable, and whatever else a template's code raises."""
        ...


@dataclass(frozen=True, slots=True)
class EmailTemplate:
    subject: CompiledTemplate
    text: CompiledTemplate
    html: CompiledTemplate | None

    required: ClassVar[tuple[str, ...]] = ("email.subject.txt", "email.txt")
    optional: ClassVar[tuple[str, ...]] = ("email.html",)

    @classmethod
    def fragments(cls, source: str) -> tuple[Fragment, ...]:
        return (Fragment(source, 1),)

    @classmethod
    def of(cls, pages: Mapping[str, CompiledTemplate]) -> Self:
        return cls(pages["email.subject.txt"], pages["email.txt"], pages.get("email.html"))

    @property
    def pages(self) -> tuple[CompiledTemplate, ...]:
        return tuple(filter(None, (self.subject, self.text, self.html)))

    def render(self, values: dict[str, Any], context: RenderContext) -> EmailContent:
        subject = one_line(self.subject.write(values, context)[0], _LONGEST_SUBJECT)
        text = paragraphs(self.text.write(values, context)[0])
        if not (subject and text):
            raise Unrenderable("the subject and the text must not be empty")
        html = None if self.html is None else self.html.write(values, context)[0].strip()
        if html is not None and "<style" in html:
            # On the finished page: a selector may span the layout and what fills it.
            html = _INLINER.inline(html)
        return EmailContent(subject, text + "\n", html)


@dataclass(frozen=True, slots=True)
class SmsTemplate:
    text: CompiledTemplate

    required: ClassVar[tuple[str, ...]] = ("sms.txt",)
    optional: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def fragments(cls, source: str) -> tuple[Fragment, ...]:
        return (Fragment(source, 1),)

    @classmethod
    def of(cls, pages: Mapping[str, CompiledTemplate]) -> Self:
        return cls(pages["sms.txt"])

    @property
    def pages(self) -> tuple[CompiledTemplate, ...]:
        return (self.text,)

    def render(self, values: dict[str, Any], context: RenderContext) -> SmsContent:
        written = self.text.write(values, context)[0]
        # Never cut here: the link stands at the end. The channel refuses what is too long.
        text = gsm.simplified(normalize("NFC", one_line(written, len(written))))
        if not text:
            raise Unrenderable("the text must not be empty")
        return SmsContent(text)


@dataclass(frozen=True, slots=True)
class InAppTemplate:
    page: CompiledTemplate

    required: ClassVar[tuple[str, ...]] = ("in_app.json",)
    optional: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def fragments(cls, source: str) -> tuple[Fragment, ...]:
        return _json_fragments(source)

    @classmethod
    def of(cls, pages: Mapping[str, CompiledTemplate]) -> Self:
        return cls(pages["in_app.json"])

    @property
    def pages(self) -> tuple[CompiledTemplate, ...]:
        return (self.page,)

    def render(self, values: dict[str, Any], context: RenderContext) -> InAppContent:
        return InAppContent(*_item(self.page.write(values, context)))


@dataclass(frozen=True, slots=True)
class PushTemplate:
    page: CompiledTemplate

    required: ClassVar[tuple[str, ...]] = ("push.json",)
    optional: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def fragments(cls, source: str) -> tuple[Fragment, ...]:
        return _json_fragments(source)

    @classmethod
    def of(cls, pages: Mapping[str, CompiledTemplate]) -> Self:
        return cls(pages["push.json"])

    @property
    def pages(self) -> tuple[CompiledTemplate, ...]:
        return (self.page,)

    def render(self, values: dict[str, Any], context: RenderContext) -> PushContent:
        return PushContent(*_item(self.page.write(values, context)))


@dataclass(frozen=True, slots=True)
class SseTemplate:
    page: CompiledTemplate

    required: ClassVar[tuple[str, ...]] = ("sse.json",)
    optional: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def fragments(cls, source: str) -> tuple[Fragment, ...]:
        return _json_fragments(source, is_brief=True)

    @classmethod
    def of(cls, pages: Mapping[str, CompiledTemplate]) -> Self:
        return cls(pages["sse.json"])

    @property
    def pages(self) -> tuple[CompiledTemplate, ...]:
        return (self.page,)

    def render(self, values: dict[str, Any], context: RenderContext) -> SseContent:
        item = _item(self.page.write(values, context))
        return SseContent(item.title, item.body, item.link)


class _Item(NamedTuple):
    """What the texts came out as: plain text and absolute links."""

    title: str
    body: str
    link: str | None
    image: str | None
    actions: tuple[Action, ...]


def _json_fragments(source: str, *, is_brief: bool = False) -> tuple[Fragment, ...]:
    """The texts, in the order in which `item` takes them. Raises Unrenderable.

    A brief file has no image and no actions.
    """
    try:
        said = json.loads(source, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise Unrenderable(f"line {error.lineno} is not JSON: {error.msg}") from None
    return tuple(Fragment(text, _line(source, text)) for text in _texts(said, is_brief=is_brief))


def _item(written: Sequence[str]) -> _Item:
    """Of the texts that the fragments turned into. Raises Unrenderable."""
    title, body, link, image, *actions = written
    title = one_line(title, _LONGEST_TITLE)
    if not title:
        raise Unrenderable("the title must not be empty")
    return _Item(
        title,
        paragraphs(body),
        _address(link),
        _address(image),
        _actions(actions) if actions else (),
    )


def is_web(address: object) -> bool:
    """An absolute http(s) address: never `javascript:`, never relative."""
    return isinstance(address, str) and address.startswith(_SCHEMES)


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
    texts = _object(said, _BRIEF) if is_brief else _object(said, _TEXTS, extra="actions")
    if not texts.get("title"):
        raise Unrenderable("title is missing")
    yield from (texts.get(name, "") for name in _TEXTS)
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


TEMPLATES: Final[Mapping[str, type[ChannelTemplate]]] = MappingProxyType(
    {
        "email": EmailTemplate,
        "in_app": InAppTemplate,
        "push": PushTemplate,
        "sms": SmsTemplate,
        "sse": SseTemplate,
    }
)
