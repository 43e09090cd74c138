"""Value, previews and limits: the twin of contracts/modules/vault_views.vy."""

from __future__ import annotations

from steelyard.model.arithmetic import require
from steelyard.model.token.flows import ShareFlows
from steelyard.model.token.minting import most_in, quote_deposit, quote_mint
from steelyard.model.token.redeeming import most_out, quote_redeem, quote_withdraw


class VaultViews(ShareFlows):
    """What an ERC-4626 vault shows."""

    @property
    def total_assets(self) -> int:
        """Equity, collateral decimals, down; 0 when negative or without any price."""
        if self.is_closed:
            return self._settled_assets(self.shares)
        return self.case.value // self.exchange.scale

    def convert_to_shares(self, assets: int) -> int:
        """Return the shares (18 decimals, down) of an amount (collateral decimals) at NAV.

        Raises:
            Revert: The result is out of range.
        """
        equity, shares = self._worth()
        if equity == 0:
            return 0
        return _in_range(assets * shares * self.exchange.scale // equity)

    def convert_to_assets(self, shares: int) -> int:
        """Return the net asset value of shares, collateral decimals, down.

        Raises:
            Revert: The result is out of range.
        """
        equity, all_shares = self._worth()
        return _in_range(shares * equity // (all_shares * self.exchange.scale))

    def preview_deposit(self, assets: int) -> int:
        """Return the shares that `deposit` would mint now, were it open.

        Raises:
            Revert: With the contract's reason.
        """
        return quote_deposit(self.case.trading(), assets).shares

    def preview_mint(self, shares: int) -> int:
        """Return the assets that `mint` would take now, were it open.

        Raises:
            Revert: With the contract's reason.
        """
        return quote_mint(self.case.trading(), shares).assets

    def preview_redeem(self, shares: int) -> int:
        """Return the assets that `redeem` would pay now.

        Raises:
            Revert: With the contract's reason.
        """
        if self.is_closed:
            return self._settled_assets(shares)
        return quote_redeem(self.case.trading(), shares).assets

    def preview_withdraw(self, assets: int) -> int:
        """Return the shares that `withdraw` would burn now, at most.

        Raises:
            Revert: With the contract's reason.
        """
        if self.is_closed:
            return self._settled_shares(assets)
        return quote_withdraw(self.case.trading(), assets, self.shares).shares

    @property
    def max_deposit(self) -> int:
        """The most that can be deposited now, collateral decimals; 0 while minting is closed."""
        return most_in(self.case)[0]

    @property
    def max_mint(self) -> int:
        """The most shares that can be minted now, 18 decimals; 0 while minting is closed."""
        return most_in(self.case)[1]

    def max_withdraw(self, owner: str) -> int:
        """Return the most that an owner can withdraw now, collateral decimals."""
        shares = self.ledger.balances[owner]
        if self.is_closed:
            return self._settled_assets(shares)
        return most_out(self.case, shares)[0]

    def max_redeem(self, owner: str) -> int:
        """Return the most shares that an owner can redeem now, 18 decimals."""
        shares = self.ledger.balances[owner]
        if self.is_closed:
            return shares if self._settled_assets(shares) else 0
        return most_out(self.case, shares)[1]

    def _worth(self) -> tuple[int, int]:
        """Return what all shares are worth, quote WAD, and how many there are."""
        if self.is_closed:
            assets, shares = self.settlement
            return assets * self.exchange.scale, shares
        return self.case.value, self.shares


def _in_range(value: int) -> int:
    """Return what the EVM can hold."""
    require(value < 1 << 256, "math: mul_div overflow")
    return value
