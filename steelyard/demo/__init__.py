"""Leveraged tokens on a price history, on the in-process EVM: what `make demo` plays.

A venue with one market, three tokens, a dozen holders and a keeper go through hourly prices and
8-hour funding. What a token's return is made of is booked to the last digit; in the end everybody
leaves, and the books must add up to the wei. Every figure is read from the contracts.

    world     the chain: venue, tokens, people, clock
    path      an hourly history cut into the prices that the market sees
    keeper    rebalances and liquidates
    holders   come and go by a plan
    ledger    what moves NAV, cause by cause
    figures   what became of each token
    checks    what must hold
    story     all of it in order
    report    the table; export: JSON and picture
"""

from steelyard.demo.amounts import money
from steelyard.demo.path import cut
from steelyard.demo.playing import run
from steelyard.demo.report import WIDTH

__all__ = ["WIDTH", "cut", "money", "run"]
