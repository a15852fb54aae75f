"""Previews of messages, for operators: `postbell preview` over HTTP.

Templates are loaded on the first request, and again when a file has changed. Dispatchers load their
own.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, cast

from pydantic import Field

from dispatcher.db import texts
from dispatcher.db.connections import Pool
from dispatcher.delivery.model import Tenant
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.db_roles import as_operator
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.problem import Problem
from dispatcher.gateway.schemas import Channel, Model, Name
from dispatcher.gateway.trial_mail import TrialMailer
from dispatcher.rendering import payload as payloads
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.compiled import CompiledTemplate
from dispatcher.rendering.content import EmailContent
from dispatcher.rendering.errors import CatalogError
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.loader import SHARED, TemplateFile, TemplateFiles
from dispatcher.rendering.locales import language_of, parse
from dispatcher.rendering.overrides import TemplateOverride, TemplateOverrides
from dispatcher.rendering.payload import PayloadError, PayloadFault
from dispatcher.rendering.preview import (
    ChannelPreview,
    Preview,
    Scheme,
    content_fields,
    in_color_scheme,
)
from dispatcher.rendering.template_set import OverrideFault, TemplateSet

#: Tenants whose template sets are kept: compiling one with its own layout takes a second.
_MOST_TEMPLATE_SETS: Final = 8
#: Lines of an excerpt before and after the faulty one.
_CONTEXT_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class TenantTemplates:
    """A tenant, and what its messages are made of besides template files."""

    tenant: Tenant
    overrides: tuple[TemplateOverride, ...]
    registered: tuple[EventType, ...]


class Line(NamedTuple):
    """One line of a file, from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """A template file, and the override of the database that hides it, if there is one."""

    file: str
    language: str
    override: TemplateOverride | None


@dataclass(frozen=True, slots=True)
class PreviewResult:
    """What an event says on each channel, and the faults of payload and overrides."""

    payload: str
    payload_faults: tuple[PayloadFault, ...]
    channels: Mapping[str, ChannelPreview]
    #: By channel, the files that its message is made of.
    sources: Mapping[str, tuple[Source, ...]]
    #: The lines around each fault of a template, by file and line number.
    excerpts: Mapping[tuple[str, int], tuple[Line, ...]]
    override_faults: tuple[OverrideFault, ...]


class UnknownEvent(Exception):
    """Neither a template folder nor an override of the tenant has the event."""


class PreviewService:
    """Renders events from the template `folders`; links of messages lead to `public_url`.

    Everything runs in a thread, off the event loop.
    """

    def __init__(self, folders: Sequence[Path], public_url: str) -> None:
        self._folders: Final = tuple(folders)
        self._public_url: Final = public_url
        self._template_sets: Final[
            OrderedDict[str, tuple[Catalog, TenantTemplates, TemplateSet]]
        ] = OrderedDict()
        # One at a time: a renderer is not thread-safe, and the streams need the processor, too.
        self._lock: Final = asyncio.Lock()

    async def catalog(self, templates: TenantTemplates) -> Catalog:
        """The catalog of all events. Raises CatalogError with every mistake in a template file."""
        async with self._lock:
            return await asyncio.to_thread(lambda: self._template_set(templates).catalog)

    async def render(
        self, templates: TenantTemplates, event: str, locale: str, payload: str | None
    ) -> PreviewResult:
        """Renders an event on each channel. `payload` is JSON text; None: the event's sample.

        Raises CatalogError, and UnknownEvent.
        """
        async with self._lock:
            return await asyncio.to_thread(self._render, templates, event, locale, payload)

    async def excerpt(self, file: str, line: int) -> tuple[Line, ...]:
        """The lines around `line` of a file in the folders, by its path; none for other files."""

        def read() -> tuple[Line, ...]:
            known = {str(each): each for each in TemplateFiles.of(self._folders).files.values()}
            return _lines_around(known.get(file), line)

        return await asyncio.to_thread(read)

    def _render(
        self, templates: TenantTemplates, event_key: str, locale: str, payload: str | None
    ) -> PreviewResult:
        template_set = self._template_set(templates)
        catalog = template_set.catalog
        event = catalog.events.get(event_key)
        if event is None:
            raise UnknownEvent
        text = _sample(catalog, event.key) if payload is None else payload
        try:
            values = payloads.parse_payload(text)
        except PayloadError as error:
            return PreviewResult(text, (error.fault,), {}, {}, {}, tuple(template_set.faults))
        preview = Preview(catalog, self._public_url, template_set)
        channels = {
            channel: preview.show(event.key, channel, locale, templates.tenant, values)
            for channel in event.channels
        }
        return PreviewResult(
            text,
            tuple(payloads.payload_faults(event, values, text)),
            channels,
            {
                channel: _sources(template_set, event.key, channel, locale, templates.tenant.locale)
                for channel in event.channels
            },
            _excerpts(catalog, channels),
            tuple(template_set.faults),
        )

    def _template_set(self, templates: TenantTemplates) -> TemplateSet:
        catalog = Catalog.load(self._folders)
        base, known, template_set = self._template_sets.get(templates.tenant.id, (None, None, None))
        if template_set is None or base is not catalog or known != templates:
            template_set = TemplateSet(
                catalog,
                TemplateOverrides(templates.overrides),
                _events_of_overrides(templates, catalog),
                offers_links=True,
            )
            self._template_sets[templates.tenant.id] = (catalog, templates, template_set)
        self._template_sets.move_to_end(templates.tenant.id)
        if len(self._template_sets) > _MOST_TEMPLATE_SETS:
            self._template_sets.popitem(last=False)
        return template_set


def _events_of_overrides(templates: TenantTemplates, catalog: Catalog) -> list[EventType]:
    """The events that no folder declares, and whose templates are overrides."""
    return [
        event
        for event in templates.registered
        if event.key not in catalog.events
        and any(
            override.path.startswith(event.key.replace(".", "/") + "/")
            for override in templates.overrides
        )
    ]


def _sources(
    template_set: TemplateSet, event: str, channel: str, locale: str, tenant_locale: str
) -> tuple[Source, ...]:
    """The files for a reader of `locale`, and the overrides of files that many events share."""
    template = template_set.catalog.template(event, channel, locale, tenant_locale)
    parts = [getattr(template, each.name) for each in dataclasses.fields(cast("Any", template))]
    languages = {part.file: part.language for part in parts if isinstance(part, CompiledTemplate)}
    overrides = template_set.overrides
    shared = [path for path in overrides if path.split("/")[0] in SHARED]
    return (
        *(Source(file, language, overrides.get(file)) for file, language in languages.items()),
        *(Source(path, "", overrides[path]) for path in shared if channel == "email"),
    )


def _sample(catalog: Catalog, event: str) -> str:
    file = catalog.samples.get(event)
    return "{}" if file is None else file.read_text(encoding="utf-8")


def _excerpts(
    catalog: Catalog, channels: Mapping[str, ChannelPreview]
) -> dict[tuple[str, int], tuple[Line, ...]]:
    return {
        (fault.file, fault.line): _lines_around(catalog.sources.files.get(fault.file), fault.line)
        for shown in channels.values()
        for fault in shown.faults
        if fault.file is not None and fault.line is not None
    }


def _lines_around(file: TemplateFile | None, line: int) -> tuple[Line, ...]:
    if file is None:
        return ()
    lines = file.read_text(encoding="utf-8").splitlines()
    first = max(line - _CONTEXT_LINES, 1)
    return tuple(
        Line(number, text)
        for number, text in enumerate(lines[first - 1 : line + _CONTEXT_LINES], start=first)
    )


def fields_of(event: EventType) -> dict[str, Any]:
    """The fields of a payload as event.toml declares them: `{"order_topic": "text?"}`."""
    return {
        name: f"{field.type}{'' if field.required else '?'}" for name, field in event.fields.items()
    }


class PreviewQuery(Model):
    """Whose events."""

    tenant: Name = "default"


class PreviewTenant(Model):
    """A website."""

    id: str
    name: str
    locale: str


class PreviewEvent(Model):
    """An event that can be looked at."""

    event: str
    label: str
    description: str
    category: str
    channels: list[str]
    default_channels: list[str]
    languages: list[str] = Field(description="Of its texts; readers of others get a fallback.")
    fields: dict[str, str] = Field(description="As event.toml has them: a ? is optional.")


class SourceLine(Model):
    """One line of a template."""

    number: int
    text: str


class PreviewFault(Model):
    """What is wrong, and where."""

    severity: Literal["error", "warning", "information"]
    file: str | None
    line: int | None
    sentence: str
    excerpt: list[SourceLine] = Field(description="The lines around it, from the file.")


class PreviewList(Model):
    """What can be looked at. `faults` are of the template files: with them nothing can be."""

    tenants: list[PreviewTenant]
    events: list[PreviewEvent]
    faults: list[PreviewFault]


#: A language tag by its shape (BCP 47, 2.1); underscores are taken for hyphens.
LocaleTag = Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$")]


class PreviewRequest(Model):
    """What is to be shown, to a reader of what locale."""

    event: Name
    locale: LocaleTag = "en"
    tenant: Name = "default"
    payload: str | None = Field(default=None, description="JSON text; null: the event's sample.")


class PreviewAction(Model):
    """A button."""

    label: str
    link: str


class PreviewContent(Model):
    """What one channel says; what it does not have is null."""

    subject: str | None = None
    preheader: str | None = Field(
        default=None, description="What a list of mails shows behind the subject."
    )
    text: str | None = None
    html: str | None = None
    title: str | None = None
    body: str | None = None
    link: str | None = None
    image: str | None = None
    actions: list[PreviewAction] = Field(default=[])
    encoding: str | None = None
    units: int | None = None
    segments: int | None = None


class PreviewSource(Model):
    """A template that a message is made of: a file, or a text of the database in its place."""

    file: str
    language: str | None = Field(description="Of what is written in it; null if many share it.")
    version: int | None = Field(description="Of the text of the database; null for the file.")
    owner: str | None = Field(description="Whose text it is: everybody's, or one tenant's.")


class PreviewChannel(Model):
    """One channel, and what is wrong with it."""

    channel: Channel
    content: PreviewContent | None
    sender: str | None = Field(description="Of a mail: the From header.")
    sources: list[PreviewSource]
    faults: list[PreviewFault]


class PreviewTest(PreviewRequest):
    """What is to be sent, and to whom."""

    to: Name = Field(description="An e-mail address: your own.")


class PreviewTestAnswer(Model):
    """What the providers said of it."""

    is_sent: bool
    provider: str | None = Field(description="The one that was called last.")
    said: str = Field(description="Its answer, or why nobody was asked; addresses are masked.")


class PreviewAnswer(Model):
    """What an event says on each of its channels, rendered as a dispatcher does it."""

    payload: str = Field(description="What it was made from, as text.")
    payload_faults: list[PreviewFault] = Field(description="Of the payload; lines are of its text.")
    channels: list[PreviewChannel]
    faults: list[PreviewFault] = Field(description="Of template files and texts of the database.")


class PreviewApi:
    """Every statement runs as `postbell_support`."""

    def __init__(self, pool: Pool, service: PreviewService, mailer: TrialMailer) -> None:
        self._pool: Final = pool
        self._service: Final = service
        self._mailer: Final = mailer

    @property
    def operations(self) -> list[Operation]:
        path = "/v1/preview"
        return [
            Operation.of("GET", path, "preview", self.list_previews, HTTPStatus.NOT_FOUND),
            Operation.of("POST", path, "preview", self.preview, HTTPStatus.NOT_FOUND),
            Operation.of(
                "POST", "/v1/preview/test", "preview", self.send_test, HTTPStatus.NOT_FOUND
            ),
        ]

    async def list_previews(self, operator: Operator, query: PreviewQuery) -> PreviewList:
        """The events that can be looked at, and the tenants.

        Template files are read when they have changed; those with mistakes are in `faults`.
        """
        templates, tenants = await self._templates(operator, query.tenant)
        try:
            catalog = await self._service.catalog(templates)
        except CatalogError as error:
            return PreviewList(tenants=tenants, events=[], faults=await self._file_faults(error))
        events = sorted(catalog.events.values(), key=lambda event: event.key)
        listed = [_event(catalog, event) for event in events]
        return PreviewList(tenants=tenants, events=listed, faults=[])

    async def preview(self, operator: Operator, body: PreviewRequest) -> PreviewAnswer:
        """What an event says on every channel, for a payload. Nothing is sent.

        A payload that the router would reject, and a template that cannot be rendered, are in the
        answer, each with its line.
        """
        templates, _ = await self._templates(operator, body.tenant)
        try:
            result = await self._service.render(templates, body.event, body.locale, body.payload)
        except CatalogError as error:
            return PreviewAnswer(
                payload=body.payload or "",
                payload_faults=[],
                channels=[],
                faults=await self._file_faults(error),
            )
        except UnknownEvent:
            raise _unknown("event", body.event) from None
        return _answer(result, body.locale, self._mailer.sender_of(templates.tenant))

    async def send_test(self, operator: Operator, body: PreviewTest) -> PreviewTestAnswer:
        """Send the mail to one address, by the tenant's providers; one every ten seconds.

        Nothing is written to the log of deliveries. Its links to unsubscribe and to the preferences
        are examples.
        """
        if (why_not := self._mailer.why_not) is not None:
            return PreviewTestAnswer(is_sent=False, provider=None, said=why_not)
        templates, _ = await self._templates(operator, body.tenant)
        try:
            result = await self._service.render(templates, body.event, body.locale, body.payload)
        except CatalogError as error:
            return PreviewTestAnswer(is_sent=False, provider=None, said=str(error.problems[0]))
        except UnknownEvent:
            raise _unknown("event", body.event) from None
        shown = result.channels.get("email")
        content = shown.content if shown else None
        faults = [fault.sentence for fault in result.payload_faults]
        if faults or not isinstance(content, EmailContent):
            faults += [str(fault) for fault in shown.faults] if shown else ["There is no e-mail"]
            return PreviewTestAnswer(is_sent=False, provider=None, said="; ".join(faults))
        sent = await self._mailer.send(operator.name, templates.tenant, content, body.to)
        return PreviewTestAnswer(is_sent=sent.is_sent, provider=sent.provider, said=sent.said)

    async def mail(self, operator: Operator, body: PreviewRequest, scheme: Scheme) -> str | None:
        """The HTML of an e-mail, as it looks in that colour scheme; None where there is none."""
        answer = await self.preview(operator, body)
        for shown in answer.channels:
            if shown.content and shown.content.html:
                return in_color_scheme(shown.content.html, scheme)
        return None

    async def _templates(
        self, operator: Operator, tenant_id: str
    ) -> tuple[TenantTemplates, list[PreviewTenant]]:
        """The tenant's templates, and all tenants. Raises Problem for an unknown tenant."""
        async with as_operator(self._pool, operator) as connection:
            tenants = [
                PreviewTenant(**row._asdict()) for row in await texts.tenants_to_preview(connection)
            ]
            tenant = await texts.tenant_to_preview(connection, tenant_id)
            if tenant is None:
                raise _unknown("tenant", tenant_id)
            overrides = tuple(await texts.texts_of(connection, tenant_id))
            events = [row.event_type for row in await texts.event_types(connection)]
        registered = tuple(events) if overrides else ()
        return TenantTemplates(tenant, overrides, registered), tenants

    async def _file_faults(self, error: CatalogError) -> list[PreviewFault]:
        return [
            PreviewFault(
                severity="error",
                file=problem.file,
                line=problem.line,
                sentence=problem.sentence,
                excerpt=_lines(await self._service.excerpt(problem.file, problem.line))
                if problem.line
                else [],
            )
            for problem in error.problems
        ]


def _event(catalog: Catalog, event: EventType) -> PreviewEvent:
    return PreviewEvent(
        event=event.key,
        label=event.label,
        description=event.description,
        category=event.category,
        channels=list(event.channels),
        default_channels=list(event.default_channels),
        languages=[language_of(folder) for folder in catalog.locales(event.key)],
        fields=fields_of(event),
    )


def _answer(result: PreviewResult, locale: str, sender: str) -> PreviewAnswer:
    return PreviewAnswer(
        payload=result.payload,
        payload_faults=[
            PreviewFault(
                severity="error", file=None, line=fault.line, sentence=fault.sentence, excerpt=[]
            )
            for fault in result.payload_faults
        ],
        channels=[
            _channel(result, channel, shown, sender) for channel, shown in result.channels.items()
        ],
        faults=[
            *_locale_faults(result, locale),
            *(
                PreviewFault(
                    severity="error",
                    file=str(fault.override),
                    line=None,
                    sentence=f"{fault.sentence}; in its place: {fault.instead}",
                    excerpt=[],
                )
                for fault in result.override_faults
            ),
        ],
    )


def _locale_faults(result: PreviewResult, locale: str) -> list[PreviewFault]:
    """That readers of a locale get another language."""
    languages = {
        source.language
        for sources in result.sources.values()
        for source in sources
        if source.language
    }
    spoken = re.split("[-_]", locale.lower())[0]
    others = sorted(each for each in languages if each.split("-")[0].lower() != spoken)
    if not others:
        return []
    what = f"Nothing is written in {locale}" if parse(locale) else f"{locale} is no known locale"
    return [
        PreviewFault(
            severity="warning",
            file=None,
            line=None,
            sentence=f"{what}: its readers get {', '.join(others)}",
            excerpt=[],
        )
    ]


#: The element that a mail begins with, and whose text nobody sees in the mail itself.
_PREHEADER: Final = re.compile(
    r"""<(?P<tag>\w+)[^>]*\sclass=["'][^"']*\bpreheader\b[^>]*>(?P<said>.*?)</(?P=tag)>""",
    re.DOTALL | re.IGNORECASE,
)
#: What fills the rest of the line.
_FILLER: Final = re.compile(r"<[^>]*>|[\u2007\u034f\u200c\u00ad\ufeff]")


def preheader_of(html: str | None) -> str | None:
    """What a list of mails shows behind the subject, if the mail says so."""
    found = _PREHEADER.search(html or "")
    said = " ".join(_FILLER.sub(" ", unescape(found["said"])).split()) if found else ""
    return said or None


def _channel(
    result: PreviewResult, channel: Any, shown: ChannelPreview, sender: str
) -> PreviewChannel:
    content = shown.content
    fields = {} if content is None else content_fields(content)
    if isinstance(content, EmailContent):
        fields["preheader"] = preheader_of(content.html)
    return PreviewChannel(
        channel=channel,
        content=None if content is None else PreviewContent(**fields),
        sender=sender if channel == "email" else None,
        sources=[
            PreviewSource(
                file=source.file,
                language=source.language or None,
                version=source.override.version if source.override else None,
                owner=source.override.owner if source.override else None,
            )
            for source in result.sources.get(channel, ())
        ],
        faults=[
            PreviewFault(
                severity=fault.severity,
                file=fault.file,
                line=fault.line,
                sentence=fault.sentence,
                excerpt=_lines(result.excerpts.get((fault.file or "", fault.line or 0), ())),
            )
            for fault in shown.faults
        ],
    )


def _lines(lines: tuple[Line, ...]) -> list[SourceLine]:
    return [SourceLine(number=line.number, text=line.text) for line in lines]


def _unknown(what: str, name: str) -> Problem:
    return Problem(
        HTTPStatus.NOT_FOUND,
        "not_found",
        f"There is no {what} {name}.",
        "GET /v1/preview lists what there is.",
    )
