"""What a status other than success means for the message, where its service says no more."""

from __future__ import annotations

from http import HTTPStatus

from dispatcher.delivery import Fault, Refused, Retry, Unknown
from dispatcher.providers.http import Response, retry_after
from dispatcher.providers.provider import MISCONFIGURED

#: Come back later: the request was turned away unseen, or not now.
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
#: The key, the account or the address is wrong, and so will be that of every other message.
_OURS = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.GONE,
    }
)
_CLASS = 100
_REDIRECTION, _CLIENT_ERROR, _SERVER_ERROR = 3, 4, 5


def declined(answer: Response, reason: str) -> Retry | Refused | Unknown:
    """By the class of the status (RFC 9110, 15); `reason` is told, with the status as its code."""
    status, code = answer.status, str(answer.status)
    if status in _LATER or status // _CLASS == _SERVER_ERROR:
        after = retry_after(answer.headers)
        return Retry(reason, after=after, code=code, fault=Fault.PROVIDER)
    if status in _OURS:
        return Retry(MISCONFIGURED + reason, code=code, fault=Fault.CONFIGURATION)
    if status // _CLASS == _REDIRECTION:
        # Not followed: the message and our credentials would go to whom nobody has named.
        reason = f"{MISCONFIGURED}{reason}: it sends us elsewhere"
        return Retry(reason, code=code, fault=Fault.CONFIGURATION)
    if status // _CLASS == _CLIENT_ERROR:
        return Refused(reason, code=code)
    # A success of some other kind, or no status that there is.
    return Unknown(reason, code=code)
