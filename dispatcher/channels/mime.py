"""A mail as bytes: the few MIME structures that we send, written straight out.

`email.message.EmailMessage` keeps every header and part as an object, parses what it is given and
folds it again for each message: 2 ms for 10 KB. Our mails all have one shape, so they are written
directly in the form that goes on the wire. The tests read them back with the standard library.
"""

from __future__ import annotations

import binascii
import hashlib
import re

#: RFC 5322, 2.1.1: a line is at most 998 characters without its CRLF, and should be at most 78.
LONGEST_LINE = 998
LONGEST_HEADER_LINE = 78
#: Of encoded words and base64 (RFC 2047, 2; RFC 2045, 6.8).
PREFERRED_LINE = 76

_PLAIN_BYTES = bytes(range(0x20, 0x7F)) + b"\t\r\n"
_PLAIN_HEADER = re.compile(r"[\x20-\x7e]*")
_FORBIDDEN_IN_HEADER = re.compile(r"[\r\n\0]")
# 39 bytes are 52 in base64: with `=?utf-8?b??=` and our longest header name within 76 columns.
_ENCODED_WORD_BYTES = 39


def is_header_safe(value: str) -> bool:
    """Whether `value` can stand in a header: CR and LF would end it, NUL is never legal."""
    return _FORBIDDEN_IN_HEADER.search(value) is None


def unstructured(name: str, value: str) -> str:
    """The header `name: value` with its CRLF, folded; encoded (RFC 2047) unless plain ASCII.

    Raises ValueError for CR, LF or NUL in the value.
    """
    return f"{name}: {_folded(value, len(name) + 2)}\r\n"


def structured(name: str, *tokens: str) -> str:
    """The header `name: tokens…` with its CRLF, folded between them where it would be too long.

    The tokens have been validated; one that is too long for any line has a line of its own.
    """
    lines = [f"{name}:"]
    for token in tokens:
        if len(lines[-1]) + 1 + len(token) > LONGEST_HEADER_LINE:
            lines.append("")
        lines[-1] += f" {token}"
    return "\r\n".join(lines) + "\r\n"


def mailbox(name: str, display_name: str, address: str) -> str:
    """The header `name: "Display Name" <address>` with its CRLF (RFC 5322, 3.4).

    Raises ValueError for CR, LF or NUL in the display name. The address has been validated.
    """
    if not display_name:
        return structured(name, address)
    escaped = display_name.replace("\\", "\\\\").replace('"', '\\"')
    if _is_plain(display_name) and len(escaped) <= PREFERRED_LINE - len(name) - 4:
        return structured(name, f'"{escaped}"', f"<{address}>")
    return f"{name}: {_encoded_words(display_name)}\r\n <{address}>\r\n"


def text_part(subtype: str, text: str) -> bytes:
    """One part, `text/plain` or `text/html`: its headers, an empty line, its body ending in CRLF.

    All of it is 7-bit with lines of legal length, whatever the text.
    """
    encoding, body = _transfer_encoded(text)
    head = (
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode("ascii") + body


def alternative(plain: bytes, html: bytes, seed: str) -> bytes:
    """multipart/alternative of two parts, the plain one first: the best is last (RFC 2046, 5.1.4).

    The boundary is derived from `seed`, so that each try sends the same bytes.
    """
    boundary = _boundary(seed, plain, html)
    kind = structured("Content-Type", "multipart/alternative;", f'boundary="{boundary}"')
    head = f"{kind}\r\n".encode("ascii")
    line = b"--" + boundary.encode("ascii")
    return b"".join(
        (head, line, b"\r\n", plain, b"\r\n", line, b"\r\n", html, b"\r\n", line, b"--\r\n")
    )


def _boundary(seed: str, *parts: bytes) -> str:
    # A part that holds the boundary would be cut there; none can hold the boundary of every salt.
    salt = 0
    while True:
        digest = hashlib.blake2b(f"{seed}/{salt}".encode("utf-8", "replace"), digest_size=15)
        boundary = f"=_{digest.hexdigest()}"
        if not any(boundary.encode("ascii") in part for part in parts):
            return boundary
        salt += 1


def _transfer_encoded(text: str) -> tuple[str, bytes]:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.endswith("\n"):
        text += "\n"
    raw = text.replace("\n", "\r\n").encode("utf-8", "replace")
    unplain = len(raw.translate(None, _PLAIN_BYTES))
    if unplain == 0 and max(map(len, raw.split(b"\r\n"))) <= LONGEST_LINE:
        return "7bit", raw
    # Quoted-printable triples what is not plain, base64 adds a third to everything.
    if unplain * 6 <= len(raw):
        return "quoted-printable", binascii.b2a_qp(raw)
    encoded = binascii.b2a_base64(raw, newline=False)
    return "base64", b"".join(
        encoded[start : start + PREFERRED_LINE] + b"\r\n"
        for start in range(0, len(encoded), PREFERRED_LINE)
    )


def _folded(value: str, indent: int) -> str:
    if not _is_plain(value) or "  " in value or value != value.strip():
        return _encoded_words(value)
    if indent + len(value) <= PREFERRED_LINE:
        return value
    lines: list[str] = []
    line = ""
    for word in value.split(" "):
        if len(word) > PREFERRED_LINE - indent:
            return _encoded_words(value)
        if line and indent + len(line) + 1 + len(word) > PREFERRED_LINE:
            lines.append(line)
            line, indent = word, 1
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])


def _is_plain(value: str) -> bool:
    # A reader would decode "=?" as the beginning of an encoded word.
    return _PLAIN_HEADER.fullmatch(value) is not None and "=?" not in value


def _encoded_words(value: str) -> str:
    if not is_header_safe(value):
        raise ValueError("a header value must not contain CR, LF or NUL")
    words: list[str] = []
    chunk = b""
    for character in value:
        encoded = character.encode("utf-8", "replace")
        # A character must not be split between two words (RFC 2047, 5).
        if len(chunk) + len(encoded) > _ENCODED_WORD_BYTES:
            words.append(_encoded_word(chunk))
            chunk = b""
        chunk += encoded
    if chunk:
        words.append(_encoded_word(chunk))
    return "\r\n ".join(words)


def _encoded_word(chunk: bytes) -> str:
    return f"=?utf-8?b?{binascii.b2a_base64(chunk, newline=False).decode('ascii')}?="
