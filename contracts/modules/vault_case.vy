# pragma version 0.4.3
"""
@title Vault case: what a flow meets
@license AGPL-3.0-only
@author Steelyard
@notice A token's account at the venue, read once, and what minting and redeeming both ask of it.
"""

from ...interfaces import IPerpExchange
from ...interfaces import IVaultQuotes
from . import leverage_math
from . import policy_case
from . import share_math

# Without a position and with less equity a token is wiped, quote WAD.
WIPED_EQUITY: constant(uint256) = 10**18
# Largest amount of money a flow may name, quote WAD: the venue's bound on a margin.
MAX_AMOUNT: constant(uint256) = 2**96


struct Case:
    account: IVaultQuotes.Account
    vault: share_math.Vault  # equity 0 where it is negative
    cash: uint256  # the most that can leave the market now, quote WAD
    least: uint256  # equity that a position needs, quote WAD
    max_leverage: uint256  # that the venue lets an increase or a withdrawal leave, WAD
    is_trading: bool  # price, market and account let anything trade
    is_active: bool  # the market takes increases
    is_closed: bool  # the market has settled
    is_too_high: bool  # at this leverage the venue lets no margin leave, and nothing be added pro rata


@internal
@view
def _read(account: IVaultQuotes.Account) -> Case:
    """
    @notice Ask the venue.
    @param account Whose
    @return The case
    """
    state: IPerpExchange.AccountState = staticcall IPerpExchange(account.venue).account_state(
        account.market, account.token, 0
    )
    equity: uint256 = convert(max(state.equity, 0), uint256)
    notional_36: uint256 = convert(abs(state.size), uint256) * state.price
    return Case(
        account=account,
        vault=share_math.Vault(
            market=policy_case._market(state),
            size=state.size,
            equity=equity,
            shares=account.shares,
        ),
        cash=state.cash,
        least=policy_case._least_equity(state),
        max_leverage=state.max_leverage,
        is_trading=(
            state.oracle_fault == 0
            and not state.flagged
            and state.status != IPerpExchange.MarketStatus.PAUSED
        ),
        is_active=state.status == IPerpExchange.MarketStatus.ACTIVE,
        is_closed=state.status == IPerpExchange.MarketStatus.CLOSED,
        is_too_high=state.size != 0
        and (notional_36 > equity * state.max_leverage or equity <= state.maintenance),
    )


@internal
@view
def _read_trading(account: IVaultQuotes.Account) -> Case:
    """
    @notice Ask the venue, and revert with its reason where nothing can trade, or without equity to share.
    @param account Whose
    @return The case
    """
    case: Case = self._read(account)
    if not case.is_trading:
        price: uint256 = staticcall IPerpExchange(account.venue).check_trading(
            account.market, account.token
        )
    assert case.vault.equity != 0, "vault: no equity"
    return case


@internal
@pure
def _is_remainder(case: Case) -> bool:
    """
    @notice Whether a liquidation or a redemption left too little to be rebuilt: a mint may open the position again.
    @param case What a mint meets
    @return True with q = 0 and 1 quote <= E, and less than a position needs
    """
    return (
        case.vault.size == 0
        and case.vault.equity >= WIPED_EQUITY
        and case.vault.equity < case.least
    )


@internal
@pure
def _is_wiped(vault: share_math.Vault) -> bool:
    """
    @notice Whether nothing is left that could be opened again; what little there is redeems.
    @param vault The vault
    @return True with q = 0 and E < 1 quote
    """
    return vault.size == 0 and vault.equity < WIPED_EQUITY


@internal
@pure
def _leverage(vault: share_math.Vault) -> uint256:
    """
    @notice Real leverage.
    @param vault With equity > 0
    @return WAD
    """
    return leverage_math._leverage(vault.size, vault.market.price, convert(vault.equity, int256))


@internal
@pure
def _amount(assets: uint256, scale: uint256) -> uint256:
    """
    @notice Collateral as money.
    @param assets Collateral decimals
    @param scale Quote WAD per unit
    @return Quote WAD
    """
    assert assets != 0 and assets <= MAX_AMOUNT // scale, "vault: zero or too many assets"
    return assets * scale


@internal
@pure
def _quote(case: Case) -> IVaultQuotes.Quote:
    """
    @notice An empty quote of a case.
    @param case The case
    @return With what it starts from
    """
    quote: IVaultQuotes.Quote = empty(IVaultQuotes.Quote)
    quote.size = case.vault.size
    quote.equity = case.vault.equity
    return quote
