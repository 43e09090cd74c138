import pytest


@pytest.fixture(autouse=True)
def day(new_day):
    """Every test begins with the day."""


def test_call_limit_first_then_what_the_day_leaves(usd, one, owner, trader):
    usd.set_faucet_limits(10 * one, 12 * one, sender=owner)
    assert usd.max_faucet(trader) == 10 * one

    usd.faucet(7 * one, sender=trader)
    assert usd.max_faucet(trader) == 5 * one

    usd.faucet(5 * one, sender=trader)
    assert usd.max_faucet(trader) == 0


def test_what_it_says_is_accepted(usd, one, owner, trader):
    usd.set_faucet_limits(10 * one, 12 * one, sender=owner)
    for expected in (10 * one, 2 * one):
        assert usd.max_faucet(trader) == expected
        usd.faucet(usd.max_faucet(trader), sender=trader)


def test_full_again_the_next_day(usd, one, owner, trader, new_day):
    usd.set_faucet_limits(one, one, sender=owner)
    usd.faucet(one, sender=trader)

    new_day()
    assert usd.max_faucet(trader) == one


def test_zero_when_the_limit_fell_below_what_was_taken(usd, one, owner, trader):
    usd.faucet(10 * one, sender=trader)
    usd.set_faucet_limits(one, one, sender=owner)
    assert usd.max_faucet(trader) == 0
