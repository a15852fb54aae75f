"""A template file after compilation: one language, rendered for one reader at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from jinja2 import Template, TemplateNotFound, TemplateSyntaxError, meta, nodes
from jinja2.runtime import Context

from dispatcher.rendering import locales, sandbox
from dispatcher.rendering.context import RenderContext
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
    """One file: a template, or a function of all its fragments, of which none sees another's."""

    #: Path below the template folder: `order/created/fr/email.txt`.
    file: str
    language: str
    notation: locales.Notation
    #: Writes the file; or sets a variable to each of its fragments, and writes nothing.
    root: Callable[[Context], Iterator[str]]
    #: The variable of each fragment; none if the file itself is the template.
    names: tuple[str, ...]
    #: Variables that the file and the files it includes read, whether or not a render gets there.
    reads: frozenset[str]
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
    language = locales.language_of(folder)
    # Each distinct fragment once: an item and its action often have the same link.
    distinct = {fragment.text: fragment for fragment in fragments}
    # No template can write a name that begins with an underscore.
    names = {text: f"_{number}" for number, text in enumerate(distinct)}
    body: list[nodes.Node] = []
    reads: set[str] = set()
    includes: set[str] = set()
    for text, fragment in distinct.items():
        tree = environment.parse(_at_its_line(fragment), file, file)
        body += tree.body if len(fragments) == 1 else [_setting(names[text], fragment, tree, file)]
        own = _Source.of(tree)
        sources = (own, *_included(environment, own, file, (file,)))
        reads |= _reads(environment, sources)
        includes.update(name for each in sources for name, _ in each.references)
    whole = nodes.Template(body, lineno=1)
    whole.set_environment(environment)
    template = Template.from_code(environment, environment.compile(whole, file, file), {})
    return CompiledTemplate(
        file=file,
        language=language,
        notation=locales.notation(language),
        root=template.root_render_func,
        names=tuple(names[each.text] for each in fragments) if len(fragments) > 1 else (),
        reads=frozenset(reads),
        includes=frozenset(includes),
        new_context=template.new_context,
    )


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
        return cls(tuple(sandbox.references(tree)), frozenset(reads), frozenset(defines))


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
