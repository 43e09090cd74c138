"""What cannot be done is refused with its type and a remedy, before anything is sent."""

import pytest

from steelyard.sdk import (
    AddressError,
    AllowanceTooLow,
    AmountError,
    AmountOutOfRange,
    AmountTooLarge,
    AmountTooSmall,
    BadReceiver,
    CapReached,
    FaucetLimit,
    InsufficientBalance,
    MintClosed,
    MintOutOfBand,
    MintPaused,
    OracleInvalid,
    ProtocolError,
    RebalanceNotDue,
    RedeemBlocked,
    SlippageExceeded,
    TokenWindingDown,
    TokenWiped,
    VenuePaused,
)

pytestmark = pytest.mark.node
WAD = 10**18


def refused(world, kind, message, act, sent=0):
    """Expect exactly this error, and that nothing but `sent` transactions was sent."""
    before = world.chain.nonce(world.alice.address)
    with pytest.raises(ProtocolError) as caught:
        act()
    assert type(caught.value) is kind
    assert str(caught.value) == message
    assert caught.value.hash is None
    assert world.chain.nonce(world.alice.address) - before == sent
    return caught.value


ENTER = [lambda token: token.deposit("100"), lambda token: token.mint("1")]
LEAVE = [lambda token: token.redeem("1"), lambda token: token.withdraw("10")]


# ---------------------------------------------------------------- THE CALLER'S


def test_more_collateral_than_there_is(world, alice):
    account = world.alice.address
    said = f"erc20: transfer amount exceeds balance: {account} has 100000.000000 mUSD"
    message = f"{said}, needs 100000.000001 (use less, or get more first)"
    refused(world, InsufficientBalance, message, lambda: alice.deposit("100000.000001"))


def test_more_shares_than_there_are(world, alice):
    alice.mint("1.5")
    has = f"{world.alice.address} has 1.500000000000000000 ETH3L"
    message = f"token: more than the balance: {has}, needs 1.600000000000000000"
    remedy = "(redeem at most balanceOf(owner))"
    refused(world, InsufficientBalance, f"{message} {remedy}", lambda: alice.redeem("1.6"))


def test_transfer_of_more_than_there_is(world, alice):
    message = "erc20: transfer amount exceeds balance (use less, or get more first)"
    give = lambda: alice.transfer(world.bob.address, "1")  # noqa: E731
    refused(world, InsufficientBalance, message, give)


def test_no_allowance(world, alice):
    """The verbs see to it; whoever sends by himself is told."""
    connection = world.steelyard(world.alice).connection
    send = lambda: connection.transact(  # noqa: E731
        alice.contract, "deposit", 10**8, world.alice.address, 0
    )
    message = "erc20: insufficient allowance (approve as much first)"
    refused(world, AllowanceTooLow, message, send)


@pytest.mark.parametrize("who", ["zero", "token", "venue", "nobody"])
def test_bad_receiver(world, alice, who):
    alice.deposit("100")
    to = {"zero": "0x" + "00" * 20, "token": alice.address, "venue": alice.venue.address}
    to = to.get(who, "bob")
    remedy = "use a receiver that is neither zero, nor the token, nor its venue"
    message = f"token: bad receiver: {to} ({remedy})"
    refused(world, BadReceiver, message, lambda: alice.deposit("100", receiver=to))
    refused(world, BadReceiver, message, lambda: alice.redeem("1", receiver=to))
    refused(world, BadReceiver, message, lambda: alice.transfer(to, "1"))


def test_mistyped_receiver(world, alice):
    """One digit is wrong: only the case of the letters tells."""
    alice.deposit("100")
    usd = world.steelyard(world.alice).collateral
    to = world.bob.address[:-1] + ("0" if world.bob.address[-1] != "0" else "1")
    message = f"{to} is mistyped (copy it again: upper and lower case do not fit its digits)"
    for send in (
        lambda: alice.deposit("100", receiver=to),
        lambda: alice.mint("1", receiver=to),
        lambda: alice.redeem("1", receiver=to),
        lambda: alice.withdraw("50", receiver=to),
        lambda: alice.transfer(to, "1"),
        lambda: alice.rebalance(receiver=to),
        lambda: usd.transfer(to, "1"),
        lambda: usd.approve(to, "1"),
    ):
        with pytest.raises(AddressError) as caught:
            send()
        assert str(caught.value) == message
    assert world.chain.nonce(world.alice.address) == 1  # the deposit
    alice.transfer(world.bob.address.lower(), "0.1")


def test_faucet(world):
    usd = world.steelyard(world.alice).collateral
    remedy = "ask the faucet for less: faucet_call_limit() says how much"
    message = f"mock_usd: over the call limit ({remedy})"
    refused(world, FaucetLimit, message, lambda: usd.faucet("10001"))


# ---------------------------------------------------------------- AMOUNTS


def test_amounts_out_of_range(world, alice):
    alice.deposit("100")
    small = "mint: below 10 quote (deposit more: what a deposit or mint takes must be worth "
    refused(world, AmountTooSmall, small + "10 quote)", lambda: alice.deposit("9.99"))
    zero = "vault: zero or too many assets (use an amount above 0 and at most 2**96 quote WAD)"
    refused(world, AmountOutOfRange, zero, lambda: alice.deposit(0))
    dust = "redeem: cost exceeds the claim (redeem more, or later: the trade costs more than "
    refused(world, AmountTooSmall, dust + "it pays)", lambda: alice.redeem(1))
    much = "withdraw: all shares pay less (withdraw less: maxWithdraw says how much)"
    refused(world, AmountTooLarge, much, lambda: alice.withdraw("5000"))


def test_amount_finer_than_the_unit(alice):
    with pytest.raises(AmountError) as caught:
        alice.deposit("100.0000001")
    assert str(caught.value) == "100.0000001 has more than 6 decimals (round it)"


def test_cap(world, alice):
    world.send(world.system.usd, "mint", world.alice.address, 10**15)
    said = "mint: cap reached (deposit less: maxDeposit says how much, or wait for redemptions)"
    most = alice.state().max_deposit
    refused(world, CapReached, said, lambda: alice.deposit(most + 10))
    alice.deposit(most)


# ---------------------------------------------------------------- SLIPPAGE


def test_bound_that_is_not_met(world, alice):
    remedy = "deposit more or accept fewer shares: previewDeposit says how many"
    message = f"deposit: too few shares ({remedy})"
    refused(world, SlippageExceeded, message, lambda: alice.deposit("100", min_shares="1"))


def moved(world, price, verb, *args, **options):
    """Do something while the price moves, between simulation and block."""
    steelyard = world.steelyard(world.alice, on_prepared=lambda prepared: world.push(price))
    return getattr(steelyard.token("ETH3L"), verb)(*args, **options)


@pytest.mark.parametrize(
    ("verb", "reason", "price"),
    [
        ("deposit", "deposit: too few shares", 2_010),
        ("redeem", "redeem: too few assets", 1_990),
        ("withdraw", "withdraw: too many shares", 1_990),
    ],
)
def test_price_moves_before_the_block(world, alice, verb, reason, price):
    """1/2 % of the price is 3/2 % of the token: beyond 50 bps, within 200."""
    alice.deposit("1000")
    amount = "5" if verb == "redeem" else "500"
    with pytest.raises(SlippageExceeded) as caught:
        moved(world, price, verb, amount)
    assert caught.value.reason == reason
    assert str(caught.value).startswith(f"transaction {caught.value.hash} failed: {reason} (")
    receipt = world.chain.receipt(caught.value.hash)
    assert not receipt.status
    world.push(2_000)
    assert moved(world, price, verb, amount, slippage_bps=200).shares > 0


# ---------------------------------------------------------------- CLOSED


@pytest.mark.parametrize("enter", ENTER)
def test_minting_paused(world, alice, enter):
    world.send(world.system.factory, "pause_mint", alice.address)
    remedy = "wait: the pause ends by itself within days; redemption is open"
    error = refused(world, MintPaused, f"mint: paused ({remedy})", lambda: enter(alice))
    assert isinstance(error, MintClosed)


@pytest.mark.parametrize("enter", ENTER)
@pytest.mark.parametrize("price", [2_800, 1_750])
def test_minting_out_of_band_until_a_rebalance(world, alice, enter, price):
    world.push(price)
    remedy = "call rebalance, or wait for a keeper: leverage is outside its band"
    message = f"mint: rebalance first ({remedy})"
    error = refused(world, MintOutOfBand, message, lambda: enter(alice))
    assert isinstance(error, MintClosed)
    world.token(world.bob).rebalance()
    enter(alice)


@pytest.mark.parametrize("act", ENTER + LEAVE)
def test_venue_paused(world, alice, act):
    alice.deposit("1000")
    world.send(world.system.exchange, "set_market_status", 0, 4)
    message = "market: paused (wait: the venue is down, nothing is lost)"
    refused(world, VenuePaused, message, lambda: act(alice))


@pytest.mark.parametrize("act", ENTER + LEAVE)
def test_stale_oracle(world, alice, act):
    alice.deposit("1000")
    world.warp(4_000)
    message = "oracle: stale (wait for the feed: its last round is older than max_age)"
    refused(world, OracleInvalid, message, lambda: act(alice))


def test_rebalance_without_a_price(world, alice):
    world.push(2_800)
    world.warp(4_000)
    remedy = "wait for the venue's price: rebalance_status shows its fault"
    message = f"rebalance: no valid price ({remedy})"
    refused(world, OracleInvalid, message, alice.rebalance)


def test_rebalance_in_the_cooldown(world, alice):
    alice.deposit("90000")
    world.push(2_800)
    alice.rebalance()
    world.push(4_000)
    message = "rebalance: cooldown (wait until ready_at of rebalance_status)"
    refused(world, RebalanceNotDue, message, alice.rebalance)


@pytest.mark.parametrize("act", ENTER + LEAVE)
def test_wiped(world, alice, act):
    alice.deposit("1000")
    world.push(1_300)
    message = "vault: no equity (nothing is left to share: a price recovery may revive the token)"
    refused(world, TokenWiped, message, lambda: act(alice))


@pytest.mark.parametrize("leave", LEAVE)
def test_leverage_too_high_to_leave(world, alice, leave):
    alice.deposit("1000")
    world.push(1_380)
    remedy = "call rebalance: the venue lets no margin leave at this leverage"
    message = f"redeem: rebalance first ({remedy})"
    refused(world, RedeemBlocked, message, lambda: leave(alice))


@pytest.mark.parametrize("enter", ENTER)
def test_winding_down(world, alice, enter):
    factory = world.system.factory
    world.send(factory, "schedule_wind_down", alice.address)
    world.warp(world.contract(factory).call.CONFIG_DELAY())
    world.push(2_000)
    world.send(factory, "apply_wind_down", alice.address)
    message = "mint: winding down (the token ends: hold another one, redemption is open)"
    refused(world, TokenWindingDown, message, lambda: enter(alice))
