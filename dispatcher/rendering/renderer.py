"""From a delivery to its content."""

from __future__ import annotations

from dataclasses import dataclass
from traceback import walk_tb
from types import MappingProxyType, TracebackType
from typing import Any, Final

from jinja2 import Template, UndefinedError

from dispatcher.delivery.model import Delivery
from dispatcher.rendering.cache import ContentCache
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.channel_templates import ChannelTemplate
from dispatcher.rendering.content import PREFERENCES_LINK, UNSUBSCRIBE_LINK, Content
from dispatcher.rendering.context import RENDER_CONTEXT, ObservedRecipient, RenderContext
from dispatcher.rendering.errors import MissingTemplateError, RenderingError, Unrenderable
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.filters import FUNCTIONS
from dispatcher.rendering.payload import is_url
from dispatcher.rendering.plain_text import cut

#: Locales come from people, so there is no end to the ways of writing them.
_MOST_TEMPLATES: Final = 4096
#: The field with the beginning of what somebody wrote, and how much of it a channel shows.
_PREVIEW: Final = "message_preview"
_LONGEST_PREVIEW: Final = MappingProxyType({"email": 150, "push": 150, "sms": 100})


@dataclass(frozen=True, slots=True)
class _Form:
    """What the variables of an event's templates start from."""

    #: Functions, the event, and None for each optional field.
    blank: dict[str, Any]
    fields: tuple[str, ...]
    addresses: tuple[str, ...]

    @classmethod
    def of(cls, event: EventType) -> _Form:
        optional = {name: None for name, field in event.fields.items() if not field.required}
        return cls(
            blank={**FUNCTIONS, "event": event, **optional},
            fields=tuple(event.fields),
            addresses=tuple(name for name, field in event.fields.items() if field.type == "url"),
        )

    def check_addresses(self, values: dict[str, Any]) -> None:
        """They may become links, so `javascript:` must not get through."""
        for name in self.addresses:
            if values.get(name) is not None and not is_url(values[name]):
                raise Unrenderable(f"{name} must be an absolute https:// or http:// address")


class Renderer:
    """Renders the events of one catalog for one database.

    `offers_links` says that the e-mail channel knows a link for whoever may opt out, and one to the
    preferences of each. Not for use by several threads at once.
    """

    def __init__(self, catalog: Catalog, *, offers_links: bool = False) -> None:
        self._catalog: Final = catalog
        self._offers_links: Final = offers_links
        self._sharing: Final = ContentCache()
        self._forms: Final = {key: _Form.of(event) for key, event in catalog.events.items()}
        self._templates: Final[dict[tuple[str, str, str | None, str], ChannelTemplate]] = {}

    def render(self, delivery: Delivery, *, is_shared: bool = True) -> Content:
        """EmailContent for email, SmsContent for sms, and so on. Raises RenderingError.

        `is_shared` says that others may be told of the same event: then what is rendered is looked
        for first, and kept for them.
        """
        if not is_shared:
            return self._render(delivery)[0]
        content = self._sharing.find(delivery)
        if content is None:
            content, observed = self._render(delivery)
            self._sharing.keep(delivery, content, observed)
        return content

    def _render(self, delivery: Delivery) -> tuple[Content, ObservedRecipient]:
        tenant = delivery.tenant
        key = (delivery.event, delivery.channel, delivery.recipient.locale, tenant.locale)
        template = self._templates.get(key) or self._choose(key)
        observed = ObservedRecipient(delivery.recipient, tenant)
        try:
            form = self._forms[delivery.event]
            values = form.blank.copy()
            payload = delivery.payload
            for name in form.fields:
                # A required field that is null stays undefined, which is an error where it is read.
                value = payload.get(name)
                if value is not None:
                    values[name] = value
            if form.addresses:
                form.check_addresses(values)
            if isinstance(values.get(_PREVIEW), str):
                values[_PREVIEW] = _shortened(values[_PREVIEW], delivery.channel)
            context = RenderContext(tenant, observed, values.get("currency"))
            values["tenant"] = tenant
            values["recipient"] = observed
            offers_links = self._offers_links and delivery.channel == "email"
            may_leave = offers_links and not delivery.is_forced
            values["unsubscribe_link"] = UNSUBSCRIBE_LINK if may_leave else None
            values["preferences_link"] = PREFERENCES_LINK if offers_links else None
            values[RENDER_CONTEXT] = context
            content = template.render(values, context)
        except Exception as error:  # noqa: BLE001 # template code can raise anything
            # From None: the cause's frames hold the payload, and a log may print them.
            raise _explained(error, delivery) from None
        return content, observed

    def _choose(self, key: tuple[str, str, str | None, str]) -> ChannelTemplate:
        event, channel, locale, _ = key
        try:
            template = self._catalog.template(*key)
        except KeyError:
            raise MissingTemplateError(
                event=event,
                channel=channel,
                locale=locale,
                file=None,
                line=None,
                message=f"there is no template for {event} on {channel}",
            ) from None
        if len(self._templates) >= _MOST_TEMPLATES:
            self._templates.clear()
        self._templates[key] = template
        return template


def _shortened(preview: str, channel: str) -> str:
    length = _LONGEST_PREVIEW.get(channel)
    if length is None or len(preview) <= length:
        return preview
    return cut(preview, length - 1).rstrip() + "…"


def _explained(error: Exception, delivery: Delivery) -> RenderingError:
    file, line = _place(error.__traceback__)
    return RenderingError(
        event=delivery.event,
        channel=delivery.channel,
        locale=delivery.recipient.locale or delivery.tenant.locale,
        file=file,
        line=line,
        message=_reason(error),
    )


def _reason(error: Exception) -> str:
    """Our own sentences and Jinja's name only what the template names; Python's quote values."""
    if isinstance(error, Unrenderable | UndefinedError):
        return str(error)
    if isinstance(error, RecursionError):
        return "the template calls itself too often"
    return f"{type(error).__name__}: the template does something that these values do not allow"


def _place(traceback: TracebackType | None) -> tuple[str | None, int | None]:
    """The innermost line of a template: compiled ones carry theirs in the frame's globals."""
    place: tuple[str | None, int | None] = (None, None)
    for frame, line in walk_tb(traceback):
        template = frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            place = (template.filename or template.name, template.get_corresponding_lineno(line))
    return place
