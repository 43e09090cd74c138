"""market_holds against a plain count, with tokens that come, change and go in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.compiler import compile_contract
from steelyard.evm import DEPLOYER, Evm, Revert, address
from steelyard.model.arithmetic import WAD
from tests.unit.factory.helpers import MAX_UINT, PERCENT, setup_of

VENUES = address("venue"), address("another venue")
TOKENS = [address(f"token {index}") for index in range(8)]
DEPTH = 1_000_000 * WAD
SMALL_NUMBERS = st.integers(1, 40)


@pytest.fixture(scope="module")
def evm():
    return Evm()


@pytest.fixture(scope="module")
def holds(evm):
    return evm.deploy(compile_contract("MarketHoldsHarness"))


def made_of(venue, market, is_long):
    return ("", "", venue, market, address("policy"), address("quotes"), is_long)


def config(share, cap, slippage):
    made = setup_of(trade_share=share, cap=cap, max_slippage=slippage)
    return made.spec(VENUES[0], 0)[-1]


def test_where_trades_move_no_price_caps_need_no_bound(evm, holds):
    with evm.anchor():
        setup = made_of(VENUES[0], 0, True)
        holds.hold(TOKENS[0], setup, 0, config(PERCENT, 10**30, PERCENT), sender=DEPLOYER)
        with pytest.raises(Revert, match="registry: no trade share left"):
            holds.hold(TOKENS[1], setup, 0, config(WAD // 2, 0, PERCENT), sender=DEPLOYER)


class Book:
    """What `market_holds` should say, counted anew for every question."""

    def __init__(self):
        self.held = {}

    def of(self, place):
        return {token: hold for token, hold in self.held.items() if hold[0] == place}

    def use(self, place, is_long, but=None):
        holds = [hold for token, hold in self.of(place).items() if token != but]
        side = [hold for hold in holds if hold[1] == is_long]
        slippage = min((hold[4] for hold in side), default=MAX_UINT)
        return sum(hold[2] for hold in holds), sum(hold[3] for hold in side), slippage

    def refusal(self, token, place, is_long, share, cap, slippage):
        """Return the reason, or None."""
        taken, caps, least = self.use(place, is_long, but=token)
        if taken + share > WAD // 2:
            return "registry: no trade share left"
        old = self.held.get(token)
        if old and cap <= old[3] and slippage >= old[4]:
            return None
        # The depth of a side: max_slippage K / 4.
        if caps + cap > min(least, slippage) * DEPTH // WAD // 4:
            return "registry: caps over the depth"
        return None


ACTIONS = st.tuples(st.sampled_from(range(8)), SMALL_NUMBERS, SMALL_NUMBERS, SMALL_NUMBERS)


@given(st.lists(st.one_of(ACTIONS, st.sampled_from(range(8))), max_size=40))
def test_as_counted(evm, holds, actions):
    """A token's market and side are its own: by its number."""
    book = Book()
    with evm.anchor():
        for action in actions:
            number = action if isinstance(action, int) else action[0]
            token, place, is_long = (
                TOKENS[number],
                (VENUES[number % 2], number // 4),
                number % 3 > 0,
            )
            if isinstance(action, int):
                if book.held.pop(token, None):
                    holds.clear(token, *place, sender=DEPLOYER)
                continue
            share, cap = action[1] * PERCENT, action[2] * 250 * WAD
            slippage = action[3] * PERCENT // 20
            wanted = (token, made_of(*place, is_long), DEPTH, config(share, cap, slippage))
            reason = book.refusal(token, place, is_long, share, cap, slippage)
            if reason:
                with pytest.raises(Revert) as refused:
                    holds.hold(*wanted, sender=DEPLOYER)
                assert refused.value.reason == reason
            else:
                holds.hold(*wanted, sender=DEPLOYER)
                book.held[token] = (place, is_long, share, cap, slippage)
        for place in {(venue, market) for venue in VENUES for market in (0, 1)}:
            tokens = holds.market_tokens(*place)
            assert len(tokens) == len(set(tokens))
            assert set(tokens) == set(book.of(place))
            for is_long in (True, False):
                assert tuple(holds.market_use(*place, is_long)) == book.use(place, is_long)
