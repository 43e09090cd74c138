"""Each command of the wallet does what it says, and shows it to people and to machines."""

from decimal import Decimal

import pytest

from tests.wallet.world import ME, OTHER

pytestmark = pytest.mark.node
COSTS = {"entry_fee", "venue_fee", "price_impact", "rounding"}
FLOW = {"verb", "symbol", "assets", "shares", "value", "costs", "total_cost", "size_delta"}
FLOW |= {"price", "fill_price", "block"}
TX = {"hash", "block", "gas_paid"}


def lines(result):
    """Return what people read, after a command that is done."""
    assert result.exit_code == 0, result.stderr
    text = result.stdout.splitlines()
    assert all(len(line) <= 100 and line == line.rstrip() for line in text)
    assert "\x1b" not in result.stdout
    return text


def row(text, label):
    """Return the first row of a label, split into words."""
    found = next(line for line in text if line.startswith(f"{label}  "))
    return found[len(label) :].split()


# ---------------------------------------------------------------- LOOK


def test_tokens(me):
    text = lines(me.run("tokens"))
    assert text[0] == "Tokens"
    assert row(text, "ETH3L")[1:5] == ["3.00x", "2.00x", "to", "4.00x"]
    assert row(text, "ETH2S")[-1] == "active"


def test_tokens_for_machines(me):
    tokens = me.json("tokens")
    assert [token["symbol"] for token in tokens] == ["ETH3L", "ETH2S", "ETH2L"]
    assert tokens[1]["side"] == "short"
    assert Decimal(tokens[0]["nav"]) == me.world.steelyard().token("ETH3L").state().nav


def test_show(me):
    text = lines(me.run("show", "eth3l"))
    assert row(text, "NAV")[1:] == ["mUSD", "per", "share"]
    assert row(text, "leverage")[:5] == ["3.00x", "kept", "in", "2.00x", "to"]
    assert row(text, "liquidation")[0].startswith("-3")
    expected = "-66.0 % a year without a net move, at an assumed volatility of 60 % (now: unknown)"
    assert " ".join(row(text, "decay")) == expected
    assert " ".join(row(text, "ETH price")).startswith("2,000.00 valid, ")


def test_show_for_machines(me):
    shown = me.json("show", "ETH2S", "--account", ME.alias)
    state = me.world.steelyard().token("ETH2S").state()
    assert shown["status"] == "active"
    assert Decimal(shown["risk"]["leverage"]) == state.leverage
    assert Decimal(shown["risk"]["liquidation_move"]) == round(state.liquidation_distance, 18)
    assert shown["risk"]["volatility_is_assumed"] is True
    assert shown["account"]["shares"] == "0.000000000000000000"


def test_balance(me):
    me.json("mint", "ETH3L", "1000")
    text = lines(me.run("balance", ME.alias))
    assert text[0] == f"Account {ME.address}"
    assert row(text, "mUSD") == ["99,000.00"]
    assert row(text, "ETH3L")[0] == f"{Decimal(me.shares()).scaleb(-18):.6f}"
    told = me.json("balance", ME.address)
    assert told["collateral"] == {"symbol": "mUSD", "balance": "99000.000000"}
    assert [token["symbol"] for token in told["tokens"]] == ["ETH3L"]
    assert Decimal(told["total"]) == 99_000 + Decimal(told["tokens"][0]["value"])


# ---------------------------------------------------------------- MINT, REDEEM


def test_mint_shows_asks_and_says_what_happened(me):
    result = me.run("mint", "ETH3L", "1000.5", answer="y\n")
    text = lines(result)
    said = " ".join(row(text, "bound")[1:])
    assert said == "ETH3L at least, or nothing happens (50 bps)"
    assert row(text, "gas")[1] == "ether"
    assert [line.split()[0] for line in text if line.endswith("of the value")] == [
        "entry",
        "venue",
        "price",
        "all",
    ]
    assert row(text, "you paid mUSD") == ["1,000.500000", "1,000.500000", "none"]
    assert row(text, "you got ETH3L")[1] == f"{Decimal(me.shares()).scaleb(-18):.6f}"
    assert result.stderr.startswith("Mint? [y/N]:")
    assert (me.dollars(), me.nonce) == (100_000_000_000 - 1_000_500_000, 1)


def test_mint_for_machines(me):
    told = me.json("mint", "ETH3L", "1000")
    assert set(told) == {"account", "preview", "risk", "dry_run", "receipt"}
    assert set(told["preview"]) == FLOW | {"bound", "gas", "gas_is_typical"}
    assert set(told["receipt"]) == FLOW | TX
    for flow in (told["preview"], told["receipt"]):
        assert set(flow["costs"]) == COSTS
        assert sum(map(Decimal, flow["costs"].values())) == Decimal(flow["total_cost"])
        assert Decimal(flow["value"]) + Decimal(flow["total_cost"]) == Decimal(flow["assets"])
    assert Decimal(told["receipt"]["shares"]).scaleb(18) == me.shares()
    least = Decimal(told["preview"]["bound"]) / Decimal(told["preview"]["shares"])
    assert round(least, 9) == Decimal("0.995")


def test_mint_exact_shares_approves_what_it_may_cost_and_no_more(me):
    told = me.json("mint", "ETH3L", "2.5", "--shares", "--slippage", "100")
    assert (me.shares(), me.nonce) == (25 * 10**17, 2)
    assert set(told["receipt"]["approval"]) == TX
    most, paid = Decimal(told["preview"]["bound"]), Decimal(told["receipt"]["assets"])
    left = me.world.steelyard().token("ETH3L").holder(ME.address).asset_allowance
    assert 0 < left == most - paid < paid / 50


def test_gas_is_simulated_where_nothing_has_to_be_signed_before(me):
    assert me.json("mint", "ETH3L", "100", "--dry-run")["preview"]["gas_is_typical"] is True
    me.json("mint", "ETH3L", "100")
    assert me.json("redeem", "ETH3L", "0.5", "--dry-run")["preview"]["gas_is_typical"] is False


def test_typical_gas_of_a_mint_is_what_it_takes(me):
    told = me.json("mint", "ETH3L", "1000")
    receipt = me.world.chain.receipt(told["receipt"]["hash"])
    assert 0.7 < receipt.gas_used / 200_000 < 1.05


def test_redeem_some_and_all(me):
    me.json("mint", "ETH3L", "1000")
    before, had = me.dollars(), me.shares()
    told = me.json("redeem", "ETH3L", "1.5")
    assert had - me.shares() == 15 * 10**17
    assert Decimal(me.dollars() - before).scaleb(-6) == Decimal(told["receipt"]["assets"])
    assert set(told["receipt"]["costs"]) == {"exit_fee", *COSTS} - {"entry_fee"}
    text = lines(me.run("redeem", "ETH3L", "all", answer="y\n"))
    assert row(text, "you got mUSD")[2] == "none"
    assert me.shares() == 0


def test_redeem_for_an_exact_payout(me):
    me.json("mint", "ETH3L", "1000")
    before = me.dollars()
    told = me.json("redeem", "ETH3L", "123.45", "--assets")
    assert me.dollars() - before == 123_450_000
    assert told["preview"]["verb"] == "withdraw"
    assert Decimal(told["preview"]["bound"]) > Decimal(told["preview"]["shares"])


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_no_is_no(me, answer):
    result = me.run("mint", "ETH3L", "1000", answer=answer)
    assert (result.exit_code, me.nonce) == (130, 0)
    assert result.stderr.endswith("Error: nothing was sent\n")


def test_dry_run_sends_nothing(me):
    text = lines(me.run("mint", "ETH3L", "1000", "--dry-run"))
    assert text[-1] == "Dry run: nothing was sent."
    told = me.json("mint", "ETH3L", "1000", "--dry-run")
    assert (told["dry_run"], told["receipt"], me.nonce) == (True, None, 0)


def test_question_and_preview_are_beside_the_json(me):
    result = me.run("mint", "ETH3L", "1000", "--json", answer="y\n")
    assert result.stdout.startswith("{")
    assert "Mint? [y/N]" in result.stderr
    assert "you get" in result.stderr


# ---------------------------------------------------------------- MOVE


def test_transfer(me):
    me.json("mint", "ETH3L", "1000")
    had = me.shares()
    text = lines(me.run("transfer", "ETH3L", "1.25", OTHER.alias, answer="y\n"))
    assert row(text, "to") == [OTHER.address]
    assert me.shares(account=OTHER.address) == 125 * 10**16
    told = me.json("transfer", "ETH3L", "all", OTHER.address)
    assert Decimal(told["shares"]).scaleb(18) == had - 125 * 10**16
    assert set(told["receipt"]) == TX
    assert (me.shares(), me.shares(account=OTHER.address)) == (0, had)


def test_faucet(me):
    assert me.json("faucet", "12.5")["balance"] == "100012.500000"
    assert me.json("faucet")["assets"] == "10000.000000"
    assert me.dollars() == 110_012_500_000


def test_rebalance_that_is_due(me):
    me.world.push(2_240)
    me.world.warp(60)
    me.world.push(2_240)
    shown = me.json("rebalance", "ETH2S", "--dry-run")
    assert (shown["trigger"], shown["receipt"]) == ("drift", None)
    before = me.dollars()
    told = me.json("rebalance", "ETH2S")
    receipt = told["receipt"]
    assert Decimal(me.dollars() - before).scaleb(-6) == Decimal(receipt["reward"])
    assert Decimal(receipt["leverage_after"]) < Decimal(receipt["leverage_before"])
    # Ether is what gas is paid in, and this system has its price.
    assert told["pays"] is (Decimal(told["gas_value"]) <= Decimal(told["reward"]))


def test_rebalance_shows_need_reward_and_gas(me):
    me.world.push(2_240)
    text = lines(me.run("rebalance", "ETH2S", "--dry-run"))
    assert row(text, "why") == ["drift"]
    assert " ".join(row(text, "trade")[1:]) == "ETH: it buys"
    assert row(text, "pays you")[1] == "mUSD"
    assert row(text, "gas is worth")[1] == "mUSD"


# ---------------------------------------------------------------- HISTORY


def test_history(me):
    me.json("mint", "ETH3L", "1000")
    me.json("transfer", "ETH3L", "1", OTHER.address)
    me.json("redeem", "ETH3L", "all")
    events = me.json("history", "ETH3L")["events"]
    assert [event["event"] for event in events] == ["created", "seed", "mint", "transfer", "redeem"]
    mint, _, redeem = events[2:]
    assert (mint["assets"], mint["who"]) == ("1000.000000", ME.address)
    assert Decimal(mint["shares"]) == Decimal(redeem["shares"]) + 1
    assert Decimal(redeem["leverage"]) == me.world.steelyard().token("ETH3L").state().leverage
    text = lines(me.run("history", "ETH3L"))
    assert text[0] == "History of ETH3L"
    assert text[1].split()[:4] == ["time", "(UTC)", "event", "who"]
    assert [line.split()[2] for line in text[2:7]] == [event["event"] for event in events]


def test_history_of_an_account(me):
    me.json("mint", "ETH3L", "1000")
    me.world.push(2_200)
    me.json("redeem", "ETH3L", "all")
    told = me.json("history", "ETH3L", "--account", ME.alias)
    assert [event["event"] for event in told["events"]] == ["mint", "redeem"]
    assert told["profit"] == told["realised"] == told["events"][1]["realised"]
    assert Decimal(me.dollars()).scaleb(-6) == 100_000 + Decimal(told["profit"])
    text = lines(me.run("history", "ETH3L", "--account", ME.alias))
    assert row(text, "profit")[0] == f"{Decimal(told['profit']):.2f}"


def test_history_as_csv_and_from_a_block(me):
    me.json("mint", "ETH3L", "1000")
    events = me.json("history", "ETH3L")["events"]
    text = me.run("history", "ETH3L", "--csv").stdout.splitlines()
    assert text[0] == "time,block,event,who,shares,assets,cost,price,nav,leverage,tx"
    assert text[-1].split(",")[2:6] == ["mint", ME.address, events[-1]["shares"], "1000.000000"]
    first = str(events[-1]["block"])
    assert len(me.json("history", "ETH3L", "--from", first)["events"]) == 1
    assert len(me.json("history", "ETH3L", "--from", "2001-01-01")["events"]) == 3
    assert me.json("history", "ETH3L", "--from", "3000-01-01")["events"] == []


def test_volatility_is_that_of_the_feed(me):
    """Enough moves over enough time: nothing is assumed any more."""
    for step in range(21):
        me.world.push(2_000 + 20 * (step % 2))
        me.world.warp(300)
    risk = me.json("show", "ETH3L")["risk"]
    assert risk["volatility_is_assumed"] is False
    # 1 % every 5 minutes, 105,120 of them a year.
    assert 3 < float(risk["volatility"]) < 3.5
    assert risk["price_age"] >= 300
    text = " ".join(me.run("show", "ETH3L").stdout.split())
    assert "a year without a net move, at the present volatility of 3" in text


def test_a_token_to_its_end(me):
    """It winds down, anyone sells its position for a reward, and every share pays the same."""
    world, factory = me.world, me.world.system.factory
    me.json("mint", "ETH3L", "1000")
    address = world.steelyard().token("ETH3L").address
    world.send(factory, "schedule_wind_down", address)
    world.warp(2 * 86_400)
    world.push(2_000)
    world.send(factory, "apply_wind_down", address)
    assert me.json("show", "ETH3L")["status"] == "wind down"
    while me.json("show", "ETH3L")["risk"]["leverage"] != "0.000000000000000000":
        assert me.json("rebalance", "ETH3L")["trigger"] == "wind_down"
        world.warp(60)
    world.send(world.system.tokens["ETH3L"], "settle")
    ended = me.json("show", "ETH3L")
    assert (ended["status"], ended["price"], ended["risk"]["leverage"]) == ("closed", None, None)
    assert row(lines(me.run("tokens")), "ETH3L")[-1] == "closed"
    told = me.json("redeem", "ETH3L", "all")
    assert set(told["receipt"]["costs"].values()) == {"0.000000000000000000"}
    assert (me.shares(), told["preview"]["assets"]) == (0, told["receipt"]["assets"])
    events = [event["event"] for event in me.json("history", "ETH3L")["events"]]
    assert events[-2:] == ["settled", "redeem"]
