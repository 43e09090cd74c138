"""Where a deployment is recorded, what it may not overwrite, and what it tells beforehand."""

from __future__ import annotations

import pytest

from steelyard.book import read_deployment
from steelyard.chain import InsufficientFunds, ReceiptTimeout, execute
from steelyard.deployment import DeploymentError
from steelyard.deployment.place import Place, locked
from steelyard.deployment.running import prepare_job, run_deployment, run_job
from tests.python.deploy_node import (
    DEPLOYER,
    OWNER,
    OWNER_KEY,
    Killed,
    KillingChain,
    anvil,
    connect,
    rpc,
    signer,
    small,
)

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def node():
    with anvil() as url:
        yield url


@pytest.fixture
def url(node):
    """The node, and afterwards as it was."""
    snapshot = rpc(node, "evm_snapshot")
    yield node
    assert rpc(node, "evm_revert", snapshot)
    rpc(node, "evm_setAutomine", True)


@pytest.fixture
def place(tmp_path):
    return Place(folder=tmp_path)


def test_live_deployment_is_not_forgotten(url, place):
    chain = connect(url)
    first = run_deployment(chain, signer(), small(), place)
    with pytest.raises(DeploymentError) as caught:
        run_deployment(chain, signer(), small(), place)
    assert str(caught.value) == (
        f"{place.record} is of a deployment that is live on chain 31337 (deploy once more with "
        "--again, which keeps the old record aside, or with --name NAME)"
    )
    second = run_deployment(chain, signer(), small(), place, again=True)
    assert second.start_nonce > first.start_nonce
    assert read_deployment(place.record.with_name("local.json.old-1")) == first
    named = Place(folder=place.folder, name="mine")
    third = run_deployment(chain, signer(), small(), named)
    assert read_deployment(place.record.with_name("mine.json")) == third


def test_an_again_that_was_killed_goes_on(url, place):
    """Run again with the same words, it does not deploy a third time."""
    run_deployment(connect(url), signer(), small(), place)
    chain = connect(url, KillingChain)
    chain.point, chain.died = "mined", set()
    begun = chain.nonce(DEPLOYER)
    with pytest.raises(Killed):
        run_deployment(chain, signer(), small(), place, again=True)
    record = run_deployment(connect(url), signer(), small(), place, again=True)
    assert record.start_nonce == begun
    assert len(list(place.record.parent.iterdir())) == 2


def test_record_of_a_chain_that_is_gone(url, place):
    run_deployment(connect(url), signer(), small(), place)
    with anvil("--timestamp", "1600000000") as fresh:
        run_deployment(connect(fresh), signer(), small(), place)
    assert place.record.with_name("local.json.old-1").exists()


def test_two_at_once(url, place):
    with locked(place), pytest.raises(DeploymentError, match="is running"):
        run_deployment(connect(url), signer(), small(), place)


def test_pending_transactions_of_before(url, place):
    rpc(url, "evm_setAutomine", False)
    chain = connect(url)
    with pytest.raises(ReceiptTimeout):
        execute(chain, signer(), OWNER, b"", timeout=0.1)
    with pytest.raises(DeploymentError, match=r"1 transactions of .* are not mined yet"):
        run_deployment(chain, signer(), small(), place)


def test_another_signer_than_planned(url, place):
    job = prepare_job(connect(url), DEPLOYER, small(), place)
    with pytest.raises(DeploymentError, match=f"{OWNER} is not the deployer"):
        run_job(job, signer(OWNER_KEY))


def test_progress(url, place):
    told = []
    run_deployment(connect(url), signer(), small(), place, lambda *news: told.append(news))
    assert [done for done, _, _ in told] == list(range(len(told)))
    assert {total for _, total, _ in told} == {len(told) - 1}
    assert told[0][2] == "deploy MockUSD"
    assert told[-1][2] == ""


def test_gas_is_known_beforehand(url, place):
    """The plan's estimate is near what is paid."""
    chain = connect(url)
    job = prepare_job(chain, DEPLOYER, small(), place)
    run_job(job, signer())
    last = chain.block().number
    blocks = range(last - len(job.plan.steps) + 1, last + 1)
    used = [rpc(url, "eth_getBlockByNumber", hex(number), False)["gasUsed"] for number in blocks]
    assert 0.98 < job.gas / sum(int(gas, 16) for gas in used) < 1.03


def test_unfunded(url, place):
    chain, poor = connect(url), signer("0x" + "77" * 32)
    with pytest.raises(InsufficientFunds) as caught:
        run_deployment(chain, poor, small(), place)
    assert str(caught.value).startswith(f"{poor.address} cannot pay for the gas: it has 0 wei and")
    assert not place.journal.exists()
