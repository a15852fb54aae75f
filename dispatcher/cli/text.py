"""postbell text"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dispatcher.cli import options
from dispatcher.cli.connection import Connection, connected
from dispatcher.cli.errors import CommandError
from dispatcher.cli.output import echo, echo_json, echo_table, echo_verbatim
from dispatcher.cli.suggestions import nearest, require_tenant

if TYPE_CHECKING:
    from dispatcher.db.texts import TextVersion

group = typer.Typer(
    help="Texts in the database that take the place of template files.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Path = Annotated[
    str, typer.Argument(help="Of a template, such as order/paid/fr/email.txt.", metavar="PATH")
]
_Owner = Annotated[
    str | None,
    typer.Option("--tenant", help="A website's own; everybody's if not given.", metavar="ID"),
]

_COLUMNS: Final = ("path", "tenant", "version", "since", "by", "note", "fault")


@group.command("set")
def set_(
    path: Annotated[
        str | None,
        typer.Argument(help="Of a template, such as order/paid/fr/email.txt.", metavar="PATH"),
    ] = None,
    file: Annotated[
        str | None, typer.Argument(help="What it is to say; - is standard input.", metavar="FILE")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Instead: all files in it, each at its own path."),
    ] = None,
    tenant: _Owner = None,
    note: Annotated[
        str | None, typer.Option(help="Why, for whoever reads the history.", metavar="TEXT")
    ] = None,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Have texts take the place of template files.

    First the samples of all that they touch are rendered with them: if one cannot be, nothing is
    written. Dispatchers follow within seconds.
    """
    from dispatcher.db import texts

    contents = _contents(path, file, folder)
    with _checked(tenant, is_embedded=embedded) as connection:
        versions = {
            name: texts.set_text(connection, name, content, tenant, note)
            for name, content in contents.items()
        }
    _answer(versions, tenant, json=json)


@group.command()
def rollback(
    path: _Path,
    to: Annotated[
        int | None,
        typer.Option(help="Which; 0 is the file; the one before if not given.", metavar="VERSION"),
    ] = None,
    tenant: _Owner = None,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Go back to an earlier version of a text, or to the file. It is checked as a new one is."""
    from dispatcher.db import texts

    with _checked(tenant, is_embedded=embedded) as connection:
        if not texts.text_versions(connection, path, tenant):
            near = nearest(path, [row.path for row in texts.texts_in_use(connection, tenant)])
            raise CommandError(f"There is no text {path} of {_owner(tenant)}.", hint=near)
        version = texts.roll_back_text(connection, path, tenant, to)
    _answer({path: version}, tenant, json=json)


@group.command("list")
def list_(
    tenant: Annotated[str | None, typer.Option(help="Only a website's own.", metavar="ID")] = None,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """List the texts in use, with what dispatchers found wrong with them."""
    from dispatcher.db import texts

    with connected(is_embedded=embedded) as connection:
        if tenant is not None:
            require_tenant(connection, tenant)
        rows = texts.texts_in_use(connection, tenant)
    if json:
        echo_json([row._asdict() for row in rows])
        return
    if not rows:
        echo("There are no texts: the files are used.")
        return
    echo_table(
        _COLUMNS,
        (
            (
                row.path, row.tenant_id or "everybody", row.version, row.created_at,
                row.created_by, row.note,
                row.fault and f"{row.fault} ({row.instead} is used)",
            )
            for row in rows
        ),
    )  # fmt: skip


@group.command()
def show(
    path: _Path,
    tenant: _Owner = None,
    version: Annotated[
        int | None, typer.Option(help="An earlier one; 0 is the file.", metavar="VERSION")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Which versions there are, newest first.")
    ] = False,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Show what stands at a path: the tenant's text, else everybody's, else the file."""
    from dispatcher.db import texts
    from dispatcher.rendering.loader import TemplateFiles
    from dispatcher.rendering.overrides import TemplateOverrides
    from dispatcher.settings import Settings

    settings = Settings.load()
    with connected(settings, is_embedded=embedded) as connection:
        if tenant is not None:
            require_tenant(connection, tenant)
        rows = texts.text_versions(connection, path, tenant)
        overrides = texts.texts_of(connection, tenant)
    newest = TemplateOverrides(overrides).best(path)
    if history:
        _answer_history(rows, json=json)
        return
    content = newest.content if newest else None
    if version is not None:
        content = _version(rows, path, version)
    if content is None:
        files = TemplateFiles.of(settings.template_folders).files
        if path not in files:
            near = nearest(path, [*files, *(override.path for override in overrides)])
            raise CommandError(f"Nothing stands at {path}: neither a text nor a file.", hint=near)
        content = files[path].read_text(encoding="utf-8")
    if json:
        echo_json({"path": path, "content": content})
    else:
        echo_verbatim(content.removesuffix("\n"))


def _version(rows: list[TextVersion], path: str, version: int) -> str | None:
    if version == 0:
        return None
    for row in rows:
        if row.version == version:
            return row.content
    raise CommandError(f"{path} has no version {version}; it has 0, the file, to {len(rows)}.")


def _contents(path: str | None, file: str | None, folder: Path | None) -> dict[str, str]:
    """The contents to set, by template path. Raises CommandError or typer.BadParameter."""
    from dispatcher.rendering.loader import TemplateFiles

    if folder is None and path is not None and file is not None:
        return {path: sys.stdin.read() if file == "-" else options.read_text(file)}
    if folder is None or path is not None:
        raise typer.BadParameter("name a PATH and a FILE, or a --folder.")
    files = sorted(TemplateFiles.of([folder]).files)
    if not files:
        raise CommandError(f"There is no file in {folder}.")
    return {name: options.read_text(folder / name) for name in files}


@contextmanager
def _checked(tenant: str | None, *, is_embedded: bool) -> Iterator[Connection]:
    """A transaction that commits only if the overrides set in it can be used.

    Otherwise raises CommandError, and nothing changes.
    """
    from dispatcher.db import texts
    from dispatcher.rendering.catalog import Catalog
    from dispatcher.rendering.overrides import TemplateOverrides
    from dispatcher.rendering.template_set import TemplateSet
    from dispatcher.settings import Settings

    settings = Settings.load()
    catalog = Catalog.load(settings.template_folders)
    with (
        connected(settings, is_embedded=is_embedded) as connection,
        connection.transaction(),
    ):
        before = TemplateOverrides(texts.texts_of(connection, tenant))
        yield connection
        events = [row.event_type for row in texts.event_types(connection)]
        template_set = TemplateSet(
            catalog, TemplateOverrides(texts.texts_of(connection, tenant)), events
        )
        if template_set.faults:
            known = {fault.override.id for fault in TemplateSet(catalog, before, events).faults}
            news = [fault for fault in template_set.faults if fault.override.id not in known]
            if news:
                raise CommandError(
                    "\n".join(f"{fault.override.path}: {fault.sentence}" for fault in news)
                    + "\nNothing has changed.",
                    hint=nearest(news[0].override.path, catalog.sources.files),
                )


def _answer(versions: dict[str, int], tenant: str | None, *, json: bool) -> None:
    if json:
        echo_json([{"path": path, "version": number} for path, number in versions.items()])
        return
    for path, number in versions.items():
        echo(f"{path} is version {number} now, for {_owner(tenant)}.")


def _owner(tenant: str | None) -> str:
    return f"tenant {tenant}" if tenant else "everybody"


def _answer_history(rows: list[TextVersion], *, json: bool) -> None:
    if json:
        echo_json([row._asdict() for row in rows])
        return
    echo_table(
        ("version", "since", "by", "note", "characters"),
        (
            (row.version, row.created_at, row.created_by, row.note,
             "taken back" if row.content is None else len(row.content))
            for row in rows
        ),
    )  # fmt: skip
