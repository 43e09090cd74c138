import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import WAD
from tests.unit.factory.helpers import (
    FEES,
    GUARDIAN,
    OWNER,
    PERCENT,
    STRANGER,
    TRADING,
)
from tests.unit.token.helpers import reverts, unpack_terms


def test_replaces_what_was_wiped_out(works, factory, token):
    works.wipe()
    paid = works.usd.balanceOf(STRANGER)
    new = works.next_series(token)
    logs = factory.logs()
    assert [log.name for log in logs] == ["TokenReleased", "TokenCreated"]
    assert tuple(logs[0].args) == (token.address,)
    made = logs[1].args
    assert (made.token, made.creator, made.predecessor) == (new.address, STRANGER, token.address)
    assert (made.series, made.first, made.seed_assets) == (2, token.address, 200 * 10**6)
    assert (new.name(), new.symbol()) == ("Steelyard ETH 3x long 2", "ETH3L-2")
    assert tuple(new.setup())[2:] == tuple(token.setup())[2:]
    assert works.usd.balanceOf(STRANGER) == paid - 200 * 10**6
    assert new.totalSupply() == new.balanceOf(factory) == made.seed_shares
    info, old = factory.token_info(new), factory.token_info(token)
    assert tuple(info) == (2, token.address, ZERO_ADDRESS, 100 * WAD, PERCENT, True, 0)
    assert tuple(old) == (1, token.address, new.address, 100 * WAD, PERCENT, False, 0)
    assert factory.market_tokens(works.exchange, 0) == (new.address,)


@pytest.mark.parametrize("account", [OWNER, GUARDIAN, STRANGER])
def test_anyone_who_pays(works, factory, token, account):
    works.usd.mint(account, 10**9, sender=OWNER)
    works.usd.approve(factory, 10**9, sender=account)
    works.wipe()
    assert works.next_series(token, sender=account).symbol() == "ETH3L-2"


def test_configuration_is_the_last_one_applied(works, factory, token):
    works.configure(mint_fee=PERCENT, scheduled=True, management_fee=PERCENT * 2)
    factory.lower_fees(token, PERCENT, 0, PERCENT * 3 // 2, sender=OWNER)
    works.schedule(mint_fee=0)
    config, words = factory.token_config(token), token.words()
    works.wipe()
    new = works.next_series(token)
    assert factory.token_config(new) == config
    assert (new.words().terms, new.words().rules) == (words.terms, words.rules)
    assert new.fee_receiver() == FEES
    assert tuple(factory.pending(new)) == (bytes(32), 0, 0)


def test_a_pause_is_not_inherited(works, factory, token):
    factory.pause_mint(token, sender=GUARDIAN)
    works.wipe()
    new = works.next_series(token)
    terms = unpack_terms(new.words().terms)
    assert (terms["paused_until"], terms["phase"]) == (0, TRADING)
    factory.pause_mint(new, sender=GUARDIAN)


def test_series_go_on(works, factory, token):
    works.wipe()
    second = works.next_series(token)
    works.wipe(second)
    third = works.next_series(second)
    assert (third.name(), third.symbol()) == ("Steelyard ETH 3x long 3", "ETH3L-3")
    assert factory.token_info(third).first == token.address
    assert factory.token_info(second).successor == third.address
    assert [factory.tokens(i) for i in range(3)] == [t.address for t in (token, second, third)]


def test_longest_name_and_symbol(works):
    token = works.create("ETH2L", name="n" * 46, symbol="s" * 28)
    for series in range(2, 11):
        works.wipe(token)
        token = works.next_series(token)
        assert (token.name(), token.symbol()) == ("n" * 46 + f" {series}", "s" * 28 + f"-{series}")


def test_one_successor(works, factory, token):
    works.wipe()
    works.next_series(token)
    with reverts("series: replaced already"):
        works.next_series(token)


def test_after_a_release(works, factory, token):
    works.wipe()
    factory.release(token, sender=STRANGER)
    new = works.next_series(token)
    assert [log.name for log in factory.logs()] == ["TokenCreated"]
    assert new.symbol() == "ETH3L-2"


def test_what_another_took_meanwhile_is_gone(works, factory, token):
    works.wipe()
    factory.release(token, sender=STRANGER)
    taker = works.create("ETH2S", trade_share=WAD // 2)
    with reverts("registry: no trade share left"):
        works.next_series(token)
    works.settle(taker)
    factory.release(taker, sender=STRANGER)
    works.next_series(token)


def test_a_taken_symbol(works, token):
    works.create("ETH2S", symbol="ETH3L-2")
    works.wipe()
    with reverts("registry: symbol taken"):
        works.next_series(token)


def test_alive(works, token):
    with reverts("series: not wiped out"):
        works.next_series(token)
    works.price(1_300)
    with reverts("series: not wiped out"):
        works.next_series(token)


def test_a_remainder_is_not_wiped_out(works, token):
    works.wipe(equity=4)
    with reverts("series: not wiped out"):
        works.next_series(token)


def test_dust_is(works, token):
    works.wipe(equity=2.9)
    assert 0 < works.state(token).equity < WAD
    works.next_series(token)


def test_what_the_owner_ended_stays_ended(works, factory, token):
    """Whether it is settled, or was wiped out on the way."""
    other = works.create("ETH2L")
    works.settle(other)
    with reverts("series: was winding down"):
        works.next_series(other)
    works.wind_down(token)
    works.price(2_000)
    works.wipe(token)
    with reverts("series: was winding down"):
        works.next_series(token)
    factory.release(token, sender=STRANGER)


def test_bounds_hold_for_it(works, token):
    """On a venue that would not be accepted any more there is no next series."""
    works.wipe()
    works.set_market(max_leverage=6 * WAD)
    with reverts("bounds: target over venue's half"):
        works.next_series(token)


def test_seed(works, factory, token):
    works.wipe()
    with reverts("seed: too small"):
        works.next_series(token, seed=99)
    with reverts("seed: over the cap"):
        works.next_series(token, seed=600_000)
    works.usd.approve(factory, 0, sender=STRANGER)
    with reverts("erc20: insufficient allowance"):
        works.next_series(token)
    assert factory.token_info(token).is_live  # nothing has happened


def test_no_token(works):
    with reverts("registry: not a token"):
        works.next_series(STRANGER)
