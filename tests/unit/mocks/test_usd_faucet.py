import ape
import pytest


@pytest.fixture(autouse=True)
def day(new_day):
    """Every test begins with the day."""


def test_mints_to_the_caller(usd, one, trader):
    tx = usd.faucet(10_000 * one, sender=trader)

    assert usd.balanceOf(trader) == usd.totalSupply() == 10_000 * one
    assert usd.max_faucet(trader) == 10_000 * one
    assert tx.events == [
        usd.Transfer(sender=ape.utils.ZERO_ADDRESS, receiver=trader, value=10_000 * one)
    ]


def test_open_to_everybody(usd, one, owner, attacker):
    for account in (owner, attacker):
        usd.faucet(one, sender=account)
        assert usd.balanceOf(account) == one


def test_nothing(usd, trader):
    usd.faucet(0, sender=trader)
    assert usd.balanceOf(trader) == 0


def test_over_the_call_limit(usd, one, trader):
    with ape.reverts("mock_usd: over the call limit"):
        usd.faucet(10_000 * one + 1, sender=trader)


def test_over_the_daily_limit(usd, one, trader):
    for _ in range(5):
        usd.faucet(10_000 * one, sender=trader)

    assert usd.balanceOf(trader) == 50_000 * one
    with ape.reverts("mock_usd: over the daily limit"):
        usd.faucet(1, sender=trader)


def test_the_daily_limit_counts_small_calls(usd, one, owner, trader):
    usd.set_faucet_limits(10 * one, 12 * one, sender=owner)
    usd.faucet(7 * one, sender=trader)

    with ape.reverts("mock_usd: over the daily limit"):
        usd.faucet(5 * one + 1, sender=trader)
    usd.faucet(5 * one, sender=trader)
    assert usd.balanceOf(trader) == 12 * one


def test_the_daily_limit_is_per_account(usd, one, owner, trader, attacker):
    usd.set_faucet_limits(one, one, sender=owner)
    usd.faucet(one, sender=trader)

    usd.faucet(one, sender=attacker)
    assert usd.balanceOf(attacker) == one


def test_the_daily_limit_is_new_every_day(usd, one, owner, trader, new_day):
    usd.set_faucet_limits(one, one, sender=owner)
    usd.faucet(one, sender=trader)

    new_day()
    usd.faucet(one, sender=trader)
    assert usd.balanceOf(trader) == 2 * one
    with ape.reverts("mock_usd: over the daily limit"):
        usd.faucet(one, sender=trader)


def test_minted_tokens_do_not_count(usd, one, owner, trader):
    usd.mint(trader, 100_000 * one, sender=owner)
    usd.faucet(10_000 * one, sender=trader)
    assert usd.balanceOf(trader) == 110_000 * one
