"""The demo adds up, says so, and fails as soon as anything is not what it should be."""

import json
from decimal import Decimal
from io import StringIO
from itertools import pairwise

import pytest
from click.testing import CliRunner
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from rich.console import Console

from scripts.demo import cli
from steelyard import demo
from steelyard.demo.keeper import Keeper
from steelyard.demo.ledger import Ledger
from steelyard.demo.path import largest_jump, moments, with_downtime
from steelyard.demo.report import sentence
from steelyard.demo.story import Story
from steelyard.demo.world import World
from steelyard.errors import SteelyardError
from steelyard.history import Bar, FundingRate, History, HistoryError, default_history
from steelyard.model.arithmetic import WAD

HOUR = 3_600
PRICES = "timestamp,open,high,low,close"
FUNDING = "timestamp,rate"
# The crash; and the hours around the downtime.
CRASH = ("--from", "2024-01-07T10:00", "--to", "2024-01-07T20:00")
DOWNTIME = ("--from", "2024-01-05T20:00", "--to", "2024-01-06T06:00")


@pytest.fixture
def play(tmp_path):
    """Run the command; returns its result, and the figures if it came so far."""

    def run(*args):
        figures = tmp_path / "demo.json"
        files = ("--out", str(tmp_path / "demo.png"), "--json", str(figures))
        result = CliRunner().invoke(cli, [*args, *files], catch_exceptions=False)
        return result, json.loads(figures.read_text()) if figures.exists() else None

    return run


def flat_history(jump=100, hours=60, price=40_000):
    """A still market, in which the price once goes to a percentage of what it was, at once."""
    bars = []
    for hour in range(hours):
        before, after = (price * WAD * (jump if hour >= at else 100) // 100 for at in (31, 30))
        bars.append(Bar(hour * HOUR + HOUR, before, max(before, after), min(before, after), after))
    return History("flat", tuple(bars), (FundingRate(HOUR, 3 * 10**14),))


def tell(history):
    """Play a history without the command; returns the story."""
    story = Story(history)
    for _ in story.play():
        pass
    story.end()
    return story


# What it says


def test_short_run_passes_every_check(play, tmp_path):
    result, figures = play(*CRASH)
    assert result.exit_code == 0, result.output
    assert "WRONG" not in result.output
    assert f"{len(figures['checks'])} checks, all ok\n" in result.output
    assert all(check["holds"] for check in figures["checks"])
    assert (tmp_path / "demo.png").read_bytes().startswith(b"\x89PNG")


def test_table_fits_112_columns_and_ends_in_a_sentence_for_each_token(play):
    result, figures = play(*CRASH)
    before_checks, _, _ = result.output.partition("\nok    ")
    assert max(map(len, before_checks.splitlines())) <= demo.WIDTH
    assert "leverage outside [lo, hi] after" in result.output
    for symbol, token in figures["tokens"].items():
        verb = "gained" if Decimal(token["return"]) >= 0 else "lost"
        moved = f"{abs(Decimal(token['return']) * 100):.2f} %"
        assert f"{symbol} {verb} {moved}: BTC " in result.output


def test_figures_have_what_readers_need(play):
    _, figures = play(*CRASH)
    assert set(figures) == {"history", "tokens", "keeper", "holders", "gains", "checks"}
    assert figures["history"]["hours"] == 10
    assert set(figures["tokens"]) == {"BTC3L", "BTC2L", "BTC3S"}
    for token in figures["tokens"].values():
        assert token.keys() >= {
            "leverage", "price_move", "return", "parts", "nav", "triggers", "rebalances", "traded",
            "highest_leverage", "nearest_liquidation", "hours_out_of_band", "holders_gain",
        }  # fmt: skip
        assert sum(token["triggers"].values()) == len(token["rebalances"])
    assert Decimal(figures["tokens"]["BTC3L"]["highest_leverage"]) > 5
    assert figures["tokens"]["BTC3L"]["triggers"]["EMERGENCY"] >= 1
    rewards = sum(Decimal(each["equity_moved"]["rewards"]) for each in figures["tokens"].values())
    assert Decimal(figures["keeper"]["income"]) == -rewards > 0


def test_two_runs_say_the_same(play):
    (one, figures), (other, same) = play(*CRASH), play(*CRASH)
    assert one.output == other.output
    assert figures == same


def test_what_is_tried_in_downtime_is_refused(play):
    result, figures = play(*DOWNTIME)
    assert result.exit_code == 0
    assert "Downtime: no prices for 5 hours, 2024-01-05 22:00 to 2024-01-06 03:00" in result.output
    assert "downtime: nothing trades: refused: 'market: paused'" in result.output
    assert figures["history"]["downtimes"] == [["2024-01-05 22:00", "2024-01-06 03:00"]]


# What a return is made of


@pytest.fixture(scope="module")
def story():
    """The whole of the made-up history."""
    return tell(default_history())


def test_parts_add_up_in_every_digit_that_is_shown(story):
    for token in story.figures():
        for scale in (100, 10_000, 10**7, WAD):
            assert sum(token.parts(scale).values()) == token.gain(scale)


def test_parts_of_the_file_add_up(play):
    _, figures = play(*CRASH)
    for token in figures["tokens"].values():
        parts = sum(Decimal(part) for part in token["parts"].values())
        assert parts == Decimal(token["return"])
        first, last = (Decimal(nav) for nav in token["nav"])
        assert abs(parts - (last / first - 1)) < Decimal("1e-16")


def timeline(history):
    """Times, prices and rates by the rules in words: near extreme first, every quarter hour."""
    known = dict(history.funding)
    for bar, later in pairwise([*history.bars, None]):
        first, second = bar.high, bar.low
        if bar.open / bar.low < bar.high / bar.open:
            first, second = second, first
        for quarter, price in enumerate((bar.open, first, second, bar.close)):
            time = bar.timestamp + quarter * 900
            rate = known[max(start for start in known if start <= time)]
            yield time, price / WAD, rate / WAD
        if later is not None and later.timestamp > bar.timestamp + HOUR:
            yield bar.timestamp + HOUR, bar.close / WAD, rate / WAD


def recompute(history, factor, trades):
    """What NAV has done to a share of 100, in floats, from prices, rates and the trades alone."""
    points = [(time, 0, price, rate, None) for time, price, rate in timeline(history)]
    points += [(trade.time, 1, trade.price / WAD, None, trade) for trade in trades]
    points.sort(key=lambda point: point[:2])
    now, _, price, rate, _ = points[0]
    nav, exposure = 100.0, factor * 100.0 / price
    parts = dict.fromkeys(("price", "funding", "fees", "impact", "rewards", "management"), 0.0)
    for time, _, new_price, new_rate, trade in points:
        moved = exposure * (new_price - price)
        paid = -exposure * new_price * rate * (time - now) / 86_400
        diluted = 0.99 ** ((time - now) / (365 * 86_400))
        parts["price"] += moved
        parts["funding"] += paid
        parts["management"] += (nav + moved + paid) * (diluted - 1)
        nav, exposure = (nav + moved + paid) * diluted, exposure * diluted
        now, price, rate = time, new_price, rate if new_rate is None else new_rate
        if trade is not None:
            equity = trade.equity + trade.fee + trade.impact + trade.reward
            costs = {"fees": trade.fee, "impact": trade.impact, "rewards": trade.reward}
            for cause, cost in costs.items():
                parts[cause] -= nav * cost / equity
            nav *= trade.equity / equity
            exposure *= trade.size / (trade.size - trade.size_delta)
    return nav, parts


def test_an_independent_recomputation_comes_to_the_same(story):
    for token in story.figures():
        nav, parts = recompute(story.history, token.factor, token.rebalances)
        start, end = (worth / 10**36 for worth in token.navs)
        booked = {name: moved / 10**36 for name, moved in token.moves.items()}
        booked["price"] = booked.pop("naive") + booked.pop("compounding")
        assert start == pytest.approx(100, abs=1e-9)
        assert end == pytest.approx(nav, abs=1e-4)
        assert {name: booked[name] for name in parts} == pytest.approx(parts, abs=1e-4)
        # Who comes and goes pays for himself: roundings are all he leaves.
        assert 0 <= booked["flows"] < 1e-6
        assert booked["liquidation"] == 0


def test_every_trigger_but_rebuild_is_seen_and_schedule_belongs_to_one(story):
    seen = {token.symbol: set(token.triggers()) for token in story.figures()}
    assert set.union(*seen.values()) == {"EMERGENCY", "UNFINISHED", "DRIFT", "SCHEDULE"}
    assert [symbol for symbol, triggers in seen.items() if "SCHEDULE" in triggers] == ["BTC2L"]


def test_gains_of_all_cancel_out(story):
    assert abs(sum(story.gains.values())) <= 3
    assert story.holders.flows > 25
    assert not story.holders.stranded
    assert not story.holders.surprises


# Worse


@pytest.mark.parametrize(("jump", "wiped"), [(50, {"BTC3L", "BTC2L"}), (145, {"BTC3S"})])
def test_a_token_that_is_wiped_out_is_shown_as_such(jump, wiped, tmp_path):
    output = StringIO()
    console = Console(file=output, width=demo.WIDTH, highlight=False)
    figures = tmp_path / "demo.json"
    assert demo.run(console, flat_history(jump), tmp_path / "demo.png", figures)
    for symbol, token in json.loads(figures.read_text())["tokens"].items():
        assert (token["wiped_at"] is not None) == (symbol in wiped)
        if symbol in wiped:
            assert token["return"] == "-1"
            assert token["liquidations"] == 1
            assert f"{symbol} lost 100.00 %" in output.getvalue()
    assert "left holding what is worth nothing" in output.getvalue()
    assert "all ok" in output.getvalue()


def test_a_token_that_is_partly_liquidated_lives_on():
    story = tell(flat_history(67))
    tokens = {token.symbol: token for token in story.figures()}
    assert all(check.holds for check in story.checks)
    assert tokens["BTC3L"].liquidations >= 1
    assert tokens["BTC3L"].risk.wiped_at == 0
    assert "partly liquidated" in sentence(tokens["BTC3L"])


# Files


def write(folder, prices, funding=("0,0.0001",)):
    """Write both files; returns the options that name them."""
    paths = []
    for name, header, rows in (("prices", PRICES, prices), ("funding", FUNDING, funding)):
        path = folder / f"{name}.csv"
        path.write_text("\n".join([header, *rows, ""]))
        paths += [f"--{name}", str(path)]
    return paths


def test_files_give_what_the_same_history_gives(play, tmp_path):
    history = default_history()
    rows = []
    for bar in history.bars:
        prices = (f"{Decimal(price) / WAD}" for price in (bar.open, bar.high, bar.low, bar.close))
        rows.append(",".join([str(bar.timestamp), *prices]))
    rates = [f"{each.timestamp},{Decimal(each.rate) / 3 / WAD:.18f}" for each in history.funding]
    result, figures = play(*CRASH, *write(tmp_path, rows, rates))
    _, made_up = play(*CRASH)
    assert result.exit_code == 0
    assert figures["history"].pop("name") == "prices"
    assert made_up["history"].pop("name") == "made up"
    assert figures == made_up


def test_a_malformed_line_is_named_and_nothing_runs(play, tmp_path):
    files = write(tmp_path, ["3600,100,110,90,105", "7200,105,100,90,105"])
    result, figures = play(*files)
    assert result.exit_code == 1
    assert f"{tmp_path / 'prices.csv'}:3: open 105 is outside low 90 to high 100" in result.output
    assert figures is None


def test_files_come_together(play, tmp_path):
    result, _ = play(*write(tmp_path, ["3600,100,110,90,105"])[:2])
    assert result.exit_code == 2
    assert "--prices and --funding come together" in result.output


def test_an_empty_range(play):
    result, _ = play("--from", "2025-01-01")
    assert result.exit_code == 1
    assert "no prices in this range" in result.output


# The path


def test_a_history_without_downtime_gets_some():
    history, made = with_downtime(flat_history())
    assert made == history.gaps[0] == (31 * HOUR, 36 * HOUR)
    assert with_downtime(history) == (history, None)
    assert with_downtime(flat_history(hours=19))[1] is None


def test_moments_of_a_history():
    history, made = with_downtime(flat_history())
    path = moments(history)
    assert len(path) == 55 * 4
    assert [moment.time for moment in path if moment.downtime == made] == [36 * HOUR]
    assert largest_jump(moments(flat_history(50))).size == -WAD // 2
    with pytest.raises(HistoryError, match="no prices in this range"):
        demo.cut(history, 0, HOUR)


# It fails when something is wrong


def set_word(evm, contract, slot, old, new):
    """Change a word of storage behind the contract's back, if it is the expected one."""
    if evm._revm.storage(contract.address, slot) != old:
        return False
    evm._revm.insert_account_storage(contract.address, slot, new)
    return True


def mapping_slot(key, base):
    return int.from_bytes(keccak(encode(["uint256", "address"], [base, key])), "big")


def before_the_end(monkeypatch, tamper):
    """Let something happen before everybody leaves."""
    end = Story.end

    def tampered(story):
        tamper(story.world)
        end(story)

    monkeypatch.setattr(Story, "end", tampered)


@pytest.mark.parametrize("difference", [-1, 1])
def test_one_unit_of_the_exchange_gone_or_from_nowhere(monkeypatch, play, difference):
    def tamper(world):
        balance = world.usd.balanceOf(world.exchange)
        slots = [mapping_slot(world.exchange.address, base) for base in range(20)]
        new = balance + difference
        assert any(set_word(world.evm, world.usd, slot, balance, new) for slot in slots)

    before_the_end(monkeypatch, tamper)
    result, figures = play(*CRASH)
    assert result.exit_code == 1
    assert "WRONG venue: dollars it holds = cash: " in result.output
    assert "WRONG dollars issued = in all wallets: " in result.output
    assert result.output.endswith("Error: a check failed\n")
    wrong = [check["name"] for check in figures["checks"] if not check["holds"]]
    assert wrong[2:] == ["all of this again when everybody has left"]


def test_a_venue_that_owes_one_unit_more(monkeypatch, play):
    def tamper(world):
        cash = world.exchange.cash()
        slots = range(1_000)
        assert any(set_word(world.evm, world.exchange, slot, cash, cash - 1) for slot in slots)

    before_the_end(monkeypatch, tamper)
    result, _ = play(*CRASH)
    assert result.exit_code == 1
    assert "WRONG venue: cash = claims: " in result.output


def test_dollars_sent_to_a_token(monkeypatch, play):
    before_the_end(
        monkeypatch,
        lambda world: world.usd.mint(
            world.tokens["BTC3L"].handle, 1, sender=world.system.exchange.owner()
        ),
    )
    result, _ = play(*CRASH)
    assert result.exit_code == 1
    assert "WRONG BTC3L: holds no collateral: 0.000001 != 0" in result.output


def test_books_that_miss_a_rebalance(monkeypatch, play):
    monkeypatch.setattr(Ledger, "book_rebalance", lambda *_: None)
    result, _ = play(*CRASH)
    assert result.exit_code == 1
    assert "WRONG BTC3L: funding = rates x notional: " in result.output


def test_downtime_that_stops_nothing(monkeypatch, play):
    monkeypatch.setattr(World, "_set_status", lambda *_: None)
    result, _ = play(*DOWNTIME)
    assert result.exit_code == 1
    assert "WRONG downtime: nothing trades: redeem BTC3L" in result.output


def test_a_story_that_stops(monkeypatch, play):
    def stop(*_):
        raise SteelyardError("the keeper has had enough")

    monkeypatch.setattr(Keeper, "work", stop)
    result, figures = play(*CRASH)
    assert result.exit_code == 1
    assert "WRONG the story stopped: the keeper has had enough" in result.output
    assert figures is None
