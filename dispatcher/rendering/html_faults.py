"""What mail programs would trip over in a finished HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final, Literal

_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_ABSOLUTE: Final = ("https://", "http://", "mailto:", "tel:", "#")
_ACTIVE: Final = frozenset({"script", "iframe", "object", "embed", "form", "base", "link"})
#: Gmail shows the first 102 KB of a message and hides the rest.
_CLIPPED: Final = 102_000

Fault = tuple[Literal["error", "warning"], str]


def html_faults(page: str) -> Iterator[Fault]:
    """The mistakes in a page, each once."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    faults = dict.fromkeys(reader.faults)
    if reader.open:
        faults["error", f"<{reader.open[-1]}> is never closed"] = None
    if len(page.encode()) > _CLIPPED:
        faults["warning", "the page is larger than 102 KB, and Gmail would clip it"] = None
    yield from faults


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Fault] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _ACTIVE:
            self.faults.append(("error", f"mail programs remove <{tag}>"))
        if tag == "img" and "alt" not in given:
            self.faults.append(("error", "an <img> has no alt text"))
        if tag == "html" and not given.get("lang"):
            self.faults.append(("warning", "<html> has no lang, so screen readers guess"))
        for name in ("href", "src"):
            if name in given and not given[name].startswith(_ABSOLUTE):
                self.faults.append(("error", f"the {name} of a <{tag}> is not an absolute address"))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if tag not in self.open:
            self.faults.append(("error", f"</{tag}> closes nothing"))
            return
        while (last := self.open.pop()) != tag:
            self.faults.append(("error", f"<{last}> is never closed"))
