"""Renders a delivery: chooses the template, fills in the variables, explains errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from traceback import walk_tb
from types import TracebackType
from typing import Any, Final

from jinja2 import Template, UndefinedError

from dispatcher.delivery.model import Delivery
from dispatcher.rendering.cache import ContentCache
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.channel_templates import ChannelTemplate
from dispatcher.rendering.content import PREFERENCES_LINK, UNSUBSCRIBE_LINK, Content
from dispatcher.rendering.context import RENDER_CONTEXT, ObservedRecipient, RenderContext
from dispatcher.rendering.errors import (
    MissingTemplateError,
    RenderingError,
    Uncompilable,
    Unrenderable,
)
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.filters import FUNCTIONS
from dispatcher.rendering.locales import language_of
from dispatcher.rendering.payload import is_url
from dispatcher.rendering.plain_text import cut

#: Chosen templates that are kept. Locales come from users, so their spellings are unbounded.
_MOST_TEMPLATES: Final = 4096
#: The field with the beginning of a message that a user wrote.
_PREVIEW: Final = "message_preview"


@dataclass(frozen=True, slots=True)
class _Variables:
    """The variables of an event's templates before the payload is filled in."""

    #: The functions, and None for each optional field.
    blank: dict[str, Any]
    #: The event with its label in the language of its files, by language.
    events: Mapping[str, EventType]
    fields: tuple[str, ...]
    #: The fields of type `url`.
    addresses: tuple[str, ...]

    @classmethod
    def of(cls, event: EventType, languages: Iterable[str]) -> _Variables:
        optional = {name: None for name, field in event.fields.items() if not field.required}
        return cls(
            blank={**FUNCTIONS, **optional},
            events={language: event.called_in(language) for language in languages},
            fields=tuple(event.fields),
            addresses=tuple(name for name, field in event.fields.items() if field.type == "url"),
        )

    def check_addresses(self, values: dict[str, Any]) -> None:
        """Raise Unrenderable for an address that is not http(s), because it may become a link."""
        for name in self.addresses:
            if values.get(name) is not None and not is_url(values[name]):
                raise Unrenderable(f"{name} must be an absolute https:// or http:// address")


class Renderer:
    """Renders the events of one catalog for one database. Not thread-safe.

    `offers_links` says whether there are links to unsubscribe and to the preferences, on the
    channels that have them.
    """

    def __init__(self, catalog: Catalog, *, offers_links: bool = False) -> None:
        self._catalog: Final = catalog
        self._routes: Final = catalog.sources.routes
        self._offers_links: Final = offers_links
        self._cache: Final = ContentCache()
        self._variables: Final = {
            key: _Variables.of(event, map(language_of, catalog.locales(key)))
            for key, event in catalog.events.items()
        }
        self._templates: Final[dict[tuple[str, str, str | None, str], ChannelTemplate]] = {}

    def render(self, delivery: Delivery, *, is_shared: bool = True) -> Content:
        """The content of a delivery: EmailContent for email, and so on. Raises RenderingError.

        `is_shared` says that other recipients may get the same notification: then the content is
        looked up in the cache, and stored there.
        """
        if not is_shared:
            return self._render(delivery)[0]
        content = self._cache.find(delivery)
        if content is None:
            content, observed = self._render(delivery)
            self._cache.keep(delivery, content, observed)
        return content

    def _render(self, delivery: Delivery) -> tuple[Content, ObservedRecipient]:
        tenant = delivery.tenant
        key = (delivery.event, delivery.channel, delivery.recipient.locale, tenant.locale)
        template = self._templates.get(key) or self._choose(key)
        observed = ObservedRecipient(delivery.recipient, tenant)
        try:
            variables = self._variables[delivery.event]
            values = variables.blank.copy()
            payload = delivery.payload
            for name in variables.fields:
                # A required field that is null stays undefined: reading it is an error.
                value = payload.get(name)
                if value is not None:
                    values[name] = value
            if variables.addresses:
                variables.check_addresses(values)
            if isinstance(values.get(_PREVIEW), str):
                values[_PREVIEW] = _shortened(values[_PREVIEW], template.longest_preview)
            context = RenderContext(
                tenant, observed, values.get("currency"), self._routes, variables.events
            )
            values["tenant"] = tenant
            values["recipient"] = observed
            offers_links = self._offers_links and template.offers_links
            may_leave = offers_links and not delivery.is_forced
            values["unsubscribe_link"] = UNSUBSCRIBE_LINK if may_leave else None
            values["preferences_link"] = PREFERENCES_LINK if offers_links else None
            values[RENDER_CONTEXT] = context
            content = template.render(values, context)
        except Exception as error:  # noqa: BLE001 # template code can raise anything
            # `from None`: the frames of the cause hold the payload, and a log may print them.
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


def _shortened(preview: str, length: int | None) -> str:
    if length is None or len(preview) <= length:
        return preview
    return cut(preview, length - 1).rstrip() + "…"


def _explained(error: Exception, delivery: Delivery) -> RenderingError:
    file, line = (
        (error.file, error.line) if isinstance(error, Uncompilable) else _place(error.__traceback__)
    )
    return RenderingError(
        event=delivery.event,
        channel=delivery.channel,
        locale=delivery.recipient.locale or delivery.tenant.locale,
        file=file,
        line=line,
        message=_reason(error),
    )


def _reason(error: Exception) -> str:
    """A message without values of the payload. Messages of other exceptions may quote them."""
    if isinstance(error, Unrenderable | UndefinedError):
        return str(error)
    if isinstance(error, RecursionError):
        return "the template calls itself too often"
    return f"{type(error).__name__}: the template does something that these values do not allow"


def _place(traceback: TracebackType | None) -> tuple[str | None, int | None]:
    """File and line of the innermost template; Jinja keeps the template in the frame's globals."""
    place: tuple[str | None, int | None] = (None, None)
    for frame, line in walk_tb(traceback):
        template = frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            place = (template.filename or template.name, template.get_corresponding_lineno(line))
    return place
