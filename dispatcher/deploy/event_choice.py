"""Which events of the template folders are deployed: a choice that the database keeps."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase


def left_out(
    events: Iterable[str], patterns: Collection[str], registered: Collection[str]
) -> list[str]:
    """The keys that no pattern has, where there are patterns.

    What is registered already stays, whoever chose it, so that nothing that is emitted is lost.
    """
    return [
        key
        for key in events
        if patterns
        and key not in registered
        and not any(fnmatchcase(key, pattern) for pattern in patterns)
    ]
