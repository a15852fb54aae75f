"""Mails that mail servers send back, in the shapes of several of them."""

from __future__ import annotations

from typing import Final

ID: Final = "<postbell.0123456789abcdef0123456789abcdef@shop.example>"


def crlf(text: str) -> bytes:
    return text.lstrip("\n").replace("\n", "\r\n").encode()


#: Postfix: three parts, the original's headers alone (RET=HDRS).
POSTFIX: Final = """
Return-Path: <>
Delivered-To: {to}
Received: by mx.shop.example (Postfix) id 4A1B2C3D4E; Mon, 5 Mar 2029 10:00:02 +0000 (UTC)
Date: Mon,  5 Mar 2029 10:00:02 +0000 (UTC)
From: MAILER-DAEMON@mx.shop.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="9F8E7D.1/mx.shop.example"
Message-Id: <20290305100002.4A1B2C3D4E@mx.shop.example>

This is a MIME-encapsulated message.

--9F8E7D.1/mx.shop.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--9F8E7D.1/mx.shop.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.shop.example
Original-Envelope-Id: {envelope_id}
X-Postfix-Queue-ID: 4A1B2C3D4E
Arrival-Date: Mon,  5 Mar 2029 10:00:01 +0000 (UTC)

Final-Recipient: rfc822; ada@example.org
Original-Recipient: rfc822;ada@example.org
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; {said}

--9F8E7D.1/mx.shop.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <{returned}>
From: Shop <from@shop.example>
To: ada@example.org
Subject: Paid
Message-ID: {id}

--9F8E7D.1/mx.shop.example--
"""

#: Exchange: capitals of its own, a status without a meaning, the whole mail inside.
EXCHANGE: Final = """
From: <postmaster@outlook.example>
To: <{to}>
Date: Mon, 5 Mar 2029 10:00:03 +0000
Content-Type: multipart/report; report-type=delivery-status; boundary="a1"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: en-GB
Message-ID: <a8f4@outlook.example>
In-Reply-To: {id}
Subject: Undeliverable: Paid
Auto-Submitted: auto-replied
MIME-Version: 1.0

--a1
Content-Type: multipart/alternative; differences=Content-Type; boundary="b2"

--b2
Content-Type: text/plain; charset="utf-8"

Your message wasn't delivered.

--b2
Content-Type: text/html; charset="utf-8"

<p>Your message wasn't delivered.</p>

--b2--

--a1
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0.outlook.example
Received-From-MTA: dns;mx.shop.example
Arrival-Date: Mon, 5 Mar 2029 10:00:02 +0000

Final-Recipient: rfc822;ada@example.org
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found
X-Display-Name: ada@example.org

--a1
Content-Type: message/rfc822

Received: from mx.shop.example by AM0.outlook.example; Mon, 5 Mar 2029 10:00:02 +0000
From: Shop <from@shop.example>
To: <ada@example.org>
Message-ID: {id}
Subject: Paid
Content-Type: text/plain

Thank you
--a1--
"""

#: Exim of old: a text, and the address in a header.
EXIM: Final = """
Return-path: <>
Envelope-to: {to}
X-Failed-Recipients: ada@example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.org>
To: {to}
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1a-000-1x@mx.example.org>
Date: Mon, 05 Mar 2029 10:00:04 +0000

This message was created automatically by mail delivery software.

  ada@example.org
    SMTP error from remote mail server after RCPT TO:<ada@example.org>:
    550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown
"""

#: A complaint, as large providers send it: whose it is, they hide.
COMPLAINT: Final = """
From: <feedback@mail.example>
Date: Tue, 06 Mar 2029 09:00:00 -0500
Subject: FW: Paid
To: <{to}>
MIME-Version: 1.0
Message-ID: <fbl-1@mail.example>
Content-Type: multipart/report; report-type=feedback-report; boundary="c3"

--c3
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report.

--c3
Content-Type: message/feedback-report

Feedback-Type: {feedback}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <{returned}>
Arrival-Date: Mon, 05 Mar 2029 10:00:05 +0000

--c3
Content-Type: message/rfc822

From: Shop <from@shop.example>
To: <redacted@mail.example>
Subject: Paid
Message-ID: {id}

Thank you
--c3--
"""

#: Somebody is away.
ABSENT: Final = """
From: Ada <ada@example.org>
To: {to}
Subject: Out of office: Paid
Auto-Submitted: auto-replied (vacation)
Message-ID: <away@example.org>

I am back on Monday.
"""
