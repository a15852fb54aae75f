"""A template file after it was read: one language, rendered for one reader at a time.

A file is parsed and checked when the catalog is loaded. Its code, which takes most of the time, is
made when it is rendered first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Self

from jinja2 import Template, TemplateNotFound, TemplateSyntaxError, nodes

from dispatcher.rendering import locales
from dispatcher.rendering.context import RenderContext
from dispatcher.rendering.markup_to_text import NotPlainError, paragraphs_of
from dispatcher.rendering.sandbox import Sandbox, concat
from dispatcher.rendering.validation import Nodes

_TAGS = ("{{", "{%", "{#")
#: What Jinja sets, in a macro, a loop or a block.
_SET_BY_JINJA: Final = frozenset({"caller", "kwargs", "loop", "self", "super", "varargs"})


@dataclass(frozen=True, slots=True)
class Fragment:
    """One template within a file: its source, and the line on which it begins."""

    text: str
    line: int


class Code:
    """The code of a template, made when it is asked for."""

    def __init__(self, build: Callable[[], Template]) -> None:
        self._build = build

    @cached_property
    def template(self) -> Template:
        """Raises Uncompilable, also for a file that is included."""
        return self._build()


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """What a file has for one part of a message.

    It is a template, or a function of several fragments, of which none sees another's.
    """

    #: Path below the template folder: `order/created/fr/email.html`.
    file: str
    #: Whether it makes HTML.
    is_markup: bool
    language: str
    notation: locales.Notation
    #: Writes the file; or sets a variable to each of its fragments, and writes nothing.
    code: Code
    #: The variable of each fragment; none if the file itself is the template.
    names: tuple[str, ...]
    #: Variables that the file and the files it includes read, whether or not a render gets there.
    reads: frozenset[str]
    #: The constants in the addresses that the file itself makes, such as `/orders/`.
    links: frozenset[str]
    #: The routes that the file and the files it includes use.
    routes: frozenset[str]
    #: The included files, directly or not, as the tags name them: without the language.
    includes: frozenset[str]

    def render(self, values: dict[str, Any], render_context: RenderContext) -> list[str]:
        """Render each fragment of the file. Adds `event`, `lang` and `dir` to `values`."""
        render_context.notation = self.notation
        values["event"] = render_context.events[self.language]
        values["lang"] = self.language
        values["dir"] = locales.direction_of(self.language)
        template = self.code.template
        context = template.new_context(values, True)
        written = concat(template.root_render_func(context))
        return [context.vars[name] for name in self.names] or [written]


def compile_template(
    environment: Sandbox, file: str, folder: str, fragments: tuple[Fragment, ...]
) -> CompiledTemplate:
    """Compile the fragments of `file`, which is in the locale folder `folder`.

    Raises TemplateSyntaxError with file and line for every mistake of the author.
    """
    # Each distinct fragment once: an item and its action often have the same link.
    distinct = {fragment.text: fragment for fragment in fragments}
    # No template can write a name that begins with an underscore.
    names = {text: f"_{number}" for number, text in enumerate(distinct)}
    is_whole = len(fragments) == 1
    sources = [_source_of(environment, file, fragment) for fragment in distinct.values()]
    for source in sources if not is_whole else ():
        if source.blocks:
            line = min(line for _, line in source.blocks)
            raise TemplateSyntaxError("a text in JSON has no blocks", line, file)

    def body() -> list[nodes.Node]:
        trees = {
            text: environment.parsed(file, distinct[text].text, distinct[text].line)
            for text in distinct
        }
        if is_whole:
            return next(iter(trees.values())).body
        return [_setting(names[text], distinct[text], tree) for text, tree in trees.items()]

    return _compiled(
        environment,
        (file, file, folder),
        sources,
        body,
        () if is_whole else tuple(names[each.text] for each in fragments),
    )


def compile_block(
    environment: Sandbox, file: str, folder: str, source: str, names: tuple[str, ...]
) -> CompiledTemplate:
    """Compile the first of these blocks that an HTML file has, as text by itself.

    It may use what the file sets, but no layout or partial. Raises TemplateSyntaxError.
    """

    def body() -> list[nodes.Node]:
        tree = environment.parsed(file, source)
        blocks = {block.name: block for block in tree.find_all(nodes.Block)}
        block = next((blocks[name] for name in names if name in blocks), None)
        if block is None:
            raise TemplateSyntaxError(f"the block {names[0]} is missing", 1, file, file)
        sets = (nodes.Assign, nodes.AssignBlock, nodes.Macro)
        return [*(node for node in tree.body if isinstance(node, sets)), *block.body]

    place = (_as_text(file), file, folder)
    return _compiled(environment, place, [_Source.of(body())], body)


def compile_text(environment: Sandbox, file: str, folder: str, source: str) -> CompiledTemplate:
    """Compile the text of an HTML file: its blocks again, in the text layout, with text partials.

    Compiles the HTML where that cannot be: where there is markup beside paragraphs in the blocks,
    or no layout or partial of the same name in .txt. Raises TemplateSyntaxError.
    """

    def body() -> list[nodes.Node]:
        tree = environment.parse(source, file, file)
        layouts = []
        for tag, name in Nodes(tree.body).references():
            twin = _as_text(name)
            tag.template = nodes.Const(twin)
            shared = _shared_source(environment, twin)
            if isinstance(tag, nodes.Extends):
                layouts.append(shared)
        shown = {name for layout in layouts for name, _ in layout.blocks}
        kept = [
            node
            for node in tree.body
            if not isinstance(node, nodes.Output)
            and not (isinstance(node, nodes.Block) and node.name not in shown)
        ]
        for piece, text in paragraphs_of(kept):
            piece.data = text
        if not layouts:
            raise NotPlainError
        return kept

    place = (_as_text(file), file, folder)
    try:
        return _compiled(environment, place, [_Source.of(body())], body)
    except (NotPlainError, TemplateNotFound):
        html = compile_template(environment, file, folder, (Fragment(source, 1),))
        # A twin that is added later changes this.
        twins = {_as_text(name) for name in html.includes}
        return replace(html, includes=html.includes | twins)


def _compiled(
    environment: Sandbox,
    place: tuple[str, str, str],
    sources: Sequence[_Source],
    body: Callable[[], list[nodes.Node]],
    names: tuple[str, ...] = (),
) -> CompiledTemplate:
    """`place` is the name, whose ending decides about escaping, the file and its locale folder.

    `body` parses the file for its code; it has the `sources`.
    """
    name, file, folder = place
    language = locales.language_of(folder)
    reads: set[str] = set()
    routes: set[str] = set()
    includes: set[str] = set()
    for own in sources:
        everything = (own, *_included(environment, own, name, (name,)))
        reads |= _reads(environment, everything)
        routes.update(*(each.routes for each in everything))
        includes.update(included for each in everything for included, _ in each.references)

    def build() -> Template:
        whole = nodes.Template(body(), lineno=1)
        whole.set_environment(environment)
        code = environment.compile(whole, name, file)
        for included in includes:
            environment.get_template(included)
        return Template.from_code(environment, code, {})

    return CompiledTemplate(
        file=file,
        is_markup=name.endswith(".html"),
        language=language,
        notation=locales.notation(language),
        code=Code(build),
        names=names,
        reads=frozenset(reads),
        links=frozenset().union(*(each.links for each in sources)),
        routes=frozenset(routes),
        includes=frozenset(includes),
    )


def _as_text(name: str) -> str:
    return name.removesuffix(".html") + ".txt" if name.endswith(".html") else name


def _setting(name: str, fragment: Fragment, tree: nodes.Template) -> nodes.Node:
    """The tag `set` of a variable to a fragment. It is a scope: what it sets, no other one sees."""
    variable = nodes.Name(name, "store")
    if any(tag in fragment.text for tag in _TAGS):
        return nodes.AssignBlock(variable, None, tree.body, lineno=fragment.line)
    return nodes.Assign(variable, nodes.Const(fragment.text), lineno=fragment.line)


@dataclass(frozen=True, slots=True)
class _Source:
    """A parsed template, and what every file that includes it needs to know."""

    #: The files that it includes itself, each with the line of the tag.
    references: tuple[tuple[str, int], ...]
    #: The names of its blocks, and of the layouts that it fills, each with the line.
    blocks: tuple[tuple[str, int], ...]
    #: The names that it reads, also those that it defines.
    reads: frozenset[str]
    defines: frozenset[str]
    #: The constants in the addresses that it makes.
    links: frozenset[str]
    routes: frozenset[str]

    @classmethod
    def of(cls, body: Iterable[nodes.Node]) -> Self:
        found = Nodes(body)
        reads: set[str] = set()
        defines: set[str] = set(_SET_BY_JINJA)
        for name in found.of(nodes.Name):
            (reads if name.ctx == "load" else defines).add(name.name)
        if any(each.name == "money" for each in found.of(nodes.Filter)):
            reads.add("currency")
        defines.update(macro.name for macro in found.of(nodes.Macro))
        defines.update(each.target for each in found.of(nodes.Import))
        for each in found.of(nodes.FromImport):
            defines.update(name if isinstance(name, str) else name[1] for name in each.names)
        references = [(name, tag.lineno) for tag, name in found.references()]
        layouts = [
            (name, tag.lineno) for tag, name in found.references() if isinstance(tag, nodes.Extends)
        ]
        return cls(
            references=tuple(references),
            blocks=(*((each.name, each.lineno) for each in found.of(nodes.Block)), *layouts),
            reads=frozenset(reads),
            defines=frozenset(defines),
            links=frozenset(found.links()),
            routes=frozenset(route for route, _ in found.routes()),
        )


def _source_of(environment: Sandbox, file: str, fragment: Fragment) -> _Source:
    """The source of a fragment. Those of message.json are in several channels."""
    key = (file, fragment)
    source: _Source | None = environment.sources.get(key)
    if source is None:
        source = _Source.of(environment.parsed(file, fragment.text, fragment.line).body)
        environment.sources[key] = source
    return source


def _shared_source(environment: Sandbox, name: str) -> _Source:
    """The source of a layout or partial, in the language of the environment."""
    text, path, _ = environment.files.get_source(environment, name)
    return _source_of(environment, path, Fragment(text, 1))


def _reads(environment: Sandbox, sources: Iterable[_Source]) -> set[str]:
    """The variables that a template and all included ones read."""
    read: set[str] = set()
    defined: set[str] = set(environment.globals)
    for each in sources:
        read |= each.reads
        defined |= each.defines
    return read - defined


def _included(
    environment: Sandbox, source: _Source, file: str, above: tuple[str, ...]
) -> Iterator[_Source]:
    """The files that a template includes, directly or not; checks those files on the way."""
    for name, line in source.references:
        if name in above:
            raise TemplateSyntaxError(f"{name} takes itself in", line, file, file)
        if name.rpartition(".")[2] != _kind(file):
            # The kind of file decides about escaping: text included in HTML would not be escaped.
            raise TemplateSyntaxError(
                f"only .{_kind(file)} files may be taken in here, not {name}", line, file, file
            )
        try:
            included = _shared_source(environment, name)
        except TemplateNotFound:
            raise TemplateSyntaxError(
                f"there is no file {name}; paths begin at the templates folder", line, file, file
            ) from None
        yield included
        # The path is the translation's, as an error is to name it.
        path = environment.files.get_source(environment, name)[1]
        yield from _included(environment, included, path, (*above, name))


def _kind(file: str) -> str:
    return file.rpartition(".")[2].replace("json", "txt")
