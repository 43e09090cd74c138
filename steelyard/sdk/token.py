"""A leveraged token: what it is, what a flow would cost, and the flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth_utils.address import is_address, to_checksum_address

from steelyard.contract import ZERO_ADDRESS
from steelyard.sdk.amounts import SHARE_DECIMALS, parse_amount, to_decimal
from steelyard.sdk.collateral import Amount, Collateral
from steelyard.sdk.connection import Connection
from steelyard.sdk.errors import PermitUnavailable, protocol_error
from steelyard.sdk.flows import (
    ENTERING,
    FlowReceipt,
    Preview,
    RebalanceReceipt,
    TxReceipt,
    Verb,
)
from steelyard.sdk.history import AccountHistory, History, Source, read_history
from steelyard.sdk.market import MarketInfo
from steelyard.sdk.permits import Permit
from steelyard.sdk.previewing import Case, preview
from steelyard.sdk.receipts import flow_receipt, rebalance_receipt
from steelyard.sdk.states import HolderState, TokenState

SLIPPAGE_BPS = 50
"""How much worse than its preview a flow may come out, 1/100 of a percent."""


class Token:
    """A leveraged token.

    Amounts: `int` is chain units (collateral decimals, shares 1e-18), `str` and `Decimal` are
    people's units, and a float is refused. Whatever is sent is simulated first.

    Attributes:
        address: EIP-55 hex str.
        symbol: E.g. `BTC3L`.
        name: E.g. `Steelyard BTC 3x long`.
        decimals: Of shares, 18.
        market: Symbol of its market, e.g. `BTC`.
        contract: The token itself, for whatever is not here.
        venue: Its exchange.
    """

    decimals = SHARE_DECIMALS

    def __init__(self, connection: Connection, collateral: Collateral, raw: Any) -> None:
        """Take what the lens said of it."""
        self._connection = connection
        self._collateral = collateral
        self.contract = connection.contract("LeveragedToken", raw.token)
        self.address = self.contract.address
        self.symbol: str = raw.setup.symbol
        self.name: str = raw.setup.name
        self.market = connection.deployment.market_symbol(raw.setup.market)
        self.venue = connection.contract("PerpExchange", raw.setup.venue)
        self._market_id: int = raw.setup.market
        self._quotes = connection.contract("VaultQuotes", raw.setup.quotes)
        self._lens = connection.contract("LeveragedTokenLens")

    # ------------------------------------------------------------ READ

    def state(self, block: int | str = "latest") -> TokenState:
        """Return everything about the token, in one call.

        Args:
            block: Number or tag.

        Raises:
            ProtocolError: It cannot be read.
            ChainError: The node did not answer.
        """
        raw = self._connection.view(self._lens, "token_state", self.address, block=block)
        return token_state(self._connection, raw)

    def holder(self, account: str | None = None, block: int | str = "latest") -> HolderState:
        """Return an account's part of the token, in one call.

        Args:
            account: The signer by default.
            block: Number or tag.

        Raises:
            ProtocolError: The token cannot be read.
            ChainError: The node did not answer.
        """
        owner = account or self._connection.account
        raw = self._connection.view(self._lens, "holder_state", owner, self.address, block=block)
        return HolderState(raw, self._collateral.decimals)

    def history(
        self,
        first: int | None = None,
        last: int | None = None,
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> History:
        """Return what happened to the token, from its logs alone: no archive node is needed.

        Args:
            first: Number of the first block to return; all are read from the token's own on.
            last: Number of the last block; the newest by default.
            progress: Called with the blocks done and the blocks in all.

        Raises:
            HistoryError: Logs are missing, or the chain keeps changing.
            ChainError: The node did not answer.
        """
        connection, venue = self._connection, self.venue.address
        source = Source.recorded(
            connection.deployment, self.address, self.symbol, venue, self._market_id
        )
        history = read_history(connection.chain, source, last, progress=progress)
        return history if first is None else history.between(first, history.last)

    def account_history(
        self,
        account: str | None = None,
        *,
        last: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> AccountHistory:
        """Return an account's part of the history: what its shares cost and have made.

        Args:
            account: The signer by default.
            last: As in `history`.
            progress: As in `history`.

        Raises:
            HistoryError, ChainError: As in `history`.
        """
        owner = account or self._connection.account
        return self.history(last=last, progress=progress).account(owner)

    def preview_deposit(self, assets: Amount) -> Preview:
        """Return what depositing exactly `assets` comes to now, every cost named.

        Raises:
            MintClosed: Nothing can be minted now.
            ProtocolError: The deposit is not possible for another reason.
            ChainError: The node did not answer.
        """
        return self._preview("deposit", assets)

    def preview_mint(self, shares: Amount) -> Preview:
        """Return what minting exactly `shares` comes to now; see `preview_deposit`."""
        return self._preview("mint", shares)

    def preview_redeem(self, shares: Amount) -> Preview:
        """Return what redeeming exactly `shares` comes to now.

        Raises:
            ProtocolError: The redemption is not possible.
            ChainError: The node did not answer.
        """
        return self._preview("redeem", shares)

    def preview_withdraw(self, assets: Amount) -> Preview:
        """Return what withdrawing exactly `assets` comes to now; see `preview_redeem`."""
        return self._preview("withdraw", assets)

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

    def _case(self) -> Case:
        """Return the token at the last block: every call of a preview asks this one."""
        block = self._connection.chain.block().number
        return Case(self.state(block), block, self.contract, self._quotes, self.venue)

    def _preview(self, verb: Verb, amount: Amount) -> Preview:
        by_assets = verb in ("deposit", "withdraw")
        decimals = self._collateral.decimals if by_assets else SHARE_DECIMALS
        units, case = parse_amount(amount, decimals), self._case()
        most = case.state.raw.shares
        if verb == "withdraw" and self._connection.signer is not None:
            most = self.holder(block=case.block).raw.balance
        return preview(self._connection, case, verb, units, most)

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

    def __repr__(self) -> str:
        """Show symbol and address."""
        return f"<Token {self.symbol} {self.address}>"


def token_state(connection: Connection, raw: Any) -> TokenState:
    """Return the lens's answer with the names of the record.

    Args:
        connection: Whose record.
        raw: ILeveragedTokenLens.TokenState.
    """
    market, venue = raw.setup.market, to_checksum_address(raw.setup.venue)
    symbol = connection.deployment.market_symbol(market)
    return TokenState(raw, MarketInfo(raw.account, market, symbol, venue))
