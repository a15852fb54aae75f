"""A browser vendor's push service, as Firefox knows it: a WebSocket to the browser, and endpoints.

Firefox says hello, registers a channel for each subscription, and is told of messages as they come
(the protocol of Mozilla's autopush). What a website posts to an endpoint is checked as RFC 8030 and
RFC 8292 ask for; what is wrong with it is answered as the real ones do, and kept in `complaints`.
"""

from __future__ import annotations

import base64
import json
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

import jwt
from aiohttp import WSMsgType, web
from cryptography.hazmat.primitives.asymmetric import ec

CERTIFICATE: Final = Path(__file__).parents[1] / "tls" / "localhost.crt"
_KEY: Final = CERTIFICATE.with_suffix(".key")
_DAY: Final = 24 * 3600
_LARGEST: Final = 4096
_LONGEST_TOPIC: Final = 32


@dataclass
class Channel:
    """A subscription: the browser that has it, and the only key that may write to it."""

    browser: web.WebSocketResponse
    application_server_key: str | None


@dataclass
class Posted:
    """A message that was taken for a browser."""

    channel: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Autopush:
    """Runs in the test's loop, on loopback ports of its own, for as long as `async with` lasts."""

    posted: list[Posted] = field(default_factory=list)
    #: What was wrong with what was turned away.
    complaints: list[str] = field(default_factory=list)
    #: How many messages browsers have said that they got and could read.
    acknowledged: int = 0
    channels: dict[str, Channel] = field(default_factory=dict)
    server_url: str = ""
    origin: str = ""
    _runners: list[web.AppRunner] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        browsers, endpoints = web.Application(), web.Application()
        browsers.router.add_get("/", self._browser)
        endpoints.router.add_post("/push/{channel}", self._endpoint)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE, _KEY)
        self.server_url = f"ws://127.0.0.1:{await self._serve(browsers, None)}/"
        self.origin = f"https://localhost:{await self._serve(endpoints, context)}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for channel in self.channels.values():
            await channel.browser.close()
        for runner in self._runners:
            await runner.cleanup()

    async def _serve(self, application: web.Application, context: ssl.SSLContext | None) -> int:
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port: int = runner.addresses[0][1]
        return port

    async def _browser(self, request: web.Request) -> web.WebSocketResponse:
        browser = web.WebSocketResponse(protocols=("push-notification",))
        await browser.prepare(request)
        async for message in browser:
            if message.type is WSMsgType.TEXT:
                answer = self._said(json.loads(message.data), browser)
                if answer is not None:
                    await browser.send_json(answer)
        return browser

    def _said(self, said: dict[str, Any], browser: web.WebSocketResponse) -> dict[str, Any] | None:
        channel = said.get("channelID", "")
        match said.get("messageType"):
            case None:
                return {}  # a ping
            case "hello":
                return {
                    "messageType": "hello", "status": 200, "use_webpush": True,
                    "uaid": said.get("uaid") or uuid4().hex, "broadcasts": {},
                }  # fmt: skip
            case "register":
                # Firefox pads what pages and websites do not.
                key = said.get("key")
                self.channels[channel] = Channel(browser, key and key.rstrip("="))
                return {
                    "messageType": "register", "status": 200, "channelID": channel,
                    "pushEndpoint": f"{self.origin}/push/{channel}",
                }  # fmt: skip
            case "unregister":
                self.channels.pop(channel, None)
                return {"messageType": "unregister", "status": 200, "channelID": channel}
            case "ack":
                # 100: delivered to a worker; 101: it could not be decrypted; 102: nobody wants it.
                self.acknowledged += sum(each.get("code") == 100 for each in said["updates"])
        return None

    async def _endpoint(self, request: web.Request) -> web.Response:
        body = await request.read()
        name = request.match_info["channel"]
        channel = self.channels.get(name)
        if channel is None:
            return web.json_response({"message": "no such subscription"}, status=410)
        try:
            self._check(request, body, channel)
        except _Declined as declined:
            self.complaints.append(str(declined))
            return web.json_response({"message": str(declined)}, status=declined.status)
        self.posted.append(Posted(name, dict(request.headers), body))
        version = uuid4().hex
        await channel.browser.send_json(
            {
                "messageType": "notification", "channelID": name, "version": version,
                "data": base64.urlsafe_b64encode(body).rstrip(b"=").decode(),
                "headers": {"encoding": request.headers["Content-Encoding"]},
            }
        )  # fmt: skip
        return web.Response(status=201, headers={"Location": f"{self.origin}/m/{version}"})

    def _check(self, request: web.Request, body: bytes, channel: Channel) -> None:
        """Raises _Declined for what RFC 8030 and RFC 8291 do not allow."""
        if not request.headers.get("TTL", "").isdigit():
            raise _Declined(400, "TTL is missing")
        if request.headers.get("Content-Encoding") != "aes128gcm":
            raise _Declined(400, "this is not encrypted as RFC 8291 says")
        if len(body) > _LARGEST:
            raise _Declined(413, "this is too large")
        if len(request.headers.get("Topic", "")) > _LONGEST_TOPIC:
            raise _Declined(400, "the topic is too long")
        self._check_signature(request.headers.get("Authorization", ""), channel)

    def _check_signature(self, header: str, channel: Channel) -> None:
        """Raises _Declined for what RFC 8292 does not allow."""
        scheme, _, written = header.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in written.split(",") if "=" in part)
        if scheme.lower() != "vapid" or not {"t", "k"} <= parts.keys():
            raise _Declined(401, "a signature is missing")
        if channel.application_server_key not in (None, parts["k"]):
            raise _Declined(403, "the subscription was made with another key")
        try:
            claims = jwt.decode(
                parts["t"], _public_key(parts["k"]), algorithms=["ES256"], audience=self.origin
            )
        except jwt.InvalidTokenError as error:
            raise _Declined(403, f"the signature is not good: {error}") from error
        if claims["exp"] > time.time() + _DAY:
            raise _Declined(403, "the signature is good for longer than a day")
        if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
            raise _Declined(403, "the signature names nobody to write to")


class _Declined(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def _public_key(written: str) -> ec.EllipticCurvePublicKey:
    point = base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
