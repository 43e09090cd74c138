"""What a flow would come to now: the token's own quote, and the venue's for the order it causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from steelyard.chain import ChainContract
from steelyard.model.token.terms import Phase
from steelyard.sdk.connection import Connection
from steelyard.sdk.errors import protocol_error
from steelyard.sdk.flows import ENTERING, FlowFigures, Preview, Verb, trade_impact
from steelyard.sdk.states import TokenState

_FINEST = 18  # decimals of quote


@dataclass(frozen=True)
class Case:
    """A token at one block, as a quote needs it.

    Attributes:
        state: Of the token, at the block.
        block: Number of the block that was asked.
        token: The token.
        quotes: Its VaultQuotes.
        venue: Its exchange.
    """

    state: TokenState
    block: int
    token: ChainContract
    quotes: ChainContract
    venue: ChainContract


def preview(connection: Connection, case: Case, verb: Verb, amount: int, most: int) -> Preview:
    """Return what a flow would come to.

    Args:
        connection: Where.
        case: The token.
        verb: What the flow is.
        amount: Assets of a deposit or withdrawal (collateral decimals), shares of the others.
        most: Of a withdrawal, the shares that its owner has, 18 decimals.

    Raises:
        ProtocolError: The flow is not possible now; the reason is as the token would give it.
        ChainError: The node did not answer.
    """
    raw = case.state.raw
    if raw.terms.phase == Phase.CLOSED:
        figures = _settled(connection, case, verb, amount)
    else:
        figures = _running(connection, case, verb, amount, most)
    fee_rate = raw.terms.mint_fee if verb in ENTERING else raw.terms.redeem_fee
    return Preview(verb, case.state.symbol, figures, case.block, case.state.leverage, fee_rate)


def _running(connection: Connection, case: Case, verb: Verb, amount: int, most: int) -> FlowFigures:
    raw, setup = case.state.raw, case.state.raw.setup
    words = connection.view(case.token, "words", block=case.block)
    scale = 10 ** (_FINEST - raw.asset_decimals)
    account = (
        *(setup.venue, setup.market, raw.token, setup.is_long),
        *(scale, words.terms, raw.shares),
    )
    more: dict[Verb, tuple[Any, ...]] = {
        "deposit": (True,),
        "mint": (True,),
        "redeem": (),
        "withdraw": (most,),
    }
    quote = connection.view(case.quotes, verb, account, amount, *more[verb], block=case.block)
    order = connection.view(
        case.venue, "account_state", setup.market, raw.token, quote.size_delta, block=case.block
    )
    value = quote.equity * quote.shares // raw.shares
    traded = quote.equity * quote.traded // raw.shares
    token_fee = abs(traded - value)
    impact = trade_impact(quote.size_delta, order.fill_price, order.price)
    paid = quote.assets * scale
    total = paid - value if verb in ENTERING else value - paid
    return FlowFigures(
        assets=quote.assets,
        shares=quote.shares,
        value=value,
        token_fee=token_fee,
        venue_fee=order.order_fee,
        impact=impact,
        rounding=total - token_fee - order.order_fee - impact,
        size_delta=quote.size_delta,
        price=order.price,
        fill_price=order.fill_price,
        asset_decimals=raw.asset_decimals,
    )


def _settled(connection: Connection, case: Case, verb: Verb, amount: int) -> FlowFigures:
    """Return a flow of a token that has ended: every share pays the same, free."""
    if verb in ENTERING:
        raise protocol_error("mint: winding down")
    raw = case.state.raw
    assets = shares = amount
    if verb == "redeem":
        assets = connection.view(case.token, "previewRedeem", amount, block=case.block)
    else:
        shares = connection.view(case.token, "previewWithdraw", amount, block=case.block)
    scale = 10 ** (_FINEST - raw.asset_decimals)
    value = shares * raw.settled_assets * scale // raw.settled_shares
    return FlowFigures(
        assets=assets,
        shares=shares,
        value=value,
        token_fee=0,
        venue_fee=0,
        impact=0,
        rounding=value - assets * scale,
        size_delta=0,
        price=0,
        fill_price=0,
        asset_decimals=raw.asset_decimals,
    )
