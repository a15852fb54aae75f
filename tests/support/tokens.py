"""What an application does to let somebody in: it signs a token."""

from __future__ import annotations

import time
from typing import Any, Final

import jwt

SECRET: Final = "a secret that the application shares"
OURS: Final = "http://localhost:8000"
#: An origin that the operator allows.
FRIEND: Final = "https://app.example.org"


def token(recipient: str = "u1", secret: str = SECRET, **claims: Any) -> str:
    """Valid for five minutes; a claim that is None is left out."""
    now = int(time.time())
    named = {"sub": recipient, "aud": "postbell", "iat": now, "exp": now + 300, **claims}
    kept = {name: value for name, value in named.items() if value is not None}
    return jwt.encode(kept, secret, algorithm="HS256")
