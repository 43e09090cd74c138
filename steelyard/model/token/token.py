"""The token itself: all its parts together."""

from __future__ import annotations

from steelyard.model.policy import pack_memory, pack_rules
from steelyard.model.token.lifecycle import Lifecycle
from steelyard.model.token.rebalancing import Rebalancing
from steelyard.model.token.terms import pack_terms
from steelyard.model.token.views import VaultViews

Words = tuple[int, tuple[int, int], tuple[int, int], int]


class LeveragedToken(VaultViews, Rebalancing, Lifecycle):
    """Shares of one position at an exchange, kept near its target leverage.

    Args:
        exchange: The venue; its clock is the token's.
        market: Market id there.
        is_long: Side of the position.
        terms: What users obey.
        rules: How it rebalances.
        fee_receiver: Who gets fee shares, or the zero address.
        address: The token's.
        factory: Who seeds and configures it.
        feeds: Reference feeds by address, for `rules.reference`.

    Example:
        A 3x long at next to no cost that rebalances after every move. The price rises by 10 % and
        falls by 10 %: 1.3 times 0.7 leaves 91 of 100.

        >>> from steelyard.model.exchange import WAD, Exchange, MarketConfig, Oracle
        >>> from steelyard.model.policy import Rules
        >>> from steelyard.model.token import LeveragedToken, Terms
        >>> feed = Oracle(decimals=8)
        >>> feed.push(2_000 * 10**8, at=1_000)
        >>> exchange = Exchange(asset_decimals=6, now=1_000)
        >>> cheap = MarketConfig(skew_scale=10**9 * WAD, maker_fee=10**12, taker_fee=10**12)
        >>> market = exchange.add_market(cheap, feed)
        >>> exchange.wallets["lp"] = exchange.wallets["factory"] = 10**12
        >>> _ = exchange.add_liquidity(market, "lp", 10**12)
        >>> band = {"leverage_lo": 27 * WAD // 10, "leverage_hi": 33 * WAD // 10}
        >>> rules = Rules(3 * WAD, emergency_leverage=5 * WAD, min_rate=0, max_rate=0, **band)
        >>> token = LeveragedToken(exchange, market, True, Terms(cap=400 * WAD, **band), rules)
        >>> exchange.transfer("factory", exchange.address, 1_000 * 10**6)
        >>> shares = token.seed("factory", 1_000 * 10**6, initial_nav=100 * WAD)
        >>> for price in (2_200, 1_980):
        ...     exchange.now += 60
        ...     feed.push(price * 10**8, at=exchange.now)
        ...     nav = token.convert_to_assets(WAD) / 10**6
        ...     reward = token.rebalance("keeper")
        ...     print(f"{nav:.2f}", f"{token.rebalance_status.leverage / WAD:.2f}")
        130.00 3.00
        91.00 3.00
    """

    @property
    def words(self) -> Words:
        """Terms, rules, memory and settlement, packed as the contract keeps them."""
        assets, shares = self.settlement
        return (
            pack_terms(self.terms),
            pack_rules(self.rules),
            pack_memory(self.memory),
            assets | shares << 128,
        )
