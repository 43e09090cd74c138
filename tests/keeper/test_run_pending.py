"""Transactions that wait: gas gets dearer, blocks are undone, somebody else uses the account."""

from decimal import Decimal

import pytest

from steelyard.chain import KeySigner
from steelyard.keeper.types import GWEI
from tests.keeper.world import hangs, with_settings

pytestmark = pytest.mark.node


def held_up(chain, bot, base_fee, **prices):
    """Let the bot send for a drift, and the base fee jump before it is mined."""
    chain.push(**prices or {"ETH": 1_800})
    assert bot.deeds() == ["sent"]
    chain.base_fee(base_fee)
    chain.mine()
    assert chain.chain.receipt(bot.state.pending[0].hashes[0]) is None


def test_the_base_fee_jumps_tenfold_and_the_transaction_is_replaced(chain, bot):
    held_up(chain, bot, 10 * GWEI, BTC=34_500)
    (before,) = bot.state.pending
    assert bot.deeds() == ["replaced"]
    (after,) = bot.state.pending
    assert after.nonce == before.nonce
    assert after.attempts[:1] == before.attempts
    first, second = after.attempts
    assert second.max_fee >= first.max_fee * 1.125
    assert second.priority_fee >= first.priority_fee * 1.125
    assert second.max_fee >= 10 * GWEI
    chain.mine()
    assert bot.deeds() == ["booked"]
    assert bot.state.bookings[0].hash == second.hash
    assert bot.nonce == 1
    bot.check_books()


def test_a_base_fee_over_the_cap_is_waited_out(chain, bot):
    with_settings(bot, max_fee_gwei=5)
    held_up(chain, bot, 50 * GWEI)
    report = bot.step()
    assert report.notes == ()
    assert "is over the cap of 5.00 gwei" in report.actions[0].reason or report.actions
    for _ in range(30):  # it falls by an eighth with each empty block
        chain.mine()
        bot.deeds()
    assert chain.in_band()
    assert bot.nonce == 1
    assert bot.state.bookings[0].gas_cost <= 5 * GWEI * bot.state.bookings[0].gas_used
    bot.check_books()


def test_what_does_not_pay_any_more_and_cannot_be_mined_is_left_alone(chain, bot):
    held_up(chain, bot, 150 * GWEI, ETH=1_795)
    assert bot.deeds() == []
    assert len(bot.state.pending[0].attempts) == 1


def test_a_transaction_that_is_not_mined_for_long_is_replaced(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    (pending,) = bot.state.pending
    raw = pending.attempts[0].raw

    # As with a priority that nobody cares for: it is known, and not mined.
    def aside():
        chain.rpc("anvil_dropTransaction", pending.hashes[0])
        chain.mine()
        chain.rpc("eth_sendRawTransaction", raw)

    aside()
    assert bot.deeds() == []
    aside()
    assert bot.deeds() == []
    aside()
    assert bot.deeds() == ["replaced"]
    chain.mine()
    assert bot.deeds() == ["booked"]
    bot.check_books()


def test_what_would_fail_is_replaced_by_what_works(chain, bot):
    with_settings(bot, min_profit=13)
    chain.push(ETH=1_750)
    bot.step()
    asking = bot.state.pending[0]
    assert asking.symbol == "ETH2S"
    chain.rpc("anvil_dropTransaction", asking.hashes[0])
    # The reward falls below what was asked for, and now less is asked for.
    with_settings(bot, min_profit=0)
    chain.push(ETH=1_799)
    chain.rpc("eth_sendRawTransaction", asking.attempts[0].raw)
    assert bot.deeds() == ["replaced"]
    assert bot.state.pending[0].min_reward < asking.min_reward
    chain.mine()
    assert bot.deeds() == ["booked"]
    assert bot.state.bookings[0].outcome == "done"
    bot.check_books()


def test_a_competitor_mined_first_makes_it_cancel(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    (pending,) = bot.state.pending
    chain.rpc("anvil_dropTransaction", pending.hashes[0])
    chain.do(chain.system.tokens["ETH2S"], "rebalance")
    chain.rpc("eth_sendRawTransaction", pending.attempts[0].raw)
    assert bot.deeds() == ["cancelled"]
    chain.mine()
    assert bot.deeds() == ["booked"]
    assert [(b.outcome, b.reward) for b in bot.state.bookings] == [("cancelled", 0)]
    bot.check_books()


def test_one_that_is_needed_again_takes_the_place_of_its_cancel(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    (pending,) = bot.state.pending
    chain.rpc("anvil_dropTransaction", pending.hashes[0])
    chain.push(ETH=2_000)
    chain.rpc("eth_sendRawTransaction", pending.attempts[0].raw)
    assert bot.deeds() == ["cancelled"]
    chain.rpc("anvil_dropAllTransactions")
    chain.push(ETH=1_800)
    assert bot.deeds() == ["replaced"]
    chain.mine()
    assert bot.deeds() == ["booked"]
    assert chain.in_band()
    bot.check_books()


def test_a_cancel_that_is_lost_and_cannot_be_replaced_is_sent_again(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    (pending,) = bot.state.pending
    chain.rpc("anvil_dropTransaction", pending.hashes[0])
    chain.push(ETH=2_000)
    chain.rpc("eth_sendRawTransaction", pending.attempts[0].raw)
    assert bot.deeds() == ["cancelled"]
    chain.rpc("anvil_dropAllTransactions")
    cancel = bot.state.pending[0].attempts[-1]
    with_settings(bot, max_fee_gwei=Decimal(cancel.max_fee) / GWEI)
    chain.push(ETH=1_800)
    assert bot.deeds() == ["held", "resent"]
    chain.mine()
    assert bot.deeds() == ["booked", "sent"]
    chain.mine()
    assert bot.deeds() == ["booked"]
    assert chain.in_band()
    bot.check_books()


# ---------------------------------------------------------------- REORGANISATIONS


def reorganise(chain, depth):
    chain.rpc("anvil_reorg", depth, [])


def test_a_reorganisation_takes_back_what_was_booked_and_it_is_done_again(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    chain.mine()
    assert bot.deeds() == ["booked"]
    (gone,) = bot.state.bookings
    reorganise(chain, 1)
    chain.mine()
    report = bot.step()
    assert [note.deed for note in report.notes] == ["unbooked", "resent"]
    assert report.seen.reorganised == 1
    assert (bot.state.totals.reward, bot.state.bookings) == (0, ())
    chain.mine()
    assert bot.deeds() == ["booked"]
    (booking,) = bot.state.bookings
    assert booking.hash == gone.hash
    assert booking.block_hash != gone.block_hash
    assert chain.in_band()
    bot.check_books()


def test_mined_again_in_another_block_it_is_booked_there(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    raw = bot.state.pending[0].attempts[0].raw
    chain.mine()
    bot.step()
    reorganise(chain, 1)
    chain.rpc("eth_sendRawTransaction", raw)
    chain.mine()
    assert bot.deeds() == ["unbooked", "booked"]
    bot.check_books()


def test_after_so_many_confirmations_a_booking_is_for_good(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    chain.mine()
    bot.step()
    assert len(bot.state.settling) == 1
    chain.mine()
    bot.step()
    assert bot.state.settling == ()
    bot.check_books()


def test_a_reorganisation_while_it_was_down_is_noticed(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    chain.mine()
    bot.step()
    reorganise(chain, 1)
    chain.mine()
    bot.start()
    report = bot.step()
    assert report.seen.reorganised == 1
    assert [note.deed for note in report.notes] == ["unbooked", "resent"]
    chain.mine()
    bot.step()
    bot.check_books()


def test_a_reorganisation_below_what_is_booked_for_good_frees_its_nonce(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    chain.mine()
    bot.step()
    chain.mine()
    bot.step()
    assert bot.state.settling == ()
    reorganise(chain, 2)
    chain.push(ETH=1_800)
    assert bot.nonce == 0
    assert bot.deeds() == ["unbooked", "sent"]
    chain.mine()
    assert bot.deeds() == ["booked"]
    assert chain.in_band()
    bot.check_books()


def test_a_nonce_whose_transaction_came_back_and_hangs_is_freed_too(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    (hung,) = bot.state.pending[0].hashes
    for _ in range(2):
        chain.mine()
        bot.step()
    assert bot.state.settling == ()
    reorganise(chain, 2)
    chain.push(ETH=1_800)

    def fault(method, params, ask):  # the node has it, and no block takes it
        if method == "eth_getTransactionByHash" and params == [hung]:
            return {"jsonrpc": "2.0", "id": 1, "result": {"hash": hung}}
        if method == "eth_getTransactionCount" and params[1] == "pending" and bot.nonce == 0:
            return {"jsonrpc": "2.0", "id": 1, "result": "0x1"}
        return ask()

    with bot.wire.broken(fault):
        for _ in range(6):
            bot.deeds()
            chain.mine()
    assert bot.deeds() == []
    assert [(b.nonce, b.outcome) for b in bot.state.bookings] == [(0, "cancelled"), (1, "done")]
    bot.check_books()


def test_a_deep_reorganisation_stops_it_for_a_while(chain, bot):
    with_settings(bot, cool_off=60)
    for _ in range(5):
        chain.mine()
        bot.step()
    reorganise(chain, 4)
    chain.push(ETH=1_800)
    report = bot.step()
    assert report.stopped == "4 blocks were replaced: waiting 60 s"
    assert report.notes == ()
    chain.mine(seconds=70)
    assert bot.deeds() == ["sent"]


@pytest.mark.parametrize("method", ["eth_maxPriorityFeePerGas", "eth_getTransactionReceipt"])
def test_an_outage_does_not_hide_a_deep_reorganisation(chain, bot, method):
    with_settings(bot, confirmations=20)
    chain.push(ETH=1_800)
    for _ in range(5):
        bot.step()
        chain.mine()
    bot.step()
    reorganise(chain, 4)
    chain.mine()
    with bot.wire.broken(hangs(method)):
        assert bot.step().error != ""
    report = bot.step()
    assert report.seen.reorganised == 4
    assert report.stopped == "4 blocks were replaced: waiting 300 s"


def test_undone_after_its_token_got_another_transaction_it_is_cancelled(chain, bot):
    chain.push(ETH=2_220)
    bot.step()
    chain.mine()
    assert bot.deeds() == ["booked"]
    chain.mine(seconds=60)
    with_settings(bot, confirmations=20, max_reorg=20)
    chain.push(ETH=2_460)
    assert bot.deeds() == ["sent"]
    reorganise(chain, 3)
    chain.push(ETH=2_460)
    deeds = bot.deeds()
    assert deeds[0] == "unbooked"
    assert sorted(p.token == "" for p in bot.state.pending) == [False, True]
    for _ in range(6):
        chain.mine()
        bot.deeds()
    assert bot.state.pending == ()
    assert chain.in_band()
    bot.check_books()


# ---------------------------------------------------------------- THE ACCOUNT, USED ELSEWHERE


def by_hand(chain, bot, nonce, fee=50 * GWEI):
    """Send something from the keeper's account that it knows nothing of."""
    transaction = {
        "type": 2,
        "chainId": 31_337,
        "nonce": nonce,
        "to": KeySigner("0x" + "33" * 32).address,
        "value": 1,
        "data": b"",
        "gas": 21_000,
        "maxFeePerGas": fee,
        "maxPriorityFeePerGas": fee,
    }
    raw = bot.signer.sign_transaction(transaction)
    return chain.rpc("eth_sendRawTransaction", "0x" + raw.hex())


def test_a_nonce_that_somebody_else_used_is_booked_as_foreign(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    chain.rpc("anvil_dropTransaction", bot.state.pending[0].hashes[0])
    by_hand(chain, bot, 0)
    for _ in range(5):
        chain.mine()
        bot.deeds()
    assert [b.outcome for b in bot.state.bookings] == ["foreign", "done"]
    assert chain.in_band()
    assert bot.state.totals.reward == bot.earned()


def test_it_sends_behind_what_waits_of_its_account(chain, bot):
    by_hand(chain, bot, 0)
    chain.push(ETH=1_800)  # mines it
    by_hand(chain, bot, 1)
    bot.step()
    assert [pending.nonce for pending in bot.state.pending] == [2]
    chain.mine()
    assert bot.deeds() == ["booked"]
    assert bot.state.totals.reward == bot.earned()


def test_a_gap_that_opens_before_it_is_closed(chain, bot):
    chain.push(ETH=1_800)
    foreign = by_hand(chain, bot, 0)
    bot.step()
    assert [pending.nonce for pending in bot.state.pending] == [1]
    chain.rpc("anvil_dropTransaction", foreign)
    for _ in range(6):
        chain.mine()
        bot.deeds()
    assert [b.nonce for b in bot.state.bookings] == [0, 1]
    assert chain.in_band()
    bot.check_books()
