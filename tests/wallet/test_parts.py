"""Amounts, risk, volatility and messages of the wallet, each for itself."""

from dataclasses import fields
from decimal import Decimal
from types import SimpleNamespace

import pytest

from steelyard.book import BookError
from steelyard.chain import InsufficientFunds, OutcomeUnknown
from steelyard.model.leverage import INFINITE_LEVERAGE
from steelyard.sdk import AmountError, MarketInfo, MintPaused, TokenState, UnknownToken
from steelyard.wallet.amounts import ether, number, percent, plain, read_amount, seconds, times
from steelyard.wallet.errors import Aborted, NothingHeld, UsageTrouble
from steelyard.wallet.moving import read_address
from steelyard.wallet.past import read_since
from steelyard.wallet.prices import LEAST_MOVES, YEAR, PriceNews, Volatility, volatility
from steelyard.wallet.risk import band_prices, decay, risk_of
from steelyard.wallet.troubles import trouble_of
from steelyard.wallet.views import risk_view

WAD = 10**18

# ---------------------------------------------------------------- AMOUNTS


@pytest.mark.parametrize(
    "text, decimals, units",
    [("1", 6, 10**6), (" 1.5 ", 6, 1_500_000), (".25", 2, 25), ("7.", 0, 7), ("1.50", 1, 15)],
)
def test_amounts_that_are_meant(text, decimals, units):
    assert read_amount(text, decimals) == units


@pytest.mark.parametrize(
    "text",
    ["", "1 000", "1'000", "1.000.000", "1.000,5", "0x10", "NaN", "Infinity", "1e5", "+1", "٣"],
)
def test_amounts_that_could_be_meant_otherwise(text):
    with pytest.raises(AmountError):
        read_amount(text, 6)


def test_separators_are_named():
    for text in ("1 000", "1'000", "1_000"):
        with pytest.raises(AmountError, match="separators between thousands"):
            read_amount(text, 6)


def test_figures_for_people_do_not_round_to_nothing():
    assert number(Decimal("0.004"), 2) == "0.0040"
    assert number(Decimal("-0.004"), 2) == "-0.0040"
    assert number(Decimal("0.005"), 2) == "0.00"  # half to even, as the rest
    assert number(Decimal("1234567.891"), 2) == "1,234,567.89"
    assert number(Decimal(10**30), 2) == f"{10**30:,}.00"


def test_figures_for_machines_keep_every_digit():
    assert plain(Decimal("1.230000")) == "1.230000"
    assert plain(Decimal(123).scaleb(-30)) == "0.000000000000000000000000000123"
    assert plain(Decimal("Infinity")) == "Infinity"


def test_other_figures():
    assert (times(Decimal("Infinity")), times(None)) == ("infinite", "none")
    assert percent(Decimal("-0.12345")) == "-12.34 %"
    assert (ether(1), ether(123_456 * 10**18)) == ("0.000000000000000001 ether", "123,456 ether")
    assert (seconds(0), seconds(59), seconds(3_600), seconds(200_000)) == (
        "0 s",
        "59 s",
        "1 h",
        "2 d 7 h",
    )


# ---------------------------------------------------------------- RISK


@pytest.mark.parametrize(
    "leverage, left", [(2, 0.655), (3, 0.2815), (-1, 0.655), (-2, 0.2815), (-3, 0.0793), (1, 1)]
)
def test_decay_in_a_flat_year(leverage, left):
    """At 65 %, the figures of any book on leveraged funds."""
    assert float(1 - decay(Decimal(leverage), Decimal("0.65"))) == pytest.approx(left, abs=1e-3)


def zigzag(moves, every):
    """Return a price that goes up and down by 1 %."""
    return [(at * every, 10_100 if at % 2 else 10_000) for at in range(moves + 1)]


def test_volatility_of_a_zigzag():
    found = volatility(zigzag(1_000, 3_600))
    expected = (Decimal(10_100) / 10_000).ln() * (Decimal(YEAR) / 3_600).sqrt()
    assert abs(found.yearly - expected) < Decimal("1e-15")
    assert (found.moves, found.seconds) == (1_000, 3_600_000)


def test_volatility_does_not_ask_for_even_steps():
    """What happens between two prices is what counts, however often they are written down."""
    even = zigzag(100, 3_600)
    still = [(at + 600, price) for at, price in even[:-1]]
    assert volatility(sorted(even + still)).yearly == volatility(even).yearly


def test_too_little_to_tell_a_volatility():
    assert volatility([]) is None
    assert volatility(zigzag(LEAST_MOVES - 1, 3_600)) is None
    assert volatility(zigzag(LEAST_MOVES, 1)) is None
    assert volatility(zigzag(LEAST_MOVES, 3_600)) is not None
    # A feed that broke is no move.
    assert volatility([(0, 0)] * 30 + [(5_000, 1)]) is None


def state(size, equity, price=2_000, long=True, end=1_500, **more):
    """Return a token with whole numbers."""
    account = SimpleNamespace(
        price=price * WAD,
        size=size * WAD,
        equity=equity * WAD,
        oracle_fault=more.get("fault", 0),
        status=1,
        funding_rate=WAD // 10_000,
    )
    level = abs(size) * price * WAD // equity if equity > 0 else INFINITE_LEVERAGE
    terms = SimpleNamespace(target=3 * WAD, leverage_lo=2 * WAD, leverage_hi=4 * WAD)
    raw = SimpleNamespace(
        setup=SimpleNamespace(is_long=long),
        account=account,
        terms=terms,
        decision=SimpleNamespace(leverage=level),
        liquidation_price=end * WAD,
        timestamp=1_000,
    )
    return TokenState(raw, MarketInfo(account, 0, "ETH", "0x"))


@pytest.mark.parametrize("size, long", [(3, True), (-3, False)])
def test_prices_at_which_the_band_is_left(size, long):
    token = state(size, 2_000, long=long)
    low, high = band_prices(token)
    assert low < 2_000 < high
    levels = [
        abs(size) * price / (2_000 + size * (price - 2_000)) for price in map(float, (low, high))
    ]
    assert sorted(levels) == pytest.approx([2, 4])


def test_no_band_without_position_or_equity():
    assert band_prices(state(0, 2_000)) is None
    assert band_prices(state(3, -1)) is None


def test_risk_of_a_long_and_of_a_short():
    known = PriceNews(900, Volatility(Decimal("0.5"), 100, 86_400))
    long = risk_of(state(3, 2_000), known)
    short = risk_of(state(-3, 2_000, long=False, end=2_500), known)
    assert (long.liquidation, short.liquidation) == (Decimal("-0.25"), Decimal("0.25"))
    assert (long.price_age, long.price_state, long.is_assumed) == (100, "valid", False)
    # Longs pay 0.01 % a day: 3.65 % a year, times leverage.
    assert (long.funding, short.funding) == (Decimal("-0.1095"), Decimal("0.1095"))
    assert short.decay > long.decay


def test_risk_of_which_little_is_known():
    risk = risk_of(state(3, 2_000, fault=7), PriceNews())
    assert (risk.is_assumed, risk.volatility) == (True, Decimal("0.6"))
    assert (risk.price_state, risk.price_age) == ("stale", None)
    assert set(risk_view(risk)) == {field.name for field in fields(risk)} - {
        "market",
        "is_long",
        "is_assumed",
        "liquidation",
        "decay",
        "funding",
    } | {"volatility_is_assumed", "liquidation_move", "decay_per_year", "funding_per_year"}


# ---------------------------------------------------------------- TROUBLE


@pytest.mark.parametrize(
    "error, code, exit_code",
    [
        (MintPaused("mint: paused"), "mint_paused", 1),
        (BookError("no record"), "book_error", 1),
        (NothingHeld("none"), "nothing_held", 1),
        (AmountError("x"), "amount_error", 2),
        (UnknownToken("x"), "unknown_token", 2),
        (UsageTrouble("x"), "usage", 2),
        (Aborted("no"), "aborted", 130),
    ],
)
def test_codes(error, code, exit_code):
    told = trouble_of(error).to_dict()["error"]
    assert (told["code"], told["exit_code"]) == (code, exit_code)


def test_reason_and_hash_are_told_where_there_are_any():
    assert trouble_of(MintPaused("mint: paused")).to_dict()["error"]["reason"] == "mint: paused"
    assert trouble_of(OutcomeUnknown("0xab", "gone")).to_dict()["error"]["hash"] == "0xab"
    assert set(trouble_of(NothingHeld("none")).to_dict()["error"]) == {
        "code",
        "exit_code",
        "message",
    }


def test_gas_money_is_told_in_ether():
    told = trouble_of(InsufficientFunds("0xme", 3 * 10**15, 10**15)).message
    assert told.startswith("0xme cannot pay for the gas: it has 0.001 ether and may need 0.003 ")


# ---------------------------------------------------------------- THE REST


def test_addresses_as_people_paste_them():
    right = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    for text in (right, right.lower(), "0x" + right[2:].upper()):
        assert read_address(text) == right
    with pytest.raises(UsageTrouble, match="is mistyped"):
        read_address(right.replace("dc3A", "dc3a"))
    with pytest.raises(UsageTrouble, match="is not an address"):
        read_address(right[:-1])


def test_since_when():
    assert read_since(None, 10**6).block == 0
    assert read_since("1970-01-01T01:00", 0).timestamp == 3_600
    assert read_since("1970-01-01T01:00+01:00", 0).timestamp == 0
    assert read_since("7d", 10**6).timestamp == 10**6 - 604_800
    for text in ("yesterday", "-5", "1.5h", "2026-13-01"):
        with pytest.raises(UsageTrouble, match="is no block and no time"):
            read_since(text, 0)
