"""What a request brings along, up to a bound."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from dispatcher.gateway.problem import too_large

#: Bytes. A hundred items to mark take two thousand.
LARGEST_BODY: Final = 16_384


async def body_of(request: Request, most: int = LARGEST_BODY) -> bytes:
    """Raises Problem as soon as it is larger, whatever Content-Length says."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise too_large(most)
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > most:
            raise too_large(most)
    return bytes(received)
