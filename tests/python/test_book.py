"""Records of deployments: read exactly as written, and never half written."""

import json
import os

import pytest
from pydantic import ValidationError

from steelyard import book
from steelyard.book import (
    BlockRecord,
    BookError,
    CollateralRecord,
    ContractRecord,
    Deployment,
    MarketRecord,
    TokenRecord,
    find_deployment,
    find_record,
    read_deployment,
    to_json,
    write_deployment,
)

HERE = "0x" + "ab" * 20
CHECKSUMMED = "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB"
HASH = "0x" + "cd" * 32
DEPLOYMENT = Deployment(
    ecosystem="ethereum",
    network="local",
    chain_id=31337,
    deployer=HERE,
    start_nonce=3,
    config={"tokens": [{"symbol": "ETH3L", "cap": str(10**30)}]},
    config_hash=HASH,
    commit="0123abc",
    dirty=True,
    block=BlockRecord(number=17, hash=HASH),
    collateral=CollateralRecord(address=HERE, symbol="mUSD", decimals=6),
    contracts={
        "MockUSD": ContractRecord(
            address=HERE, args=(6, ("x", [1])), block=4, transaction=HASH, code_hash=HASH
        )
    },
    markets={"ETH": MarketRecord(id=0, feed=HERE, feed_kind="mock")},
    tokens={"ETH3L": TokenRecord(address=HERE, market="ETH", block=16)},
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ethereum" / "local.json"


def refused(message, call, *args):
    with pytest.raises(BookError) as caught:
        call(*args)
    assert str(caught.value) == message


def test_read_as_written(path):
    write_deployment(DEPLOYMENT, path)
    found = read_deployment(path)
    assert found.model_dump(mode="json") == DEPLOYMENT.model_dump(mode="json")
    write_deployment(found, path)
    assert read_deployment(path) == found
    assert list(json.loads(path.read_text()))[:4] == ["format", "ecosystem", "network", "chain_id"]
    assert [file.name for file in path.parent.iterdir()] == ["local.json"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_lookups():
    assert DEPLOYMENT.address("MockUSD") == CHECKSUMMED
    assert (DEPLOYMENT.market_symbol(0), DEPLOYMENT.market_symbol(7)) == ("ETH", "market 7")
    refused("Foo is not in the deployment (it has MockUSD)", DEPLOYMENT.address, "Foo")


def test_record_does_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        DEPLOYMENT.chain_id = 1


@pytest.mark.parametrize("when", ["fsync", "replace"])
def test_crash_while_writing_leaves_what_was_there(path, monkeypatch, when):
    write_deployment(DEPLOYMENT, path)
    before = path.read_text()

    def crash(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, when, crash)
    with pytest.raises(KeyboardInterrupt):
        write_deployment(DEPLOYMENT.model_copy(update={"network": "other"}), path)
    assert path.read_text() == before
    assert [file.name for file in path.parent.iterdir()] == ["local.json"]


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "local.json"
    refused(
        f"cannot write {path}: File exists (check the folder)",
        *(write_deployment, DEPLOYMENT, path),
    )


def test_no_record(path):
    remedy = "deploy first (`ape run deploy`, `make devnet`), or name another file"
    refused(f"no deployment at {path} ({remedy})", read_deployment, path)


def test_folder_instead_of_a_file(tmp_path):
    message = f"cannot read {tmp_path}: Is a directory (check the path)"
    refused(message, read_deployment, tmp_path)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"format": 2}, "format: Input should be 1"),
        ({"deployer": "0x12"}, "deployer: Value error, not an address: '0x12'"),
        ({"chain_id": 0}, "chain_id: Input should be greater than 0"),
        ({"more": 1}, "more: Extra inputs are not permitted"),
        ({"config_hash": "0x12"}, "config_hash: String should match pattern '^0x[0-9a-f]{64}$'"),
        (
            {"markets": {"ETH": {"id": 0, "feed": HERE, "feed_kind": "own"}}},
            "markets.ETH.feed_kind: Input should be 'mock' or 'chainlink'",
        ),
    ],
)
def test_damaged_record(path, change, problem):
    path.parent.mkdir()
    path.write_text(json.dumps(DEPLOYMENT.model_dump(mode="json") | change))
    remedy = "restore the file, or deploy again"
    refused(f"{path} is not a deployment: {problem} ({remedy})", read_deployment, path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_no_json(path, text):
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(BookError, match="is not a deployment: "):
        read_deployment(path)


def test_found_by_chain(tmp_path):
    write_deployment(DEPLOYMENT, tmp_path / "ethereum" / "local.json")
    other = DEPLOYMENT.model_copy(update={"chain_id": 1, "network": "mainnet"})
    write_deployment(other, tmp_path / "ethereum" / "mainnet.json")
    (tmp_path / "ethereum" / "local.partial.json").write_text("a journal")
    (tmp_path / "ethereum" / "damaged.json").write_text("{")
    assert find_deployment(31337, tmp_path).network == "local"
    assert find_deployment(1, tmp_path).network == "mainnet"


def test_not_found_names_what_could_not_be_read(tmp_path):
    (tmp_path / "damaged.json").write_text("{")
    with pytest.raises(BookError) as caught:
        find_deployment(7, tmp_path)
    start = f"no deployment to chain 7 in {tmp_path}; {tmp_path / 'damaged.json'} is not"
    assert str(caught.value).startswith(start)


def test_found_twice(tmp_path):
    names = [tmp_path / "a" / "local.json", tmp_path / "b" / "local.json"]
    for name in names:
        write_deployment(DEPLOYMENT, name)
    message = f"several deployments to chain 31337: {names[0]}, {names[1]} (name one of them)"
    refused(message, find_deployment, 31337, tmp_path)


def test_folder_by_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_deployment(DEPLOYMENT, book.FOLDER / "ethereum" / "local.json")
    assert find_deployment(31337).network == "local"


@pytest.mark.parametrize("value", [1.5, object(), {1, 2}])
def test_no_exact_json(value):
    with pytest.raises(TypeError, match="has no exact form in JSON"):
        to_json(value)


def test_which_record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STEELYARD_DEPLOYMENT", raising=False)
    assert find_record(None, "ethereum", "devnet") is None
    own = tmp_path / "deployments" / "ethereum" / "devnet.json"
    own.parent.mkdir(parents=True)
    own.write_text("{}")
    assert find_record(None, "ethereum", "devnet") == "deployments/ethereum/devnet.json"
    monkeypatch.setenv("STEELYARD_DEPLOYMENT", "environment.json")
    assert find_record(None, "ethereum", "devnet") == "environment.json"
    assert find_record("named.json", "ethereum", "devnet") == "named.json"
