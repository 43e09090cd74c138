"""What machines get: plain values, amounts as strings of people's units with every digit."""

from __future__ import annotations

from typing import Any

from steelyard.sdk import (
    FlowReceipt,
    HolderState,
    Preview,
    RebalanceReceipt,
    TokenState,
    TxReceipt,
    to_decimal,
)
from steelyard.sdk.flows import Flow
from steelyard.wallet.amounts import plain, ratio
from steelyard.wallet.gas import Gas
from steelyard.wallet.risk import Risk

View = dict[str, Any]


def token_view(state: TokenState) -> View:
    """Return a token."""
    low, high = state.band
    return {
        "symbol": state.symbol,
        "name": state.name,
        "address": state.address,
        "market": state.market.symbol,
        "side": "long" if state.is_long else "short",
        "status": state.status,
        "nav": plain(state.nav),
        "price": plain(state.price),
        "leverage": plain(state.leverage),
        "target": plain(state.target),
        "band": [plain(low), plain(high)],
        "assets": plain(state.assets),
        "supply": plain(state.supply),
        "max_deposit": plain(state.max_deposit),
        "mint_fee": plain(state.mint_fee),
        "redeem_fee": plain(state.redeem_fee),
        "management_fee": plain(state.management_fee),
        "funding_per_year": ratio(state.funding_per_year),
        "block": state.block,
        "timestamp": state.timestamp,
    }


def risk_view(risk: Risk) -> View:
    """Return a token's risk; rates are parts of one, a year."""
    low, high = risk.band
    prices = risk.rebalance_prices
    return {
        "leverage": plain(risk.leverage),
        "band": [plain(low), plain(high)],
        "liquidation_move": ratio(risk.liquidation),
        "rebalance_prices": None if prices is None else [ratio(price) for price in prices],
        "volatility": ratio(risk.volatility),
        "volatility_is_assumed": risk.is_assumed,
        "decay_per_year": ratio(risk.decay),
        "funding_per_year": ratio(risk.funding),
        "price": plain(risk.price),
        "price_state": risk.price_state,
        "price_age": risk.price_age,
    }


def holder_view(holder: HolderState, symbol: str) -> View:
    """Return an account's part of a token."""
    return {
        "symbol": symbol,
        "token": holder.raw.token,
        "shares": plain(holder.balance),
        "value": plain(holder.assets),
        "redeem_assets": plain(holder.redeem_assets),
        "max_redeem": plain(holder.max_redeem),
    }


def flow_view(flow: Flow) -> View:
    """Return what a flow comes to, in quote but for assets and shares."""
    return {
        "verb": flow.verb,
        "symbol": flow.symbol,
        "assets": plain(flow.assets),
        "shares": plain(flow.shares),
        "value": plain(flow.value),
        "costs": {name.replace(" ", "_"): plain(cost) for name, cost in flow.costs.items()},
        "total_cost": plain(flow.total_cost),
        "size_delta": plain(flow.size_delta),
        "price": plain(flow.price),
        "fill_price": plain(flow.fill_price),
    }


def preview_view(preview: Preview, bound: str, gas: Gas) -> View:
    """Return a preview.

    Args:
        preview: The preview.
        bound: The worst result that is accepted, people's units.
        gas: Of the transaction.
    """
    return flow_view(preview) | {"block": preview.block, "bound": bound, **gas_view(gas)}


def gas_view(gas: Gas) -> View:
    """Return what gas comes to, ether."""
    return {"gas": plain(to_decimal(gas.cost)), "gas_is_typical": gas.is_typical}


def receipt_view(receipt: TxReceipt) -> View:
    """Return what became of a transaction."""
    view: View = {
        "hash": receipt.hash,
        "block": receipt.block,
        "gas_paid": plain(receipt.gas_paid),
    }
    if isinstance(receipt, FlowReceipt):
        view |= flow_view(receipt)
        if receipt.approval is not None:
            view["approval"] = receipt_view(receipt.approval)
    if isinstance(receipt, RebalanceReceipt):
        view |= {
            "trigger": receipt.trigger.name.lower(),
            "size_delta": plain(receipt.size_delta),
            "fill_price": plain(receipt.fill_price),
            "cost": plain(receipt.cost),
            "reward": plain(receipt.reward),
            "leverage_before": plain(receipt.leverage_before),
            "leverage_after": plain(receipt.leverage_after),
        }
    return view
