"""What a mail server's reply means for the mail being sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from dispatcher.delivery.model import FailureScope, Refused, Retry, Unknown
from dispatcher.inbound.mail_status import FULL_MAILBOX, blame_of
from dispatcher.masking import mask
from dispatcher.providers.base import MISCONFIGURED
from dispatcher.providers.sanitize import sanitize


class SmtpPhase(StrEnum):
    """How far a mail got. Only in the last phase may the server have accepted it."""

    CONNECT = "connecting"
    HELLO = "EHLO"
    STARTTLS = "STARTTLS"
    LOGIN = "AUTH"
    RESET = "RSET"
    MAIL = "MAIL"
    RECIPIENT = "RCPT"
    DATA = "DATA"
    BODY = "sending the mail"
    ACCEPT = "end of mail"


class SmtpCode(IntEnum):
    """Reply codes that are told apart (RFC 5321, 4.2.3)."""

    OK = 250
    FORWARDING = 251
    START_MAIL = 354
    FIRST_TRANSIENT = 400
    CLOSING = 421
    STORAGE_SHORT = 452
    FIRST_PERMANENT = 500
    STORAGE_EXCEEDED = 552
    LAST = 599


#: Authentication is missing or was rejected (RFC 4954, 6).
NOT_AUTHENTICATED = frozenset({530, 534, 535, 538})

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_SETTING_UP = frozenset(
    {SmtpPhase.CONNECT, SmtpPhase.HELLO, SmtpPhase.STARTTLS, SmtpPhase.LOGIN, SmtpPhase.RESET}
)
_ABOUT_RECIPIENT = frozenset({SmtpPhase.RECIPIENT, SmtpPhase.DATA, SmtpPhase.ACCEPT})


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """A reply: three digits, and a text that may begin with an enhanced status code (RFC 2034)."""

    basic: int
    text: str

    @property
    def enhanced(self) -> str | None:
        """Like `5.1.1`, or None."""
        found = _ENHANCED.match(self.text)
        return found[1] if found else None

    @property
    def code(self) -> str:
        """Both codes, as they are recorded: `550 5.1.1`."""
        return f"{self.basic} {self.enhanced}" if self.enhanced else str(self.basic)

    def declined(self, phase: SmtpPhase, *secrets: str) -> Retry | Refused | Unknown:
        """What a negative or unexpected reply means for the mail.

        The enhanced code has precedence: `450 5.1.1` is a bad address, `550 4.7.1` is not.
        `secrets` (passwords, addresses) are removed from the reason, as is anything that looks like
        an address, such as where a mail is forwarded to.
        """
        reason = f"{phase}: {self.basic} {mask(sanitize(self.text, *secrets))}".rstrip()
        if self.basic in NOT_AUTHENTICATED or (
            phase is SmtpPhase.LOGIN and self.basic >= SmtpCode.FIRST_PERMANENT
        ):
            return Retry(MISCONFIGURED + reason, code=self.code, scope=FailureScope.CONFIGURATION)
        # Before the mail was named, so about the client: the mail can be retried.
        if phase in _SETTING_UP or self.basic == SmtpCode.CLOSING:
            return Retry(reason, code=self.code, scope=FailureScope.PROVIDER)
        if not SmtpCode.FIRST_TRANSIENT <= self.basic <= SmtpCode.LAST:
            # Not a valid reply. After the final dot, the outcome is unknown.
            if phase is SmtpPhase.ACCEPT:
                return Unknown(reason, code=self.code)
            return Retry(reason, code=self.code, scope=FailureScope.PROVIDER)
        if self._is_permanent(phase):
            blame = blame_of(self.enhanced) if phase in _ABOUT_RECIPIENT else None
            return Refused(reason, code=self.code, blame=blame)
        return Retry(reason, code=self.code, scope=self._scope(phase))

    def _is_permanent(self, phase: SmtpPhase) -> bool:
        if self.enhanced is not None and self.enhanced[0] in "45":
            return self.enhanced[0] == "5" and self.enhanced != FULL_MAILBOX
        # RFC 5321, 4.5.3.1.10: at RCPT, 552 means full, and counts as 452.
        full = self.basic == SmtpCode.STORAGE_EXCEEDED and phase is SmtpPhase.RECIPIENT
        return self.basic >= SmtpCode.FIRST_PERMANENT and not full

    def _scope(self, phase: SmtpPhase) -> FailureScope:
        """The scope of a transient failure."""
        if self.enhanced is not None:
            # RFC 3463, 3.4: x.3.x is the server itself; other subjects are about this mail.
            return (
                FailureScope.PROVIDER
                if self.enhanced.split(".")[1] == "3"
                else FailureScope.MESSAGE
            )
        # At MAIL the server knows only the sender. 452 is about its storage (RFC 5321, 4.2.3),
        # except at RCPT, where it may be the mailbox's.
        if phase is SmtpPhase.MAIL or (
            self.basic == SmtpCode.STORAGE_SHORT and phase is not SmtpPhase.RECIPIENT
        ):
            return FailureScope.PROVIDER
        return FailureScope.MESSAGE
