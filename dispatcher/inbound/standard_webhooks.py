"""Standard Webhooks 1.0: secrets and signatures, for what we send and for what we receive."""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from typing import Final

#: A secret where it stands in a text, to leave it out.
SECRET: Final = re.compile(r"whsec_([A-Za-z0-9+/_-]+)={0,2}")
#: Bytes; shorter can be guessed, and longer adds nothing ("Signature scheme").
_SHORTEST, _LONGEST = 24, 64


def read_secrets(written: str) -> tuple[bytes, ...]:
    """Of `whsec_…`, or of several with commas between, while one replaces another.

    24 to 64 bytes in base64, padded or not, in which `_` and `-` may stand for `/` and `+`, since a
    URL would need these as %2F and %2B. Raises ValueError: what follows "the secret …", without it.
    """
    return tuple(_read(part) for part in written.split(","))


def signature(secret: bytes, webhook_id: str, timestamp: int | str, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 in base64, of the id, the Unix time and the body."""
    digest = hmac.digest(secret, f"{webhook_id}.{timestamp}.".encode() + body, "sha256")
    return "v1," + b64encode(digest).decode("ascii")


def _read(written: str) -> bytes:
    found = SECRET.fullmatch(written)
    encoded = found[1].translate(str.maketrans("_-", "/+")) if found else ""
    try:
        secret = b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        secret = b""
    if not secret:
        raise ValueError("is not whsec_ and then base64, with _ and - for / and +")
    if not _SHORTEST <= len(secret) <= _LONGEST:
        raise ValueError(f"has {len(secret)} bytes; {_SHORTEST} to {_LONGEST} are needed")
    return secret
