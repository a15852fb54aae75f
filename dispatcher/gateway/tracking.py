"""Opened mails and clicked links: a picture and a redirect, for tenants that ask for it.

`opened` and `clicked` are hints. Servers of Apple and Gmail load pictures by themselves, some
before anybody reads; who shows no pictures is never counted; scanners follow links before the
person does. They prove that the mail was delivered, and nothing else is decided by them. A HEAD
request is never a person's, and does not count.
"""

from __future__ import annotations

import hashlib
from typing import Final
from urllib.parse import quote

import psycopg
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db.connections import is_unavailable
from dispatcher.gateway.webhooks.handler import ReceiptMetrics, ReceiptStore
from dispatcher.inbound import links
from dispatcher.inbound.links import DeliveryRef
from dispatcher.inbound.receipts import OURSELVES, Kind, Receipt
from dispatcher.inbound.signing import BadToken, Signer

log = structlog.get_logger()

#: One transparent pixel (GIF89a).
PICTURE: Final = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)


class TrackingLinks:
    """The tracking picture (`/o/{token}`) and tracked links (`/c/{token}`) of mails.

    The database decides whether tenant and recipient allow tracking.
    """

    def __init__(
        self, receipt_store: ReceiptStore, metrics: ReceiptMetrics, signer: Signer
    ) -> None:
        self._receipts: Final = receipt_store
        self._metrics: Final = metrics
        self._signer: Final = signer

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/o/{token}", self._opened, methods=["GET"]),
            Route("/c/{token}", self._clicked, methods=["GET"]),
        ]

    async def _opened(self, request: Request) -> Response:
        try:
            named = links.opened(self._signer, request.path_params["token"])
        except BadToken:
            return self._rejected()
        await self._note(request, Kind.OPENED, named, f"open:{named.delivery_id}")
        return Response(
            PICTURE,
            media_type="image/gif",
            # Webmail shows it on a page of another origin.
            headers={"cross-origin-resource-policy": "cross-origin", "cache-control": "no-store"},
        )

    async def _clicked(self, request: Request) -> Response:
        try:
            named, target = links.clicked(self._signer, request.path_params["token"])
        except BadToken:
            return self._rejected()
        digest = hashlib.blake2b(target.encode(), digest_size=8).hexdigest()
        await self._note(request, Kind.CLICKED, named, f"click:{named.delivery_id}:{digest}")
        return Response(
            status_code=302, headers={"location": _in_ascii(target), "cache-control": "no-store"}
        )

    async def _note(self, request: Request, kind: Kind, named: DeliveryRef, event_id: str) -> None:
        """Stores a receipt. Repetitions have the same id, and count once."""
        if request.method == "HEAD":
            return
        try:
            receipt = Receipt(event_id, kind, named.delivery_id, identity=named.identity)
            await self._receipts.receive(OURSELVES, [receipt])
        except psycopg.Error as error:
            if not is_unavailable(error):
                raise
            # The person gets where the link leads all the same.
            log.warning(
                "receipt not stored, the database is unavailable",
                provider=OURSELVES,
                error=str(error).strip(),
            )

    def _rejected(self) -> Response:
        log.warning("tracking link rejected", provider=OURSELVES, reason="bad_token")
        self._metrics.webhook_rejected(OURSELVES, "bad_token")
        return Response("This is no link of ours.", status_code=404, media_type="text/plain")


def _in_ascii(target: str) -> str:
    """The URL in ASCII as browsers write it (RFC 3987, 3.1), for a header."""
    return quote(target, safe="!#$%&'()*+,/:;=?@[]~")
