"""What a token is made of, before it has shares."""

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.evm import EvmError
from steelyard.model.arithmetic import WAD
from steelyard.model.policy import pack_rules, unpack_rules
from tests.unit.token.helpers import BP, ONE_PERCENT, TRADING, unpack_terms


@pytest.fixture
def unseeded(venue):
    return venue.make_token(seed=0)


@pytest.mark.parametrize("is_long", [True, False])
def test_setup_is_kept(venue, is_long):
    token = venue.make_token(is_long=is_long, seed=0)
    assert token.setup() == (
        f"Steelyard ETH 3x {'long' if is_long else 'short'}",
        f"ETH3{'L' if is_long else 'S'}",
        venue.exchange.address,
        0,
        venue.policy.address,
        venue.quotes.address,
        is_long,
    )
    assert (token.name(), token.symbol()) == token.setup()[:2]
    assert token.decimals() == 18


@pytest.mark.parametrize("decimals", [0, 6, 8, 18])
def test_collateral_is_that_of_the_venue(venue, unseeded):
    assert unseeded.asset() == venue.usd.address == venue.exchange.asset()


def test_deployer_is_the_factory(unseeded, factory, fee_receiver):
    assert unseeded.factory() == factory
    assert unseeded.fee_receiver() == fee_receiver


def test_words_are_kept(unseeded):
    words = unseeded.words()
    assert unpack_terms(words.terms) == {
        "mint_fee": 10 * BP,
        "redeem_fee": 10 * BP,
        "fee_rate": ONE_PERCENT,
        "leverage_lo": 2 * WAD,
        "leverage_hi": 4 * WAD,
        "cap": 31_000 * WAD,
        "fees_on": 1,
        "paused_until": 0,
        "phase": TRADING,
        "target": 3 * WAD,
    }
    assert pack_rules(unpack_rules(words.rules)) == tuple(words.rules)
    assert (tuple(words.mem), words.settlement) == ((0, 0), 0)


def test_nobody_has_shares(unseeded, factory, fee_receiver):
    assert unseeded.totalSupply() == unseeded.owed_shares() == unseeded.totalAssets() == 0
    assert unseeded.balanceOf(factory) == unseeded.balanceOf(fee_receiver) == 0


def test_nothing_can_be_done_before_the_seed(venue, unseeded, depositor):
    venue.fund(depositor, unseeded)
    assert unseeded.maxDeposit(depositor) == unseeded.maxMint(depositor) == 0
    assert unseeded.maxWithdraw(depositor) == unseeded.maxRedeem(depositor) == 0
    for call in (
        lambda: unseeded.deposit(100 * venue.one, depositor, sender=depositor),
        lambda: unseeded.mint(WAD, depositor, sender=depositor),
        lambda: unseeded.redeem(WAD, depositor, depositor, sender=depositor),
        lambda: unseeded.rebalance(sender=depositor),
    ):
        with pytest.raises(EvmError):
            call()


def test_without_a_fee_receiver(venue):
    token = venue.make_token(fee_receiver=ZERO_ADDRESS, seed=0)
    assert token.fee_receiver() == ZERO_ADDRESS
    assert unpack_terms(token.words().terms)["fees_on"] == 0


def test_longest_names(venue):
    rest = (venue.exchange, 0, venue.policy, venue.quotes, True)

    def deploy(*names):
        return venue.backend.deploy("LeveragedToken", (*names, *rest), 0, (0, 0), ZERO_ADDRESS)

    token = deploy("n" * 50, "s" * 32)
    assert (token.name(), token.symbol()) == ("n" * 50, "s" * 32)
    for names in (("n" * 51, "s"), ("n", "s" * 33)):
        with pytest.raises(EvmError):
            deploy(*names)
