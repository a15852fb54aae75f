"""What `postbell check` looks at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from psycopg import errors as postgres

from dispatcher.channels.email import EmailChannel
from dispatcher.channels.sms import SmsChannel
from dispatcher.cli.connection import Connection, connect, database_url
from dispatcher.cli.errors import ExitCode
from dispatcher.cli.reports import report_of
from dispatcher.db import figures, monitoring, pgbouncer, routing, texts
from dispatcher.delivery.channels import OUTGOING
from dispatcher.delivery.deployed_templates import differing
from dispatcher.delivery.model import FailureScope, Retry
from dispatcher.deploy import contract
from dispatcher.deploy.event_choice import left_out
from dispatcher.errors import BY_NAME, ForeignClusterError, translated
from dispatcher.explanations import explain_reason
from dispatcher.masking import mask
from dispatcher.providers.base import Checkable, Provider, provider_for
from dispatcher.providers.config import ProviderConfig
from dispatcher.providers.smtp_connection import SmtpEndpoint
from dispatcher.rendering import gsm
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import SmsContent
from dispatcher.rendering.errors import CatalogError
from dispatcher.rendering.gsm import length_of
from dispatcher.rendering.lint import Finding, lint_catalog, sample_contents
from dispatcher.rendering.locales import language_of
from dispatcher.settings import Settings, shown

#: Seconds for a provider to answer.
_PATIENCE = 10.0
#: By the state of a provider.
_WAYS_OUT: Final = {
    "misconfigured": "Mend its URL or its credentials.",
    "open": "It is tried again by itself; until then its messages wait, or another provider takes"
    " them.",
}
#: For how long a rejection is worth a warning.
_LATELY: Final = timedelta(days=1)
#: RFC 2606: domains that are nobody's, and so cannot be answered.
_NOBODYS = (".example", ".invalid", ".test", "example.com", "example.org", "example.net")

#: Hosts to which browsers and mail programs get without a network in between.
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")

Severity = Literal["error", "warning", "information", "ok"]


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was looked at."""

    severity: Severity
    subject: str
    sentence: str
    #: An error that is not in what was written: something does not answer just now.
    is_unreachable: bool = False

    @property
    def is_note(self) -> bool:
        """One of the many about templates that are as they should be."""
        return self.subject == "templates" and self.severity == "information"


def find_faults(settings: Settings, *, only_templates: bool, is_embedded: bool) -> Iterator[Result]:
    """Everything that is looked at, whether it is as it should be or not."""
    catalog: Catalog | None = None
    try:
        catalog = Catalog.load(settings.template_folders)
        catalog.compile()
        yield from _templates(catalog)
    except CatalogError as error:
        for problem in error.problems:
            yield Result("error", "templates", str(problem))
    if not only_templates:
        yield from _settings(settings)
        yield from _database(settings, catalog, is_embedded=is_embedded)
        yield from _gateway(settings)
        yield from _providers(settings)


def _templates(catalog: Catalog) -> Iterator[Result]:
    # A name that subject, text and HTML of a mail read is one mistake.
    findings = dict.fromkeys(lint_catalog(catalog))
    for finding in findings:
        yield Result(finding.severity, "templates", _place(finding) + finding.message)
    if not any(finding.severity == "error" for finding in findings):
        yield Result("ok", "templates", f"{len(catalog.events)} events render with their samples.")
    yield from _text_messages(catalog)


def _text_messages(catalog: Catalog) -> Iterator[Result]:
    """The longest text of each locale: what a segment more costs is paid for every message."""
    longest: dict[str, tuple[gsm.Measure, str]] = {}
    for event, locale, content in sample_contents(catalog, SmsChannel.name):
        if isinstance(content, SmsContent):
            measured = gsm.measure(content.text)
            known = longest.get(locale)
            if known is None or measured.octets > known[0].octets:
                longest[locale] = measured, event
    for locale, (measured, event) in sorted(longest.items()):
        yield Result(
            "information",
            "templates",
            f"No sample's text message in {language_of(locale)} is longer than that of {event}:"
            f" {length_of(measured)}.",
        )


def _place(finding: Finding) -> str:
    where = " ".join(filter(None, [finding.event, finding.channel, finding.locale]))
    file = finding.file or ""
    line = f":{finding.line}" if finding.line is not None else ""
    return f"{where}: {file}{line}: " if file else f"{where}: "


def _settings(settings: Settings) -> Iterator[Result]:
    defaults = shown(Settings.model_construct())
    for variable, value in shown(settings).items():
        if value != defaults[variable]:
            yield Result("information", "settings", f"{variable} is {value}.")
    domain = settings.sender_address.rpartition("@")[2]
    mails = [entry for entry in settings.provider_entries if entry.channel == EmailChannel.name]
    if domain.endswith(_NOBODYS) and not all(map(_is_local, mails)):
        yield Result(
            "warning",
            "settings",
            f"Mail comes from {domain}, which is nobody's: set POSTBELL_SENDER_ADDRESS.",
        )


def _gateway(settings: Settings) -> Iterator[Result]:
    if not settings.token_secrets:
        yield Result(
            "information",
            "gateway",
            "POSTBELL_TOKEN_SECRET is not set: mails have no link to unsubscribe, and"
            " `postbell serve` does not start.",
        )
        return
    address = f"{settings.gateway_host}:{settings.gateway_port}"
    yield Result(
        "ok", "gateway", f"`postbell serve` listens on {address}, as {settings.public_url}."
    )
    parts = urlsplit(settings.public_url)
    if parts.scheme != "https" and parts.hostname not in _THIS_MACHINE:
        yield Result(
            "warning",
            "gateway",
            "POSTBELL_PUBLIC_URL is not https: mail programs offer to unsubscribe with one click"
            " by https alone (RFC 8058), and whoever listens in can take a session over.",
        )


def _is_local(entry: ProviderConfig) -> bool:
    if entry.url.startswith("smtp"):
        return SmtpEndpoint.from_url(entry.url).is_loopback
    return entry.url.startswith("console:")


def _database(settings: Settings, catalog: Catalog | None, *, is_embedded: bool) -> list[Result]:
    try:
        with (
            database_url(settings, is_embedded=is_embedded) as url,
            connect(url) as connection,
        ):
            version = connection.info.parameter_status("server_version")
            contract.check_contract(connection)
            return [
                Result("ok", "database", f"PostgreSQL {version} has the schema of this version."),
                *_sessions(url),
                *_access(connection, settings),
                # In an embedded one there is nobody but its owner.
                *(() if is_embedded else _ownership(connection)),
                *(_registrations(connection, catalog) if catalog else ()),
                *_router(connection),
                *_choices(connection, settings),
                *_reports(connection),
                *_mirrors(connection),
                *_waiting(connection),
            ]
    except Exception as error:
        failure = report_of(error)
        if failure is None:
            raise
        is_unreachable = failure.exit_code is ExitCode.DATABASE
        return [Result("error", "database", failure.as_text(), is_unreachable)]


def _sessions(url: str) -> Iterator[Result]:
    try:
        pgbouncer.check_sessions(url)
    except pgbouncer.PoolerError as error:
        yield Result("error", "database", str(error))


def _access(connection: Connection, settings: Settings) -> Iterator[Result]:
    access = monitoring.access(connection)
    if access.missing:
        missing = ", ".join(access.missing)
        yield Result("error", "database", f"Roles are missing ({missing}): deploy.")
    if access.may_dispatch:
        yield Result("ok", "database", f"The login {access.login} may route and deliver.")
    else:
        yield Result(
            "error",
            "database",
            f"The login {access.login} may not route and deliver: "
            f"grant postbell_dispatcher to {access.login}.",
        )
    if settings.token_secrets and not access.may_serve:
        yield Result(
            "warning",
            "database",
            f"The login {access.login} may not serve people: "
            f"grant postbell_gateway to {access.login}.",
        )


def _ownership(connection: Connection) -> Iterator[Result]:
    found = monitoring.ownership(connection)
    if found.unbound:
        yield Result(
            "warning",
            "database",
            f"The login {found.login} {found.unbound}: row-level security does not apply to"
            " it. Give the application and the processes of Postbell logins of their own.",
        )
    elif found.owns_too:
        yield Result(
            "warning",
            "database",
            f"{found.owner} owns the schema, and {found.owns_too} too: row-level security"
            f" does not apply to an application that logs in as {found.owner}."
            " Give it a login of its own.",
        )


def _registrations(connection: Connection, catalog: Catalog) -> Iterator[Result]:
    registered = texts.event_versions(connection)
    by_choice = left_out(catalog.events, texts.event_choice(connection), registered)
    missing = sorted(set(catalog.events) - set(registered) - set(by_choice))
    changed = sorted(differing(catalog.events, registered))
    if missing:
        yield Result(
            "error", "database", f"Not registered: {', '.join(missing)}. Run `postbell deploy`."
        )
    if by_choice:
        yield Result("information", "database", f"Not deployed, by choice: {', '.join(by_choice)}.")
    if changed:
        yield Result(
            "warning",
            "database",
            f"Changed since the deploy: {', '.join(changed)}. Run `postbell deploy`.",
        )

    if orphans := texts.events_without_files(connection, list(catalog.events)):
        yield Result(
            "warning",
            "database",
            f"Registered, and without a template here: {', '.join(orphans)}. What is emitted waits"
            " for one: name its folder in POSTBELL_TEMPLATES, or delete the event.",
        )


def _router(connection: Connection) -> Iterator[Result]:
    if routing.leader(connection).process_id is None:
        yield Result(
            "information", "database", "No router runs just now: `postbell run` starts one."
        )
    try:
        with translated():
            routing.check_cluster(connection)
    except ForeignClusterError as error:
        yield Result("error", "database", f"{error} {error.hint}")
    except postgres.InsufficientPrivilege:
        # That this login may not route is said already.
        pass


def _choices(connection: Connection, settings: Settings) -> Iterator[Result]:
    known = {(entry.channel, entry.name) for entry in settings.provider_entries}
    known |= {(row.channel, row.provider) for row in figures.providers(connection)}
    for row in figures.provider_choices(connection):
        if (row.channel, row.provider) not in known:
            yield Result(
                "error",
                "providers",
                f"The tenant {row.tenant_id} chose {row.provider} for {row.channel}, which"
                " neither POSTBELL_PROVIDERS nor any running dispatcher knows: name it there, or"
                " choose another with postbell.choose_providers().",
            )


def _reports(connection: Connection) -> Iterator[Result]:
    for row in figures.providers(connection):
        if row.state != "ready":
            yield Result(
                "error" if row.state == "misconfigured" else "warning",
                "providers",
                f"{row.provider} is {row.state} in {row.process} since"
                f" {row.changed_at:%Y-%m-%d %H:%M} ({row.reason}). {_WAYS_OUT[row.state]}",
            )


def _waiting(connection: Connection) -> Iterator[Result]:
    """What told nobody anything, or has not yet, and would if something were there."""
    for row in monitoring.check_templates(connection):
        waits = "delivery waits" if row.deliveries == 1 else "deliveries wait"
        yield Result(
            "warning",
            "events",
            f"{row.deliveries} {waits} for a template of {row.event} on {row.channel},"
            f" since {row.since:%Y-%m-%d %H:%M}. {explain_reason(row.reason).remedy}",
        )
    for unknown in monitoring.check_names(connection, _LATELY):
        rejected = "event was" if unknown.events == 1 else "events were"
        remedy = (BY_NAME[f"unknown_{unknown.what}"]).hint
        yield Result(
            "warning",
            "events",
            f"There is no {unknown.what} {unknown.name}: {unknown.events} {rejected} rejected for"
            f" it in the last day. {remedy}",
        )


def _mirrors(connection: Connection) -> Iterator[Result]:
    for fault in monitoring.check_mirrors(connection):
        yield Result("error" if fault.is_broken else "warning", "users", fault.sentence)


def _providers(settings: Settings) -> Iterator[Result]:
    entries = settings.provider_entries
    yield from asyncio.run(_greetings(entries, is_named=settings.names_a_mail_server))
    if without := sorted(set(OUTGOING) - {entry.channel for entry in entries}):
        yield Result(
            "information",
            "providers",
            f"No provider for {', '.join(without)}: what is for them stays queued."
            " Name one in POSTBELL_PROVIDERS.",
        )


async def _greetings(entries: Sequence[ProviderConfig], *, is_named: bool) -> list[Result]:
    return await asyncio.gather(
        # The first is the default where nobody named a mail server.
        *(_greeting(entry, is_named=is_named or i > 0) for i, entry in enumerate(entries))
    )


async def _greeting(entry: ProviderConfig, *, is_named: bool) -> Result:
    if entry.url.startswith("console:"):
        what = "Mails" if entry.channel == EmailChannel.name else "Text messages"
        return Result("ok", "providers", f"{entry.name}: {what} are printed, not sent.")
    provider = provider_for(entry.url, name=entry.name)
    # Its repr names the host and shows no secret.
    shown = f"{entry.name}, {provider!r},"
    if not isinstance(provider, Checkable):
        return Result("information", "providers", f"{shown} can be asked only by sending.")
    try:
        fault = await asyncio.wait_for(_greet(provider, provider), _PATIENCE)
    except TimeoutError:
        fault = Retry(f"no answer in {_PATIENCE:g} seconds")
    if fault is None:
        return Result("ok", "providers", f"{shown} greets us.")
    said = mask(fault.reason).rstrip(".")
    if not is_named:
        sentence = f"{shown} does not answer: {said}. Mails wait; POSTBELL_SMTP_URL is not set."
        return Result("information", "providers", sentence)
    sentence = f"{shown} cannot be used: {said}. Check its URL."
    is_unreachable = fault.scope is not FailureScope.CONFIGURATION
    return Result("error", "providers", sentence, is_unreachable)


async def _greet(provider: Provider[Any], greeter: Checkable) -> Retry | None:
    await provider.open()
    try:
        return await greeter.check()
    finally:
        await provider.close()
