"""Errors that a user of Steelyard meets, each with what to do about it."""

from __future__ import annotations

# Every reason a contract reverts with, "<module>: <reason>", and its remedy in plain English.
# `scripts/check_contracts.py` keeps this list equal to what the contracts say.
CONTRACT_ERRORS: dict[str, str] = {
    "account: flagged": "call liquidate, which also unflags an account that has recovered",
    "config: cap too large": "set max_long and max_short to 2**94 or less",
    "config: does not fit its field": "use a multiple of the unit MarketConfig names, in its width",
    "config: fee over 5 percent": "set maker_fee and taker_fee to 5e16 or less",
    "config: keeper fee bounds": "set min_keeper_fee at or below max_keeper_fee",
    "config: leverage out of bounds": "set max_leverage between 1e18 and 100e18",
    "config: maintenance over initial": "lower the maintenance or fee ratio, or max_leverage",
    "config: not packed parameters": "pass what MarketParameters.pack returned, unchanged",
    "config: rate over 100 percent": "set max_funding_rate to 1e18 per day or less",
    "config: reserve under 10 percent": "set reserve_factor to 1e17 or more",
    "config: size or price too large": "ask for a size of 2**95 and a price of 2**94 at most",
    "config: zero age or skew scale": "give max_age and skew_scale a value",
    "deleverage: bad size": "close more than nothing and at most the position",
    "deleverage: negative equity": "flag and liquidate the account instead",
    "fees: owed out of range": "claim the fees: more than 2**128 shares are owed",
    "guard: bad price bounds": "set min_price and max_price to 2**94 or less",
    "guard: bad tolerance": "set max_deviation and max_jump to 10e18 or less",
    "guard: only the exchange": "the guard is called by its exchange alone",
    "liquidation: above maintenance": "wait: account_state shows equity and maintenance",
    "liquidation: cap of this second": "liquidate the next chunk in a later block",
    "liquidation: not flagged": "call flag first",
    "lp: bad shares": "burn more than nothing and at most lp_shares(market, you)",
    "lp: market closed": "choose a market that is not CLOSED",
    "lp: pool has no cash": "wait until traders settle losses: the pool has paid out its cash",
    "lp: pool insolvent": "the pool owes its traders more than it has: wait",
    "lp: reserve of open positions": "withdraw less, or wait for positions to close",
    "lp: too few assets": "burn more shares or accept fewer assets",
    "lp: too few shares": "deposit more or accept fewer shares",
    "margin: below initial": "add margin or trade less: margin must be notional / max_leverage",
    "margin: below maintenance": "add margin or reduce more: the position would be liquidatable",
    "margin: below minimum": "keep at least min_margin in an open position",
    "margin: insufficient": "add margin: losses and fees exceed it",
    "market: bad funding rate": "force a rate between -1e18 and 1e18 per day",
    "market: bad settlement price": "settle at a price above 0 and at most 2**94",
    "market: bad status": "use ACTIVE, REDUCE_ONLY or PAUSED; close_market closes",
    "market: closed for good": "a CLOSED market cannot be changed: add a new one",
    "market: open interest cap": "trade less, or on the other side: account_state shows the room",
    "market: out of range": "use smaller amounts: the book would pass its bounds",
    "market: paused": "wait: the venue is down, nothing is lost",
    "market: pool reserve": "trade less, or wait for liquidity: the pool backs no more positions",
    "market: reduce only": "only reduce: the market takes no increases",
    "market: too many": "the exchange holds 32 markets: deploy another one",
    "market: unknown": "use an id below market_count()",
    "mock_aggregator: made to revert": "the owner broke this test feed: call set_reverts(False)",
    "mock_usd: over the call limit": "ask the faucet for less: faucet_call_limit() says how much",
    "mock_usd: over the daily limit": "wait for the next UTC day: max_faucet(you) is what is left",
    "mock_usd: too many decimals": "deploy the token with 36 decimals or fewer",
    "oracle: answer not positive": "wait for the feed to report a price above zero",
    "oracle: call failed": "check the feed: latestRoundData reverts or answers short",
    "oracle: deviates from reference": "wait until feed and reference feed agree",
    "oracle: from the future": "check the feed: its last round is dated after this block",
    "oracle: jump": "wait for the jump window to pass or the price to return",
    "oracle: out of bounds": "check the feed: the price is outside its sanity bounds",
    "oracle: over 18 decimals": "use a feed with 18 decimals or fewer",
    "oracle: reference invalid": "wait for the reference feed to report",
    "oracle: round incomplete": "wait for the feed to finish its round",
    "oracle: sequencer down": "wait for the L2 sequencer",
    "oracle: sequencer grace period": "wait for the grace period after the sequencer came back",
    "oracle: stale": "wait for the feed: its last round is older than max_age",
    "order: beyond the skew scale": "sell less: the order would push the fill price to zero",
    "order: price limit": "accept a worse price or trade less",
    "order: quote out of range": "quote an order or a position of at most 2**95",
    "order: zero or out of range": "move margin or size, each by at most 2**95",
    "policy: does not fit its field": "use a multiple of the unit a rule is stored in",
    "policy: rules out of order": "keep lo < target < hi < em, least at most largest, no zero time",
    "rebalance: budget used up": "wait until ready_at of rebalance_status, or for an emergency",
    "rebalance: cooldown": "wait until ready_at of rebalance_status",
    "rebalance: flagged": "call the venue's liquidate: the account is being liquidated",
    "rebalance: no safe size": "wait: a fee of the market or the token's trade share is zero",
    "rebalance: no valid price": "wait for the venue's price: rebalance_status shows its fault",
    "rebalance: nothing to do": "wait: leverage is where it should be, or the boundary is to come",
    "rebalance: price bound": "wait: the skew makes every part fill too far from the price",
    "rebalance: reference price": "wait until the reference feed is fresh and agrees",
    "rebalance: venue refuses": "wait for the venue: its status or its margin rules forbid it",
    "rebalance: wiped": "nothing is left to trade with: use the token's next series",
    "treasury: bad amount": "move more than nothing and at most 2**95",
    "treasury: bad receiver": "pay to an account that is neither zero nor the exchange",
    "treasury: not received": "send the collateral to the exchange first, in the same transaction",
    "treasury: nothing owed": "flag or liquidate first: owed(you) is below one unit of collateral",
    "treasury: over 18 decimals": "use a collateral with 18 decimals or fewer",
    "treasury: payment failed": "the collateral refused the transfer: check the receiver",
    "treasury: transfer failed": "approve the exchange and hold the amount",
    "treasury: venue cannot pay": "withdraw less: the cash behind this market is used up",
}


class SteelyardError(Exception):
    """Base of all errors that Steelyard raises on purpose.

    Args:
        message: What went wrong.
        remedy: What the reader can do about it; becomes a part of the message.

    >>> print(SteelyardError("no price", "wait for the oracle"))
    no price (wait for the oracle)
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        """Join the message and the remedy."""
        super().__init__(f"{message} ({remedy})" if remedy else message)
        self.remedy = remedy
