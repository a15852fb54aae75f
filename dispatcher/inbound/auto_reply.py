"""Whether a mail was written by a program for a person, such as a note of absence (RFC 3834).

Servers mark what they give back in the same way, so who sends it counts first, and then how its
subject begins: behind that stands the subject of our mail, which may be about a vacation.
"""

from __future__ import annotations

import re
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from typing import Final

#: Who speaks for a mail server, by name or by address.
_SERVER: Final = re.compile(
    r"mailer?[-_. ]?daemon|mdaemon|post[-_]?master|mail[-_. ]?delivery|delivery[- ](?:sub)?system"
    r"|mail[-_. ]?system|(?:system|mail)[-_. ]?administrator|microsoftexchange",
    re.IGNORECASE,
)
_GIVEN_BACK: Final = re.compile(
    r"undeliver|undelivered|non[- ]?deliver|deliver\w* (?:status|fail|report|problem|error)"
    r"|fail(?:ure|ed)? (?:notice|of delivery|delivery)|mail delivery|returned (?:mail|to sender)"
    r"|returning message|could not be delivered|nondeliverable|unzustellbar|non remis"
    r"|no se puede entregar|mancato recapito",
    re.IGNORECASE,
)
_AWAY: Final = re.compile(
    r"out of (?:the )?office|auto(?:matic|mated)?[-_ ]?(?:reply|response|answer)|vacation|on leave"
    r"|abwesen|automatische antwort|absence|réponse automatique|respuesta automática"
    r"|risposta automatica|fuori (?:sede|ufficio)|resposta automática|automatisch antwoord"
    r"|afwezig|autosvar|frånvar|automaattinen|automatyczna odpowied|автоответ|自動返信|自动回复",
    re.IGNORECASE,
)
_ANSWER: Final = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|rv|rép|odp|ynt|回复|答复)\s*(?:\[\d+\])?\s*[::]", re.IGNORECASE
)
#: What programs wrote before RFC 3834, and what some of them write to this day.
_MARKS: Final = (
    "x-autoreply", "x-auto-reply", "x-autorespond", "x-autoresponder", "x-autoresponse",
    "x-vacation", "x-mail-autoreply",
)  # fmt: skip
_LONGEST_FIELD: Final = 1000
_NO: Final = frozenset({"", "no", "none", "false", "0"})
_PRECEDENCES: Final = frozenset({"bulk", "junk", "list", "auto_reply"})


def is_automatic(mail: Message) -> bool:
    """A program has answered, and no mail server has given anything back."""
    subject = _words(mail, "subject")
    if _SERVER.search(_words(mail, "from")) or _GIVEN_BACK.match(subject.lstrip()):
        return False
    if _AWAY.search(subject):
        return True
    if is_of_a_server(mail):
        return False
    submitted = re.split(r"[;(\s]", _words(mail, "auto-submitted").strip().lower())[0]
    return (
        submitted not in _NO
        or _words(mail, "precedence").strip().lower() in _PRECEDENCES
        or any(_words(mail, mark).strip().lower() not in _NO for mark in _MARKS)
        or _is_receipt_for_reading(mail)
    )


def is_answer(mail: Message) -> bool:
    """A person has written it, to the address that bounces return to."""
    return not is_of_a_server(mail) and bool(_ANSWER.match(_words(mail, "subject")))


def is_of_a_server(mail: Message) -> bool:
    """By who sends it, or by its subject."""
    return bool(_SERVER.search(_words(mail, "from")) or _GIVEN_BACK.search(_words(mail, "subject")))


def _is_receipt_for_reading(mail: Message) -> bool:
    try:
        return mail.get_param("report-type") == "disposition-notification"
    except (ValueError, LookupError, TypeError, AttributeError):
        # What the standard library raises depends on how the field is broken.
        return False


def _words(mail: Message, name: str) -> str:
    """The beginning of a header field as people read it; empty if there is none."""
    value = str(mail.get(name, ""))[:_LONGEST_FIELD]
    try:
        return str(make_header(decode_header(value)))
    except (MessageError, ValueError, LookupError):
        return value
