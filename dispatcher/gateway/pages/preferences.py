"""`/preferences`: who chooses what comes to them how; by their session, or by the link in a mail.

Each change is a form: POST makes it and leads back (303) to the page, which tells what was done. So
the page works without scripts; preferences.js spares the reload.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db.connections import Pool
from dispatcher.errors import InvalidQuietHoursError, UnknownRecipientError
from dispatcher.gateway.auth import Authenticator, Identity
from dispatcher.gateway.pages import login
from dispatcher.gateway.pages.flash import Flash
from dispatcher.gateway.pages.page import (
    Localization,
    Page,
    Reader,
    address,
    note,
    read_form,
    reader_of,
    see,
    words,
)
from dispatcher.gateway.pages.preference_forms import (
    ENDS,
    NIGHT,
    Fields,
    Form,
    forms,
    quiet_channels,
)
from dispatcher.gateway.pages.preference_grid import Cell, Grid, Target
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
from dispatcher.gateway.preferences import Scope
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
    """Changes that a form makes, and what is said of them."""

    said: Literal["on", "off", "usual", "lifted", "quiet", "mute", "unmuted", "resumed", "undone"]
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
    def whose(self) -> str:
        # By a link, a hint: mails are forwarded.
        return self.reader.hint if self.is_link else self.reader.address

    @property
    def opened(self) -> list[str]:
        """The categories whose events are shown."""
        return self.request.query_params.getlist("open")

    def address(self, **query: object) -> str:
        """The address of the page with the categories that are open now."""
        return address(self.request.url.path, {"open": self.opened}, **query)

    def toggled(self, category: str) -> str:
        """The address at which the category is open if it is closed now, and the other way."""
        opened = [each for each in self.opened if each != category]
        return self.address(open=[*opened, *([] if category in self.opened else [category])])


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
            return await self._answer(request, chooser)
        except (Unauthorized, UnknownRecipientError):
            return login.refusal(self._page, request)

    async def open_by_link(self, request: Request) -> Response:
        """The page for the recipient of the link, even if the browser has another's session.

        No other site's page knows the address, so a form may come from anywhere.
        """
        token = request.path_params["token"]
        try:
            chooser = await self._authenticator.authenticate_link(request, token)
            response = await self._answer(request, chooser, is_link=True)
        except (Unauthorized, UnknownRecipientError):
            # The authenticator has logged the reason, which is not shown.
            return note(self._page, request, "preferences", "refused", HTTPStatus.NOT_FOUND)
        response.headers.update(_NO_REFERRER)
        return response

    async def _answer(
        self, request: Request, chooser: Identity, *, is_link: bool = False
    ) -> Response:
        reader = await reader_of(self._pool, chooser)
        spoken = Localization.of(reader.locale, request)
        visit = _Visit(request, chooser, reader, is_link, spoken)
        overview = await self._overviews.show_outlook(chooser)
        said = self._sentences(visit, overview)
        if request.method == "GET":
            day = request.query_params.get("day", "")
            shown = forms(overview, said, int(day) if day in set("1234567") else None)
            return self._show(visit, overview, said, shown)
        fields = await read_form(request, _LARGEST)
        if "turn" in fields:
            return await self._turn(visit, Grid(overview, said, ()), _read(Turn, fields["turn"]))
        if "act" in fields:
            return await self._make(visit, _read(Act, fields["act"]))
        return await self._submit(visit, overview, said, fields)

    def _sentences(self, visit: _Visit, overview: PreferenceOverview) -> Sentences:
        return Sentences(visit.spoken, overview, visit.reader.tenant_name, self._labels)

    async def _turn(self, visit: _Visit, grid: Grid, turn: Turn) -> Response:
        """Turns a switch, or asks which of several things is meant."""
        scope = Scope(channel=turn.channel, category=turn.category, event=turn.event)
        cell = grid.cell(scope)
        if cell is None or cell.state is None:
            return see(visit.address())
        if cell.asks and turn.to != "usual":
            asked = {"ask": scope.channel, "category": scope.category, "event": scope.event}
            return see(f"{visit.address(**asked)}#question")
        act = Act(said=turn.to, scope=scope, changes=grid.changes(cell, turn.to))
        return await self._make(visit, act, cell.id)

    async def _submit(
        self, visit: _Visit, overview: PreferenceOverview, said: Sentences, fields: Fields
    ) -> Response:
        """Makes what a form with fields asks for; shows it again where something is wrong."""
        name, _, verb = fields.get("do", [""])[-1].partition("-")
        shown = forms(overview, said)
        if name not in shown:
            return see(visit.address())
        form = shown[name] = type(shown[name]).read(fields)
        change = form.change(said, overview, verb)
        try:
            if change is not None and verb == "foresee":
                effect = await self._changes.foresee(visit.chooser, ChangesBody(changes=[change]))
                form.foreseen = said.say("would", example=said.example(effect))
                return self._show(visit, overview, said, shown)
            if change is not None:
                act = Act(said="quiet" if name == "quiet" else "mute", changes=[change])
                return await self._make(visit, act, name)
        except InvalidQuietHoursError:
            form.errors["ends"] = said.say("error.always_quiet")
        return self._show(visit, overview, said, shown, HTTPStatus.UNPROCESSABLE_ENTITY)

    async def _make(self, visit: _Visit, act: Act, anchor: str = "main") -> Response:
        """Makes changes, and leads back to the page, which tells what was done."""
        made = await self._changes.change(visit.chooser, ChangesBody(changes=act.changes))
        said = self._sentences(visit, made.outlook)
        response = see(f"{visit.address()}#{anchor}")
        lines = [said.difference(each, made.at) for each in made.differences]
        undo = [change.model_dump(mode="json", exclude_defaults=True) for change in made.undo]
        told: dict[str, Any] = {
            "headline": _headline(act, made, said),
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
        shown: dict[str, Form],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        grid = Grid(overview, said, visit.opened)
        asked = _asked(visit.request, grid)
        first = visit.spoken.locale.first_week_day
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
            visit=visit,
            address=visit.address(),
            overview=overview,
            rows=list(grid.rows),
            asked=asked,
            question=grid.question(asked) if asked else None,
            week=[(first + day) % 7 + 1 for day in range(7)],
            windows={each.day: each for each in overview.quiet_hours},
            night=[f"{at:%H:%M}" for at in NIGHT],
            quiet_channels=quiet_channels(overview),
            forms=shown,
            pause=next((mute for mute in overview.mutes if mute.is_everything), None),
            effects=list(said.pause_effects(overview, quiet_channels(overview))),
            mutes=[mute for mute in overview.mutes if not mute.is_everything],
            ends=ENDS,
            told=told,
        )
        if told is not None:
            self._flash.clear(response)
        return response


def _read(model: type[_Value], written: list[str]) -> _Value:
    """A button's value. Raises Problem (422)."""
    try:
        return model.model_validate_json(written[-1], strict=True)
    except ValidationError as error:
        raise invalid("form", error) from None


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


def _headline(act: Act, made: Made, said: Sentences) -> str:
    """What was done, as it holds now."""
    if act.scope is not None and act.scope.channel is not None and act.said != "lifted":
        return _of_switch(act.said, act.scope, Grid(made.outlook, said, ()), said)
    match act.said, act.changes[0]:
        case "quiet", QuietHoursChange() as change:
            return said.quiet_hours(change)
        case "mute", MuteChange() as change:
            return said.mute(change)
        case "unmuted", UnmuteChange() as change:
            return said.say("done.unmuted", what=said.what(change))
        case "lifted", _:
            lifted = [each for each in act.changes if isinstance(each, PreferenceChange)]
            return said.say("done.lifted", what=said.listed(map(said.what, lifted)))
        case done, _:
            return said.say("done.resumed" if done == "resumed" else "done.undone")


def _of_switch(done: str, scope: Scope, grid: Grid, said: Sentences) -> str:
    """A switch that other choices keep off is not called on."""
    cell, named = grid.cell(scope), said.named(scope)
    if done == "on" and cell is not None and cell.state == "mixed":
        return said.say("done.partly", on=cell.on, of=cell.of, **named)
    if done == "on" and cell is not None and cell.state == "false":
        return said.say("done.still_off", why=cell.why, **named)
    return said.say(f"done.{done}", **named)
