"""transfer, rebalance and faucet: what would happen, a question, and what did."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from eth_utils.address import is_address, is_checksum_address, to_checksum_address

from steelyard.chain import ChainError
from steelyard.contract import ZERO_ADDRESS
from steelyard.model.policy.types import Trigger
from steelyard.sdk import (
    RebalanceNotDue,
    RebalanceReceipt,
    Steelyard,
    Token,
    TokenState,
    TxReceipt,
    parse_amount,
    to_decimal,
)
from steelyard.sdk.errors import FaucetLimit, protocol_error
from steelyard.wallet import tables, views
from steelyard.wallet.amounts import ether, number, plain, ratio, read_amount, seconds, times
from steelyard.wallet.errors import UsageTrouble
from steelyard.wallet.flowing import read_shares
from steelyard.wallet.gas import Gas, simulated
from steelyard.wallet.risk import band_prices
from steelyard.wallet.session import Session


def read_address(text: str) -> str:
    """Return an address that somebody typed.

    Raises:
        UsageTrouble: It is none, or a letter of it is wrong.
    """
    if not is_address(text):
        raise UsageTrouble(f"{text!r} is not an address", "write 0x and 40 hex digits")
    mixed = text[2:] not in (text[2:].lower(), text[2:].upper())
    if mixed and not is_checksum_address(text):
        remedy = "copy it again: upper and lower case do not fit its digits"
        raise UsageTrouble(f"{text} is mistyped", remedy)
    return str(to_checksum_address(text))


def transfer(session: Session, symbol: str, amount: str, to: str) -> None:
    """Send shares to somebody.

    Args:
        session: The command.
        symbol: Of the token.
        amount: Shares or `all`.
        to: Address.
    """
    account, receiver = session.need_account(), read_address(to)
    steelyard = session.steelyard
    token = steelyard.token(symbol)
    holder = token.holder(account)
    shares = read_shares(amount, holder, token.symbol)
    if shares > holder.raw.balance:
        figures = f"{account} has {plain(holder.balance)} {token.symbol}"
        raise protocol_error("erc20: transfer amount exceeds balance", figures)
    _check_receiver(token, receiver)
    gas = simulated(steelyard.chain, account, token.contract, "transfer", receiver, shares)
    state, people = token.state(), to_decimal(shares)
    worth = people * state.nav
    rows = [
        ("you send", number(people, 6), f"{token.symbol}, worth {number(worth)} at NAV"),
        ("from", "", account),
        ("to", "", receiver),
        tables.gas_row(gas),
    ]
    value = {
        "symbol": token.symbol,
        "shares": plain(people),
        "value": ratio(worth),
        "from": account,
        "to": receiver,
    }
    if not _agreed(session, f"Transfer {token.symbol}", rows, value, gas, "Transfer?"):
        return
    with session.sending():
        receipt = token.transfer(receiver, shares)
    _done(session, value, receipt, [("sent", number(people, 6), token.symbol)])


def _check_receiver(token: Token, receiver: str) -> None:
    # The token would take itself for a holder like any other, and nobody could ever move these.
    if receiver.lower() in (ZERO_ADDRESS, token.address.lower(), token.venue.address.lower()):
        raise protocol_error("token: bad receiver", receiver)


def faucet(session: Session, amount: str | None) -> None:
    """Draw test dollars.

    Args:
        session: The command.
        amount: How many; as many as it gives by default.
    """
    account, steelyard = session.need_account(), session.steelyard
    money = steelyard.collateral
    most = money.max_faucet(account)
    if amount is None:
        if not most:
            raise protocol_error("mock_usd: over the daily limit")
        assets = parse_amount(most, money.decimals)
    else:
        assets = read_amount(amount, money.decimals)
    people = to_decimal(assets, money.decimals)
    if people > most:
        raise FaucetLimit("mock_usd: over the call limit", f"it gives {plain(most)} now")
    gas = simulated(steelyard.chain, account, money.contract, "faucet", assets)
    rows = [("you get", number(people), money.symbol), tables.gas_row(gas)]
    value = {"symbol": money.symbol, "assets": plain(people), "account": account}
    if not _agreed(session, f"Faucet of {money.symbol}", rows, value, gas, "Draw them?"):
        return
    shown = [("you got", number(people), money.symbol)]
    with session.sending():
        receipt = money.faucet(assets)
        try:
            has = money.balance(account)
        except ChainError:
            value["balance"] = None  # that they were drawn must be told all the same
        else:
            value["balance"] = plain(has)
            shown.append(("you have", number(has), money.symbol))
    _done(session, value, receipt, shown)


# ---------------------------------------------------------------- REBALANCE


def rebalance(session: Session, symbol: str) -> None:
    """Rebalance a token if that is due, for its reward."""
    account, steelyard = session.need_account(), session.steelyard
    token = steelyard.token(symbol)
    state = token.state()
    try:
        gas = simulated(steelyard.chain, account, token.contract, "rebalance", 0, account)
    except RebalanceNotDue as error:
        raise type(error)(error.reason, when(state)) from error
    unit = steelyard.collateral.symbol
    worth = _worth(steelyard, gas)
    rows = tables.rebalance_rows(state, unit, gas, worth)
    loses = worth is not None and worth > state.reward
    if loses:
        rows.append(("", "", "the gas costs more than it pays"))
    decision = state.raw.decision
    value = {
        "symbol": token.symbol,
        "trigger": state.trigger.name.lower(),
        "leverage": plain(state.leverage),
        "size_delta": plain(to_decimal(decision.size_delta)),
        "cost": plain(to_decimal(decision.cost)),
        "reward": plain(state.reward),
        "gas_value": ratio(worth),
        "pays": None if worth is None else not loses,
    }
    if not _agreed(session, f"Rebalance {token.symbol}", rows, value, gas, "Rebalance?"):
        return
    with session.sending():
        receipt = token.rebalance()
    _done(session, value, receipt, _rebalanced(receipt, token, unit))


def when(state: TokenState) -> str:
    """Return why a rebalance is not due, and when it will be, as far as that is known."""
    low, high = state.band
    said = [f"leverage is {times(state.leverage)}, its band {times(low)} to {times(high)}"]
    prices = band_prices(state)
    if prices and state.trigger is Trigger.NOTHING:
        below, above = map(number, prices)
        said.append(f"due when {state.market.symbol} is below {below} or above {above}")
    if state.ready_at and state.ready_at > state.timestamp:
        at = datetime.fromtimestamp(state.ready_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        said.append(f"not before {at}, in {seconds(state.ready_at - state.timestamp)}")
    return "; ".join(said)


def _worth(steelyard: Steelyard, gas: Gas) -> Decimal | None:
    """Return what gas is worth in quote, where the deployment has a market of ether."""
    market = steelyard.deployment.markets.get("ETH")
    if market is None:
        return None
    venue = steelyard.connection.contract("PerpExchange")
    price = steelyard.connection.view(venue, "market_state", market.id).price
    return to_decimal(gas.cost) * to_decimal(price) if price else None


def _rebalanced(receipt: RebalanceReceipt, token: Token, unit: str) -> list[tables.Row]:
    before, after = times(receipt.leverage_before), times(receipt.leverage_after)
    fill = f"{token.market} at {number(receipt.fill_price)}"
    return [
        ("you got", number(receipt.reward, 6), unit),
        ("traded", number(receipt.size_delta, 6), fill),
        ("leverage", after, f"was {before}"),
        ("cost of the token", number(receipt.cost), unit),
    ]


# ---------------------------------------------------------------- SHARED


def _agreed(
    session: Session,
    title: str,
    rows: list[tables.Row],
    value: views.View,
    gas: Gas,
    question: str,
) -> bool:
    """Show what would happen and ask; False for a dry run, which ends here."""
    value |= views.gas_view(gas) | {"dry_run": session.options.dry_run, "receipt": None}
    session.show(tables.rows_table(title, rows))
    if session.options.dry_run:
        session.result(value, "Dry run: nothing was sent.")
        return False
    session.agree(question)
    return True


def _done(session: Session, value: views.View, receipt: TxReceipt, rows: list[tables.Row]) -> None:
    value["receipt"] = views.receipt_view(receipt)
    paid = ("gas", ether(receipt.tx.gas_cost), "paid")
    title = f"Done: transaction {receipt.hash}, block {receipt.block}"
    session.result(value, tables.rows_table(title, [*rows, paid]))
