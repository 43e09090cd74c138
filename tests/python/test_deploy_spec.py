"""A configuration says what is wrong with it: every problem, with its path, before anything."""

from __future__ import annotations

import pytest

from steelyard.compiler import ROOT
from steelyard.deployment import GuardConfig, LiveFeed, default_market, default_token
from steelyard.deployment.checking import checked_plan
from steelyard.deployment.feeds import assumed_feeds
from steelyard.deployment.resolving import system_config
from steelyard.deployment.spec import SpecError, parse_spec, read_spec
from steelyard.model.exchange import WAD
from steelyard.model.policy import Rules

CONFIGS = sorted((ROOT / "config").glob("*.yaml"))
FEED = "0x694AA1769357215DE4FAC081bf1f309aDC325306"
ETH = "markets:\n  - symbol: ETH\n    feed: {price: 2000}\n"
HEAD = "the configuration has {}, nothing was sent:"


def read(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return read_spec(path)


def problems(tmp_path, text):
    """Return every problem of a text, whichever stage finds it."""
    with pytest.raises(SpecError) as caught:
        plan(read(tmp_path, text))
    return list(caught.value.problems)


def plan(spec):
    return checked_plan(
        spec,
        chain_id=spec.chain_id or 31_337,
        deployer="0x" + "11" * 20,
        nonce=0,
        timestamp=1_700_000_000,
        live=assumed_feeds(spec),
    )


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_configurations_of_the_repository(path):
    spec = read_spec(path)
    made = plan(spec)
    assert [market.symbol for market in spec.markets] == ["BTC", "ETH"]
    assert list(made.system.tokens) == ["BTC3L", "BTC2L", "BTC3S", "ETH3L", "ETH2S"]
    assert made.system.config.tokens[3].config.rules.scheduled
    is_local = path.stem == "local"
    assert all(market.is_mock is is_local for market in made.system.markets.values())


def test_chains_of_the_configurations():
    chains = {path.stem: read_spec(path).chain_id for path in CONFIGS}
    assert chains == {"local": 31_337, "sepolia": 11_155_111, "base-sepolia": 84_532}


def test_defaults_are_those_of_the_code(tmp_path):
    text = ETH + "tokens:\n  - symbol: ETH3L\n"
    config = system_config(read(tmp_path, text))
    assert config.markets == (default_market("ETH"),)
    assert config.tokens == (default_token("ETH3L"),)
    assert config.collateral_decimals == 6


def test_everything_can_be_said(tmp_path):
    text = f"""
collateral: {{decimals: 18}}
markets:
  - symbol: ETH
    feed: {{chainlink: {FEED}, decimals: 8}}
    liquidity: 1_000.5
    parameters: {{max_age: 1h05m, taker_fee: 0.000600, seize_remainder: true, max_leverage: 50}}
    guard: {{sequencer: {FEED.lower()}, grace_period: 1d, max_jump: 0.2, jump_window: 90}}
tokens:
  - symbol: MOON
    name: To the moon
    market: ETH
    kind: 2S
    seed: 300
    initial_nav: 10
    mint_fee: 0
    cap: 12.5
    rules: {{scheduled: true, cooldown: 2m, reference: {FEED}, reference_max_age: 1h}}
roles: {{fee_receiver: {FEED}}}
"""
    config = system_config(read(tmp_path, text))
    (market,), (token,) = config.markets, config.tokens
    assert config.collateral_decimals == 18
    assert market.feed == LiveFeed("ETH / USD", FEED, 8)
    assert market.liquidity == 1_000 * WAD + WAD // 2
    assert (market.config.max_age, market.config.taker_fee) == (3_900, 6 * 10**14)
    assert (market.config.seize_remainder, market.config.max_leverage) == (True, 50 * WAD)
    assert market.guard == GuardConfig(
        sequencer=FEED, grace_period=86_400, max_jump=WAD // 5, jump_window=90
    )
    assert (token.name, token.symbol, token.market) == ("To the moon", "MOON", "ETH")
    assert (token.is_long, token.seed, token.initial_nav) == (False, 300 * WAD, 10 * WAD)
    assert (token.config.mint_fee, token.config.cap) == (0, 25 * WAD // 2)
    assert token.config.fee_receiver == FEED
    rules = token.config.rules
    assert isinstance(rules, Rules)
    assert (rules.target, rules.scheduled, rules.cooldown) == (2 * WAD, True, 120)
    assert (rules.reference, rules.reference_max_age) == (FEED, 3_600)


def test_a_market_without_defaults(tmp_path):
    text = """
markets:
  - symbol: DOGE
    feed: {price: 0.1}
    parameters: {skew_scale: 10000000000, max_long: 100000000, max_short: 100000000}
tokens:
  - symbol: DOGE3L
"""
    made = plan(read(tmp_path, text))
    assert made.system.tokens["DOGE3L"].name() == "Steelyard DOGE 3x long"
    state = made.system.exchange.market_state(0)
    assert state.price == WAD // 10


def test_comments_and_layout_do_not_change_the_hash(tmp_path):
    one = read(tmp_path, ETH)
    other = read(tmp_path, "# prices\nmarkets: [{feed: {price: 2000}, symbol: ETH}]")
    assert one.digest() == other.digest()
    assert parse_spec(one.document()) == one
    assert read(tmp_path, ETH.replace("2000", "2001")).digest() != one.digest()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("markets: [", "line 1: expected the node content, but found '<stream end>'"),
        ("- a", "is no mapping: it needs at least `markets:`"),
        ("", "is no mapping: it needs at least `markets:`"),
        ("a: 1\na: 2", "line 2: 'a' is there already, on line 1"),
        (ETH + "    symbol: BTC", "line 4: 'symbol' is there already, on line 2"),
        ("? [a]\n: 1", "line 1: a key must be a name"),
        ("a: 1", "markets: is missing"),
        (ETH + "tokes: []", "tokes: unknown field (did you mean tokens?)"),
        (
            ETH + "zzz: []",
            "zzz: unknown field (known: chain_id, collateral, markets, tokens, roles)",
        ),
        (
            ETH + "    parameters: {taker_fees: 1}",
            "markets[0].parameters.taker_fees: unknown field (did you mean taker_fee?)",
        ),
        ("markets: []", "markets: is empty: name one market at least"),
        ("markets: ETH", "markets: 'ETH' is no list: begin each entry with a dash"),
        ("markets: [ETH]", "markets[0]: 'ETH' is no mapping of fields"),
        (ETH.replace("2000", "2e-19"), "markets[0].feed.price: 2e-19 has more than 18 decimals"),
        (
            ETH.replace("2000", "1.000000001"),
            "markets[0].feed.price: 1.000000001 has more than 8 decimals",
        ),
        (ETH.replace("2000", "0"), "markets[0].feed.price: must be above zero"),
        (ETH.replace("2000", "-1"), "markets[0].feed.price: -1 is negative"),
        (ETH.replace("2000", "nan"), "markets[0].feed.price: 'nan' is not a number"),
        (ETH.replace("2000", "1e99"), "markets[0].feed.price: 1e99 is too large"),
        (
            ETH.replace("2000", "'2,000'"),
            "markets[0].feed.price: '2,000' is not a number, like 20000000 or 0.0006",
        ),
        (
            ETH + "    parameters: {taker_fee: 0.06%}",
            "markets[0].parameters.taker_fee: '0.06%' is "
            "a percentage: write the ratio, 0.01 for 1 %",
        ),
        (
            ETH + "    parameters: {max_age: 1:30}",
            "markets[0].parameters.max_age: '1:30' is not a "
            "duration: write seconds, or 90s, 15m, 1h05m, 1d",
        ),
        (
            ETH + "    parameters: {seize_remainder: yes}",
            "markets[0].parameters.seize_remainder: 'yes' is neither true nor false",
        ),
        (ETH + "collateral: {decimals: 6.0}", "collateral.decimals: '6.0' is not a whole number"),
        (ETH + "collateral: {decimals: 19}", "collateral.decimals: is over 18"),
        (
            ETH + "    liquidity: [1]",
            "markets[0].liquidity: \"['1']\" is not a number, like 20000000 or 0.0006",
        ),
        (
            ETH + "roles: {owner: 0x12}",
            "roles.owner: '0x12' is not an address: 0x and 40 hexadecimal digits",
        ),
        (
            ETH + f"roles: {{owner: {FEED[:-1]}7}}",
            f"roles.owner: {FEED[:-1]}7 has a wrong "
            "checksum: a digit is mistyped, or the case of a letter",
        ),
        (
            ETH + f"roles: {{owner: 0x{'0' * 40}}}",
            "roles.owner: the zero address: leave the field out instead",
        ),
        (ETH + f"roles: {{guardian: {FEED}}}", "roles.guardian: guards tokens, and there are none"),
        (
            ETH.replace("price: 2000", ""),
            "markets[0].feed: give either a price, for a mock, or the address of a chainlink feed",
        ),
        (
            ETH.replace("2000", f"2000, chainlink: {FEED}"),
            "markets[0].feed: give either a price, for a mock, or the address of a chainlink feed",
        ),
        (
            ETH + "tokens: [{symbol: BTC3L}]",
            "tokens[0].market: there is no market BTC; there are: ETH",
        ),
        (
            ETH + "tokens: [{symbol: ETH4L}]",
            "tokens[0].kind: is missing, as in the symbol; there are: 2L, 3L, 5L, 2S, 3S",
        ),
        (
            ETH + "tokens: [{symbol: ETHX, market: ETH, kind: 9L}]",
            "tokens[0].kind: there is no kind 9L; there are: 2L, 3L, 5L, 2S, 3S",
        ),
        (
            ETH + "tokens: [{symbol: MOON, kind: 3L}]",
            "tokens[0].market: is missing, and MOON begins with none of ETH",
        ),
        (
            ETH + "tokens: [{symbol: ETH3L}, {symbol: ETH3L}]",
            "tokens[1].symbol: ETH3L is there already, in tokens[0]",
        ),
        (
            ETH + "tokens: [{symbol: TH3L}]",  # a part of ETH
            "tokens[0].market: there is no market TH; there are: ETH",
        ),
        (
            ETH + f"tokens: [{{symbol: {'E' * 29}, market: ETH, kind: 3L}}]",
            "tokens[0].symbol: is longer than 28 bytes",
        ),
        (
            ETH + f"tokens: [{{symbol: ETH3L, name: {'ä' * 24}}}]",
            "tokens[0].name: is longer than 46 bytes",
        ),
        (
            ETH.replace("2000", f"2000, description: {'x' * 65}"),
            "markets[0].feed.description: is longer than 64 bytes",
        ),
        (
            ETH + f"roles: {{fee_receiver: {FEED}}}",
            "roles.fee_receiver: gets the fees of tokens, and there are none",
        ),
        (ETH + "    guard: {}", "markets[0].guard: is empty: leave it out for none"),
        *(
            (ETH + f"    guard: {{{given}}}", f"markets[0].guard.{problem}")
            for given, problem in (
                ("grace_period: 1h", "grace_period: needs guard.sequencer"),
                (f"reference: {FEED}", "reference: needs guard.reference_max_age"),
                (f"reference: {FEED}", "reference: needs guard.max_deviation"),
                ("reference_max_age: 1h", "reference_max_age: needs guard.reference"),
                ("max_deviation: 0.1", "max_deviation: needs guard.reference"),
                ("max_jump: 0.1", "max_jump: needs guard.jump_window"),
                ("max_jump: 0.1, jump_window: 0", "max_jump: needs guard.jump_window"),
                ("jump_window: 5m", "jump_window: needs guard.max_jump"),
            )
        ),
        (
            ETH + "tokens: [{symbol: ETH3L, rules: {max_deviation: 0.1}}]",
            "tokens[0].rules.max_deviation: needs rules.reference",
        ),
        (
            ETH + ETH.removeprefix("markets:\n"),
            "markets[1].symbol: ETH is there already, in markets[0]",
        ),
    ],
)
def test_problem(tmp_path, text, problem):
    assert problem in problems(tmp_path, text)


def test_problems_of_form_come_together(tmp_path):
    text = ETH.replace("2000", "x") + "roles: {owner: me}\nmore: 1"
    assert [problem.partition(":")[0] for problem in problems(tmp_path, text)] == [
        "markets[0].feed.price",
        "roles.owner",
        "more",
    ]


def test_message(tmp_path):
    with pytest.raises(SpecError) as caught:
        read(tmp_path, ETH + "more: 1\nroles: {own: 1}")
    assert str(caught.value).splitlines() == [
        f"{tmp_path.as_posix()}/config.yaml has 2 problems, nothing was sent:",
        "  roles.own: unknown field (did you mean owner?)",
        "  more: unknown field (known: chain_id, collateral, markets, tokens, roles)",
    ]


def test_no_file(tmp_path):
    with pytest.raises(SpecError, match="cannot be read: .*No such file"):
        read_spec(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            ETH + "    parameters: {maker_fee: 0.0001, taker_fee: 0.06}",
            "markets[0].parameters.taker_fee: MarketParameters.pack: config: fee over 5 percent "
            "(set maker_fee and taker_fee to 0.05 or less)",
        ),
        (
            ETH + "    parameters: {taker_fee: 0.0000001}",
            "markets[0].parameters.taker_fee: MarketParameters.pack: config: does not fit its "
            "field (use a multiple of the unit MarketConfig names, in its width)",
        ),
        (
            ETH + "    liquidity: 0.0000001",
            "markets[0].liquidity: 0.0000001 does not fit 6 decimals (round it first)",
        ),
        (
            ETH + "    guard: {max_jump: 11, jump_window: 5m}",
            "markets[0].guard: deploy PriceGuard: guard: bad tolerance (set max_deviation and "
            "max_jump to 10 or less)",
        ),
        (
            ETH + "tokens: [{symbol: ETH3L, mint_fee: 0.02}]",
            "tokens[0].mint_fee: create ETH3L with a seed of 200 mUSD: bounds: mint fee over 1 % "
            "(set mint_fee to 0.01 or less)",
        ),
        (
            ETH + "tokens: [{symbol: ETH3L, rules: {leverage_lo: 2.5, cooldown: 5}}]",
            "tokens[0].rules.cooldown: create ETH3L with a seed of 200 mUSD: bounds: cooldown not "
            "30 to 600 s (set cooldown between 30 and 600 seconds)",
        ),
        (
            ETH + "tokens: [{symbol: ETH3L, seed: 10}]",
            "tokens[0].seed: create ETH3L with a seed of 10 mUSD: seed: too small (seed more: 100 "
            "quote, and 50 of the venue's least keeper fees)",
        ),
        (
            ETH + "tokens: [{symbol: ETH3L, name: ''}]",
            "tokens[0].name: create ETH3L with a seed of 200 mUSD: bounds: name not 1 to 46 long "
            "(use 1 to 46 characters: the next series adds to them)",
        ),
        (
            ETH + "tokens: [{symbol: ETH3L}, {symbol: ETHX, market: ETH, kind: 3L, cap: 2500}]",
            "tokens[1].cap: create ETHX with a seed of 200 mUSD: registry: caps over the depth "
            "(lower the cap: market_use says what others hold)",
        ),
    ],
)
def test_what_a_contract_refuses(tmp_path, text, problem):
    assert problems(tmp_path, text) == [problem]


def test_refusals_come_together(tmp_path):
    text = """
markets:
  - {symbol: ETH, feed: {price: 2000}, parameters: {max_leverage: 101}}
  - {symbol: BTC, feed: {price: 40000}, liquidity: 0.00000001}
tokens:
  - {symbol: ETH3L, redeem_fee: 0.02, rules: {cooldown: 1, max_rate: 0.1}}
  - {symbol: BTC3L}
  - {symbol: BTC2S, rules: {target: 6}}
"""
    found = [problem.partition(":")[0] for problem in problems(tmp_path, text)]
    assert found == [
        "markets[0].parameters.max_leverage",
        "markets[1].liquidity",
        "tokens[0].redeem_fee",
        "tokens[0].rules.max_rate",
        "tokens[0].rules.cooldown",
        "tokens[2].rules.target",
    ]
