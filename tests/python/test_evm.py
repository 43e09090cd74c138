"""The in-process EVM: what a call changes, what it returns, and what it must not leave behind."""

import copy
import pickle
import resource
from pathlib import Path

import pytest

from steelyard.abi import AbiError
from steelyard.compiler import compile_file, compile_source
from steelyard.errors import CONTRACT_ERRORS
from steelyard.evm import DEPLOYER, Evm, Halt, InvalidTransaction, OutOfGas, Revert, address

ALICE, BOB = address("alice"), address("bob")

FACTORY = """\
# pragma version 0.4.3

event Made:
    vault: indexed(address)

@external
def make(blueprint: address, limit: uint256) -> address:
    vault: address = create_from_blueprint(blueprint, limit)
    log Made(vault=vault)
    return vault
"""

# Claims to be a view but writes.
LIAR = """\
# pragma version 0.4.3
x: public(uint256)
@external
def touch() -> uint256:
    self.x += 1
    return self.x
"""


@pytest.fixture(scope="module")
def artifact():
    return compile_file(Path(__file__).parent / "contracts/Vault.vy")


@pytest.fixture
def evm():
    return Evm()


@pytest.fixture
def vault(evm, artifact):
    return evm.deploy(artifact, 100)


def test_call_changes_state_and_returns(vault):
    assert vault.open(5, sender=ALICE) == 1
    assert vault.open(-6, sender=BOB) == 2
    assert vault.count() == 2


def test_struct_is_a_named_tuple(vault):
    vault.open(-6, sender=ALICE)
    position = vault.position(ALICE)
    assert position == (ALICE, -6, True)
    assert position._fields == ("owner", "size", "is_open")
    assert vault.position(vault).owner == "0x" + "00" * 20, "a contract is taken as an address"


def test_other_return_types(vault):
    assert vault.pair() == (7, True)
    assert vault.flip(0b01) == 0b10
    assert vault.ping(sender=ALICE) is None


def test_default_arguments(vault):
    vault.open(1, sender=ALICE)
    assert vault.logs()[0].args.note == "plain"
    vault.open(1, "other", sender=ALICE)
    assert vault.logs()[0].args.note == "other"
    with pytest.raises(AbiError, match=r"no function takes 4 .*open\(int256\), open\("):
        vault.open(1, "a", "b", 3, sender=ALICE)


def test_constructor_arguments_and_immutables(evm, artifact):
    rich = address("rich")
    evm.set_balance(rich, 10)
    vault = evm.deploy(artifact, 42, sender=rich, value=4)
    assert vault.limit() == 42
    assert (evm.balance(vault.address), evm.balance(rich)) == (4, 6)
    with pytest.raises(Revert, match="vault: zero limit"):
        evm.deploy(artifact, 0)
    with pytest.raises(AbiError, match=r"__init__\(uint256\): expected 1 arguments, got 0"):
        evm.deploy(artifact)


def test_events_are_decoded(evm, vault):
    vault.open(-3, "note", sender=ALICE)
    (log,) = evm.logs
    assert (log.address, log.name) == (vault.address, "Opened")
    assert (log.args.owner, log.args.size, log.args.note) == (ALICE, -3, "note")
    assert log.args.tag == log.topics[2], "an indexed string leaves only its hash"
    assert vault.logs("Opened") == [log]
    assert vault.logs("Closed") == []
    vault.count()
    assert evm.logs == [log], "views leave the logs of the last transaction"
    with pytest.raises(Revert):
        vault.fail(0, sender=ALICE)
    assert evm.logs == []


def test_revert_reason(vault, monkeypatch):
    with pytest.raises(Revert) as caught:
        vault.open(101, sender=ALICE)
    assert caught.value.reason == str(caught.value) == "vault: above limit"
    assert caught.value.data[:4].hex() == "08c379a0"
    monkeypatch.setitem(CONTRACT_ERRORS, "vault: above limit", "open less")
    with pytest.raises(Revert, match=r"^vault: above limit \(open less\)$") as caught:
        vault.open(101, sender=ALICE)
    assert caught.value.reason == "vault: above limit"


def test_a_revert_survives_pickling(vault):
    with pytest.raises(Revert) as caught:
        vault.open(101, sender=ALICE)
    unpickled = pickle.loads(pickle.dumps(caught.value))
    assert (str(unpickled), unpickled.data) == (str(caught.value), caught.value.data)


@pytest.mark.parametrize(
    ("how", "panic", "data", "text"),
    [
        (0, None, b"", "no reason (data 0x)"),
        (1, None, b"", "no reason (data 0x)"),
        (2, 17, bytes.fromhex("4e487b71") + (17).to_bytes(32, "big"), "Panic(0x11)"),
        (4, None, b"garbage", "no reason (data 0x67617262616765)"),
    ],
)
def test_reverts_without_a_reason(vault, how, panic, data, text):
    with pytest.raises(Revert) as caught:
        vault.fail(how, sender=ALICE)
    error = caught.value
    assert (error.reason, error.panic, error.data, str(error)) == (None, panic, data, text)
    assert vault.count() == 0, "the state is as before"


def test_halts(evm, vault):
    with pytest.raises(Halt, match="InvalidFEOpcode") as caught:
        vault.fail(3, sender=ALICE)
    assert not isinstance(caught.value, OutOfGas)
    with pytest.raises(OutOfGas):
        vault.burn(sender=ALICE, gas=100_000)
    assert evm.gas_used == 100_000
    with pytest.raises(OutOfGas):
        vault.burn(sender=ALICE)
    assert vault.count() == 0


def test_calls_that_never_begin(evm, vault):
    with pytest.raises(InvalidTransaction, match="LackOfFund"):
        vault.open(1, sender=ALICE, value=1)
    with pytest.raises(InvalidTransaction, match="RejectCallerWithCode"):
        vault.open(1, sender=vault.address)
    with pytest.raises(InvalidTransaction, match="gas limit is 10"):
        vault.open(1, sender=ALICE, gas=10)
    with pytest.raises(InvalidTransaction, match="not in the right form: odd number of digits"):
        vault.open(1, sender="alice")
    assert evm.gas_used == 0


def test_mistakes_are_caught_before_the_call(vault):
    with pytest.raises(AbiError, match=r"ping\(\) changes the state: say who calls"):
        vault.ping()
    with pytest.raises(AbiError, match=r"count\(\) is a view: it takes no value"):
        vault.count(value=1)
    with pytest.raises(AbiError, match=r"open\(int256\): argument size \(int256\): expected"):
        vault.open("1", sender=ALICE)
    with pytest.raises(AbiError, match=r"ping\(\): expected 0 arguments, got 1"):
        vault.ping(1, sender=ALICE)
    assert vault.count() == 0


def test_unknown_function_lists_what_there_is(vault):
    with pytest.raises(AttributeError, match=r"Vault has no function 'opne'; it has: burn, .*open"):
        vault.opne(1, sender=ALICE)
    assert copy.copy(vault).count() == 0, "looking for special methods does not recurse"
    assert "open" in dir(vault)


def test_value_moves_ether(evm, vault):
    evm.set_balance(ALICE, 10)
    vault.open(1, sender=ALICE, value=3)
    assert (evm.balance(ALICE), evm.balance(vault.address)) == (7, 3)
    with pytest.raises(Revert):
        vault.open(101, sender=ALICE, value=3)
    assert (evm.balance(ALICE), evm.balance(vault.address)) == (7, 3)


def test_static_call_cannot_change_anything(evm):
    liar = evm.deploy(compile_source(LIAR))
    with pytest.raises(Halt, match="StateChangeDuringStaticCall"):
        evm.static_call(liar.address, liar.touch.encode())
    assert liar.x() == 0
    assert liar.touch(sender=ALICE) == 1
    assert liar.x() == 1


def test_clock(evm, vault):
    evm.timestamp, evm.number = 1_000, 7
    assert vault.clock() == (1_000, 7)
    evm.warp(60)
    assert vault.clock() == (evm.timestamp, evm.number) == (1_060, 8)
    with pytest.raises(ValueError, match="cannot warp -1 seconds"):
        evm.warp(-1)


def test_snapshots_nest(evm, vault):
    first = evm.snapshot()
    vault.open(1, sender=ALICE)
    evm.warp(10)
    second = evm.snapshot()
    vault.open(2, sender=ALICE)
    third = evm.snapshot()
    vault.open(3, sender=BOB)
    evm.revert(second)
    assert (vault.count(), vault.position(ALICE).size) == (1, 1)
    with pytest.raises(ValueError, match="reverted already"):
        evm.revert(third)
    evm.revert(first)
    assert vault.count() == 0
    assert evm.timestamp == Evm().timestamp
    assert evm._revm.journal_depth == 0


def test_snapshot_undoes_contracts_and_restores_balances(evm, artifact):
    evm.set_balance(ALICE, 50)
    evm.snapshot()
    outer = evm.snapshot()
    vault = evm.deploy(artifact, 100, sender=ALICE, value=20)
    evm.set_balance(ALICE, 0)
    evm.snapshot()
    evm.set_balance(ALICE, 1_000)
    vault.open(1, sender=ALICE, value=900)
    evm.set_balance(BOB, 3)
    evm.revert(outer)
    assert (evm.balance(ALICE), evm.balance(BOB), evm.balance(vault.address)) == (50, 0, 0)
    with pytest.raises(ValueError, match="no contract at"):
        evm.at(vault.address, artifact)
    assert evm.deploy(artifact, 1, sender=ALICE).address == vault.address


def test_snapshot_of_another_evm_is_refused(evm):
    with pytest.raises(ValueError, match="from another Evm"):
        evm.revert(Evm().snapshot())


def test_too_many_snapshots_are_refused(evm):
    with pytest.raises(RuntimeError, match="more than 256 snapshots"):
        for _ in range(300):
            evm.snapshot()


def test_anchor_undoes_also_after_an_error(evm, vault):
    with evm.anchor():
        vault.open(1, sender=ALICE)
        assert vault.count() == 1
    assert vault.count() == 0
    with pytest.raises(Revert), evm.anchor():
        vault.open(1, sender=ALICE)
        vault.open(101, sender=ALICE)
    assert vault.count() == 0


def test_transient_storage_ends_with_the_call(evm, vault):
    assert [vault.set_hint(sender=ALICE) for _ in range(3)] == [1, 1, 1]
    snapshot = evm.snapshot()
    vault.set_hint(sender=ALICE)
    evm.revert(snapshot)
    assert vault.set_hint(sender=ALICE) == 1


def test_reentrancy_lock(evm, vault, artifact):
    other = evm.deploy(artifact, 1)
    with pytest.raises(Revert):
        vault.locked_twice(sender=ALICE)
    for _ in range(3):
        snapshot = evm.snapshot()
        vault.locked_call(other, sender=ALICE)
        assert other.count() == 1
        evm.revert(snapshot)
    vault.locked_call(other, sender=ALICE)
    assert [log.address for log in evm.logs] == [other.address]
    assert vault.logs() == []
    vault.ping(sender=ALICE)
    assert (vault.count(), other.count()) == (1, 1)
    assert vault.read_other(other) == 1


def test_blueprint(evm, artifact):
    factory = evm.deploy(compile_source(FACTORY))
    blueprint = evm.deploy_blueprint(artifact)
    code = b"\xfe\x71\x00" + artifact.creation_code
    stored = evm._revm.get_code(blueprint)
    assert stored.rstrip(b"\0") == code.rstrip(b"\0"), "pyrevm pads code with zeros"
    with pytest.raises(Halt):
        evm.transact(blueprint, sender=ALICE)
    made = factory.make(blueprint, 9, sender=ALICE)
    assert factory.logs("Made")[0].args.vault == made
    assert evm.at(made, artifact).limit() == 9
    with pytest.raises(Revert, match="vault: zero limit"):
        factory.make(blueprint, 0, sender=ALICE)


def test_logs_of_unknown_contracts_stay_raw(evm, artifact):
    evm._interfaces.clear()
    hidden = evm.deploy(artifact, 5)
    evm._interfaces.clear()
    hidden.open(1, sender=ALICE)
    (log,) = evm.logs
    assert (log.name, log.args, len(log.topics)) == (None, (), 3)


def test_calling_nothing_is_an_error(evm, vault):
    snapshot = evm.snapshot()
    gone = evm.deploy(compile_source(LIAR))
    evm.revert(snapshot)
    with pytest.raises(AbiError, match=r"x\(\): expected 32 bytes, got 0 \(no contract there\?\)"):
        gone.x()


def test_addresses_are_deterministic(evm, vault, artifact):
    assert address("alice") == ALICE != BOB
    assert address(1) == address("1") != address(2)
    assert ALICE.lower() == ALICE
    assert len(ALICE) == 42
    assert Evm().deploy(artifact, 1, sender=DEPLOYER).address == vault.address
    assert repr(vault) == f"<Vault {vault.address}>"


def test_ten_thousand_calls_stay_correct_and_small(evm, vault):
    def run():
        snapshot = evm.snapshot()
        for step in range(10_000):
            assert vault.open(step % 100, sender=ALICE) == step + 1
            assert vault.position(ALICE).size == step % 100
        evm.revert(snapshot)
        assert vault.count() == 0

    run()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        run()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 10_000, f"grew by {grown} KB in 30,000 calls that were reverted"


def test_views_leave_no_journal(evm, vault):
    vault.count()
    length = evm._revm.journal_len
    for _ in range(100):
        vault.count()
    assert evm._revm.journal_len == length
