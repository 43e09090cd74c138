"""What the keeper's transactions offer per gas: enough to be mined, never over the cap."""

from __future__ import annotations

from collections.abc import Iterable

from steelyard.keeper.types import Attempt, GasPrice

CANCEL_GAS = 21_000
"""What it takes to do nothing with a nonce."""

FUTILE_GAS = 66_000
"""About what a rebalance takes that reverts because somebody else was first."""


def offer(gas: GasPrice, cap: int, percent: int = 0) -> tuple[int, int] | None:
    """Return the most paid per gas and for priority, wei; None while the base fee is over the cap.

    Args:
        gas: What it costs now.
        cap: The most the keeper pays per gas, wei.
        percent: What a replacement would add: room for one is left below the cap, if that still
            gets the transaction mined.
    """
    if gas.base_fee > cap:
        return None
    enough = min(gas.base_fee + gas.priority_fee, cap)
    with_room = max(cap * 100 // (100 + percent), enough)
    most = min(2 * gas.base_fee + gas.priority_fee, with_room)
    return most, min(gas.priority_fee, most)


def replacement(
    attempts: Iterable[Attempt], gas: GasPrice, cap: int, percent: int
) -> tuple[int, int] | None:
    """Return what a transaction must offer that takes the place of others; None over the cap.

    Both fees rise: nodes drop what raises only one of them.

    Args:
        attempts: What was signed with the nonce: a node may have any of them.
        gas: What it costs now.
        cap: The most the keeper pays per gas, wei.
        percent: How much more it pays at least.
    """
    now = offer(gas, cap)
    if now is None:
        return None
    signed = tuple(attempts)
    most, priority = now
    for attempt in signed:
        most = max(most, _raised(attempt.max_fee, percent))
        priority = max(priority, _raised(attempt.priority_fee, percent))
    return None if most > cap or priority > most else (most, priority)


def cancel_pays(latest: Attempt, bumped: tuple[int, int], gas: GasPrice) -> bool:
    """Return whether doing nothing with a nonce is cheaper than to let its transaction revert.

    Args:
        latest: What a node would mine.
        bumped: Of the cancel: the most paid per gas and for priority, wei.
        gas: What it costs now.
    """
    price = min(latest.max_fee, gas.base_fee + latest.priority_fee)
    return CANCEL_GAS * min(bumped[0], gas.base_fee + bumped[1]) < FUTILE_GAS * price


def _raised(fee: int, percent: int) -> int:
    return max(-(-fee * (100 + percent) // 100), fee + 1)
