"""Tells automatic replies, such as vacation notices (RFC 3834), and answers from bounces.

Mail servers mark bounces as automatic, too, so the sender counts first, then the beginning of the
subject. The rest of a subject may be that of the mail we sent, which may be about a vacation.
"""

from __future__ import annotations

import re
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from typing import Final

#: Senders that are mail servers, by name or address.
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
#: Headers from before RFC 3834 that are still in use.
_MARKS: Final = (
    "x-autoreply", "x-auto-reply", "x-autorespond", "x-autoresponder", "x-autoresponse",
    "x-vacation", "x-mail-autoreply",
)  # fmt: skip
_LONGEST_FIELD: Final = 1000
_NO: Final = frozenset({"", "no", "none", "false", "0"})
_PRECEDENCES: Final = frozenset({"bulk", "junk", "list", "auto_reply"})


def is_automatic(mail: Message) -> bool:
    """Whether a mail is an automatic reply, and not a bounce."""
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
    """Whether a mail is a person's answer, sent to the return path."""
    return not is_of_a_server(mail) and bool(_ANSWER.match(_words(mail, "subject")))


def is_of_a_server(mail: Message) -> bool:
    """Whether a mail server sent it, by sender or subject."""
    return bool(_SERVER.search(_words(mail, "from")) or _GIVEN_BACK.search(_words(mail, "subject")))


def _is_receipt_for_reading(mail: Message) -> bool:
    try:
        return mail.get_param("report-type") == "disposition-notification"
    except (ValueError, LookupError, TypeError, AttributeError):
        # What the standard library raises depends on how the field is broken.
        return False


def _words(mail: Message, name: str) -> str:
    """The beginning of a decoded header field; empty without one."""
    value = str(mail.get(name, ""))[:_LONGEST_FIELD]
    try:
        return str(make_header(decode_header(value)))
    except (MessageError, ValueError, LookupError):
        return value
