"""Where links lead: routes.toml maps the names of routes to paths, for all tenants or for one.

    order = "/orders/{order_id}"
    refund = ["/orders/{order_id}", "/account/payments"]

    [tenants.shop]
    order = "/my/orders/{order_id}"

In braces stands a field of the payload. Of several paths the first is taken whose fields are there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any, Final, Protocol, Self
from urllib.parse import quote

#: What a value does not have to be quoted for, beside letters, digits and `_.-~`.
_KEPT: Final = "/:@,;"
_PLAIN: Final = re.compile(rf"[A-Za-z0-9_.~{_KEPT}-]*")
ROUTES_FILE: Final = "routes.toml"
_TENANTS: Final = "tenants"


class _File(Protocol):
    def read_text(self, encoding: str) -> str: ...


class RouteError(Exception):
    """A routes.toml is wrong; the text says what is."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path with fields."""

    #: Text and names of fields in turn, beginning and ending with text.
    pieces: tuple[str, ...]

    @classmethod
    def parse(cls, written: object) -> Self:
        """Parse `/orders/{order_id}`. Raises RouteError."""
        if not isinstance(written, str) or not written.startswith("/"):
            raise RouteError(f"a path is a text that begins with /, not {written!r}")
        try:
            parsed = list(Formatter().parse(written))
        except ValueError as error:
            raise RouteError(f"{written} is no path: {error}") from None
        pieces = [""]
        for text, field, spec, conversion in parsed:
            pieces[-1] += text
            if field is not None:
                if not field.isidentifier() or spec or conversion:
                    raise RouteError(f"{written} is no path: a field is a name in braces")
                pieces += [field, ""]
        return cls(tuple(pieces))

    @property
    def fields(self) -> tuple[str, ...]:
        return self.pieces[1::2]

    def filled(self, values: Mapping[str, Any]) -> str | None:
        """The path with these values, quoted (RFC 3986), or None if one is not there."""
        pieces = list(self.pieces)
        for place in range(1, len(pieces), 2):
            value = values.get(pieces[place])
            if value is None or value == "":
                return None
            written = str(value)
            # A ? in an id would begin the query. Slashes are left: an id may be several segments.
            pieces[place] = (
                written if _PLAIN.fullmatch(written) else quote(written, _KEPT, errors="replace")
            )
        return "".join(pieces)


@dataclass(frozen=True, slots=True)
class Routes:
    """The paths of each route, in order of preference: everybody's, and those of single tenants."""

    common: Mapping[str, tuple[Path, ...]]
    tenants: Mapping[str, Mapping[str, tuple[Path, ...]]]

    @classmethod
    def read(cls, files: Iterable[_File]) -> Self:
        """Read these files; a route of a later one comes before that of an earlier one.

        Raises RouteError.
        """
        common: dict[str, tuple[Path, ...]] = {}
        tenants: dict[str, dict[str, tuple[Path, ...]]] = {}
        for file in files:
            try:
                said = tomllib.loads(file.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise RouteError(f"this is not TOML: {error}") from None
            owned = _table(said.pop(_TENANTS, {}), _TENANTS)
            common |= _paths(said)
            for tenant, routes in owned.items():
                named = f"{_TENANTS}.{tenant}"
                tenants.setdefault(tenant, {}).update(_paths(_table(routes, named)))
        for tenant, routes in tenants.items():
            if unknown := routes.keys() - common.keys():
                raise RouteError(
                    f"tenant {tenant} has a route {min(unknown)}, which nobody else has"
                )
        return cls(common, tenants)

    def paths(self, name: str) -> list[tuple[Path, ...]]:
        """The paths of a route: everybody's, and those of each tenant that has others."""
        return [self.common[name], *(own[name] for own in self.tenants.values() if name in own)]

    def path(self, name: str, tenant_id: str, values: Mapping[str, Any]) -> str | None:
        """The path of a known route, or None if a field that it needs is not there."""
        own = self.tenants.get(tenant_id)
        for path in own[name] if own and name in own else self.common[name]:
            filled = path.filled(values)
            if filled is not None:
                return filled
        return None


def _table(written: object, name: str) -> Mapping[str, Any]:
    if not isinstance(written, dict):
        raise RouteError(f"{name} is a table of routes, not {written!r}")
    return written


def _paths(routes: Mapping[str, Any]) -> dict[str, tuple[Path, ...]]:
    if empty := [name for name, written in routes.items() if written == []]:
        raise RouteError(f"the route {empty[0]} has no path")
    return {
        name: tuple(map(Path.parse, written if isinstance(written, list) else [written]))
        for name, written in routes.items()
    }
