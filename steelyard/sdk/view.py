"""A leveraged token as one looks at it: what it is, was, and what a flow would cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth_utils.address import to_checksum_address

from steelyard.sdk.amounts import SHARE_DECIMALS, parse_amount
from steelyard.sdk.collateral import Amount, Collateral
from steelyard.sdk.connection import Connection
from steelyard.sdk.flows import Preview, Verb
from steelyard.sdk.history import AccountHistory, History, Source, read_history
from steelyard.sdk.market import MarketInfo
from steelyard.sdk.previewing import Case, preview
from steelyard.sdk.states import HolderState, TokenState


class TokenView:
    """A leveraged token to look at; `Token` adds what is sent.

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
