"""A leveraged token as one uses it: enter, leave, rebalance, transfer."""

from __future__ import annotations

from typing import Any

from eth_utils.address import is_address

from steelyard.contract import ZERO_ADDRESS
from steelyard.sdk.addresses import check_typed
from steelyard.sdk.amounts import SHARE_DECIMALS, parse_amount, to_decimal
from steelyard.sdk.collateral import Amount
from steelyard.sdk.errors import PermitUnavailable, protocol_error
from steelyard.sdk.flows import (
    ENTERING,
    FlowReceipt,
    Preview,
    RebalanceReceipt,
    TxReceipt,
    Verb,
)
from steelyard.sdk.permits import Permit
from steelyard.sdk.receipts import flow_receipt, rebalance_receipt
from steelyard.sdk.view import TokenView

SLIPPAGE_BPS = 50
"""How much worse than its preview a flow may come out, 1/100 of a percent."""


class Token(TokenView):
    """A leveraged token.

    Amounts: `int` is chain units (collateral decimals, shares 1e-18), `str` and `Decimal` are
    people's units, and a float is refused. Whatever is sent is simulated first. What it is and
    what a flow would cost is in `TokenView`.
    """

    # ------------------------------------------------------------ FLOWS

    def deposit(
        self,
        assets: Amount,
        *,
        receiver: str | None = None,
        min_shares: Amount | None = None,
        slippage_bps: int = SLIPPAGE_BPS,
        permit: bool = True,
    ) -> FlowReceipt:
        """Mint the most shares that exactly `assets` pay for.

        What allowance is missing is given with it: by a signature of the collateral's permit, or
        where there is none, by an approval of exactly `assets` that is sent before.

        Args:
            assets: To pay.
            receiver: Who gets the shares; the signer by default.
            min_shares: Least shares accepted; instead of `slippage_bps`.
            slippage_bps: How much worse than its preview it may come out, 1/100 of a percent.
            permit: False to approve by a transaction always.

        Raises:
            MintClosed: Nothing can be minted now.
            InsufficientBalance: The signer has less.
            SlippageExceeded: It would mint less than accepted.
            ProtocolError: It is not possible for another reason.
            ChainError: The node did not answer, or the account cannot pay for the gas.
        """
        quote, allowance = self._checked("deposit", assets, receiver)
        least = self._bound(quote, min_shares, slippage_bps, SHARE_DECIMALS)
        to, paid = receiver or self._connection.account, quote.raw.assets
        signed = self._permit(paid) if permit and allowance < paid else None
        if signed is not None:
            proof = (signed.deadline, signed.v, signed.r, signed.s)
            return self._flow(quote, "deposit_with_permit", paid, to, least, *proof)
        approval = self._approve(paid, allowance)
        return self._flow(quote, "deposit", paid, to, least, approval=approval)

    def mint(
        self,
        shares: Amount,
        *,
        receiver: str | None = None,
        max_assets: Amount | None = None,
        slippage_bps: int = SLIPPAGE_BPS,
    ) -> FlowReceipt:
        """Mint exactly `shares`; an approval of the most it may cost is sent before if needed.

        Args:
            shares: To get.
            receiver: Who gets them; the signer by default.
            max_assets: Most collateral accepted; instead of `slippage_bps`.
            slippage_bps: As in `deposit`.

        Raises:
            SteelyardError: As in `deposit`.
        """
        quote, allowance = self._checked("mint", shares, receiver)
        most = self._bound(quote, max_assets, slippage_bps, self._collateral.decimals)
        approval = self._approve(most, allowance)
        to = receiver or self._connection.account
        return self._flow(quote, "mint", quote.raw.shares, to, most, approval=approval)

    def redeem(
        self,
        shares: Amount,
        *,
        receiver: str | None = None,
        min_assets: Amount | None = None,
        slippage_bps: int = SLIPPAGE_BPS,
    ) -> FlowReceipt:
        """Burn exactly `shares` of the signer for what they pay.

        Args:
            shares: To burn.
            receiver: Who gets the collateral; the signer by default.
            min_assets: Least collateral accepted; instead of `slippage_bps`.
            slippage_bps: As in `deposit`.

        Raises:
            InsufficientBalance: The signer has less.
            SlippageExceeded: It would pay less than accepted.
            ProtocolError: It is not possible for another reason.
            ChainError: The node did not answer, or the account cannot pay for the gas.
        """
        quote, _ = self._checked("redeem", shares, receiver)
        least = self._bound(quote, min_assets, slippage_bps, self._collateral.decimals)
        owner = self._connection.account
        return self._flow(quote, "redeem", quote.raw.shares, receiver or owner, owner, least)

    def withdraw(
        self,
        assets: Amount,
        *,
        receiver: str | None = None,
        max_shares: Amount | None = None,
        slippage_bps: int = SLIPPAGE_BPS,
    ) -> FlowReceipt:
        """Burn the fewest shares of the signer that pay exactly `assets`.

        Args:
            assets: To receive.
            receiver: Who gets them; the signer by default.
            max_shares: Most shares accepted; instead of `slippage_bps`.
            slippage_bps: As in `deposit`.

        Raises:
            SteelyardError: As in `redeem`.
        """
        quote, _ = self._checked("withdraw", assets, receiver)
        most = self._bound(quote, max_shares, slippage_bps, SHARE_DECIMALS)
        owner = self._connection.account
        return self._flow(quote, "withdraw", quote.raw.assets, receiver or owner, owner, most)

    # ------------------------------------------------------------ OTHER VERBS

    def rebalance(
        self, min_reward: Amount | None = None, *, receiver: str | None = None
    ) -> RebalanceReceipt:
        """Trade as `state().trigger` says, and be paid for it.

        Args:
            min_reward: Least collateral accepted; any by default.
            receiver: Who gets it; the signer by default.

        Raises:
            RebalanceNotDue: There is nothing to do, or not yet, or it pays less.
            ProtocolError: It is not possible for another reason.
            ChainError: The node did not answer, or the account cannot pay for the gas.
        """
        least = parse_amount(0 if min_reward is None else min_reward, self._collateral.decimals)
        to = receiver or self._connection.account
        receipt = self._connection.transact(self.contract, "rebalance", least, to)
        return rebalance_receipt(receipt, self.contract, self._collateral.decimals)

    def transfer(self, to: str, shares: Amount) -> TxReceipt:
        """Send shares of the signer.

        Args:
            to: Who gets them; never the token itself, where they would be lost.
            shares: How many.

        Raises:
            InsufficientBalance: The signer has less.
            ProtocolError, ChainError: It did not work.
        """
        self._check_receiver(to)
        amount = parse_amount(shares, SHARE_DECIMALS)
        return TxReceipt(self._connection.transact(self.contract, "transfer", to, amount))

    # ------------------------------------------------------------ INTERNAL

    def _checked(self, verb: Verb, amount: Amount, receiver: str | None) -> tuple[Preview, int]:
        """Preview a flow, refuse what cannot work, and return the allowance that is there."""
        account = self._connection.account
        self._check_receiver(receiver or account)
        quote = self._preview(verb, amount)
        holder = self.holder(account).raw
        if verb in ENTERING:
            has, needs, decimals = holder.asset_balance, quote.raw.assets, self._collateral.decimals
            reason, unit = "erc20: transfer amount exceeds balance", self._collateral.symbol
        else:
            has, needs, decimals = holder.balance, quote.raw.shares, SHARE_DECIMALS
            reason, unit = "token: more than the balance", self.symbol
        if has < needs:
            figures = f"{account} has {to_decimal(has, decimals)} {unit}"
            raise protocol_error(reason, f"{figures}, needs {to_decimal(needs, decimals)}")
        return quote, holder.asset_allowance

    def _check_receiver(self, receiver: str) -> None:
        """Refuse at once what the token would refuse, or should have."""
        check_typed(receiver)
        lost = (ZERO_ADDRESS, self.address.lower(), self.venue.address.lower())
        if not is_address(receiver) or receiver.lower() in lost:
            raise protocol_error("token: bad receiver", receiver)

    def _bound(self, quote: Preview, given: Amount | None, slippage_bps: int, decimals: int) -> int:
        return quote.bound(slippage_bps) if given is None else parse_amount(given, decimals)

    def _permit(self, assets: int) -> Permit | None:
        try:
            return self._collateral.sign_permit(self.address, assets)
        except PermitUnavailable:
            return None  # an approval does the same, in a transaction of its own

    def _approve(self, assets: int, allowance: int) -> TxReceipt | None:
        return self._collateral.approve(self.address, assets) if allowance < assets else None

    def _flow(
        self, quote: Preview, name: str, *args: Any, approval: TxReceipt | None = None
    ) -> FlowReceipt:
        # Nothing is asked after it: once it is mined, no trouble of the node may hide that.
        receipt = self._connection.transact(self.contract, name, *args)
        return flow_receipt(receipt, self.contract, self.venue, quote, approval)
