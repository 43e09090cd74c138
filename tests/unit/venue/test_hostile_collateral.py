"""Collateral that answers false or nothing, takes a tax, refuses, or calls back in the middle."""

import ape
import pytest

from tests.unit.venue.helpers import ETH, MAX_UINT, USD, USDC, Venue

YES, NO, NOTHING, REVERT = 1, 2, 4, 8


@pytest.fixture(scope="module")
def venue(project, chain, actors, owner, lp, trader, other_trader, keeper, attacker):
    """A venue on hostile collateral, which is also its owner, a provider, a trader and a keeper.

    So every verb would work, were it called by the collateral at another time.
    """
    chain.mine(timestamp=chain.blocks.head.timestamp + 10**8)
    token = owner.deploy(project.HostileUSD, 6)
    venue = Venue(project, chain, owner, token, 6)
    exchange = venue.exchange
    for account in (lp, trader, other_trader, keeper, attacker, token):
        token.mint(account, 10**8 * USDC, sender=owner)
        approve = token.approve.encode_input(exchange, MAX_UINT)
        if account == token:
            token.act(token, approve, sender=owner)
        else:
            token.approve(exchange, MAX_UINT, sender=account)
    venue.add_market()
    venue.add_liquidity(lp, 10_000_000)

    # Accounts for keepers: the first is liquidated, the second flagged, the third only due.
    venue.price(2_100)
    for account in (keeper, attacker, other_trader):
        venue.open(account, 10 * ETH, 1_100)
    venue.price(2_005)
    for call in (
        exchange.deposit_margin.encode_input(0, 10_000 * USDC),
        exchange.modify_position.encode_input(0, 0, ETH, 0, token),
        exchange.add_liquidity.encode_input(0, 1_000 * USDC, 0),
        exchange.flag.encode_input(0, keeper),
        exchange.liquidate.encode_input(0, keeper),
        exchange.flag.encode_input(0, attacker),
    ):
        token.act(exchange, call, sender=owner)
    venue.price(2_000)
    venue.open(trader, 10 * ETH, 10_000)
    exchange.transfer_ownership(token, sender=owner)
    token.act(exchange, exchange.accept_ownership.encode_input(), sender=owner)
    return venue


@pytest.fixture
def exchange(venue):
    return venue.exchange


@pytest.fixture
def token(venue):
    return venue.usd


@pytest.fixture
def verbs(venue, exchange, owner, attacker, other_trader, trader, token):
    """Each verb that changes anything, as the collateral would call it."""
    words = venue.pack(venue.feeds[0])
    return {
        "modify_position": (0, 0, ETH, 0, token),
        "deposit_margin": (0, USDC),
        "flag": (0, other_trader),
        "liquidate": (0, attacker),
        "claim_keeper_fees": (token,),
        "add_liquidity": (0, USDC, 0),
        "remove_liquidity": (0, 10**20, 0, token),
        "collect_fees": (0, token),
        "drain_pool": (0, USDC, token),
        "add_market": (words,),
        "set_market_config": (0, words),
        "set_price_guard": (0, "0x" + "00" * 20),
        "set_market_status": (0, 4),
        "close_market": (0, USD),
        "force_funding_rate": (0, 0, True),
        "deleverage": (0, trader, ETH),
    }


VIEWS = {
    "market_state": (0,),
    "cash": (),
    "owed_total": (),
    "market_count": (),
    "market_words_of": (0,),
    "price_guard_of": (0,),
    "asset": (),
}

# What moves collateral, by whom it is called in these tests.
OUTER = {
    "modify_position": lambda v, a: v.withdraw(a["trader"], USDC),
    "deposit_margin": lambda v, a: v.deposit(a["trader"], 1),
    "add_liquidity": lambda v, a: v.add_liquidity(a["lp"], 1),
    "remove_liquidity": lambda v, a: v.exchange.remove_liquidity(
        0, 10**24, 0, a["lp"], sender=a["lp"]
    ),
}


@pytest.fixture
def people(trader, lp):
    return {"trader": trader, "lp": lp}


def test_every_verb_works_at_rest(venue, exchange, token, owner, verbs):
    for verb, arguments in verbs.items():
        with venue.undone():
            token.act(exchange, getattr(exchange, verb).encode_input(*arguments), sender=owner)


@pytest.mark.parametrize("outer", OUTER)
def test_no_verb_during_a_transfer(venue, exchange, token, owner, people, verbs, outer):
    """Called back by the collateral, each verb reverts; the call in progress is not disturbed."""
    accounts = *people.values(), token
    with venue.undone():
        token.call_back(owner, b"", sender=owner)  # nobody: the same blocks, no reentrance
        OUTER[outer](venue, people)
        undisturbed = venue.books(*accounts)
    for verb, arguments in verbs.items():
        call = getattr(exchange, verb).encode_input(*arguments)
        with venue.undone():
            token.call_back(exchange, call, sender=owner)
            OUTER[outer](venue, people)
            assert not token.entered(), verb
            assert venue.books(*accounts) == undisturbed, verb


@pytest.mark.parametrize("outer", OUTER)
def test_no_look_during_a_transfer(venue, exchange, token, owner, trader, people, outer):
    """Views are locked too: in the middle of a verb they would show what is not so."""
    views = VIEWS | {"account_state": (0, trader, 0), "position": (0, trader)}
    views |= {"lp_shares": (0, trader), "owed": (trader,)}
    views |= {"maintenance_margin": (0, ETH), "check_trading": (0, trader)}
    for view, arguments in views.items():
        with venue.undone():
            call = getattr(exchange, view).encode_input(*arguments)
            token.call_back(exchange, call, sender=owner)
            OUTER[outer](venue, people)
            assert not token.entered(), view


@pytest.mark.parametrize("answer", [NO, REVERT])
def test_refused_pull(venue, exchange, token, owner, trader, lp, answer):
    token.misbehave(answer, 0, sender=owner)
    reason = "treasury: transfer failed" if answer == NO else "hostile: refused"
    before = venue.books(trader, lp)
    with ape.reverts(reason):
        venue.deposit(trader, 1)
    with ape.reverts(reason):
        venue.add_liquidity(lp, 1)
    assert venue.books(trader, lp) == before


@pytest.mark.parametrize("answer", [NO, REVERT])
def test_refused_payment(venue, exchange, token, owner, trader, lp, answer):
    token.misbehave(answer, 0, sender=owner)
    reason = "treasury: payment failed" if answer == NO else "hostile: refused"
    before = venue.books(trader, lp, token)
    for pay in (
        lambda: venue.withdraw(trader, USDC),
        lambda: exchange.remove_liquidity(0, 10**24, 0, lp, sender=lp),
    ):
        with ape.reverts(reason):
            pay()
    for verb, arguments in (
        ("claim_keeper_fees", (owner,)),
        ("collect_fees", (0, owner)),
        ("drain_pool", (0, USDC, owner)),
    ):
        with ape.reverts(reason):
            token.act(exchange, getattr(exchange, verb).encode_input(*arguments), sender=owner)
    assert venue.books(trader, lp, token) == before


def test_collateral_that_answers_nothing(venue, exchange, token, owner, trader, lp):
    """As the oldest tokens do: what moved, moved."""
    token.misbehave(NOTHING, 0, sender=owner)
    before = venue.position(trader).margin
    venue.deposit(trader, 5)
    venue.withdraw(trader, 2 * USDC)
    assert venue.position(trader).margin == before + 3 * USD
    venue.add_liquidity(lp, 1)
    exchange.remove_liquidity(0, 10**21, 0, lp, sender=lp)
    assert token.balanceOf(exchange) == exchange.cash()


def test_tax_on_a_transfer(venue, exchange, token, owner, trader, lp):
    """What has not arrived is not booked, one unit short or all."""
    token.misbehave(YES, 1, sender=owner)
    before = venue.books(trader, lp)
    with ape.reverts("treasury: not received"):
        venue.deposit(trader, 1)
    with ape.reverts("treasury: not received"):
        venue.add_liquidity(lp, 1)
    token.transfer(exchange, USDC, sender=trader)
    with ape.reverts("treasury: not received"):
        exchange.modify_position(0, USDC, 0, 0, trader, sender=trader)
    exchange.modify_position(0, USDC - 1, 0, 0, trader, sender=trader)
    assert venue.books(trader, lp)[0] == before[0] + USDC - 1


def test_refused_transfer_inside_an_order_undoes_the_order(venue, exchange, token, owner, trader):
    token.misbehave(NO, 0, sender=owner)
    before = venue.books(trader)
    with ape.reverts("treasury: payment failed"):
        exchange.modify_position(0, -USDC, ETH, 0, trader, sender=trader)
    assert venue.books(trader) == before
