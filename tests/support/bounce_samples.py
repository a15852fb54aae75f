"""Mails that come back in the forms of many servers, and what each of them says.

The forms are those of real servers; the mails are made up. `{to}` is the address that they came
to, and `{id}` the Message-ID of the mail that they give back.
"""

from __future__ import annotations

from base64 import encodebytes
from typing import Final, NamedTuple

from dispatcher.inbound.receipts import Blame, Kind


class Sample(NamedTuple):
    """A mail, and what is to be read in it."""

    name: str
    mail: str
    kind: Kind
    code: str | None
    blame: Blame | None
    #: None: of nobody in particular, or hidden.
    address: str | None = "ada@example.org"
    #: As the receipt's detail has it; None for a report that programs can read.
    format: str | None = "text"


def _text(headers: str, body: str) -> str:
    return f"{headers.strip()}\nTo: {{to}}\nMessage-ID: <back@mx.example>\n\n{body.strip()}\n"


#: The mail that is given back, where a text repeats it.
_COPY: Final = """
Return-Path: <{to}>
Received: from mx.shop.example by mx.example.org; 5 Mar 2029 10:00:00 -0000
From: Shop <from@shop.example>
To: ada@example.org
Subject: Paid, 5.9.9 of it
Message-ID: {id}

Thank you
"""

_DAEMON: Final = "From: MAILER-DAEMON@mx.example.org\nSubject: failure notice"

_QMAIL: Final = """
Hi. This is the qmail-send program at mx.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@example.org>:
%s

--- Below this line is a copy of the message.

"""

_EXCHANGE_5: Final = """
Your message

  To:      ada@example.org
  Subject: Paid
  Sent:    Mon, 5 Mar 2029 10:00:00 -0000

did not reach the following recipient(s):

ada@example.org on Mon, 5 Mar 2029 10:00:01 -0000
    The recipient name is not recognized
    The MTS-ID of the original message is: c=us;a= ;p=example;l=MX
    MSEXCH:IMS:Example:HQ:MX 0 (000C05A6) Unknown Recipient
"""

_REPORT: Final = """
From: {sender}
Subject: {subject}
To: {{to}}
Message-ID: <back@mx.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="r"

--r
Content-Type: text/plain; charset=utf-8

{text}

--r
Content-Type: message/delivery-status{encoding}

{status}

--r
Content-Type: text/rfc822-headers

Return-Path: <{{to}}>
To: ada@example.org
Message-ID: {{id}}

--r--
"""


def _report(
    status: str,
    *,
    sender: str = "MAILER-DAEMON@mx.example.org",
    subject: str = "Undelivered Mail Returned to Sender",
    text: str = "It could not be delivered.",
    encoding: str = "",
) -> str:
    return _REPORT.format(
        sender=sender,
        subject=subject,
        text=text,
        encoding=f"\nContent-Transfer-Encoding: {encoding}" if encoding else "",
        status=status.strip(),
    ).lstrip()


def _block(status: str, said: str, action: str = "Action: failed\n") -> str:
    return (
        "Reporting-MTA: dns; mx.example.org\n\n"
        f"Final-Recipient: rfc822; ada@example.org\n{action}Status: {status}\n"
        f"Diagnostic-Code: smtp; {said}"
    )


#: Microsoft's programme for senders: the mail inside, and no report beside it.
_MICROSOFT: Final = """
From: staff@hotmail.com
Subject: complaint about message from 192.0.2.1
To: {to}
Message-ID: <jmrp@hotmail.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="m"

--m
Content-Type: message/rfc822

%sAuthentication-Results: hotmail.com; spf=pass (sender IP is 192.0.2.1) smtp.mailfrom={to}
From: Shop <from@shop.example>
To: %s
Subject: Paid
Message-ID: {id}

Thank you
--m--
"""

_ARF: Final = """
From: <feedback@mail.example>
Subject: FW: Paid
To: <{to}>
Message-ID: <fbl@mail.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="c"

--c
Content-Type: text/plain

This is an email abuse report.

--c
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
%s
--c
Content-Type: text/rfc822-headers

To: %s
Message-ID: {id}

--c--
"""

HARD: Final = Blame.HARD
SOFT: Final = Blame.SOFT
BOUNCED: Final = Kind.BOUNCED

SAMPLES: Final = [
    # --- a text for people
    Sample(
        "qmail",
        _text(_DAEMON, _QMAIL % "Sorry, no mailbox here by that name. (#5.1.1)" + _COPY),
        BOUNCED, "5.1.1", HARD,
    ),
    Sample(
        "qmail, a full mailbox",
        _text(_DAEMON, _QMAIL % "The user's mailbox is over quota. (#5.2.2)" + _COPY),
        BOUNCED, "5.2.2", SOFT,
    ),
    Sample(
        "qmail, a reply without an enhanced code",
        _text(_DAEMON, _QMAIL % "Remote host said: 550 no thank you" + _COPY),
        BOUNCED, None, None,
    ),
    Sample(
        "qmail, out of time",
        _text(_DAEMON, _QMAIL % "I'm not going to try again. (#4.4.2)" + _COPY),
        BOUNCED, "4.4.2", SOFT,
    ),
    Sample(
        "qmail, a program's version before the code",
        _text(_DAEMON, _QMAIL % "Spamtrap 4.9.12 said: 550 5.7.1 go away" + _COPY),
        BOUNCED, "5.7.1", None,
    ),
    Sample(
        "qmail, a program's version and no code",
        _text(_DAEMON, _QMAIL % "Mailer 2.0.12 said: no" + _COPY),
        BOUNCED, None, None,
    ),
    Sample(
        "Exchange 5.5",
        _text("From: System Administrator <postmaster@example.org>\nSubject: Undeliverable: Paid",
              _EXCHANGE_5),
        BOUNCED, None, None,
    ),
    Sample(
        "Exim, with the address in a header",
        _text(
            "From: Mail Delivery System <Mailer-Daemon@mx.example.org>\n"
            "Auto-Submitted: auto-replied\n"
            "X-Failed-Recipients: ada@example.org\n"
            "Subject: Mail delivery failed: returning message to sender",
            "This message was created automatically by mail delivery software.\n\n"
            "  ada@example.org\n"
            "    SMTP error from remote mail server after RCPT TO:<ada@example.org>:\n"
            "    host mx.example.org [192.0.2.7]: 550 5.1.1 User unknown\n\n"
            "------ This is a copy of the message, including all the headers. ------\n" + _COPY,
        ),
        BOUNCED, "5.1.1", HARD,
    ),
    Sample(
        "Exim, still trying",
        _text(
            "From: Mail Delivery System <Mailer-Daemon@mx.example.org>\n"
            "Auto-Submitted: auto-replied\n"
            "Subject: Warning: message delayed 24 hours",
            "A message that you sent has not yet been delivered to one or more of its\n"
            "recipients after more than 24 hours on the queue.\n\n"
            "The address to which the message has not yet been delivered is:\n\n"
            "  ada@example.org\n    host mx.example.org: 451 4.3.0 later\n\n"
            "No action is required on your part.",
        ),
        Kind.DEFERRED, "4.3.0", None,
    ),
    Sample(
        "Yahoo",
        _text(
            "From: MAILER-DAEMON@yahoo.example\nSubject: Failure Notice",
            "Sorry, we were unable to deliver your message to the following address.\n\n"
            "<ada@example.org>:\n"
            "554: delivery error: dd This user doesn't have an account 5.1.1 [0] - mta.example\n\n"
            "--- Below this line is a copy of the message.\n" + _COPY,
        ),
        BOUNCED, "5.1.1", HARD,
    ),
    Sample(
        "Sendmail, without a report",
        _text(
            "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.org>\n"
            "Subject: Returned mail: see transcript for details",
            "   ----- The following addresses had permanent fatal errors -----\n"
            "<ada@example.org>\n    (reason: 550 5.1.2 Host unknown)\n\n"
            "   ----- Transcript of session follows -----\n"
            "550 5.1.2 <ada@example.org>... Host unknown (Name server: host not found)\n\n"
            "   ----- Original message follows -----\n" + _COPY,
        ),
        BOUNCED, "5.1.2", HARD,
    ),
    Sample(
        "Gmail, without a report",
        _text(
            "From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>\n"
            "Auto-Submitted: auto-replied\n"
            "Subject: Delivery Status Notification (Failure)",
            "Delivery to the following recipient failed permanently:\n\n     ada@example.org\n\n"
            "Technical details of permanent failure:\n"
            "550 5.2.1 The email account that you tried to reach is disabled.\n\n"
            "----- Original message -----\n" + _COPY,
        ),
        BOUNCED, "5.2.1", SOFT,
    ),
    Sample(
        "Postfix, without a report",
        """From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Message-ID: <back@mx.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="p"

--p
Content-Description: Notification
Content-Type: text/plain

This is the Postfix program at host mx.example.org.

                        The Postfix program

<ada@example.org>: host mx.example.org said: 550 5.1.1 unknown user

--p
Content-Type: message/rfc822

To: ada@example.org
Message-ID: {id}

Thank you
--p--
""",
        BOUNCED, "5.1.1", HARD,
    ),
    Sample(
        "a text in base64",
        """From: postmaster@example.org
Subject: Undeliverable
To: {to}
Message-ID: <back@mx.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

RGVsaXZlcnkgdG8gdGhlIGZvbGxvd2luZyByZWNpcGllbnRzIGZhaWxlZC4KCiAgICAgICBhZGFA
ZXhhbXBsZS5vcmcKCjU1MCA1LjEuMSBubyBzdWNoIHVzZXIK
""",
        BOUNCED, "5.1.1", HARD,
    ),
    Sample(
        "a text in quoted-printable and Latin-1",
        """From: postmaster@example.org
Subject: Undeliverable
To: {to}
Message-ID: <back@mx.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Zur=FCck an den Absender.

Delivery to the following recipients failed.

       ada=40example.org

550 5.1.1 no=
 such user
""",
        BOUNCED, "5.1.1", HARD,
    ),
    Sample(
        "HTML alone",
        """From: postmaster@example.org
Subject: Undeliverable
To: {to}
Message-ID: <back@mx.example>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<html><body><p>Delivery to the following recipients failed.</p><p>ada@example.org</p>
<p>550&nbsp;5.1.1 no such user</p></body></html>
""",
        BOUNCED, "5.1.1", HARD,
    ),
    # --- a report that programs can read
    Sample(
        "Postfix, a domain that does not exist",
        _report(_block("5.4.4", "Host or domain name not found. type=A: Host not found")),
        BOUNCED, "5.4.4", HARD, format=None,
    ),
    Sample(
        "Office 365",
        _report(
            _block("5.1.351", "550 5.1.351 Remote server returned unknown recipient"),
            sender="Microsoft Outlook <MicrosoftExchange329e@example.org>",
            subject="Undeliverable: Paid",
        ),
        BOUNCED, "5.1.351", HARD, format=None,
    ),
    Sample(
        "Amazon SES",
        _report(
            _block("5.1.0", "550 5.1.0 Address rejected"), sender="MAILER-DAEMON@ses.example"
        ),
        BOUNCED, "5.1.0", SOFT, format=None,
    ),
    Sample(
        "5.1.1 above what is a policy",
        _report(_block("5.1.1", "550 5.7.1 Message rejected as spam")),
        BOUNCED, "5.7.1", None, format=None,
    ),
    Sample(
        "OpenSMTPD: the action is an error",
        _report(_block("5.0.0", "550 5.1.1 Invalid recipient", "Action: error\n")),
        BOUNCED, "5.1.1", HARD, format=None,
    ),
    Sample(
        "an action that has expired",
        _report(_block("4.4.7", "message expired", "Action: expired\n")),
        BOUNCED, "4.4.7", SOFT, format=None,
    ),
    Sample(
        "no action, a permanent status",
        _report(_block("5.1.1", "550 5.1.1 no such user", "")),
        BOUNCED, "5.1.1", HARD, format=None,
    ),
    Sample(
        "no action, a passing status",
        _report(_block("4.2.2", "452 4.2.2 full", "")),
        Kind.DEFERRED, "4.2.2", None, format=None,
    ),
    Sample(
        "a report in base64",
        _report(
            encodebytes(_block("5.1.1", "550 5.1.1 no such user").encode()).decode(),
            encoding="base64",
        ),
        BOUNCED, "5.1.1", HARD, format=None,
    ),
    Sample(
        "a report in quoted-printable",
        _report(_block("5.1.1", "550 5.1.1 no such=\n user").replace("@", "=40"),
                encoding="quoted-printable"),
        BOUNCED, "5.1.1", HARD, format=None,
    ),
    Sample(
        "a report within a mail of a scanner's",
        "From: postmaster@example.org\nSubject: Undeliverable\nTo: {to}\n"
        "Message-ID: <out@mx.example>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="out"\n\n--out\n'
        + _report(_block("5.1.1", "550 5.1.1 no such user"))
        + "\n--out\nContent-Type: text/plain\n\nScanned.\n--out--\n",
        BOUNCED, "5.1.1", HARD, format=None,
    ),
    Sample(
        "a report that a scanner gives back as a mail",
        "From: postmaster@example.org\nSubject: Undeliverable\nTo: {to}\n"
        "Message-ID: <out@mx.example>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="out"\n\n--out\n'
        "Content-Type: message/rfc822\n\n"
        + _report(_block("5.1.1", "550 5.1.1 no such user"))
        + "\n--out--\n",
        BOUNCED, "5.1.1", HARD, format=None,
    ),
    Sample(
        "a report without recipients: its text names one",
        _report(
            "Reporting-MTA: dns; mx.example.org",
            text=_QMAIL % "Sorry, no mailbox here by that name. (#5.1.1)",
        ),
        BOUNCED, "5.1.1", HARD,
    ),
    # --- complaints
    Sample(
        "Microsoft, naming whose it is",
        _MICROSOFT % ("X-HmXmrOriginalRecipient: ada@example.org\n", "ada@example.org"),
        Kind.COMPLAINED, None, None, format=None,
    ),
    Sample(
        "Microsoft, hiding whose it is",
        _MICROSOFT % ("", "<redacted@mail.example>"),
        Kind.COMPLAINED, None, None, address=None, format=None,
    ),
    Sample(
        "ARF, naming whose it is",
        _ARF % ("Original-Rcpt-To: <ada@example.org>\n", "<redacted@mail.example>"),
        Kind.COMPLAINED, None, None, format=None,
    ),
    Sample(
        "ARF, hiding whose it is",
        _ARF % ("", "<redacted@mail.example>"),
        Kind.COMPLAINED, None, None, address=None, format=None,
    ),
    # --- in no known form
    Sample(
        "in words that nobody knows",
        _text("From: postmaster@example.org\nSubject: Nondeliverable mail",
              "ada: host mx.example.org said: 550 5.1.1 nope"),
        BOUNCED, "5.1.1", None, address=None, format="unknown",
    ),
    Sample(
        "in another language",
        _text("From: mx@example.org\nSubject: =?utf-8?q?L=27envoi_a_=C3=A9chou=C3=A9?=",
              "Votre message n'a pas pu être remis."),
        BOUNCED, None, None, address=None, format="unknown",
    ),
    Sample(
        "a warning in words that nobody knows",
        _text("From: postmaster@example.org\nSubject: Mail delayed",
              "ada: host mx.example.org is not there; another try at noon"),
        Kind.DEFERRED, None, None, address=None, format="unknown",
    ),
    Sample(
        "empty",
        _text("From: <>", ""),
        BOUNCED, None, None, address=None, format="unknown",
    ),
]  # fmt: skip

#: What programs write for people, and what people write: no bounces, though they come to the
#: address that bounces return to.
REPLIES: Final = {
    "a vacation": "From: Ada <ada@example.org>\nSubject: Re: Paid\nAuto-Submitted: auto-replied",
    "a note of absence": "From: Ada <ada@example.org>\nSubject: Automatic reply: Paid",
    "one in German": "From: ada@example.org\nSubject: =?utf-8?q?Abwesenheitsnotiz=3A_Paid?=",
    "one in Japanese": "From: ada@example.org\nSubject: =?utf-8?b?6Ieq5YuV6L+U5L+h?=",
    "old marks": "From: ada@example.org\nSubject: Paid\nX-Autoreply: yes",
    "a precedence": "From: ada@example.org\nSubject: Paid\nPrecedence: auto_reply",
    "a challenge": "From: c@example.org\nSubject: Please confirm\nAuto-Submitted: auto-replied (c)",
    "a receipt for reading": (
        "From: ada@example.org\nSubject: Read: Paid\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=x"
    ),
    "an answer": "From: Ada <ada@example.org>\nSubject: AW: Paid",
}
