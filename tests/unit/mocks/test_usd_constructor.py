import ape
import pytest


def test_metadata(usd, owner, decimals):
    assert usd.name() == "Mock USD"
    assert usd.symbol() == "mUSD"
    assert usd.decimals() == decimals
    assert usd.owner() == owner
    assert usd.totalSupply() == 0


def test_limits_are_whole_dollars(usd, one):
    assert usd.faucet_call_limit() == 10_000 * one
    assert usd.faucet_daily_limit() == 50_000 * one


@pytest.mark.parametrize("decimals", [0, 36])
def test_bounds(usd, decimals):
    assert usd.decimals() == decimals
    assert usd.faucet_call_limit() == 10_000 * 10**decimals


def test_too_many_decimals(project, owner):
    with ape.reverts("mock_usd: too many decimals"):
        owner.deploy(project.MockUSD, 37)


def test_the_minter_role_stays_hidden(usd):
    exposed = {method.name for method in usd.contract_type.methods}
    assert not exposed & {"is_minter", "set_minter", "burn", "burn_from", "renounce_ownership"}
