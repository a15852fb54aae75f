"""Any registered event, by name; and cancelling events."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias, Unpack, overload

from dispatcher.errors import InvalidArgumentError
from postbell.call import Call
from postbell.connection import AnyConnection, AsyncConnection, SyncConnection, execute
from postbell.emit import emit
from postbell.types import Person, Website, WithActor
from postbell.validation import as_json, as_number, as_person, as_text, need, required

#: A person, several, or `{"role": …}`, `{"topic": …}`, `{"everyone": True}`, `{"recipients": […]}`.
Recipients: TypeAlias = Person | Iterable[Person] | Mapping[str, Any]

_AUDIENCE: Final = frozenset({"recipients", "role", "topic", "everyone"})


class NotifyOptions(WithActor, total=False):
    """What notify() takes besides."""

    #: The entity, such as order:42: the thread for mutes and for postbell.cancel().
    subject: str | None
    #: Instead of the event's default channels.
    channels: Iterable[str] | None
    #: Added to the others and past the person's preferences.
    forced_channels: Iterable[str] | None
    #: low, normal, high or critical; else the event's own.
    priority: str | None


class Cancelled(NamedTuple):
    """How many deliveries were taken back, and how many were handed over already."""

    taken_back: int
    handed_over: int


@overload
def notify(
    event: str,
    recipients: Recipients,
    payload: Mapping[str, Any] | None = None,
    *,
    on: AsyncConnection,
    **options: Unpack[NotifyOptions],
) -> Awaitable[int]: ...
@overload
def notify(
    event: str,
    recipients: Recipients,
    payload: Mapping[str, Any] | None = None,
    *,
    on: SyncConnection | None = None,
    **options: Unpack[NotifyOptions],
) -> int: ...
def notify(
    event: str,
    recipients: Recipients,
    payload: Mapping[str, Any] | None = None,
    *,
    on: AnyConnection | None = None,
    **options: Unpack[NotifyOptions],
) -> Any:
    """Any event, to one person, several, or an audience. In the payload an amount is a Decimal or
    a string.
    """
    rest: dict[str, Any] = {**options}
    own = {name: rest.pop(name, None) for name in ("subject", "priority")}
    lists = {name: rest.pop(name, None) for name in ("channels", "forced_channels")}
    return emit(
        "notify",
        on,
        rest,
        None,
        event=need(as_text, event, "event"),
        payload=as_json(dict(payload or {}), "payload"),
        **_addressed(recipients),
        **{name: as_text(value, name) for name, value in own.items()},
        **{name: None if named is None else list(named) for name, named in lists.items()},
    )


@overload
def send_notification(
    user: Person,
    event: str,
    payload: Mapping[str, Any] | None = None,
    website: Website | None = None,
    actor: Person | None = None,
    *,
    on: AsyncConnection,
    savepoint: bool = False,
) -> Awaitable[int]: ...
@overload
def send_notification(
    user: Person,
    event: str,
    payload: Mapping[str, Any] | None = None,
    website: Website | None = None,
    actor: Person | None = None,
    *,
    on: SyncConnection | None = None,
    savepoint: bool = False,
) -> int: ...
def send_notification(
    user: Person,
    event: str,
    payload: Mapping[str, Any] | None = None,
    website: Website | None = None,
    actor: Person | None = None,
    *,
    on: AnyConnection | None = None,
    savepoint: bool = False,
) -> Any:
    """Any event, to one person, as the replaced system's helper has it; see notify().

    Without `website` the tenant is the `website_id` of the payload, or else of the user.
    """
    if website is None and payload is not None:
        website = payload.get("website_id")
    return emit(
        "notify",
        on,
        {"website": website, "actor": actor, "savepoint": savepoint},
        user,
        event=need(as_text, event, "event"),
        recipient=need(as_person, user, "user"),
        payload=as_json(dict(payload or {}), "payload"),
    )


@overload
def cancel(
    event: int | str,
    /,
    *,
    website: Website | None = None,
    on: AsyncConnection,
    savepoint: bool = False,
) -> Awaitable[Cancelled]: ...
@overload
def cancel(
    event: int | str,
    /,
    *,
    website: Website | None = None,
    on: SyncConnection | None = None,
    savepoint: bool = False,
) -> Cancelled: ...
def cancel(
    event: int | str,
    /,
    *,
    website: Website | None = None,
    on: AnyConnection | None = None,
    savepoint: bool = False,
) -> Any:
    """Cancels an event, by the id that its verb returned; or, by a subject such as `order:42`, all
    events about it that were emitted until now. `website` is the subject's, and an id needs none.

    Events that are not routed yet are cancelled too, and not counted.
    """
    about: dict[str, Any]
    if isinstance(event, str):
        about = {
            "subject": need(as_text, event, "event"),
            "tenant_id": as_person(website, "website"),
        }
    elif website is None:
        about = {"outbox_id": need(as_number, event, "event")}
    else:
        raise InvalidArgumentError("website is given with an id, which needs none")
    return execute(Call("cancel", about, Cancelled._make), on, savepoint=savepoint)


def _addressed(recipients: Recipients) -> dict[str, Any]:
    """The arguments `recipient` or `audience` of postbell.notify()."""
    if isinstance(recipients, Mapping) and "id" not in recipients:
        if not _AUDIENCE & recipients.keys():
            raise InvalidArgumentError("recipients names nobody: give ids, a role or a topic")
        return {"audience": as_json(dict(recipients), "recipients")}
    if isinstance(recipients, Iterable) and not isinstance(recipients, str | Mapping):
        people = [need(as_person, each, "recipients") for each in recipients]
        return {"audience": as_json({"recipients": required(people or None, "recipients")}, "")}
    return {"recipient": need(as_person, recipients, "recipients")}
