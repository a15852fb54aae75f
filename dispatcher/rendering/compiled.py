"""A template file, compiled: in one language, to be written for one reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from jinja2 import Template, TemplateNotFound, TemplateSyntaxError, meta, nodes
from jinja2.runtime import Context

from dispatcher.rendering import locales, sandbox
from dispatcher.rendering.context import RenderContext
from dispatcher.rendering.sandbox import Sandbox, concat

#: A text as it stands, or the compiled form of one that has something to fill in.
Part = str | Callable[[Context], Iterator[str]]
_TAGS = ("{{", "{%", "{#")
_NAMING = (nodes.Name, nodes.Macro, nodes.Import, nodes.FromImport, nodes.Filter)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One text of a file, as its author wrote it, and the line it stands on."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """One file. Its parts are rendered one by one, so none can reach into another."""

    #: Path in the tree: `order/created/fr/email.txt`.
    file: str
    language: str
    notation: locales.Notation
    #: Each different part once, and where in the result it goes.
    parts: tuple[Part, ...]
    places: tuple[int, ...]
    #: The variables that it and the files it takes in read, whether or not a render gets there.
    reads: frozenset[str]
    #: The files it takes in, as it and they name them: whatever their language.
    includes: frozenset[str]
    new_context: Callable[[dict[str, Any], bool], Context]

    def write(self, values: dict[str, Any], render_context: RenderContext) -> list[str]:
        """The parts, rendered."""
        render_context.notation = self.notation
        values["lang"] = self.language
        values["dir"] = locales.direction_of(self.language)
        context = self.new_context(values, True)
        written = []
        for part in self.parts:
            if isinstance(part, str):
                written.append(part)
                continue
            written.append(concat(part(context)))
            if context.vars:
                # What one part sets is not for the next.
                context.vars.clear()
                context.exported_vars.clear()
        return [written[place] for place in self.places]


def compile_template(
    environment: Sandbox, file: str, folder: str, fragments: tuple[Fragment, ...]
) -> CompiledTemplate:
    """Raises TemplateSyntaxError, with its line and file, for whatever is wrong with it."""
    language = locales.language_of(folder)
    parts: list[Part] = []
    reads: set[str] = set()
    includes: set[str] = set()
    template: Template | None = None
    different = tuple({fragment.text: fragment for fragment in fragments}.values())
    for fragment in different:
        if not any(tag in fragment.text for tag in _TAGS):
            parts.append(fragment.text)
            continue
        # The comment keeps the line numbers of the file in the compiled fragment.
        source = (
            "{#" + "\n" * (fragment.line - 1) + "#}" + fragment.text
            if fragment.line > 1
            else fragment.text
        )
        tree = environment.parse(source, file, file)
        if len(fragments) > 1 and (
            block := next(iter(tree.find_all((nodes.Block, nodes.Extends))), None)
        ):
            raise TemplateSyntaxError("a text in JSON has no blocks", block.lineno, file)
        own = _Source.of(tree)
        sources = (own, *_taken_in(environment, own, file, (file,)))
        reads |= _reads(environment, sources)
        includes.update(name for each in sources for name, _ in each.references)
        template = Template.from_code(environment, environment.compile(tree, file, file), {})
        parts.append(template.root_render_func)
    if template is None:
        template = Template.from_code(environment, environment.compile("", file, file), {})
    return CompiledTemplate(
        file=file,
        language=language,
        notation=locales.notation(language),
        parts=tuple(parts),
        places=tuple(
            [fragment.text for fragment in different].index(fragment.text) for fragment in fragments
        ),
        reads=frozenset(reads),
        includes=frozenset(includes),
        new_context=template.new_context,
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """A parsed template, and what is asked of it wherever it is taken in."""

    #: The files that it takes in itself, each with the line that says so.
    references: tuple[tuple[str, int], ...]
    reads: frozenset[str]
    #: The names that it makes.
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
    """The variables read by a template and all it takes in."""
    read: set[str] = set()
    given: set[str] = set(environment.globals)
    for each in sources:
        read |= each.reads
        given |= each.defines
    return read - given


def _taken_in(
    environment: Sandbox, source: _Source, file: str, above: tuple[str, ...]
) -> Iterator[_Source]:
    """What a template takes in, and what that does; checks those files on the way."""
    for name, line in source.references:
        if name in above:
            raise TemplateSyntaxError(f"{name} takes itself in", line, file, file)
        if name.rpartition(".")[2] != _kind(file):
            # Escaping goes by the kind of file: text taken into HTML would not be escaped.
            raise TemplateSyntaxError(
                f"only .{_kind(file)} files may be taken in here, not {name}", line, file, file
            )
        try:
            text, path, _ = environment.files.get_source(environment, name)
        except TemplateNotFound:
            raise TemplateSyntaxError(
                f"there is no file {name}; paths begin at the templates folder", line, file, file
            ) from None
        taken = environment.sources.get(path)
        if taken is None:
            # Once: a layout is in every mail.
            taken = _Source.of(environment.parse(text, path, path))
            environment.get_template(name)
            environment.sources[path] = taken
        yield taken
        yield from _taken_in(environment, taken, path, (*above, name))


def _kind(file: str) -> str:
    return file.rpartition(".")[2].replace("json", "txt")
