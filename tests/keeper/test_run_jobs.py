"""What a keeper does besides rebalancing: configurations, wind-downs, settlements, liquidations."""

import pytest

from steelyard.evm import address
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.token.terms import Phase
from tests.keeper.world import USD, with_settings

pytestmark = pytest.mark.node


def schedule(chain, symbol="ETH3L", mint_fee=WAD // 500):
    token, factory = chain.system.tokens[symbol], chain.system.factory
    config = chain.contract(factory).call.token_config(token.address)
    config = config._replace(mint_fee=mint_fee)
    chain.do(factory, "schedule_config", token.address, config)
    return chain.contract(factory).call.pending(token.address).config_ready_at


def pass_to(chain, time):
    """Let time pass, with prices that stay fresh."""
    chain.mine(seconds=max(time - chain.chain.block().timestamp, 1))
    chain.push()


def test_a_due_configuration_is_applied_and_not_before(chain, bot):
    ready = schedule(chain)
    assert bot.deeds() == []
    pass_to(chain, ready)
    assert bot.deeds() == ["sent"]
    chain.mine()
    assert bot.deeds() == ["booked"]
    (booking,) = bot.state.bookings
    assert (booking.kind, booking.outcome, booking.reward) == ("apply_config", "done", 0)
    token = chain.system.tokens["ETH3L"].address
    assert chain.contract(chain.system.factory).call.token_config(token).mint_fee == WAD // 500
    chain.mine()
    assert bot.deeds() == []


def test_the_last_of_several_configurations_counts(chain, bot):
    schedule(chain, mint_fee=WAD // 500)
    bot.deeds()
    ready = schedule(chain, mint_fee=WAD // 400)
    pass_to(chain, ready)
    bot.deeds()
    chain.mine()
    token = chain.system.tokens["ETH3L"].address
    assert chain.contract(chain.system.factory).call.token_config(token).mint_fee == WAD // 400


def test_a_configuration_that_was_cancelled_or_lapsed_is_forgotten(chain, bot):
    ready = schedule(chain)
    bot.deeds()
    chain.do(chain.system.factory, "cancel_config", chain.system.tokens["ETH3L"].address)
    pass_to(chain, ready)
    assert bot.deeds() == []
    ready = schedule(chain)
    pass_to(chain, ready + 60 * DAY)
    bot.deeds()
    assert "apply_config" not in {pending.kind for pending in bot.state.pending}


def test_a_switch_turns_it_off(chain, bot):
    with_settings(bot, apply_config=False)
    pass_to(chain, schedule(chain))
    assert bot.deeds() == []


def test_a_wind_down_is_begun_worked_off_and_settled(chain, bot):
    with_settings(bot, wind_down=True)
    token = chain.system.tokens["ETH2S"]
    chain.do(chain.system.factory, "schedule_wind_down", token.address)
    ready = chain.contract(chain.system.factory).call.pending(token.address).wind_down_ready_at
    assert bot.deeds() == []
    pass_to(chain, ready)
    assert bot.deeds() == ["sent"]
    for _ in range(40):
        chain.mine()
        bot.deeds()
        chain.mine(seconds=60)
        chain.push()
        bot.deeds()
        if chain.contract(chain.system.lens).call.token_state(token.address).terms.phase == 4:
            break
    chain.mine()
    bot.deeds()
    kinds = [b.kind for b in bot.state.bookings]
    assert kinds[0] == "wind_down"
    assert set(kinds[1:-1]) == {"rebalance"}
    assert kinds[-1] == "settle"
    state = chain.contract(chain.system.lens).call.token_state(token.address)
    assert Phase(state.terms.phase) == Phase.CLOSED
    bot.check_books()


def trader(chain, dollars=1_000, size=5 * WAD):
    """Somebody with a position of ten times his margin."""
    account, exchange = address("trader"), chain.system.exchange
    chain.do(chain.system.usd, "mint", account, dollars * USD)
    chain.do(chain.system.usd, "transfer", exchange.address, dollars * USD, sender=account)
    market = chain.system.markets["ETH"].id
    arguments = (market, dollars * USD, size, 2**255 - 1, account)
    chain.do(exchange, "modify_position", *arguments, sender=account)
    return account


def test_an_account_of_the_exchange_is_flagged_liquidated_and_the_fee_claimed(chain, bot):
    with_settings(bot, liquidate=True)
    account = trader(chain)
    assert bot.deeds() == []
    chain.push(ETH=1_820)
    for _ in range(8):
        bot.deeds()
        chain.mine()
    bot.deeds()
    kinds = [(b.kind, b.token) for b in bot.state.bookings if b.kind == "liquidate"]
    assert kinds[:2] == [("liquidate", account), ("liquidate", account)]
    market = chain.system.markets["ETH"].id
    state = chain.contract(chain.system.exchange).call.account_state(market, account, 0)
    assert abs(state.size) < WAD
    assert not state.flagged and state.equity > state.maintenance
    assert chain.contract(chain.system.exchange).call.owed(bot.signer.address) < WAD // USD
    assert sum(b.reward for b in bot.state.bookings if b.kind == "liquidate") > 0
    bot.check_books()


def test_an_account_is_not_forgotten_when_the_node_fails_at_it(chain, bot):
    with_settings(bot, liquidate=True)
    account = trader(chain)
    assert bot.deeds() == []
    chain.mine(40, seconds=1)  # its log is read for the last time
    exchange = chain.system.exchange.address

    def fault(method, params, ask):
        if method == "eth_call" and params[0]["to"].lower() == exchange:
            return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "no way"}}
        return ask()

    with bot.wire.broken(fault):
        assert "no way" in bot.step().warning
    chain.push(ETH=1_820)
    bot.deeds()
    assert ("liquidate", account) in {(p.kind, p.token) for p in bot.state.pending}


def test_accounts_are_left_to_others_by_default(chain, bot):
    trader(chain)
    chain.push(ETH=1_820)
    bot.deeds()
    assert {pending.kind for pending in bot.state.pending} <= {"rebalance"}
