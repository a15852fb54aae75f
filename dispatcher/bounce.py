"""Mail that comes back: delivery status notifications (RFC 3464) and complaints (RFC 5965, ARF).

Anybody can write to the address that bounces return to. What it says is believed if the address
carries our signature, or if the mail that is given back has the Message-ID that we sent, which
nobody but its recipient has seen. The Original-Envelope-Id names the delivery, too, as an unsigned
address does; alone, neither proves anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser
from email.utils import parseaddr, parsedate_to_datetime
from types import MappingProxyType
from typing import Final

from dispatcher.channels.return_path import ReturnPath
from dispatcher.mail_status import blame_of, status_in
from dispatcher.receipt import Kind, Receipt
from dispatcher.signing import BadToken

#: Headers in which servers leave the address that a mail was really sent to.
_ENVELOPE: Final = ("delivered-to", "x-original-to", "envelope-to", "to")
#: What programs say of themselves when nobody has written (RFC 3834, and what was before it).
_AUTOMATIC: Final = re.compile(
    r"auto[-_]?(replied|reply|generated)|vacation|out of office", re.IGNORECASE
)
#: As `EmailChannel` writes it, and as `Smtp` names a delivery in the envelope.
_OUR_ID: Final = re.compile(r"<postbell\.[0-9a-f]{32}@[^<>\s]+>")
_ENVELOPE_ID: Final = re.compile("postbell-([0-9]{1,18})")
#: More recipients than a mail of ours can have, expanded lists included.
_MOST_BLOCKS: Final = 50
#: Bytes that are looked at. A report stands before the mail that it gives back, whose headers are
#: all that is wanted of it.
_LOOKED_AT: Final = 256 * 1024
#: Parts that have parts, a mail given back included. Each line is held against the bounds of all
#: that are open, so that a megabyte within hundreds of them would take minutes.
_MOST_BOUNDARIES: Final = 20
_BOUNDARY: Final = re.compile(rb"boundary", re.IGNORECASE)

_ACTIONS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "failed": Kind.BOUNCED,
        "delayed": Kind.DEFERRED,
        "delivered": Kind.DELIVERED,
        # Handed to a system that tells nothing more, or to several: it has left.
        "relayed": Kind.SENT,
        "expanded": Kind.SENT,
    }
)
#: RFC 5965, 7.3, and RFC 6650; the others are no word of a person's.
_FEEDBACK: Final[Mapping[str, Kind]] = MappingProxyType(
    {"abuse": Kind.COMPLAINED, "opt-out": Kind.UNSUBSCRIBED, "opt-out-list": Kind.UNSUBSCRIBED}
)
_ENDLESS: Final = "parts within parts without end"


class NotABounce(Exception):
    """Nothing that a mail server tells about a mail of ours: an absence note, say."""


class Unproven(Exception):
    """It may be one, but anybody could have written it."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """The delivery that a bounce is about."""

    delivery_id: int
    #: What the database must have sent, where no signature proves it.
    message_id: str | None


def receipts_in(raw: bytes, return_path: ReturnPath, recipient: str | None = None) -> list[Receipt]:
    """What a mail tells of a delivery, which may be nothing.

    `recipient` is the address that it was sent to, if the mail server says so. Raises NotABounce,
    Unproven; never anything else, whatever the bytes.
    """
    seen = raw[:_LOOKED_AT]
    if len(_BOUNDARY.findall(seen)) > _MOST_BOUNDARIES:
        raise NotABounce(_ENDLESS)
    try:
        return _read(message_from_bytes(seen), raw, return_path, recipient)
    except RecursionError:
        raise NotABounce(_ENDLESS) from None


def _read(
    mail: Message, raw: bytes, return_path: ReturnPath, recipient: str | None
) -> list[Receipt]:
    parts = {part.get_content_type(): part for part in _parts_of(mail)}
    status = parts.get("message/delivery-status") or parts.get("message/global-delivery-status")
    feedback = parts.get("message/feedback-report")
    failed = _header(mail, "x-failed-recipients")
    if status is None and feedback is None and failed is None:
        raise NotABounce(_what_else(mail))

    original = _original(parts)
    blocks = _blocks(status) if status is not None else []
    about = _blocks(feedback) if feedback is not None else []
    claims = [recipient or "", *(value for name in _ENVELOPE for value in _all(mail, name))]
    claims += [value for block in about for value in _all(block, "original-mail-from")]
    claims += _all(original, "return-path")
    envelope_id = _header(blocks[0], "original-envelope-id") if blocks else None
    subject = _subject(claims, envelope_id, _header(original, "message-id"), return_path)
    origin = _identity(mail, raw)
    sent_to = _addresses(_all(original, "to"))

    if feedback is not None:
        return list(_complaints(about, subject, origin, sent_to))
    if status is not None:
        return list(_reports(blocks, subject, origin, sent_to, _header(mail, "date")))
    # Exim, of old: a text, and a header with the addresses.
    code = status_in(_text_of(mail))
    return [
        Receipt(
            event_id=f"dsn:{origin}:0",
            kind=Kind.BOUNCED,
            delivery_id=subject.delivery_id,
            message_id=subject.message_id,
            code=code,
            blame=blame_of(code),
            addresses=(*_addresses([failed]), *sent_to),
        )
    ]


def _reports(
    blocks: Sequence[Message],
    subject: _Subject,
    origin: str,
    sent_to: Sequence[str],
    date: str | None,
) -> Iterator[Receipt]:
    """One receipt for each recipient: a mail of ours has one, but it may have been forwarded."""
    for number, block in enumerate(blocks[:_MOST_BLOCKS]):
        kind = _ACTIONS.get(_word(_header(block, "action")))
        if kind is None:
            continue
        reason = _behind_semicolon(_header(block, "diagnostic-code"))
        code = status_in(_header(block, "status") or "")
        # 5.0.0 says nothing; the other server's own words may say more.
        if code is None or code.endswith(".0.0"):
            code = status_in(reason or "") or code
        named = [*_all(block, "original-recipient"), *_all(block, "final-recipient")]
        yield Receipt(
            event_id=f"dsn:{origin}:{number}",
            kind=kind,
            delivery_id=subject.delivery_id,
            message_id=subject.message_id,
            occurred_at=_moment(_header(block, "last-attempt-date") or date),
            code=code,
            reason=reason,
            blame=blame_of(code) if kind is Kind.BOUNCED else None,
            addresses=(*_addresses(map(_behind_semicolon, named)), *sent_to),
        )


def _complaints(
    blocks: Sequence[Message], subject: _Subject, origin: str, sent_to: Sequence[str]
) -> Iterator[Receipt]:
    for block in blocks[:1]:
        kind = _FEEDBACK.get(_word(_header(block, "feedback-type")))
        if kind is None:
            raise NotABounce("a report that is no complaint")
        yield Receipt(
            event_id=f"arf:{origin}",
            kind=kind,
            delivery_id=subject.delivery_id,
            message_id=subject.message_id,
            occurred_at=_moment(_header(block, "arrival-date")),
            # Most of them hide whose complaint it is; then it is the one we wrote to.
            addresses=None if not sent_to else tuple(sent_to),
        )


def _subject(
    claims: Sequence[str], envelope_id: str | None, message_id: str | None, return_path: ReturnPath
) -> _Subject:
    named: int | None = None
    is_forged = False
    for claim in claims:
        try:
            returned = return_path.read(parseaddr(claim)[1] or claim)
        except BadToken:
            is_forged = True
            continue
        if returned is not None and returned.is_signed:
            return _Subject(returned.delivery_id, None)
        if returned is not None:
            named = returned.delivery_id
    if is_forged:
        raise Unproven("the address that it came to is not signed by us")
    enveloped = _ENVELOPE_ID.fullmatch(envelope_id or "")
    if enveloped is not None:
        named = int(enveloped[1])
    if named is None:
        raise Unproven("it names no delivery of ours")
    if message_id is None or not _OUR_ID.fullmatch(message_id):
        raise Unproven("neither a signed address nor a Message-ID of ours is in it")
    return _Subject(named, message_id)


def _parts_of(mail: Message) -> Iterator[Message]:
    """The mail and its parts, but not what is inside the mail that is given back."""
    yield mail
    content = mail.get_payload()
    if mail.get_content_maintype() == "multipart" and isinstance(content, list):
        for part in content:
            if isinstance(part, Message):
                yield part


def _original(parts: Mapping[str, Message]) -> Message | None:
    """Of the mail that is given back, the headers."""
    for kind in ("message/rfc822", "message/global"):
        content = parts[kind].get_payload() if kind in parts else None
        if isinstance(content, list) and content and isinstance(content[0], Message):
            return content[0]
        if isinstance(content, str):
            return _fields(content)
    for kind in ("text/rfc822-headers", "message/global-headers"):
        if kind in parts:
            return _fields(_text_of(parts[kind]))
    return None


def _blocks(part: Message) -> list[Message]:
    """Groups of fields; the first of a status report is about the whole of it."""
    content = part.get_payload()
    if isinstance(content, list):
        return [block for block in content if isinstance(block, Message)]
    text = _text_of(part).replace("\r\n", "\n")
    return [_fields(block) for block in text.split("\n\n") if block.strip()]


def _fields(text: str) -> Message:
    """Header fields, whatever they say of a body."""
    return HeaderParser().parsestr(text)


def _text_of(part: Message) -> str:
    content = part.get_payload()
    if isinstance(content, list):
        return "\n".join(_text_of(each) for each in content if isinstance(each, Message))
    decoded = part.get_payload(decode=True)
    if not isinstance(decoded, bytes):
        return ""
    return decoded.decode("utf-8", "replace")


def _what_else(mail: Message) -> str:
    said = " ".join(
        _header(mail, name) or ""
        for name in ("auto-submitted", "x-autoreply", "x-autorespond", "precedence", "subject")
    )
    return "an automatic reply" if _AUTOMATIC.search(said) else "no report of a mail server"


def _identity(mail: Message, raw: bytes) -> str:
    """The same for a mail that is handed to us twice."""
    message_id = _header(mail, "message-id")
    named = message_id.encode("utf-8", "replace") if message_id else raw
    return hashlib.blake2b(named, digest_size=12).hexdigest()


def _all(mail: Message | None, name: str) -> list[str]:
    if mail is None:
        return []
    return [str(value) for value in mail.get_all(name, [])]


def _header(mail: Message | None, name: str) -> str | None:
    found = _all(mail, name)
    return " ".join(found[0].split()) if found else None


def _word(field: str | None) -> str:
    """A keyword in small letters, without the comment that some write behind it."""
    return (field or "").partition("(")[0].strip().lower()


def _behind_semicolon(field: str | None) -> str | None:
    """`rfc822; u1@example.org` and `smtp; 550 …` without their type."""
    if field is None:
        return None
    kind, semicolon, value = field.partition(";")
    return (value if semicolon else kind).strip()


def _addresses(fields: Iterable[str | None]) -> tuple[str, ...]:
    found = (parseaddr(part)[1] for field in fields if field for part in field.split(","))
    return tuple(address for address in found if "@" in address)


def _moment(date: str | None) -> datetime | None:
    try:
        at = parsedate_to_datetime(date or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
