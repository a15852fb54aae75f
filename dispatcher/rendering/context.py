"""What one render may see and spend: the tenant, the recipient (observed), and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jinja2.runtime import Context

from dispatcher.delivery.model import Recipient, Tenant
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.locales import Notation

#: Its key among a template's variables. No template can write a name with an @ in it.
RENDER_CONTEXT: Final = "@render_context"
#: Loop rounds, calls and includes of one render.
STEPS: Final = 10_000
#: Characters that one render may read through filters, join and put out.
CHARACTERS: Final = 1_000_000


class ObservedRecipient:
    """The recipient as a template sees it; remembers what was read.

    The locale is not recorded: it chooses the template, so it is part of every shared key.
    Reading `time_zone` makes the zone part of the key. Reading anything else is personal.
    """

    __slots__ = ("_recipient", "_tenant", "is_personal", "reads_zone")

    #: What a template may read; the rest is for the renderer.
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
    """Passed to the helpers of one render by way of the template's context."""

    __slots__ = ("characters", "currency", "notation", "recipient", "steps", "tenant")

    #: Numbers and dates of the file being rendered follow it.
    notation: Notation

    def __init__(self, tenant: Tenant, recipient: ObservedRecipient, currency: object) -> None:
        self.tenant = tenant
        self.recipient = recipient
        #: The payload's own currency, if it names one.
        self.currency = currency
        self.steps = STEPS
        self.characters = CHARACTERS

    def step(self, count: int = 1) -> None:
        """Spend loop rounds, calls or includes."""
        self.steps -= count
        if self.steps < 0:
            raise Unrenderable(f"the template takes more than {STEPS} steps")

    def spend(self, characters: int) -> None:
        """Spend text, in characters."""
        self.characters -= characters
        if self.characters < 0:
            raise Unrenderable(f"the template handles more than {CHARACTERS} characters")


def current_render(context: Context) -> RenderContext:
    """The render a template is part of."""
    return cast("RenderContext", context.parent[RENDER_CONTEXT])
