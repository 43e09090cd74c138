"""What a transaction really did, from its events."""

from __future__ import annotations

from typing import Any

from steelyard.chain import ChainContract, Receipt
from steelyard.model.arithmetic import WAD
from steelyard.sdk.errors import SdkError
from steelyard.sdk.flows import (
    ENTERING,
    FlowFigures,
    FlowReceipt,
    Preview,
    RebalanceReceipt,
    TxReceipt,
    trade_impact,
)

_FINEST = 18  # decimals of quote


def flow_receipt(
    receipt: Receipt,
    token: ChainContract,
    venue: ChainContract,
    preview: Preview,
    approval: TxReceipt | None = None,
) -> FlowReceipt:
    """Return what a flow came to.

    Args:
        receipt: Of its transaction.
        token: Whose flow.
        venue: Where it traded.
        preview: Which flow it was.
        approval: The approval that was sent before it.

    Raises:
        SdkError: The transaction shows no such flow.
    """
    entering = preview.verb in ENTERING
    moved = _only(token, receipt, "Deposit" if entering else "Withdraw")
    # A token that is settled does not trade any more.
    trades = [
        event.values
        for event in venue.events(receipt.logs, "PositionModified")
        if event.values.account == token.address.lower()
    ]
    trade = trades[0] if trades else None
    decimals = preview.raw.asset_decimals
    venue_fee, impact = 0, 0
    if trade is not None:
        venue_fee = trade.fee
        if trade.size_delta:
            impact = trade_impact(trade.size_delta, trade.fill_price, trade.price)
    paid = moved.assets * 10 ** (_FINEST - decimals)
    cost = venue_fee + impact
    # But for what the venue took, assets are the value of the shares that traded: fee included.
    traded = paid - cost if entering else paid + cost
    value = traded * WAD // (WAD + preview.fee_rate if entering else WAD - preview.fee_rate)
    figures = FlowFigures(
        assets=moved.assets,
        shares=moved.shares,
        value=value,
        token_fee=abs(traded - value),
        venue_fee=venue_fee,
        impact=impact,
        rounding=0,
        size_delta=trade.size_delta if trade else 0,
        price=trade.price if trade else 0,
        fill_price=trade.fill_price if trade else 0,
        asset_decimals=decimals,
    )
    return FlowReceipt(preview.verb, preview.symbol, figures, receipt, approval=approval)


def rebalance_receipt(
    receipt: Receipt, token: ChainContract, asset_decimals: int
) -> RebalanceReceipt:
    """Return what a rebalance did.

    Args:
        receipt: Of its transaction.
        token: Whose rebalance.
        asset_decimals: Of the collateral.

    Raises:
        SdkError: The transaction shows no rebalance.
    """
    return RebalanceReceipt(receipt, _only(token, receipt, "Rebalanced"), asset_decimals)


def _only(contract: ChainContract, receipt: Receipt, name: str) -> Any:
    """Return the fields of the one event of a name."""
    found = [event.values for event in contract.events(receipt.logs, name)]
    if len(found) != 1:
        raise SdkError(
            f"transaction {receipt.hash} has {len(found)} events {name} of {contract.address}",
            "it was mined: look at it before you send anything again",
        )
    return found[0]
