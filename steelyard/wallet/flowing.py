"""mint and redeem: what it comes to, what one risks, a question, and what really happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from steelyard.errors import SteelyardError
from steelyard.sdk import (
    FlowReceipt,
    HolderState,
    PermitUnavailable,
    Preview,
    SlippageExceeded,
    Token,
    TokenState,
)
from steelyard.sdk.amounts import SHARE_DECIMALS
from steelyard.sdk.errors import protocol_error
from steelyard.sdk.flows import ENTERING
from steelyard.sdk.permits import permit_message
from steelyard.wallet import tables, views
from steelyard.wallet.amounts import plain, read_amount
from steelyard.wallet.errors import NothingHeld
from steelyard.wallet.gas import ENTERING_GAS, Gas, simulated, typical
from steelyard.wallet.reading import read_risk
from steelyard.wallet.risk import Risk
from steelyard.wallet.session import Session

ALL = "all"
"""Instead of an amount to redeem."""
ATTEMPTS = 3
"""How often what it comes to is shown, while the price moves too fast."""


@dataclass(frozen=True)
class Offer:
    """What is shown before the question.

    Attributes:
        token: Whose flow.
        state: Of the token.
        preview: What the flow comes to.
        risk: Of the token.
        gas: Of the transaction.
        needs_approval: Whether an approval has to be sent first.
    """

    token: Token
    state: TokenState
    preview: Preview
    risk: Risk
    gas: Gas
    needs_approval: bool = False


def mint(session: Session, symbol: str, amount: str, *, by_shares: bool) -> None:
    """Mint shares.

    Args:
        session: The command.
        symbol: Of the token.
        amount: Collateral to spend, or shares to get, people's units.
        by_shares: Whether it is shares.
    """
    session.need_account()
    token = session.steelyard.token(symbol)
    if by_shares:
        shares = read_amount(amount, SHARE_DECIMALS)
        _run(session, token, lambda: token.preview_mint(shares))
    else:
        assets = read_amount(amount, session.steelyard.collateral.decimals)
        _run(session, token, lambda: token.preview_deposit(assets))


def redeem(session: Session, symbol: str, amount: str, *, by_assets: bool) -> None:
    """Redeem shares.

    Args:
        session: The command.
        symbol: Of the token.
        amount: Shares, `all`, or collateral to get, people's units.
        by_assets: Whether it is collateral.
    """
    account = session.need_account()
    token = session.steelyard.token(symbol)
    if by_assets:
        assets = read_amount(amount, session.steelyard.collateral.decimals)
        _run(session, token, lambda: token.preview_withdraw(assets))
    else:
        shares = read_shares(amount, token.holder(account), token.symbol)
        _run(session, token, lambda: token.preview_redeem(shares))


def read_shares(text: str, holder: HolderState, symbol: str) -> int:
    """Return how many of its shares an account wants to part with.

    Args:
        text: People's units, or `all`.
        holder: The account's part.
        symbol: Of the token.

    Raises:
        NothingHeld: It has none.
        AmountError: It is no amount.
    """
    everything = text.strip().lower() == ALL
    shares = int(holder.raw.balance) if everything else read_amount(text, SHARE_DECIMALS)
    if not holder.raw.balance:
        raise NothingHeld(f"{holder.account} holds no {symbol}", "name another --account")
    return shares


def _run(session: Session, token: Token, quote: Callable[[], Preview]) -> None:
    """Show, ask, send, and show what happened; anew while the price moves before it is sent."""
    for left in reversed(range(ATTEMPTS)):
        try:
            offer = _offer(session, token, quote())
            value = _view(session, offer)
            if not _agreed(session, offer, value):
                return
            receipt = _send(session, offer)
            break
        except SlippageExceeded as error:
            # Once it was mined it is over; before, nothing has happened, and what was shown is old.
            if error.hash is not None or not left:
                raise
            session.warn("the price has moved, this is what it comes to now")
    value["receipt"] = views.receipt_view(receipt)
    unit = session.steelyard.collateral.symbol
    session.result(value, tables.receipt_table(offer.preview, receipt, unit, offer.gas))


def _agreed(session: Session, offer: Offer, value: views.View) -> bool:
    """Show an offer and ask; False for a dry run, which ends here."""
    preview, unit = offer.preview, session.steelyard.collateral.symbol
    verb = "Mint" if preview.verb in ENTERING else "Redeem"
    bps = session.options.slippage_bps
    rows = tables.preview_rows(preview, offer.state, unit, bps, offer.gas)
    if offer.needs_approval:
        rows.append(("approval", "", f"of this {unit}, in a transaction of its own before it"))
    title = f"{verb} {preview.symbol}, as of block {preview.block}"
    risk = tables.rows_table("Risk", tables.risk_rows(offer.risk))
    session.show(tables.rows_table(title, rows), risk)
    if session.options.dry_run:
        session.result(value, "Dry run: nothing was sent.")
        return False
    session.agree(f"{verb}?")
    return True


def _check_enough(session: Session, holder: HolderState, preview: Preview) -> None:
    """Refuse what the account has not, before anybody is asked."""
    if preview.verb in ENTERING:
        has, needs, unit = holder.asset_balance, preview.assets, session.steelyard.collateral.symbol
        reason = "erc20: transfer amount exceeds balance"
    else:
        has, needs, unit = holder.balance, preview.shares, preview.symbol
        reason = "token: more than the balance"
    if has < needs:
        figures = f"{holder.account} has {plain(has)} {unit}, this takes {plain(needs)}"
        raise protocol_error(reason, figures)


def _offer(session: Session, token: Token, preview: Preview) -> Offer:
    """Return all there is to show; whatever refuses the flow does so here."""
    holder = token.holder(session.need_account())
    _check_enough(session, holder, preview)
    gas, needs_approval = _gas(session, token, preview, holder)
    state = token.state(preview.block)
    return Offer(token, state, preview, read_risk(session, token, state), gas, needs_approval)


def _gas(session: Session, token: Token, preview: Preview, holder: HolderState) -> tuple[Gas, bool]:
    """Return the gas, and whether an approval has to be sent first."""
    steelyard, me, raw = session.steelyard, holder.account, preview.raw
    bound = preview.bound(session.options.slippage_bps)
    spends = bound if preview.verb == "mint" else raw.assets
    if preview.verb in ENTERING and holder.raw.asset_allowance < spends:
        # It cannot be simulated before the spending is allowed, and nothing is signed unasked.
        return typical(steelyard.chain, me, ENTERING_GAS), not _has_permit(session, token, preview)
    amount = raw.assets if preview.verb in ("deposit", "withdraw") else raw.shares
    owner = () if preview.verb in ENTERING else (me,)
    args = (amount, me, *owner, bound)
    return simulated(steelyard.chain, me, token.contract, preview.verb, *args), False


def _has_permit(session: Session, token: Token, preview: Preview) -> bool:
    """Return whether a signature will allow the spending."""
    if preview.verb != "deposit":
        return False
    collateral = session.steelyard.collateral
    try:
        permit_message(collateral.contract, session.need_account(), token.address, 1, 0)
    except PermitUnavailable:
        return False
    return True


def _view(session: Session, offer: Offer) -> views.View:
    unit = session.steelyard.collateral.symbol
    bound, _, _ = tables.bound_of(offer.preview, unit, session.options.slippage_bps)
    return {
        "account": session.need_account(),
        "preview": views.preview_view(offer.preview, str(plain(bound)), offer.gas),
        "risk": views.risk_view(offer.risk),
        "dry_run": session.options.dry_run,
        "receipt": None,
    }


def _send(session: Session, offer: Offer) -> FlowReceipt:
    """Do what was shown, within the bound that was shown."""
    before = len(session.sent)
    try:
        with session.sending():
            return _act(offer.token, offer.preview, session.options.slippage_bps)
    except SteelyardError:
        if offer.needs_approval and len(session.sent) > before:
            said = f"the approval {session.sent[before]} was sent before and stays"
            session.warn(f"{said}: only your own mints use it")
        raise


def _act(token: Token, preview: Preview, slippage_bps: int) -> FlowReceipt:
    raw, bound = preview.raw, preview.bound(slippage_bps)
    if preview.verb == "deposit":
        return token.deposit(raw.assets, min_shares=bound)
    if preview.verb == "mint":
        return token.mint(raw.shares, max_assets=bound)
    if preview.verb == "redeem":
        return token.redeem(raw.shares, min_assets=bound)
    return token.withdraw(raw.assets, max_shares=bound)
