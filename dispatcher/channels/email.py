"""The e-mail channel: checks addresses, and builds mails as parts and as bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from html import escape, unescape
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from email_validator import EmailNotValidError, validate_email

from dispatcher.channels import mime
from dispatcher.delivery.backoff import Backoff
from dispatcher.delivery.model import Delivery, Refused
from dispatcher.inbound.links import (
    RETURN_PATH,
    DeliveryRef,
    Links,
    PreferencesLinks,
    ReturnPath,
    UnsubscribeLinks,
    unsubscribe_headers,
)
from dispatcher.inbound.receipts import Blame
from dispatcher.inbound.signing import Signer
from dispatcher.rendering.content import PREFERENCES_LINK, UNSUBSCRIBE_LINK

if TYPE_CHECKING:
    from dispatcher.rendering.content import EmailContent


#: The target of a link, as templates and the CSS inliner write it.
_HREF: Final = re.compile(
    r"""(?P<before><a\s(?:[^<>"']|"[^"]*"|'[^']*')*?\bhref\s*=\s*)(?P<quote>["'])(?P<target>.*?)(?P=quote)""",
    re.IGNORECASE | re.DOTALL,
)
_END_OF_BODY: Final = re.compile(r"</body\s*>", re.IGNORECASE)
#: Filled in later, and not tracked.
_OUR_OWN: Final = frozenset({UNSUBSCRIBE_LINK, PREFERENCES_LINK})
#: Characters that web servers accept in a URL; a link that would be longer is not tracked.
_MAX_LINK: Final = 2000


class Tracking:
    """Writes open and click tracking into finished HTML, where tenant and recipient allow it.

    Done here rather than by the provider, so that receipts mean the same with each. The text part
    is not tracked. See `dispatcher.gateway.tracking` for what such receipts can tell.
    """

    def __init__(self, links: Links) -> None:
        self._links: Final = links

    def in_html(self, html: str, delivery: Delivery) -> str:
        """The HTML with this delivery's links; unchanged if nothing is tracked."""
        named = DeliveryRef(delivery.id, delivery.identity)
        if "clicks" in delivery.tracking:
            html = _HREF.sub(lambda found: self._tracked_link(found, named), html)
        if "opens" in delivery.tracking:
            picture = escape(self._links.opened(named))
            html = _with_picture(
                html, f'<img src="{picture}" width="1" height="1" alt="" style="display:block">'
            )
        return html

    def _tracked_link(self, found: re.Match[str], named: DeliveryRef) -> str:
        target = unescape(found["target"]).strip()
        # Only web links, and none for unsubscribing or preferences.
        if not target.lower().startswith(("https://", "http://")) or target in _OUR_OWN:
            return found[0]
        link = self._links.clicked(named, target)
        if len(link) > _MAX_LINK:
            return found[0]
        return f'{found["before"]}"{escape(link)}"'


def _with_picture(html: str, picture: str) -> str:
    ends = list(_END_OF_BODY.finditer(html))
    end = ends[-1].start() if ends else len(html)
    return html[:end] + picture + html[end:]


_Found = TypeVar("_Found")


#: Keeps vacation responders from answering (RFC 3834).
HEADERS: tuple[tuple[str, str], ...] = (("Auto-Submitted", "auto-generated"),)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A validated address. `domain` is ASCII (A-labels); `address` is unless SMTPUTF8 is needed."""

    address: str
    domain: str
    smtputf8: bool


@dataclass(frozen=True, slots=True)
class FromHeader:
    """The From header, and the address in it."""

    name: str
    mailbox: Mailbox
    #: The encoded header line, the same in every mail of a tenant.
    line: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Email:
    """A mail ready for a provider. Its repr shows neither the person nor the text.

    An SMTP provider sends `data`. A provider with an API sends the parts, and `data` is not built.
    """

    delivery_id: int
    #: Delivery.identity.
    identity: str
    envelope_from: str
    sender: FromHeader
    to: str = field(repr=False)
    reply_to: str | None
    #: One line, without control characters.
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str | None = field(repr=False)
    date: datetime
    #: With angle brackets; the same on every attempt.
    message_id: str
    #: Further ASCII headers, folded at spaces; each word fits on a line.
    headers: tuple[tuple[str, str], ...]
    #: An address or header is not ASCII, which needs a server with SMTPUTF8 (RFC 6531).
    smtputf8: bool
    #: What the provider should track, of `opens` and `clicks`.
    tracking: frozenset[str] = frozenset()
    _data: bytes | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def data(self) -> bytes:
        """Headers and body, in lines of at most 998 bytes that end in CRLF; not dot-stuffed."""
        if self._data is None:
            # Built once: it is the slowest step of sending a mail.
            object.__setattr__(self, "_data", self._built())
        return cast("bytes", self._data)

    def _built(self) -> bytes:
        head = "".join(
            (
                self.sender.line,
                mime.structured("To", self.to),
                mime.structured("Reply-To", self.reply_to) if self.reply_to else "",
                mime.unstructured("Subject", self.subject),
                _date_line(int(self.date.timestamp())),
                mime.structured("Message-ID", self.message_id),
                *(mime.structured(name, *value.split(" ")) for name, value in self.headers),
                "MIME-Version: 1.0\r\n",
            )
        )
        plain = mime.text_part("plain", self.text)
        if self.html is None:
            return head.encode("utf-8") + plain
        html = mime.text_part("html", self.html)
        return head.encode("utf-8") + mime.alternative(plain, html, self.message_id)


class EmailChannel:
    """Makes mails: plain text first, marked as automatic, with a return path for each delivery."""

    name = "email"

    def __init__(
        self,
        sender_address: str,
        sender_name: str = "",
        *,
        reply_to: str | None = None,
        return_path: str = RETURN_PATH,
        unsubscribe_links: UnsubscribeLinks | None = None,
        preferences_links: PreferencesLinks | None = None,
        tracking: Tracking | None = None,
        signer: Signer | None = None,
        concurrency: int = 8,
        max_attempts: int = 10,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Sender and reply address are defaults for a tenant's branding without its own.

        `signer` signs the return path. Without `tracking`, tracking is left to the provider. Raises
        ValueError if an address or the name is not valid in a mail.
        """
        self._sender_address = sender_address
        self._sender_name = sender_name
        self._reply_to = reply_to
        self._return_path = ReturnPath(return_path, signer)
        self._unsubscribe_links = unsubscribe_links
        self._preferences_links = preferences_links
        self._tracking = tracking
        self._now = now
        self.concurrency = concurrency
        self.max_attempts = max_attempts
        #: Soon at first, for a lost connection; ten attempts take four hours on average.
        self.backoff = Backoff(first=timedelta(minutes=1), cap=timedelta(hours=4))

        sender = _required("sender", _sender(sender_name, sender_address))
        if reply_to is not None:
            _required("reply address", _mailbox(reply_to))
        bounces = _required(
            "return path", _mailbox(self._return_path.of(1, "0" * 32, sender.mailbox.domain))
        )
        if bounces.smtputf8:
            raise ValueError("the return path cannot be used: every server must be able to bounce")

    def address(self, delivery: Delivery) -> str | Refused:
        """The validated address; its domain is ASCII unless the local part is not."""
        mailbox = self._recipient(delivery)
        return mailbox if isinstance(mailbox, Refused) else mailbox.address

    def message(self, delivery: Delivery, content: EmailContent) -> Email | Refused:
        """The mail. Only its Date differs between attempts."""
        recipient = self._recipient(delivery)
        if isinstance(recipient, Refused):
            return recipient
        branding = delivery.tenant.branding
        sender = _sender(
            _text_of(branding, "from_name") or self._sender_name,
            _text_of(branding, "from_address") or self._sender_address,
        )
        if isinstance(sender, Refused):
            return Refused(f"tenant {delivery.tenant.id}: branding: {sender.reason}")
        reply_to = self._reply_address(branding)
        if isinstance(reply_to, Refused):
            return Refused(f"tenant {delivery.tenant.id}: branding: {reply_to.reason}")
        # A final line break is the template's; one inside could inject headers.
        subject = content.subject.strip()
        if not mime.is_header_safe(subject):
            return Refused("the subject contains a line break or NUL")

        date = self._now()
        headers, text, html = HEADERS, content.text, content.html
        left_to_the_provider = delivery.tracking
        if self._tracking:
            html = html and self._tracking.in_html(html, delivery)
            left_to_the_provider = frozenset()
        link = self._unsubscribe_links and self._unsubscribe_links.of(delivery, date)
        if link:
            # Rendered content is shared between recipients; the link is not.
            headers += unsubscribe_headers(link)
            text = text.replace(UNSUBSCRIBE_LINK, link)
            html = html and html.replace(UNSUBSCRIBE_LINK, escape(link))
        # Also in forced mails, as there are other preferences.
        if self._preferences_links:
            link = self._preferences_links.of(delivery, date)
            text = text.replace(PREFERENCES_LINK, link)
            html = html and html.replace(PREFERENCES_LINK, escape(link))
        return Email(
            delivery_id=delivery.id,
            identity=delivery.identity,
            envelope_from=self._return_path.of(
                delivery.id, delivery.identity, sender.mailbox.domain
            ),
            sender=sender,
            to=recipient.address,
            reply_to=reply_to,
            subject=subject,
            text=text,
            html=html,
            date=date,
            # Mailboxes drop a second mail with the same Message-ID.
            message_id=f"<postbell.{delivery.identity}@{sender.mailbox.domain}>",
            headers=headers,
            smtputf8=(
                recipient.smtputf8
                or sender.mailbox.smtputf8
                or (reply_to is not None and not reply_to.isascii())
            ),
            tracking=left_to_the_provider,
        )

    def _recipient(self, delivery: Delivery) -> Mailbox | Refused:
        if not delivery.address:
            return Refused("the recipient has no e-mail address")
        mailbox = _mailbox(delivery.address)
        if isinstance(mailbox, Refused):
            return Refused(f"not an e-mail address: {mailbox.reason}", blame=Blame.HARD)
        return mailbox

    def _reply_address(self, branding: Mapping[str, Any]) -> str | Refused | None:
        reply_to = _text_of(branding, "reply_to") or self._reply_to
        if reply_to is None:
            return None
        mailbox = _mailbox(reply_to)
        if isinstance(mailbox, Refused):
            return Refused(f"reply_to: {mailbox.reason}")
        return mailbox.address


# Most of a tenant's mails have the same sender.
@lru_cache(maxsize=1024)
def _sender(name: str, address: str) -> FromHeader | Refused:
    mailbox = _mailbox(address)
    if isinstance(mailbox, Refused):
        return Refused(f"from_address: {mailbox.reason}")
    if not mime.is_header_safe(name):
        return Refused("from_name: it contains a line break or NUL")
    name = name.strip()
    return FromHeader(name, mailbox, mime.mailbox("From", name, mailbox.address))


# Checking an address takes 30 µs, a third of building its mail.
@lru_cache(maxsize=4096)
def _mailbox(address: str) -> Mailbox | Refused:
    try:
        # Checks the syntax alone; whether the domain receives mail is for the mail server to say.
        valid = validate_email(
            address,
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError as fault:
        return Refused(str(fault))
    return Mailbox(
        address=valid.ascii_email or valid.normalized,
        domain=valid.ascii_domain,
        smtputf8=valid.ascii_email is None,
    )


def _required(what: str, found: _Found | Refused) -> _Found:
    if isinstance(found, Refused):
        raise ValueError(f"the {what} cannot be used: {found.reason}")  # noqa: TRY004 it is a value
    return found


# The mails of one second have the same date.
@lru_cache(maxsize=2)
def _date_line(second: int) -> str:
    return f"Date: {format_datetime(datetime.fromtimestamp(second, UTC))}\r\n"


def _text_of(branding: Mapping[str, Any], key: str) -> str | None:
    value = branding.get(key)
    return value if isinstance(value, str) and value else None
