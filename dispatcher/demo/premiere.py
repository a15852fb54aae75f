"""The story told once, and judged: each scene printed when it has come true."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.text import Text

from dispatcher.demo import verdict
from dispatcher.demo.chronicle import Account
from dispatcher.demo.performance import Performance
from dispatcher.demo.postbell_process import OWN_PAGES
from dispatcher.demo.screen import Lines, sums
from dispatcher.demo.story import tell
from dispatcher.demo.story.promise import Scene

#: Seconds without anything new after which what has not arrived is missing.
PATIENCE: Final = 8.0
#: Seconds between looks at the database.
LOOK: Final = 0.2
GLANCE: Final = 0.02
#: Seconds that a scene has at most before the next one begins.
PAUSE: Final = 0.8


async def tell_once(stage: Performance) -> int:
    """The story, once; 0 if it came true."""
    scenes = []
    async for scene in tell(stage.market):
        scenes.append(scene)
        await _settled(stage, scene)
    lines = Lines(stage.console)
    complaints = await _wait_for_the_end(stage, scenes, lines)
    accounts = await stage.chronicle.accounts([scene.moment for scene in scenes])
    complaints += await verdict.missing_words(scenes, stage.sessions, stage.catchers)
    complaints += await verdict.leftovers(scenes, stage.sessions)
    complaints += await asyncio.to_thread(_page_complaints, stage.page_url, accounts)

    stage.console.print()
    stage.console.print(sums(await stage.tally()), soft_wrap=not stage.console.is_terminal)
    if complaints:
        stage.console.print(Text("\nThis is not as it should be:", "bold red"))
        for sentence in complaints:
            stage.console.print(Text(f"  {sentence}"), soft_wrap=True)
        return 1
    arrived = sum(fate.has_arrived for account in accounts for fate in account.fates)
    stage.console.print(
        Text(f"\nEverything that should arrive did, {arrived} of {arrived}; nothing else.", "green")
    )
    return 0


async def _settled(stage: Performance, scene: Scene) -> None:
    """Waits a moment for the scene, so that each event finds an idle daemon, as they mostly do."""
    for _ in range(int(PAUSE / GLANCE)):
        (account,) = await stage.chronicle.accounts([scene.moment])
        if account.is_settled:
            return
        await asyncio.sleep(GLANCE)


async def _wait_for_the_end(stage: Performance, scenes: Sequence[Scene], lines: Lines) -> list[str]:
    """Prints the scenes in their order, each when it has come true. What is broken at the end."""
    loop = asyncio.get_running_loop()
    printed = 0
    last: list[Account] = []
    deadline = loop.time() + PATIENCE
    while True:
        accounts = await stage.chronicle.accounts([scene.moment for scene in scenes])
        complaints = verdict.broken_promises(scenes, accounts)
        is_over = not complaints or loop.time() > deadline
        while printed < len(scenes) and (
            is_over
            or not verdict.broken_promises(scenes[printed : printed + 1], [accounts[printed]])
        ):
            lines.tell(accounts[printed])
            printed += 1
        if is_over:
            return complaints
        if accounts != last:
            deadline = loop.time() + PATIENCE
            last = accounts
        await asyncio.sleep(LOOK)


def _page_complaints(page_url: str, accounts: Sequence[Account]) -> list[str]:
    """A sentence if the page does not show in an inbox what arrived there."""
    arrived = Counter(
        (account.moment.house, fate.recipient_id)
        for account in accounts
        for fate in account.fates
        if fate.channel == "in_app" and fate.has_arrived
    )
    complaints = []
    for (house, person), expected in arrived.items():
        address = f"{page_url}/api/inbox/{house}/{person}"
        with OWN_PAGES.open(address, timeout=5) as answer:
            shown = len(json.load(answer)["items"])
        if shown != expected:
            complaints.append(f"the page shows {shown} items to {person} instead of {expected}")
    return complaints
