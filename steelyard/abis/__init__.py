"""The ABIs of the contracts that a client speaks to, written by `make abis`."""

from __future__ import annotations

import functools
import json
from importlib.resources import files

from steelyard.abi import Interface
from steelyard.errors import SteelyardError


@functools.cache
def load_abi(name: str) -> Interface:
    """Return the codecs of a contract. Needs neither compiler nor checkout.

    Args:
        name: File stem of the contract, e.g. `LeveragedToken`; `IAggregatorV3` for any price feed.

    Raises:
        SteelyardError: The package carries no such ABI.

    >>> load_abi("MockUSD").functions["faucet"][0].signature
    'faucet(uint256)'
    """
    folder = files(__package__)
    try:
        text = folder.joinpath(f"{name}.json").read_text()
    except FileNotFoundError as error:
        known = ", ".join(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".json")))
        raise SteelyardError(f"no ABI named {name!r}", f"there are: {known}") from error
    return Interface(name, json.loads(text))
