"""Deposit, mint, redeem and withdraw: the twin of contracts/modules/share_flows.vy."""

from __future__ import annotations

from steelyard.model.arithmetic import ceil_div, require, uint256
from steelyard.model.token.account import VaultAccount
from steelyard.model.token.atomic import atomic
from steelyard.model.token.case import Quote
from steelyard.model.token.ledger import UNLIMITED
from steelyard.model.token.minting import check_open, quote_deposit, quote_mint
from steelyard.model.token.redeeming import quote_redeem, quote_withdraw


class ShareFlows(VaultAccount):
    """What holders call."""

    @atomic
    def deposit(self, caller: str, assets: int, receiver: str, min_shares: int = 0) -> int:
        """Mint the most shares that `assets` pay for; exactly `assets` are taken.

        Args:
            caller: Who pays.
            assets: Collateral decimals.
            receiver: Who gets the shares.
            min_shares: Least shares accepted, 18 decimals.

        Returns:
            Shares minted, 18 decimals.

        Raises:
            Revert: With the contract's reason.
        """
        case = self.case.trading()
        quote = quote_deposit(case, assets)
        check_open(case, quote)
        require(quote.shares >= min_shares, "deposit: too few shares")
        self._enter(caller, quote, receiver)
        return quote.shares

    @atomic
    def mint(self, caller: str, shares: int, receiver: str, max_assets: int = UNLIMITED) -> int:
        """Mint exactly `shares`.

        Args:
            caller: Who pays.
            shares: 18 decimals.
            receiver: Who gets them.
            max_assets: Most collateral accepted, collateral decimals.

        Returns:
            Assets taken, collateral decimals.

        Raises:
            Revert: With the contract's reason.
        """
        case = self.case.trading()
        quote = quote_mint(case, shares)
        check_open(case, quote)
        require(quote.assets <= max_assets, "mint: too many assets")
        self._enter(caller, quote, receiver)
        return quote.assets

    @atomic
    def redeem(
        self, caller: str, shares: int, receiver: str, owner: str, min_assets: int = 0
    ) -> int:
        """Burn exactly `shares` for their part of equity less the cost of their trade.

        Args:
            caller: The owner, or whom he allowed to.
            shares: 18 decimals.
            receiver: Who gets the collateral.
            owner: Whose shares.
            min_assets: Least collateral accepted, collateral decimals.

        Returns:
            Assets paid, collateral decimals.

        Raises:
            Revert: With the contract's reason.
        """
        if self.is_closed:
            assets = self._settled_assets(shares)
            self._pay_settled(caller, assets, shares, receiver, owner)
        else:
            quote = quote_redeem(self.case.trading(), shares)
            assets = quote.assets
            self._leave(caller, quote, receiver, owner)
        require(assets >= min_assets, "redeem: too few assets")
        return assets

    @atomic
    def withdraw(
        self, caller: str, assets: int, receiver: str, owner: str, max_shares: int = UNLIMITED
    ) -> int:
        """Burn the fewest shares that pay exactly `assets`.

        Args:
            caller: The owner, or whom he allowed to.
            assets: Collateral decimals.
            receiver: Who gets it.
            owner: Whose shares.
            max_shares: Most shares accepted, 18 decimals.

        Returns:
            Shares burned, 18 decimals.

        Raises:
            Revert: With the contract's reason.
        """
        if self.is_closed:
            shares = self._settled_shares(assets)
            self._pay_settled(caller, assets, shares, receiver, owner)
        else:
            quote = quote_withdraw(self.case.trading(), assets, self.ledger.balances[owner])
            shares = quote.shares
            self._leave(caller, quote, receiver, owner)
        require(shares <= max_shares, "withdraw: too many shares")
        return shares

    def _enter(self, caller: str, quote: Quote, receiver: str) -> None:
        """Take assets, trade, mint; nobody's part shrinks: E' S >= E (S + n)."""
        self._check_receiver(receiver)
        self.exchange.transfer(caller, self.exchange.address, quote.assets)
        shares = self.shares
        equity = self._trade(quote.size, quote.assets, quote.size_delta).equity
        _check_parts(shares, quote, equity, shares + quote.traded)
        owed = self._owed_with(quote.traded - quote.shares)
        self.ledger.mint(receiver, quote.shares, owed, self.now)

    def _leave(self, caller: str, quote: Quote, receiver: str, owner: str) -> None:
        """Burn, trade, pay; nobody else's part shrinks: E' S >= E (S - n)."""
        shares, owed = self.shares, self._owed_with(quote.shares - quote.traded)
        self._burn(caller, quote.shares, owed, receiver, owner)
        equity = self._trade(quote.size, -quote.assets, quote.size_delta, 0, receiver).equity
        _check_parts(shares, quote, equity, shares - quote.traded)

    def _pay_settled(
        self, caller: str, assets: int, shares: int, receiver: str, owner: str
    ) -> None:
        """Burn, and pay from what `settle` took."""
        require(assets != 0, "token: nothing to pay")
        self._burn(caller, shares, self.owed_shares, receiver, owner)
        self.exchange.transfer(self.address, receiver, assets)

    def _burn(self, caller: str, shares: int, owed: int, receiver: str, owner: str) -> None:
        """Burn an owner's shares for a caller who may, and record what is owed then."""
        self._check_receiver(receiver)
        if caller != owner:
            self.ledger.spend(owner, caller, shares)
        self.ledger.burn(owner, shares, owed, self.now)

    def _owed_with(self, fee: int) -> int:
        """Return the shares owed now and a fee taken in shares, if anybody gets it."""
        return self.owed_shares + (fee if self.terms.fees_on else 0)

    def _settled_assets(self, shares: int) -> int:
        """Return what shares pay after settlement, collateral decimals, down."""
        assets, all_shares = self.settlement
        return uint256(shares * assets) // all_shares

    def _settled_shares(self, assets: int) -> int:
        """Return the shares that pay an amount after settlement, 18 decimals, up."""
        total, all_shares = self.settlement
        require(assets <= total, "withdraw: more than is left")
        return ceil_div(assets * all_shares, max(total, 1))


def _check_parts(before: int, quote: Quote, equity: int, after: int) -> None:
    """Check that no share's part of equity has shrunk; S before and after, 18 decimals."""
    require(equity * before >= quote.equity * after, "token: venue took too much")
