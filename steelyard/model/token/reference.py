"""The price of a reference feed: the twin of contracts/modules/reference_feed.vy."""

from __future__ import annotations

from steelyard.model.exchange import Oracle

_MOST = 2**94


def fresh_price(feed: Oracle | None, max_age: int, now: int) -> int:
    """Return the price of a second feed, WAD; 0 when it is not fresh.

    Args:
        feed: Where it comes from; None for an address without one.
        max_age: Seconds.
        now: Seconds.
    """
    if feed is None or feed.reverts or feed.decimals > 18:
        return 0
    if not (0 < feed.answer <= _MOST and 0 < feed.updated_at <= now <= feed.updated_at + max_age):
        return 0
    price: int = feed.answer * 10 ** (18 - feed.decimals)
    return price if price <= _MOST else 0
