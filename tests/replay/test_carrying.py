"""Memory does not grow: quiet bars leave nothing, and what lasts is carried whole."""

import json

from click.testing import CliRunner

from steelyard.compiler import compile_source
from steelyard.evm import Evm, address
from steelyard.replay import make_settings
from steelyard.replay.carrying import Carrier
from steelyard.replay.stage import Stage
from tests.bench import replay as bench
from tests.replay.makers import HOUR, hourly

ANN = address("ann")

STORE = """\
# pragma version 0.4.3
OWNER: immutable(address)
kept: public(HashMap[uint256, uint256])
last: public(uint256)

@deploy
def __init__():
    OWNER = msg.sender

@external
def put(key: uint256, amount: uint256):
    self.kept[key] = amount
    self.last = block.timestamp

@external
@view
def owner() -> address:
    return OWNER
"""


def test_a_carried_state_is_the_same_state():
    evm = Evm()
    store, carrier = evm.deploy(compile_source(STORE), sender=ANN), Carrier(evm)
    evm.set_balance(ANN, 5)
    for key in range(20):
        store.put(key, key * key, sender=ANN)
    store.put(7, 0, sender=ANN)
    for _ in range(3):
        # Slots that a machine was never asked for are carried on all the same.
        carrier.carry()
        assert store.kept(3) == 9
    assert [store.kept(key) for key in (0, 7, 8, 19)] == [0, 0, 64, 361]
    assert (store.owner(), store.last(), evm.balance(ANN)) == (ANN, evm.timestamp, 5)
    store.put(7, 1, sender=ANN)
    carrier.carry()
    assert store.kept(7) == 1


def test_carrying_forgets_the_journal():
    evm = Evm()
    store, carrier = evm.deploy(compile_source(STORE)), Carrier(evm)
    for key in range(200):
        store.put(key % 5, key, sender=ANN)
    before = len(evm._revm.journal_str)
    carrier.carry()
    store.put(1, 1, sender=ANN)
    assert len(evm._revm.journal_str) < before / 5


def test_a_quiet_bar_leaves_nothing():
    path = hourly([100.0] * 400)
    stage = Stage(path, make_settings("3L"))
    lengths = []
    for bar in range(300):
        stage.open_bar(int(path.time[bar]), int(path.open[bar]) + bar)
        stage.account()
        stage.status()
        stage.close_bar(keep=False)
        lengths.append(len(stage._evm._revm.journal_str))
    assert lengths[-1] == lengths[1]
    assert stage.kept == 0


def test_what_is_kept_is_counted_and_carried():
    path = hourly([100.0] * 10, rate=0.001)
    stage = Stage(path, make_settings("3L"))
    stage.open_bar(int(path.time[1]), 90 * 10**8)
    stage.settle(10**15)
    stage.close_bar(keep=True)
    assert stage.kept == 1
    before = stage.account(), stage.status(), stage.shares()
    stage.carry()
    assert stage.kept == 0
    assert (stage.account(), stage.status(), stage.shares()) == before
    assert stage.now == int(path.time[0]) + HOUR


def test_the_bench_runs_and_its_json_is_well_formed(tmp_path):
    out = tmp_path / "folder" / "replay.json"
    arguments = ["--years", "0.02", "--out", str(out)]
    result = CliRunner().invoke(bench.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    figures = json.loads(out.read_text())
    assert set(bench.AIMS) <= set(figures)
    assert all(name in result.output for name in figures)


def test_the_bench_says_what_misses_its_aim():
    assert bench.meets("bytecode_bars_per_second", 8_000) and bench.meets("bytecode_rebalances", 0)
    assert not bench.meets("bytecode_bars_per_second", 7_999)
    assert not bench.meets("bytecode_seconds", 5.1)
