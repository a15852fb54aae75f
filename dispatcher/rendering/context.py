"""The context of one render: tenant, recipient (observed), formats and limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jinja2.runtime import Context

from dispatcher.delivery.model import Recipient, Tenant
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.locales import Notation
from dispatcher.rendering.routes import Routes

#: The variable that holds the render context. No template can write a name with an @ in it.
RENDER_CONTEXT: Final = "@render_context"
#: Limit on loop rounds, calls and includes of one render.
STEPS: Final = 10_000
#: Limit on the characters that one render reads in filters, joins and outputs.
CHARACTERS: Final = 1_000_000


class ObservedRecipient:
    """The recipient as a template sees it. Records what was read, to know who may share content.

    `locale` is not recorded, because it is part of every cache key. Reading `time_zone` adds the
    zone to the key. Reading anything else makes the content personal.
    """

    __slots__ = ("_recipient", "_tenant", "is_personal", "reads_zone")

    #: The attributes that a template may read.
    READABLE: Final = frozenset({"id", "locale", "time_zone", "attributes"})

    def __init__(self, recipient: Recipient, tenant: Tenant) -> None:
        self._recipient = recipient
        self._tenant = tenant
        self.is_personal = False
        self.reads_zone = False

    @property
    def id(self) -> str:
        self.is_personal = True
        return self._recipient.id

    @property
    def attributes(self) -> Mapping[str, Any]:
        self.is_personal = True
        return self._recipient.attributes

    @property
    def locale(self) -> str:
        return self._recipient.locale or self._tenant.locale

    @property
    def time_zone(self) -> str:
        self.reads_zone = True
        return self._recipient.time_zone or self._tenant.time_zone


class RenderContext:
    """What the filters and functions of one render share; kept among the template's variables."""

    __slots__ = (
        "characters", "currency", "events", "notation", "recipient", "routes", "steps", "tenant",
    )  # fmt: skip

    #: How the file being rendered writes numbers and dates.
    notation: Notation

    def __init__(
        self,
        tenant: Tenant,
        recipient: ObservedRecipient,
        currency: object,
        routes: Routes,
        events: Mapping[str, EventType],
    ) -> None:
        self.tenant = tenant
        #: The event with its label in the language of a file, by language.
        self.events = events
        self.routes = routes
        self.recipient = recipient
        #: The payload's own currency, if it names one.
        self.currency = currency
        self.steps = STEPS
        self.characters = CHARACTERS

    def step(self, count: int = 1) -> None:
        """Count loop rounds, calls or includes. Raises Unrenderable over the limit."""
        self.steps -= count
        if self.steps < 0:
            raise Unrenderable(f"the template takes more than {STEPS} steps")

    def spend(self, characters: int) -> None:
        """Count characters of text. Raises Unrenderable over the limit."""
        self.characters -= characters
        if self.characters < 0:
            raise Unrenderable(f"the template handles more than {CHARACTERS} characters")


def current_render(context: Context) -> RenderContext:
    """The render context of a running template."""
    render: RenderContext = context.parent[RENDER_CONTEXT]
    return render
