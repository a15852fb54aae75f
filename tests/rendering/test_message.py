"""message.json: what inbox, push and open page say, unless they have files of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import Action, InAppContent, PushContent, SseContent
from dispatcher.rendering.errors import CatalogError
from dispatcher.rendering.renderer import Renderer
from tests.support.renderings import (
    delivery,
    event_toml,
    folder,
    in_app,
    in_app_files,
    reader,
    refusal,
    renderer,
)

PLACE = "thing/happened/"
LINK, IMAGE = "https://shop.example/", "https://shop.example/a.png"
MESSAGE: dict[str, Any] = {
    "title": "Order paid",
    "body": "{{ text }}",
    "link": LINK,
    "image": IMAGE,
    "actions": [{"label": "Look", "link": "https://shop.example/look"}],
}


def message_files(message: dict[str, Any], **others: dict[str, Any]) -> dict[str, str]:
    """The event with its message.json; `fr_push` is fr/push.json."""
    files = {f"{name.replace('_', '/', 1)}.json": said for name, said in others.items()}
    files["message.json"] = message
    return {
        PLACE + "event.toml": event_toml("in_app", "push", "sse"),
        **{PLACE + name: json.dumps(said) for name, said in files.items()},
    }


def said(catalog: Catalog, channel: str, locale: str = "en", **payload: str) -> Any:
    wanted = delivery({"text": "x", **payload}, channel=channel, recipient=reader(locale=locale))
    return Renderer(catalog).render(wanted)


def test_one_file_is_what_three_channels_say(tmp_path: Path) -> None:
    catalog = Catalog.load([folder(tmp_path, message_files(MESSAGE))])

    assert said(catalog, "in_app") == InAppContent(
        "Order paid", "x", LINK, IMAGE, (Action("Look", "https://shop.example/look"),)
    )
    assert said(catalog, "push") == PushContent("Order paid", "x", LINK, IMAGE, ())
    assert said(catalog, "sse") == SseContent("Order paid", "x", LINK)


def test_push_and_open_page_say_what_is_short(tmp_path: Path) -> None:
    short = {"title": "Paid", "actions": [{"label": "Go", "link": "https://shop.example/go"}]}
    catalog = Catalog.load([folder(tmp_path, message_files({**MESSAGE, "short": short}))])

    push = said(catalog, "push")

    assert (push.title, push.body) == ("Paid", "x")
    assert push.actions == (Action("Go", "https://shop.example/go"),)
    assert said(catalog, "sse").title == "Paid"
    assert said(catalog, "in_app").title == "Order paid"


def test_a_channel_renders_only_what_it_shows(tmp_path: Path) -> None:
    """A mistake in a text stops those who say it, and nobody else."""
    message = {**MESSAGE, "body": "{{ items[0] }}", "short": {"body": "short"}}
    catalog = Catalog.load([folder(tmp_path, message_files({**message, "image": "relative"}))])

    assert said(catalog, "sse").body == "short"
    reads = {
        channel: catalog.compiled["thing.happened"][channel]["item"][""].reads
        for channel in ("in_app", "push", "sse")
    }
    assert reads == {"in_app": {"items"}, "push": set(), "sse": set()}


def test_a_file_of_a_channels_own_comes_first_in_its_language(tmp_path: Path) -> None:
    files = message_files(
        {"title": "message"}, push={"title": "push"}, fr_message={"title": "fr message"}
    )
    catalog = Catalog.load([folder(tmp_path, files)])

    assert said(catalog, "push").title == "push"
    assert said(catalog, "sse").title == "message"
    assert said(catalog, "push", "fr").title == "fr message"


@pytest.mark.parametrize(
    ("length", "channel"), [(150, "push"), (100, "sse")], ids=["push", "open page"]
)
def test_what_a_user_wrote_is_cut_for_each_channel(
    tmp_path: Path, channel: str, length: int
) -> None:
    files = message_files({"title": "x", "body": "{{ message_preview }}"})
    files[PLACE + "event.toml"] = event_toml(
        "in_app", "push", "sse", fields={"message_preview": "text?"}
    )
    catalog = Catalog.load([folder(tmp_path, files)])

    assert len(said(catalog, channel, message_preview="y" * 200).body) == length


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ({**MESSAGE, "short": "x"}, "an object with title, body, link, image, actions"),
        ({**MESSAGE, "short": {"titel": "x"}}, "there is no 'titel'"),
        ({**MESSAGE, "short": {"body": 1}}, "body must be a text"),
        ({**MESSAGE, "short": {"actions": [{"label": "x"}]}}, "a label and a link"),
        ({"short": {"title": "x"}}, "title is missing"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, message: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CatalogError, match=sentence):
        Catalog.load([folder(tmp_path, message_files(message))])


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://shop.example/a b", "https://shop.example/a%20b"),
        ("https://shop.example/\\u202e\\u200b", "https://shop.example/%E2%80%AE%E2%80%8B"),
        ("https://shop.example/\\ud800", "https://shop.example/%3F"),
        ("https://bücher.example/{{ text }}", "https://bücher.example/x%0Ay"),
        ("https://", None),
        ("https:///x", None),
        ("https://shop.example@evil.example", None),
        ("javascript:alert(1)", None),
        ("//evil.example", None),
    ],
)
def test_a_link_is_an_address_that_any_program_can_open(
    tmp_path: Path, link: str, address: str | None
) -> None:
    render = renderer(tmp_path, in_app_files(f'{{"title": "t", "link": "{link}"}}'))
    wanted = delivery({"text": "x\ny"}, channel="in_app")

    if address is None:
        assert "must be an absolute https:// or http:// address" in refusal(render, wanted).message
    else:
        assert in_app(render.render(wanted)).link == address
