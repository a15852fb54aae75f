from __future__ import annotations

import pytest

from dispatcher.rendering.content_lint import links_missing_from_plain, lint_html

SOUND = '<html lang="en" dir="ltr"><head><title>News</title></head><body>{}</body></html>'


def faults(body: str) -> list[tuple[str, str]]:
    return list(lint_html(SOUND.format(body)))


@pytest.mark.parametrize(
    "body",
    [
        '<p>Hello<br><a href="https://x.example/y">there</a></p>',
        '<a href="http://127.0.0.1:8000/y">there</a>',
        '<a href="mailto:a@x.example"><img src="https://x.example/y" alt="Write" height="9"></a>',
        '<table role="presentation"><tr><td>laid out</td></tr></table>',
        '<table><tr><th scope="row">Amount</th><td>5</td></tr></table>',
        "<!--[if mso]><table><tr><td><![endif]-->",
        "<style>@media print { p { position: absolute } }</style>",
    ],
)
def test_nothing_is_found_in_sound_html(body: str) -> None:
    assert faults(body) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('<a href="/x">x</a>', "the href of a <a> is not an absolute address"),
        ('<img src="data:image/png;base64,AA" alt="" width="1">', "the src of a <img> is not an"),
        ('<img src="https://x.example/y" width="9">', "an <img> has no alt text"),
        ("<table role='none'><tr></table>", "<tr> is never closed"),
        ("<p>x", "<p> is never closed"),
        ("</p>", "</p> closes nothing"),
        ("<script></script>", "mail programs remove <script>"),
        ("<form></form>", "mail programs remove <form>"),
        ('<link rel="stylesheet" href="https://x.example/y.css">', "mail programs remove <link>"),
        ('<p onclick="x()">x</p>', "mail programs remove onclick"),
        ("<style>@import 'https://x.example/y.css';</style>", "load no style sheets"),
        ('<a href="https://x.example"> </a>', "a link has no text, nor an image with alt text"),
        (
            '<a href="https://x.example"><img src="https://x.example/y" alt="" width="9"></a>',
            "a link has no text, nor an image with alt text",
        ),
    ],
)
def test_what_would_spoil_a_mail_is_an_error(body: str, message: str) -> None:
    assert message in "\n".join(text for severity, text in faults(body) if severity == "error")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('<a href="http://x.example">x</a>', "the href of a <a> is not https"),
        ('<img src="https://x.example/y" alt="y">', "an <img> has neither width nor height"),
        ("<table><tr><td>x</td></tr></table>", "a <table> without <th> is for layout"),
        (
            "<table><tr><td><table><tr><th>x</th></tr></table></td></tr></table>",
            "a <table> without <th> is for layout",
        ),
        ('<p style="color: red; display:flex">x</p>', "Outlook does not know display:flex"),
        ("x" * 100_000, "the page is larger than 100 KB, and Gmail clips at 102"),
    ],
)
def test_what_some_readers_would_miss_is_a_warning(body: str, message: str) -> None:
    assert [severity for severity, _ in faults(body)] == ["warning"]
    assert message in faults(body)[0][1]


def test_a_page_names_itself_its_language_and_its_direction() -> None:
    assert [message for _, message in lint_html("<html></html>")] == [
        "<html> has no lang, so screen readers guess",
        "<html> has no dir, ltr or rtl; the variable dir is the language's own",
        "the page has no <title>, which screen readers announce it by",
    ]


def test_each_fault_is_told_once() -> None:
    assert len(faults('<a href="/x">x</a><a href="/y">y</a>')) == 1


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("See https://x.example/1?a=1&b=2.", []),
        ("See (https://x.example/1?a=1&b=2), please", []),
        ("See https://x.example/1?a=1&b=23", ["https://x.example/1?a=1&b=2"]),
        ("", ["https://x.example/1?a=1&b=2"]),
    ],
)
def test_a_link_that_the_text_lacks_is_found(text: str, lacking: list[str]) -> None:
    page = '<a href="#top">up</a><a href="https://x.example/1?a=1&amp;b=2">1</a>'
    assert [
        message.rpartition(" ")[2] for _, message in links_missing_from_plain(page, text)
    ] == lacking


def test_an_address_to_write_to_is_a_link_too() -> None:
    page = '<a href="mailto:help@x.example">Help</a>'
    assert list(links_missing_from_plain(page, "Write to help@x.example.")) == []
    assert [severity for severity, _ in links_missing_from_plain(page, "Write to us.")] == [
        "warning"
    ]
