"""A template file after compilation: one language, rendered for one reader at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

from jinja2 import Template, TemplateNotFound, TemplateSyntaxError, meta, nodes
from jinja2.runtime import Context

from dispatcher.rendering import locales, sandbox
from dispatcher.rendering.context import RenderContext
from dispatcher.rendering.markup_to_text import NotPlainError, replace_markup
from dispatcher.rendering.sandbox import Sandbox, concat

_TAGS = ("{{", "{%", "{#")
_NAMING = (nodes.Name, nodes.Macro, nodes.Import, nodes.FromImport, nodes.Filter)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One template within a file: its source, and the line on which it begins."""

    text: str
    line: int


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
    root: Callable[[Context], Iterator[str]]
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
    new_context: Callable[[dict[str, Any], bool], Context]

    def render(self, values: dict[str, Any], render_context: RenderContext) -> list[str]:
        """Render each fragment of the file. Adds `lang` and `dir` to `values`."""
        render_context.notation = self.notation
        values["lang"] = self.language
        values["dir"] = locales.direction_of(self.language)
        context = self.new_context(values, True)
        written = concat(self.root(context))
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
    trees = {text: environment.parse(_at_its_line(distinct[text]), file, file) for text in distinct}
    body: list[nodes.Node] = []
    sources = []
    for text, tree in trees.items():
        sources.append(_Source.of(tree))
        whole = len(fragments) == 1
        body += tree.body if whole else [_setting(names[text], distinct[text], tree, file)]
    return _compiled(
        environment,
        (file, file, folder),
        body,
        sources,
        tuple(names[each.text] for each in fragments) if len(fragments) > 1 else (),
    )


def compile_block(
    environment: Sandbox, file: str, folder: str, source: str, names: tuple[str, ...]
) -> CompiledTemplate:
    """Compile the first of these blocks that an HTML file has, as text by itself.

    It may use what the file sets, but no layout or partial. Raises TemplateSyntaxError.
    """
    tree = environment.parse(source, file, file)
    blocks = {block.name: block for block in tree.find_all(nodes.Block)}
    block = next((blocks[name] for name in names if name in blocks), None)
    if block is None:
        raise TemplateSyntaxError(f"the block {names[0]} is missing", 1, file, file)
    sets = (nodes.Assign, nodes.AssignBlock, nodes.Macro)
    tree.body = [*(node for node in tree.body if isinstance(node, sets)), *block.body]
    return _compiled(environment, (_as_text(file), file, folder), tree.body, [_Source.of(tree)])


def compile_text(environment: Sandbox, file: str, folder: str, source: str) -> CompiledTemplate:
    """Compile the text of an HTML file: its blocks again, in the text layout, with text partials.

    Compiles the HTML where that cannot be: where there is markup beside paragraphs in the blocks,
    or no layout or partial of the same name in .txt. Raises TemplateSyntaxError.
    """
    tree = environment.parse(source, file, file)
    tags = [(node, _as_text(name)) for node, name in sandbox.referring(tree)]
    try:
        for node, name in tags:
            node.template = nodes.Const(name)
            environment.files.get_source(environment, name)
        layouts = [
            environment.parse(environment.files.get_source(environment, name)[0])
            for node, name in tags
            if isinstance(node, nodes.Extends)
        ]
        shown = {block.name for layout in layouts for block in layout.find_all(nodes.Block)}
        tree.body = [
            node
            for node in tree.body
            if not isinstance(node, nodes.Output)
            and not (isinstance(node, nodes.Block) and node.name not in shown)
        ]
        replace_markup(tree)
        if layouts:
            place = (_as_text(file), file, folder)
            return _compiled(environment, place, tree.body, [_Source.of(tree)])
    except (NotPlainError, TemplateNotFound):
        pass
    html = compile_template(environment, file, folder, (Fragment(source, 1),))
    # A twin that is added later changes this.
    return replace(html, includes=html.includes | {name for _, name in tags})


def _compiled(
    environment: Sandbox,
    place: tuple[str, str, str],
    body: list[nodes.Node],
    sources: list[_Source],
    names: tuple[str, ...] = (),
) -> CompiledTemplate:
    """`place` is the name, whose ending decides about escaping, the file and its locale folder."""
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
    whole = nodes.Template(body, lineno=1)
    whole.set_environment(environment)
    template = Template.from_code(environment, environment.compile(whole, name, file), {})
    return CompiledTemplate(
        file=file,
        is_markup=name.endswith(".html"),
        language=language,
        notation=locales.notation(language),
        root=template.root_render_func,
        names=names,
        reads=frozenset(reads),
        links=frozenset().union(*(each.links for each in sources)),
        routes=frozenset(routes),
        includes=frozenset(includes),
        new_context=template.new_context,
    )


def _as_text(name: str) -> str:
    return name.removesuffix(".html") + ".txt" if name.endswith(".html") else name


def _setting(name: str, fragment: Fragment, tree: nodes.Template, file: str) -> nodes.Node:
    """The tag `set` of a variable to a fragment. It is a scope: what it sets, no other one sees."""
    if block := next(iter(tree.find_all((nodes.Block, nodes.Extends))), None):
        raise TemplateSyntaxError("a text in JSON has no blocks", block.lineno, file)
    variable = nodes.Name(name, "store")
    if any(tag in fragment.text for tag in _TAGS):
        return nodes.AssignBlock(variable, None, tree.body, lineno=fragment.line)
    return nodes.Assign(variable, nodes.Const(fragment.text), lineno=fragment.line)


def _at_its_line(fragment: Fragment) -> str:
    """The source with a comment before it, so that errors have the line numbers of the file."""
    if fragment.line == 1:
        return fragment.text
    return "{#" + "\n" * (fragment.line - 1) + "#}" + fragment.text


@dataclass(frozen=True, slots=True)
class _Source:
    """A parsed template, and what every file that includes it needs to know."""

    #: The files that it includes itself, each with the line of the tag.
    references: tuple[tuple[str, int], ...]
    reads: frozenset[str]
    #: The names that it defines.
    defines: frozenset[str]
    #: The constants in the addresses that it makes.
    links: frozenset[str]
    routes: frozenset[str]

    @classmethod
    def of(cls, tree: nodes.Template) -> Self:
        reads = meta.find_undeclared_variables(tree)
        defines: set[str] = set()
        for node in tree.find_all(_NAMING):
            match node:
                case nodes.Name(ctx="load"):
                    pass
                case nodes.Name(name=name) | nodes.Macro(name=name) | nodes.Import(target=name):
                    defines.add(name)
                case nodes.FromImport(names=names):
                    defines |= {name if isinstance(name, str) else name[1] for name in names}
                case nodes.Filter(name="money"):
                    reads.add("currency")
        return cls(
            tuple(sandbox.references(tree)),
            frozenset(reads),
            frozenset(defines),
            frozenset(sandbox.links(tree)),
            frozenset(route for route, _ in sandbox.routes(tree)),
        )


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
            text, path, _ = environment.files.get_source(environment, name)
        except TemplateNotFound:
            raise TemplateSyntaxError(
                f"there is no file {name}; paths begin at the templates folder", line, file, file
            ) from None
        included = environment.sources.get(path)
        if included is None:
            # Once per environment, because every mail includes the layout.
            included = _Source.of(environment.parse(text, path, path))
            environment.get_template(name)
            environment.sources[path] = included
        yield included
        yield from _included(environment, included, path, (*above, name))


def _kind(file: str) -> str:
    return file.rpartition(".")[2].replace("json", "txt")
