"""The bench runs, and what it writes can be read. Its figures are nobody's promise here."""

import json

import pytest
from click.testing import CliRunner

from steelyard.compiler import compile_source
from steelyard.evm import Revert, address
from tests.bench import gas, tokens
from tests.bench.node import START, Node, NodeError, anvil

OPERATIONS = {
    *("deposit_and_open", "increase", "increase_with_margin", "reduce", "reduce_with_margin"),
    *("close", "margin_in", "margin_out", "deposit_margin", "add_liquidity", "remove_liquidity"),
    *("flag", "liquidate_chunk", "liquidate_all", "account_state"),
}
OF_TOKENS = {
    *("deposit_new_holder", "deposit_same_holder", "mint", "transfer", "redeem_part"),
    *("withdraw", "redeem_all", "rebalance", "deploy_token"),
}
CONTRACTS = {
    *("market_parameters", "perp_exchange", "price_guard", "mock_aggregator", "mock_usd"),
    *("leveraged_token", "leveraged_token_factory", "leveraged_token_lens"),
    *("rebalance_policy", "vault_quotes"),
}

CLOCK = """\
# pragma version 0.4.3
last: public(uint256)
@external
def touch(limit: uint256) -> uint256:
    assert limit > 0, "clock: no limit"
    self.last = block.timestamp
    return limit
"""


@pytest.mark.node
def test_bench_runs_and_its_json_is_well_formed(tmp_path):
    out = tmp_path / "folder" / "gas.json"
    result = CliRunner().invoke(gas.main, ["--out", str(out)], catch_exceptions=False)
    assert result.exit_code == 0
    figures = json.loads(out.read_text())
    sizes = {f"runtime_bytes_{name}" for name in CONTRACTS}
    assert set(figures) == OPERATIONS | OF_TOKENS | sizes
    assert all(type(figure) is int and figure > 0 for figure in figures.values())
    assert all(operation in result.output for operation in OPERATIONS | OF_TOKENS)
    assert set(gas.AIMS) <= OPERATIONS
    assert set(tokens.AIMS) <= OF_TOKENS
    assert all(set(peer) <= OF_TOKENS for peer in tokens.PEERS.values())


@pytest.mark.node
def test_node_behaves_as_the_in_process_evm():
    with anvil() as node:
        clock = node.deploy(compile_source(CLOCK))
        assert clock.touch(7, sender=address("anyone")) == 7
        assert clock.last() == node.timestamp > START
        assert node.gas_used > 21_000
        node.warp(60)
        before = node.timestamp
        clock.touch(1, sender=address("anyone"))
        assert clock.last() == before + 1
        with pytest.raises(Revert, match="clock: no limit"):
            clock.touch(0, sender=address("anyone"))
        assert len(node.code(clock.address)) > 0


@pytest.mark.node
def test_node_stops_whatever_happens():
    nodes: list[Node] = []
    with pytest.raises(KeyboardInterrupt), anvil() as node:
        nodes.append(node)
        raise KeyboardInterrupt
    assert nodes[0].process.returncode is not None


def test_node_that_does_not_start(monkeypatch, tmp_path):
    broken = tmp_path / "anvil"
    broken.write_text("#!/bin/sh\necho out of luck\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr("tests.bench.node.program", lambda: str(broken))
    with pytest.raises(NodeError, match="anvil does not start: out of luck"), anvil():
        pass


def test_no_node_at_all(monkeypatch, tmp_path):
    monkeypatch.setattr("steelyard.devnet.node.ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(gas.main, ["--out", str(tmp_path / "gas.json")])
    assert result.exit_code == 1
    assert "Error: no anvil" in result.output
