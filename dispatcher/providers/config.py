"""The providers file (POSTBELL_PROVIDERS): names, URLs, limits and where credentials are."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from dispatcher.providers.base import ProviderUrlError, provider_for

#: `${NAME}`: the value of an environment variable.
_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_TWICE: Final = re.compile(r"Cannot declare \('([^']*)',\) twice")

#: `delivery_log.provider` has these for what Postbell itself delivers.
RESERVED: Final = frozenset({"postbell", "inbox", "stream"})

_MAX_RATE: Final = 100_000
_MAX_COUNT: Final = 10_000


class ProvidersFileError(ValueError):
    """The file cannot be used. `sentences` has one for each mistake, and shows no secret."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = tuple(sentences)


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One provider of the file."""

    name: str
    channel: str
    #: Has the credentials, so the repr leaves it out.
    url: str = field(repr=False)
    #: Messages per second; None for no limit.
    rate: float | None = None
    #: Messages that may go at once under the rate; None for one second's.
    burst: int | None = None
    #: Calls in flight; None for the bound in the URL, or its default.
    concurrency: int | None = None
    #: Verifies the provider's webhooks, if the credentials in the URL do not.
    webhook_key: str | None = field(default=None, repr=False)


_KEYS: Final = (
    "url",
    "url_file",
    *(each.name for each in fields(ProviderConfig)[3:]),
    "webhook_key_file",
)


def read_providers(path: Path, environment: Mapping[str, str]) -> tuple[ProviderConfig, ...]:
    """Read the TOML file at `path`. Its order is the order of preference.

        [main_mail]
        url = "smtps://shop:${MAIL_PASSWORD}@relay.example"
        rate = 14

        [texts]
        url_file = "/run/secrets/texts"

    `environment` fills in `${NAME}`: percent-encoded inside a URL, as it is where it is the whole
    URL. `webhook_key` (or `webhook_key_file`) verifies the provider's webhooks. Relative file names
    are relative to the file. Raises ProvidersFileError.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ProvidersFileError([f"{path} cannot be read: {error.strerror or error}."]) from None
    except UnicodeDecodeError:
        raise ProvidersFileError([f"{path} is not UTF-8."]) from None
    except tomllib.TOMLDecodeError as error:
        raise ProvidersFileError([_toml_mistake(path, str(error))]) from None
    if not tables:
        raise ProvidersFileError([f'{path} names no provider: write [main_mail] and url = "…".'])

    entries: list[ProviderConfig] = []
    mistakes: list[str] = []
    for name, table in tables.items():
        try:
            entries.append(_entry(name, table, path.parent, environment))
        except ProvidersFileError as error:
            mistakes += [f"{path}: {sentence}" for sentence in error.sentences]
    if mistakes:
        raise ProvidersFileError(mistakes)
    return tuple(entries)


def _toml_mistake(path: Path, said: str) -> str:
    if twice := _TWICE.match(said):
        return f"{path} has two providers called {twice[1]}: give one another name."
    return f"{path} is not TOML: {said}."


def _entry(name: str, table: Any, folder: Path, environment: Mapping[str, str]) -> ProviderConfig:
    if not isinstance(table, dict):
        raise ProvidersFileError([f"{name} stands alone: write [a_name] above it."])
    mistakes = [
        *(_unknown(name, key) for key in table if key not in _KEYS),
        *_wrong_numbers(name, table),
    ]
    if name in RESERVED:
        mistakes.append(f"[{name}] is a name of our own: take another.")
    url = channel = ""
    webhook_key = None
    try:
        plain = partial(_filled, name, environment, is_url=False)
        webhook_key = _secret(name, "webhook_key", table, folder, plain)
        url = _url(name, table, folder, environment)
        channel = provider_for(url, name=name).channel
    except ProviderUrlError as error:
        mistakes.append(f"[{name}] cannot be used: {str(error).rstrip('.')}.")
    except ProvidersFileError as error:
        mistakes += error.sentences
    if mistakes:
        raise ProvidersFileError(mistakes)
    numbers = {key: table[key] for key in ("rate", "burst", "concurrency") if key in table}
    return ProviderConfig(name, channel, url, webhook_key=webhook_key, **numbers)


def _unknown(name: str, key: str) -> str:
    near = difflib.get_close_matches(key, _KEYS, n=1)
    guess = f"did you mean {near[0]}?" if near else f"there are {', '.join(_KEYS)}."
    return f"[{name}] has no key {key}: {guess}"


def _wrong_numbers(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    rate = table.get("rate")
    # A boolean is an int in Python, and NaN passes no comparison.
    if rate is not None and not (
        isinstance(rate, int | float) and rate is not True and 0 < rate <= _MAX_RATE
    ):
        yield f"[{name}] rate is a number of messages a second, up to {_MAX_RATE}."
    for key in ("burst", "concurrency"):
        count = table.get(key)
        if count is not None and not (
            isinstance(count, int) and count is not True and 0 < count <= _MAX_COUNT
        ):
            yield f"[{name}] {key} is a whole number from 1 to {_MAX_COUNT}."
    if "burst" in table and "rate" not in table:
        yield f"[{name}] has a burst, which says nothing without a rate."


def _url(name: str, table: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> str:
    found = _secret(name, "url", table, folder, partial(_filled, name, environment, is_url=True))
    if found is None:
        raise ProvidersFileError([f'[{name}] has no url: write url = "smtps://…".'])
    return found


def _secret(
    name: str, key: str, table: Mapping[str, Any], folder: Path, filled: Callable[[str], str]
) -> str | None:
    """The value of `key`, or the content of the file that `{key}_file` names; None without both."""
    key_file = f"{key}_file"
    if key in table and key_file in table:
        raise ProvidersFileError([f"[{name}] has both {key} and {key_file}: keep one."])
    given = key if key in table else key_file
    value = table.get(given)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise ProvidersFileError([f'[{name}] {given} is text: write {given} = "…".'])
    if given == key:
        return filled(value)
    secret = folder / value
    try:
        written = secret.read_text("utf-8").strip()
    except OSError as error:
        reason = error.strerror or error
        raise ProvidersFileError(
            [f"[{name}] {key_file} {secret} cannot be read: {reason}."]
        ) from None
    except UnicodeDecodeError:
        raise ProvidersFileError([f"[{name}] {key_file} {secret} is not UTF-8."]) from None
    if not written:
        raise ProvidersFileError([f"[{name}] {key_file} {secret} is empty."])
    return written


def _filled(name: str, environment: Mapping[str, str], text: str, *, is_url: bool) -> str:
    missing = sorted({v for v in _VARIABLE.findall(text) if not environment.get(v)})
    if missing:
        raise ProvidersFileError(
            [f"[{name}] wants the environment variable {v}, which is not set." for v in missing]
        )
    if whole := _VARIABLE.fullmatch(text):
        return environment[whole[1]]

    def value(found: re.Match[str]) -> str:
        given = environment[found[1]]
        return quote(given, safe="") if is_url else given

    return _VARIABLE.sub(value, text)
