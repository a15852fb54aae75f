"""Twilio's side: takes texts by its API (2010-04-01), refuses them as told, reports what became.

    peer = TwilioPeer()
    await peer.start()
    provider = Twilio.from_url(f"twilio://{peer.credentials}@127.0.0.1:{peer.port}?scheme=http&…")
    peer.refuse(21610)                       # the next text, and those after it, until behave()
    [text] = peer.texts
    report = peer.report(text, "delivered")  # a signed POST, for whoever wants to send it
    await peer.deliver(report)               # or sent by the peer, to the text's own address

Reports may be delivered in any order, several times or not at all, as Twilio's are.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from twilio.request_validator import RequestValidator

from tests.support.http_peer import HttpPeer, Request, Say

ACCOUNT: Final = "AC" + "0123456789abcdef" * 2
TOKEN: Final = "s3cret!"
SERVICE: Final = "MG" + "0123456789abcdef" * 2

#: The HTTP status with which Twilio says a code, where it is not 400.
_STATUS: Final = {20003: 401, 20404: 404, 20429: 429, 20500: 500, 20503: 503}


@dataclass(frozen=True)
class Text:
    """A text that was taken: its SID, and the parameters it came with."""

    sid: str
    form: Mapping[str, str]


@dataclass(frozen=True)
class Report:
    """A POST of Twilio's, signed for the address as Twilio knows it."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class TwilioPeer(HttpPeer):
    """Listens on a loopback port of its own between start() and stop()."""

    def __init__(self, *, account: str = ACCOUNT, token: str = TOKEN) -> None:
        super().__init__(usual=self._take)
        self.account = account
        self.token = token
        self.texts: list[Text] = []

    @property
    def credentials(self) -> str:
        """As in a URL, before the @."""
        return f"{self.account}:{self.token.replace('!', '%21')}"

    def refuse(self, code: int, *, status: int | None = None, **headers: str) -> None:
        """From now on, until behave()."""
        self.always("REPLY", refusal(code, status=status, **headers))

    def refuse_once(self, code: int, *, status: int | None = None, **headers: str) -> None:
        self.once("REPLY", refusal(code, status=status, **headers))

    def report(self, text: Text, status: str, error_code: int | None = None) -> Report:
        """That a text is now sent, delivered, undelivered and so on."""
        form = {
            "AccountSid": self.account,
            "ApiVersion": "2010-04-01",
            "From": text.form.get("From", "+12025550199"),
            "MessageSid": text.sid,
            "MessageStatus": status,
            "SmsSid": text.sid,
            "SmsStatus": status,
            "To": text.form["To"],
        }
        if "MessagingServiceSid" in text.form:
            form["MessagingServiceSid"] = text.form["MessagingServiceSid"]
        if error_code is not None:
            form["ErrorCode"] = str(error_code)
        return self.signed(text.form["StatusCallback"], form)

    def answer_of(self, phone: str, body: str, url: str, *, to: str = "+12025550199") -> Report:
        """That somebody has texted us: STOP, say. Twilio marks that as an opt-out."""
        sid = f"SM{len(self.texts):032x}"
        form = {
            "AccountSid": self.account,
            "ApiVersion": "2010-04-01",
            "Body": body,
            "From": phone,
            "MessageSid": sid,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": to,
        }
        word = body.strip().upper()
        if word in {"STOP", "START", "HELP"}:
            form["OptOutType"] = word
        return self.signed(url, form)

    def signed(self, url: str, form: Mapping[str, str]) -> Report:
        """Any form, as Twilio signs it."""
        signature = RequestValidator(self.token).compute_signature(url, dict(form))
        return Report(
            url,
            {
                "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                "User-Agent": "TwilioProxy/1.1",
                "X-Twilio-Signature": signature,
            },
            urlencode(form).encode(),
        )

    async def deliver(self, *reports: Report, at: str | None = None) -> list[int]:
        """Posts them in this order; the statuses of the answers.

        `at` is where the address is in truth, `http://127.0.0.1:8000`, behind its public name.
        """
        statuses = []
        async with aiohttp.ClientSession() as session:
            for report in reports:
                parts = urlsplit(report.url)
                rest = parts.path + (f"?{parts.query}" if parts.query else "")
                url = report.url if at is None else f"{at}{rest}"
                async with session.post(
                    url, data=report.body, headers=report.headers, allow_redirects=False
                ) as answer:
                    statuses.append(answer.status)
        return statuses

    def _take(self, request: Request) -> Say:
        login = request.headers.get("authorization", "").removeprefix("Basic ")
        if b64decode(login).decode() != f"{self.account}:{self.token}":
            return refusal(20003)
        if request.target != f"/2010-04-01/Accounts/{self.account}/Messages.json":
            return refusal(20404)
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        if not form.get("To"):
            return refusal(21604)
        if not (form.get("From") or form.get("MessagingServiceSid")):
            return refusal(21603)
        if not form.get("Body", "").strip():
            return refusal(21619)
        text = Text(f"SM{len(self.texts) + 1:032x}", form)
        self.texts.append(text)
        return Say(201, {"Content-Type": "application/json"}, json.dumps(self._told(text)).encode())

    def _told(self, text: Text) -> dict[str, Any]:
        now = format_datetime(datetime.now(UTC))
        service = text.form.get("MessagingServiceSid")
        own = f"/2010-04-01/Accounts/{self.account}/Messages/{text.sid}"
        return {
            "account_sid": self.account,
            "api_version": "2010-04-01",
            "body": text.form["Body"],
            "date_created": now,
            "date_sent": None,
            "date_updated": now,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": text.form.get("From"),
            "messaging_service_sid": service,
            "num_media": "0",
            "num_segments": "0" if service else "1",
            "price": None,
            "price_unit": None,
            "sid": text.sid,
            "status": "accepted" if service else "queued",
            "subresource_uris": {"media": f"{own}/Media.json"},
            "to": text.form["To"],
            "uri": f"{own}.json",
        }


def refusal(code: int, message: str = "No.", *, status: int | None = None, **headers: str) -> Say:
    """Twilio's error object. Names of headers are written with _ for -."""
    status = status or _STATUS.get(code, 400)
    said = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Say(status, {"Content-Type": "application/json", **named}, json.dumps(said).encode())
