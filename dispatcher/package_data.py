"""Where the folders that are not Python are: sql/, templates/, migrations/."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder of that name: inside an installed package, else beside it in a checkout.

    Raises FileNotFoundError where there is neither, which means a broken installation.
    """
    for place in (_PACKAGE / "_files" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"Postbell's folder {name}/ is missing: install the package again.")
