"""Finds problems in rendered content: HTML of mails, cost of SMS, items without a link."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final, Literal

from css_inline import InlineError, inline

from dispatcher.rendering import gsm
from dispatcher.rendering.content import (
    Content,
    EmailContent,
    InAppContent,
    PushContent,
    SmsContent,
)

#: An error stops or spoils a message; a warning is likely a mistake; the rest is good to know.
Severity = Literal["error", "warning", "information"]


def lint_content(content: Content) -> Iterator[tuple[Severity, str]]:
    """Every finding, with a sentence."""
    match content:
        case EmailContent(html=str(html), text=text):
            yield from lint_html(html)
            yield from links_missing_from_plain(html, text)
        case SmsContent(text=text):
            yield from lint_sms(text)
        # Relative links were refused before. An item without a link of its own opens nothing.
        case InAppContent(link=None, actions=[_, *_]) | PushContent(link=None, actions=[_, *_]):
            yield "warning", "the item has actions, but no link of its own to open"


_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_ABSOLUTE: Final = ("https://", "http://", "mailto:", "tel:", "#")
#: Unencrypted addresses, except of the developer's own machine.
_OPEN_TO_ALL: Final = re.compile(r"http://(?!localhost\b|127\.0\.0\.1\b|\[::1\])")
#: Elements that mail programs remove: they act, or load something.
_ACTIVE: Final = frozenset(
    {"script", "iframe", "frame", "object", "embed", "applet", "form", "input", "button", "select",
     "textarea", "base", "link", "svg", "math", "canvas", "audio", "video"}
)  # fmt: skip
#: Layout that Outlook for Windows does not know, because it uses Word.
_UNKNOWN_TO_OUTLOOK: Final = re.compile(
    r"(?:^|;)\s*(display\s*:\s*(?:inline-)?(?:flex|grid)|position\s*:\s*(?:absolute|fixed|sticky))"
)
#: Largest HTML in bytes. Gmail clips at 102 KB, and tracked links are longer than these.
_LARGEST: Final = 100_000
#: Punctuation that may surround an address in a sentence.
_AROUND: Final = ".,;:!?()[]<>«»“”\"'"

_HtmlFault = tuple[Literal["error", "warning"], str]


def lint_html(page: str) -> Iterator[_HtmlFault]:
    """Problems of mail programs and screen readers with this HTML, each once."""
    reader = _read(page)
    faults = dict.fromkeys(reader.faults)
    if reader.open:
        faults["error", f"<{reader.open[-1].tag}> is never closed"] = None
    if not reader.title:
        faults["warning", "the page has no <title>, which screen readers announce it by"] = None
    if len(page.encode()) > _LARGEST:
        faults["warning", "the page is larger than 100 KB, and Gmail clips at 102"] = None
    yield from faults
    try:
        inline(page)
    except InlineError:
        yield "error", "the CSS of an element is none, so no style sheet is moved into the elements"


def links_missing_from_plain(page: str, text: str) -> Iterator[_HtmlFault]:
    """Warnings for links of the HTML part that the plain part lacks."""
    addresses = {word.strip(_AROUND) for word in text.split()}
    for link in dict.fromkeys(_read(page).links):
        address = link.removeprefix("mailto:").removeprefix("tel:")
        if not link.startswith("#") and address.strip(_AROUND) not in addresses:
            yield "warning", f"the text lacks a link that the HTML has: {address}"


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader


@dataclass(slots=True)
class _Element:
    tag: str
    given: Mapping[str, str]
    #: What is read out of it: text, and the alt text of images.
    text: str = ""
    has_header: bool = False


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[_HtmlFault] = []
        self.links: list[str] = []
        self.title = ""
        self.open: list[_Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = _Element(tag, {name: value or "" for name, value in attrs})
        self.faults.extend(_faults_of(element))
        if tag == "a" and "href" in element.given:
            self.links.append(element.given["href"])
        elif tag == "img":
            self._read_out(element.given.get("alt", ""))
        elif tag == "th":
            for table in [each for each in self.open if each.tag == "table"][-1:]:
                table.has_header = True
        if tag not in _VOID:
            self.open.append(element)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1].tag == "style":
            if "@import" in data:
                self.faults.append(("error", "mail programs load no style sheets: no @import"))
        else:
            self._read_out(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if not any(element.tag == tag for element in self.open):
            self.faults.append(("error", f"</{tag}> closes nothing"))
            return
        while (last := self.open.pop()).tag != tag:
            self.faults.append(("error", f"<{last.tag}> is never closed"))
        self._finish(last)

    def _read_out(self, text: str) -> None:
        for element in self.open:
            element.text += text

    def _finish(self, element: _Element) -> None:
        is_empty = not element.text.strip()
        if element.tag == "title":
            self.title = element.text.strip()
        elif element.tag == "a" and "href" in element.given and is_empty:
            self.faults.append(("error", "a link has no text, nor an image with alt text"))
        elif element.tag == "table" and not (
            element.has_header or element.given.get("role") in {"presentation", "none"}
        ):
            sentence = 'a <table> without <th> is for layout: say so with role="presentation"'
            self.faults.append(("warning", sentence))


def _faults_of(element: _Element) -> Iterator[_HtmlFault]:
    """Problems of a tag itself, without its content."""
    tag, given = element.tag, element.given
    if tag in _ACTIVE:
        yield "error", f"mail programs remove <{tag}>"
    for name in given:
        if name.startswith("on"):
            yield "error", f"mail programs remove {name}"
    if found := _UNKNOWN_TO_OUTLOOK.search(given.get("style", "").lower()):
        yield "warning", f"Outlook does not know {found[1]}; lay out with tables"
    yield from _address_faults(element)
    if tag == "img":
        yield from _image_faults(given)
    elif tag == "html":
        yield from _language_faults(given)


def _address_faults(element: _Element) -> Iterator[_HtmlFault]:
    for name in ("href", "src"):
        address = element.given.get(name, "#")
        if not address.startswith(_ABSOLUTE):
            yield "error", f"the {name} of a <{element.tag}> is not an absolute address"
        elif _OPEN_TO_ALL.match(address):
            yield "warning", f"the {name} of a <{element.tag}> is not https"


def _image_faults(given: Mapping[str, str]) -> Iterator[_HtmlFault]:
    if "alt" not in given:
        yield "error", "an <img> has no alt text"
    if not ("width" in given or "height" in given):
        yield "warning", "an <img> has neither width nor height, so Outlook shows it in full size"


def _language_faults(given: Mapping[str, str]) -> Iterator[_HtmlFault]:
    if not given.get("lang"):
        yield "warning", "<html> has no lang, so screen readers guess"
    if given.get("dir") not in {"ltr", "rtl"}:
        yield "warning", "<html> has no dir, ltr or rtl; the variable dir is the language's own"


#: Most characters that a sentence names; a text in another alphabet has many.
_NAMED: Final = 5


def lint_sms(text: str) -> Iterator[tuple[Literal["warning", "information"], str]]:
    """A finding if an SMS takes more than one segment, or has an encoding with shorter ones."""
    measured = gsm.measure(text)
    if measured.segments > 1:
        # Arabic needs two segments of UCS-2 for what one of GSM 03.38 holds.
        is_mistaken = measured.segments > 2 or not _is_in_another_alphabet(text)  # noqa: PLR2004
        severity: Literal["warning", "information"] = "warning" if is_mistaken else "information"
        yield severity, f"the text takes {gsm.length_of(measured)}{_because(text)}"
    elif measured.encoding is gsm.Encoding.UCS2:
        yield "information", f"only {gsm.Encoding.UCS2.alone} characters fit{_because(text)}"


def _because(text: str) -> str:
    missing = gsm.not_in_gsm(text)
    if not missing:
        return ""
    named = ", ".join(missing[:_NAMED]) + (" and others" if len(missing) > _NAMED else "")
    return f", because of {named}: characters that GSM 03.38 does not have"


def _is_in_another_alphabet(text: str) -> bool:
    """Whether it has several non-Latin letters. A single one is likely a mistake."""
    letters = (each for each in gsm.not_in_gsm(text) if each[0].isalpha())
    return sum(not unicodedata.name(each[0], "").startswith("LATIN ") for each in letters) > _NAMED
