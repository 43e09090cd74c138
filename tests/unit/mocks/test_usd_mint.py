import ape


def test_mints(usd, one, owner, trader):
    tx = usd.mint(trader, 10**9 * one, sender=owner)

    assert usd.balanceOf(trader) == usd.totalSupply() == 10**9 * one
    assert tx.events == [
        usd.Transfer(sender=ape.utils.ZERO_ADDRESS, receiver=trader, value=10**9 * one)
    ]


def test_owner_only(usd, trader, attacker):
    for account in (trader, attacker):
        with ape.reverts("ownable: caller is not the owner"):
            usd.mint(account, 1, sender=account)


def test_follows_the_ownership(usd, owner, trader):
    usd.transfer_ownership(trader, sender=owner)
    with ape.reverts("ownable: caller is not the owner"):
        usd.mint(trader, 1, sender=trader)
    usd.accept_ownership(sender=trader)

    usd.mint(trader, 1, sender=trader)
    with ape.reverts("ownable: caller is not the owner"):
        usd.mint(owner, 1, sender=owner)


def test_not_to_nobody(usd, owner):
    with ape.reverts("erc20: mint to the zero address"):
        usd.mint(ape.utils.ZERO_ADDRESS, 1, sender=owner)


def test_the_whole_range_and_no_further(usd, owner, trader):
    usd.mint(trader, 2**256 - 1, sender=owner)
    assert usd.totalSupply() == 2**256 - 1
    with ape.reverts():
        usd.mint(owner, 1, sender=owner)
