"""`python -m tests.benchmarks [NAME] [options]`: one table; without a name, all of them."""

from __future__ import annotations

import warnings

import typer

from tests.benchmarks import erase as _erase
from tests.benchmarks import fan_out as _fan_out
from tests.benchmarks import grown as _grown
from tests.benchmarks import inbox as _inbox
from tests.benchmarks import latency as _latency
from tests.benchmarks import producer as _producer
from tests.benchmarks import providers as _providers
from tests.benchmarks import routing as _routing
from tests.benchmarks import stream as _stream
from tests.benchmarks import throughput as _throughput
from tests.benchmarks import xmin_horizon as _xmin_horizon

app = typer.Typer(
    help="What Postbell costs and gives, beside others, on this machine.",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Without a command: all of them, one after the other, in about 45 minutes."""
    if context.invoked_subcommand is None:
        for benchmark in (
            producer,
            throughput,
            routing,
            latency,
            xmin_horizon,
            fan_out,
            inbox,
            grown,
            erase,
            providers,
            stream,
        ):
            benchmark()
            print()


@app.command()
def producer(
    rounds: int = 5, seconds: float = 8, clients: int = 16, customers: int = 10_000
) -> None:
    """A business transaction with a row in the outbox, against an equal plain table."""
    _producer.run(rounds, seconds, clients, customers).print()


@app.command()
def throughput(
    rounds: int = 3,
    events: int = 50_000,
    recipients: int = 10_000,
    seconds: float = 15,
    rate: int = 3_000,
) -> None:
    """From commits to inbox rows, against a job per message."""
    _throughput.run(rounds, events, recipients, seconds, rate).print()


@app.command()
def routing(events: int = 10_000, rounds: int = 3, recipients: int = 10_000) -> None:
    """The router's time for an event, by its channels and by people's quiet hours."""
    _routing.run(events, rounds, recipients).print()


@app.command()
def latency(events: int = 75, gap: float = 0.1, rounds: int = 3) -> None:
    """From a commit to the call of the provider, at idle."""
    _latency.run(events, gap, rounds).print()


@app.command("xmin_horizon")
def xmin_horizon(seconds: float = 60, rate: int = 1_000, recipients: int = 10_000) -> None:
    """A transaction held open throughout: throughput, latency, dead tuples."""
    _xmin_horizon.run(seconds, rate, recipients).print()


@app.command("fan_out")
def fan_out(recipients: int = 200_000, events: int = 200) -> None:
    """One row to a large audience, and what another tenant notices of it."""
    _fan_out.run(recipients, events).print()


@app.command()
def inbox(items: int = 5_000_000, rounds: int = 5, seconds: float = 4) -> None:
    """First page and unread count of one person, against a bare indexed lookup."""
    _inbox.run(items, rounds, seconds).print()


@app.command()
def grown(rows: int = 20_000_000, events: int = 20_000, rounds: int = 3) -> None:
    """A year of notifications in the tables, beside empty ones; and while old ones go."""
    _grown.run(rows, events, rounds).print()


@app.command()
def erase(items: int = 10_000, others: int = 200_000, seconds: float = 5) -> None:
    """Erasing a person with many items, and what other people notice of it."""
    _erase.run(items, others, seconds).print()


@app.command()
def providers(rounds: int = 5, messages: int = 5_000) -> None:
    """A message through our provider, against the service's own library."""
    _providers.run(rounds, messages).print()


@app.command()
def stream(streams: int = 2_000, rounds: int = 20) -> None:
    """Memory and accept rate of open pages, and how soon a thousand of them hear of something."""
    _stream.run(streams, rounds).print()


if __name__ == "__main__":
    # A wheel's programs are found through a module that warns of folders it does not need.
    warnings.simplefilter("ignore")
    app()
