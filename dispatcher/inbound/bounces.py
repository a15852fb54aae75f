"""Reads returned mail: delivery status notifications (RFC 3464), complaints (ARF, RFC 5965, and
Microsoft's older form), and bounces that are text for people.

Whatever comes to a signed return path is a bounce, unless it is an automatic reply or a person's
answer: also a mail that cannot be parsed, of which only the headers are read. A bounce without an
intelligible reason blames no address.

Anybody can write to a return path. A bounce is believed if its return path is signed, or if the
mail that it returns has the Message-ID that was sent, which only the recipient has seen. An
unsigned return path or an Original-Envelope-Id names a delivery, but proves nothing.
"""

from __future__ import annotations

import hashlib
import re
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser, HeaderParser
from email.utils import parseaddr, parsedate_to_datetime
from quopri import decodestring
from types import MappingProxyType
from typing import Final

from dispatcher.inbound.auto_reply import is_answer, is_automatic
from dispatcher.inbound.links import ReturnPath, ReturnPathMatch
from dispatcher.inbound.mail_status import blame_of, status_in
from dispatcher.inbound.receipts import Blame, Kind, Receipt
from dispatcher.inbound.signing import BadToken
from dispatcher.inbound.text_bounces import (
    Explanation,
    Failures,
    decoded,
    explanation_in,
    failures_in,
)

#: Headers in which servers record the envelope recipient.
_ENVELOPE: Final = ("delivered-to", "x-original-to", "envelope-to", "to")
#: The Message-ID of `EmailChannel`, and the envelope id of `envelope_id()`.
_OUR_ID: Final = re.compile(r"<postbell\.[0-9a-f]{32}@[^<>\s]+>")
_ENVELOPE_ID: Final = re.compile("postbell-([0-9]{1,18})")
#: Recipients that are read of one report: more than a mail has, expanded lists included.
_MAX_BLOCKS: Final = 50
#: Bytes that are read. A report precedes the returned mail, of which only the headers are needed.
_MAX_BYTES: Final = 256 * 1024
#: Nested multiparts that are parsed. The parser compares each line with the boundaries of all open
#: ones, so that a megabyte inside hundreds of them would take minutes.
_MAX_BOUNDARIES: Final = 20
_BOUNDARY: Final = re.compile(rb"boundary", re.IGNORECASE)

#: Fields with the address that a report is about.
_NAMING: Final = ("original-recipient", "final-recipient", "x-actual-recipient")
_REPORTS: Final = frozenset(
    {"message/delivery-status", "message/global-delivery-status", "message/feedback-report"}
)
_FIELDS_ALONE: Final = ("text/rfc822-headers", "message/global-headers")
_ACTIONS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "failed": Kind.BOUNCED,
        "delayed": Kind.DEFERRED,
        "delivered": Kind.DELIVERED,
        # Passed on to a system that reports nothing, or to several.
        "relayed": Kind.SENT,
        "expanded": Kind.SENT,
        # Not in RFC 3464, but in use.
        "fail": Kind.BOUNCED,
        "failure": Kind.BOUNCED,
        "error": Kind.BOUNCED,
        "expired": Kind.BOUNCED,
    }
)
#: Without a known action: by the class of the status (RFC 3463, 3.1).
_CLASSES: Final[Mapping[str, Kind]] = MappingProxyType(
    {"2": Kind.DELIVERED, "4": Kind.DEFERRED, "5": Kind.BOUNCED}
)
_BASIC: Final = re.compile(r"\s*(?:\w+\s*;)?\s*([245])\d\d(?!\d)", re.ASCII)
#: RFC 5965, 7.3, and RFC 6650; other types are not a person's complaint.
_FEEDBACK: Final[Mapping[str, Kind]] = MappingProxyType(
    {"abuse": Kind.COMPLAINED, "opt-out": Kind.UNSUBSCRIBED, "opt-out-list": Kind.UNSUBSCRIBED}
)
#: The complaining recipient, in the complaint or in the mail inside it (Microsoft's JMRP).
_MICROSOFTS: Final = "x-hmxmroriginalrecipient"
_MICROSOFT_SAYS: Final = re.compile(r"\s*complaint about message from ", re.IGNORECASE)
#: The subject of a warning rather than a failure, in a bounce of unknown form.
_LATE: Final = re.compile(r"\b(?:delay(?:ed)?|warning)\b", re.IGNORECASE)
#: Redacted addresses.
_HIDDEN: Final = re.compile(r"redact|anonym|undisclosed|\*|^x+@", re.IGNORECASE)
#: Headers in which servers record the return path.
_TRACES: Final = ("return-path", "authentication-results", "received-spf")
_ADDRESS: Final = re.compile(r"[^\s<>;=,\"'()@]{1,128}@[^\s<>;=,\"'()@]{1,255}")
_LONGEST_TRACE: Final = 4096
#: Characters of a field that are searched for its first address.
_LONGEST_ADDRESS: Final = 2048
_TOO_DEEP: Final = "parts within parts without end"
#: What the standard library's parser raises depends on how the mail is broken.
_BROKEN: Final = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class NotABounce(Exception):
    """The mail is not a mail server's report but, for example, a vacation reply."""


class Unproven(Exception):
    """It may be a bounce, but anybody could have written it."""


class _TooDeep(Exception):
    """More nested parts than are parsed."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """The delivery that a bounce is about."""

    delivery_id: int
    #: The Message-ID that must have been sent; None if a signature proves the delivery.
    message_id: str | None
    #: The beginning of the delivery's identity, if it is signed.
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class _Returned:
    """A returned mail in parts."""

    mail: Message
    #: The first of each content type.
    parts: Mapping[str, Message]
    explained: Explanation
    #: Headers of the mail that was returned.
    original: Message | None
    #: Addresses to which the bounce itself was sent.
    envelope: Sequence[str]
    #: Equal for two copies of the same bounce.
    origin: str

    @property
    def sent_to(self) -> tuple[str, ...]:
        """Recipients of the mail that was returned."""
        return _addresses(_all(self.original, "to"))

    def blocks(self, *kinds: str) -> list[Message] | None:
        """The groups of fields in a part of one of these types; None without such a part."""
        part = next((self.parts[kind] for kind in kinds if kind in self.parts), None)
        return None if part is None else _blocks(part)


def receipts_in(raw: bytes, return_path: ReturnPath, recipient: str | None = None) -> list[Receipt]:
    """The receipts in a returned mail, at least one.

    `recipient` is the envelope recipient, if the mail server says it. Raises NotABounce or
    Unproven, and nothing else, whatever the bytes.
    """
    seen = raw[:_MAX_BYTES]
    status = feedback = None
    found: list[Receipt] = []
    otherwise = "no report of a mail server"
    try:
        returned = _taken_apart(seen, raw, recipient)
        status = returned.blocks("message/delivery-status", "message/global-delivery-status")
        feedback = returned.blocks("message/feedback-report")
        found = _understood(returned, status, feedback)
    except (RecursionError, _TooDeep):
        returned, otherwise = _headers_alone(seen, raw, recipient), _TOO_DEEP
    except _BROKEN:
        returned, otherwise = _headers_alone(seen, raw, recipient), "a mail that cannot be read"

    if found:
        subject = _subject(returned, status or [], feedback or [], return_path)
    else:
        signed = _named_in(returned.envelope, return_path)
        if signed is None or not signed.is_signed:
            raise NotABounce(otherwise)
        subject = _Subject(signed.delivery_id, None, signed.identity)
        found = [_unknown(returned)]
    return [
        replace(
            receipt,
            delivery_id=subject.delivery_id,
            message_id=subject.message_id,
            identity=subject.identity,
            addresses=_not_ours(receipt.addresses, return_path),
        )
        for receipt in found
    ]


def _taken_apart(seen: bytes, raw: bytes, recipient: str | None) -> _Returned:
    """Raises _TooDeep, or as _BROKEN says."""
    if len(_BOUNDARY.findall(seen)) > _MAX_BOUNDARIES:
        raise _TooDeep
    mail = message_from_bytes(seen)
    every = list(_parts_of(mail))
    parts = _by_type(every)
    # Some scanners forward a whole report inside a mail of their own.
    inner = None if parts.keys() & _REPORTS else _original(parts)
    if inner is not None and inner.get_param("report-type") == "delivery-status":
        every = list(_parts_of(inner))
        parts = _by_type(every)
    explained = explanation_in(
        part for part in every if part.get_content_type() not in _FIELDS_ALONE
    )
    return _Returned(
        mail=mail,
        parts=parts,
        explained=explained,
        original=_original(parts) or (_fields(explained.copy) if explained.copy else None),
        envelope=_envelope(mail, recipient),
        origin=_identity(mail, raw),
    )


def _headers_alone(seen: bytes, raw: bytes, recipient: str | None) -> _Returned:
    """The headers of a mail that cannot be parsed. Raises NotABounce for a reply."""
    mail = BytesHeaderParser().parsebytes(seen)
    _refuse_replies(mail)
    return _Returned(
        mail=mail,
        parts={},
        explained=Explanation("", ""),
        original=None,
        envelope=_envelope(mail, recipient),
        origin=_identity(mail, raw),
    )


def _envelope(mail: Message, recipient: str | None) -> list[str]:
    return [recipient or "", *(value for name in _ENVELOPE for value in _all(mail, name))]


def _by_type(every: Iterable[Message]) -> dict[str, Message]:
    parts: dict[str, Message] = {}
    for part in every:
        parts.setdefault(part.get_content_type(), part)
    return parts


def _understood(
    returned: _Returned, status: list[Message] | None, feedback: list[Message] | None
) -> list[Receipt]:
    """The receipts, without their delivery; empty if the mail is in no known form."""
    if feedback is not None:
        return [_complaint(returned, feedback)]
    if status is None and (complained := _complaint_to_microsoft(returned)):
        return [complained]
    reports = list(_reports(returned, status or []))
    if reports:
        return reports
    if status is None and "x-failed-recipients" not in returned.mail:
        _refuse_replies(returned.mail)
    failures = failures_in(returned.mail, returned.explained)
    return [] if failures is None else [_of_text(returned, failures)]


def _refuse_replies(mail: Message) -> None:
    """Raises NotABounce for an automatic reply or a person's answer."""
    if is_automatic(mail):
        raise NotABounce("an automatic reply")
    if is_answer(mail):
        raise NotABounce("an answer that somebody wrote to the address that bounces return to")


def _reports(returned: _Returned, blocks: Sequence[Message]) -> Iterator[Receipt]:
    """One receipt for each recipient. A mail has one recipient, but may have been forwarded."""
    for number, block in enumerate(blocks[:_MAX_BLOCKS]):
        said = _behind_semicolon(_header(block, "diagnostic-code"))
        code = _code(_header(block, "status"), said)
        kind = _kind(_header(block, "action"), code, said)
        named = [value for name in _NAMING for value in _all(block, name)]
        if kind is None or (not named and "action" not in block):
            continue
        last_tried = _header(block, "last-attempt-date") or _header(returned.mail, "date")
        yield Receipt(
            event_id=f"dsn:{returned.origin}:{number}",
            kind=kind,
            occurred_at=_moment(last_tried),
            code=code,
            reason=said,
            blame=blame_of(code) if kind is Kind.BOUNCED else None,
            addresses=(*_addresses(map(_behind_semicolon, named)), *returned.sent_to),
        )


def _code(status: str | None, said: str | None) -> str | None:
    """The status, or the one in the other server's own words if that says more.

    5.0.0 says nothing, and some servers write 5.1.1 for anything permanent.
    """
    code, quoted = status_in(status or ""), status_in(said or "")
    if code is None or code.endswith(".0.0") or blame_of(code) is Blame.HARD:
        return quoted or code
    return code


def _kind(action: str | None, code: str | None, said: str | None) -> Kind | None:
    kind = _ACTIONS.get(_word(action))
    if kind is None:
        basic = _BASIC.match(said or "")
        kind = _CLASSES.get(code[0] if code else basic[1] if basic else "")
    return kind


def _of_text(returned: _Returned, failures: Failures) -> Receipt:
    kind = Kind.BOUNCED if failures.is_final else Kind.DEFERRED
    code = returned.explained.code
    return Receipt(
        event_id=f"dsn:{returned.origin}:0",
        kind=kind,
        occurred_at=_moment(_header(returned.mail, "date")),
        code=code,
        reason=returned.explained.reason,
        blame=blame_of(code) if kind is Kind.BOUNCED else None,
        addresses=(*failures.addresses, *returned.sent_to),
        detail={"format": "text"},
    )


def _unknown(returned: _Returned) -> Receipt:
    """The receipt of a bounce without an intelligible reason: no address is blamed."""
    is_late = _LATE.search(_header(returned.mail, "subject") or "")
    return Receipt(
        event_id=f"dsn:{returned.origin}:0",
        kind=Kind.DEFERRED if is_late or not returned.explained.is_final else Kind.BOUNCED,
        occurred_at=_moment(_header(returned.mail, "date")),
        code=returned.explained.code,
        reason=returned.explained.reason,
        detail={"format": "unknown"},
    )


def _complaint(returned: _Returned, blocks: Sequence[Message]) -> Receipt:
    kind = _FEEDBACK.get(_word(_header(blocks[0], "feedback-type"))) if blocks else None
    if kind is None:
        raise NotABounce("a report that is no complaint")
    named = [*_all(blocks[0], "original-rcpt-to"), *_all(blocks[0], "removal-recipient")]
    return _complained(returned, kind, named, _header(blocks[0], "arrival-date"))


def _complaint_to_microsoft(returned: _Returned) -> Receipt | None:
    named = [*_all(returned.original, _MICROSOFTS), *_all(returned.mail, _MICROSOFTS)]
    subject = _header(returned.mail, "subject") or ""
    if returned.original is None or not (named or _MICROSOFT_SAYS.match(subject)):
        return None
    return _complained(returned, Kind.COMPLAINED, named, _header(returned.mail, "date"))


def _complained(returned: _Returned, kind: Kind, named: Iterable[str], date: str | None) -> Receipt:
    known = [*_addresses(map(_behind_semicolon, named)), *returned.sent_to]
    shown = tuple(address for address in known if not _HIDDEN.search(address))
    return Receipt(
        event_id=f"arf:{returned.origin}",
        kind=kind,
        occurred_at=_moment(date),
        # Most are redacted; then it is the address of the delivery.
        addresses=shown or None,
    )


def _subject(
    returned: _Returned,
    status: Sequence[Message],
    feedback: Sequence[Message],
    return_path: ReturnPath,
) -> _Subject:
    claims = [*returned.envelope]
    claims += [value for block in feedback for value in _all(block, "original-mail-from")]
    for name in _TRACES:
        for value in _all(returned.original, name):
            claims += _ADDRESS.findall(value[:_LONGEST_TRACE])
    named = _named_in(claims, return_path)
    if named is not None and named.is_signed:
        return _Subject(named.delivery_id, None, named.identity)
    number = None if named is None else named.delivery_id
    enveloped = _ENVELOPE_ID.fullmatch(
        (status and _header(status[0], "original-envelope-id")) or ""
    )
    if enveloped is not None:
        number = int(enveloped[1])
    if number is None:
        raise Unproven("it names no delivery of ours")
    message_id = _header(returned.original, "message-id")
    if message_id is None or not _OUR_ID.fullmatch(message_id):
        raise Unproven("neither a signed address nor a Message-ID of ours is in it")
    return _Subject(number, message_id)


def _named_in(claims: Iterable[str], return_path: ReturnPath) -> ReturnPathMatch | None:
    """What one of the addresses names, a signed one first. Raises Unproven for forged ones."""
    named: ReturnPathMatch | None = None
    is_forged = False
    for claim in claims:
        try:
            found = return_path.read(_address(claim) or claim)
        except BadToken:
            is_forged = True
            continue
        if found is not None and found.is_signed:
            return found
        named = found or named
    if is_forged:
        raise Unproven("the address that it came to is not signed by us")
    return named


def _not_ours(addresses: tuple[str, ...] | None, return_path: ReturnPath) -> tuple[str, ...] | None:
    """The addresses without return paths, which some texts name, too."""
    if addresses is None:
        return None
    return tuple(each for each in addresses if not _is_return_path(each, return_path))


def _is_return_path(address: str, return_path: ReturnPath) -> bool:
    try:
        return return_path.read(address) is not None
    except BadToken:
        return True


def _parts_of(mail: Message) -> Iterator[Message]:
    """The mail and its parts, except those of the returned mail."""
    yield mail
    content = mail.get_payload()
    if mail.get_content_maintype() == "multipart" and isinstance(content, list):
        for part in content:
            if isinstance(part, Message):
                yield from _parts_of(part)


def _original(parts: Mapping[str, Message]) -> Message | None:
    """The headers of the returned mail."""
    for kind in ("message/rfc822", "message/global"):
        content = parts[kind].get_payload() if kind in parts else None
        if isinstance(content, list) and content and isinstance(content[0], Message):
            return content[0]
        if isinstance(content, str):
            return _fields(content)
    for kind in _FIELDS_ALONE:
        if kind in parts:
            return _fields(decoded(parts[kind]))
    return None


def _blocks(part: Message) -> list[Message]:
    """Groups of fields; the first of a status report is about the whole report."""
    content = part.get_payload()
    encoding = _word(_header(part, "content-transfer-encoding"))
    if not isinstance(content, list):
        text = decoded(part)
    elif encoding in _ENCODINGS:
        # The parser splits fields before it decodes them.
        text = _ENCODINGS[encoding]("\n\n".join(map(_as_written, content)))
    else:
        return [block for block in content if isinstance(block, Message)]
    blocks = text.replace("\r\n", "\n").split("\n\n")
    return [_fields(block) for block in blocks if block.strip()]


def _as_written(block: Message) -> str:
    """Fields and body. `str()` would fold each field, in time quadratic in its length."""
    fields = "".join(f"{name}: {value}\n" for name, value in block.raw_items())
    behind = block.get_payload()
    return f"{fields}\n{behind if isinstance(behind, str) else ''}"


def _fields(text: str) -> Message:
    """The text parsed as header fields."""
    return HeaderParser().parsestr(text)


def _of_base64(text: str) -> str:
    return a2b_base64(text.encode("ascii", "ignore")).decode("utf-8", "replace")


def _of_quoted_printable(text: str) -> str:
    return decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace")


_ENCODINGS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {"base64": _of_base64, "quoted-printable": _of_quoted_printable}
)


def _identity(mail: Message, raw: bytes) -> str:
    """A hash that is equal for two copies of the same mail."""
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
    """A keyword in lower case, without a comment behind it."""
    return (field or "").partition("(")[0].strip().lower()


def _behind_semicolon(field: str | None) -> str | None:
    """`rfc822; u1@example.org` and `smtp; 550 …` without their type."""
    if field is None:
        return None
    kind, semicolon, value = field.partition(";")
    return (value if semicolon else kind).strip()


def _addresses(fields: Iterable[str | None]) -> tuple[str, ...]:
    found = (_address(part) for field in fields if field for part in field.split(","))
    return tuple(address for address in found if "@" in address)


def _address(field: str) -> str:
    """The address in a field; empty without one.

    The standard library recurses into nested comments, and is quadratic in a list's length.
    """
    try:
        return parseaddr(field[:_LONGEST_ADDRESS])[1]
    except (RecursionError, IndexError, ValueError):
        return ""


def _moment(date: str | None) -> datetime | None:
    """The date in UTC, since the database rejects offsets of sixteen hours and more."""
    try:
        at = parsedate_to_datetime(date or "")
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
