from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.errors import CatalogError, RenderingError
from dispatcher.rendering.event_type import Field
from dispatcher.rendering.renderer import Renderer
from tests.support.renderings import (
    delivery,
    email,
    email_files,
    event_toml,
    folder,
    in_app_files,
)


def problems(path: Path, files: dict[str, str]) -> str:
    with pytest.raises(CatalogError) as caught:
        Catalog.load([folder(path, files)])
    return str(caught.value)


def test_a_block_stands_once_in_a_file(tmp_path: Path) -> None:
    page = "{% block a %}{% endblock %}\n{% block a %}{% endblock %}"

    assert "email.html:2: there is a block a already" in problems(tmp_path, email_files(html=page))


def test_what_python_makes_no_code_of_stops_a_deploy_and_names_its_file(tmp_path: Path) -> None:
    loops = 25
    deep = "{% for i in items %}" * loops + "x" + "{% endfor %}" * loops
    catalog = Catalog.load([folder(tmp_path, email_files(text=deep))])

    with pytest.raises(CatalogError, match=r"email\.txt: this cannot be compiled \(SyntaxError\)"):
        catalog.compile()
    with pytest.raises(RenderingError, match=r"this cannot be compiled") as caught:
        Renderer(catalog).render(delivery({"items": [1]}))
    assert caught.value.file == "thing/happened/email.txt"


def test_a_partial_that_python_makes_no_code_of_is_named(tmp_path: Path) -> None:
    deep = "{% for i in items %}" * 25 + "x" + "{% endfor %}" * 25
    files = {**email_files(text="{% include 'partials/a.txt' %}"), "partials/a.txt": deep}
    catalog = Catalog.load([folder(tmp_path, files)])

    with pytest.raises(CatalogError, match=r"partials/a\.txt: this cannot be compiled"):
        catalog.compile()


def test_a_file_is_read_once(tmp_path: Path) -> None:
    catalog = Catalog.load([folder(tmp_path, email_files(text="before"))])
    (tmp_path / "thing/happened/email.txt").unlink()

    assert email(Renderer(catalog).render(delivery({}))).text == "before\n"


def test_an_event_is_what_its_folder_says(tmp_path: Path) -> None:
    files = email_files()
    files["thing/happened/event.toml"] = (
        'notify_actor = true\nforced_channels = ["email"]\n'
        + event_toml("email", fields={"order_id": "id", "topic": "text?"})
    )
    event = Catalog.load([folder(tmp_path, files)]).events["thing.happened"]
    assert event.label == "Thing happened"
    assert (event.category, event.priority, event.notify_actor) == ("things", "normal", True)
    assert event.channels == event.default_channels == event.forced_channels == ("email",)
    assert event.fields == {
        "order_id": Field("id", required=True),
        "topic": Field("text", required=False),
    }
    assert event.fields_json == {
        "order_id": {"type": "id", "required": True},
        "topic": {"type": "text", "required": False},
    }


def test_events_may_be_nested_to_any_depth(tmp_path: Path) -> None:
    files = {
        name.replace("thing/happened", place): content
        for place in ("class", "class/bundle/created")
        for name, content in email_files().items()
    }
    assert set(Catalog.load([folder(tmp_path, files)]).events) == {"class", "class.bundle.created"}


def test_a_later_folder_replaces_files_one_by_one(tmp_path: Path) -> None:
    shipped = folder(tmp_path / "shipped", email_files(subject="shipped", text="shipped"))
    own = folder(tmp_path / "own", {"thing/happened/email.subject.txt": "own"})
    catalog = Catalog.load([shipped, own])
    content = email(Renderer(catalog).render(delivery({})))
    assert (content.subject, content.text) == ("own", "shipped\n")
    assert catalog.events["thing.happened"].version != (
        Catalog.load([shipped]).events["thing.happened"].version
    )


def test_the_version_follows_texts_and_layouts_and_not_the_sample(tmp_path: Path) -> None:
    files = {**email_files(), "layouts/email.txt": "a"}

    def version(number: int, **changes: str) -> str:
        changed = {**files, **{name.replace("__", "/"): text for name, text in changes.items()}}
        path = folder(tmp_path / str(number), {f"{n}": c for n, c in changed.items()})
        return Catalog.load([path]).events["thing.happened"].version

    first = version(1)
    assert version(2) == first
    assert version(3, **{"layouts/email.txt": "b"}) != first
    assert version(4, **{"thing/happened/email.txt": "b"}) != first
    assert version(5, **{"thing/happened/sample.json": "{}"}) == first


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event.toml": "label ="}, "this is not TOML"),
        ({"event.toml": 'label = "x"'}, "category is missing"),
        ({"event.toml": 'label = "x"'}, "channels is missing: there are files for email"),
        ({"event.toml": event_toml("email").replace('["email"]', "[]", 1)}, "names 'email', which"),
        ({"event.toml": "colour = 1\n" + event_toml("email")}, "there is no setting 'colour'"),
        ({"event.toml": 'notify_actor = "yes"\n' + event_toml("email")}, "must be of type bool"),
        ({"event.toml": event_toml("email").replace("normal", "urgent")}, "no priority 'urgent'"),
        ({"event.toml": event_toml("pigeon")}, "names 'pigeon', for which there is no template"),
        ({"event.toml": event_toml("in_app")}, "names 'in_app', for which there is no template"),
        ({"event.toml": event_toml(fields={"a": "colour"})}, "field a must be one of text, id"),
        ({"event.toml": event_toml(fields={"tenant": "text"})}, "would hide the variable"),
        ({"event.toml": event_toml(fields={"_a": "text"})}, "a name that a template can write"),
        ({"emial.txt": "x"}, "no channel has a file emial.txt"),
        ({"nowhere-land/email.txt": "x"}, "is no locale"),
        ({"FR/email.txt": "x"}, "name the folder fr"),
        ({"fr/email.html": "{% block title %}{% endblock %}"}, "there is no email.html in thing/"),
        ({"fr/email.html": "x"}, "the block subject is missing"),
        ({"fr/event.toml.txt": "x"}, "no channel has a file"),
        ({"in_app.json": '{"title": "x",}'}, "line 1 is not JSON"),
        ({"in_app.json": '{"title": "x", "titel": "y"}'}, "there is no 'titel'"),
        ({"in_app.json": '{"title": "x", "title": "y"}'}, "stands twice"),
        ({"in_app.json": '{"title": 5}'}, "title must be a text"),
        ({"in_app.json": '{"body": "x"}'}, "title is missing"),
        ({"in_app.json": '["x"]'}, "an object with title"),
        ({"in_app.json": '{"title": "x", "actions": "y"}'}, "actions must be a list"),
        ({"in_app.json": '{"title": "x", "actions": [{"label": "y"}]}'}, "a label and a link"),
        ({"in_app.json": '{"title": "{% block x %}{% endblock %}"}'}, "has no blocks"),
        ({"email.txt": "one\n{% if %}"}, "email.txt:2: "),
        ({"email.txt": "{{ text | shout }}"}, "shout"),
        ({"email.txt": "{% include 'partials/gone.txt' %}"}, "there is no file partials/gone.txt"),
        ({"email.txt": "x" * 300_000}, "larger than"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_file(
    tmp_path: Path, change: dict[str, str], sentence: str
) -> None:
    changed = {f"thing/happened/{name}": content for name, content in change.items()}
    supported = ("email", "in_app") if "in_app.json" in change else ("email",)
    files = {**email_files(), "thing/happened/event.toml": event_toml(*supported), **changed}
    told = problems(tmp_path, files)
    assert sentence in told
    assert str(tmp_path / next(iter(changed))) in told


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    files = {
        **email_files(text="{% if %}"),
        "thing/happened/emial.txt": "x",
        "layouts/broken.html": "{{",
        "stray.txt": "x",
    }
    with pytest.raises(CatalogError) as caught:
        Catalog.load([folder(tmp_path, files), tmp_path / "absent"])
    assert len(caught.value.problems) == 5


def test_an_email_needs_a_subject_and_a_text(tmp_path: Path) -> None:
    files = email_files(html="x")
    del files["thing/happened/email.subject.txt"], files["thing/happened/email.txt"]
    assert "the block subject is missing" in problems(tmp_path, files)

    (tmp_path / "thing/happened/email.html").unlink()
    assert "names 'email', for which there is no template" in problems(tmp_path, {})


def test_a_file_cannot_take_itself_in(tmp_path: Path) -> None:
    files = {
        **email_files(text="{% include 'partials/a.txt' %}"),
        "partials/a.txt": "{% include 'partials/b.txt' %}",
        "partials/b.txt": "{% include 'partials/a.txt' %}",
    }
    assert "takes itself in" in problems(tmp_path, files)


def test_html_takes_in_only_html(tmp_path: Path) -> None:
    files = {**email_files(html="{% include 'partials/a.txt' %}"), "partials/a.txt": "{{ text }}"}
    assert "only .html files may be taken in" in problems(tmp_path, files)


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    path = folder(tmp_path, in_app_files('{"title": "x"}'))
    (path / "thing/happened/in_app.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CatalogError, match="cannot be read as UTF-8"):
        Catalog.load([path])


def test_the_same_files_are_loaded_once_and_changed_ones_anew(tmp_path: Path) -> None:
    path = folder(tmp_path, email_files(text="before"))
    first = Catalog.load([path])
    assert Catalog.load([path]) is first

    folder(tmp_path, email_files(text="after"))
    assert email(Renderer(Catalog.load([path])).render(delivery({}))).text == "after\n"
    folder(tmp_path, email_files(text="{{ mistake"))
    for _ in range(2):
        with pytest.raises(CatalogError):
            Catalog.load([path])
