"""What we write is read back by the standard library as it was meant."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dispatcher.channels import mime
from tests.support.mailbox import as_lines, mail_of, sender_of, text_of

WRITABLE = st.text(st.characters(exclude_categories=["Cs"]))
HEADER = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"))


@given(WRITABLE)
@example("x" * 3000)
@example("ä" * 3000)
@example("line\n.\n..\nFrom here\n")
@example("trailing space \ntrailing tab\t\n")
@example("a\rb\r\nc\n\n")
@example("=20=\n")
@example("\x00\x0b\x0c\x1c\x85\u2028\u2029")
def test_any_text_comes_back(text: str) -> None:
    part = mime.text_part("plain", text)

    assert text_of(mail_of(part)) == as_lines(text)


@given(WRITABLE)
@example("x" * 3000)
@example("ж" * 3000)
def test_every_line_is_seven_bit_and_of_legal_length(text: str) -> None:
    part = mime.text_part("html", text)

    assert part.isascii()
    assert part.endswith(b"\r\n")
    assert part.count(b"\r") == part.count(b"\n") == part.count(b"\r\n")
    assert max(map(len, part.split(b"\r\n"))) <= mime.LONGEST_LINE


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain\n", "7bit"),
        ("Danke für die Bestellung! " * 9, "quoted-printable"),
        ("ж" * 100, "base64"),
    ],
)
def test_the_cheapest_encoding_is_taken(text: str, encoding: str) -> None:
    assert mail_of(mime.text_part("plain", text))["Content-Transfer-Encoding"] == encoding


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert text_of(mail_of(mime.text_part("plain", "a\ud800b"))) == "a?b\n"


@given(WRITABLE, WRITABLE, st.text())
def test_an_alternative_has_both_parts_in_order(plain: str, html: str, seed: str) -> None:
    data = mime.alternative(mime.text_part("plain", plain), mime.text_part("html", html), seed)

    first, second = mail_of(data).iter_parts()
    assert (first.get_content_type(), second.get_content_type()) == ("text/plain", "text/html")
    assert text_of(first) == as_lines(plain)
    assert text_of(second) == as_lines(html)


def test_a_text_that_guesses_the_boundary_is_not_cut_there() -> None:
    html = mime.text_part("html", "<p>Hello</p>")
    guessed = mail_of(mime.alternative(mime.text_part("plain", ""), html, "seed")).get_boundary()
    hostile = f"Hello\n--{guessed}--\nmore\n"

    data = mime.alternative(mime.text_part("plain", hostile), html, "seed")

    first, _ = mail_of(data).iter_parts()
    assert text_of(first) == hostile


@given(HEADER)
@example("Your order 42 is paid: " + "a long word after another " * 20)
@example("=?utf-8?q?not_encoded?=")
@example("ends in a space ")
@example("two  spaces")
@example("x" * 2000)
@example("ж" * 500)
@example("👩‍👩‍👧‍👦" * 50)
def test_any_header_text_comes_back_folded(value: str) -> None:
    line = mime.unstructured("Subject", value)

    assert str(mail_of((line + "\r\n").encode("ascii"))["Subject"]) == value
    assert max(map(len, line.split("\r\n"))) <= mime.PREFERRED_LINE + 2


@given(HEADER.filter(lambda name: name == name.strip()))
@example('Smith, "John" \\ <x@y.example>')
@example("Müller & Söhne")
@example("=?utf-8?q?evil?=")
@example("x" * 500)
@example("a, b@c.example")
@example('"' * 60)
@example("A name as long as a line may be that has an address behind it, too")
def test_any_display_name_comes_back_with_its_address_alone(name: str) -> None:
    line = mime.mailbox("From", name, "shop@shop.example")

    assert sender_of((line + "\r\n").encode("ascii")) == (name, "shop@shop.example")
    assert max(map(len, line.split("\r\n"))) <= mime.LONGEST_HEADER_LINE


@given(
    st.lists(
        st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=90),
        min_size=1,
        max_size=6,
    )
)
@example(["multipart/alternative;", 'boundary="=_0123456789abcdef0123456789abcd"'])
@example(["x" * 66])
def test_a_header_of_tokens_is_folded_between_them_alone(tokens: list[str]) -> None:
    written = mime.structured("Content-Type", *tokens)

    first, *others = written.removesuffix("\r\n").split("\r\n")
    assert all(line.startswith(" ") for line in others)
    assert "".join([first, *others]) == f"Content-Type: {' '.join(tokens)}"
    for line in [first, *others]:
        assert len(line) <= 78 or line.strip() in tokens


@pytest.mark.parametrize("forbidden", ["\r", "\n", "\0", "\r\nBcc: victim@example.org"])
def test_header_injection_is_an_error(forbidden: str) -> None:
    assert not mime.is_header_safe(f"a{forbidden}b")
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        mime.unstructured("Subject", f"a{forbidden}b")
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        mime.mailbox("From", f"a{forbidden}b", "shop@shop.example")
