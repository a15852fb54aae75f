"""The former place of the package `postbell`; it goes with the next minor release."""

from __future__ import annotations

import warnings

import postbell
from postbell import *  # noqa: F403 - all of it

__all__ = postbell.__all__

warnings.warn(
    "dispatcher.verbs is called postbell now: from postbell import …",
    DeprecationWarning,
    stacklevel=2,
)
