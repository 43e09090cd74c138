"""The demo passes, fast, and fails as soon as any balance is not what it should be."""

import pytest
from click.testing import CliRunner
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from scripts.demo import cli
from steelyard import demo


def play():
    return CliRunner().invoke(cli, catch_exceptions=False)


def add_act(monkeypatch, story):
    """Let something happen after the first act."""
    (first, opening), *rest = demo.ACTS.items()
    monkeypatch.setattr(demo, "ACTS", {first: opening, "Meanwhile": story, **dict(rest)})


def set_word(evm, contract, slot, old, new):
    """Change a word of storage behind the contract's back, if it is the expected one."""
    if evm._revm.storage(contract.address, slot) != old:
        return False
    evm._revm.insert_account_storage(contract.address, slot, new)
    return True


def balance_slot(account, base):
    return int.from_bytes(keccak(encode(["uint256", "address"], [base, account])), "big")


def test_every_act_passes():
    result = play()
    assert result.exit_code == 0
    assert "WRONG" not in result.output
    assert result.output.endswith("checks, all ok\n")
    for title in demo.ACTS:
        assert title in result.output
    assert result.output.count("cash = claims: ") == len(demo.ACTS) + 1
    assert 'orders are refused while paused: "market: paused"' in result.output


def test_two_runs_print_the_same():
    assert play().output == play().output


@pytest.mark.parametrize("difference", [-1, 1])
def test_one_unit_of_the_exchange_gone_or_from_nowhere(monkeypatch, difference):
    def tamper(stage):
        balance = stage.usd.balanceOf(stage.exchange)
        slots = [balance_slot(stage.exchange.address, base) for base in range(20)]
        new = balance + difference
        assert any(set_word(stage.evm, stage.usd, slot, balance, new) for slot in slots)
        assert stage.usd.balanceOf(stage.exchange) == new

    add_act(monkeypatch, tamper)
    result = play()
    assert result.exit_code == 1
    assert "WRONG tokens held = cash: " in result.output
    assert "WRONG dollars issued = of all wallets: " in result.output
    assert "Error: a check failed" in result.output


def test_books_that_claim_one_unit_more(monkeypatch):
    def tamper(stage):
        cash = stage.exchange.cash()
        assert any(
            set_word(stage.evm, stage.exchange, slot, cash, cash - 1) for slot in range(1_000)
        )
        assert stage.exchange.cash() == cash - 1

    add_act(monkeypatch, tamper)
    result = play()
    assert result.exit_code == 1
    assert "WRONG cash = claims: " in result.output


def test_a_story_that_stops(monkeypatch):
    def overreach(stage):
        stage.order("long", "buys far too much", 10**24)

    add_act(monkeypatch, overreach)
    result = play()
    assert result.exit_code == 1
    assert "WRONG the story stopped: market: open interest cap" in result.output


def test_downtime_that_stops_nothing(monkeypatch):
    monkeypatch.setattr(demo.Stage, "set_status", lambda *_: None)
    result = play()
    assert result.exit_code == 1
    assert 'WRONG orders are refused while paused: "nothing"' in result.output
    assert "WRONG the story stopped: the short has no position to liquidate" in result.output
