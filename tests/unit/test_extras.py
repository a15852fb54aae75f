"""Packages that an extra brings: what is said where one is missing."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from dispatcher.cli.errors import ExitCode
from dispatcher.gateway.webhooks.routes import routes
from dispatcher.providers.base import ProviderUrlError, missing_extra, provider_for
from dispatcher.providers.config import ProviderConfig
from postbell import command
from tests.support.cli import Cli


@pytest.mark.parametrize(
    ("url", "package", "extra"),
    [
        ("sendgrid://:SG.x@", "sendgrid", "sendgrid"),
        ("webpush://?key=x", "pywebpush", "webpush"),
    ],
)
def test_a_provider_without_its_library_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, url: str, package: str, extra: str
) -> None:
    for loaded in [*sys.modules]:
        if loaded.partition(".")[0] == package or loaded == f"dispatcher.providers.{extra}":
            monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ProviderUrlError, match=rf"pip install 'postbell\[{extra}\]'"):
        provider_for(url)


def test_a_webhook_without_its_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for loaded in [*sys.modules]:
        if loaded.partition(".")[0] == "twilio" or loaded == "dispatcher.gateway.webhooks.twilio":
            monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, "twilio", None)
    twilio = ProviderConfig(
        "texts", "sms", f"twilio://AC{'0' * 32}:{'t' * 32}@api.twilio.com?from=%2B12025550123"
    )
    store: Any = object()
    with pytest.raises(ValueError, match=r"pip install 'postbell\[twilio\]'"):
        routes([twilio], store, store, public_url="https://x.example", signer=store)


def test_another_missing_package_is_a_bug() -> None:
    assert missing_extra(ModuleNotFoundError(name="dispatcher.nothing")) is None
    assert missing_extra(ModuleNotFoundError()) is None


def test_the_command_without_the_daemon_ends_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def without(name: str) -> object:
        raise ModuleNotFoundError(f"No module named 'typer' for {name}", name="typer")

    monkeypatch.setattr(command, "import_module", without)
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert "typer is not installed" in capsys.readouterr().err


def test_a_module_of_our_own_that_is_missing_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(_: str) -> object:
        return importlib.import_module("dispatcher.nothing")

    monkeypatch.setattr(command, "import_module", without)
    with pytest.raises(ModuleNotFoundError):
        command.main()


def test_a_command_without_its_library_ends_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for loaded in [*sys.modules]:
        if loaded.startswith(("py_vapid", "dispatcher.providers.vapid")):
            monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, "py_vapid", None)
    ended = Cli()("vapid", str(tmp_path / "vapid.pem"))
    assert ended.exit_code == ExitCode.CONFIGURATION
    assert "pip install 'postbell[webpush]'" in ended.stderr
