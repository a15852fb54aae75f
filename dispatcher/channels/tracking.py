"""Whether a mail is opened and its links are followed, written into the finished HTML.

Only where the tenant asks for it and the person has not refused; the text part is left alone. What
such a picture or link can tell, and what not: see `dispatcher.gateway.tracking`.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Final

from dispatcher.delivery.model import Delivery
from dispatcher.inbound.links import DeliveryRef, Links
from dispatcher.rendering.content import PREFERENCES_LINK, UNSUBSCRIBE_LINK

#: The address of a link, as our templates and the CSS inliner write it.
_HREF: Final = re.compile(
    r"""(?P<before><a\s(?:[^<>"']|"[^"]*"|'[^']*')*?\bhref\s*=\s*)(?P<quote>["'])(?P<target>.*?)(?P=quote)""",
    re.IGNORECASE | re.DOTALL,
)
_END_OF_BODY: Final = re.compile(r"</body\s*>", re.IGNORECASE)
#: Filled in when we are done, and nobody's business.
_OUR_OWN: Final = frozenset({UNSUBSCRIBE_LINK, PREFERENCES_LINK})
#: Web servers take no longer address line; what is longer keeps its own.
_LONGEST: Final = 2000


class Tracking:
    """For every provider alike, so that what a receipt says does not depend on who carried it."""

    def __init__(self, links: Links) -> None:
        self._links: Final = links

    def in_html(self, html: str, delivery: Delivery) -> str:
        """The HTML as this delivery's own copy, unchanged if nothing is to be known."""
        named = DeliveryRef(delivery.id, delivery.identity)
        if "clicks" in delivery.tracking:
            html = _HREF.sub(lambda found: self._led_past_us(found, named), html)
        if "opens" in delivery.tracking:
            picture = escape(self._links.opened(named))
            html = _with_picture(
                html, f'<img src="{picture}" width="1" height="1" alt="" style="display:block">'
            )
        return html

    def _led_past_us(self, found: re.Match[str], named: DeliveryRef) -> str:
        target = unescape(found["target"]).strip()
        # Only what leads to the web: not mailto:, and not the way out.
        if not target.lower().startswith(("https://", "http://")) or target in _OUR_OWN:
            return found[0]
        link = self._links.clicked(named, target)
        if len(link) > _LONGEST:
            return found[0]
        return f'{found["before"]}"{escape(link)}"'


def _with_picture(html: str, picture: str) -> str:
    ends = list(_END_OF_BODY.finditer(html))
    end = ends[-1].start() if ends else len(html)
    return html[:end] + picture + html[end:]
