"""The providers of the demo's daemon and gateway: a file as README describes it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from dispatcher.demo.certificate import Certificate
from dispatcher.providers.vapid import VapidKey
from dispatcher.settings import Settings

_PRIVATE: Final = 0o600


def write(
    folder: Path, settings: Settings, certificate: Certificate, *, mails: str | None, texts: str
) -> Path:
    """Writes it, and the key for pushes; its path.

    `mails` and `texts` are the catchers' URLs. Without `mails` they go to the provider that the
    visitor's own file names, if there is one.
    """
    key = folder / "vapid.pem"
    VapidKey.create(key)
    pushes = urlencode(
        {
            "key": key,
            "subject": "mailto:demo@postbell.example",
            "ca": certificate.authorities,
            # The demo's phones are on this machine.
            "allow_private": 1,
        },
        safe="/:@",
    )
    tables: dict[str, dict[str, object]] = {
        "demo_texts": {"url": texts},
        "demo_pushes": {"url": f"webpush:?{pushes}"},
    }
    if mails is not None:
        tables["demo_mails"] = {"url": mails}
    else:
        for entry in settings.named_providers:
            if entry.channel == "email":
                bounds = {
                    "rate": entry.rate,
                    "burst": entry.burst,
                    "concurrency": entry.concurrency,
                }
                tables[entry.name] = {"url": entry.url, **bounds}
    file = folder / "providers.toml"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.writelines(map(_table, tables.items()))
    return file


def _table(named: tuple[str, Mapping[str, object]]) -> str:
    name, values = named
    # A JSON string or number is one of TOML, too.
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in values.items() if value is not None]
    return f"[{name}]\n{''.join(lines)}\n"
