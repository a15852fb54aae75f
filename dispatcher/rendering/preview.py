"""Previews messages for template authors, rendered as the dispatcher renders them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from dispatcher.delivery.model import Delivery, Recipient, Tenant
from dispatcher.rendering import gsm
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import (
    PREFERENCES_LINK,
    UNSUBSCRIBE_LINK,
    Content,
    EmailContent,
    SmsContent,
)
from dispatcher.rendering.content_lint import Severity, lint_content
from dispatcher.rendering.errors import RenderingError
from dispatcher.rendering.template_set import TemplateSet

Scheme = Literal["light", "dark"]

_SCHEME_QUERY: Final = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)")
_SCHEME_META: Final = re.compile(r'(<meta name="(?:supported-)?color-schemes?" content=")[^"]*')
_SCHEME_RULE: Final = re.compile(r"(color-scheme\s*:\s*)light dark\b")


@dataclass(frozen=True, slots=True)
class PreviewProblem:
    """A problem on one channel. `file` is a path below the template folders."""

    severity: Severity
    file: str | None
    line: int | None
    sentence: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{place}: {self.sentence}" if place else self.sentence


@dataclass(frozen=True, slots=True)
class ChannelPreview:
    """The preview of one channel: the content, or None if it cannot be rendered, and problems."""

    content: Content | None
    faults: tuple[PreviewProblem, ...]


class Preview:
    """Renders previews of the events of one catalog. Not thread-safe."""

    def __init__(
        self, catalog: Catalog, public_url: str, template_set: TemplateSet | None = None
    ) -> None:
        """`public_url` is the base of the links to unsubscribe and to the preferences."""
        self._catalog: Final = catalog
        self._public_url: Final = public_url.rstrip("/")
        self._template_set: Final = template_set or TemplateSet(catalog, offers_links=True)

    def show(
        self, event: str, channel: str, locale: str, tenant: Tenant, payload: Mapping[str, Any]
    ) -> ChannelPreview:
        """Render for a reader of `locale` in the tenant's zone. Raises KeyError: unknown event."""
        delivery = self._delivery(event, channel, locale, tenant, payload)
        try:
            content = self._template_set.render(delivery, is_shared=False)
        except RenderingError as error:
            return ChannelPreview(
                None, (PreviewProblem("error", error.file, error.line, error.message),)
            )
        content = self._with_links(content)
        problems = [
            PreviewProblem(severity, None, None, sentence)
            for severity, sentence in lint_content(content)
        ]
        return ChannelPreview(content, tuple(problems))

    def _delivery(
        self, event: str, channel: str, locale: str, tenant: Tenant, payload: Mapping[str, Any]
    ) -> Delivery:
        declared = self._catalog.events[event]
        return Delivery(
            id=0,
            identity="0" * 32,
            notification_id=0,
            event=event,
            category=declared.category,
            channel=channel,
            priority=declared.priority,
            subject=None,
            payload=payload,
            tenant=tenant,
            recipient=Recipient("preview", locale, None, {}),
            address=None,
            attempts=1,
            created_at=datetime.now(UTC),
            expires_at=None,
        )

    def _with_links(self, content: Content) -> Content:
        """Replace the placeholders of personal links by examples."""
        if not isinstance(content, EmailContent):
            return content
        text, html = content.text, content.html
        for link, path in ((UNSUBSCRIBE_LINK, "unsubscribe"), (PREFERENCES_LINK, "preferences")):
            instead = f"{self._public_url}/{path}/…"
            text = text.replace(link, instead)
            html = html and html.replace(link, instead)
        return replace(content, text=text, html=html)


def content_fields(content: Content) -> dict[str, Any]:
    """The fields of a content for JSON; of a text message, its length too."""
    fields = asdict(content)
    if isinstance(content, SmsContent):
        fields |= asdict(gsm.measure(content.text))
    return fields


def in_color_scheme(page: str, scheme: Scheme) -> str:
    """The HTML of a mail with the colour scheme fixed, whatever the viewer prefers."""

    def answered(query: re.Match[str]) -> str:
        return "(min-width: 0)" if query[1] == scheme else "(max-width: 0)"

    page = _SCHEME_QUERY.sub(answered, page)
    page = _SCHEME_META.sub(rf"\g<1>{scheme}", page)
    return _SCHEME_RULE.sub(rf"\g<1>{scheme}", page)
