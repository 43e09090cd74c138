"""Connecting finds the record, and proves that it belongs to the chain."""

import pytest
from web3 import HTTPProvider, Web3

from steelyard.book import BookError, write_deployment
from steelyard.chain import NodeUnreachable, WrongChain
from steelyard.sdk import NotDeployed, Steelyard

pytestmark = pytest.mark.node
NEWER = "the chain may have been started anew: deploy again, or name another record"


@pytest.fixture
def folder(world, tmp_path, monkeypatch):
    """A working folder with the record where it belongs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STEELYARD_DEPLOYMENT", raising=False)
    write_deployment(world.record, tmp_path / "deployments" / "ethereum" / "local.json")
    return tmp_path


def refused(kind, message, *args):
    with pytest.raises(kind) as caught:
        Steelyard.connect(*args)
    assert str(caught.value) == message


def changed(record, contract, **changes):
    contracts = dict(record.contracts)
    contracts[contract] = contracts[contract].model_copy(update=changes)
    return record.model_copy(update={"contracts": contracts})


def test_by_address_of_the_node_and_record_in_the_folder(world, folder):
    steelyard = Steelyard.connect(world.url)
    assert steelyard.deployment == world.record
    assert repr(steelyard) == "<Steelyard ethereum:local (chain 31337)>"
    assert [token.symbol for token in steelyard.tokens()] == ["ETH3L", "ETH2S", "ETH2L"]


def test_by_web_socket(world):
    url = world.url.replace("http", "ws")
    assert Steelyard.connect(url, world.record).token("ETH3L").state().nav > 99


def test_by_a_connection_of_the_caller(world):
    web3 = Web3(HTTPProvider(world.url))
    assert Steelyard.connect(web3, world.record).chain.web3 is web3


def test_record_by_path_and_by_environment(world, folder, monkeypatch):
    path = folder / "elsewhere.json"
    (folder / "deployments" / "ethereum" / "local.json").rename(path)
    assert Steelyard.connect(world.chain, path).deployment == world.record
    assert Steelyard.connect(world.chain, str(path)).deployment == world.record
    monkeypatch.setenv("STEELYARD_DEPLOYMENT", str(path))
    assert Steelyard.connect(world.chain).deployment == world.record


def test_no_record(world, folder):
    (folder / "deployments" / "ethereum" / "local.json").unlink()
    remedy = "deploy first (`ape run deploy`, `make devnet`), or name a file"
    message = f"no deployment to chain 31337 in deployments ({remedy})"
    refused(BookError, message, world.chain)


def test_named_record_is_missing(world, folder, monkeypatch):
    remedy = "deploy first (`ape run deploy`, `make devnet`), or name another file"
    refused(BookError, f"no deployment at no.json ({remedy})", world.chain, "no.json")
    monkeypatch.setenv("STEELYARD_DEPLOYMENT", "nowhere.json")
    refused(BookError, f"no deployment at nowhere.json ({remedy})", world.chain)


def test_record_is_corrupt(world, folder):
    (folder / "deployments" / "ethereum" / "local.json").write_text("{")
    with pytest.raises(BookError) as caught:
        Steelyard.connect(world.chain, "deployments/ethereum/local.json")
    start = "deployments/ethereum/local.json is not a deployment: Invalid JSON: "
    assert str(caught.value).startswith(start)
    assert str(caught.value).endswith("(restore the file, or deploy again)")


def test_record_of_another_chain(world):
    record = world.record.model_copy(update={"chain_id": 11155111})
    remedy = "connect to a node of chain 11155111, or use the deployment of chain 31337"
    message = f"expected chain 11155111, but the node serves 31337 ({remedy})"
    refused(WrongChain, message, world.chain, record)


def test_nothing_there(world):
    nowhere = "0x1111111111111111111111111111111111111111"
    record = changed(world.record, "LeveragedTokenLens", address=nowhere)
    message = f"there is no LeveragedTokenLens at {nowhere} ({NEWER})"
    refused(NotDeployed, message, world.chain, record)


def test_no_collateral_there(world):
    nowhere = "0x1111111111111111111111111111111111111111"
    money = world.record.collateral.model_copy(update={"address": nowhere})
    record = world.record.model_copy(update={"collateral": money})
    message = f"there is no collateral at {nowhere} ({NEWER})"
    refused(NotDeployed, message, world.chain, record)


def test_something_else_there(world):
    other = world.record.address("PerpExchange")
    record = changed(world.record, "VaultQuotes", address=other)
    message = f"what is at {other} is not the VaultQuotes of the record ({NEWER})"
    refused(NotDeployed, message, world.chain, record)


def test_record_without_a_contract(world):
    contracts = {k: v for k, v in world.record.contracts.items() if k != "VaultQuotes"}
    record = world.record.model_copy(update={"contracts": contracts})
    known = ", ".join(contracts)
    message = f"VaultQuotes is not in the deployment (it has {known})"
    refused(BookError, message, world.chain, record)


def test_no_node(world):
    with pytest.raises(NodeUnreachable):
        Steelyard.connect("http://127.0.0.1:9", world.record)
