"""Twilio: a text of one segment."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from twilio.rest import Client

from dispatcher.channels.sms import Sms
from dispatcher.providers.twilio import Twilio
from dispatcher.rendering import gsm

_ACCOUNT: Final = f"AC{'0' * 32}"
_TOKEN: Final = "benchmark"
_FROM: Final = "+12025550199"
_TEXT: Final = "Shop: 149.00 EUR received for order #1042. https://shop.example/orders/1042"

#: As long as the service's own: the library reads all of it, and we what we need.
_TAKEN: Final = json.dumps(
    {
        "account_sid": _ACCOUNT,
        "api_version": "2010-04-01",
        "body": _TEXT,
        "date_created": "Thu, 24 Aug 2023 05:01:45 +0000",
        "date_sent": None,
        "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000",
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": _FROM,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": f"SM{'1' * 32}",
        "status": "queued",
        "subresource_uris": {},
        "to": "+12025550123",
        "uri": f"/2010-04-01/Accounts/{_ACCOUNT}/Messages/SM{'1' * 32}.json",
    }
).encode()
SCHEMES: tuple[str, ...] = ("http", "https")
ANSWER = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_TAKEN), _TAKEN)
)


def message(number: int, port: int) -> Sms:
    measured = gsm.measure(_TEXT)
    return Sms(
        delivery_id=number,
        identity=f"{number:032x}",
        to=f"+1202555{number % 10_000:04}",
        sender=None,
        body=_TEXT,
        encoding=measured.encoding,
        segments=measured.segments,
        valid_for=None,
    )


def provider(port: int, scheme: str) -> Twilio:
    return Twilio.from_url(
        f"twilio://{_ACCOUNT}:{_TOKEN}@localhost:{port}?scheme={scheme}&from={_FROM}&concurrency=8"
    )


def sdk(port: int, scheme: str) -> Callable[[Sms], None]:
    client = Client(_ACCOUNT, _TOKEN)
    client.api.base_url = f"{scheme}://localhost:{port}"

    def send(sms: Sms) -> None:
        taken = client.messages.create(to=sms.to, from_=_FROM, body=sms.body)
        assert taken.sid

    return send
