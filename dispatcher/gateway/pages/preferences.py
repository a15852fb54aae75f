"""`/preferences`: who chooses what comes to them how; by their session, or by the link in a mail.

Each change is a form: POST makes it and leads back (303) to the page, which tells what was done. So
the page works without scripts; preferences.js spares the reload.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar
from urllib.parse import parse_qs, urlencode

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dispatcher.db.connections import Pool
from dispatcher.errors import InvalidQuietHoursError, UnknownRecipientError
from dispatcher.gateway.auth import Authenticator, Identity
from dispatcher.gateway.operation import read_body
from dispatcher.gateway.pages import login
from dispatcher.gateway.pages.flash import Flash
from dispatcher.gateway.pages.page import Localization, Page, Reader, note, reader_of, words
from dispatcher.gateway.pages.preference_forms import (
    ENDS,
    NIGHT,
    Fields,
    MuteForm,
    PauseForm,
    QuietForm,
    quiet_channels,
)
from dispatcher.gateway.pages.preference_grid import Answer, Cell, Grid, Target
from dispatcher.gateway.pages.preference_sentences import Sentences
from dispatcher.gateway.preference_changes import (
    MOST_CHANGES,
    ChangesApi,
    ChangesBody,
    Made,
    MuteChange,
    PreferenceChange,
    QuietHoursChange,
    UnmuteChange,
)
from dispatcher.gateway.preference_overview import OverviewApi, PreferenceOverview
from dispatcher.gateway.preferences import Mute, QuietDay, Scope
from dispatcher.gateway.problem import Unauthorized, invalid
from dispatcher.inbound.links import PREFERENCES_PATH
from dispatcher.inbound.signing import Signer
from dispatcher.rendering.labels import Labels

#: The address of a link's page authenticates, so that no Referer may contain it.
_NO_REFERRER: Final = MappingProxyType({"Referrer-Policy": "no-referrer"})
#: Bytes of a form: percent-encoding takes three for each byte of the JSON.
_LARGEST: Final = 3 * 16_384
#: Differences that are listed; the example and the count say the rest.
_MOST_LISTED: Final = 20

_Value = TypeVar("_Value", bound=BaseModel)


class Turn(Scope):
    """A press of a switch."""

    to: Target


class Act(ChangesBody):
    """Changes that a button makes, and what is said of them."""

    said: Literal["on", "off", "usual", "lifted", "quiet", "loud", "unmuted", "resumed", "undone"]
    #: The switch that it is about.
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class _Visit:
    """A request of a recipient: by a session, or by the link whose token is in the path."""

    request: Request
    chooser: Identity
    reader: Reader
    is_link: bool
    spoken: Localization

    @property
    def key(self) -> tuple[str, str]:
        """Whose page it is."""
        return (self.chooser.tenant_id, self.chooser.recipient_id)

    @property
    def opened(self) -> list[str]:
        """The categories whose events are shown."""
        return self.request.query_params.getlist("open")

    def address(self, opened: list[str] | None = None, **query: str) -> str:
        """The address of the page, with these categories open; as now, if none are named."""
        pairs = [("open", each) for each in (self.opened if opened is None else opened)]
        written = urlencode([*pairs, *query.items()])
        return self.request.url.path + (f"?{written}" if written else "")


@dataclass(slots=True)
class _Forms:
    """The forms as they are shown; each is what holds unless something was typed."""

    quiet: QuietForm
    pause: PauseForm
    mute: MuteForm
    #: What the change in a form would do, by form.
    foreseen: dict[str, str]


class PreferencesPage:
    """The preference centre. `is_secure`: browsers reach the gateway by https."""

    def __init__(
        self,
        pool: Pool,
        authenticator: Authenticator,
        page: Page,
        labels: Labels,
        signer: Signer,
        overviews: OverviewApi,
        changes: ChangesApi,
        *,
        is_secure: bool,
    ) -> None:
        self._pool: Final = pool
        self._authenticator: Final = authenticator
        self._page: Final = page
        self._labels: Final = labels
        self._overviews: Final = overviews
        self._changes: Final = changes
        self._flash: Final = Flash(signer, PREFERENCES_PATH.rstrip("/"), is_secure=is_secure)

    @property
    def routes(self) -> list[Route]:
        own, by_link = PREFERENCES_PATH.rstrip("/"), PREFERENCES_PATH + "{token}"
        return [
            self._page.route(own, self.open, ["GET", "POST"]),
            self._page.route(by_link, self.open_by_link, ["GET", "POST"]),
        ]

    async def open(self, request: Request) -> Response:
        """The page, for a recipient's session; else a page that explains how to log in."""
        try:
            chooser = await self._authenticator.authenticate(request)
            reader = await reader_of(self._pool, chooser)
        except (Unauthorized, UnknownRecipientError):
            return login.refusal(self._page, request)
        return await self._answer(request, chooser, reader)

    async def open_by_link(self, request: Request) -> Response:
        """The page for the recipient of the link, even if the browser has another's session.

        No other site's page knows the address, so a form may come from anywhere.
        """
        token = request.path_params["token"]
        try:
            chooser = await self._authenticator.authenticate_link(request, token)
            reader = await reader_of(self._pool, chooser)
        except (Unauthorized, UnknownRecipientError):
            # The authenticator has logged the reason, which is not shown.
            return note(self._page, request, "preferences", "refused", HTTPStatus.NOT_FOUND)
        response = await self._answer(request, chooser, reader, is_link=True)
        response.headers.update(_NO_REFERRER)
        return response

    async def _answer(
        self, request: Request, chooser: Identity, reader: Reader, *, is_link: bool = False
    ) -> Response:
        spoken = Localization.of(reader.locale, request)
        visit = _Visit(request, chooser, reader, is_link, spoken)
        if request.method == "POST":
            return await self._take(visit)
        overview = await self._overviews.show_outlook(chooser)
        said = self._sentences(visit, overview)
        day = request.query_params.get("day", "")
        forms = _forms(overview, said, int(day) if day in set("1234567") else None)
        return self._show(visit, overview, said, forms)

    def _sentences(self, visit: _Visit, overview: PreferenceOverview) -> Sentences:
        return Sentences(visit.spoken, overview, visit.reader.tenant_name, self._labels)

    async def _take(self, visit: _Visit) -> Response:
        """Makes what a form asks for, and leads back to the page."""
        form = (await read_body(visit.request, _LARGEST)).decode("utf-8", "replace")
        fields = parse_qs(form, keep_blank_values=True)
        overview = await self._overviews.show_outlook(visit.chooser)
        said = self._sentences(visit, overview)
        if "turn" in fields:
            return await self._turn(visit, overview, said, _read(Turn, fields["turn"][-1]))
        if "act" in fields:
            act = _read(Act, fields["act"][-1])
            made = await self._changes.change(visit.chooser, ChangesBody(changes=act.changes))
            after = self._sentences(visit, made.outlook)
            return self._done(visit, after, made, _headline(act, made, after))
        return await self._submit(visit, overview, said, fields)

    async def _turn(
        self, visit: _Visit, overview: PreferenceOverview, said: Sentences, turn: Turn
    ) -> Response:
        """Turns a switch, or asks which of several things is meant."""
        scope = Scope.model_validate(turn.model_dump(exclude={"to"}))
        grid = Grid(overview, said, visit.opened)
        cell = grid.cell(scope)
        if cell is None or cell.state is None:
            return _onwards(visit.address())
        if cell.asks and turn.to != "usual":
            named = {name: value for name, value in scope.model_dump().items() if value}
            asked = {"ask": named.pop("channel"), **named}
            return _onwards(f"{visit.address(**asked)}#question")
        changes = grid.changes(cell, turn.to)
        made = await self._changes.change(visit.chooser, ChangesBody(changes=changes))
        after = self._sentences(visit, made.outlook)
        act = Act(said=turn.to, scope=scope, changes=changes)
        return self._done(visit, after, made, _headline(act, made, after), cell.id)

    async def _submit(
        self, visit: _Visit, overview: PreferenceOverview, said: Sentences, fields: Fields
    ) -> Response:
        """Makes what a form with fields asks for; shows it again where something is wrong."""
        forms = _forms(overview, said, None)
        asked, _, verb = fields.get("do", [""])[-1].partition("-")
        change: QuietHoursChange | MuteChange | None
        typed: QuietForm | PauseForm | MuteForm
        if asked == "quiet":
            typed = forms.quiet = QuietForm.read(fields)
            change = typed.change(said, is_set=verb != "remove")
        elif asked == "pause":
            typed = forms.pause = PauseForm.read(fields)
            change = typed.change(said, verb or "date")
        elif asked == "mute":
            typed = forms.mute = MuteForm.read(fields)
            change = typed.change(said, overview)
        else:
            return _onwards(visit.address())
        if change is None:
            return self._show(visit, overview, said, forms, HTTPStatus.UNPROCESSABLE_ENTITY)
        body = ChangesBody(changes=[change])
        try:
            if verb == "foresee":
                effect = await self._changes.foresee(visit.chooser, body)
                forms.foreseen[asked] = said.say("would", example=said.example(effect))
                return self._show(visit, overview, said, forms)
            made = await self._changes.change(visit.chooser, body)
        except InvalidQuietHoursError:
            typed.errors["ends"] = said.say("error.always_quiet")
            return self._show(visit, overview, said, forms, HTTPStatus.UNPROCESSABLE_ENTITY)
        return self._done(visit, said, made, _of_form(change, said), asked)

    def _done(
        self, visit: _Visit, said: Sentences, made: Made, headline: str, anchor: str = "main"
    ) -> Response:
        """Leads back to the page, which tells what was done."""
        response = _onwards(f"{visit.address()}#{anchor}")
        lines = [said.difference(each, made.at) for each in made.differences]
        undo = [change.model_dump(mode="json", exclude_defaults=True) for change in made.undo]
        told: dict[str, Any] = {
            "headline": headline,
            "example": said.example(made),
            "count": len(lines),
            "lines": lines[:_MOST_LISTED] if len(lines) > 1 else [],
            "undo": undo if len(undo) <= MOST_CHANGES else [],
        }
        self._flash.set(response, visit.key, told, "lines", "undo")
        return response

    def _show(
        self,
        visit: _Visit,
        overview: PreferenceOverview,
        said: Sentences,
        forms: _Forms,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        grid = Grid(overview, said, visit.opened)
        asked = _asked(visit.request, grid)
        first = visit.spoken.locale.first_week_day
        mutes = [mute for mute in overview.mutes if not _is_everything(mute)]
        told = self._flash.read(visit.request, visit.key)
        response = self._page.render(
            "preferences.html",
            lang=visit.spoken.lang,
            direction=visit.spoken.direction,
            color=visit.reader.color,
            status=status,
            said=words("preferences", visit.spoken.lang),
            sentences=said,
            name=visit.reader.tenant_name,
            # By a link, a hint: mails are forwarded.
            whose=visit.reader.hint if visit.is_link else visit.reader.address,
            is_link=visit.is_link,
            address=visit.address(),
            toggled={each.category: _toggled(visit, each.category) for each in overview.categories},
            overview=overview,
            rows=list(grid.rows),
            question=_question(grid, asked) if asked else None,
            asked=asked,
            week=[_of_week(visit, overview, (first + day) % 7 + 1) for day in range(7)],
            minute=_minute_of_week(said),
            quiet_channels=quiet_channels(overview),
            forms=forms,
            pause=next(filter(_is_everything, overview.mutes), None),
            resume=Act(said="resumed", changes=[UnmuteChange(kind="unmute")]),
            paused=_paused(overview, said),
            forced=_forced(overview, said),
            mutes=[(mute, said.what(mute), _unmute(mute)) for mute in mutes],
            lift=_lift,
            ends=ENDS,
            told=told,
            undo=Act.model_validate({"said": "undone", "changes": told["undo"]})
            if told and told["undo"]
            else None,
        )
        if told is not None:
            self._flash.clear(response)
        return response


def _read(model: type[_Value], written: str) -> _Value:
    """A button's value. Raises Problem (422)."""
    try:
        return model.model_validate_json(written, strict=True)
    except ValidationError as error:
        raise invalid("form", error) from None


def _onwards(to: str) -> Response:
    return RedirectResponse(to, HTTPStatus.SEE_OTHER)


def _toggled(visit: _Visit, category: str) -> str:
    """The address at which a category is open if it is closed now, or closed if it is open."""
    opened = [each for each in visit.opened if each != category]
    return visit.address([*opened, *([] if category in visit.opened else [category])])


def _forms(overview: PreferenceOverview, said: Sentences, day: int | None) -> _Forms:
    return _Forms(QuietForm.of(overview, day), PauseForm.of(said), MuteForm.of(said), {})


def _asked(request: Request, grid: Grid) -> Cell | None:
    """The switch that the address asks about, if a press of it may mean several things."""
    query = request.query_params
    try:
        scope = Scope(
            channel=query.get("ask"),  # type: ignore[arg-type] # Scope checks it
            category=query.get("category"),
            event=query.get("event"),
        )
    except ValidationError:
        return None
    cell = grid.cell(scope)
    return cell if cell is not None and cell.state is not None and cell.asks else None


def _question(grid: Grid, cell: Cell) -> tuple[str, list[tuple[Answer, Act]]]:
    question, answers = grid.question(cell)
    return question, [
        (each, Act(said=each.said, scope=cell.scope, changes=each.changes)) for each in answers
    ]


def _headline(act: Act, made: Made, said: Sentences) -> str:
    """What was done, as it holds now."""
    match act.said, act.changes[0]:
        case "quiet" | "loud", QuietHoursChange() as change:
            return _of_quiet_hours(change, said)
        case "unmuted", UnmuteChange() as change:
            return said.say("done.unmuted", what=said.what(change))
        case "lifted", _:
            lifted = [each for each in act.changes if isinstance(each, PreferenceChange)]
            return said.say("done.lifted", what=said.listed(map(said.what, lifted)))
        case _ if act.scope is not None and act.scope.channel is not None:
            return _of_switch(act.said, act.scope, Grid(made.outlook, said, ()), said)
        case _:
            return said.say("done.resumed" if act.said == "resumed" else "done.undone")


def _of_switch(done: str, scope: Scope, grid: Grid, said: Sentences) -> str:
    """A switch that other choices keep off is not called on."""
    cell = grid.cell(scope)
    named = said.named(scope)
    if done == "on" and cell is not None and cell.state == "mixed":
        return said.say("done.partly", on=cell.on, of=cell.of, **named)
    if done == "on" and cell is not None and cell.state == "false":
        return said.say("done.still_off", why=cell.why, **named)
    return said.say(f"done.{done}", **named)


def _of_quiet_hours(change: QuietHoursChange, said: Sentences) -> str:
    days = said.days(change.days)
    if change.starts is None or change.ends is None:
        return said.say("done.loud", days=days)
    return said.say("done.quiet", days=days, span=said.span(change.starts, change.ends))


def _of_form(change: QuietHoursChange | MuteChange, said: Sentences) -> str:
    if isinstance(change, QuietHoursChange):
        return _of_quiet_hours(change, said)
    what = said.what(change)
    if change.until is None:
        return said.say("done.muted_for_good", what=what)
    is_pause = not (change.category or change.event)
    at = said.moment(change.until)
    return said.say("done.paused" if is_pause else "done.muted", at=at, what=what)


def _is_everything(mute: Mute) -> bool:
    return not (mute.category or mute.event or mute.subject)


def _unmute(mute: Mute) -> Act:
    named = mute.model_dump(include={"category", "event", "subject"})
    return Act(said="unmuted", changes=[UnmuteChange(kind="unmute", **named)])


def _lift(scope: Scope) -> Act:
    change = PreferenceChange(kind="preference", enabled=None, **scope.model_dump())
    return Act(said="lifted", changes=[change])


def _paused(overview: PreferenceOverview, said: Sentences) -> list[tuple[str, str]]:
    """What a pause does, and the channels to which it does that."""
    reached = [reach.channel for reach in overview.channels if not reach.obstacle]
    held = quiet_channels(overview)
    effects = {
        "kept": [channel for channel in reached if channel not in held],
        "dropped": [channel for channel in reached if channel in held],
    }
    return [(name, said.listed(map(said.channel, each))) for name, each in effects.items() if each]


def _forced(overview: PreferenceOverview, said: Sentences) -> str | None:
    """What comes whatever is chosen: `Order paid (E-mail)`."""
    events = [event for group in overview.categories for event in group.events]
    forced = [
        (event, channels)
        for event in events
        if (channels := [said.channel(way.channel) for way in event.channels if way.is_forced])
    ]
    return said.listed(
        f"{said.label(event.event)} ({', '.join(channels)})" for event, channels in forced
    ) if forced else None  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Day:
    """A day of the week, its window in minutes since midnight, and what its button does."""

    day: int
    #: Where its form is.
    address: str
    #: None: no quiet hours.
    window: QuietDay | None
    start: int
    #: Later than 24 hours, where it ends on the next day.
    end: int
    act: Act


def _of_week(visit: _Visit, overview: PreferenceOverview, day: int) -> _Day:
    address = visit.address(day=str(day))
    window = next((each for each in overview.quiet_hours if each.day == day), None)
    if window is not None:
        change = QuietHoursChange(
            kind="quiet_hours", days=[day], starts=None, ends=None, channels=[]
        )
        start, end = (at.hour * 60 + at.minute for at in (window.starts, window.ends))
        if end <= start:
            end += 24 * 60
        return _Day(day, address, window, start, end, Act(said="loud", changes=[change]))
    usual = next(iter(overview.quiet_hours), None)
    change = QuietHoursChange.model_validate(
        {
            "kind": "quiet_hours",
            "days": [day],
            "starts": NIGHT[0],
            "ends": NIGHT[1],
            "time_zone": usual.time_zone if usual else None,
            "channels": usual.channels if usual else quiet_channels(overview),
        }
    )
    return _Day(day, address, None, 0, 0, Act(said="quiet", changes=[change]))


def _minute_of_week(said: Sentences) -> tuple[int, int]:
    """The day and the minute that it is now, by the person's clock."""
    now = said.now.astimezone(said.zone)
    return now.isoweekday(), now.hour * 60 + now.minute
