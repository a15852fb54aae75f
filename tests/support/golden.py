"""What every shipped template says, as text that a person can read and a test can compare.

The samples are varied as little as takes every branch of the templates, which
`tests/templates/test_golden.py` counts. Clock, ids, links and secret are fixed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from html import escape
from typing import Any, Final

from dispatcher.channels.chat import Chat, ChatChannel
from dispatcher.channels.email import Email
from dispatcher.channels.in_app import InAppChannel, InAppItem
from dispatcher.channels.push import Push
from dispatcher.channels.sms import Sms
from dispatcher.channels.sse import SseChannel, StreamMessage
from dispatcher.delivery.model import Delivery, Device, Recipient, Refused, Tenant
from dispatcher.inbound.links import PreferencesLinks, UnsubscribeLinks
from dispatcher.inbound.signing import Signer
from dispatcher.rendering import gsm
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.template_set import TemplateSet
from tests.support.deliveries import NOON, email_channel, push_channel, sms_channel
from tests.support.renderings import ANA, SHOP, delivery

#: Characters of a value that is called short.
_FEW: Final = 10
#: The event whose mail is kept whole; of the others' what differs from it.
REFERENCE: Final = "order.paid"

_SIGNER: Final = Signer(["a secret that is long enough for it"])
_PUBLIC: Final = "https://postbell.example"
_UNSUBSCRIBE: Final = UnsubscribeLinks(_SIGNER, _PUBLIC)
_PREFERENCES: Final = PreferencesLinks(_SIGNER, _PUBLIC)
_ADDRESSES: Final = {
    "chat": "https://chat.example/hook",
    "email": "reader@mail.example",
    "sms": "+436641234567",
}
_DEVICE: Final = Device(1, "https://push.example/1", "key", "auth")

_BRANDED: Final = Tenant(
    id="guild",
    # Longer than text messages show of a name, and with what HTML escapes.
    name="Büchergilde Sankt Gallen & Söhne",
    base_url="https://guild.example/shop/",
    currency="CHF",
    locale="en",
    time_zone="Europe/Zurich",
    branding={
        "address": "Marktgasse 1, Sankt Gallen",
        # So light that a button's text is black.
        "color": "#facc15",
        "from_address": "post@guild.example",
        "from_name": "Büchergilde",
        "logo_url": "https://guild.example/logo.png?a=1&b=2",
        "reply_to": "help@guild.example",
        "sms_sender": "Guild",
        "support_email": "help@guild.example",
    },
)
#: Has no name, and no time zone.
_NOBODY: Final = Recipient(id="nobody", locale="en", time_zone=None, attributes={})


@dataclass(frozen=True, slots=True)
class Look:
    """What beside the payload makes a difference: tenant, reader, and the links of a mail."""

    name: str
    tenant: Tenant
    recipient: Recipient
    is_forced: bool = False
    #: False where no POSTBELL_TOKEN_SECRET is set.
    has_links: bool = True


_PLAIN: Final = Look("plain", SHOP, ANA)
_FORCED: Final = Look("branded and forced", _BRANDED, _NOBODY, is_forced=True)
_LINKLESS: Final = Look("without a secret", SHOP, ANA, has_links=False)


@dataclass(frozen=True, slots=True)
class Variation:
    """A payload made of an event's sample, and a look."""

    name: str
    look: Look
    payload: Callable[[EventType, Mapping[str, Any]], dict[str, Any]]


def _whole(event: EventType, sample: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sample)


def _required(event: EventType, sample: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sample.items() if event.fields[name].required}


def _long(event: EventType, sample: Mapping[str, Any]) -> dict[str, Any]:
    """Texts, and ids that are texts, with what HTML escapes and a ruler: where are they cut?"""
    lengths = {"text": 700, "id": 70}
    payload = dict(sample)
    for name, value in sample.items():
        if isinstance(value, str) and name != "currency":
            payload[name] = _ruler(name, lengths.get(event.fields[name].type, 0)) or value
    return payload


def _ruler(name: str, length: int) -> str:
    """A word that says at every tenth character how long it is. It has no gap to cut it at."""
    beginning = f"{name}<&'\">"
    marks = "".join(f"{place:.>10}" for place in range(10, length + 1, 10))
    return marks and beginning + marks[len(beginning) :]


def _changed(
    changes: Mapping[str, Any], event: EventType, sample: Mapping[str, Any]
) -> dict[str, Any]:
    """With other values; None leaves a field out."""
    payload = {**sample, **changes}
    return {name: value for name, value in payload.items() if value is not None}


VARIATIONS: Final = (
    Variation("all fields", _PLAIN, _whole),
    Variation("required fields, branded and forced", _FORCED, _required),
    Variation("long texts", replace(_PLAIN, recipient=_NOBODY), _long),
)
#: Where those leave a branch: further changes of the sample. A 0 is no absent number.
_FURTHER: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "class.bundle.completed": ({"number_of_classes": 1},),
    "class.bundle.created": ({"number_of_classes": 1},),
    "class.installment.due": ({"total_installments": None, "installment_id": None},),
    "class.message.received": (
        {"thread_id": None, "message_preview": None},
        {"message_preview": None, "bundle_name": _ruler("bundle_name", 100)},
    ),
    "loyalty.milestone_reached": ({"reward_points": 1}, {"reward_points": 0}),
    "loyalty.points_awarded": ({"points": 1, "total_points": 1}, {"total_points": 0}),
    "loyalty.redemption.approved": ({"points_used": 1},),
    "loyalty.redemption.rejected": ({"points_used": 1},),
    "payment.failed": ({"order_topic": None},),
    "payment.installment_due": (
        {"bundle_name": None, "total_installments": None},
        {"bundle_name": None, "special_order_id": None},
        {"bundle_name": None, "special_order_id": None, "order_id": None},
    ),
    "ticket.replied": ({"message_id": None}, {"message_preview": "Yes."}),
}


def variations(event: str) -> tuple[Variation, ...]:
    """The variations of an event, the whole sample first."""
    further = (
        Variation(", ".join(_named(changes)), _PLAIN, partial(_changed, changes))
        for changes in _FURTHER.get(event, ())
    )
    return (*VARIATIONS, *further)


def _named(changes: Mapping[str, Any]) -> Iterator[str]:
    for name, value in changes.items():
        match value:
            case None:
                yield f"without {name}"
            case str():
                yield f"{'long' if len(value) > _FEW else 'short'} {name}"
            case _:
                yield f"{name} = {value}"


class Golden:
    """Writes down what a catalog's templates say. `layout` abridges mails: its own if not given."""

    def __init__(self, catalog: Catalog, layout: Golden | None = None) -> None:
        self._catalog: Final = catalog
        self._layout: Final = layout or self
        # Without overrides, as of a tenant that has none.
        self._renderers: Final = {
            has_links: TemplateSet(catalog, offers_links=has_links).renderer
            for has_links in (True, False)
        }
        self._page: Final = cache(self._page_of)

    def languages(self, event: str) -> list[str]:
        return [folder or "en" for folder in self._catalog.locales(event)]

    def event(self, key: str, locale: str, layout: str | None = None) -> str:
        """The messages of an event for a reader of `locale`, a section for each variation.

        `layout` is the language of the page that its mails are compared with, if another.
        """
        lines = [f"{key}, read in {locale}"]
        for channel in self._catalog.events[key].channels:
            known: dict[str, str] = {}
            for variation in variations(key):
                page = self._layout._page(layout or locale, variation.look.name)
                said = self._said(key, channel, locale, variation, page)
                lines += ["", f"=== {channel}: {variation.name} ===", ""]
                if said in known:
                    lines.append(f"(as with {known[said]})")
                else:
                    known[said] = variation.name
                    lines.append(said)
        return "\n".join(lines) + "\n"

    def layout(self, locale: str) -> str:
        """The mail of REFERENCE, whole, in each look, and the style of each class of element."""
        lines = [f"The mail of {REFERENCE}, read in {locale}"]
        without_secret = Variation(_LINKLESS.name, _LINKLESS, _whole)
        for variation in (*VARIATIONS[:2], without_secret):
            said = self._said(REFERENCE, "email", locale, variation, None)
            lines += ["", f"=== {variation.look.name} ===", "", said]
            if variation is not without_secret:
                styles = self._page(locale, variation.look.name).styles
                lines += ["", "--- styles", *(f".{name} {{ {styles[name]} }}" for name in styles)]
        return "\n".join(lines) + "\n"

    def _page_of(self, locale: str, look: str) -> _Page:
        variation = next(each for each in VARIATIONS if each.look.name == look)
        styles: dict[str, str] = {}
        for key in sorted(self._catalog.events):
            if locale in self.languages(key):
                for name, style in _styles(self._mail(key, locale, variation).html or ""):
                    styles.setdefault(name, style)
        whole = self._mail(REFERENCE, locale, variation).html or ""
        regions = _REGIONS.fullmatch(whole)
        return _Page(locale, regions.groupdict() if regions else {}, dict(sorted(styles.items())))

    def _mail(self, key: str, locale: str, variation: Variation) -> Email:
        mail = self._message(key, "email", locale, variation)
        assert isinstance(mail, Email), mail
        return mail

    def _said(
        self, key: str, channel: str, locale: str, variation: Variation, page: _Page | None
    ) -> str:
        message = self._message(key, channel, locale, variation)
        lines = _mail_lines(message, page) if isinstance(message, Email) else _lines(message)
        return "\n".join(lines)

    def _message(self, key: str, channel: str, locale: str, variation: Variation) -> Any:
        """What the channel makes to be sent."""
        event = self._catalog.events[key]
        look = variation.look
        sample = json.loads(self._catalog.samples[key].read_text(encoding="utf-8"))
        wanted = replace(
            delivery(
                variation.payload(event, sample),
                event=key,
                channel=channel,
                tenant=look.tenant,
                recipient=replace(look.recipient, locale=locale),
            ),
            category=event.category,
            priority=event.priority,
            address=_ADDRESSES.get(channel),
            devices=(_DEVICE,) if channel == "push" else (),
            is_forced=look.is_forced,
        )
        # All are the same notification, so none may be taken from the cache.
        content = self._renderers[look.has_links].render(wanted, is_shared=False)
        message = _channels(look)[channel](wanted, content)
        return _shortened(message, wanted) if isinstance(message, Email) else message


def _channels(look: Look) -> dict[str, Callable[[Delivery, Any], Any]]:
    mails = email_channel(
        SHOP.name,
        unsubscribe_links=_UNSUBSCRIBE if look.has_links else None,
        preferences_links=_PREFERENCES if look.has_links else None,
    )
    return {
        "chat": ChatChannel().message,
        "email": mails.message,
        "in_app": InAppChannel().message,
        "push": push_channel().message,
        "sms": sms_channel("Shop").message,
        "sse": SseChannel().message,
    }


def _lines(message: Any) -> Iterator[str]:
    """A message that is no mail."""
    match message:
        case Refused():
            yield f"refused: {message.reason}"
        case Sms():
            measure = gsm.measure(message.body)
            yield f"from: {message.sender}"
            yield f"length: {gsm.length_of(measure)}"
            yield message.body
        case Chat():
            yield message.text
        case InAppItem() | StreamMessage():
            yield from _fields(message.content.columns())
        case _:
            (push,) = message.each.values()
            assert isinstance(push, Push)
            notification = json.loads(push.payload)["notification"]
            yield f"urgency: {push.urgency}"
            # The tag and the data are the delivery's.
            shown = ("title", "body", "navigate", "image", "actions")
            yield from _fields({name: notification.get(name) for name in shown})


def _fields(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if name == "actions":
            for action in value or ():
                yield "action: " + ", ".join(f"{part} = {action[part]}" for part in action)
        else:
            yield f"{name}: {'-' if value is None else value}"


@dataclass(frozen=True, slots=True)
class _Page:
    """The mail that others are compared with: its regions, and the style of each class."""

    locale: str
    regions: Mapping[str, str]
    styles: Mapping[str, str]

    def abridged(self, html: str) -> Iterator[str]:
        """The lines of a mail's HTML without what is the same in this one."""
        own = _REGIONS.fullmatch(html)
        if own is None or not self.regions:
            yield "--- html"
            yield html
            return
        yield f"--- html, otherwise as in layout.{self.locale}.txt"
        for name, region in own.groupdict().items():
            if name in _OWN:
                yield f"{name}:"
                yield _TAG.sub(self._without_style, region)
            elif region != self.regions[name]:
                yield f"{name}, which differs:"
                yield region

    def _without_style(self, tag: re.Match[str]) -> str:
        style, name = _STYLE.search(tag[0]), _CLASS.search(tag[0])
        if style is None or name is None or self.styles.get(name[1]) != style[1]:
            return tag[0]
        return tag[0].replace(style[0], ' style="…"')


#: The regions of a mail between what is its own.
_OWN: Final = frozenset({"title", "preheader", "card", "footer"})
_REGIONS: Final = re.compile(
    r"(?P<head>.*?<title>)(?P<title>.*?)"
    r'(?P<opening></title>.*?<div class="preheader"[^>]*>)(?P<preheader>.*?)'
    r'(?P<above>(?:\u2007\u034f)+</div>.*?)(?P<card><h1 class="heading".*)'
    r'(?P<below></td>\s*</tr>\s*<tr>\s*<td class="footer"[^>]*>)(?P<footer>.*?)(?P<end></td>.*)',
    re.DOTALL,
)
_TAG: Final = re.compile(r"<[a-z][^>]*>")
_CLASS: Final = re.compile(r' class="([\w-]+)"')
_STYLE: Final = re.compile(r' style="([^"]*)"')


def _styles(html: str) -> Iterator[tuple[str, str]]:
    for tag in _TAG.findall(html):
        style, name = _STYLE.search(tag), _CLASS.search(tag)
        if style and name:
            yield name[1], style[1]


def _shortened(mail: Email, wanted: Delivery) -> Email:
    """Without the tokens of links: what a template decides is where the links stand."""
    text, html, headers = mail.text, mail.html, mail.headers
    for kind, links in (("unsubscribe", _UNSUBSCRIBE), ("preferences", _PREFERENCES)):
        link = links.of(wanted, NOON)
        if link:
            short = f"{_PUBLIC}/{kind}/…"
            text = text.replace(link, short)
            html = html and html.replace(escape(link), short)
            headers = tuple((name, value.replace(link, short)) for name, value in headers)
    return replace(mail, text=text, html=html, headers=headers)


def _mail_lines(mail: Email, page: _Page | None) -> Iterator[str]:
    """A mail. Whole without `page`."""
    yield f"From: {mail.sender.name} <{mail.sender.mailbox.address}>"
    if mail.reply_to:
        yield f"Reply-To: {mail.reply_to}"
    yield f"Subject: {mail.subject}"
    yield from (f"{name}: {value}" for name, value in mail.headers)
    yield "--- text"
    yield mail.text.removesuffix("\n")
    if mail.html is not None:
        yield from page.abridged(mail.html) if page else ("--- html", mail.html)
