"""A local chain for people to try Steelyard on: anvil, a deployed system, and prices that move."""
