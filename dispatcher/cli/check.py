"""postbell check"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Literal

import typer

from dispatcher import contract
from dispatcher.cli import options, questions
from dispatcher.cli.exits import ExitCode, failure_of
from dispatcher.cli.place import Connection, connect, database_url
from dispatcher.cli.terminal import answer, answer_json
from dispatcher.masking import mask_url
from dispatcher.providers.smtp.connection import FAILURES, MisconfiguredError
from dispatcher.providers.smtp.connection import Connection as Smtp
from dispatcher.providers.smtp.endpoint import Endpoint
from dispatcher.providers.smtp.provider import NAMELESS
from dispatcher.rendering import gsm
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.check import Finding, check, samples
from dispatcher.rendering.content import SmsContent
from dispatcher.rendering.errors import CatalogError
from dispatcher.rendering.locales import language_of
from dispatcher.rendering.sms_faults import length_of
from dispatcher.settings import Settings, shown

#: Seconds for the mail server to greet.
_PATIENCE = 10.0
#: RFC 2606: domains that are nobody's, and so cannot be answered.
_NOBODYS = (".example", ".invalid", ".test", "example.com", "example.org", "example.net")


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was looked at."""

    severity: Literal["ok", "information", "warning", "error"]
    subject: str
    sentence: str


def command(
    only_templates: Annotated[
        bool, typer.Option("--templates", help="Only the templates: needs no database.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Check templates, settings and connections. Exit code 1 if there is an error.

    Renders every template with its sample, on every channel and in every locale.
    """
    settings = Settings.load()
    results: list[Result] = []
    catalog: Catalog | None = None
    try:
        catalog = Catalog.load(settings.template_folders)
        results += _templates(catalog)
    except CatalogError as error:
        results += [Result("error", "templates", str(problem)) for problem in error.problems]
    if not only_templates:
        results += _settings(settings)
        results += _database(settings, catalog)
        results += _mail_server(settings)

    if json:
        answer_json([asdict(result) for result in results])
    else:
        for result in results:
            answer(f"{result.severity:<11} {result.subject:<9} {result.sentence}")
    if any(result.severity == "error" for result in results):
        raise typer.Exit(ExitCode.BAD)


def _templates(catalog: Catalog) -> Iterator[Result]:
    findings = check(catalog)
    for finding in findings:
        yield Result(finding.severity, "templates", _place(finding) + finding.message)
    if not any(finding.severity == "error" for finding in findings):
        yield Result("ok", "templates", f"{len(catalog.events)} events render with their samples.")
    yield from _text_messages(catalog)


def _text_messages(catalog: Catalog) -> Iterator[Result]:
    """The longest text of each locale: what a segment more costs is paid for every message."""
    longest: dict[str, tuple[gsm.Measure, str]] = {}
    for event, locale, content in samples(catalog, "sms"):
        if isinstance(content, SmsContent):
            measured = gsm.measure(content.text)
            known = longest.get(locale)
            if known is None or measured.octets > known[0].octets:
                longest[locale] = measured, event
    for locale, (measured, event) in sorted(longest.items()):
        yield Result(
            "ok",
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
    if domain.endswith(_NOBODYS) and not _is_local(settings.smtp_url.get_secret_value()):
        yield Result(
            "warning",
            "settings",
            f"Mail comes from {domain}, which is nobody's: set POSTBELL_SENDER_ADDRESS.",
        )


def _is_local(smtp_url: str) -> bool:
    return smtp_url.startswith("console:") or Endpoint.from_url(smtp_url).is_loopback


def _database(settings: Settings, catalog: Catalog | None) -> list[Result]:
    try:
        with database_url(settings) as url, connect(url) as connection:
            version = connection.info.parameter_status("server_version")
            contract.check_contract(connection)
            return [
                Result("ok", "database", f"PostgreSQL {version} has the schema of this version."),
                *_access(connection),
                *(_registrations(connection, catalog) if catalog else ()),
                *_router(connection),
            ]
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            raise
        return [Result("error", "database", sentence) for sentence in failure[1]]


def _access(connection: Connection) -> Iterator[Result]:
    access = questions.access(connection)
    if access["missing"]:
        missing = ", ".join(access["missing"])
        yield Result("error", "database", f"Roles are missing ({missing}): deploy.")
    if access["may_dispatch"]:
        yield Result("ok", "database", f"The login {access['login']} may route and deliver.")
    else:
        yield Result(
            "error",
            "database",
            f"The login {access['login']} may not route and deliver: "
            f"grant postbell_dispatcher to {access['login']}.",
        )


def _registrations(connection: Connection, catalog: Catalog) -> Iterator[Result]:
    registered = questions.registered_versions(connection)
    missing = sorted(set(catalog.events) - set(registered))
    changed = sorted(
        key
        for key, event in catalog.events.items()
        if key in registered and registered[key] != event.version
    )
    if missing:
        yield Result(
            "error", "database", f"Not registered: {', '.join(missing)}. Run `postbell deploy`."
        )
    if changed:
        yield Result(
            "warning",
            "database",
            f"Changed since the deploy: {', '.join(changed)}. Run `postbell deploy`.",
        )


def _router(connection: Connection) -> Iterator[Result]:
    if questions.leader(connection) is None:
        yield Result(
            "information", "database", "No router runs just now: `postbell run` starts one."
        )


def _mail_server(settings: Settings) -> Iterator[Result]:
    url = settings.smtp_url.get_secret_value()
    if url.startswith("console:"):
        yield Result("ok", "mail", "Mails are printed, not sent.")
        return
    endpoint = Endpoint.from_url(url)
    try:
        asyncio.run(_greet(replace(endpoint, timeout=min(endpoint.timeout, _PATIENCE))))
    except (*FAILURES, MisconfiguredError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        yield Result(
            "error",
            "mail",
            f"{mask_url(url)} cannot be used: {said.rstrip('.')}. Check POSTBELL_SMTP_URL.",
        )
    else:
        yield Result("ok", "mail", f"{mask_url(url)} greets us.")


async def _greet(endpoint: Endpoint) -> None:
    connection = Smtp(endpoint, endpoint.tls_context(), endpoint.hello or NAMELESS)
    try:
        await connection.open()
        await connection.quit()
    finally:
        connection.abort()
