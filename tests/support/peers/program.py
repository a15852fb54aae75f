"""Where a program is that a test needs, or why the test is skipped."""

from __future__ import annotations

import os
import shutil

import pytest


def path_of(*names: str, source: str) -> str:
    """The path of the first of these programs that is there; else skips the test, saying `source`.

    `POSTBELL_TEST_NGINX` and the like name a program that is not on the PATH; /usr/sbin counts as
    on it, where Debian puts servers.
    """
    for name in names:
        variable = "POSTBELL_TEST_" + name.upper().replace("-", "_")
        given = os.environ.get(variable)
        places = os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin"
        if found := shutil.which(given or name, path=places):
            return found
        if given:
            raise FileNotFoundError(f"{variable} names {given}, which is no program")
    pytest.skip(f"{names[0]} is not installed: {source}")
