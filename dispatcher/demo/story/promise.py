"""What a scene of the story promises: who is told, on which channel, in which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.demo.cast import HOUSES, Person
from dispatcher.demo.chronicle import Fate
from dispatcher.demo.market.ledger import Diary, Moment


@dataclass(frozen=True, slots=True)
class Promise:
    """One channel of one person and what must come of it; or with neither, an event's own end.

    `words` must all be found in what arrived: in an inbox item's title and body, in both parts of
    a mail, in a text, in a push. Spaces of any width count as one.
    """

    recipient_id: str | None
    channel: str | None
    state: str
    #: None where any will do; the beginning is enough.
    reason: str | None = None
    words: tuple[str, ...] = ()
    #: Where a moment has several events; None for the only one.
    event: str | None = None

    def is_about(self, fate: Fate) -> bool:
        """Whether it is the same person's, on the same channel."""
        return (fate.recipient_id, fate.channel) == (self.recipient_id, self.channel) and (
            self.event in (None, fate.event)
        )

    def is_kept_by(self, fate: Fate) -> bool:
        """Whether state and reason are as promised; the words are for who has read them."""
        return self.state == fate.state and (
            self.reason is None or (fate.reason or "").startswith(self.reason)
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """A moment of the story: exactly these promises, no delivery more."""

    moment: Moment
    promises: Sequence[Promise]


def scene(diary: Diary, *promises: Sequence[Promise]) -> Scene:
    """The last moment, and what it promises."""
    return Scene(diary.moments[-1], [one for group in promises for one in group])


def told(
    person: Person, channels: str, *words: str, mail: str = "", event: str | None = None
) -> list[Promise]:
    """Each of the channels brings it, in these words; a mail says a little more.

    A push reaches whoever has a phone, in a house that pushes.
    """
    return [_told(person, channel, words, mail, event) for channel in channels.split()]


def _told(
    person: Person, channel: str, words: tuple[str, ...], mail: str, event: str | None
) -> Promise:
    match channel:
        case "in_app":
            return Promise(person.id, channel, "delivered", "wanted", words, event)
        case "email":
            return Promise(person.id, channel, "sent", "wanted", (*words, mail), event)
        case "push" if not _pushes(person.house):
            return Promise(person.id, channel, "skipped", "channel_disabled", (), event)
        case "push" if person.phone is None:
            return Promise(person.id, channel, "skipped", "no_address", (), event)
        case _:
            return Promise(person.id, channel, "sent", "wanted", words, event)


def not_told(person: Person, channels: str, reason: str) -> list[Promise]:
    return [Promise(person.id, channel, "skipped", reason) for channel in channels.split()]


def taken_back(person: Person) -> list[Promise]:
    """The event itself, before its only recipient was told."""
    return [Promise(person.id, None, "cancelled", "cancelled")]


def _pushes(house: str) -> bool:
    return not any("push" in each.disabled_channels for each in HOUSES if each.id == house)
