"""The parts of the exchange's twin; use steelyard.model.exchange."""
