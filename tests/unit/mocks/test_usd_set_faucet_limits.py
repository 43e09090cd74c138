import ape


def test_sets_both(usd, one, owner):
    tx = usd.set_faucet_limits(1, 2, sender=owner)

    assert usd.faucet_call_limit() == 1
    assert usd.faucet_daily_limit() == 2
    assert tx.events == [
        usd.FaucetLimitsUpdated(
            old_call_limit=10_000 * one,
            new_call_limit=1,
            old_daily_limit=50_000 * one,
            new_daily_limit=2,
        )
    ]


def test_owner_only(usd, trader, attacker):
    for account in (trader, attacker):
        with ape.reverts("ownable: caller is not the owner"):
            usd.set_faucet_limits(1, 2, sender=account)


def test_zero_closes_the_faucet(usd, owner, trader):
    usd.set_faucet_limits(0, 2**256 - 1, sender=owner)
    with ape.reverts("mock_usd: over the call limit"):
        usd.faucet(1, sender=trader)

    usd.set_faucet_limits(2**256 - 1, 0, sender=owner)
    with ape.reverts("mock_usd: over the daily limit"):
        usd.faucet(1, sender=trader)


def test_no_limit(usd, owner, trader):
    usd.set_faucet_limits(2**256 - 1, 2**256 - 1, sender=owner)
    usd.faucet(2**256 - 1, sender=trader)
    assert usd.balanceOf(trader) == 2**256 - 1
    assert usd.max_faucet(trader) == 0
