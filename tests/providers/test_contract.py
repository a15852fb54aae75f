"""What every provider does, whatever its protocol. Each is asked through its peer in `peers.py`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable

import pytest

from dispatcher.delivery.model import FailureScope, Refused, Retry, Sent, Unknown
from dispatcher.providers.base import ProviderNotOpenError
from tests.support.harnesses import PEERS, Peer


@pytest.fixture
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    peer: Peer = request.param()
    await peer.start()
    await peer.provider.open()
    yield peer
    await peer.provider.close()
    await peer.stop()


def of_each(cases: Callable[[type[Peer]], Iterable[str]]) -> pytest.MarkDecorator:
    """Parametrises (peer, case) by the cases that each peer names."""
    return pytest.mark.parametrize(
        ("peer", "case"),
        [
            pytest.param(peer, case, id=f"{peer.__name__}-{case}")
            for peer in PEERS
            for case in cases(peer)
        ],
        indirect=["peer"],
    )


every_peer = pytest.mark.parametrize("peer", PEERS, indirect=True)


@every_peer
async def test_a_message_is_sent_and_reported_with_its_id(peer: Peer) -> None:
    outcome = await peer.provider.send(peer.message(1))

    assert isinstance(outcome, Sent)
    assert outcome.message_id
    assert peer.taken == 1


@every_peer
async def test_messages_after_the_first_are_sent_too(peer: Peer) -> None:
    outcomes = [await peer.provider.send(peer.message(number)) for number in range(1, 6)]

    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert peer.taken == 5


@of_each(lambda peer: peer.refusals)
async def test_a_refusal_is_refused_with_its_reason(peer: Peer, case: str) -> None:
    peer.reply(case)

    outcome = await peer.provider.send(peer.message(1))

    assert isinstance(outcome, Refused)
    assert outcome.reason
    assert peer.taken == 0


@of_each(lambda peer: peer.refusals)
async def test_a_refusal_does_not_hurt_the_next_message(peer: Peer, case: str) -> None:
    peer.reply(case)
    await peer.provider.send(peer.message(1))
    peer.behave()

    assert isinstance(await peer.provider.send(peer.message(2)), Sent)


@of_each(lambda peer: peer.deferrals)
async def test_a_transient_failure_is_a_retry_with_its_reason(peer: Peer, case: str) -> None:
    peer.reply(case)

    outcome = await peer.provider.send(peer.message(1))

    assert isinstance(outcome, Retry)
    assert outcome.reason


@of_each(lambda peer: peer.before_acceptance)
async def test_a_connection_lost_before_acceptance_is_a_retry(peer: Peer, case: str) -> None:
    peer.lose_connection(case)

    outcome = await peer.provider.send(peer.message(1))

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.PROVIDER


@of_each(lambda peer: peer.after_acceptance)
async def test_a_connection_lost_after_acceptance_is_unknown(peer: Peer, case: str) -> None:
    peer.lose_connection(case)

    assert isinstance(await peer.provider.send(peer.message(1)), Unknown)


@of_each(lambda peer: peer.before_acceptance)
async def test_silence_before_acceptance_is_a_retry(peer: Peer, case: str) -> None:
    peer.fall_silent(case)

    outcome = await peer.provider.send(peer.message(1))

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.PROVIDER


@of_each(lambda peer: peer.after_acceptance)
async def test_silence_after_acceptance_is_unknown(peer: Peer, case: str) -> None:
    peer.fall_silent(case)

    assert isinstance(await peer.provider.send(peer.message(1)), Unknown)


@of_each(lambda peer: peer.before_acceptance[:1])
async def test_nobody_listening_is_a_retry(peer: Peer, case: str) -> None:
    await peer.stop()

    outcome = await peer.provider.send(peer.message(1))

    assert isinstance(outcome, Retry)
    assert outcome.scope is FailureScope.PROVIDER


@of_each(lambda peer: peer.before_acceptance[-1:])
async def test_a_cancelled_send_leaves_nothing_half_said(peer: Peer, case: str) -> None:
    peer.fall_silent(case)
    sending = asyncio.create_task(peer.provider.send(peer.message(1)))
    await asyncio.sleep(0.1)

    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending

    assert peer.taken == 0
    await asyncio.wait_for(peer.provider.close(), 3)


@every_peer
async def test_concurrent_sends_stay_within_the_bound_and_all_arrive(peer: Peer) -> None:
    sends = [peer.provider.send(peer.message(number)) for number in range(40)]
    outcomes = await asyncio.gather(*sends)

    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert peer.taken == 40
    assert peer.bound is None or peer.peak <= peer.bound


@every_peer
async def test_closing_twice_is_fine(peer: Peer) -> None:
    await peer.provider.send(peer.message(1))

    await peer.provider.close()
    await peer.provider.close()

    with pytest.raises(ProviderNotOpenError):
        await peer.provider.send(peer.message(2))


@every_peer
async def test_two_closing_at_once_do_not_wait_for_each_other(peer: Peer) -> None:
    sends = [asyncio.create_task(peer.provider.send(peer.message(n))) for n in range(10)]
    await asyncio.sleep(0)

    closes = asyncio.gather(peer.provider.close(), peer.provider.close())
    await asyncio.wait_for(closes, 5)

    assert all(isinstance(outcome, Sent) for outcome in await asyncio.gather(*sends))


@every_peer
async def test_sending_after_close_is_a_clear_error(peer: Peer) -> None:
    await peer.provider.close()

    with pytest.raises(ProviderNotOpenError, match=f"provider {peer.provider.name} is not open"):
        await peer.provider.send(peer.message(1))


@every_peer
async def test_a_provider_opens_again_after_close(peer: Peer) -> None:
    await peer.provider.close()
    await peer.provider.open()

    assert isinstance(await peer.provider.send(peer.message(1)), Sent)


@of_each(lambda peer: peer.deferrals if peer.secret else ())
async def test_no_secret_in_repr_logs_or_reasons(
    peer: Peer, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert peer.secret is not None
    caplog.set_level(logging.DEBUG)
    peer.reply(f"{case} {peer.secret}")

    outcome = await peer.provider.send(peer.message(1))

    shown = f"{outcome!r} {peer.provider!r} {vars(peer.provider)!r} {caplog.text}"
    assert peer.secret not in shown
