"""Settings: environment variables POSTBELL_…, read once at the start."""

from __future__ import annotations

import difflib
import json
import os
import re
import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, cast

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from dispatcher import package_data
from dispatcher.addresses import read_network
from dispatcher.channels.email import EmailChannel, Tracking
from dispatcher.channels.sms import MOST_SEGMENTS, SmsChannel
from dispatcher.inbound.links import RETURN_PATH, Links, PreferencesLinks, UnsubscribeLinks
from dispatcher.inbound.signing import SHORTEST_SECRET, Signer, check_secret
from dispatcher.masking import mask_url
from dispatcher.providers.base import ProviderUrlError, provider_for
from dispatcher.providers.config import ProviderConfig, ProvidersFileError, read_providers

PREFIX: Final = "POSTBELL_"
#: Variables of the test suite, which are no settings.
TEST_PREFIX: Final = "POSTBELL_TEST_"

#: As a browser writes it (RFC 6454, 6.2).
_ORIGIN: Final = re.compile(
    r"https?://[a-z0-9.-]+(?::[0-9]+)?|https?://\[[0-9a-f:.]+\](?::[0-9]+)?"
)

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["console", "json"]


class SettingsError(Exception):
    """The settings are invalid; `sentences` has one sentence per mistake."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = tuple(sentences)


def _setting(
    default: Any,
    what: str,
    *,
    unit: str = "",
    unset: str = "",
    ge: float | None = None,
    le: float | None = None,
) -> Any:
    """A field with a description; `unset` describes what applies while it is not set.

    `ge` and `le` are the smallest and largest value.
    """
    return Field(
        default,
        description=what,
        json_schema_extra={"unit": unit, "unset": unset},
        ge=ge,
        le=le,
    )


def _concurrency(default: int, what: str) -> Any:
    """The setting POSTBELL_…_CONCURRENCY of an outgoing channel."""
    return _setting(
        default, f"How many {what} one process has in flight at a time.", unit=what, ge=1, le=1000
    )


def _max_attempts(default: int, what: str) -> Any:
    """The setting POSTBELL_…_MAX_ATTEMPTS of an outgoing channel."""
    return _setting(
        default,
        f"How often {what} is tried before it is a dead letter.",
        unit="tries",
        ge=1,
        le=100,
    )


class Settings(BaseSettings):
    """All settings. Programs call `Settings.load()`; tests may pass values by name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        # NAME= in a compose file means "not set".
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    database_url: SecretStr | None = _setting(
        None,
        "The database: postgresql://user:password@host:5432/name, or any libpq connection string.",
        unset="an error, unless `--embedded` is said",
    )
    smtp_url: SecretStr = _setting(
        SecretStr("smtp://127.0.0.1:1025"),
        "The mail server: smtp://, smtp+starttls:// or smtps://user:password@host:port;"
        " console: prints mails instead.",
    )
    providers: Path | None = _setting(
        None,
        "A TOML file that names several providers, in order of preference; credentials come from"
        " the environment or from files.",
        unset="only the mail server",
    )
    public_url: str = _setting(
        "http://localhost:8000",
        "Where the outside world reaches Postbell: unsubscribe links, webhooks.",
    )

    token_secret: Annotated[tuple[SecretStr, ...], NoDecode] = _setting(
        (),
        "What signs the tokens by which your application lets people in, and the links in messages:"
        f" at least {SHORTEST_SECRET} characters. Several, separated by commas, to replace one: the"
        " first signs, all are accepted.",
        unset="no unsubscribe links, no `postbell serve`",
    )
    unsubscribe_days: int = _setting(
        730,
        "How long the unsubscribe link of a mail works. People keep mails for years.",
        unit="days",
        ge=365,
        le=3650,
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = _setting(
        (),
        "Origins whose pages may use the gateway, such as https://app.example.org, separated by"
        " commas.",
        unset="that of POSTBELL_PUBLIC_URL alone",
    )

    sender_address: str = _setting(
        "notifications@postbell.example",
        "From whom e-mail comes, unless the tenant's branding has a from_address.",
    )
    sender_name: str = _setting(
        "",
        "The name beside that address, unless the branding has a from_name.",
        unset="the address alone",
    )
    bounce_domain: str | None = _setting(
        None,
        "The domain to which undeliverable mail returns, at bounces+ID@DOMAIN.",
        unset="the sender's domain",
    )
    email_concurrency: int = _concurrency(8, "e-mails")
    email_max_attempts: int = _max_attempts(10, "an e-mail")
    sms_sender: str | None = _setting(
        None,
        "From whom text messages come, a number or a name of up to 11 letters, unless the tenant's"
        " branding has an sms_sender.",
        unset="the provider's own",
    )
    sms_max_segments: int = _setting(
        4,
        "The longest text message that is sent, unless the branding has an sms_max_segments.",
        unit="segments",
        ge=1,
        le=MOST_SEGMENTS,
    )
    push_concurrency: int = _concurrency(16, "pushes")
    push_max_attempts: int = _max_attempts(6, "a push")
    sms_concurrency: int = _concurrency(4, "text messages")
    sms_max_attempts: int = _max_attempts(6, "a text message")
    templates: Annotated[tuple[Path, ...], NoDecode] = _setting(
        (),
        f"Further template folders, separated by {os.pathsep} or as a JSON list;"
        " a later folder's file replaces an earlier one's.",
        unset="the templates that come with Postbell",
    )

    router_enabled: bool = _setting(
        True, "Whether `postbell run` routes events. Of all that do, one leads and others stand by."
    )
    dispatcher_enabled: bool = _setting(
        True, "Whether `postbell run` delivers what is routed. As many as you like may."
    )
    route_batch: int = _setting(
        500, "How many events the router takes at once.", unit="events", ge=1, le=10_000
    )
    safety_poll_seconds: float = _setting(
        5.0,
        "How often a sleeping router looks even if nothing woke it; 0 trusts in being woken.",
        unit="seconds",
        ge=0,
        le=3600,
    )
    lease_seconds: float = _setting(
        10.0,
        "How long a batch may go without a sign of life before another process takes it.",
        unit="seconds",
        ge=1,
        le=3600,
    )
    shutdown_seconds: float = _setting(
        20.0,
        "How long a process that is asked to stop may take to finish what is in flight.",
        unit="seconds",
        ge=0,
        le=3600,
    )
    keep_days: int = _setting(
        5,
        "How long the outbox keeps events that are routed. The delivery log keeps what came of"
        " them.",
        unit="days",
        ge=1,
        le=6,
    )

    http_host: str = _setting(
        "127.0.0.1", "On which address /healthz, /readyz and /metrics are served, without a login."
    )
    http_port: int = _setting(9464, "On which port; 0 serves none of them.", ge=0, le=65_535)
    gateway_host: str = _setting(
        "127.0.0.1", "On which address `postbell serve` listens, behind your web server."
    )
    gateway_port: int = _setting(8000, "On which port it does.", ge=1, le=65_535)
    gateway_metrics_port: int = _setting(
        0,
        "On which port of POSTBELL_HTTP_HOST `postbell serve` shows its own /metrics; 0 for none."
        " Each process needs its own.",
        ge=0,
        le=65_535,
    )
    request_rate: float = _setting(
        20,
        "How many requests a person, or an operator, may make of one process of `postbell serve`,"
        " in the long run; ten times as many at once. 0 for no limit.",
        unit="requests a second",
        ge=0,
        le=10_000,
    )
    failed_login_rate: float = _setting(
        10,
        "How many requests may come from one address of the internet with what lets nobody in,"
        " before more are refused unread; ten times as many at once. 0 for no limit.",
        unit="requests a second",
        ge=0,
        le=10_000,
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = _setting(
        (),
        "Web servers before `postbell serve` whose X-Forwarded-For is believed: addresses or"
        " networks such as 10.1.0.0/16, separated by commas.",
        unset="those on the same host",
    )
    log_level: LogLevel = _setting(
        "info", "From which level on to log: debug, info, warning or error."
    )
    log_format: LogFormat | None = _setting(
        None,
        "How to log, on standard error: console or json (one object a line).",
        unset="console on a terminal, else json",
    )

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Raises SettingsError with every mistake."""
        sentences = [_unknown(name) for name in sorted(os.environ) if _is_unknown(name)]
        try:
            settings = cls()
        except ValidationError as mistakes:
            found = mistakes.errors(include_input=False, include_url=False)
            raise SettingsError([*sentences, *map(_sentence, found)]) from None
        try:
            _ = settings.provider_entries
        except ProvidersFileError as error:
            sentences += [f"POSTBELL_PROVIDERS: {sentence}" for sentence in error.sentences]
        if sentences:
            raise SettingsError(sentences)
        return settings

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """The folder of the package, then those of POSTBELL_TEMPLATES."""
        return (package_data.folder("templates"), *self.templates)

    @property
    def signer(self) -> Signer | None:
        """Signs links; None without POSTBELL_TOKEN_SECRET, and then there are no links."""
        secrets = self.token_secrets
        return Signer(secrets) if secrets else None

    @property
    def unsubscribe_life(self) -> timedelta:
        """How long an unsubscribe link works."""
        return timedelta(days=self.unsubscribe_days)

    @property
    def unsubscribe_links(self) -> UnsubscribeLinks | None:
        """Makes unsubscribe links; None without POSTBELL_TOKEN_SECRET."""
        return UnsubscribeLinks(self.signer, self.public_url) if self.signer else None

    @property
    def preferences_links(self) -> PreferencesLinks | None:
        """Makes links to the preference centre; None without POSTBELL_TOKEN_SECRET."""
        return PreferencesLinks(self.signer, self.public_url) if self.signer else None

    @property
    def links(self) -> Links | None:
        """Links for providers and mail programs; None without POSTBELL_TOKEN_SECRET."""
        return Links(self.public_url, self.signer) if self.signer else None

    @property
    def tracking(self) -> Tracking | None:
        """Makes tracking links; None without POSTBELL_TOKEN_SECRET."""
        return Tracking(self.links) if self.links else None

    @property
    def token_secrets(self) -> tuple[str, ...]:
        """The secrets in plain text; the first one signs, all are accepted."""
        return tuple(secret.get_secret_value() for secret in self.token_secret)

    @property
    def return_path(self) -> str:
        """Template of the envelope sender; `{domain}` is the sender's domain if none is set."""
        if self.bounce_domain is None:
            return RETURN_PATH
        return RETURN_PATH.replace("{domain}", self.bounce_domain)

    @cached_property
    def named_providers(self) -> tuple[ProviderConfig, ...]:
        """The providers of the file POSTBELL_PROVIDERS. Raises ProvidersFileError."""
        return () if self.providers is None else read_providers(self.providers, os.environ)

    @property
    def names_a_mail_server(self) -> bool:
        """Whether a mail server is set, by POSTBELL_SMTP_URL or in the file."""
        return "smtp_url" in self.model_fields_set or any(
            entry.channel == "email" for entry in self.named_providers
        )

    @cached_property
    def provider_entries(self) -> tuple[ProviderConfig, ...]:
        """The providers of the file, preceded by the mail server if none of them sends e-mail.

        Raises ProvidersFileError.
        """
        entries = self.named_providers
        if any(entry.channel == "email" for entry in entries):
            if "smtp_url" in self.model_fields_set:
                sentence = f"{self.providers} has one for e-mail, and so has POSTBELL_SMTP_URL:"
                raise ProvidersFileError([f"{sentence} keep one."])
            return entries
        url = self.smtp_url.get_secret_value()
        name = provider_for(url).name
        if any(entry.name == name for entry in entries):
            sentence = f"{self.providers}: [{name}] is what the mail server is called:"
            raise ProvidersFileError([f"{sentence} take another name."])
        return (ProviderConfig(name, "email", url), *entries)

    @property
    def logs_to_console(self) -> bool:
        if self.log_format is None:
            return sys.stderr.isatty()
        return self.log_format == "console"

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        written = url.get_secret_value()
        if written.startswith(("postgres+", "postgresql+")):
            raise ValueError(
                "has a SQLAlchemy driver in it: write postgresql:// without +psycopg or the like"
            )
        try:
            conninfo_to_dict(written)
        except ProgrammingError:
            # libpq's message quotes the part it cannot parse, which may be the password.
            raise ValueError(
                "is no connection string: write postgresql://user:password@host:5432/name, with %"
                " and two hexadecimal digits for special characters in the password"
            ) from None
        return url

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, url: SecretStr) -> SecretStr:
        try:
            provider = provider_for(url.get_secret_value())
        except ProviderUrlError as error:
            raise ValueError(f"does not say how to send mail: {error}") from None
        if provider.channel != "email":
            raise ValueError("names something else than a mail server")
        return url

    @field_validator("sms_sender")
    @classmethod
    def _is_a_sender(cls, sender: str | None) -> str | None:
        try:
            SmsChannel(sender)
        except ValueError as error:
            raise ValueError(f"cannot be used: {str(error).partition(': ')[2]}") from None
        return sender

    @field_validator("public_url")
    @classmethod
    def _is_a_web_address(cls, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        host = rest.split("/", 1)[0]
        if scheme not in ("http", "https") or not separator or not host or url != url.strip():
            raise ValueError("is no web address: write https://notify.example.org")
        if "@" in host or "?" in rest or "#" in rest:
            raise ValueError("has a login, a query or a fragment: leave that away")
        return url.rstrip("/")

    @field_validator("token_secret", "allowed_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return [part.strip() for part in value.split(",") if part.strip()]

    @field_validator("token_secret")
    @classmethod
    def _are_secrets(cls, found: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in found:
            check_secret(secret.get_secret_value())
        return found

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, found: tuple[str, ...]) -> tuple[str, ...]:
        for origin in found:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"names {origin!r}, which is no origin: write https://app.example.org, in"
                    " lower case, without a path"
                )
        return found

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, found: tuple[str, ...]) -> tuple[str, ...]:
        for network in found:
            try:
                read_network(network)
            except ValueError as error:
                raise ValueError(f"names no address or network: {error}") from None
        return found

    @field_validator("templates", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if not value.lstrip().startswith("["):
            return [part for part in value.split(os.pathsep) if part]
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise ValueError(f"begins like a JSON list and is none: {error.msg}") from None

    @field_validator("templates")
    @classmethod
    def _are_folders(cls, folders: tuple[Path, ...]) -> tuple[Path, ...]:
        for path in folders:
            if not path.is_dir():
                raise ValueError(f"names {path}, which is not a folder")
        return folders

    @model_validator(mode="after")
    def _has_something_to_run(self) -> Self:
        if not self.router_enabled and not self.dispatcher_enabled:
            raise ValueError(
                "POSTBELL_ROUTER_ENABLED and POSTBELL_DISPATCHER_ENABLED are both off:"
                " nothing is left to run."
            )
        return self

    @model_validator(mode="after")
    def _can_send(self) -> Self:
        try:
            EmailChannel(self.sender_address, self.sender_name, return_path=self.return_path)
        except ValueError as error:
            raise ValueError(
                "POSTBELL_SENDER_ADDRESS, POSTBELL_SENDER_NAME and POSTBELL_BOUNCE_DOMAIN do not"
                f" make a mail: {str(error).rstrip('.')}."
            ) from None
        return self


#: Field name by variable.
VARIABLES: Final[Mapping[str, str]] = {
    PREFIX + name.upper(): name for name in Settings.model_fields
}


def shown(settings: Settings) -> dict[str, Any]:
    """Every setting by its variable, without passwords, for display and JSON."""
    values: dict[str, Any] = {}
    for variable, name in VARIABLES.items():
        value = getattr(settings, name)
        if isinstance(value, tuple):
            value = [str(part) for part in value]
        if isinstance(value, SecretStr):
            value = mask_url(value.get_secret_value())
        values[variable] = value
    return values


def table() -> str:
    """The settings as a Markdown table: docs/reference/settings.md."""
    lines = ["| variable | default | what it is for |", "| --- | --- | --- |"]
    for variable, name in VARIABLES.items():
        field = Settings.model_fields[name]
        extra = cast("dict[str, str]", field.json_schema_extra)
        default = extra["unset"] or f"`{_written(field.default)}` {extra['unit']}".rstrip()
        what = (field.description or "").replace("|", "\\|")
        lines.append(f"| `{variable}` | {default} | {what} |")
    return "\n".join(lines) + "\n"


def _written(value: object) -> str:
    """A default as it is written into the environment."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _is_unknown(name: str) -> bool:
    name = name.upper()
    return name.startswith(PREFIX) and not name.startswith(TEST_PREFIX) and name not in VARIABLES


def _unknown(name: str) -> str:
    # Without the prefix, which would make all names similar.
    fields = VARIABLES.values()
    near = difflib.get_close_matches(name[len(PREFIX) :].lower(), fields, n=1)
    if near:
        return f"{name} is no setting: did you mean {PREFIX}{near[0].upper()}?"
    return f"{name} is no setting: docs/reference/settings.md lists them."


def _sentence(mistake: ErrorDetails) -> str:
    """Pydantic's error as a sentence, without the value, which may be a password."""
    text = mistake["msg"].removeprefix("Value error, ")
    if not mistake["loc"]:
        return text
    variable = PREFIX + str(mistake["loc"][0]).upper()
    if mistake["type"] == "bool_parsing":
        text = "is neither true nor false"
    elif mistake["type"] != "value_error":
        text = text.removeprefix("Input ")
    return f"{variable} {text}."
