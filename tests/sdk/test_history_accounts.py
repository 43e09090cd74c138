"""What holders have made, by hand; and histories as tables and as JSON."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from eth_utils.address import to_checksum_address

from steelyard.model.arithmetic import WAD
from steelyard.sdk.history import HistoryError
from tests.sdk.history_tale import ALICE, BOB, FACTORY, FEES, START, USD, Tale


def verbs(account):
    return [entry.verb for entry in account.entries]


def two_mints():
    """One share for 100, then one for 120 after a rise of 10 (E from 400 to 520, 130 a share)."""
    tale = Tale().deposit(ALICE, 100 * USD, WAD, 400 * WAD).next()
    return tale.deposit(ALICE, 120 * USD, WAD, 650 * WAD, price=110 * WAD).next()


def test_average_cost_and_profit():
    """Two shares for 220 together; half of one pays 70 and cost 55: 15 made, 30 to be made."""
    tale = two_mints()
    tale.redeem(ALICE, 70 * USD, WAD // 2, 585 * WAD, price=110 * WAD)
    account = tale.told().account(ALICE)
    assert verbs(account) == ["mint", "mint", "redeem"]
    assert [entry.basis for entry in account.entries] == [100, 220, 165]
    assert [entry.balance for entry in account.entries] == [1, 2, Decimal("1.5")]
    assert (account.realised, account.basis, account.balance) == (15, 165, Decimal("1.5"))
    assert (account.nav, account.value, account.unrealised) == (130, 195, 30)
    assert account.profit == 45


def test_who_leaves_wholly_has_no_basis_left():
    """To the last unit, whatever the averages were rounded to."""
    tale = two_mints()
    tale.redeem(ALICE, 43_333_333, WAD // 3, 606 * WAD, price=110 * WAD).next()
    rest = 2 * WAD - WAD // 3
    tale.redeem(ALICE, 200 * USD, rest, 390 * WAD, price=110 * WAD)
    account = tale.told().account(ALICE)
    assert (account.raw.balance, account.raw.basis, account.raw.unrealised) == (0, 0, 0)
    assert account.raw.realised == 243_333_333 - 220 * USD


def test_transfers_are_at_the_last_net_asset_value():
    """Given at 130: a profit of 20 to who paid 110 on average, and a basis of 130 to the other."""
    history = two_mints().transfer(ALICE, BOB, WAD).told()
    giver, taker = history.account(ALICE), history.account(BOB.upper().replace("0X", "0x"))
    assert verbs(giver)[-1] == "transfer_out"
    assert giver.entries[-1].other == to_checksum_address(BOB)
    assert (giver.realised, giver.basis) == (20, 110)
    assert (verbs(taker), taker.entries[0].other) == (["transfer_in"], to_checksum_address(ALICE))
    assert (taker.basis, taker.value, taker.profit) == (130, 130, 0)


def test_a_router_gives_at_the_price_of_its_own_deposit():
    """In the same block: not at that of the point before."""
    router = FEES
    tale = Tale().deposit(router, 130 * USD, WAD, 520 * WAD, price=110 * WAD)
    history = tale.transfer(router, BOB, WAD).told()
    assert (history.account(BOB).basis, history.account(router).profit) == (130, 0)


def test_who_gives_to_himself_moves_nothing():
    assert verbs(two_mints().transfer(ALICE, ALICE, WAD).told().account(ALICE)) == ["mint", "mint"]


def test_shares_bought_for_somebody_are_his_at_what_they_cost():
    tale = Tale().deposit(BOB, 101 * USD, WAD, 400 * WAD)
    tale.events[-1].values.sender = ALICE
    history = tale.told()
    (entry,) = history.account(BOB).entries
    assert (entry.other, entry.basis) == (to_checksum_address(ALICE), 101)
    assert not history.account(ALICE).entries


def test_fee_shares_come_at_their_value():
    tale = Tale(mint_fee=WAD // 100).deposit(ALICE, 101 * USD, WAD, 401 * WAD, size_delta=0).next()
    account = tale.claimed(WAD // 100).told().account(FEES)
    assert (verbs(account), account.balance, account.basis) == (["fee"], Decimal("0.01"), 1)
    assert account.profit == 0


def test_the_seed_is_the_factorys():
    account = Tale().told().account(FACTORY)
    assert (verbs(account), account.basis, account.profit) == (["seed"], 300, 0)


def test_nobody():
    account = Tale().told().account(BOB)
    assert (account.entries, set(account.raw) - {100 * WAD}) == ((), {0})


def test_half_a_history_has_no_accounts():
    history = two_mints().told()
    with pytest.raises(HistoryError) as error:
        history.between(12, 12).account(ALICE)
    assert str(error.value) == (
        "the history begins at block 12, the token at 10 (read it without `first`)"
    )
    assert history.between(0, 11).account(ALICE).basis == 100


def test_between():
    history = two_mints().told()
    part = history.between(11, 99)
    assert (part.first, part.last, len(part.flows), len(part.nav)) == (11, 12, 2, 2)
    assert not part.configs
    assert history.between(0, 99) == history


# ---------------------------------------------------------------- FOR MACHINES


def test_json_is_exact():
    """Amounts as strings: a double of another language holds only 53 bits."""
    history = two_mints().told()
    told = json.loads(history.to_json())
    assert (told["token"], told["symbol"], told["decimals"]) == ("0x" + "11" * 20, "TALE3L", 6)
    assert (told["first"], told["last"]) == (10, 12)
    point = told["records"][-1]
    assert point == {
        "type": "nav",
        "block": 12,
        "index": 0,
        "timestamp": START + 2,
        "tx": f"0x{3:064x}",
        "phase": "ACTIVE",
        "price": str(110 * WAD),
        "size": str(15 * WAD),
        "equity": str(650 * WAD),
        "leverage": str(15 * 110 * WAD // 650),
        "supply": str(5 * WAD),
        "owed": "0",
        "slack": "0",
        "nav": str(130 * WAD),
    }
    kinds = {record["type"] for record in told["records"]}
    assert kinds == {"config", "life", "flow", "nav"}
    config = next(record for record in told["records"] if record["type"] == "config")
    assert config["rules"]["target"] == str(3 * WAD)
    assert (config["terms"]["phase"], config["terms"]["fees_on"]) == ("ACTIVE", True)
    assert json.loads(json.dumps(history.account(ALICE).to_dict()))["basis"] == str(220 * USD)


def test_a_table_has_a_row_for_each_record():
    frame = two_mints().told().frame()
    assert list(frame["nav"]) == [100.0, 100.0, 130.0]
    assert frame["equity"].dtype == float
    assert [time.timestamp() for time in frame.index] == [START, START + 1, START + 2]
    assert (frame.index.name, str(frame.index.tz)) == ("time", "UTC")
    assert list(frame["phase"]) == ["ACTIVE"] * 3


@pytest.mark.parametrize(
    ("kind", "column", "values"),
    [
        ("flow", "assets", [300.0, 100.0, 120.0]),
        ("life", "assets", [300.0]),
        ("transfer", "shares", [0.5]),
        ("rebalance", "reward", []),
        ("liquidation", "price", []),
        ("fee", "shares", []),
    ],
)
def test_tables_of_all_kinds(kind, column, values):
    """With their columns even where there is nothing to show."""
    frame = two_mints().transfer(ALICE, BOB, WAD // 2).told().frame(kind)
    assert list(frame[column]) == values
    assert {"block", "index", "tx"} < set(frame.columns)


def test_no_such_table():
    with pytest.raises(HistoryError) as error:
        Tale().told().frame("candles")
    assert str(error.value) == (
        "no records of kind 'candles' (there are: "
        "nav, flow, rebalance, fee, transfer, liquidation, config, life)"
    )
