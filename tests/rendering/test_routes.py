"""routes.toml: where links lead."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.errors import CatalogError
from dispatcher.rendering.lint import lint_catalog
from dispatcher.rendering.renderer import Renderer
from tests.support.renderings import SHOP, delivery, email, email_files, event_toml, folder

FIELDS = {"order_id": "id?", "topic": "text?"}
ROUTES = """
order = "/orders/{order_id}"
refund = ["/orders/{order_id}/refund", "/payments"]

[tenants.shop]
order = "/my/orders/{order_id}#top"
"""


def files(text: str, routes: str = ROUTES, fields: dict[str, str] = FIELDS) -> dict[str, str]:
    return {
        **email_files(text=text),
        "thing/happened/event.toml": event_toml("email", fields=fields),
        "thing/happened/sample.json": json.dumps(dict.fromkeys(fields, "x")),
        "routes.toml": routes,
    }


def said(catalog: Catalog, tenant: str = "shop", **payload: Any) -> str:
    wanted = delivery(payload, tenant=replace(SHOP, id=tenant))
    return email(Renderer(catalog).render(wanted)).text.strip()


@pytest.mark.parametrize(
    ("route", "tenant", "payload", "address"),
    [
        ("order", "other", {"order_id": 7}, "https://shop.example/orders/7"),
        ("order", "shop", {"order_id": 7}, "https://shop.example/my/orders/7#top"),
        ("refund", "shop", {"order_id": "A/7 b"}, "https://shop.example/orders/A/7%20b/refund"),
        ("refund", "shop", {}, "https://shop.example/payments"),
        (
            "refund",
            "shop",
            {"order_id": "50% a?b#c&d"},
            "https://shop.example/orders/50%25%20a%3Fb%23c%26d/refund",
        ),
        ("order", "shop", {}, ""),
        ("order", "shop", {"order_id": ""}, ""),
    ],
)
def test_a_route_leads_where_the_map_says(
    tmp_path: Path, route: str, tenant: str, payload: dict[str, Any], address: str
) -> None:
    catalog = Catalog.load([folder(tmp_path, files(f"to {{{{ route('{route}') }}}}"))])

    assert said(catalog, tenant, **payload) == f"to {address}".strip()


def test_a_partial_may_use_a_route(tmp_path: Path) -> None:
    made = files("{% from 'partials/a.txt' import a %}{{ a() }}")
    made["partials/a.txt"] = "{% macro a() %}{{ route('order') }}{% endmacro %}"
    catalog = Catalog.load([folder(tmp_path, made)])

    assert said(catalog, "other", order_id=7) == "https://shop.example/orders/7"
    assert not [each for each in lint_catalog(catalog) if "order_id" in each.message]


def test_a_folder_of_the_application_changes_single_routes(tmp_path: Path) -> None:
    shipped = folder(tmp_path / "shipped", files("{{ route('order') }} {{ route('refund') }}"))
    own = folder(tmp_path / "own", {"routes.toml": 'refund = "/refunds"\n'})
    before, after = Catalog.load([shipped]), Catalog.load([shipped, own])

    assert said(after, "other", order_id=7) == (
        "https://shop.example/orders/7 https://shop.example/refunds"
    )
    assert before.events["thing.happened"].version != after.events["thing.happened"].version


@pytest.mark.parametrize(
    ("text", "routes", "sentence"),
    [
        (
            "\n{{ route('ordre') }}",
            ROUTES,
            "email.txt:2: there is no route 'ordre'; there are order",
        ),
        ("{{ route(topic) }}", ROUTES, "name one route, in quotes"),
        ("{{ route('a', 1) }}", ROUTES, "name one route, in quotes"),
        ("x", "order = ", "routes.toml: this is not TOML"),
        ("x", 'order = "orders"', "a path is a text that begins with /, not 'orders'"),
        ("x", "order = 7", "a path is a text that begins with /, not 7"),
        ("x", 'order = "/{order_id!r}"', "a field is a name in braces"),
        ("x", 'order = "/{}"', "a field is a name in braces"),
        ("x", 'order = "/{a"', "/{a is no path"),
        ("x", '[tenants.shop]\norder = "/a"', "tenant shop has a route order, which nobody"),
        ("x", 'tenants = "shop"', "tenants is a table of routes, not 'shop'"),
        ("x", 'order = "/a"\n[tenants]\nshop = "/b"', "tenants.shop is a table of routes"),
        ("x", "order = []", "the route order has no path"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, text: str, routes: str, sentence: str) -> None:
    with pytest.raises(CatalogError) as caught:
        Catalog.load([folder(tmp_path, files(text, routes))])

    assert sentence in str(caught.value)


def test_a_route_with_a_field_that_the_event_has_not_is_found(tmp_path: Path) -> None:
    catalog = Catalog.load([folder(tmp_path, files("x {{ route('order') }}", fields={}))])

    (finding,) = (each for each in lint_catalog(catalog) if each.severity == "error")

    assert finding.message == "the route order needs order_id, which event.toml does not declare"
    assert finding.file == "thing/happened/email.txt"


def test_one_path_that_the_event_can_fill_is_enough(tmp_path: Path) -> None:
    catalog = Catalog.load([folder(tmp_path, files("{{ route('refund') }}", fields={}))])

    assert lint_catalog(catalog) == []
