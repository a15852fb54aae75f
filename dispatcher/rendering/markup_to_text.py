"""Turns HTML into the text part of a mail: when it is compiled, or, if need be, after rendering."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from typing import Final

from jinja2 import nodes

_PARAGRAPHS: Final = frozenset({"p", "h2", "h3"})
_INLINE: Final = frozenset({"b", "bdi", "em", "i", "small", "span", "strong", "u"})
_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_SPACES: Final = re.compile("[ \t\r\n]+")


class NotPlainError(Exception):
    """The template has markup beside paragraphs."""


def paragraphs_of(body: Iterable[nodes.Node]) -> list[tuple[nodes.TemplateData, str]]:
    """The pieces of a parsed template that hold markup, and their texts.

    Raises NotPlainError for markup beside paragraphs.
    """
    reader = _Paragraphs()
    for node in body:
        reader.visit(node)
    return reader.texts


def text_of(html: str) -> str:
    """The text of a rendered page; the address of a link stands behind its words."""
    # Few mails need it, and it loads lxml.
    from inscriptis import get_text  # noqa: PLC0415
    from inscriptis.css_profiles import STRICT_CSS_PROFILE  # noqa: PLC0415
    from inscriptis.model.config import ParserConfig  # noqa: PLC0415

    return str(get_text(html, ParserConfig(css=STRICT_CSS_PROFILE, display_links=True)))


class _Paragraphs:
    """Walks through a template as it is written, and keeps where it is."""

    def __init__(self) -> None:
        self._is_inside = False
        #: Whether the line has just begun.
        self._is_start = True
        self.texts: list[tuple[nodes.TemplateData, str]] = []

    def visit(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Output):
            for piece in node.nodes:
                if isinstance(piece, nodes.TemplateData):
                    self.texts.append((piece, self._text(piece.data)))
                else:
                    self._is_start = False
            return
        for child in node.iter_child_nodes():
            self.visit(child)

    def _text(self, html: str) -> str:
        text, *tags = _TAG.split(html)
        pieces = [self._words(text)]
        for slash, name, words in zip(tags[::3], tags[1::3], tags[2::3], strict=True):
            pieces += [self._tag(name.lower(), is_end=bool(slash)), self._words(words)]
        return "".join(pieces)

    def _tag(self, name: str, *, is_end: bool) -> str:
        if name in _INLINE:
            return ""
        self._is_start = True
        if name == "br":
            return "\n"
        if name not in _PARAGRAPHS or self._is_inside != is_end:
            raise NotPlainError
        self._is_inside = not is_end
        return "\n\n" if is_end else ""

    def _words(self, html: str) -> str:
        if "<" in html or ">" in html:
            raise NotPlainError
        text = _SPACES.sub(" ", html)
        if not self._is_inside:
            # Between a paragraph and a partial, each of which ends its own lines.
            if text.strip(" "):
                raise NotPlainError
            return ""
        if self._is_start:
            text = text.lstrip(" ")
        self._is_start = self._is_start and not text
        return unescape(text)
