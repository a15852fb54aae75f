"""Reads bounces that are text for people, as all were before RFC 3464 and some still are.

flufl.bounce knows most of their forms. It finds the address, and whether delivery was given up. The
severity comes from the status code in the text, because flufl.bounce considers a full mailbox as
permanent as a dead one.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from types import MappingProxyType
from typing import Final

from flufl.bounce import all_failures

from dispatcher.inbound.mail_status import failure_in

# It logs exceptions of its detectors with a traceback, and raises them as well.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

#: Characters that are read of the text, and of a line. Some of the library's patterns are quadratic
#: or cubic in the length of a line.
_LONGEST_TEXT: Final = 16 * 1024
_LONGEST_LINE: Final = 400
#: Characters that are read of the returned mail behind the text: its headers.
_LONGEST_COPY: Final = 32 * 1024

#: The line before the returned mail.
_COPY: Final = re.compile(
    r"^[^\w\n]{0,80}(?:below (?:this line|the next line) is a copy"
    r"|(?:this|here|included) is (?:a copy of|your returned)"
    r"|a copy of (?:the|your) (?:original )?message|start of returned message"
    r"|(?:your )?(?:message|mail)(?: text| headers?)? (?:follows?|reads)"
    r"|(?:the )?(?:original|returned|unsent|forwarded|undelivered) (?:message|mail)(?: headers?)?"
    r"(?: (?:follows|below|attached|is attached))?[^\w\n]{0,80}$)",
    re.IGNORECASE | re.MULTILINE,
)
_STILL_TRIED: Final = re.compile(
    r"no action is required on your part|(?:do not|don't) need to (?:take any action|re-?send)"
    r"|will (?:be retried|keep trying|continue to (?:try|be made|be attempted))"
    r"|attempts will continue|not yet been delivered",
    re.IGNORECASE,
)
#: A line with a server's reply.
_REPLY: Final = re.compile(r"(?<![\w.])[45]\d\d[ -]")
_FIELD: Final = re.compile(r"\s*[!-9;-~]{1,70}:", re.ASCII)
_NEW_LINE: Final = re.compile(r"<br\s*/?>|</(?:p|div|tr|li|h\d|pre)>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^<>]*>")

#: Headers that the library's detectors read, and their defaults: one detector fails without a
#: sender.
_ASKED: Final[Mapping[str, str | None]] = MappingProxyType(
    {"from": "unknown", "x-mailer": None, "x-failed-recipients": None}
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The text of a bounce, and the headers of the returned mail behind it."""

    text: str
    copy: str

    @property
    def code(self) -> str | None:
        """The enhanced status code, like `5.1.1`."""
        return failure_in(self.text)

    @property
    def reason(self) -> str | None:
        """The line with the status code, else with a server's reply."""
        code = self.code
        for line in self.text.splitlines():
            if code in line if code else _REPLY.search(line):
                return line.strip()
        return None

    @property
    def is_final(self) -> bool:
        """Whether the server has given up."""
        return not _STILL_TRIED.search(self.text)


@dataclass(frozen=True, slots=True)
class Failures:
    """The addresses that a text names, and whether the server has given up."""

    addresses: tuple[str, ...]
    is_final: bool


def explanation_in(parts: Iterable[Message]) -> Explanation:
    """The explanation in the plain text parts, else in the HTML parts."""
    texts = [part for part in parts if part.get_content_maintype() == "text"]
    plain = [decoded(part) for part in texts if part.get_content_subtype() != "html"]
    whole = "\n".join(plain) if any(map(str.strip, plain)) else "\n".join(map(_of_html, texts))
    text = "\n".join(line[:_LONGEST_LINE] for line in whole[: 2 * _LONGEST_COPY].splitlines())
    found = _COPY.search(text)
    if found is None:
        return Explanation(text[:_LONGEST_TEXT], "")
    copy = text[found.end() :].partition("\n")[2].lstrip("-* >\t\n")
    return Explanation(
        text[: found.end()][:_LONGEST_TEXT],
        copy[:_LONGEST_COPY] if _FIELD.match(copy) else "",
    )


def failures_in(mail: Message, explained: Explanation) -> Failures | None:
    """What flufl.bounce finds; None if it does not know the form.

    It is given a mail of the same structure that has only the decoded text, of bounded length.
    """
    try:
        temporary, permanent = all_failures(_shown(mail, explained.text))
    except Exception:  # noqa: BLE001 - what its detectors raise depends on how the mail is broken
        return None
    addresses = _decoded(permanent or temporary)
    if not addresses:
        return None
    return Failures(addresses, is_final=bool(permanent) and explained.is_final)


def decoded(part: Message) -> str:
    """A part's text, decoded even if its declared charset is wrong."""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        return raw.decode(str(part.get_content_charset("utf-8")), "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")


def _of_html(part: Message) -> str:
    return html.unescape(_TAG.sub("", _NEW_LINE.sub("\n", decoded(part)[: 4 * _LONGEST_COPY])))


def _shown(mail: Message, text: str) -> Message:
    shown = Message()
    for name, otherwise in _ASKED.items():
        value = " ".join(str(mail.get(name, "")).split())[: 10 * _LONGEST_LINE] or otherwise
        if value:
            shown[name] = value
    if not mail.is_multipart():
        shown.set_payload(text)
        return shown
    shown["content-type"] = mail.get_content_type()
    # Some detectors need Postfix's description, others a part behind the text.
    shown.attach(_leaf(text, "notification"))
    shown.attach(_leaf("", "original"))
    return shown


def _leaf(text: str, description: str) -> Message:
    leaf = Message()
    leaf["content-type"] = "text/plain"
    leaf["content-description"] = description
    leaf.set_payload(text)
    return leaf


def _decoded(addresses: Iterable[bytes]) -> tuple[str, ...]:
    written: Sequence[str] = sorted(address.decode("ascii", "replace") for address in addresses)
    return tuple(address.strip() for address in written if "@" in address)
