"""What holds of every decision of the keeper, whatever the tokens, gas, policy and transactions."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from steelyard.keeper.decide import Policy, decide
from steelyard.keeper.types import GWEI, Alert, GasPrice, Rebalance, TokenView, Wait
from steelyard.model.arithmetic import WAD
from steelyard.model.leverage import INFINITE_LEVERAGE
from steelyard.model.policy import Memory, Obstacle, Trigger
from steelyard.model.token.terms import Phase
from tests.keeper.views import NOW, USDC, account, address, due, pending

MONEY = st.integers(0, 5 * USDC)
SIZES = st.sampled_from([0, 15 * WAD, -15 * WAD])
TOKENS = st.integers(0, 9)


@st.composite
def tokens(draw):
    """Any token, sensible or not; one of nine addresses."""
    index = draw(TOKENS)
    if draw(st.integers(0, 9)) == 0:
        return TokenView.unreadable(address(index), "broken")
    return due(
        index,
        draw(st.sampled_from(Trigger)),
        paid=draw(MONEY),
        obstacle=draw(st.one_of(st.just(Obstacle.CLEAR), st.sampled_from(Obstacle))),
        phase=draw(st.sampled_from(Phase)),
        leverage=draw(st.sampled_from([0, WAD, 3 * WAD, 9 * WAD, INFINITE_LEVERAGE])),
        size_delta=draw(st.integers(-20, 20)) * WAD,
        ready_at=draw(st.sampled_from([0, NOW - 1, NOW + 50])),
        wiped=draw(st.booleans()),
        account=account(size=draw(SIZES)),
        memory=Memory(aim=3 * WAD, since=draw(st.integers(NOW - 30_000, NOW)), traded_at=NOW - 100),
        gas=draw(st.sampled_from([0, 90_000, 400_000])),
        block=draw(st.integers(7, 9)),
    )


GASES = st.builds(
    GasPrice,
    st.integers(0, 250 * GWEI),
    st.integers(0, 3 * GWEI),
    st.integers(0, 500 * GWEI),
    st.one_of(st.none(), st.integers(0, 3_000 * USDC)),
)
POLICIES = st.builds(
    Policy,
    margin=st.integers(WAD, 2 * WAD),
    min_profit=st.integers(-USDC, USDC),
    emergency_floor=st.integers(-2 * USDC, USDC),
    sponsor_budget=st.sampled_from([0, USDC, 20 * USDC]),
    sponsor_tokens=st.frozensets(st.builds("T{}".format, TOKENS), max_size=3),
)
PENDING = st.lists(st.builds(pending, TOKENS, TOKENS, sponsored=MONEY), max_size=3)


@given(st.lists(tokens(), max_size=9), GASES, POLICIES, PENDING, MONEY, st.randoms())
def test_what_holds_of_every_decision(views, gas, policy, transactions, spent, random):
    actions = decide(views, NOW, gas, policy, transactions, spent)
    latest = {view.address: view for view in sorted(views, key=lambda v: (v.block, repr(v)))}

    # One action for each token, whatever the order of everything.
    assert Counter(action.token for action in actions) == Counter(list(latest))
    random.shuffle(views)
    random.shuffle(transactions)
    assert decide(views, NOW, gas, policy, transactions, spent) == actions

    for action in actions:
        check_words(action)
        if isinstance(action, Rebalance):
            check_sent(action, latest[action.token], gas, policy, transactions)
    check_budget(actions, policy, transactions, spent)
    check_order(actions)


def check_words(action):
    assert len(action.reason) > 5
    if isinstance(action, Wait):
        assert action.until is None or action.until > 0


def check_sent(action, view, gas, policy, transactions):
    assert view.ok
    assert view.trigger != Trigger.NOTHING
    assert view.obstacle == Obstacle.CLEAR
    assert view.size_delta != 0
    assert gas.base_fee <= min(policy.max_fee, gas.max_fee)
    assert action.token not in {transaction.token for transaction in transactions}
    assert 0 <= action.min_reward <= action.reward == view.reward_assets
    charged = action.reward - action.profit
    assert charged >= action.cost
    if action.sponsored:
        assert policy.sponsors(view)
        assert charged - action.min_reward == action.sponsored
    elif action.trigger == Trigger.EMERGENCY:
        assert action.profit >= min(policy.min_profit, policy.emergency_floor)
    elif not policy.sponsors(view):
        assert action.profit >= policy.min_profit
        assert action.min_reward >= charged + policy.min_profit
    else:
        assert action.profit >= min(0, policy.min_profit)


def check_budget(actions, policy, transactions, spent):
    """Whatever the rewards come to, the day's losses stay within the budget."""
    planned = sum(action.sponsored for action in actions if isinstance(action, Rebalance))
    before = spent + sum(transaction.sponsored for transaction in transactions)
    assert planned == 0 or before + planned <= policy.sponsor_budget


def check_order(actions):
    """Rebalances, emergencies first and then by profit per gas; alerts; waits by their end."""
    ranks = []
    for action in actions:
        if isinstance(action, Rebalance):
            ranks.append((0, not action.is_urgent, -(action.profit * WAD // action.gas)))
        elif isinstance(action, Alert):
            ranks.append((1, 0, 0))
        else:
            ranks.append((2, action.until is None, action.until or 0))
    assert ranks == sorted(ranks)
