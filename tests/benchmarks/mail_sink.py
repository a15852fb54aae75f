"""The mail server of sink.py in a process of its own: `python -m tests.benchmarks.mail_sink`.

It prints its port, answers HELP with how many mails it has taken, and ends with its input.
"""

from __future__ import annotations

import sys

from tests.benchmarks import sink

if __name__ == "__main__":
    with sink.opened() as opened:
        print(opened.port, flush=True)
        sys.stdin.read()
