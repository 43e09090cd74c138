"""A keeper without trouble: drift, chunks, competitors, the books, and one step per block."""

import pytest

from steelyard.chain import KeySigner
from steelyard.keeper.keeper import Keeper
from steelyard.keeper.orders import stagger
from steelyard.keeper.types import GWEI, Alert, Cause, Rebalance, Wait
from steelyard.model.policy import Trigger
from tests.keeper.world import USD, Bot, errors, hangs, with_settings

pytestmark = pytest.mark.node


def test_a_drift_is_mined_with_the_next_block(chain, bot):
    assert bot.deeds() == []
    chain.push(ETH=1_750)
    drifted = chain.chain.block().number
    assert bot.deeds() == ["sent", "sent"]
    assert chain.mine() == drifted + 1
    assert chain.in_band()
    assert bot.deeds() == ["booked", "booked"]
    assert [b.block for b in bot.state.bookings] == [drifted + 1] * 2
    assert {b.trigger for b in bot.state.bookings} == {Trigger.DRIFT}
    bot.check_books()
    assert bot.earned() > 20 * USD


def test_chunks_are_continued_until_the_token_is_where_it_should_be(chain, bot):
    chain.push(BTC=34_500)
    for _ in range(20):
        bot.deeds()
        chain.mine()
    bot.deeds()
    triggers = [b.trigger for b in bot.state.bookings]
    assert triggers == [Trigger.DRIFT, Trigger.UNFINISHED, Trigger.UNFINISHED]
    assert chain.leverage("BTC3L") == pytest.approx(3, rel=1e-6)
    bot.check_books()


def test_an_emergency_is_sent_before_all_others(chain, bot):
    chain.push(BTC=34_500, ETH=1_600)
    report = bot.step()
    assert [note.symbol for note in report.notes][0] == "ETH3L"
    assert report.actions[0].trigger == Trigger.EMERGENCY
    assert [p.symbol for p in bot.state.pending][0] == "ETH3L"


def test_what_does_not_pay_is_not_sent(chain, bot):
    chain.base_fee(150 * GWEI)
    chain.push(ETH=1_780)
    report = bot.step()
    waits = [a for a in report.actions if isinstance(a, Wait) and a.cause == Cause.UNPROFITABLE]
    assert [wait.symbol for wait in waits] == ["ETH2S"]
    assert report.notes == ()
    assert bot.state.pending == ()


def test_a_sponsor_pays_for_what_does_not_pay_within_its_budget(chain, bot):
    with_settings(bot, sponsor=True, sponsor_daily_budget=150)
    chain.base_fee(150 * GWEI)
    chain.push(ETH=1_780)
    report = bot.step()
    (sent,) = [action for action in report.actions if isinstance(action, Rebalance)]
    assert sent.sponsored > 0
    assert [note.deed for note in report.notes] == ["sent"]
    chain.mine()
    chain.base_fee(150 * GWEI)
    assert bot.deeds() == ["booked"]
    (booking,) = bot.state.bookings
    assert booking.sponsored == booking.cost - booking.reward > 0
    assert bot.state.sponsored_on(chain.chain.block().timestamp) == booking.sponsored
    bot.check_books()


def test_all_under_way_together_stay_within_the_sponsors_budget(chain, bot):
    with_settings(bot, sponsor=True, sponsor_daily_budget=200, max_fee_gwei=1_000)
    chain.base_fee(150 * GWEI)
    chain.push(ETH=1_780)
    assert bot.deeds() == ["sent"]
    # One more is due, and what is under way would cost more than was set aside for it.
    chain.base_fee(310 * GWEI)
    chain.push(ETH=1_765)
    bot.deeds()
    assert len(bot.state.pending) == 2
    assert sum(pending.sponsored for pending in bot.state.pending) <= 200 * USD


def test_a_loss_of_unknown_size_costs_the_sponsor_what_was_set_aside(chain, bot):
    feed = chain.system.markets["ETH"].feed.address
    with_settings(bot, sponsor=True, sponsor_daily_budget=150, native_price=feed)
    chain.base_fee(150 * GWEI)
    chain.push(ETH=1_780)
    assert bot.deeds() == ["sent"]
    (pending,) = bot.state.pending
    assert pending.sponsored > 0
    chain.mine(seconds=7_300)  # the feed's answer is too old by now
    assert bot.deeds() == ["booked"]
    assert bot.state.bookings[0].sponsored == pending.sponsored


def test_of_two_keepers_the_second_pays_nothing(chain, bot, tmp_path):
    second = Bot(chain, tmp_path, "second")
    chain.push(ETH=1_800)
    assert bot.deeds() == ["sent"]
    report = second.step()
    assert [note.deed for note in report.notes] == ["lost"]
    assert report.notes[0].text.startswith("not sent: somebody else is first: ")
    chain.mine()
    assert bot.deeds() == ["booked"]
    assert second.deeds() == []
    assert (bot.nonce, second.nonce) == (1, 0)
    assert second.state.pending == ()
    bot.check_books()
    second.check_books()


def test_keepers_ask_at_different_moments(chain, bot, tmp_path):
    second = Bot(chain, tmp_path, "second")
    chain.push(ETH=1_750)
    bot.deeds()
    second.step()
    assert len(bot.pauses) == len(second.pauses) == 1
    assert 0 <= min(bot.pauses + second.pauses) <= max(bot.pauses + second.pauses) <= 0.25
    assert bot.pauses != second.pauses
    number = chain.chain.block().number
    waits = {stagger(bot.signer.address, number + later) for later in range(50)}
    assert len(waits) > 30


def test_an_emergency_waits_for_nobody(chain, bot):
    chain.push(ETH=1_600)
    asked = []
    bot.keeper._executor._pause = lambda seconds: asked.extend(bot.wire.asked)
    assert bot.deeds() == ["sent", "sent"]
    assert asked.count("eth_sendRawTransaction") == 1  # the emergency's
    assert bot.state.pending[0].trigger == Trigger.EMERGENCY


def test_who_is_first_and_not_mined_is_waited_for_only_so_long(chain, bot):
    """As with a competitor whose transaction a node shows, and no block takes."""
    chain.push(ETH=1_800)
    deeds = []
    while deeds[-1:] != ["sent"]:
        competitor = chain.send(chain.system.tokens["ETH2S"], "rebalance")
        deeds += bot.deeds()
        chain.rpc("anvil_dropTransaction", competitor)
        chain.mine()
    assert deeds == ["lost", "lost", "lost", "sent"]
    assert chain.in_band()


def test_who_sees_the_other_too_late_cancels_where_that_is_cheaper(chain, bot, tmp_path):
    second = Bot(chain, tmp_path, "second")
    chain.push(ETH=1_800)
    chain.base_fee(GWEI)
    with second.wire.broken(lambda method, params, ask: _blind(method, params, ask)):
        assert second.deeds() == ["sent"]
    dropped = chain.rpc("anvil_dropTransaction", second.state.pending[0].hashes[0])
    assert bot.deeds() == ["sent"]
    chain.mine()
    raw = second.state.pending[0].attempts[0].raw
    assert chain.rpc("eth_sendRawTransaction", raw) == dropped
    assert second.deeds() == ["cancelled"]
    chain.mine()
    assert second.deeds() == ["booked"]
    (booking,) = second.state.bookings
    assert (booking.outcome, booking.gas_used) == ("cancelled", 21_000)
    second.check_books()


def _blind(method, params, ask):
    """A node without a pending block."""
    if method == "eth_call" and params[1] == "pending":
        return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no such tag"}}
    return ask()


def test_a_block_is_dealt_with_once(chain, bot):
    chain.push(ETH=1_800)
    assert bot.deeds() == ["sent"]
    again = bot.step()
    assert again.skipped == f"block {chain.chain.block().number} was dealt with"
    assert again.notes == ()


def test_two_workers_of_one_account_never_act_doubly(chain, bot):
    other = Keeper(bot.chain, chain.record, bot.signer, bot.store, bot.settings)
    chain.push(ETH=1_800)
    assert [note.deed for note in bot.step().notes] == ["sent"]
    assert other.step().skipped != ""
    chain.mine()
    assert [note.deed for note in other.step().notes] == ["booked"]
    assert bot.step().skipped != ""
    assert bot.nonce == 1
    bot.check_books()


def test_what_reverted_for_one_worker_stops_the_other_too(chain, bot):
    with_settings(bot, max_reverts=1)
    other = Keeper(
        bot.chain, chain.record, bot.signer, bot.store, bot.settings, clock=bot.keeper._clock
    )
    other.step()
    chain.push(ETH=1_800)
    assert bot.deeds() == ["sent"]
    raw = bot.state.pending[0].attempts[0].raw
    chain.rpc("anvil_dropTransaction", bot.state.pending[0].hashes[0])
    chain.do(chain.system.tokens["ETH2S"], "rebalance")
    chain.rpc("eth_sendRawTransaction", raw)
    chain.mine()
    report = bot.step()
    assert [booking.outcome for booking in report.bookings] == ["reverted"]
    chain.push(ETH=1_600)
    report = other.step()
    assert report.stopped == "1 transactions reverted within 600 s: waiting 300 s"
    assert report.notes == ()


def test_a_worker_waits_while_another_has_the_books(chain, bot, monkeypatch):
    monkeypatch.setattr("steelyard.keeper.store.PATIENCE", 0.01)
    with bot.store.locked():
        monkeypatch.setattr(bot.store, "locked", lambda: type(bot.store)(bot.store.path).locked(0))
        report = bot.step()
    assert "another worker has had" in report.skipped
    assert report.error == ""


def test_a_dry_run_signs_nothing_and_writes_nothing(chain, bot):
    chain.push(ETH=1_750)
    before = bot.store.read()
    keeper = Keeper(
        bot.chain, chain.record, bot.signer, bot.store, bot.settings, dry_run=True, clock=lambda: 0
    )
    report = keeper.step()
    assert [type(action) for action in report.actions[:2]] == [Rebalance, Rebalance]
    assert report.stopped == "a dry run"
    assert bot.store.read() == before
    assert "eth_sendRawTransaction" not in bot.wire.asked


def test_without_money_for_gas_nothing_is_signed(chain, bot):
    with_settings(bot, min_balance=0)
    chain.rpc("anvil_setBalance", bot.signer.address, hex(10**12))
    chain.push(ETH=1_800)
    report = bot.step()
    assert [note.deed for note in report.notes] == ["held"]
    assert report.notes[0].text.endswith("wei for gas")
    assert bot.state.pending == ()


def test_the_breaker_stops_sending_and_lets_go_again(chain, bot):
    chain.rpc("anvil_setBalance", bot.signer.address, hex(10**15))
    chain.push(ETH=1_800)
    report = bot.step()
    assert report.stopped.startswith("the account has 0.001000 coins, less than 0.010000")
    assert report.notes == ()
    chain.rpc("anvil_setBalance", bot.signer.address, hex(10**18))
    chain.mine()
    assert bot.deeds() == ["sent"]


def test_every_token_is_looked_at_by_one_call_of_the_lens(chain, bot):
    bot.step()
    chain.mine()
    bot.wire.asked.clear()
    bot.step()
    # The count of tokens, and the lens.
    assert bot.wire.asked.count("eth_call") == 2


def test_a_new_token_is_kept_from_the_block_on_that_made_it(chain, bot):
    assert len(bot.step().actions) == 3
    chain.add_token("ETH5L")
    assert [a.symbol for a in bot.step().actions if "5L" in a.symbol] == ["ETH5L"]


def test_a_token_that_cannot_be_read_is_an_alert_and_spoils_nothing(chain, bot):
    chain.push(ETH=1_800)
    chain.rpc("anvil_setCode", chain.system.tokens["BTC3L"].address, "0xfe")
    report = bot.step()
    (alert,) = [action for action in report.actions if isinstance(action, Alert)]
    assert alert.cause == Cause.UNREADABLE
    assert [note.deed for note in report.notes] == ["sent"]


def test_what_the_node_refuses_for_one_token_does_not_stop_the_others(chain, bot):
    chain.push(ETH=1_750)
    refused = chain.system.tokens["ETH2S"].address

    def fault(method, params, ask):
        if method == "eth_estimateGas" and params[0]["to"].lower() == refused:
            return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "no way"}}
        return ask()

    with bot.wire.broken(fault):
        report = bot.step()
    assert report.error == ""
    assert [(note.symbol, note.deed) for note in report.notes] == [
        ("ETH2S", "held"),
        ("ETH3L", "sent"),
    ]
    assert report.notes[0].text == "the node answered with an error: no way [-32000]"


def test_a_rollups_data_fee_is_a_part_of_the_cost(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    chain.mine()

    def fault(method, params, ask):
        answer = ask()
        if method == "eth_getTransactionReceipt" and answer["result"]:
            answer["result"]["l1Fee"] = hex(10**15)
        return answer

    with bot.wire.broken(fault):
        assert bot.deeds() == ["booked"]
    (booking,) = bot.state.bookings
    receipt = chain.chain.receipt(booking.hash)
    assert booking.gas_cost == receipt.gas_cost + 10**15
    assert booking.cost > 2_000_000
    # And of what the next one is expected to cost.
    chain.push(ETH=1_600)
    due = [action for action in bot.step().actions if isinstance(action, Rebalance)]
    assert due and all(action.cost > 2_000_000 for action in due)


def test_the_price_of_gas_comes_from_a_feed(chain, bot):
    feed = chain.system.markets["ETH"].feed
    with_settings(bot, native_price=feed.address)
    assert bot.step().seen.gas.native_price == 2_000 * USD
    chain.push(ETH=1_800)
    assert bot.step().seen.gas.native_price == 1_800 * USD
    chain.mine(seconds=7_201)
    assert bot.step().seen.gas.native_price is None


def test_the_same_answers_lead_to_the_same_deeds(chain, bot, tmp_path):
    chain.push(ETH=1_750)
    twin = Bot(chain, tmp_path / "twin")
    first = bot.step()
    sent = [pending.hashes for pending in bot.state.pending]
    chain.rpc("anvil_dropAllTransactions")
    second = twin.step()
    assert [note.text for note in first.notes] == [note.text for note in second.notes]
    assert [pending.hashes for pending in twin.state.pending] == sent


def test_a_node_without_logs_does_not_stop_the_rebalances(chain, bot):
    chain.push(ETH=1_750)
    with bot.wire.broken(errors(-32005, "query returned more than 10000 results", "eth_getLogs")):
        report = bot.step()
    assert [note.deed for note in report.notes] == ["sent", "sent"]
    assert report.warning.startswith("not known what else is due: the node answered with an error")
    chain.mine()
    assert bot.step().warning == ""


def test_metrics_are_numbers(chain, bot):
    chain.push(ETH=1_750)
    metrics = bot.step().metrics()
    assert metrics["due"] == metrics["sent"] == metrics["pending"] == 2
    assert metrics["tokens"] == 3
    assert all(type(value) in (int, float) for value in metrics.values())
    with bot.wire.broken(hangs()):
        chain.mine()
        assert set(bot.step().metrics()) == {"seconds", "failed"}


def test_books_of_another_account_are_refused(chain, bot):
    bot.step()
    bot.signer = KeySigner("0x" + "22" * 32)
    bot.start()
    with pytest.raises(Exception, match="give each account on each chain its own store"):
        bot.step()
