"""Twilio's status callbacks and incoming messages: forms, with an HMAC over address and fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import Response
from twilio.request_validator import RequestValidator

from dispatcher.gateway.webhooks.handler import (
    ReceiptMetrics,
    ReceiptStore,
    Rejected,
    WebhookHandler,
)
from dispatcher.inbound import links
from dispatcher.inbound.links import DeliveryRef
from dispatcher.inbound.receipts import Blame, Kind, Receipt
from dispatcher.inbound.signing import BadToken, Signer
from dispatcher.providers.twilio import Cause, Codes

SIGNATURE: Final = "x-twilio-signature"
_CODE: Final = re.compile("[0-9]{5}")

#: Callbacks have about twenty fields; media and carriers add some.
_MOST_FIELDS: Final = 200

_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "accepted": Kind.ACCEPTED,
        "scheduled": Kind.ACCEPTED,
        "queued": Kind.QUEUED,
        "sending": Kind.SENDING,
        "sent": Kind.SENT,
        "delivered": Kind.DELIVERED,
        "undelivered": Kind.UNDELIVERED,
        "failed": Kind.FAILED,
        "canceled": Kind.FAILED,
        "read": Kind.OPENED,
    }
)
#: What the cause of an error code means for the phone number.
_BLAMES: Final[Mapping[Cause, Blame]] = MappingProxyType(
    {
        Cause.RECIPIENT: Blame.HARD,
        Cause.STOPPED: Blame.STOP,
        Cause.UNREACHABLE: Blame.SOFT,
    }
)

#: The values of OptOutType, which Twilio sends where it handles opt-outs itself.
_MEANINGS: Final = frozenset({"stop", "start", "help"})
#: An empty reply: Twilio, or the operator's own program, answers the person.
_NO_ANSWER: Final = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'

Form = ImmutableMultiDict[str, str]


class TwilioHandler(WebhookHandler):
    """What both webhooks share; the key is the account's auth token.

    Twilio signs the URL that it calls, which begins with `public_url`; the Host header is not
    trusted.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        receipt_store: ReceiptStore,
        metrics: ReceiptMetrics,
        *,
        public_url: str,
    ) -> None:
        super().__init__(keys, receipt_store, metrics)
        self._public_url: Final = public_url
        self._validators: Final = {name: RequestValidator(key) for name, key in keys.items()}

    def _form(self, request: Request, provider: str, body: bytes) -> Form:
        """The form fields, if Twilio signed them for this URL. Raises Rejected."""
        signature = request.headers.get(SIGNATURE)
        if not signature:
            raise Rejected("unsigned")
        try:
            form = Form(
                parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
            )
            query = f"?{request.url.query}" if request.url.query else ""
            url = f"{self._public_url}{request.url.path}{query}"
            is_genuine = self._validators[provider].validate(url, form, signature)
        except ValueError:
            # The body is not UTF-8, or has too many fields.
            raise Rejected("forged") from None
        if not is_genuine:
            raise Rejected("forged")
        return form


class TwilioStatus(TwilioHandler):
    """`POST /v1/webhooks/twilio/{provider}/status/{token}`, which `Links.report` makes.

    Without the token the message's own id must do: for a callback that is set in Twilio's console.
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        receipt_store: ReceiptStore,
        metrics: ReceiptMetrics,
        *,
        public_url: str,
        signer: Signer,
        tables: Mapping[str, Codes],
    ) -> None:
        """`tables` are the meanings of error codes, by the provider's name."""
        super().__init__(keys, receipt_store, metrics, public_url=public_url)
        self._signer: Final = signer
        self._tables: Final = tables

    async def _receive(self, request: Request, provider: str, body: bytes) -> Response:
        form = self._form(request, provider, body)
        named = None
        if token := request.path_params.get("token"):
            try:
                named = links.reported(self._signer, token)
            except BadToken:
                raise Rejected("bad_token") from None
        receipt = status_in(form, named, self._tables[provider])
        if receipt is not None:
            await self._receipts.receive(provider, [receipt])
        return Response(status_code=204)


class TwilioMessage(TwilioHandler):
    """`POST /v1/webhooks/twilio/{provider}/message`: what people text to our numbers."""

    async def _receive(self, request: Request, provider: str, body: bytes) -> Response:
        form = self._form(request, provider, body)
        sid, sender = form.get("MessageSid"), form.get("From")
        if sid and sender:
            said = form.get("OptOutType", "").lower()
            await self._receipts.reply(
                provider,
                sid,
                sender,
                form.get("Body", ""),
                said if said in _MEANINGS else None,
            )
        return Response(_NO_ANSWER, media_type="application/xml")


def status_in(form: Form, named: DeliveryRef | None, table: Codes) -> Receipt | None:
    """The receipt of a callback; None for a status that says nothing about a delivery."""
    sid = form.get("MessageSid") or form.get("SmsSid")
    status = (form.get("MessageStatus") or form.get("SmsStatus") or "").lower()
    kind = _KINDS.get(status)
    if sid is None or kind is None:
        return None
    code = form.get("ErrorCode") or None
    to = form.get("To")
    return Receipt(
        # Callbacks have no signed id; a message has each status once.
        event_id=f"{sid}:{status}",
        kind=kind,
        delivery_id=None if named is None else named.delivery_id,
        identity=None if named is None else named.identity,
        message_id=sid,
        code=code,
        reason=form.get("ErrorMessage") or None,
        blame=_blame(kind, code, table),
        addresses=(to,) if to else None,
    )


def _blame(kind: Kind, code: str | None, table: Codes) -> Blame | None:
    if kind not in (Kind.UNDELIVERED, Kind.FAILED) or code is None or not _CODE.fullmatch(code):
        return None
    meaning = table.get(int(code))
    return None if meaning is None else _BLAMES.get(meaning.cause)
