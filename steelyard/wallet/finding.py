"""Which record of a deployment a command uses."""

from __future__ import annotations

import os
from pathlib import Path

from steelyard.book import FOLDER
from steelyard.sdk.client import ENVIRONMENT


def find_record(named: str | None, ecosystem: str, network: str) -> str | None:
    """Return the path of the record to use; None to look for one by the id of the chain.

    What was named comes first, then what $STEELYARD_DEPLOYMENT names, then the network's own.

    Args:
        named: With `--deployment`.
        ecosystem: As ape calls it.
        network: As ape calls it.
    """
    own = Path(FOLDER) / ecosystem / f"{network}.json"
    return named or os.environ.get(ENVIRONMENT) or (str(own) if own.is_file() else None)
