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

#: A constant string, or the compiled form of a fragment that has something to fill in.
Part = str | Callable[[Context], Iterator[str]]
_TAGS = ("{{", "{%", "{#")
_NAMING = (nodes.Name, nodes.Macro, nodes.Import, nodes.FromImport, nodes.Filter)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One template within a file: its source, and the line on which it begins."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """One file. Its fragments are rendered one by one, so none can reach into another."""

    #: Path below the template folder: `order/created/fr/email.txt`.
    file: str
    language: str
    notation: locales.Notation
    #: Each distinct fragment once.
    parts: tuple[Part, ...]
    #: For each fragment of the file, the index of its part.
    places: tuple[int, ...]
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
        rendered = []
        for part in self.parts:
            if isinstance(part, str):
                rendered.append(part)
                continue
            rendered.append(concat(part(context)))
            if context.vars:
                # A variable that one fragment sets is not visible to the next.
                context.vars.clear()
                context.exported_vars.clear()
        return [rendered[place] for place in self.places]


def compile_template(
    environment: Sandbox, file: str, folder: str, fragments: tuple[Fragment, ...]
) -> CompiledTemplate:
    """Compile the fragments of `file`, which is in the locale folder `folder`.

    Raises TemplateSyntaxError with file and line for every mistake of the author.
    """
    language = locales.language_of(folder)
    parts: list[Part] = []
    reads: set[str] = set()
    includes: set[str] = set()
    template: Template | None = None
    distinct = tuple({fragment.text: fragment for fragment in fragments}.values())
    for fragment in distinct:
        if not any(tag in fragment.text for tag in _TAGS):
            parts.append(fragment.text)
            continue
        tree = environment.parse(_at_its_line(fragment), file, file)
        if len(fragments) > 1 and (
            block := next(iter(tree.find_all((nodes.Block, nodes.Extends))), None)
        ):
            raise TemplateSyntaxError("a text in JSON has no blocks", block.lineno, file)
        own = _Source.of(tree)
        sources = (own, *_included(environment, own, file, (file,)))
        reads |= _reads(environment, sources)
        includes.update(name for each in sources for name, _ in each.references)
        template = Template.from_code(environment, environment.compile(tree, file, file), {})
        parts.append(template.root_render_func)
    if template is None:
        template = Template.from_code(environment, environment.compile("", file, file), {})
    texts = [fragment.text for fragment in distinct]
    return CompiledTemplate(
        file=file,
        language=language,
        notation=locales.notation(language),
        parts=tuple(parts),
        places=tuple(texts.index(fragment.text) for fragment in fragments),
        reads=frozenset(reads),
        includes=frozenset(includes),
        new_context=template.new_context,
    )


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
