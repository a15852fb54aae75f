"""Errors that the schema raises, SQLSTATE PB001 and following; the docstring is the message.

A test compares them with the view `postbell.error_codes`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    import psycopg

#: The class of Postbell's SQLSTATEs.
SQLSTATE_CLASS: Final = "PB"


class PostbellError(Exception):
    """Postbell refused something."""

    #: The SQLSTATE.
    code: ClassVar[str] = "PB000"
    #: As in `postbell.error_codes`, and as the reason in `postbell.rejected_events`.
    name: ClassVar[str] = "unknown_error"
    #: What to do about it. An error of the database has the database's own words.
    hint: str = "Upgrade this package: the schema knows errors that it does not."

    def __init__(self, detail: str = "") -> None:
        """`detail` names what it is about, such as the event."""
        super().__init__(detail)
        self.detail = detail

    @classmethod
    def message(cls) -> str:
        """The docstring, as one sentence."""
        return " ".join(inspect.getdoc(cls).split())  # type: ignore[union-attr]

    def __str__(self) -> str:
        sentence = self.message()
        return f"{sentence.removesuffix('.')}: {self.detail}." if self.detail else sentence


class UnknownEventError(PostbellError):
    """No event of this name is registered."""

    code = "PB001"
    name = "unknown_event"
    hint = "Add the event's template folder and deploy, or call postbell.register_event()."


class InvalidPayloadError(PostbellError):
    """The payload does not have the fields that the event declares."""

    code = "PB002"
    name = "invalid_payload"
    hint = "Compare the payload with the fields in postbell.event_type."


class UnknownRecipientError(PostbellError):
    """Nobody of this id is known to the tenant."""

    code = "PB003"
    name = "unknown_recipient"
    hint = "Create the recipient with postbell.upsert_recipient() first."


class UnknownTenantError(PostbellError):
    """No tenant has this id."""

    code = "PB004"
    name = "unknown_tenant"
    hint = "Insert the tenant into postbell.tenant first."


class InvalidAudienceError(PostbellError):
    """The event does not say whom it is for."""

    code = "PB005"
    name = "invalid_audience"
    hint = 'Use {"recipients": [...]}, {"role": "..."}, {"topic": "..."} or {"everyone": true}.'


class InvalidChannelError(PostbellError):
    """A channel is named that does not exist, or does not apply here."""

    code = "PB006"
    name = "invalid_channel"
    hint = "Channels are the rows of postbell.channel."


class InvalidPriorityError(PostbellError):
    """A priority is named that does not exist."""

    code = "PB007"
    name = "invalid_priority"
    hint = "Priorities are low, normal, high and critical."


class InvalidTimeError(PostbellError):
    """The event's times contradict each other."""

    code = "PB008"
    name = "invalid_time"
    hint = "deliver_at must be finite and earlier than expires_at."


class KeyReusedError(PostbellError):
    """The idempotency key was used before, for something else."""

    code = "PB009"
    name = "key_reused"
    hint = "An idempotency key names one event: use a key that includes the entity."


class ValueTooLongError(PostbellError):
    """An identifier is too long."""

    code = "PB010"
    name = "value_too_long"
    hint = "Identifiers have at most 255 characters."


class UnreadableEventError(PostbellError):
    """PostgreSQL could not read the event's content."""

    code = "PB011"
    name = "unreadable_event"
    hint = "The detail has PostgreSQL's own message; mend the row's content and emit it again."


class InvalidTimeZoneError(PostbellError):
    """This is no time zone that the server knows."""

    code = "PB020"
    name = "invalid_time_zone"
    hint = "Use a name from pg_timezone_names, such as Europe/Paris."


class InvalidQuietHoursError(PostbellError):
    """The quiet hours leave no time at which the person may be reached."""

    code = "PB021"
    name = "invalid_quiet_hours"
    hint = "Leave at least one hour a week in which the person may be reached."


class InvalidArgumentError(PostbellError, ValueError):
    """A function was called with an argument that makes no sense."""

    code = "PB022"
    name = "invalid_argument"
    hint = "The message names the argument."


class RecipientErasedError(PostbellError):
    """The person was erased, and is not made a recipient again by mistake."""

    code = "PB023"
    name = "recipient_erased"
    hint = (
        "The person was erased. If they want to come back:"
        " postbell.upsert_recipient(…, forgive => true)."
    )


class HeldError(PostbellError):
    """A legal hold keeps a person, or what they were told, from being erased."""

    code = "PB024"
    name = "held"
    hint = (
        "A legal hold is on the person, or on what they were told:"
        " select * from postbell.hold, then postbell.release_hold(id)."
    )


class ForeignClusterError(PostbellError):
    """The last events were routed in another cluster: its transaction ids may mean nothing here."""

    code = "PB030"
    name = "foreign_cluster"
    hint = (
        "The database was restored from a dump, or upgraded with pg_upgrade: stop the producers,"
        " then select postbell.reset_router()."
    )


class RouterOvertakenError(PostbellError):
    """Another router has taken the lead meanwhile."""

    code = "PB031"
    name = "router_overtaken"
    hint = "Another router leads; this one must stop."


#: Every error by its SQLSTATE.
BY_CODE: Final[Mapping[str, type[PostbellError]]] = MappingProxyType(
    {error.code: error for error in PostbellError.__subclasses__()}
)
#: Every error by its name, which is also the reason of a rejection.
BY_NAME: Final[Mapping[str, type[PostbellError]]] = MappingProxyType(
    {error.name: error for error in BY_CODE.values()}
)


def of_database(error: psycopg.Error) -> PostbellError | None:
    """The PostbellError that the schema raised; None for an error of PostgreSQL itself."""
    code = error.sqlstate
    if code is None or not code.startswith(SQLSTATE_CLASS):
        return None
    said = error.diag.message_primary or ""
    known = BY_CODE.get(code)
    if known is None:
        # A newer schema of the same contract may have further errors.
        meant = PostbellError(said)
    else:
        meant = known(said.removeprefix(f"{known.name.replace('_', ' ')}: "))
    meant.hint = error.diag.message_hint or meant.hint
    return meant


@contextmanager
def translated() -> Iterator[None]:
    """Raise errors of the schema as PostbellError; others pass unchanged.

    Django and SQLAlchemy wrap the driver's error: then it is the cause of theirs.
    """
    # Imported here: whoever only names an error, as the command line does, needs no driver.
    import psycopg  # noqa: PLC0415

    try:
        yield
    except Exception as error:
        for raised in (error, error.__cause__):
            meant = of_database(raised) if isinstance(raised, psycopg.Error) else None
            if meant is not None:
                raise meant from error
        raise
