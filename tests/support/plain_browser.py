"""A browser that runs no script: it opens pages, fills forms in, presses buttons and follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

from tests.support.client import Answer, Client

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "path", "rect"})
_FORM = "application/x-www-form-urlencoded"


@dataclass(eq=False)
class Element:
    tag: str
    attributes: dict[str, str | None]
    parent: Element | None
    children: list[Element | str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        """An attribute; empty if it has none."""
        return self.attributes.get(name) or ""

    @property
    def text(self) -> str:
        """As it is read: white space as one blank."""
        parts = (each if isinstance(each, str) else each.text for each in self.children)
        return " ".join(" ".join(parts).split())

    def all(self, *tags: str) -> list[Element]:
        """Every element below with one of these tags; every one, without tags."""
        found = []
        for each in self.children:
            if isinstance(each, Element):
                found += [each] if not tags or each.tag in tags else []
                found += each.all(*tags)
        return found

    def within(self, tag: str) -> Element:
        """The nearest element around with this tag."""
        around = self.parent
        while around is not None and around.tag != tag:
            around = around.parent
        assert around is not None, f"there is no {tag} around this"
        return around


class _Tree(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = self._open = Element("", {}, None)
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, dict(attrs), self._open)
        self._open.children.append(made)
        if tag not in _VOID:
            self._open = made

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self._open.tag == tag, f"</{tag}> closes {self._open.tag}"
        assert self._open.parent is not None
        self._open = self._open.parent

    def handle_data(self, data: str) -> None:
        self._open.children.append(data)


class PlainBrowser:
    """Somebody's browser with scripts off, at the gateway whose origin is `origin`."""

    def __init__(self, client: Client, *, origin: str = "http://localhost:8000") -> None:
        self._client = client
        self._origin = origin
        self._cookies: dict[str, str] = {}
        self.address = "/"
        self.answer: Answer
        self.page: Element

    async def open(self, address: str) -> None:
        """Opens an address, and follows where it leads."""
        await self._send("GET", urljoin(self.address, address), None)

    def keep(self, name: str, value: str) -> None:
        """Keeps a cookie."""
        self._cookies[name] = value

    def __getitem__(self, element_id: str) -> Element:
        """The element with this id. Raises KeyError."""
        found = [each for each in self.page.all() if each["id"] == element_id]
        if len(found) != 1:
            raise KeyError(f"{len(found)} elements have the id {element_id}")
        return found[0]

    def __contains__(self, element_id: str) -> bool:
        return any(each["id"] == element_id for each in self.page.all())

    def fill(self, **values: str) -> None:
        """Types into fields, or chooses in a select; `_` in an id stands for `-`."""
        for name, value in values.items():
            element = self[name.replace("_", "-")]
            if element.tag == "select":
                options = element.all("option")
                assert value in [each["value"] for each in options]
                for each in options:
                    each.attributes.pop("selected", None)
                    if each["value"] == value:
                        each.attributes["selected"] = ""
            element.attributes["value"] = value

    def tick(self, *ids: str, is_on: bool = True) -> None:
        for each in ids:
            self[each].attributes.pop("checked", None)
            if is_on:
                self[each].attributes["checked"] = ""

    async def press(self, element_id: str) -> None:
        """Presses a button of a form, or follows a link."""
        pressed = self[element_id]
        if pressed.tag == "a":
            await self.open(pressed["href"])
            return
        form = pressed.within("form")
        assert form["method"] == "post"
        fields = [
            *_fields(form),
            *([(pressed["name"], pressed["value"])] if pressed["name"] else []),
        ]
        await self._send("POST", urljoin(self.address, form["action"]), urlencode(fields).encode())

    @property
    def told(self) -> str:
        """What the page says was done."""
        return self["told-of"].text

    async def _send(self, method: str, address: str, body: bytes | None) -> None:
        parts = urlsplit(address)
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if method == "POST":
            # As browsers do (Fetch, 3.2): a page with no-referrer hides where a form came from.
            is_hidden = self.answer.headers.get("referrer-policy") == "no-referrer"
            headers |= {"content-type": _FORM, "origin": "null" if is_hidden else self._origin}
        where = parts.path + (f"?{parts.query}" if parts.query else "")
        self.answer = await self._client.having(**headers).send(method, where, body)
        self.address = address
        kept: SimpleCookie = SimpleCookie()
        for line in self.answer.headers.getlist("set-cookie"):
            kept.load(line)
        for name, morsel in kept.items():
            self._cookies[name] = morsel.value
            if morsel["max-age"] == "0":
                del self._cookies[name]
        if self.answer.status == 303:
            await self._send("GET", urljoin(address, self.answer.headers["location"]), None)
            return
        self.page = _Tree(self.answer.text).root


def _fields(form: Element) -> list[tuple[str, str]]:
    """What a form sends, without its buttons (HTML, 4.10.21.4)."""
    sent = []
    for each in form.all("input", "select"):
        if each.tag == "select":
            options = each.all("option")
            chosen = [option for option in options if "selected" in option.attributes]
            sent.append((each["name"], (chosen or options)[0]["value"]))
        elif each["type"] != "checkbox" or "checked" in each.attributes:
            sent.append((each["name"], each["value"]))
    return sent
