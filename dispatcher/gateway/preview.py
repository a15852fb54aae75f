"""Previews of messages, for operators: `postbell preview` over HTTP.

Templates are loaded on the first request, and again when a file has changed. Dispatchers load their
own.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import unescape
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar, cast

from pydantic import Field

from dispatcher.db import texts
from dispatcher.db.connections import Pool
from dispatcher.delivery.model import Tenant
from dispatcher.gateway.auth import Operator
from dispatcher.gateway.db_roles import as_operator
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.problem import Problem
from dispatcher.gateway.schemas import Channel, Model, Name
from dispatcher.gateway.trial_mail import PreviewTestAnswer, TrialMailer
from dispatcher.rendering import payload as payloads
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.compiled import CompiledTemplate
from dispatcher.rendering.content import Content, EmailContent
from dispatcher.rendering.errors import CatalogError
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.loader import SHARED, TemplateFile, TemplateFiles
from dispatcher.rendering.locales import language_of, parse
from dispatcher.rendering.overrides import TemplateOverride, TemplateOverrides
from dispatcher.rendering.preview import (
    Preview,
    PreviewProblem,
    Scheme,
    content_fields,
    in_color_scheme,
)
from dispatcher.rendering.template_set import OverrideFault, TemplateSet

#: Tenants whose template sets are kept: compiling one with its own layout takes a second.
_MOST_TEMPLATE_SETS: Final = 8
#: Lines of an excerpt before and after the faulty one.
_CONTEXT_LINES: Final = 3

_Found = TypeVar("_Found")


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

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{place}: {self.sentence}" if place else self.sentence


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


class PreviewAnswer(Model):
    """What an event says on each of its channels, rendered as a dispatcher does it."""

    payload: str = Field(description="What it was made from, as text.")
    payload_faults: list[PreviewFault] = Field(description="Of the payload; lines are of its text.")
    channels: list[PreviewChannel]
    faults: list[PreviewFault] = Field(description="Of template files and texts of the database.")


class _Inputs(NamedTuple):
    """What a tenant's messages are made of besides template files."""

    tenant: Tenant
    overrides: list[TemplateOverride]
    registered: list[EventType]


class PreviewApi:
    """Every statement runs as `postbell_support`; templates are rendered off the event loop.

    Links of messages lead to `public_url`.
    """

    def __init__(
        self, pool: Pool, folders: Sequence[Path], public_url: str, mailer: TrialMailer
    ) -> None:
        self._pool: Final = pool
        self._folders: Final = tuple(folders)
        self._public_url: Final = public_url
        self._mailer: Final = mailer
        #: By tenant, what was made of what; the one that was used last is the last.
        self._kept: Final[dict[str, tuple[Catalog, _Inputs, TemplateSet]]] = {}
        # One at a time: a renderer is not thread-safe, and the streams need the processor, too.
        self._lock: Final = asyncio.Lock()

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
        inputs, tenants = await self._read(operator, query.tenant)
        events, faults = await self._in_thread(lambda: self._events(inputs))
        return PreviewList(tenants=tenants, events=events, faults=faults)

    async def preview(self, operator: Operator, body: PreviewRequest) -> PreviewAnswer:
        """What an event says on every channel, for a payload. Nothing is sent.

        A payload that the router would reject, and a template that cannot be rendered, are in the
        answer, each with its line.
        """
        return (await self._preview(operator, body))[0]

    async def send_test(self, operator: Operator, body: PreviewTest) -> PreviewTestAnswer:
        """Send the mail to one address, by the tenant's providers; one every ten seconds.

        Nothing is written to the log of deliveries. Its links to unsubscribe and to the preferences
        are examples.
        """
        answer, tenant = await self._preview(operator, body)
        mail = next((each for each in answer.channels if each.channel == "email"), None)
        content = mail.content if mail else None
        faults = answer.payload_faults or (mail.faults if mail else answer.faults)
        if answer.payload_faults or content is None or content.subject is None:
            said = "; ".join(map(str, faults)) or "There is no e-mail"
            return PreviewTestAnswer(is_sent=False, provider=None, said=said)
        written = EmailContent(content.subject, content.text or "", content.html)
        return await self._mailer.send(operator.name, tenant, written, body.to)

    async def mail(self, operator: Operator, body: PreviewRequest, scheme: Scheme) -> str | None:
        """The HTML of an e-mail, as it looks in that colour scheme; None where there is none."""
        answer = await self.preview(operator, body)
        for shown in answer.channels:
            if shown.content and shown.content.html:
                return in_color_scheme(shown.content.html, scheme)
        return None

    async def _preview(
        self, operator: Operator, body: PreviewRequest
    ) -> tuple[PreviewAnswer, Tenant]:
        inputs, _ = await self._read(operator, body.tenant)
        return await self._in_thread(lambda: self._render(inputs, body)), inputs.tenant

    async def _read(
        self, operator: Operator, tenant_id: str
    ) -> tuple[_Inputs, list[PreviewTenant]]:
        """What the tenant's messages are made of, and all tenants. Raises Problem."""
        async with as_operator(self._pool, operator) as connection:
            tenants = await texts.tenants_to_preview(connection)
            tenant = await texts.tenant_to_preview(connection, tenant_id)
            if tenant is None:
                raise _unknown("tenant", tenant_id)
            overrides = await texts.texts_of(connection, tenant_id)
            registered = [row.event_type for row in await texts.event_types(connection)]
        listed = [PreviewTenant(**each._asdict()) for each in tenants]
        return _Inputs(tenant, overrides, registered), listed

    async def _in_thread(self, find: Callable[[], _Found]) -> _Found:
        async with self._lock:
            return await asyncio.to_thread(find)

    def _template_set(self, inputs: _Inputs) -> TemplateSet:
        """Raises CatalogError with every mistake in a template file."""
        catalog = Catalog.load(self._folders)
        base, known, found = self._kept.pop(inputs.tenant.id, (None, None, None))
        if found is None or base is not catalog or known != inputs:
            overrides = TemplateOverrides(inputs.overrides)
            found = TemplateSet(catalog, overrides, inputs.registered, offers_links=True)
        self._kept[inputs.tenant.id] = catalog, inputs, found
        if len(self._kept) > _MOST_TEMPLATE_SETS:
            del self._kept[next(iter(self._kept))]
        return found

    def _events(self, inputs: _Inputs) -> tuple[list[PreviewEvent], list[PreviewFault]]:
        try:
            catalog = self._template_set(inputs).catalog
        except CatalogError as error:
            return [], self._file_faults(error)
        return [
            PreviewEvent(
                event=key,
                label=event.label,
                description=event.description,
                category=event.category,
                channels=list(event.channels),
                default_channels=list(event.default_channels),
                languages=[language_of(folder) for folder in catalog.locales(key)],
                fields={
                    name: f"{field.type}{'' if field.required else '?'}"
                    for name, field in event.fields.items()
                },
            )
            for key, event in sorted(catalog.events.items())
            # A registered event may have no texts at all.
            if catalog.locales(key)
        ], []

    def _render(self, inputs: _Inputs, body: PreviewRequest) -> PreviewAnswer:
        try:
            template_set = self._template_set(inputs)
        except CatalogError as error:
            faults = self._file_faults(error)
            return PreviewAnswer(
                payload=body.payload or "", payload_faults=[], channels=[], faults=faults
            )
        catalog, tenant = template_set.catalog, inputs.tenant
        if body.event not in catalog.events or not catalog.locales(body.event):
            raise _unknown("event", body.event)
        event = catalog.events[body.event]
        sample = catalog.samples.get(event.key)
        written = sample.read_text(encoding="utf-8") if sample else "{}"
        payload = written if body.payload is None else body.payload
        channels = []
        try:
            values = payloads.parse_payload(payload)
            payload_faults = list(payloads.payload_faults(event, values, payload))
        except payloads.PayloadError as error:
            payload_faults = [error.fault]
        else:
            preview = Preview(catalog, self._public_url, template_set)
            for channel in event.channels:
                shown = preview.show(event.key, channel, body.locale, tenant, values)
                channels.append(
                    PreviewChannel(
                        channel=cast("Channel", channel),
                        content=_content(shown.content) if shown.content else None,
                        sender=self._mailer.sender_of(tenant) if channel == "email" else None,
                        sources=list(
                            _sources(template_set, event.key, channel, body.locale, tenant.locale)
                        ),
                        faults=[_fault(each, catalog.sources.files) for each in shown.faults],
                    )
                )
        return PreviewAnswer(
            payload=payload,
            payload_faults=[
                _fault(PreviewProblem("error", None, each.line, each.sentence))
                for each in payload_faults
            ],
            channels=channels,
            faults=[
                *_locale_faults(channels, body.locale),
                *(_override_fault(each) for each in template_set.faults),
            ],
        )

    def _file_faults(self, error: CatalogError) -> list[PreviewFault]:
        files = {str(file): file for file in TemplateFiles.of(self._folders).files.values()}
        return [
            _fault(PreviewProblem("error", each.file, each.line, each.sentence), files)
            for each in error.problems
        ]


def _fault(found: PreviewProblem, files: Mapping[str, TemplateFile] | None = None) -> PreviewFault:
    """A fault, with an excerpt if its file is among `files`."""
    file, excerpt = (files or {}).get(found.file or ""), []
    if file is not None and found.line is not None:
        lines = file.read_text(encoding="utf-8").splitlines()
        first = max(found.line - _CONTEXT_LINES, 1)
        shown = lines[first - 1 : found.line + _CONTEXT_LINES]
        excerpt = [SourceLine(number=at, text=text) for at, text in enumerate(shown, start=first)]
    return PreviewFault(**dataclasses.asdict(found), excerpt=excerpt)


def _override_fault(fault: OverrideFault) -> PreviewFault:
    sentence = f"{fault.sentence}; in its place: {fault.instead}"
    return _fault(PreviewProblem("error", str(fault.override), None, sentence))


def _sources(
    template_set: TemplateSet, event: str, channel: str, locale: str, tenant_locale: str
) -> Iterator[PreviewSource]:
    """The files for a reader of `locale`, and the overrides of files that many events share."""
    template = template_set.catalog.template(event, channel, locale, tenant_locale)
    parts = [getattr(template, each.name) for each in dataclasses.fields(cast("Any", template))]
    files = {part.file: part.language for part in parts if isinstance(part, CompiledTemplate)}
    overrides = template_set.overrides
    shared = [path for path in overrides if path.split("/")[0] in SHARED and channel == "email"]
    for file, language in {**files, **dict.fromkeys(shared)}.items():
        override = overrides.get(file)
        version, owner = (override.version, override.owner) if override else (None, None)
        yield PreviewSource(file=file, language=language, version=version, owner=owner)


def _locale_faults(channels: list[PreviewChannel], locale: str) -> Iterator[PreviewFault]:
    """That readers of a locale get another language."""
    languages = {each.language for channel in channels for each in channel.sources}
    spoken = re.split("[-_]", locale.lower())[0]
    others = sorted(each for each in languages if each and each.split("-")[0].lower() != spoken)
    if others:
        is_known = parse(locale) is not None
        what = f"Nothing is written in {locale}" if is_known else f"{locale} is no known locale"
        sentence = f"{what}: its readers get {', '.join(others)}"
        yield _fault(PreviewProblem("warning", None, None, sentence))


#: The element that a mail begins with, and whose text nobody sees in the mail itself.
_PREHEADER: Final = re.compile(
    r"""<(?P<tag>\w+)[^>]*\sclass=["'][^"']*\bpreheader\b[^>]*>(?P<said>.*?)</(?P=tag)>""",
    re.DOTALL | re.IGNORECASE,
)
#: What fills the rest of the line.
_FILLER: Final = re.compile(r"<[^>]*>|[\u2007\u034f\u200c\u00ad\ufeff]")


def _content(content: Content) -> PreviewContent:
    fields = content_fields(content)
    if isinstance(content, EmailContent) and (found := _PREHEADER.search(content.html or "")):
        fields["preheader"] = " ".join(_FILLER.sub(" ", unescape(found["said"])).split()) or None
    return PreviewContent(**fields)


def _unknown(what: str, name: str) -> Problem:
    return Problem(
        HTTPStatus.NOT_FOUND,
        "not_found",
        f"There is no {what} {name}.",
        "GET /v1/preview lists what there is.",
    )
