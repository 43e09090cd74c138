"""A reward is at most what the venue lets leave together with the trade."""

from dataclasses import replace

import pytest

from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Memory, Obstacle
from steelyard.model.policy.size import MAX_GROWTH
from steelyard.model.venue.states import MarketStatus
from tests.unit.policy.cases import NOON, RULES, account, at_leverage, case, wad

TOO_HIGH, TOO_LOW = (at_leverage(wad(level), size=10_000 * WAD) for level in ("4.5", "1.5"))


class TestCash:
    def test_the_order_fee_leaves_it_too(self, ask):
        # Fee 5.39946, as in test_terms; the reward is 200 * 45 * 5.5 bp = 4.95.
        fee, reward = wad("5.39946"), wad("4.95")
        for cash, paid in (
            (fee + reward, reward),
            (fee + reward - 1, reward - 1),
            (fee, 0),
            (0, 0),
        ):
            decision = ask(case(replace(TOO_HIGH, cash=cash)))
            assert (decision.obstacle, decision.reward) == (Obstacle.CLEAR, paid)


class TestMargin:
    @pytest.mark.parametrize("state", [TOO_HIGH, TOO_LOW])
    def test_leaves_the_least_margin(self, ask, state):
        decision = ask(case(state))
        left = state.equity - decision.cost - decision.reward
        for margin, paid in ((left, 0), (left + 1, 1)):
            changed = ask(case(replace(state, min_margin=margin)))
            assert changed.reward == decision.reward - paid

    @pytest.mark.parametrize("state", [TOO_HIGH, TOO_LOW])
    def test_leaves_the_initial_margin(self, ask, state):
        decision = ask(case(state))
        left = state.equity - decision.cost - decision.reward
        notional_36 = (state.size + decision.size_delta) * state.price
        least = -(-notional_36 // left)
        assert ask(case(replace(state, max_leverage=least))).reward == decision.reward
        tighter = ask(case(replace(state, max_leverage=least * 999_999 // 1_000_000)))
        assert 0 < tighter.reward < decision.reward

    def test_leaves_more_than_the_maintenance_margin_before_a_reduction(self, ask):
        decision = ask(case(TOO_HIGH))
        left = TOO_HIGH.equity - decision.cost - decision.reward
        for margin, paid in ((left - 1, 0), (left, 1)):
            changed = ask(case(replace(TOO_HIGH, maintenance=margin)))
            assert changed.reward == decision.reward - paid

    def test_leaves_more_than_it_can_be_after_an_increase(self, ask):
        # From 10,000 to 10,200: 1.02 squared is 1.0404, and a wei per 1 of 153,000, and 4.
        decision = ask(case(TOO_LOW))
        left = TOO_LOW.equity - decision.cost - decision.reward
        before = left * 10_000 // 10_404
        above = -(-(before * 10_404) // 10_000) + 153_000 + 4
        changed = ask(case(replace(TOO_LOW, maintenance=before)))
        assert decision.size_delta == 200 * WAD
        assert decision.reward - changed.reward == above - left > 0

    def test_leaves_nothing_of_a_position_that_grows_a_millionfold(self, ask):
        state = at_leverage(wad("0.000001"), size=WAD, maintenance=1, min_margin=0)
        decision = ask(case(replace(state, skew_scale=10**10 * WAD)))
        assert decision.size_delta // state.size > MAX_GROWTH
        assert (decision.obstacle, decision.reward) == (Obstacle.CLEAR, 0)

    def test_without_a_position_knows_no_maintenance_margin(self, ask):
        boundary = NOON - NOON % 86_400 + RULES.boundary
        state = account(size=0, equity=1_000 * WAD)
        decision = ask(case(state, now=boundary))
        assert decision.reward == decision.size_delta * 2_000 // 10_000

    @pytest.mark.parametrize("status", [MarketStatus.ACTIVE, MarketStatus.CLOSED])
    def test_needs_nothing_once_the_position_is_closed(self, ask, status):
        memory = Memory(winding_down_at=NOON - 3_600, winding_down_size=WAD)
        state = at_leverage(3 * WAD, size=WAD, min_margin=2**90, status=status)
        decision = ask(case(replace(state, maintenance=2**90), memory=memory))
        assert decision.size_delta == -WAD
        assert decision.reward == 300_000 * WAD // 1_000
