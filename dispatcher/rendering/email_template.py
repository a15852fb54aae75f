"""An e-mail's files: subject, text and, if the event has one, HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from css_inline import CSSInliner

from dispatcher.rendering.content import EmailContent
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.page import Leaf, Page
from dispatcher.rendering.plain_text import one_line, paragraphs
from dispatcher.rendering.scene import Scene

#: Mail programs show fewer; a payload may hold many more.
_LONGEST_SUBJECT: Final = 200
# Never the network: a stylesheet's address may come from a payload. At-rules are for dark mode.
_INLINER: Final = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


@dataclass(frozen=True, slots=True)
class EmailTemplate:
    subject: Page
    text: Page
    html: Page | None

    required: ClassVar[tuple[str, ...]] = ("email.subject.txt", "email.txt")
    optional: ClassVar[tuple[str, ...]] = ("email.html",)

    @classmethod
    def leaves(cls, source: str) -> tuple[Leaf, ...]:
        return (Leaf(source, 1),)

    @classmethod
    def of(cls, pages: Mapping[str, Page]) -> Self:
        return cls(pages["email.subject.txt"], pages["email.txt"], pages.get("email.html"))

    @property
    def pages(self) -> tuple[Page, ...]:
        return tuple(filter(None, (self.subject, self.text, self.html)))

    def render(self, values: dict[str, Any], scene: Scene) -> EmailContent:
        subject = one_line(self.subject.write(values, scene)[0], _LONGEST_SUBJECT)
        text = paragraphs(self.text.write(values, scene)[0])
        if not (subject and text):
            raise Unrenderable("the subject and the text must not be empty")
        html = None if self.html is None else self.html.write(values, scene)[0].strip()
        if html is not None and "<style" in html:
            # On the finished page: a selector may span the layout and what fills it.
            html = _INLINER.inline(html)
        return EmailContent(subject, text + "\n", html)
