"""The example of the documentation does what it says."""

import textwrap

import pytest
from eth_utils.crypto import keccak

from steelyard.book import write_deployment
from steelyard.sdk import Steelyard

pytestmark = pytest.mark.node


def test_example(world, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STEELYARD_DEPLOYMENT", raising=False)
    write_deployment(world.record, "deployments/ethereum/local.json")
    lines = (Steelyard.__doc__ or "").split("who has dollars):\n")[1]
    code = textwrap.dedent(lines).replace("http://127.0.0.1:8545", world.url)
    exec(code, {"key": keccak(text="alice")})
    assert capsys.readouterr().out.splitlines() == [
        "ETH3L: 100.00 a share, 3.00x",
        "entry fee: 0.0997",
        "venue fee: 0.1797",
        "price impact: 0.0001",
        "rounding: 0.0000",
        "minted 0.9972 for 100.000000",
        "redeemed for 99.594274",
    ]
