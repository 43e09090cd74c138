"""On-chain leveraged tokens: the Python side of Steelyard."""
