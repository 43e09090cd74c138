"""Whatever goes wrong ends in a message that says what to do, and nothing is half done."""

import pytest

from steelyard.model.venue.states import MarketStatus
from tests.wallet.world import ME, OTHER, honest

pytestmark = pytest.mark.node


def check(error, code, message, exit_code=1):
    assert (error["code"], error["message"], error["exit_code"]) == (code, message, exit_code)


# ---------------------------------------------------------------- HOW IT IS GIVEN


@pytest.mark.parametrize(
    "amount, message",
    [
        ("1,000", "'1,000': a comma could mean two things (write it like 1234.5)"),
        ("1_000", "'1_000' has separators between thousands (write it like 1234.5)"),
        ("1e3", "'1e3' is not a number (write it like 1234.5)"),
        ("ten", "'ten' is not a number (write it like 1234.5)"),
        ("0", "0 is nothing (use an amount above zero)"),
        ("1.0000001", "1.0000001 has more than 6 decimals (round it)"),
    ],
)
def test_bad_amounts(me, amount, message):
    check(me.refused("mint", "ETH3L", amount), "amount_error", message, 2)


def test_negative_amount(me):
    check(me.refused("mint", "ETH3L", "-5"), "usage", "amounts are above zero", 2)


def test_no_account(me):
    result = me.run("mint", "ETH3L", "100", "--yes", account=False)
    said = "this needs an account (add --account: the alias of a key file, or TEST::1 on a devnet)"
    assert (result.exit_code, result.stderr) == (2, f"Error: {said}\n")


@pytest.mark.parametrize("alias", ["1", "nobody", "TEST::10"])
def test_unknown_account(me, alias):
    result = me.run("mint", "ETH3L", "100", "--yes", "--account", alias, account=False)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: there is no account '{alias}' (use TEST::0 to TEST::9")


def test_unknown_token(me):
    message = "no token 'DOGE3L' (there are: ETH3L, ETH2S, ETH2L)"
    check(me.refused("show", "DOGE3L"), "unknown_token", message, 2)


def test_unknown_option_is_told_with_the_usage(me):
    result = me.run("mint", "ETH3L", "100", "--nonsense")
    assert result.exit_code == 2
    assert "Usage:" in result.stderr


def test_chain_inside_the_process(me):
    result = me.run("tokens", network="ethereum:local:test")
    said = "the chain inside the process ends with this command"
    remedy = "leave out --network for the devnet, or name another one"
    assert (result.exit_code, result.stderr) == (2, f"Error: {said} ({remedy})\n")


def test_unknown_network(me):
    result = me.run("tokens", network="ethereum:nowhere")
    assert result.exit_code == 2
    assert "nowhere" in result.stderr


@pytest.mark.parametrize("to", ["0x1234", "bob", "0x3c44CdDdB6a900fa2b585dd299e03d12FA4293BC"])
def test_mistyped_receiver(me, to):
    me.json("mint", "ETH3L", "100")
    error = me.refused("transfer", "ETH3L", "1", to)
    assert (error["exit_code"], me.nonce) == (2, 1)


def test_receiver_for_whom_shares_are_lost(me):
    me.json("mint", "ETH3L", "100")
    token = me.world.steelyard().token("ETH3L").address
    error = me.refused("transfer", "ETH3L", "0.5", token)
    assert (error["code"], error["reason"], me.nonce) == ("bad_receiver", "token: bad receiver", 1)


# ---------------------------------------------------------------- RECORD AND CHAIN


def test_missing_record(me):
    me.record.unlink()
    error = me.refused("tokens")
    remedy = "deploy first (`ape run deploy`, `make devnet`), or name another file"
    hint = "--deployment FILE names a record; --network NAME another chain."
    check(error, "book_error", f"no deployment at {me.record} ({remedy})\n{hint}")


def test_corrupt_record(me):
    me.record.write_text('{"format": 1')
    error = me.refused("tokens")
    assert error["message"].startswith(f"{me.record} is not a deployment: Invalid JSON")
    assert "(restore the file, or deploy again)" in error["message"]


def test_record_of_another_chain(me, tmp_path):
    other = honest(me.world.record).model_copy(update={"chain_id": 84532})
    me.record.write_text(other.model_dump_json())
    remedy = "connect to a node of chain 84532, or use the deployment of chain 31337"
    message = f"expected chain 84532, but the node serves 31337 ({remedy})"
    check(me.refused("tokens"), "wrong_chain", message)


def test_node_of_another_chain_than_the_network(me):
    result = me.run("tokens", network=f"ethereum:sepolia:{me.url}")
    said = "Error: expected chain 11155111, but the node serves 31337 "
    assert (result.exit_code, result.stderr[: len(said)]) == (1, said)


def test_chain_that_was_started_anew(me):
    gone = "0x1111111111111111111111111111111111111111"
    record = honest(me.world.record)
    contracts = dict(record.contracts)
    lens = contracts["LeveragedTokenLens"].model_copy(update={"address": gone})
    contracts["LeveragedTokenLens"] = lens
    me.record.write_text(record.model_copy(update={"contracts": contracts}).model_dump_json())
    error = me.refused("tokens")
    assert error["code"] == "not_deployed"
    assert error["message"].startswith(f"there is no LeveragedTokenLens at {gone} ")


# ---------------------------------------------------------------- MONEY


def test_account_without_ether(me):
    me.world.chain.request("anvil_setBalance", ME.address, "0x0")
    for command in (("mint", "ETH3L", "100"), ("faucet", "1")):
        error = me.refused(*command)
        said = f"{ME.address} cannot pay for the gas: it has 0 ether and may need "
        assert (error["code"], error["message"][: len(said)]) == ("insufficient_funds", said)
    assert me.nonce == 0


def test_more_than_there_is(me):
    error = me.refused("mint", "ETH3L", "100000.5")
    figures = f"{ME.address} has 100000.000000 mUSD, this takes 100000.500000"
    said = f"erc20: transfer amount exceeds balance: {figures} (use less, or get more first)"
    hint = "See `ape run wallet balance`; test dollars come from `faucet`."
    check(error, "insufficient_balance", f"{said}\n{hint}")
    assert me.nonce == 0


def test_more_shares_than_there_are(me):
    me.json("mint", "ETH3L", "100")
    for command in ("redeem", "transfer"):
        to = [OTHER.address] if command == "transfer" else []
        assert me.refused(command, "ETH3L", "2", *to)["code"] == "insufficient_balance"
    assert me.nonce == 1


@pytest.mark.parametrize("command", [("redeem", "all"), ("transfer", "all")])
def test_nothing_held(me, command):
    verb, amount = command
    to = [OTHER.address] if verb == "transfer" else []
    error = me.refused(verb, "ETH3L", amount, *to)
    message = f"{ME.address} holds no ETH3L (name another --account)"
    check(error, "nothing_held", message)


def test_faucet_gives_no_more(me):
    error = me.refused("faucet", "10001")
    assert (error["code"], error["reason"]) == ("faucet_limit", "mock_usd: over the call limit")
    assert "it gives 10000.000000 now" in error["message"]
    for _ in range(5):
        me.json("faucet")
    assert me.refused("faucet")["reason"] == "mock_usd: over the daily limit"


def test_spending_is_allowed_for_one_mint_only(me):
    """Nobody has to know what an allowance is, and none is left behind."""
    me.json("mint", "ETH3L", "100")
    assert me.world.steelyard().token("ETH3L").holder(ME.address).asset_allowance == 0


# ---------------------------------------------------------------- PROTOCOL


def refused_before_the_question(me, *command):
    """Give a command to which the answer would be yes: it must not get so far."""
    result = me.run(*command, answer="y\n")
    assert (result.exit_code, me.nonce) == (1, 0)
    assert "?" not in result.stderr
    return result.stderr


def test_minting_is_paused(me):
    token = me.world.steelyard().token("ETH3L")
    me.world.send(me.world.system.factory, "pause_mint", token.address)
    said = "mint: paused (wait: the pause ends by itself within days; redemption is open)"
    assert refused_before_the_question(me, "mint", "ETH3L", "100") == f"Error: {said}\n"
    assert me.refused("mint", "ETH3L", "100")["code"] == "mint_paused"
    text = " ".join(me.run("show", "ETH3L").stdout.split())
    assert "minting paused for another " in text


def test_leverage_is_out_of_its_band(me):
    me.world.push(2_500)
    said = refused_before_the_question(me, "mint", "ETH2S", "100")
    assert said.endswith("`ape run wallet rebalance SYMBOL` does it, and pays you.\n")


def test_venue_is_paused(me):
    me.json("mint", "ETH3L", "100")
    world = me.world
    market = world.system.markets["ETH"].id
    world.send(world.system.exchange, "set_market_status", market, MarketStatus.PAUSED)
    for command in (("mint", "ETH3L", "100"), ("redeem", "ETH3L", "all")):
        error = me.refused(*command)
        message = "market: paused (wait: the venue is down, nothing is lost)"
        check(error, "venue_paused", message)
    assert me.json("show", "ETH3L")["status"] == "venue paused"
    assert me.nonce == 1


def test_price_is_stale(me):
    me.json("mint", "ETH3L", "100")
    me.world.warp(3 * 86_400)
    for command in (("mint", "ETH3L", "100"), ("redeem", "ETH3L", "all")):
        error = me.refused(*command)
        assert (error["code"], error["reason"]) == ("oracle_invalid", "oracle: stale")
    text = " ".join(me.run("show", "ETH3L").stdout.split())
    assert "ETH price 2,000.00 stale, 3 d old" in text
    assert me.nonce == 1


def test_rebalance_that_is_not_due(me):
    error = me.refused("rebalance", "ETH3L")
    assert (error["code"], error["reason"]) == ("rebalance_not_due", "rebalance: nothing to do")
    assert "leverage is 3.00x, its band 2.00x to 4.00x" in error["message"]
    assert "due when ETH is below 1,77" in error["message"]
    assert me.nonce == 0
