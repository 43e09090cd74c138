"""A deployment that is killed goes on where it stopped, and deploys nothing twice."""

from __future__ import annotations

import json

import pytest

from steelyard.book import read_deployment
from steelyard.chain import Chain, execute
from steelyard.chain import client as chain_client
from steelyard.deployment import DeploymentError, running
from steelyard.deployment.journal import Journal, read_journal
from steelyard.deployment.place import Place, abandon
from steelyard.deployment.running import Stopped, prepare_job, run_deployment, run_job
from steelyard.deployment.verifying import differences, verify
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
    stopped_after,
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


def end_state(url, record):
    """Everything that must not depend on how often a deployment was stopped."""
    chain = connect(url)
    contracts = {
        name: (contract.address, contract.args, contract.code_hash)
        for name, contract in record.contracts.items()
    }
    codes = {symbol: chain.code(token.address) for symbol, token in record.tokens.items()}
    return contracts, codes, chain.nonce(DEPLOYER), record.start_nonce, record.markets


@pytest.fixture(scope="module")
def undisturbed(node, tmp_path_factory):
    """The end state of a deployment that nothing disturbs."""
    snapshot = rpc(node, "evm_snapshot")
    record = run_deployment(connect(node), signer(), small(), tmp_path_factory.mktemp("calm"))
    state = end_state(node, record)
    assert rpc(node, "evm_revert", snapshot)
    return state


def until_done(url, place, chain):
    """Run a deployment as often as it is killed, and return its record and how often that was."""
    kills = 0
    while True:
        try:
            return run_deployment(chain, signer(), small(), place), kills
        except Killed:
            kills += 1
            assert kills < 100, "it does not get on"


@pytest.mark.parametrize("point", ["signed", "sent", "mined"])
def test_killed_at_every_step(url, place, undisturbed, point):
    chain = connect(url, KillingChain)
    chain.point, chain.died = point, set()
    record, kills = until_done(url, place, chain)
    steps = chain.nonce(DEPLOYER) - record.start_nonce
    assert kills == steps > 15
    assert end_state(url, record) == undisturbed
    assert read_deployment(place.record) == record
    assert not place.journal.exists()
    assert differences(verify(connect(url), record)) == []


def test_killed_before_every_entry_of_the_journal(url, place, undisturbed, monkeypatch):
    write, seen = Journal.write, set()

    def killing(journal, path):
        signed = sum(map(len, journal.sent.values()))
        if signed not in seen:
            seen.add(signed)
            raise Killed
        write(journal, path)

    monkeypatch.setattr(Journal, "write", killing)
    record, kills = until_done(url, place, connect(url))
    assert kills > 15
    assert end_state(url, record) == undisturbed


@pytest.mark.parametrize("after", [False, True])
def test_killed_around_the_record(url, place, undisturbed, monkeypatch, after):
    write = running.write_deployment

    def killing(record, path):
        monkeypatch.undo()
        if after:
            write(record, path)
        raise Killed

    monkeypatch.setattr(running, "write_deployment", killing)
    chain = connect(url)
    with pytest.raises(Killed):
        run_deployment(chain, signer(), small(), place)
    assert place.record.exists() is after
    record = run_deployment(chain, signer(), small(), place)
    assert end_state(url, record) == undisturbed
    assert list(place.record.parent.iterdir()) == [place.record]


def test_pending_transaction_is_waited_for(url, place, undisturbed, monkeypatch):
    """Sent, not mined, and the process dies: the next one sends nothing for that nonce."""
    chain = stopped_after(url, place, 5)
    rpc(url, "evm_setAutomine", False)
    with pytest.raises(Stopped, match="not mined within 0.1 seconds"):
        run_deployment(chain, signer(), small(), place, timeout=0.1)
    (hash,) = max(read_journal(place.journal).sent.items())[1]
    wait = Chain.wait

    def mining(self, hash, **options):
        rpc(url, "evm_setAutomine", True)
        rpc(url, "evm_mine")
        return wait(self, hash, **options)

    monkeypatch.setattr(Chain, "wait", mining)
    record = run_deployment(chain, signer(), small(), place)
    assert end_state(url, record) == undisturbed
    assert chain.receipt(hash).status


def test_dropped_transaction_is_sent_again(url, place, undisturbed):
    chain = stopped_after(url, place, 5)
    rpc(url, "evm_setAutomine", False)
    with pytest.raises(Stopped):
        run_deployment(chain, signer(), small(), place, timeout=0.1)
    rpc(url, "anvil_dropAllTransactions")
    rpc(url, "evm_setAutomine", True)
    assert end_state(url, run_deployment(chain, signer(), small(), place)) == undisturbed


def test_node_gone_and_back(url, place, undisturbed, monkeypatch):
    """The connection breaks at every call once a deployment is under way."""
    real, asked = chain_client.transport.ask, []

    def breaking(provider, method, params):
        asked.append(method)
        if asked.count("eth_sendRawTransaction") >= 7:
            raise chain_client.NodeUnreachable("the node", "connection refused")
        return real(provider, method, params)

    chain = connect(url)
    monkeypatch.setattr(chain_client.transport, "ask", breaking)
    with pytest.raises(Stopped) as caught:
        run_deployment(chain, signer(), small(), place)
    assert str(caught.value).startswith("step 7 of ")
    assert "no connection to" in str(caught.value)
    assert str(caught.value).endswith(
        "(run the same command again: it goes on here, and sends nothing twice)"
    )
    monkeypatch.undo()
    assert end_state(url, run_deployment(chain, signer(), small(), place)) == undisturbed


def test_nonce_used_by_something_else(url, place):
    chain = stopped_after(url, place, 5)
    execute(chain, signer(), OWNER, b"")
    with pytest.raises(DeploymentError) as caught:
        run_deployment(chain, signer(), small(), place)
    nonce = chain.nonce(DEPLOYER) - 1
    assert str(caught.value).endswith(
        f": something else was sent with its nonce {nonce} (leave the account alone while it "
        "deploys; start anew with --abandon)"
    )


def test_another_configuration(url, place):
    chain = stopped_after(url, place, 3)
    nonce = chain.nonce(DEPLOYER)
    other = small(collateral={"decimals": 18})
    with pytest.raises(DeploymentError, match="the configuration has changed since this depl"):
        run_deployment(chain, signer(), other, place)
    assert chain.nonce(DEPLOYER) == nonce


def test_another_checkout(url, place):
    chain = stopped_after(url, place, 3)
    journal = json.loads(place.journal.read_text())
    place.journal.write_text(json.dumps({**journal, "plan_hash": "0x" + "ab" * 32}))
    with pytest.raises(DeploymentError) as caught:
        run_deployment(chain, signer(), small(), place)
    assert str(caught.value) == (
        "the checkout has changed since this deployment began (go back to what it was, or start "
        "anew with --abandon)"
    )


def test_another_account(url, place):
    chain = stopped_after(url, place, 3)
    with pytest.raises(DeploymentError) as caught:
        run_deployment(chain, signer(OWNER_KEY), small(), place)
    assert str(caught.value) == (
        f"{DEPLOYER} began this deployment, not {OWNER} (use that account, or start anew with "
        "--abandon)"
    )


def test_another_chain_of_the_same_id(url, place):
    stopped_after(url, place, 3)
    with anvil("--timestamp", "1600000000") as fresh:
        with pytest.raises(DeploymentError, match="another chain of the same id"):
            run_deployment(connect(fresh), signer(), small(), place)
        aside = abandon(place)
        assert aside.name == "local.partial.json.old-1"
        record = run_deployment(connect(fresh), signer(), small(), place)
        assert record.start_nonce == 0


def test_damaged_journal(url, place):
    chain = stopped_after(url, place, 3)
    place.journal.write_text("{")
    with pytest.raises(Exception, match=r"is no journal of a deployment: .* start anew with --ab"):
        run_deployment(chain, signer(), small(), place)


def test_refused_on_the_way(url, place):
    """The chain has changed since the plan was made: nothing is sent for the step."""
    chain = connect(url)
    job = prepare_job(chain, DEPLOYER, small(), place)
    usd = job.plan.steps[0].sent.address

    def breaking(done, total, title):
        if title.startswith("mint"):
            rpc(url, "anvil_setCode", usd, "0x5f5ffd")  # whatever is called, it reverts

    nonce = chain.nonce(DEPLOYER)
    with pytest.raises(Stopped, match="mint 1,000,000 mUSD would fail: reverted"):
        run_job(job, signer(), breaking)
    steps = [step.title for step in job.plan.steps]
    assert chain.nonce(DEPLOYER) - nonce == steps.index("mint 1,000,000 mUSD")


def test_too_late_for_mock_feeds(url, place):
    """Their prices are stale, and a push would take a nonce of the plan."""
    chain = stopped_after(url, place, 12)
    rpc(url, "evm_increaseTime", 4_000)
    rpc(url, "evm_mine")
    with pytest.raises(Stopped) as caught:
        run_deployment(chain, signer(), small(), place)
    assert str(caught.value) == (
        "step 18 of 23, create ETH3L with a seed of 200 mUSD would fail: reverted: oracle: stale "
        "(wait for the feed: its last round is older than max_age) (too much time has passed "
        "since the mock feeds got their prices: start anew with --abandon)"
    )
    abandon(place)
    assert run_deployment(chain, signer(), small(), place).start_nonce == 17


def test_failed_on_the_chain(url, place, monkeypatch):
    chain = connect(url)
    prepare = running.prepare

    def starved(chain, sender, to, data, *, nonce):
        prepared = prepare(chain, sender, to, data, nonce=nonce)
        if nonce == 2:
            prepared.transaction["gas"] = prepared.gas_estimate * 9 // 10
        return prepared

    monkeypatch.setattr(running, "prepare", starved)
    with pytest.raises(DeploymentError) as caught:
        run_deployment(chain, signer(), small(), place)
    text = str(caught.value)
    assert "step 3 of " in text and "failed, and its nonce is used: " in text
    assert "out of gas" in text and text.endswith("(start anew with --abandon)")
    with pytest.raises(DeploymentError, match="failed, and its nonce is used"):
        run_deployment(chain, signer(), small(), place)
    abandon(place)
    assert run_deployment(connect(url), signer(), small(), Place(folder=place.folder))
