"""The file that names the providers."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from dispatcher.providers.config import ProviderConfig, ProvidersFileError, read_providers


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return Read(tmp_path)


class Read:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, text: str, **environment: str) -> tuple[ProviderConfig, ...]:
        path = self.folder / "providers.toml"
        path.write_text(text)
        return read_providers(path, environment)

    def mistakes(self, text: str, **environment: str) -> tuple[str, ...]:
        with pytest.raises(ProvidersFileError) as caught:
            self(text, **environment)
        return tuple(
            sentence.replace(f"{self.folder}{os.sep}", "") for sentence in caught.value.sentences
        )


def test_providers_come_in_the_order_of_the_file(read: Read) -> None:
    main, spare = read("""
        [spare_after_all]
        url = "smtps://relay.example"
        rate = 14
        burst = 20
        concurrency = 4

        [another]
        url = "console:"
    """)

    assert main == ProviderConfig("spare_after_all", "email", "smtps://relay.example", 14, 20, 4)
    assert (spare.name, spare.channel, spare.rate, spare.concurrency) == (
        "another", "email", None, None,
    )  # fmt: skip


def test_a_variable_in_a_url_is_encoded_so_that_it_stays_one_part(read: Read) -> None:
    (entry,) = read('[a]\nurl = "smtps://shop:${PASSWORD}@relay.example"', PASSWORD="p@ss/w:rd?")

    assert entry.url == "smtps://shop:p%40ss%2Fw%3Ard%3F@relay.example"


def test_a_variable_that_is_the_whole_url_is_taken_as_it_is(read: Read) -> None:
    (entry,) = read('[a]\nurl = "${URL}"', URL="smtps://shop:p%40ss@relay.example")

    assert entry.url == "smtps://shop:p%40ss@relay.example"


def test_a_url_may_come_from_a_file_beside_it(read: Read) -> None:
    (read.folder / "secret").write_text("smtps://shop:pass@relay.example\n")

    (entry,) = read('[a]\nurl_file = "secret"')

    assert entry.url == "smtps://shop:pass@relay.example"


def test_the_files_in_the_manual_are_some(read: Read) -> None:
    page = (Path(__file__).parents[2] / "docs/providers.md").read_text()
    text, texts = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (read.folder / "second_mail.url").write_text("smtps://shop:pass@second.example")

    entries = read(text, MAIL_PASSWORD="p@ss")

    assert [(entry.name, entry.rate, entry.concurrency) for entry in entries] == [
        ("main_mail", 14, 4),
        ("second_mail", None, None),
    ]
    account = {"TWILIO_SID": f"AC{0:032x}", "TWILIO_TOKEN": f"{0:032x}"}
    assert [entry.channel for entry in read(texts, **account, TWILIO_SERVICE=f"MG{0:032x}")] == [
        "sms",
        "sms",
    ]


def test_an_entry_does_not_show_its_credentials(read: Read) -> None:
    (entry,) = read('[a]\nurl = "smtps://shop:hunter2@relay.example"')

    assert "hunter2" not in repr(entry)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", 'names no provider: write [main_mail] and url = "…".'),
        ('url = "console:"', "url stands alone: write [a_name] above it."),
        ("[a", "is not TOML: Expected ']' at the end of a table declaration (at end of document)."),
        ("[a]\n[a]", "has two providers called a: give one another name."),
        ('[a]\nurl = "console:"\nrtae = 3', "[a] has no key rtae: did you mean rate?"),
        (
            '[a]\nurl = "console:"\nx = 3',
            (
                "[a] has no key x: there are url, url_file, rate, burst, concurrency,"
                " webhook_key, webhook_key_file."
            ),
        ),
        ("[a]\nrate = 3", '[a] has no url: write url = "smtps://…".'),
        ('[a]\nurl = "console:"\nurl_file = "b"', "[a] has both url and url_file: keep one."),
        ("[a]\nurl = 3", '[a] url is text: write url = "…".'),
        (
            '[a]\nurl = "smtps://a:${PASSWORD}@b.example"',
            "[a] wants the environment variable PASSWORD, which is not set.",
        ),
        ('[a]\nurl_file = "b"', "[a] url_file b cannot be read: No such file or directory."),
        (
            '[Main]\nurl = "console:"',
            "'Main' cannot name a provider: use small letters, digits and _, a letter first.",
        ),
        ('[a]\nurl = "smtps://b.example?c=d"', "the SMTP URL has an unknown parameter 'c'."),
        (
            '[a]\nurl = "console:"\nrate = 0',
            "[a] rate is a number of messages a second, up to 100000.",
        ),
        (
            '[a]\nurl = "console:"\nrate = nan',
            "[a] rate is a number of messages a second, up to 100000.",
        ),
        (
            '[a]\nurl = "console:"\nconcurrency = true',
            "[a] concurrency is a whole number from 1 to 10000.",
        ),
        (
            '[a]\nurl = "console:"\nburst = 3',
            "[a] has a burst, which says nothing without a rate.",
        ),
    ],
)
def test_every_mistake_is_told_in_a_sentence(read: Read, text: str, sentence: str) -> None:
    (told,) = read.mistakes(text)

    assert told.startswith("providers.toml")
    assert told.endswith(sentence)


def test_a_scheme_that_nobody_has_is_told_with_those_there_are(read: Read) -> None:
    (sentence,) = read.mistakes('[a]\nurl = "carrier-pigeon://loft"')

    assert "no provider has the scheme 'carrier-pigeon': use smtp:" in sentence


def test_all_mistakes_are_told_at_once(read: Read) -> None:
    mistakes = read.mistakes('[a]\nurl = "${A}"\nx = 1\n[b]\nrate = 0\n[c]\nurl = "console:"')

    assert len(mistakes) == 4


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProvidersFileError, match="cannot be read: No such file"):
        read_providers(tmp_path / "none.toml", {})


@pytest.mark.parametrize(
    "text",
    [
        '[a]\nurl = "smtps://shop:hunter2@relay.example:port"',
        '[a]\nurl = "smtps://shop:hunter2@relay.example?x=1"',
        '[a]\nurl = "shop:hunter2@relay.example"',
        '[a]\nurl = "smtp://shop:hunter2@relay.example?tls=off"',
        '[a]\nurl = "smtps://shop:hunter2',
        '[a]\nurl = "${SECRET}"',
        '[a]\nurl_file = "secret"',
    ],
)
def test_no_sentence_shows_a_secret(read: Read, text: str) -> None:
    (read.folder / "secret").write_text("smtps://shop:hunter2@relay.example?y=2")

    assert "hunter2" not in " ".join(read.mistakes(text, SECRET="smtps://hunter2:@"))


def test_a_webhook_key_is_taken_as_it_is_written(read: Read) -> None:
    (entry,) = read('[a]\nurl = "console:"\nwebhook_key = "whsec_${KEY}"', KEY="a+b/c=")

    assert entry.webhook_key == "whsec_a+b/c="
    assert "a+b" not in repr(entry)


def test_a_webhook_key_may_be_in_a_file(read: Read) -> None:
    (read.folder / "key").write_text("a+b/c=\n")
    (entry,) = read('[a]\nurl = "console:"\nwebhook_key_file = "key"')

    assert entry.webhook_key == "a+b/c="


def test_a_webhook_key_is_written_once(read: Read) -> None:
    mistakes = read.mistakes('[a]\nurl = "console:"\nwebhook_key = "b"\nwebhook_key_file = "c"')

    assert mistakes == ("providers.toml: [a] has both webhook_key and webhook_key_file: keep one.",)


@pytest.mark.parametrize("name", ["postbell", "inbox", "stream"])
def test_a_provider_is_not_called_as_we_are(read: Read, name: str) -> None:
    mistakes = read.mistakes(f'[{name}]\nurl = "console:"')

    assert mistakes == (f"providers.toml: [{name}] is a name of our own: take another.",)
